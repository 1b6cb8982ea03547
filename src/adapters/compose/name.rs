//! An attachment's name: made safe, and written so that every reader sees the same one.

use std::fmt::Write as _;

use email_encoding::headers::writer::EmailWriter;
use email_encoding::headers::{rfc2047, rfc2231};
use lettre::message::header::{HeaderName, HeaderValue};

use crate::domain::path::is_hidden;

/// The most characters of a name; longer ones lose their middle and keep their extension.
const NAME_CHARS_MAX: usize = 240;

/// A name that leads nowhere and hides nothing: no path, control or text-turning character.
pub(super) fn safe(name: &str) -> String {
    let replaced: String =
        name.chars().map(|character| if is_unsafe(character) { '_' } else { character }).collect();
    // Readers decode what looks like an encoded word (RFC 2047 §2) wherever it stands: inside
    // quotes, and in what RFC 2231 encodes.
    let replaced = replaced.replace("=?", "=_");
    let trimmed = replaced.trim();
    if trimmed.chars().all(|character| character == '.') {
        return "document".to_owned();
    }
    shorten(trimmed)
}

fn is_unsafe(character: char) -> bool {
    matches!(character, '/' | '\\') || is_obeyed(character)
}

/// What a mail reader would obey instead of showing it. U+200C, U+200D and the tags stay: names
/// in some scripts, joined emoji and flags need them.
pub(super) fn is_obeyed(character: char) -> bool {
    let joins = matches!(character, '\u{200c}' | '\u{200d}' | '\u{e0020}'..='\u{e007f}');
    is_hidden(character) && !joins
}

fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 10 => (stem, extension),
        Some(_) | None => (name, ""),
    };
    let kept: String = stem.chars().take(NAME_CHARS_MAX - 12).collect();
    if extension.is_empty() { format!("{kept}…") } else { format!("{kept}….{extension}") }
}

/// `Content-Type` with `name=`: RFC 2047 inside quotes is not in the standard, and is what
/// Outlook reads where it doesn't know RFC 2231.
pub(super) fn content_type(media_type: &str, name: &str) -> HeaderValue {
    let mut value = format!("{media_type};\r\n name=\"");
    if is_plain(name) {
        value.push_str(&escaped(name));
    } else {
        let mut writer = EmailWriter::new(&mut value, " name=\"".len(), 0, false);
        rfc2047::encode(name, &mut writer).expect("writing to a String cannot fail");
    }
    value.push('"');
    pre_encoded("Content-Type", value)
}

/// `Content-Disposition` with `filename=`, in RFC 2231 where it isn't ASCII.
pub(super) fn content_disposition(name: &str) -> HeaderValue {
    let mut value = "attachment;".to_owned();
    if is_plain(name) {
        // One piece, however long: not every reader joins the continuations of RFC 2231.
        write!(value, "\r\n filename=\"{}\"", escaped(name))
            .expect("writing to a String cannot fail");
    } else {
        let mut writer = EmailWriter::new(&mut value, "attachment;".len(), 0, false);
        rfc2231::encode("filename", name, &mut writer).expect("writing to a String cannot fail");
    }
    pre_encoded("Content-Disposition", value)
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

fn pre_encoded(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}
