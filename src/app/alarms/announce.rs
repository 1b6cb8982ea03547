//! What began and what ended: a line in the journal, and one mail to the firm.

use std::sync::Arc;
use std::time::Duration;

use super::mail;
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::app::send_test::AlwaysOpen;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::alarm::{Alarm, AlarmBook, AlarmKind, Changes, News};
use crate::domain::template::Address;
use crate::ports::transport::{Outcome, Transport};

/// How long a mail about alarms may take; rounds and deliveries wait for it.
const MAIL_WITHIN: Duration = Duration::from_mins(1);

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Depth {
    /// Everything: a round has just looked at every company.
    Round,
    /// What the ledger tells; of the companies, what the last round found.
    BetweenRounds,
}

/// Whether the firm was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It was, or can't be.
    Done,
    /// Not now; it is tried again.
    Later,
}

impl Robot {
    /// Holds what is wrong now against what was: logs what changed, and tells the firm. A mail
    /// that can't leave fails nothing.
    pub(in crate::app) async fn announce(&self, depth: Depth) -> Answer<()> {
        let _turn = self.shared.announcing.lock().await;
        let store = &self.ports().store;
        let now = self.now();
        let mut book = store.alarm_book().await?;
        let former = book.clone();
        let mut current = self.ledger_alarms().await?;
        match depth {
            Depth::Round => {
                current.extend(self.company_alarms().await?);
                current.extend(self.silence_alarms(&mut book, now).await?);
            }
            Depth::BetweenRounds => {
                let carried = book.known.iter().filter(|known| known.on);
                let carried = carried.map(|known| known.alarm.clone());
                current.extend(carried.filter(|alarm| alarm.kind.takes_a_round()));
            }
        }
        journal(&book.take_down(current, now));
        if book != former {
            store.keep_alarm_book(&book).await?;
        }
        let news = book.news(now);
        if news.is_empty() || self.config().alarms.recipients.is_empty() {
            return Ok(());
        }
        self.tell(&mut book, &news, now).await
    }

    async fn tell(&self, book: &mut AlarmBook, news: &News, now: Timestamp) -> Answer<()> {
        let store = &self.ports().store;
        let own = self.ports().alarm_transport.clone();
        // The firm's server has its connections counted: alarms wait until no mail leaves by it,
        // and knock at no server that is put off.
        let _turn = match (&own, self.shared.delivering.try_lock()) {
            (Some(_), _) => None,
            (None, Ok(turn)) => Some(turn),
            (None, Err(_)) => return Ok(()),
        };
        let shared = Arc::clone(&self.ports().transport);
        if own.is_none() {
            let destination = shared.destination();
            let put_offs = store.put_offs().await?;
            if put_offs.iter().any(|put_off| put_off.destination == destination) {
                return Ok(());
            }
        }
        // Durable first: a stop in the middle is no reason for a second mail at once.
        book.tried_at = Some(now);
        store.keep_alarm_book(book).await?;
        let transport = own.unwrap_or(shared);
        if self.mail_out(transport.as_ref(), news, now).await == Told::Done {
            book.told(news, now);
            store.keep_alarm_book(book).await?;
        }
        Ok(())
    }

    /// One mail to each of those who are to be told; one that arrived is enough to count.
    async fn mail_out(&self, transport: &dyn Transport, news: &News, now: Timestamp) -> Told {
        let config = self.config();
        let mut told = Told::Later;
        for (place, recipient) in recipients(&config).into_iter().enumerate() {
            let mail = mail::of_news(&config, recipient, news, now, place);
            let nothing = Box::new(std::io::empty());
            let sent = transport.send(&mail, nothing, &AlwaysOpen);
            let outcome = tokio::time::timeout(MAIL_WITHIN, sent).await;
            if outcome.is_ok_and(|outcome| told_by(&outcome) == Told::Done) {
                told = Told::Done;
            }
        }
        told
    }
}

/// In a rehearsal every mail goes to its one address.
fn recipients(config: &Config) -> Vec<&Address> {
    match &config.mail.redirect_to {
        Some(redirect) => vec![redirect],
        None => config.alarms.recipients.iter().collect(),
    }
}

fn told_by(outcome: &Outcome) -> Told {
    match outcome {
        // Whoever got one perhaps needs no second one.
        Outcome::Accepted { .. } | Outcome::InDoubt { .. } => Told::Done,
        Outcome::Refused { .. } | Outcome::TooLarge { .. } => {
            tracing::warn!("the mail server refuses the mail about alarms: correct [alarms]");
            Told::Done
        }
        Outcome::Deferred { .. } | Outcome::Unreachable { .. } | Outcome::Stopped(_) => {
            tracing::warn!("the mail about alarms could not leave: it is tried again");
            Told::Later
        }
    }
}

/// The alarms of one kind that the book says are on.
pub(super) fn carried(book: &AlarmBook, kind: AlarmKind) -> Vec<Alarm> {
    let on = book.known.iter().filter(|known| known.on && known.alarm.kind == kind);
    on.map(|known| known.alarm.clone()).collect()
}

/// Messages hold answers and names; `status` shows them.
fn journal(changes: &Changes) {
    for alarm in &changes.begun {
        tracing::warn!(alarm = alarm.kind.as_str(), subject = alarm.subject, "an alarm began");
    }
    for alarm in &changes.ended {
        tracing::info!(alarm = alarm.kind.as_str(), subject = alarm.subject, "an alarm ended");
    }
}
