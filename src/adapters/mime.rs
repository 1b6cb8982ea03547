//! Mails taken apart by mail-parser: what strangers wrote, as plain headers and text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use crate::domain::received::{
    Headers, PART_CHARS_MAX, PARTS_MAX, Part, ReceivedMail, body_digest,
};

/// The most bytes of headers looked at.
const HEADER_BYTES_MAX: usize = 200_000;

/// Takes a mail apart. Errs, in words, with what nobody can read.
pub fn parse(bytes: &[u8]) -> Result<ReceivedMail, String> {
    // A mail that breaks the parser is one odd mail, and no reason to stop reading others.
    let parsed = catch_unwind(AssertUnwindSafe(|| take_apart(bytes)));
    parsed.unwrap_or_else(|_| Err("the mail cannot be taken apart".to_owned()))
}

/// The headers at the beginning of a mail.
pub fn headers(bytes: &[u8]) -> Headers {
    let head = bytes.get(..HEADER_BYTES_MAX).unwrap_or(bytes);
    let mut headers = Headers::read(&String::from_utf8_lossy(head));
    for (name, value) in &mut headers.0 {
        if value.contains("=?") {
            *value = decoded(name, value);
        }
    }
    headers
}

/// RFC 2047 words as people read them.
fn decoded(name: &str, value: &str) -> String {
    let line = format!("Subject: {value}\r\n\r\n");
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let message = MessageParser::default().parse_headers(line.as_bytes())?;
        message.subject().map(str::to_owned)
    }));
    match parsed {
        // Addresses keep their brackets; what they are is told by them.
        Ok(Some(text)) if !name.eq_ignore_ascii_case("Message-ID") => text,
        Ok(_) | Err(_) => value.to_owned(),
    }
}

fn take_apart(bytes: &[u8]) -> Result<ReceivedMail, String> {
    let message = MessageParser::default().parse(bytes).ok_or("it is no mail")?;
    let parts = message.parts.iter().filter_map(part).take(PARTS_MAX).collect();
    let body = message.parts.first().map_or(0, MessagePart::raw_body_offset) as usize;
    Ok(ReceivedMail {
        headers: headers(bytes),
        parts,
        body_digest: body_digest(bytes.get(body..).unwrap_or_default()),
        files: Vec::new(),
        left_out: Vec::new(),
        raw: bytes.to_vec(),
    })
}

fn part(part: &MessagePart<'_>) -> Option<Part> {
    let (kind, text) = match &part.body {
        PartType::Text(text) => ("text/plain", text.to_string()),
        PartType::Html(text) => ("text/html", text.to_string()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            ("application/octet-stream", readable(bytes))
        }
        PartType::Message(message) => ("message/rfc822", returned_headers(message)),
        PartType::Multipart(_) => return None,
    };
    let media_type = part.content_type().map_or_else(
        || kind.to_owned(),
        |typed| format!("{}/{}", typed.ctype(), typed.subtype().unwrap_or("octet-stream")),
    );
    let text = text.chars().take(PART_CHARS_MAX).collect();
    Some(Part { media_type: media_type.to_ascii_lowercase(), text })
}

fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..PART_CHARS_MAX).unwrap_or(bytes)).into_owned()
}

/// Of a mail inside the mail, its headers.
fn returned_headers(message: &Message<'_>) -> String {
    let text = readable(message.raw_message());
    let lines = text.lines().skip_while(|line| line.trim().is_empty());
    let head: Vec<&str> = lines.take_while(|line| !line.trim().is_empty()).collect();
    head.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_text_whatever_they_were() {
        let mail = b"Subject: =?utf-8?Q?=C3=89chec?=\r\nContent-Type: multipart/report; boundary=b\r\n\r\n\
            --b\r\n\r\nhello\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n\
            --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <a@b.example>\r\n\r\nbody\r\n--b--\r\n";
        let mail = parse(mail).unwrap();
        assert_eq!(mail.headers.first("Subject"), Some("Échec"));
        let kinds: Vec<&str> = mail.parts.iter().map(|part| part.media_type.as_str()).collect();
        assert_eq!(kinds, ["text/plain", "message/delivery-status", "message/rfc822"]);
        assert!(mail.parts[1].text.contains("Action: failed"));
        assert_eq!(mail.parts[2].text.trim(), "Message-ID: <a@b.example>");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            drop(parse(&bytes));
            headers(&bytes);
        }
    }
}
