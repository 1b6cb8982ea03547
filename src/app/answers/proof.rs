//! Proof: a copy of a mail of ours in a mailbox of ours, told by its headers alone.

use super::super::error::Answer;
use super::super::robot::Robot;
use super::pass::Found;
use crate::config::MailboxConfig;
use crate::domain::delivery::{Delivery, Proof, envelope_in};
use crate::domain::mail::mailbox::MailOutcome;
use crate::domain::mail::received::{Head, Headers, MailIdentity};
use crate::domain::mail::report::{addresses, delivered_to, message_ids};
use crate::ports::mails::MailEffect;

impl Robot {
    /// The delivery that a mail is a copy of, as proof that it left. Whoever writes its Message-ID
    /// has seen the mail; a report that gives it back whole is none.
    pub(super) async fn look_for_copy(
        &self,
        config: &MailboxConfig,
        head: &Head,
    ) -> Answer<Option<Found>> {
        let Some(delivery) = self.copied(&head.headers).await? else { return Ok(None) };
        let outcome = MailOutcome::Copy { delivery: delivery.id };
        if self.ports().store.known_mail(&MailIdentity::of_copy(head)).await?.is_some() {
            return Ok(Some(Found::plain(outcome)));
        }
        let proof = Proof {
            by: format!("a copy in {}", config.name()),
            attempt: attempt(&delivery, &head.headers),
            at: self.now(),
        };
        let effect = Some(MailEffect::Proven(delivery.id, proof));
        Ok(Some(Found { outcome, content: None, effect }))
    }

    async fn copied(&self, headers: &Headers) -> Answer<Option<Delivery>> {
        // All that we send bears it, and hardly anything that people send.
        let is_automatic = headers.first("Auto-Submitted") == Some("auto-generated");
        // RFC 3464 §2: a report's own envelope sender is empty, and ours never is.
        let is_report = headers.first("Return-Path").is_some_and(|path| addresses(path).is_empty());
        if !is_automatic || is_report {
            return Ok(None);
        }
        let named = message_ids(headers.first("Message-ID").unwrap_or_default());
        let Some(message_id) = named.first() else { return Ok(None) };
        let found = self.ports().store.delivery_of_message(message_id).await?;
        Ok(found.filter(|delivery| is_written(headers, delivery)))
    }
}

/// Whether it is from and to whom the delivery was.
fn is_written(headers: &Headers, delivery: &Delivery) -> bool {
    let names = |field: &str, address: &str| {
        let found = addresses(headers.first(field).unwrap_or_default());
        found.iter().any(|found| found.eq_ignore_ascii_case(address))
    };
    names("From", delivery.sender.as_str()) && names("To", delivery.recipient.as_str())
}

/// The attempt that the copy names in its envelope, where it has a subaddress.
fn attempt(delivery: &Delivery, headers: &Headers) -> Option<u32> {
    let path = addresses(headers.first("Return-Path").unwrap_or_default());
    let noted = path.into_iter().chain(delivered_to(headers));
    noted.into_iter().find_map(|address| delivery.attempt_of(envelope_in(&address)?))
}
