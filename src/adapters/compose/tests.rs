//! What the mails say when others read them.

use std::io::{self, Read, Write as _};
use std::process::{Command, Stdio};

use mail_parser::{MessageParser, MimeHeaders as _};
use proptest::prelude::*;

use super::content::BLOCK_BYTES;
use super::*;
use crate::domain::Timestamp;

fn mail(file_name: &str, size: usize) -> Mail {
    Mail {
        message_id: "<1.abc@cabinet.example>".to_owned(),
        date: Timestamp::from_timestamp(1_790_000_000, 0).unwrap(),
        sender: Address::parse("quickbooks+dupont@cabinet.example").unwrap(),
        return_path: Some(Address::parse("quickbooks+dupont@cabinet.example").unwrap()),
        sender_name: "Cabinet Exemple".to_owned(),
        recipient: Address::parse("dupont@tool.example").unwrap(),
        witness: None,
        in_reply_to: None,
        subject: "Facture".to_owned(),
        text: "Bonjour,\n\nUne pièce.\n".to_owned(),
        envelope_id: "1".to_owned(),
        attachment: Some(Attachment {
            file_name: file_name.to_owned(),
            media_type: "application/pdf".to_owned(),
            size: size as u64,
        }),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn whole(mail: &Mail, bytes: &[u8]) -> (Vec<u8>, ([u8; 32], u64)) {
    let composed = compose(mail);
    let mut message = composed.head.clone();
    let digest = runtime().block_on(async {
        let mut content =
            Content::new(Box::new(io::Cursor::new(bytes.to_vec())), bytes.len() as u64);
        while let Some(block) = content.next().await.unwrap() {
            message.extend(block.into_bytes());
        }
        content.digest()
    });
    message.extend(&composed.tail);
    assert_eq!(message.len() as u64, composed.size(), "the size is known beforehand");
    (message, digest)
}

fn assert_fits_the_wire(message: &[u8]) {
    assert!(message.is_ascii());
    assert!(message.ends_with(b"\r\n"));
    for line in message.split(|byte| *byte == b'\n') {
        assert!(line.is_empty() || line.ends_with(b"\r"), "each line ends in CRLF");
        assert!(line.len() <= 999, "RFC 5322 §2.1.1");
        assert!(!line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r'));
    }
}

/// Names and what a reader must show.
fn names() -> Vec<(String, String)> {
    let kept = [
        "facture.pdf".to_owned(),
        "Reçu été – n° 12 (façade).pdf".to_owned(),
        "a \"quoted\" name; x=1.pdf".to_owned(),
        "dépense \"taxi\" 100%.pdf".to_owned(),
        "two  spaces .pdf".to_owned(),
        "🧾 note 👩\u{200d}👩\u{200d}👧.pdf".to_owned(),
        "領収書.pdf".to_owned(),
        "l'été*2024'x.pdf".to_owned(),
        format!("{}.pdf", "é".repeat(196)),
        format!("{}.pdf", "x".repeat(196)),
        format!("{}.pdf", "mot ".repeat(49)),
        format!("{}.pdf", "🧾".repeat(196)),
    ];
    let mut all: Vec<_> = kept.into_iter().map(|name| (name.clone(), name)).collect();
    let changed = [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b.pdf", "a_b.pdf"),
        ("x\r\nBcc: all@firm.example\r\n\r\n.pdf", "x__Bcc: all@firm.example____.pdf"),
        ("fdp\u{202e}.exe\0", "fdp_.exe_"),
        ("=?utf-8?Q?=0D=0ABcc:_x=40y.example?=.pdf", "=_utf-8?Q?=0D=0ABcc:_x=40y.example?=.pdf"),
        ("==??utf-8?B?QQ==?=.pdf", "==_?utf-8?B?QQ==_=.pdf"),
        ("..", "document"),
        ("", "document"),
        (" a.pdf ", "a.pdf"),
    ];
    all.extend(changed.map(|(name, shown)| (name.to_owned(), shown.to_owned())));
    all
}

#[test]
fn a_reader_sees_the_name_whatever_is_in_it() {
    for (name, shown) in names() {
        let (message, _) = whole(&mail(&name, 3), b"abc");
        assert_fits_the_wire(&message);
        let parsed = MessageParser::new().parse(&message).unwrap();
        let attachment = parsed.attachment(0).unwrap();
        assert_eq!(attachment.attachment_name(), Some(shown.as_str()), "{name:?}");
        let type_name = attachment.content_type().unwrap().attribute("name");
        let decoded = type_name.map(decode_words);
        assert_eq!(decoded.as_deref(), Some(shown.as_str()), "name= of {name:?}");
        assert_eq!(attachment.contents(), b"abc");
        assert_eq!(parsed.attachment_count(), 1);
        assert!(parsed.bcc().is_none());
    }
}

/// Encoded words inside quotes, as a mail program that reads `name=` decodes them.
fn decode_words(text: &str) -> String {
    let header = format!("Subject: {text}\r\n\r\n");
    let parsed = MessageParser::new().parse(header.as_bytes()).unwrap();
    parsed.subject().unwrap_or_default().to_owned()
}

const PYTHON_READER: &str = r"
import email, email.policy, json, sys
raw = sys.stdin.buffer.read()
shown = []
for policy in (email.policy.default, email.policy.compat32):
    message = email.message_from_bytes(raw, policy=policy)
    part = [part for part in message.walk() if part.get_filename() is not None][0]
    shown.append([part.get_filename(), part.get_payload(decode=True).hex(), part.get_content_type()])
print(json.dumps(shown))
";

#[test]
fn python_reads_the_same_names_under_both_its_policies() {
    for (name, shown) in names() {
        let (message, _) = whole(&mail(&name, 3), b"abc");
        let mut python = Command::new("python3")
            .args(["-c", PYTHON_READER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs python3");
        python.stdin.take().unwrap().write_all(&message).unwrap();
        let output = python.wait_with_output().unwrap();
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let row = serde_json::json!([shown, "616263", "application/pdf"]);
        assert_eq!(read, serde_json::json!([row, row]), "{name:?}");
    }
}

#[test]
fn headers_say_who_and_what_and_nothing_else() {
    let mut mail = mail("a.pdf", 1);
    mail.sender_name = "Cabinet \"Müller\" & Fils, Paris".to_owned();
    mail.subject = "Facture n° 12\r\nBcc: x@y.example".to_owned();
    let (message, _) = whole(&mail, b"a");
    assert_fits_the_wire(&message);
    let parsed = MessageParser::new().parse(&message).unwrap();
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Cabinet \"Müller\" & Fils, Paris"));
    assert_eq!(from.address(), Some("quickbooks+dupont@cabinet.example"));
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("dupont@tool.example"));
    assert_eq!(parsed.subject(), Some("Facture n° 12  Bcc: x@y.example"));
    assert_eq!(parsed.message_id(), Some("1.abc@cabinet.example"));
    assert_eq!(parsed.date().unwrap().to_timestamp(), 1_790_000_000);
    let names: Vec<_> = parsed.headers().iter().map(|header| header.name().to_owned()).collect();
    let expected = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ];
    assert_eq!(names, expected);
    assert!(!String::from_utf8(message).unwrap().to_lowercase().contains("facteur"));
}

#[test]
fn a_test_mail_has_only_its_text() {
    let mut mail = mail("", 0);
    mail.attachment = None;
    mail.text = ".\n..dots\ntab\tné \r\nend".to_owned();
    let composed = compose(&mail);
    assert_fits_the_wire(&composed.head);
    assert_eq!(composed.size(), composed.head.len() as u64);
    let parsed = MessageParser::new().parse(&composed.head).unwrap();
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), ".\r\n..dots\r\ntab\tné \r\nend");
    assert_eq!(parsed.attachment_count(), 0);
}

