//! The pass over the mails that are to be filed, oldest first; one mail's trouble stops no other.

use super::Trouble;
use super::plan::Next;
use crate::app::error::{Answer, Error};
use crate::app::robot::Robot;
use crate::config::AfterReading;
use crate::domain::mail::mailbox::{Filing, MailOutcome, MailRecord};
use crate::domain::mail::received::{MailIdentity, ReceivedMail};
use crate::ports::collected::MailChange;
use crate::ports::spool::SpoolError;
use crate::ports::store::StoreError;

/// How often a plan is made anew because the ledger knows a place as taken.
const CONFLICTS_MAX: usize = 8;

/// Which mails are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Retried {
    /// Those that had no trouble yet.
    Fresh,
    /// All.
    All,
}

impl Robot {
    /// Files what is to be filed.
    pub(in crate::app) async fn file_mails(&self, retried: Retried) -> Answer<()> {
        if self.mail_room().spool.is_none() {
            return Ok(());
        }
        // A task of its own: a mailbox's reading may end at its time limit, and a file that is
        // being written must not be written by the next pass too.
        let robot = self.clone();
        let filing = async move {
            let _turn = robot.shared.filing.lock().await;
            robot.file_in_turn(retried).await
        };
        tokio::spawn(filing).await?
    }

    async fn file_in_turn(&self, retried: Retried) -> Answer<()> {
        let mails = self.ports().store.mails_to_file(usize::MAX).await?;
        if mails.is_empty() || self.full_disk().await?.is_some() {
            return Ok(());
        }
        for mail in mails {
            if self.shared.is_stopping() {
                break;
            }
            if retried == Retried::All || trouble_of(&mail.outcome).is_none() {
                self.work_off(mail).await?;
            }
        }
        Ok(())
    }

    /// One mail, as far as it goes now.
    async fn work_off(&self, mail: MailRecord) -> Answer<()> {
        let number = mail.number;
        match self.work_off_once(mail).await {
            // Somebody else's decision about the mail, or a place that was taken meanwhile.
            Err(Error::Store(StoreError::Conflict)) => {
                tracing::debug!(mail = number, "a mail was changed while it was being filed");
                Ok(())
            }
            worked => worked,
        }
    }

    async fn work_off_once(&self, mail: MailRecord) -> Answer<()> {
        if mail.outcome.filing().is_some() {
            return self.put_files(mail).await.map(drop);
        }
        for _ in 0..CONFLICTS_MAX {
            let received = match self.kept(&mail).await {
                Ok(received) => received,
                Err(next) => return self.follow(&mail, next, None).await.map(drop),
            };
            let next = self.judge(&mail, &received).await?;
            let content = Some(MailIdentity::of_content(&received));
            match self.follow(&mail, next, content).await {
                Err(Error::Store(StoreError::Conflict)) => {}
                followed => return followed.map(drop),
            }
        }
        Err(Error::Store(StoreError::Conflict))
    }

    /// The kept mail; else what becomes of one that can't be opened.
    pub(super) async fn kept(&self, mail: &MailRecord) -> Result<ReceivedMail, Next> {
        let missing = format!(
            "the mail is not kept on this machine: look for it in the mailbox {}",
            mail.mailbox
        );
        let (Some(spool), Some(content)) = (&self.mail_room().spool, &mail.content) else {
            return Err(Next::tray(missing));
        };
        spool.open(content).await.map_err(|error| match error {
            SpoolError::Missing => Next::tray(missing),
            SpoolError::Odd(because) => Next::tray(because),
            SpoolError::Disk(because) => {
                Next::Later(Trouble(format!("the kept mail cannot be read: {because}")))
            }
        })
    }

    /// Makes durable what is to become of a mail, and does it.
    pub(super) async fn follow(
        &self,
        mail: &MailRecord,
        next: Next,
        content: Option<MailIdentity>,
    ) -> Answer<MailRecord> {
        match next {
            Next::File(filing) => {
                let outcome = MailOutcome::Filing(filing);
                let change = MailChange { outcome, owed: false, content, entry: None };
                let store = &self.ports().store;
                let planned = store.mail_became(mail.number, &mail.outcome, change).await?;
                self.put_files(planned).await
            }
            Next::Aside(outcome) => self.became(mail, outcome).await,
            Next::Later(trouble) => self.became(mail, troubled(&mail.outcome, trouble)).await,
        }
    }

    /// Makes a mail what it is now; one that is done with is owed to its server, and kept no more.
    pub(super) async fn became(
        &self,
        mail: &MailRecord,
        outcome: MailOutcome,
    ) -> Answer<MailRecord> {
        if mail.outcome == outcome {
            return Ok(mail.clone());
        }
        let outcome = self.meaning_to_acknowledge(outcome).await?;
        log(mail.number, &outcome);
        let owed = outcome.is_done() && self.is_disposed_of(&mail.mailbox);
        let change = MailChange { outcome, owed, content: None, entry: None };
        let after = self.ports().store.mail_became(mail.number, &mail.outcome, change).await?;
        if after.outcome.is_done() {
            self.remove_kept_of(&after).await;
            self.acknowledge_later(&after);
        }
        Ok(after)
    }

    /// Whether a mailbox's server is told of what was dealt with.
    pub(super) fn is_disposed_of(&self, mailbox: &str) -> bool {
        let config = self.config();
        let mut known = config.mailboxes.iter();
        let known = known.find(|known| known.address.as_str() == mailbox);
        known.is_some_and(|known| known.after != AfterReading::Leave)
    }
}

/// What keeps a mail from being filed.
pub(super) fn trouble_of(outcome: &MailOutcome) -> Option<&str> {
    let (MailOutcome::Pending { trouble } | MailOutcome::Filing(Filing { trouble, .. })) = outcome
    else {
        return None;
    };
    trouble.as_deref()
}

/// The same mail, with its trouble.
pub(super) fn troubled(outcome: &MailOutcome, trouble: Trouble) -> MailOutcome {
    match outcome.filing() {
        Some(filing) => MailOutcome::Filing(Filing { trouble: Some(trouble.0), ..filing.clone() }),
        None => MailOutcome::Pending { trouble: Some(trouble.0) },
    }
}

fn log(mail: u64, outcome: &MailOutcome) {
    let state = outcome.as_str();
    match trouble_of(outcome) {
        Some(trouble) => tracing::warn!(mail, trouble, "a mail cannot be filed now"),
        None => tracing::info!(mail, state, "a collected mail"),
    }
}
