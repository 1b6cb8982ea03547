//! What people and scripts see of mails: `mails`, `tray`, and where a story begins.

use serde::{Deserialize, Serialize};

use super::LocalTime;

/// `mails`, `tray`: one mail that was dealt with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailView {
    /// Number.
    pub number: String,
    /// The mailbox's address.
    pub mailbox: String,
    /// `pending`, `filing`, `filed`, `tray`, `quarantined`, `dropped`; of the bot's mailbox
    /// `answered`, `unread`, ….
    pub state: String,
    /// Why it waits, in words; null where nothing is to be said.
    pub because: Option<String>,
    /// When it was read.
    pub received_at: LocalTime,
    /// `From`, as it was written.
    pub from: String,
    /// `Date`, as it was written.
    pub date: String,
    /// `Subject`.
    pub subject: String,
    /// `Message-ID`.
    pub message_id: String,
    /// Bytes of the whole mail.
    pub size: u64,
    /// Slug of the company it was filed for; in the tray, of the one that its address told.
    pub company: Option<String>,
    /// The person who filed or dropped it.
    pub by: Option<String>,
    /// How its sender was known to be one who may send, in words.
    pub admitted: Option<String>,
    /// When its sender was to be told what was filed.
    pub acknowledged_at: Option<LocalTime>,
    /// The delivery it answered.
    pub delivery: Option<String>,
    /// Its documents.
    pub files: Vec<MailFileView>,
    /// Its other files.
    pub left_out: Vec<LeftOutView>,
}

/// A document of a mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailFileView {
    /// Its name.
    pub name: String,
    /// Where it was put, relative to the company's folder; null in the tray.
    pub path: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// A file of a mail that is no document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOutView {
    /// Its name.
    pub name: String,
    /// Why.
    pub because: String,
}

/// `tray file`, `tray drop`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrayView {
    /// How many were (or would be) dealt with.
    pub count: u64,
    /// As they are now.
    pub mails: Vec<MailView>,
    /// Those that stay in the tray, with the reason.
    pub refused: Vec<super::RefusedView>,
}

/// The mail that a document came by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceivedView {
    /// Its number.
    pub mail: String,
    /// `From`, as it was written.
    pub from: String,
    /// `Subject`.
    pub subject: String,
    /// `Message-ID`.
    pub message_id: String,
}
