//! A mail in the bot's mailbox: fetched only if it may be an answer to something that was sent.

use super::super::error::Answer;
use super::super::robot::Robot;
use super::pass::{Broken, Found, Looked};
use crate::domain::mail::mailbox::MailOutcome;
use crate::domain::mail::received::{Head, MailIdentity};
use crate::domain::mail::report::{Report, may_be_report};
use crate::ports::mailbox::{MailboxError, Session};

/// Bytes of an answer; a larger mail is put aside.
pub(super) const ANSWER_BYTES_MAX: u64 = 10_000_000;

impl Robot {
    /// What a mail in the bot's mailbox is.
    pub(super) async fn look_at_answer(
        &self,
        session: &mut dyn Session,
        head: &Head,
    ) -> Answer<Looked> {
        let must_be_read = may_be_report(&head.headers) || self.may_invite(&head.headers);
        if !must_be_read && !self.may_be_answer(&head.headers).await? {
            return Ok(Ok(Some(Found::plain(MailOutcome::Unread))));
        }
        if head.size > ANSWER_BYTES_MAX {
            let because = format!("it has {} bytes, too many for an answer", head.size);
            return Ok(Ok(Some(Found::odd(because))));
        }
        let mail = match session.fetch(head.uid, ANSWER_BYTES_MAX).await {
            Ok(mail) => mail,
            Err(MailboxError::Gone) => return Ok(Ok(None)),
            Err(MailboxError::Odd(because)) => return Ok(Ok(Some(Found::odd(because)))),
            Err(error @ MailboxError::Lost(_)) => return Ok(Err(Broken::at(&error, head.uid))),
        };
        let content = Some(MailIdentity::of_content(&mail));
        let (outcome, effect) = match Report::of(&mail) {
            Some(report) => self.belonging(&report).await?,
            None => match self.invited(&mail).await? {
                Some(invited) => invited,
                None => self.told_by_tool(&mail).await?,
            },
        };
        Ok(Ok(Some(Found { outcome, content, effect })))
    }
}
