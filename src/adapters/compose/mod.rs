//! A mail's bytes: what stands before and after its attachment, which is streamed in between.
//!
//! The same [`Mail`] always makes the same bytes, so a second attempt carries what the first one
//! did. Every line ends in CRLF, has at most 998 bytes, and is ASCII: no server extension is
//! needed. Headers are lettre's; the attachment is always base64, because lettre's own choice
//! for a text in ASCII is 7bit, where `\n` becomes CRLF and a line with a dot ends the mail.

mod content;
mod name;

pub use content::{Content, ContentError};

use email_encoding::body::base64;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, Headers, MIME_VERSION_1_0,
    MessageId, Subject,
};
use lettre::message::{Mailbox, Mailboxes, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use crate::domain::template::Address;
use crate::ports::transport::{Attachment, Mail};

/// A mail without its attachment: `head`, then [`Content`] in base64, then `tail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// Everything up to the attachment's first byte; the whole mail when it has none.
    pub head: Vec<u8>,
    /// Everything behind the attachment's last byte; empty when there is none.
    pub tail: Vec<u8>,
    /// The attachment's bytes before encoding; none when there is none.
    pub attachment_bytes: Option<u64>,
}

impl Composed {
    /// Bytes of the whole mail, as RFC 1870 counts them: without dot-stuffing.
    pub fn size(&self) -> u64 {
        let raw = self.attachment_bytes.unwrap_or(0);
        let encoded = base64::encoded_len(usize::try_from(raw).unwrap_or(usize::MAX / 2));
        (self.head.len() + encoded + self.tail.len()) as u64
    }
}

/// Composes a mail, all but its attachment's bytes.
pub fn compose(mail: &Mail) -> Composed {
    let mut message = headers(mail).to_string().into_bytes();
    let text = text_part(&mail.text);
    let Some(attachment) = &mail.attachment else {
        message.extend(text.formatted());
        return Composed { head: message, tail: Vec::new(), attachment_bytes: None };
    };
    let boundary = boundary(&mail.message_id);
    message.extend(MultiPart::mixed().boundary(&boundary).singlepart(text).formatted());
    // lettre closes the multipart behind the text: the attachment goes in before that.
    let close = format!("--{boundary}--\r\n").into_bytes();
    assert!(message.ends_with(&close), "a multipart ends with its closing delimiter");
    message.truncate(message.len() - close.len());
    message.extend(format!("--{boundary}\r\n{}\r\n", attachment_headers(attachment)).into_bytes());
    let tail = [b"\r\n".as_slice(), &close].concat();
    Composed { head: message, tail, attachment_bytes: Some(attachment.size) }
}

/// The most characters of a subject: an unbroken word in a header must fit a line (RFC 5322
/// §2.1.1).
const SUBJECT_CHARS_MAX: usize = 250;

fn headers(mail: &Mail) -> Headers {
    let sender_name = one_line(&mail.sender_name, SUBJECT_CHARS_MAX);
    let from =
        Mailbox::new(Some(sender_name).filter(|name| !name.is_empty()), lettre(&mail.sender));
    let mut headers = Headers::new();
    headers.set(lettre::message::header::From::from(Mailboxes::from(from)));
    headers.set(lettre::message::header::To::from(Mailboxes::from(Mailbox::from(lettre(
        &mail.recipient,
    )))));
    headers.set(Subject::from(one_line(&mail.subject, SUBJECT_CHARS_MAX)));
    headers.insert_raw(plain("Date", mail.date.to_rfc2822()));
    headers.set(MessageId::from(mail.message_id.clone()));
    // RFC 3834 §5: keeps vacation notices and other robots from answering.
    let submitted = match &mail.in_reply_to {
        Some(answered) => {
            headers.insert_raw(plain("In-Reply-To", answered.clone()));
            headers.insert_raw(plain("References", answered.clone()));
            "auto-replied"
        }
        None => "auto-generated",
    };
    headers.insert_raw(plain("Auto-Submitted", submitted.to_owned()));
    headers.set(MIME_VERSION_1_0);
    headers
}

fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Our addresses are a subset of lettre's, so nothing is checked twice.
pub(crate) fn lettre(address: &Address) -> lettre::Address {
    let (local, domain) =
        address.as_str().rsplit_once('@').expect("an address that was parsed has an `@`");
    lettre::Address::new_dangerous(local, domain)
}

/// One line of what can be shown, cut at `chars_max`.
fn one_line(text: &str, chars_max: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|character| if name::is_obeyed(character) { ' ' } else { character })
        .collect();
    let mut line: String = spaced.trim().chars().take(chars_max).collect();
    if spaced.trim().chars().nth(chars_max).is_some() {
        line.push('…');
    }
    // A name that spells an encoded word (RFC 2047 §2) would be read as what it encodes.
    line.replace("=?", "= ?")
}

/// Quoted-printable in UTF-8: readable as it is, and safe whatever the text holds.
fn text_part(text: &str) -> SinglePart {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String = lines
        .chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            obeyed if name::is_obeyed(obeyed) => ' ',
            printable => printable,
        })
        .collect();
    SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(clean)
}

fn attachment_headers(attachment: &Attachment) -> Headers {
    let name = name::safe(&attachment.file_name);
    let mut headers = Headers::new();
    headers.insert_raw(name::content_type(media_type(&attachment.media_type), &name));
    headers.insert_raw(name::content_disposition(&name));
    headers.set(ContentTransferEncoding::Base64);
    headers
}

/// The media type, or `application/octet-stream` for one that isn't well-formed or that base64
/// may not encode (RFC 2045 §6.4: multipart and message).
fn media_type(text: &str) -> &str {
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    match text.split_once('/') {
        Some(("multipart" | "message", _)) => "application/octet-stream",
        Some((kind, subtype)) if token(kind) && token(subtype) && text.len() <= 127 => text,
        Some(_) | None => "application/octet-stream",
    }
}

/// `=_` occurs neither in base64 nor in quoted-printable, so no body can hold the boundary.
fn boundary(message_id: &str) -> String {
    let digest = Sha256::digest(message_id.as_bytes());
    format!("=_{}", hex::encode(digest.get(..16).expect("a SHA-256 has 32 bytes")))
}

#[cfg(test)]
mod tests;
