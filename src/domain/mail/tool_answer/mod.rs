//! A tool's own answer: what it says, and which mail of ours it says it about.
//!
//! It is only a claim, by whoever wrote it.

mod prose;
mod rule;
#[cfg(test)]
mod tests;

pub use rule::{AnswerRule, Meaning, Writer};

use super::received::{Headers, ReceivedMail};
use super::report::{delivered_to, message_ids};
use super::senders::author;
use crate::domain::delivery::envelope_in;
use crate::domain::names;
use crate::domain::template::Address;

/// Message-IDs looked at of one mail, in each of the places where they may stand.
const MESSAGE_IDS_MAX: usize = 20;

/// Parts that hold the headers of the mail that is answered.
const RETURNED_TYPES: [&str; 3] = ["message/rfc822", "text/rfc822-headers", "message/global"];

/// An answer, as far as it concerns a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolAnswer {
    /// Who wrote it, if that is one.
    pub author: Option<Address>,
    /// `Subject`.
    pub subject: String,
    /// What it says itself: without what it quotes of ours.
    pub text: String,
    /// The addresses it was delivered to.
    pub delivered_to: Vec<String>,
    /// The ENVIDs in them.
    pub envelopes: Vec<String>,
    /// The Message-IDs it names, the most telling place first: what it answers, what it belongs
    /// to, what it gives back, what it quotes.
    pub named: Vec<Vec<String>>,
    /// Its subject and all its text, folded: where documents' names are looked for.
    searched: String,
}

impl ToolAnswer {
    /// Reads a mail.
    pub fn of(mail: &ReceivedMail) -> Self {
        let whole = prose::whole(mail);
        let subject = mail.headers.first("Subject").unwrap_or_default().to_owned();
        let returned = mail.parts.iter();
        let returned = returned.filter(|part| RETURNED_TYPES.contains(&part.media_type.as_str()));
        let returned = returned.flat_map(|part| {
            let headers = Headers::read(&part.text);
            message_ids(headers.first("Message-ID").unwrap_or_default())
        });
        let mut named = answered(&mail.headers);
        named.push(returned.take(MESSAGE_IDS_MAX).collect());
        named.push(message_ids(&whole).into_iter().take(MESSAGE_IDS_MAX).collect());
        Self {
            author: author(&mail.headers).ok(),
            text: prose::own(mail),
            envelopes: envelopes(&mail.headers),
            delivered_to: delivered_to(&mail.headers),
            named,
            searched: names::fold(&format!("{subject}\n{whole}")),
            subject,
        }
    }

    /// Whether it names a document: the whole name, not the end of a longer one.
    pub fn names_document(&self, name: &str) -> bool {
        let name = names::fold(name);
        let goes_on = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        let ends_alone = |rest: &str| {
            // A full stop may end a sentence.
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            !rest.starts_with(goes_on)
        };
        let found = |(at, _): (usize, &str)| {
            let before = self.searched.get(..at).unwrap_or_default();
            let behind = self.searched.get(at + name.len()..).unwrap_or_default();
            !before.ends_with(goes_on) && ends_alone(behind)
        };
        !name.is_empty() && self.searched.match_indices(&name).any(found)
    }
}

/// The Message-IDs in the headers: what a mail answers, and what it belongs to.
pub fn answered(headers: &Headers) -> Vec<Vec<String>> {
    let of = |name: &str| -> Vec<String> {
        let ids = headers.all(name).flat_map(message_ids);
        ids.take(MESSAGE_IDS_MAX).collect()
    };
    vec![of("In-Reply-To"), of("References")]
}

/// The ENVIDs in the addresses that a mail was delivered to.
pub fn envelopes(headers: &Headers) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for address in delivered_to(headers) {
        if let Some(envelope) = envelope_in(&address)
            && !found.iter().any(|known| known == envelope)
        {
            found.push(envelope.to_owned());
        }
    }
    found
}