#[test]
fn a_type_that_could_break_the_header_or_the_encoding_is_sent_as_bytes() {
    for text in ["", "pdf", "a/b\r\nX: y", "a/b; name=x", "message/rfc822", "multipart/mixed"] {
        assert_eq!(media_type(text), "application/octet-stream", "{text:?}");
    }
    assert_eq!(media_type("image/svg+xml"), "image/svg+xml");
}

#[test]
fn text_files_that_mislead_mail_servers_arrive_as_they_are() {
    let files: [&[u8]; 6] =
        [b"", b"a\nb\n", b"x\n.\ny\n", b"\r\n.\r\n", b"\n\n\n", b"From me\n\r\r\n\x00\xff"];
    for file in files {
        let (message, _) = whole(&mail("note.txt", file.len()), file);
        assert_fits_the_wire(&message);
        let parsed = MessageParser::new().parse(&message).unwrap();
        assert_eq!(parsed.attachment(0).unwrap().contents(), file);
    }
}

#[test]
fn a_document_that_grew_is_not_streamed_to_its_end() {
    let endless = io::repeat(7);
    runtime().block_on(async {
        let mut content = Content::new(Box::new(endless), 3 * BLOCK_BYTES as u64);
        let mut blocks = 0;
        let error = loop {
            match content.next().await {
                Ok(_) => blocks += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((blocks, error), (3, ContentError::Grown));
    });
}

#[test]
fn a_document_that_cannot_be_read_says_why() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("input/output error"))
        }
    }
    runtime().block_on(async {
        let mut content = Content::new(Box::new(Broken), 10);
        let error = content.next().await.unwrap_err();
        assert_eq!(error, ContentError::Unreadable("input/output error".to_owned()));
    });
}

fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![
        0..200usize,
        (0..4usize, 0..3usize)
            .prop_map(|(blocks, more)| (blocks * BLOCK_BYTES + more).saturating_sub(1)),
        0..3_000_000usize,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_document_arrives_byte_for_byte(size in sizes(), seed in any::<u8>()) {
        let bytes: Vec<u8> =
            (0..size).map(|index| (index * 31 + index / 251).to_le_bytes()[0] ^ seed).collect();
        let (message, digest) = whole(&mail("x.pdf", size), &bytes);
        let parsed = MessageParser::new().parse(&message).unwrap();
        prop_assert!(parsed.attachment(0).unwrap().contents() == bytes);
        prop_assert_eq!(digest, (Sha256::digest(&bytes).into(), size as u64));
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_mail(name in any::<String>(), subject in any::<String>(), text in any::<String>(), sender in any::<String>()) {
        let mut mail = mail(&name, 2);
        mail.subject = subject;
        mail.text = text;
        mail.sender_name = sender;
        let (message, _) = whole(&mail, b"\n.");
        assert_fits_the_wire(&message);
        prop_assert_eq!(&message, &whole(&mail, b"\n.").0, "the same mail makes the same bytes");
        let parsed = MessageParser::new().parse(&message).unwrap();
        prop_assert_eq!(parsed.attachment_count(), 1);
        prop_assert_eq!(parsed.attachment(0).unwrap().contents(), b"\n.");
        prop_assert_eq!(parsed.headers().len(), 8);
    }
}
