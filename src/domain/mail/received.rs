//! A mail that was received: its headers and the text of its parts, and who it is.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::path::spell;

/// Characters kept of one part; a report says what it has to say in its first few thousand.
pub const PART_CHARS_MAX: usize = 200_000;

/// Parts kept of one mail.
pub const PARTS_MAX: usize = 100;

/// Bytes of a mail's headers that are looked at.
pub const HEAD_BYTES_MAX: usize = 200_000;

/// Header fields, as they came: names in any case, values unfolded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first field of this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    /// Every field of this name, from the top.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim())
    }

    /// The fields of a whole mail as they were written, nothing decoded: who wrote it is told by
    /// these, for a decoded name may look like an address.
    pub fn as_written(raw: &[u8]) -> Self {
        let head = raw.get(..HEAD_BYTES_MAX).unwrap_or(raw);
        Self::read(&String::from_utf8_lossy(head))
    }

    /// Reads fields from text, up to the first empty line; what is no field is passed over.
    pub fn read(text: &str) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if line.trim().is_empty() {
                if fields.is_empty() {
                    continue;
                }
                break;
            }
            match (line.starts_with([' ', '\t']), fields.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (true, None) => {}
                (false, _) => {
                    if let Some((name, value)) = line.split_once(':')
                        && is_field_name(name.trim_end())
                    {
                        fields.push((name.trim_end().to_owned(), value.trim().to_owned()));
                    }
                }
            }
        }
        Self(fields)
    }
}

/// RFC 5322 §2.2: printable ASCII but the colon.
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What is known of a mail before its body is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number in the folder (RFC 3501 §2.3.1.1).
    pub uid: u32,
    /// Bytes of the whole mail, as the server says.
    pub size: u64,
    /// Its headers, or their beginning.
    pub headers: Headers,
}

/// One part of a mail: decoded, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `text/plain`, in lower case.
    pub media_type: String,
    /// At most [`PART_CHARS_MAX`] characters; of a mail inside the mail its headers alone.
    pub text: String,
}

/// A whole mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Its headers.
    pub headers: Headers,
    /// Its parts that hold something, in their order; at most [`PARTS_MAX`].
    pub parts: Vec<Part>,
    /// SHA-256 of everything behind its headers, in lower-case hex, line ends left out.
    pub body_digest: String,
    /// The files in it, in their order.
    pub files: Vec<ReceivedFile>,
    /// What looks like a file and can't be taken out of it.
    pub left_out: Vec<LeftOut>,
    /// The whole mail as it came.
    pub raw: Vec<u8>,
}

/// A file of a mail: an attachment, a picture of its text, the mail's only part, or what was in
/// one of these.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    /// As the sender wrote it, which may climb out of a folder; none where it has no name.
    pub name: Option<String>,
    /// `application/pdf`, in lower case.
    pub media_type: String,
    /// Shown in the mail's text (`Content-Disposition: inline`, or named by its `Content-ID`).
    pub inline: bool,
    /// What it was in, from the outside: `scans.zip`, `Fwd: facture`; empty for the mail itself.
    pub inside: Vec<String>,
    /// Its bytes, decoded.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for ReceivedFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("ReceivedFile");
        shown.field("name", &self.name).field("media_type", &self.media_type);
        shown.field("inline", &self.inline).field("inside", &self.inside);
        shown.field("bytes", &self.bytes.len()).finish()
    }
}

/// A file of a mail that becomes no document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name, as far as it can be shown.
    pub name: String,
    /// In words.
    pub because: String,
}

/// Characters shown of a name that a stranger chose.
const SHOWN_CHARS_MAX: usize = 120;

impl LeftOut {
    /// One that is shown by its name, else its type, and by what it is in.
    pub fn new(
        name: Option<&str>,
        media_type: &str,
        inside: &[String],
        because: impl Into<String>,
    ) -> Self {
        let shown = |text: &str| -> String {
            spell(text.as_bytes()).chars().take(SHOWN_CHARS_MAX).collect()
        };
        let unnamed = || format!("a part without a name ({})", shown(media_type));
        let mut name = name.map_or_else(unnamed, shown);
        for container in inside.iter().rev() {
            name = format!("{name}, in {}", shown(container));
        }
        Self { name, because: because.into() }
    }
}

/// Which mail this is, wherever it lies: not its UID, which another server gives anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailIdentity(String);

/// The fields that no server changes on the way to another.
const LASTING_FIELDS: [&str; 6] = ["Message-ID", "Date", "From", "To", "Subject", "In-Reply-To"];

