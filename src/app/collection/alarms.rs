//! What is wrong with collected mails now.

use chrono::TimeDelta;

use super::pass::trouble_of;
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::Timestamp;
use crate::domain::alarm::{Alarm, AlarmKind};
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};

/// A mail that can't be filed is told of after this long, where its mailbox says nothing else.
const SILENT_AFTER: TimeDelta = TimeDelta::minutes(30);

impl Robot {
    /// Mails in the tray, and mails that can't be filed.
    pub(in crate::app) async fn collection_alarms(&self) -> Answer<Vec<Alarm>> {
        let store = &self.ports().store;
        let tray = tray_alarm(&store.mails_in_tray(usize::MAX).await?);
        let mut stuck = store.mails_to_file(usize::MAX).await?;
        stuck.retain(|mail| self.now() - mail.at > self.patience(&mail.mailbox));
        Ok(tray.into_iter().chain(stuck_alarm(&stuck)).collect())
    }

    fn patience(&self, mailbox: &str) -> TimeDelta {
        let config = self.config();
        let known = config.mailboxes.iter().find(|known| known.address.as_str() == mailbox);
        known.map_or(SILENT_AFTER, |known| known.silent_after)
    }
}

fn tray_alarm(mails: &[MailRecord]) -> Option<Alarm> {
    let oldest = mails.first()?;
    let infected =
        mails.iter().filter(|mail| matches!(mail.outcome, MailOutcome::Quarantined { .. })).count();
    let message = match (mails.len(), infected) {
        (1, 0) => "a collected mail waits in the tray: `facteur tray list` says why".to_owned(),
        (1, _) => "a collected mail waits in the tray, in quarantine: `facteur tray list` says why"
            .to_owned(),
        (all, 0) => format!("{} wait in the tray: `facteur tray list` says why", counted(all)),
        (all, some) => format!(
            "{} wait in the tray, {some} of them in quarantine: `facteur tray list` says why",
            counted(all)
        ),
    };
    Some(alarm(AlarmKind::Tray, oldest.at, message))
}

fn stuck_alarm(mails: &[MailRecord]) -> Option<Alarm> {
    let oldest = mails.first()?;
    let trouble = trouble_of(&oldest.outcome).unwrap_or("no round and no service works on them");
    let message = format!(
        "{} cannot be filed: {trouble} (`facteur mails --state pending` lists them); they are tried again by themselves",
        counted(mails.len())
    );
    Some(alarm(AlarmKind::Filing, oldest.at, message))
}

fn counted(mails: usize) -> String {
    if mails == 1 { "a collected mail".to_owned() } else { format!("{mails} collected mails") }
}

fn alarm(kind: AlarmKind, since: Timestamp, message: String) -> Alarm {
    Alarm { kind, subject: String::new(), since: Some(since), message }
}
