//! Which delivery a report belongs to; one that belongs to none changes nothing.

use super::super::error::Answer;
use super::super::robot::Robot;
use crate::domain::delivery::{Delivery, Reported, Source, delivery_of_envelope, envelope_in};
use crate::domain::mail::mailbox::MailOutcome;
use crate::domain::mail::report::Report;
use crate::ports::mails::MailEffect;

type Belonging = (MailOutcome, Option<MailEffect>);

impl Robot {
    /// The delivery of a report: by the mail it gives back, by our ENVID, by what it refers to.
    /// All of them hold what nobody knows who never saw the mail; and the recipient must be the
    /// one it really was sent to.
    pub(super) async fn belonging(&self, report: &Report) -> Answer<Belonging> {
        let by_envelope = self.of_envelope(report).await?;
        let by_message = self.of_messages(report).await?;
        let delivery = match (&by_message, &by_envelope) {
            (Some(message), Some((envelope, _))) if message.id != envelope.id => {
                return Ok(unmatched("it names two mails"));
            }
            (Some(message), _) => message,
            (None, Some((envelope, _))) => envelope,
            (None, None) => return Ok(unmatched("it names no mail that was sent")),
        };
        let Some(recipient) = report.of_recipient(delivery.recipient.as_str()) else {
            return Ok(unmatched(&format!("delivery {} went to somebody else", delivery.id)));
        };
        if !delivery.was_sent() {
            return Ok(unmatched(&format!("delivery {} was never sent", delivery.id)));
        }
        let reported = Reported {
            source: Source::Server,
            fate: recipient.fate,
            attempt: by_envelope.as_ref().map(|(_, attempt)| *attempt),
            because: recipient.because.clone(),
            reporter: report.reporter.clone(),
        };
        let outcome = MailOutcome::Answered { delivery: delivery.id, fate: recipient.fate };
        Ok((outcome, Some(MailEffect::Reported(delivery.id, reported))))
    }

    /// By the ENVID it gives back, else by the one in the address it was sent to.
    async fn of_envelope(&self, report: &Report) -> Answer<Option<(Delivery, u32)>> {
        let addressed = report.delivered_to.iter().filter_map(|address| envelope_in(address));
        for envelope_id in report.envelope_id.as_deref().into_iter().chain(addressed) {
            let found = self.attempt_named(envelope_id).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The attempt with this ENVID, if there was one.
    pub(super) async fn attempt_named(&self, envelope_id: &str) -> Answer<Option<(Delivery, u32)>> {
        let Some(id) = delivery_of_envelope(envelope_id) else { return Ok(None) };
        let found = self.ports().store.delivery(id).await?;
        Ok(found.and_then(|delivery| {
            let attempt = delivery.attempt_of(envelope_id)?;
            Some((delivery, attempt))
        }))
    }

    /// What it gives back comes first; a report may refer to other mails as well.
    async fn of_messages(&self, report: &Report) -> Answer<Option<Delivery>> {
        for message_id in report.returned_id.iter().chain(&report.references) {
            let found = self.ports().store.delivery_of_message(message_id).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

fn unmatched(because: &str) -> Belonging {
    (MailOutcome::Unmatched { because: because.to_owned() }, None)
}
