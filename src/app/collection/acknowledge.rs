//! The acknowledgement to who sent a mail: what was filed and what was left out, once at most.
//!
//! That it is meant to be sent is durable with the mail's last step; it is sent afterwards. A stop
//! between the two loses it, and nothing ever sends it twice.

use std::sync::PoisonError;

use regex::Regex;

use super::places::Place;
use crate::app::error::Answer;
use crate::app::mail;
use crate::app::robot::Robot;
use crate::app::send_test::AlwaysOpen;
use crate::domain::mail::acknowledgement::{Acknowledgement, DAY, is_one_too_many};
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};
use crate::domain::mail::received::{Headers, ReceivedMail};
use crate::domain::template::{Address, AddressTemplate};
use crate::ports::transport::{Mail, Outcome};

/// Mails that are looked through for what was meant of late. Where there are more in a day, nobody
/// gets an acknowledgement any more.
const MAILS_LOOKED_AT_MAX: usize = 2_000;

/// Acknowledgements that wait to be sent; what comes on top is never sent.
const WAITING_MAX: usize = 500;

impl Robot {
    /// What the sender of a mail is to be told, once its files are in their places.
    pub(super) fn acknowledgement_of(
        &self,
        received: &ReceivedMail,
        place: &Place,
    ) -> Option<Acknowledgement> {
        if !self.config().collection.acknowledge {
            return None;
        }
        let answer = Acknowledgement::of(&Headers::as_written(&received.raw)).ok()?;
        (!self.is_ours(&answer.to, place)).then_some(answer)
    }

    /// Whether an address is the robot's own, or a tool's: these are never answered.
    fn is_ours(&self, address: &Address, place: &Place) -> bool {
        let config = self.config();
        let own = config.mailboxes.iter().map(|mailbox| &mailbox.address);
        let own = own.chain([&config.alarms.sender]);
        let profiles = config.apps.values();
        let templates = profiles.flat_map(|profile| {
            let inboxes = profile.inboxes.values();
            std::iter::once(&profile.sender).chain(&profile.recipient).chain(inboxes)
        });
        let mut templates = templates.chain([&config.firm.collection]);
        let collection = config.collection_of(&place.slug);
        own.chain([&collection]).any(|own| is_of_mailbox(address, own))
            || templates.any(|template| is_made_by(address, template, &config.firm.domain))
    }

    /// The outcome with the moment at which its acknowledgement is meant to be sent; without it
    /// where that would be too much.
    pub(super) async fn meaning_to_acknowledge(&self, outcome: MailOutcome) -> Answer<MailOutcome> {
        let MailOutcome::Filed(mut filing) = outcome else { return Ok(outcome) };
        if let Some(answer) = filing.acknowledgement.take() {
            let now = self.now();
            let lately = self.ports().store.mails(MAILS_LOOKED_AT_MAX).await?;
            let oldest = lately.last().filter(|_| lately.len() == MAILS_LOOKED_AT_MAX);
            let all_seen = oldest.is_none_or(|mail| now - mail.at >= DAY);
            let meant = lately.iter().filter_map(meant);
            if all_seen && answer.meant_at.is_none() && !is_one_too_many(&answer.to, meant, now) {
                filing.acknowledgement = Some(Acknowledgement { meant_at: Some(now), ..answer });
            }
        }
        Ok(MailOutcome::Filed(filing))
    }

    /// Leaves the acknowledgement of a mail that is done with to the sender.
    pub(super) fn acknowledge_later(&self, mail: &MailRecord) {
        if meant(mail).is_none() {
            return;
        }
        let waiting = self.shared.acknowledgements.lock();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX {
            waiting.push(mail.clone());
        }
        drop(waiting);
        self.shared.poke();
    }

    /// Sends what waits, each once: one that can't be sent now is lost.
    pub(in crate::app) async fn send_acknowledgements(&self) {
        let waiting = self.shared.acknowledgements.lock();
        let waiting = std::mem::take(&mut *waiting.unwrap_or_else(PoisonError::into_inner));
        for mail in waiting {
            if self.shared.is_stopping() {
                return;
            }
            let Some(letter) = self.acknowledgement_mail(&mail) else { continue };
            let nothing = Box::new(std::io::empty());
            match self.ports().transport.send(&letter, nothing, &AlwaysOpen).await {
                Outcome::Accepted { .. } => {
                    tracing::info!(mail = mail.number, "an acknowledgement was sent");
                }
                // A server that is away would hold up each of them.
                Outcome::Unreachable { .. } => {
                    tracing::warn!("acknowledgements were not sent: the mail server is away");
                    return;
                }
                Outcome::Deferred { .. }
                | Outcome::Refused { .. }
                | Outcome::TooLarge { .. }
                | Outcome::Stopped(_)
                | Outcome::InDoubt { .. } => {
                    tracing::warn!(mail = mail.number, "an acknowledgement was not sent");
                }
            }
        }
    }

    fn acknowledgement_mail(&self, mail: &MailRecord) -> Option<Mail> {
        let answer = meant(mail)?;
        let filing = mail.outcome.filing()?;
        let config = self.config();
        let company = config.name_of(&filing.company);
        let sender = config.collection_of(&filing.slug);
        let letter = mail::of_acknowledgement(&config, &company, sender, mail, filing, answer);
        Some(letter)
    }
}

/// What was meant to be sent about a mail that was filed.
fn meant(mail: &MailRecord) -> Option<&Acknowledgement> {
    let MailOutcome::Filed(filing) = &mail.outcome else { return None };
    filing.acknowledgement.as_ref().filter(|answer| answer.meant_at.is_some())
}

/// Whether mails to an address end in the mailbox of another, subaddress or not (RFC 5233).
fn is_of_mailbox(address: &Address, mailbox: &Address) -> bool {
    let base = |address: &Address| {
        let (local, domain) = address.as_str().rsplit_once('@').unwrap_or_default();
        let local = local.split('+').next().unwrap_or_default();
        (local.to_ascii_lowercase(), domain.to_ascii_lowercase())
    };
    base(address) == base(mailbox)
}

/// Whether an address could have been made from a template, for any company.
fn is_made_by(address: &Address, template: &AddressTemplate, domain: &str) -> bool {
    let mut pattern = regex::escape(template.as_str());
    pattern = pattern.replace("\\{domain\\}", &regex::escape(domain));
    for placeholder in ["slug", "app", "inbox"] {
        pattern = pattern.replace(&format!("\\{{{placeholder}\\}}"), "[^@]*");
    }
    let pattern = Regex::new(&format!("(?i)^(?:{pattern})$"));
    pattern.is_ok_and(|pattern| pattern.is_match(address.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_told_with_and_without_a_subaddress() {
        let address = |text| Address::parse(text).unwrap();
        let compta = address("compta@cabinet.example");
        for (text, own) in [
            ("compta@cabinet.example", true),
            ("Compta+dupont@Cabinet.example", true),
            ("comptable@cabinet.example", false),
            ("compta@client.example", false),
        ] {
            assert_eq!(is_of_mailbox(&address(text), &compta), own, "{text}");
        }
        let template = AddressTemplate::parse("{app}.{slug}@bots.{domain}").unwrap();
        for (text, made) in [
            ("quickbooks.dupont@bots.cabinet.example", true),
            ("X.Y@BOTS.cabinet.example", true),
            ("quickbooks.dupont@botsxcabinet.example", false),
            ("quickbooks@bots.cabinet.example", false),
            ("a.b@bots.cabinet.example.evil.example", false),
        ] {
            assert_eq!(is_made_by(&address(text), &template, "cabinet.example"), made, "{text}");
        }
    }
}
