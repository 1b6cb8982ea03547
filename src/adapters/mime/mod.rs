//! Mails taken apart: what strangers wrote, as plain headers, text and files.
//!
//! mail-parser reads headers, names and charsets; the walk through the parts is our own. A library
//! that nests what it finds can be led deeper than a stack is, which no `catch_unwind` survives,
//! and it doesn't say which part was damaged.

mod archive;
mod entity;
mod headers;
mod kinds;
mod limits;
mod multipart;
mod name;
mod transfer;
mod uuencode;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::headers::headers;
use self::walk::Walk;
use crate::domain::mail::received::{ReceivedMail, body_digest};

/// Takes a mail apart. Errs, in words, with what nobody can read.
///
/// Each part of it that holds something is the mail's text, one of its files, or left out with
/// the reason; mails and archives in it are opened. What is decoded is bounded by the mail's own
/// size and a fixed number of bytes, whatever archives say of themselves.
pub fn parse(bytes: &[u8]) -> Result<ReceivedMail, String> {
    // A mail that breaks the parser is one odd mail, and no reason to stop reading others.
    let parsed = catch_unwind(AssertUnwindSafe(|| take_apart(bytes)));
    parsed.unwrap_or_else(|_| Err("the mail cannot be taken apart".to_owned()))
}

fn take_apart(bytes: &[u8]) -> Result<ReceivedMail, String> {
    let headers = headers(bytes);
    if headers.0.is_empty() {
        return Err("it is no mail".to_owned());
    }
    let mut walk = Walk::through(bytes);
    let files = walk.files();
    let body = bytes.get(entity::head_length(bytes)..).unwrap_or_default();
    Ok(ReceivedMail {
        headers,
        parts: walk.parts,
        body_digest: body_digest(body),
        files,
        left_out: walk.left_out,
        raw: bytes.to_vec(),
    })
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

    #[test]
    fn a_mail_of_mails_in_mails_is_no_deeper_than_a_stack() {
        let multiparts = |kind: &str| -> String {
            let part = |number| {
                format!("Content-Type: multipart/{kind}; boundary=b{number}\n\n--b{number}\n")
            };
            (0..20_000).map(part).collect()
        };
        for nest in [
            "Content-Type: message/rfc822\n\n".repeat(200_000),
            multiparts("mixed"),
            multiparts("digest"),
        ] {
            let mail = parse(format!("{nest}Subject: x\n\nhello").as_bytes()).unwrap();
            assert_eq!((mail.files.len(), mail.left_out.len()), (0, 1));
            assert!(mail.left_out[0].because.contains("deep"), "{:?}", mail.left_out);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            drop(parse(&bytes));
            headers(&bytes);
        }
    }
}
