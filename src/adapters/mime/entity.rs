//! One entity of MIME (a mail, or a part of one): what its headers say, and its body as it came.

use mail_parser::{ContentType, MessageParser, MimeHeaders};

use super::headers::text;
use super::limits::{HEADER_BYTES_MAX, NAME_CHARS_MAX};
use super::name;

/// An entity, nothing of its body decoded.
#[derive(Debug)]
pub(super) struct Entity<'x> {
    /// `text/plain`, in lower case.
    pub(super) media_type: String,
    pub(super) boundary: Option<String>,
    pub(super) charset: Option<String>,
    /// Of an S/MIME part (RFC 8551 §3.2.2), in lower case.
    pub(super) smime_type: Option<String>,
    pub(super) name: Option<String>,
    pub(super) is_attachment: bool,
    pub(super) is_inline: bool,
    /// Without its angle brackets, in lower case.
    pub(super) content_id: Option<String>,
    /// The transfer encoding, in lower case.
    pub(super) encoding: String,
    pub(super) body: &'x [u8],
}

impl<'x> Entity<'x> {
    /// Reads the headers of an entity. RFC 2046 §5.1.5: what a digest holds are mails.
    pub(super) fn read(bytes: &'x [u8], in_digest: bool) -> Self {
        let head_length = head_length(bytes);
        let (head, body) = bytes.split_at(head_length);
        let shown = text(head.get(..HEADER_BYTES_MAX).unwrap_or(head));
        let block = format!("{}\r\n\r\n", shown.trim_end());
        let parsed = MessageParser::new().with_mime_headers().parse_headers(block.as_bytes());
        let part = parsed.as_ref().and_then(|message| message.parts.first());
        let typed = part.and_then(MimeHeaders::content_type);
        let disposition = part.and_then(MimeHeaders::content_disposition);
        let of_type = |name: &str| typed.and_then(|typed| typed.attribute(name)).map(str::to_owned);
        let disposed = disposition.map(|disposition| disposition.ctype().to_ascii_lowercase());
        let untyped = if in_digest { "message/rfc822" } else { "text/plain" };
        let content_id = part.and_then(MimeHeaders::content_id);
        let encoding = part.and_then(MimeHeaders::content_transfer_encoding).unwrap_or_default();
        Self {
            media_type: typed.map_or_else(|| untyped.to_owned(), media_type),
            boundary: of_type("boundary").filter(|boundary| !boundary.is_empty()),
            charset: of_type("charset"),
            smime_type: of_type("smime-type").map(|kind| kind.to_ascii_lowercase()),
            name: name::of_pieces(&block, "filename")
                .or_else(|| parameter(disposition, "filename"))
                .or_else(|| name::of_pieces(&block, "name"))
                .or_else(|| parameter(typed, "name"))
                .map(|name| shortened(&name)),
            is_attachment: disposed.as_deref() == Some("attachment"),
            is_inline: disposed.as_deref() == Some("inline"),
            content_id: content_id.map(|id| id.trim_matches(['<', '>', ' ']).to_ascii_lowercase()),
            encoding: encoding
                .split([' ', ';', '(', '\t'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase(),
            body,
        }
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.media_type.starts_with("multipart/")
    }

    pub(super) fn is_mail(&self) -> bool {
        matches!(self.media_type.as_str(), "message/rfc822" | "message/global")
    }
}

/// Bytes of the headers that an entity begins with, the empty line behind them included.
pub(super) fn head_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let empty = line.iter().all(u8::is_ascii_whitespace);
        if empty {
            return length + line.len();
        }
        // A program that forgot the empty line: the body begins with what can be no header.
        let is_field = line.starts_with(b" ") || line.starts_with(b"\t") || line.contains(&b':');
        if length == 0 && !is_field && !line.starts_with(b"From ") {
            return 0;
        }
        length += line.len();
    }
    length
}

fn media_type(typed: &ContentType<'_>) -> String {
    let subtype = typed.subtype().unwrap_or("octet-stream");
    format!("{}/{subtype}", typed.ctype()).to_ascii_lowercase()
}

/// A name by a parameter that may be given twice: RFC 2231's, which has accents, is the better.
fn parameter(typed: Option<&ContentType<'_>>, name: &str) -> Option<String> {
    let given = || {
        let all = typed.iter().filter_map(|typed| typed.attributes.as_ref()).flatten();
        all.filter(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .map(|attribute| attribute.value.as_ref())
            .filter(|name| !name.trim().is_empty())
    };
    let name = given().find(|name| !name.is_ascii()).or_else(|| given().next())?;
    Some(name.to_owned())
}

/// A name cut in its middle: its ending tells what it is.
pub(super) fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let ending = length - NAME_CHARS_MAX / 10;
    let kept = name.chars().enumerate();
    let kept = kept.filter(|(index, _)| *index < NAME_CHARS_MAX * 9 / 10 || *index >= ending);
    kept.map(|(_, character)| character).collect()
}
