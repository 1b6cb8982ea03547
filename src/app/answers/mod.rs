//! Answers: mailboxes are read, and what mail servers report finds its delivery.
//!
//! What a mail changes is durable before its server is told of it; so after a stop at any moment
//! nothing is applied twice, and nothing is marked as done on the server that wasn't.

mod alarms;
mod answer;
mod belonging;
mod invitation;
mod pass;
mod proof;
mod tool;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;

pub(super) use self::pass::{Broken, Found, Looked};
use super::error::{Answer, Error};
use super::robot::Robot;
use crate::config::MailboxConfig;
use crate::ports::mailbox::{Mailbox, MailboxError, Session};

/// How long `facteur round` reads mailboxes; what is left waits for the next round.
const ROUND_READS_FOR: Duration = Duration::from_mins(1);

/// The first wait after a failure; doubled up to the mailbox's `poll`.
const RETRY_FIRST: TimeDelta = TimeDelta::seconds(5);

/// How many times the wait is doubled at most.
const DOUBLINGS_MAX: u32 = 10;

impl Robot {
    /// Reads every mailbox once, side by side, for a bounded time.
    pub(super) async fn read_mailboxes(&self) -> Answer<()> {
        let mut reading = JoinSet::new();
        for mailbox in self.mailboxes() {
            let (robot, mailbox) = (self.clone(), Arc::clone(mailbox));
            reading.spawn(async move {
                let once = tokio::time::timeout(ROUND_READS_FOR, robot.read_once(&mailbox)).await;
                let in_time = once.unwrap_or_else(|_| {
                    let because = format!("not read within {} s", ROUND_READS_FOR.as_secs());
                    Ok(Err(Broken { because, uid: None }))
                })?;
                robot.note(mailbox.as_ref(), in_time).await
            });
        }
        while let Some(read) = reading.join_next().await {
            read??;
        }
        self.accept_invitations().await
    }

    /// One task a mailbox, for as long as the set lives. One ends only when the ledger fails.
    pub(super) fn tend_mailboxes(&self) -> JoinSet<Answer<()>> {
        let mut tending = JoinSet::new();
        for mailbox in self.mailboxes() {
            let (robot, mailbox) = (self.clone(), Arc::clone(mailbox));
            tending.spawn(async move { robot.tend(mailbox.as_ref()).await });
        }
        tending
    }

    async fn tend(&self, mailbox: &dyn Mailbox) -> Answer<()> {
        let mut failures = 0;
        loop {
            let (broken, had_read) = self.read_until_broken(mailbox).await?;
            self.note(mailbox, Err(broken)).await?;
            failures = if had_read { 1 } else { failures + 1 };
            let poll = self.config_of(mailbox).map_or(RETRY_FIRST, |config| config.poll);
            let wait = RETRY_FIRST * 2_i32.pow(failures.min(DOUBLINGS_MAX) - 1);
            let until = self.now() + wait.min(poll.max(RETRY_FIRST));
            self.ports().clock.sleep_until(until).await;
        }
    }

    /// Reads, waits for news, reads again; until the session breaks. Whether it read before.
    async fn read_until_broken(&self, mailbox: &dyn Mailbox) -> Answer<(Broken, bool)> {
        let mut session = match mailbox.open().await {
            Ok(session) => session,
            Err(error) => return Ok((error.into(), false)),
        };
        let mut had_read = false;
        loop {
            let Some(config) = self.config_of(mailbox) else {
                let because = "it is not in routes.toml any more".to_owned();
                return Ok((Broken { because, uid: None }, had_read));
            };
            if let Err(broken) = self.read_new(&config, session.as_mut()).await? {
                return Ok((broken, had_read));
            }
            had_read = true;
            self.accept_invitations().await?;
            let poll = config.poll.to_std().unwrap_or_default();
            if let Err(error) = session.wait(poll).await {
                return Ok((error.into(), had_read));
            }
        }
    }

    async fn read_once(&self, mailbox: &Arc<dyn Mailbox>) -> Answer<Result<(), Broken>> {
        let Some(config) = self.config_of(mailbox.as_ref()) else { return Ok(Ok(())) };
        let mut session: Box<dyn Session> = match mailbox.open().await {
            Ok(session) => session,
            Err(error) => return Ok(Err(error.into())),
        };
        let read = self.read_new(&config, session.as_mut()).await?;
        if read.is_ok() {
            session.close().await;
        }
        Ok(read)
    }

    /// Remembers what stopped a pass; a mailbox that fails stops nothing else.
    async fn note(&self, mailbox: &dyn Mailbox, read: Result<(), Broken>) -> Answer<()> {
        let Err(Broken { because, uid }) = read else { return Ok(()) };
        let address = mailbox.address();
        tracing::warn!(mailbox = address, because, "a mailbox could not be read");
        let noted = self.ports().store.mailbox_failed(address, &because, uid, self.now()).await;
        noted.map_err(Error::Store)
    }

    fn config_of(&self, mailbox: &dyn Mailbox) -> Option<MailboxConfig> {
        let config = self.config();
        let mut known = config.mailboxes.iter();
        known.find(|known| known.name() == mailbox.address()).cloned()
    }
}

impl From<MailboxError> for Broken {
    fn from(error: MailboxError) -> Self {
        Self { because: error.to_string(), uid: None }
    }
}
