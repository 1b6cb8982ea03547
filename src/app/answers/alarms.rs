//! What is wrong with mailboxes now.

use chrono::TimeDelta;

use super::super::error::Answer;
use super::super::robot::Robot;
use crate::config::{MailboxConfig, MailboxRole};
use crate::domain::Timestamp;
use crate::domain::alarm::{Alarm, AlarmKind};
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};

/// Mails put aside are told of for this long; they stay in the ledger.
const ASIDE_TOLD_FOR: TimeDelta = TimeDelta::days(7);

/// Mails put aside that are counted at most.
const ASIDE_COUNTED_MAX: usize = 1_000;

impl Robot {
    /// Mailboxes not read for too long, servers that don't move what was dealt with, and mails
    /// put aside.
    pub(in crate::app) async fn mailbox_alarms(&self) -> Answer<Vec<Alarm>> {
        let mut alarms = Vec::new();
        for mailbox in &self.config().mailboxes {
            alarms.extend(self.silence(mailbox).await?);
            alarms.extend(self.undisposed(mailbox).await?);
        }
        alarms.extend(self.put_aside().await?);
        alarms.extend(self.to_read().await?);
        alarms.extend(self.witness_alarm());
        Ok(alarms)
    }

    async fn silence(&self, mailbox: &MailboxConfig) -> Answer<Option<Alarm>> {
        let address = &mailbox.name();
        let Some(record) = self.ports().store.mailbox(address).await? else {
            return Ok(None);
        };
        let since = record.silent_since();
        if self.now() - since <= mailbox.silent_after {
            return Ok(None);
        }
        let because = match &record.failing {
            Some(failing) => failing.because.as_str(),
            None => "no service and no round reads it",
        };
        let waits = match mailbox.role {
            MailboxRole::Bot => "answers of the tools wait there",
            MailboxRole::Collection => "documents of clients wait there",
            MailboxRole::Sent => "the proof of what was sent lies there",
        };
        let message = format!(
            "the mailbox {address} is not read: {because}; {waits} (`facteur check --online` tries it)"
        );
        Ok(Some(mailbox_alarm(mailbox, since, message)))
    }

    async fn undisposed(&self, mailbox: &MailboxConfig) -> Answer<Option<Alarm>> {
        let address = &mailbox.name();
        let owed = self.ports().store.owed_mails(address, 1).await?;
        let oldest = owed.first().filter(|mail| self.now() - mail.at > mailbox.silent_after);
        Ok(oldest.map(|mail| {
            let message = format!(
                "mails in {address} were dealt with, and its server doesn't do with them what \
                 `after` of [[mailboxes]] says: look at the journal"
            );
            mailbox_alarm(mailbox, mail.at, message)
        }))
    }

    /// Answers shown beside their deliveries, for as long as mails put aside are told of.
    async fn to_read(&self) -> Answer<Option<Alarm>> {
        let mut mails = self.ports().store.mails_put_aside(ASIDE_COUNTED_MAX).await?;
        let old = self.now() - ASIDE_TOLD_FOR;
        mails.retain(|mail| mail.at > old && is_to_read(mail));
        let (Some(newest), Some(oldest)) = (mails.first(), mails.last()) else { return Ok(None) };
        let message = format!(
            "{} answers of the last {} days wait for a person to read them, in `facteur why` and \
             in their mailbox; the newest, in {}, of {}, `{}`",
            mails.len(),
            ASIDE_TOLD_FOR.num_days(),
            newest.mailbox,
            newest.from,
            newest.subject,
        );
        let (kind, subject) = (AlarmKind::AnswerToRead, String::new());
        Ok(Some(Alarm { kind, subject, since: Some(oldest.at), message }))
    }

    async fn put_aside(&self) -> Answer<Option<Alarm>> {
        let mut mails = self.ports().store.mails_put_aside(ASIDE_COUNTED_MAX).await?;
        let old = self.now() - ASIDE_TOLD_FOR;
        mails.retain(|mail| mail.at > old && !is_to_read(mail));
        let (Some(newest), Some(oldest)) = (mails.first(), mails.last()) else { return Ok(None) };
        let because = match &newest.outcome {
            MailOutcome::Odd { because }
            | MailOutcome::Unmatched { because }
            | MailOutcome::Tray { because, .. }
            | MailOutcome::Quarantined { because, .. } => because.as_str(),
            MailOutcome::Answered { .. }
            | MailOutcome::Copy { .. }
            | MailOutcome::ToRead { .. }
            | MailOutcome::Invited { .. }
            | MailOutcome::Unread
            | MailOutcome::Pending { .. }
            | MailOutcome::Filing(_)
            | MailOutcome::Filed(_)
            | MailOutcome::Dropped { .. } => "",
        };
        let message = format!(
            "{} mails were put aside in the last {} days and changed nothing; the newest, in {}, \
             of {}, `{}`: {because}",
            mails.len(),
            ASIDE_TOLD_FOR.num_days(),
            newest.mailbox,
            newest.from,
            newest.subject,
        );
        let (kind, subject) = (AlarmKind::MailPutAside, String::new());
        Ok(Some(Alarm { kind, subject, since: Some(oldest.at), message }))
    }
}

fn is_to_read(mail: &MailRecord) -> bool {
    matches!(mail.outcome, MailOutcome::ToRead { .. })
}

fn mailbox_alarm(mailbox: &MailboxConfig, since: Timestamp, message: String) -> Alarm {
    let subject = mailbox.name();
    Alarm { kind: AlarmKind::Mailbox, subject, since: Some(since), message }
}
