//! Collection: mails of clients and suppliers become documents in their companies' folders.
//!
//! A mail is kept here, whole and durable, before the ledger knows it; what becomes of it is
//! decided afterwards, as often as it takes, and the server is told when it is done with.

use super::answers::{Found, Looked};
use super::error::Answer;
use super::robot::Robot;
use crate::domain::mailbox::MailOutcome;
use crate::domain::received::{Head, MailIdentity};
use crate::ports::mailbox::{MailboxError, Session};

impl Robot {
    /// Keeps a mail of a collection mailbox.
    pub(super) async fn look_at_document(
        &self,
        session: &mut dyn Session,
        head: &Head,
    ) -> Answer<Looked> {
        let bytes_max = self.config().collection.mail_bytes_max;
        if head.size > bytes_max {
            let because = format!("it has {} bytes, more than mail_bytes_max", head.size);
            return Ok(Ok(Some(Found::odd(because))));
        }
        let mail = match session.fetch(head.uid, bytes_max).await {
            Ok(mail) => mail,
            Err(MailboxError::Gone) => return Ok(Ok(None)),
            Err(MailboxError::Odd(because)) => return Ok(Ok(Some(Found::odd(because)))),
            Err(error @ MailboxError::Lost(_)) => return Ok(Err(error)),
        };
        let identity = MailIdentity::of_content(&mail).as_delivered(&mail.headers);
        let Some(spool) = &self.mail_room().spool else {
            return Ok(Err(MailboxError::Lost("there is no place to keep its mails".to_owned())));
        };
        if let Err(error) = spool.keep(&identity, &mail.raw).await {
            return Ok(Err(MailboxError::Lost(format!("a mail cannot be kept: {error}"))));
        }
        let outcome = MailOutcome::Pending { trouble: None };
        Ok(Ok(Some(Found { outcome, content: Some(identity), effect: None })))
    }
}
