//! Delivery reports: what a mail server says became of a mail of ours.
//!
//! RFC 3464 first (`fields`); then the servers that answer in prose (`forms`), told by tables.
//! A report is only a claim: whoever reads it holds it against what was really sent.

mod fields;
mod forms;
mod words;

pub use words::{addresses, delivered_to, message_ids};

use serde::{Deserialize, Serialize};

use super::received::{Headers, ReceivedMail};

/// Recipients read of one report.
const RECIPIENTS_MAX: usize = 50;

/// Message-IDs read of one report.
const MESSAGE_IDS_MAX: usize = 50;

/// A delivery report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Our ENVID, where the server gives it back (RFC 3464 §2.2.1).
    pub envelope_id: Option<String>,
    /// Who says so: `Reporting-MTA`.
    pub reporter: Option<String>,
    /// The Message-ID of the mail that was returned, with its angle brackets.
    pub returned_id: Option<String>,
    /// Where it was sent to, and where that ended: our envelope sender is among them.
    pub delivered_to: Vec<String>,
    /// Message-IDs it refers to otherwise.
    pub references: Vec<String>,
    /// What became of it, recipient by recipient.
    pub recipients: Vec<ReportedRecipient>,
}

/// What became of a mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRecipient {
    /// The addresses it is known by: the one we wrote, the one it became.
    pub addresses: Vec<String>,
    /// What became of it.
    pub fate: ReportedFate,
    /// The server's words.
    pub because: String,
}

/// RFC 3464 §2.3.3: Action decides, not Status (an expired mail is `failed` with 4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedFate {
    /// Given up.
    Failed,
    /// Not delivered yet; the server tries on.
    Delayed,
    /// It arrived.
    Delivered,
    /// Handed on to a server that reports nothing.
    Relayed,
}

impl ReportedFate {
    /// The word for it in a story.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
        }
    }
}

impl Report {
    /// The report in a mail; none in a mail that is no report.
    pub fn of(mail: &ReceivedMail) -> Option<Self> {
        let mut report = fields::read(mail).or_else(|| forms::read(mail))?;
        let references = ["In-Reply-To", "References"];
        let named = references.iter().flat_map(|name| mail.headers.all(name));
        report.references.extend(named.flat_map(words::message_ids));
        report.delivered_to = delivered_to(&mail.headers);
        report.references.dedup();
        report.references.truncate(MESSAGE_IDS_MAX);
        report.recipients.truncate(RECIPIENTS_MAX);
        Some(report)
    }

    /// What it says of one recipient of ours; the worst, where it says several things.
    pub fn of_recipient(&self, address: &str) -> Option<&ReportedRecipient> {
        let is_it = |reported: &&ReportedRecipient| {
            reported.addresses.iter().any(|known| known.eq_ignore_ascii_case(address))
        };
        self.recipients.iter().filter(is_it).min_by_key(|reported| reported.fate)
    }
}

/// Whether a mail may be a report, by its headers alone: only such a mail is worth its bytes.
pub fn may_be_report(headers: &Headers) -> bool {
    let kind = headers.first("Content-Type").unwrap_or_default().to_lowercase();
    kind.starts_with("multipart/report") || forms::is_of_a_machine(headers)
}