/// In which stands whom a copy of a mail came to: all that [`super::routing`] goes by.
const RECIPIENT_FIELDS: [&str; 9] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "X-Forwarded-To",
    "Resent-To",
    "To",
    "Cc",
];

impl MailIdentity {
    /// By what its headers show. One without a Message-ID is told by its size too.
    pub fn of_head(head: &Head) -> Self {
        let mut hasher = Sha256::new();
        for name in LASTING_FIELDS {
            hasher.update([0]);
            for value in head.headers.all(name) {
                let words: Vec<&str> = value.split_whitespace().collect();
                hasher.update(words.join(" ").as_bytes());
                hasher.update([1]);
            }
        }
        if head.headers.first("Message-ID").is_none() {
            hasher.update(head.size.to_be_bytes());
        }
        Self::spelled("head", hasher)
    }

    /// By what its headers show and how it came: two copies of one mail that were sent one after
    /// the other are alike in all but that.
    pub fn of_copy(head: &Head) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(Self::of_head(head).as_str().as_bytes());
        for name in ["Return-Path", "Received"] {
            hasher.update([0]);
            for value in head.headers.all(name) {
                let words: Vec<&str> = value.split_whitespace().collect();
                hasher.update(words.join(" ").as_bytes());
                hasher.update([1]);
            }
        }
        Self::spelled("copy", hasher)
    }

    /// By its Message-ID and its content.
    pub fn of_content(mail: &ReceivedMail) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(mail.headers.first("Message-ID").unwrap_or_default().as_bytes());
        hasher.update([0]);
        hasher.update(mail.body_digest.as_bytes());
        Self::spelled("body", hasher)
    }

    /// By its place alone, for one whose headers nobody can read.
    pub fn of_place(mailbox: &str, validity: u32, uid: u32) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(format!("{mailbox}\n{validity}\n{uid}").as_bytes());
        Self::spelled("place", hasher)
    }

    /// The same mail to one recipient: to a collection mailbox, what comes to two companies is
    /// two mails. No identity of a mail in the bot's mailbox is one of these.
    #[must_use]
    pub fn as_delivered(&self, headers: &Headers) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.0.as_bytes());
        for name in RECIPIENT_FIELDS {
            hasher.update([0]);
            for value in headers.all(name) {
                let words: Vec<&str> = value.split_whitespace().collect();
                hasher.update(words.join(" ").as_bytes());
                hasher.update([1]);
            }
        }
        Self::spelled("delivered", hasher)
    }

    /// Reads what [`MailIdentity::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (!text.is_empty() && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    fn spelled(kind: &str, hasher: Sha256) -> Self {
        let digest: [u8; 32] = hasher.finalize().into();
        Self(format!("{kind}-{}", hex::encode(digest)))
    }

    /// As text: letters, digits and a hyphen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digest of a body, the same on servers that end lines otherwise.
pub fn body_digest(body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        hasher.update(line);
        hasher.update(b"\n");
    }
    let digest: [u8; 32] = hasher.finalize().into();
    hex::encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(uid: u32, text: &str) -> Head {
        Head { uid, size: 100, headers: Headers::read(text) }
    }

    #[test]
    fn fields_are_unfolded_and_oddities_passed_over() {
        let headers = Headers::read("Subject: a\r\n b\r\nodd line\r\nX:\r\nto : c\r\n\r\nFrom: d");
        assert_eq!(headers.first("subject"), Some("a b"));
        assert_eq!(headers.first("To"), Some("c"));
        assert_eq!((headers.first("X"), headers.first("From")), (Some(""), None));
    }

    #[test]
    fn a_mail_is_the_same_on_another_server_and_under_another_number() {
        let one = head(1, "Received: x\nMessage-ID: <a@b.example>\nSubject: a  b\n");
        let moved = head(9, "Message-ID: <a@b.example>\nSubject: a\n b\n");
        let other = head(1, "Message-ID: <a@b.example>\nSubject: c\n");
        assert_eq!(MailIdentity::of_head(&one), MailIdentity::of_head(&moved));
        assert_ne!(MailIdentity::of_head(&one), MailIdentity::of_head(&other));
        assert_eq!(body_digest(b"a\r\nb"), body_digest(b"a\nb"));
        assert_ne!(body_digest(b"a\nb"), body_digest(b"ab"));
    }

    #[test]
    fn mails_without_a_message_id_are_told_by_their_size_too() {
        let one = head(1, "Subject: a\n");
        let other = Head { size: 101, ..one.clone() };
        assert_ne!(MailIdentity::of_head(&one), MailIdentity::of_head(&other));
    }
}
