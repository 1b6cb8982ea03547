//! Headers as plain text: whatever bytes they came in, and words of RFC 2047 as people read them.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use mail_parser::MessageParser;
use mail_parser::decoders::charsets::map::charset_decoder;
use regex::Regex;

use super::limits::HEADER_BYTES_MAX;
use crate::domain::mail::received::Headers;

/// Fields of addresses: what is decoded in them stays in quotes, so that no display name turns
/// into an address.
const ADDRESS_FIELDS: [&str; 13] = [
    "From",
    "To",
    "Cc",
    "Bcc",
    "Sender",
    "Reply-To",
    "Resent-From",
    "Resent-To",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Forwarded-To",
];

/// The headers at the beginning of a mail.
pub fn headers(bytes: &[u8]) -> Headers {
    let head = bytes.get(..HEADER_BYTES_MAX).unwrap_or(bytes);
    let head = head.get(..super::entity::head_length(head)).unwrap_or(head);
    let mut headers = Headers::read(&text(head));
    for (name, value) in &mut headers.0 {
        if !value.contains("=?") || name.eq_ignore_ascii_case("Message-ID") {
            continue;
        }
        let of_addresses = ADDRESS_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field));
        *value = if of_addresses { with_quoted_words(value) } else { decoded(value) };
    }
    headers
}

/// Bytes as text, line by line: UTF-8, else what old programs of the west write.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    Cow::Owned(lines.map(line).collect())
}

fn line(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => charset_decoder(b"windows-1252")
            .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes)),
    }
}

/// Words of RFC 2047, decoded.
fn decoded(value: &str) -> String {
    let line = format!("Subject: {value}\r\n\r\n");
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let message = MessageParser::default().parse_headers(line.as_bytes())?;
        message.subject().map(str::to_owned)
    }));
    match parsed {
        Ok(Some(text)) => text,
        Ok(None) | Err(_) => value.to_owned(),
    }
}

/// A run of encoded words; RFC 2047 §6.2: the space between two of them is no space.
static ENCODED_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    let word = r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=";
    Regex::new(&format!(r"{word}(?:\s+{word})*")).expect("the pattern is well-formed")
});

/// The value with its encoded words as quoted strings.
fn with_quoted_words(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    let mut quoted = false;
    while let Some(words) = ENCODED_WORDS.find(rest) {
        let (before, after) = (rest.get(..words.start()), rest.get(words.end()..));
        let before = before.unwrap_or_default();
        quoted ^= before.replace("\\\\", "").replace("\\\"", "").matches('"').count() % 2 == 1;
        text.push_str(before);
        let mark = if quoted { "" } else { "\"" };
        text.push_str(mark);
        for character in decoded(words.as_str()).chars() {
            match character {
                '"' | '\\' | '(' | ')' => text.extend(['\\', character]),
                _ if character.is_control() => text.push(' '),
                _ => text.push(character),
            }
        }
        text.push_str(mark);
        rest = after.unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::address_list::addresses;

    #[test]
    fn words_are_decoded_and_no_name_becomes_an_address() {
        for (value, shown, address) in [
            ("=?utf-8?Q?Jos=C3=A9?= <a@b.example>", "\"José\" <a@b.example>", "a@b.example"),
            (
                "=?utf-8?Q?x=40y.example=2C?= <a@b.example>",
                "\"x@y.example,\" <a@b.example>",
                "a@b.example",
            ),
            (
                "\"=?utf-8?Q?=22_=3Cx=40y.example=3E?=\" <a@b.example>",
                "\"\\\" <x@y.example>\" <a@b.example>",
                "a@b.example",
            ),
            (
                "(=?utf-8?Q?=29_x=40y.example?=) a@b.example",
                "(\"\\) x@y.example\") a@b.example",
                "a@b.example",
            ),
            ("=?utf-8?Q?a?=\t=?utf-8?Q?b?= <a@b.example>", "\"ab\" <a@b.example>", "a@b.example"),
        ] {
            let read = headers(format!("To: {value}\r\nSubject: x\r\n\r\n").as_bytes());
            assert_eq!(read.first("To"), Some(shown));
            assert_eq!(addresses(shown), [address], "{shown}");
        }
    }

    #[test]
    fn subjects_are_read_in_every_coding() {
        for (subject, shown) in [
            (&b"=?utf-8?Q?Facture_=C3=A9?= =?iso-8859-1?Q?t=E9?="[..], "Facture été"),
            ("Facture été".as_bytes(), "Facture été"),
            (b"Facture \xe9t\xe9 \x80", "Facture été €"),
        ] {
            let head = [b"X: \xc3\xa9\r\nSubject: ", subject, b"\r\n\r\nSubject: y"].concat();
            let read = headers(&head);
            assert_eq!((read.first("X"), read.first("Subject")), (Some("é"), Some(shown)));
        }
    }
}
