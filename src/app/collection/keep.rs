//! A mail of a collection mailbox is kept whole before anything is decided about it.

use std::collections::BTreeSet;

use crate::app::answers::{Broken, Found, Looked};
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};
use crate::domain::mail::received::{Head, MailIdentity};
use crate::ports::mailbox::{MailboxError, Session};

impl Robot {
    /// Keeps a mail of a collection mailbox.
    pub(in crate::app) async fn look_at_document(
        &self,
        session: &mut dyn Session,
        head: &Head,
    ) -> Answer<Looked> {
        let bytes_max = self.config().collection.mail_bytes_max;
        if head.size > bytes_max {
            let because = format!("it has {} bytes, more than mail_bytes_max", head.size);
            return Ok(Ok(Some(Found::odd(because))));
        }
        if let Some(problem) = self.full_disk().await? {
            return Ok(Err(Broken::here(problem.message)));
        }
        let mail = match session.fetch(head.uid, bytes_max).await {
            Ok(mail) => mail,
            Err(MailboxError::Gone) => return Ok(Ok(None)),
            Err(MailboxError::Odd(because)) => return Ok(Ok(Some(Found::odd(because)))),
            Err(error @ MailboxError::Lost(_)) => return Ok(Err(Broken::at(&error, head.uid))),
        };
        let identity = MailIdentity::of_content(&mail).as_delivered(&mail.headers);
        let known = self.ports().store.known_mail(&identity).await?;
        if let Some(MailRecord { outcome, .. }) = known.filter(|known| known.outcome.is_done()) {
            return Ok(Ok(Some(Found { outcome, content: Some(identity), effect: None })));
        }
        let Some(spool) = &self.mail_room().spool else {
            return Ok(Err(Broken::here("there is no place to keep its mails")));
        };
        if let Err(error) = spool.keep(&identity, &mail.raw).await {
            return Ok(Err(Broken::here(format!("a mail cannot be kept: {error}"))));
        }
        let outcome = MailOutcome::Pending { trouble: None };
        Ok(Ok(Some(Found { outcome, content: Some(identity), effect: None })))
    }

    /// At the start: a stop between keeping a mail and knowing it, or between being done with it
    /// and removing it, leaves one that nobody waits for.
    pub(in crate::app) async fn remove_unneeded_mails(&self) -> Answer<()> {
        let Some(spool) = &self.mail_room().spool else { return Ok(()) };
        let store = &self.ports().store;
        let mut waiting = store.mails_to_file(usize::MAX).await?;
        waiting.extend(store.mails_in_tray(usize::MAX).await?);
        let needed: BTreeSet<_> = waiting.into_iter().filter_map(|mail| mail.content).collect();
        let kept = match spool.kept().await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "the kept mails cannot be listed");
                return Ok(());
            }
        };
        for identity in kept {
            if !needed.contains(&identity) {
                self.remove_kept(&identity).await;
            }
        }
        Ok(())
    }

    /// What can't be removed now is removed at the next start.
    pub(super) async fn remove_kept_of(&self, mail: &MailRecord) {
        if let Some(identity) = &mail.content {
            self.remove_kept(identity).await;
        }
    }

    async fn remove_kept(&self, identity: &MailIdentity) {
        let Some(spool) = &self.mail_room().spool else { return };
        if let Err(error) = spool.remove(identity).await {
            tracing::warn!(%error, "a kept mail that is done with cannot be removed");
        }
    }
}
