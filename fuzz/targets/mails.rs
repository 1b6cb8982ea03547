//! Composed mails: whatever a file, a folder or a firm is called, the headers are ours.

use facteur::adapters::compose::{Composed, compose};
use facteur::ports::transport::Mail;
use mail_parser::{Message, MessageParser, MimeHeaders as _};

use super::letters::{document, letter};
use super::{Target, parts, steers};

/// A file's name, a subject, a body, the bot's name and a media type, a NUL between each two.
pub const TARGET: Target = Target {
    name: "mails",
    check,
    words: &[
        "\0",
        "\r\n",
        "\r\n\r\n",
        "\nBcc: x@y.example\n",
        "\r\nSubject: x",
        "--=_",
        "=?utf-8?B?",
        "?=",
        "\"",
        "\\",
        "; filename=x.exe",
        ".pdf",
        "../",
        "\u{202e}",
        "\u{2028}",
        "é",
        "🧾",
        "\x1b[2J",
        "\t",
        "\r",
        "=0A",
        "%0d%0a",
        "message/rfc822",
        "multipart/mixed; boundary=x",
        "text/html\r\nX: y",
        "<a@b.example>",
        ",",
        ":",
        "(",
        "..",
        "\u{feff}",
        "\u{7f}",
        "\u{85}",
    ],
};

/// The headers of a mail, in the order of their names; each stands there once.
const HEADERS: [&str; 8] = [
    "auto-submitted",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "subject",
    "to",
];

fn check(bytes: &[u8]) {
    let [file_name, subject, text, sender_name, media_type] = parts(bytes);
    let mut mail = Mail { subject, text, sender_name, ..letter(file_name) };
    if let Some(attachment) = mail.attachment.as_mut().filter(|_| !media_type.is_empty()) {
        attachment.media_type = media_type;
    }
    let composed = compose(&mail);
    assert_eq!(compose(&mail), composed, "a second attempt has the same bytes");
    let whole = whole(&composed);
    assert_eq!(whole.len() as u64, composed.size());
    assert_lines(&whole);
    assert_headers(&whole);
    let parsed = MessageParser::default().parse(&whole).expect("a mail");
    assert_one_of_each(&parsed, &mail);
    assert_one_document(&parsed, &whole);
}

fn whole(composed: &Composed) -> Vec<u8> {
    let mut base64 = String::new();
    email_encoding::body::base64::encode(&document(), &mut base64).expect("a String grows");
    [composed.head.as_slice(), base64.as_bytes(), &composed.tail].concat()
}

/// RFC 5321 §4.5.3.1.6, RFC 5322 §2.1.1.
fn assert_lines(whole: &[u8]) {
    let text = std::str::from_utf8(whole).expect("a mail is ASCII");
    assert!(text.is_ascii() && text.ends_with("\r\n"));
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 998, "{} bytes", line.len());
        assert!(!line.contains(['\r', '\n']), "a bare CR or LF: {line:?}");
        let controls = |letter: char| letter.is_control() && letter != '\t';
        assert!(!line.contains(controls), "{line:?}");
    }
}

fn assert_headers(whole: &[u8]) {
    let text = std::str::from_utf8(whole).expect("a mail is ASCII");
    let (head, _) = text.split_once("\r\n\r\n").expect("a head ends with an empty line");
    let own = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let mut names: Vec<String> =
        own.map(|line| line.split(':').next().unwrap_or_default().to_lowercase()).collect();
    names.sort();
    assert_eq!(names, HEADERS, "{head}");
}

fn assert_one_of_each(parsed: &Message<'_>, mail: &Mail) {
    let only = |addresses: Option<&mail_parser::Address<'_>>| {
        let all: Vec<String> = addresses
            .iter()
            .flat_map(|addresses| addresses.iter())
            .map(|one| one.address().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all.concat()
    };
    assert_eq!(only(parsed.from()), mail.sender.as_str());
    assert_eq!(only(parsed.to()), mail.recipient.as_str());
    assert_eq!(parsed.message_id(), Some("1.a@cabinet.example"));
    assert!(parsed.cc().is_none() && parsed.bcc().is_none() && parsed.reply_to().is_none());
    let subject = parsed.subject().unwrap_or_default();
    assert!(!subject.contains(steers_in_a_name), "{subject:?}");
    let name = parsed.from().and_then(|from| from.first()?.name()).unwrap_or_default();
    assert!(!name.contains(steers_in_a_name), "{name:?}");
    let text = parsed.body_text(0).unwrap_or_default();
    let shown = |letter: char| matches!(letter, '\n' | '\r' | '\t');
    assert!(!text.contains(|letter| steers_in_a_name(letter) && !shown(letter)), "{text:?}");
}

fn assert_one_document(parsed: &Message<'_>, whole: &[u8]) {
    assert_eq!(parsed.attachment_count(), 1);
    let attachment = parsed.attachment(0).expect("it was counted");
    // As it stands there: mail-parser itself makes UTF-8 of a text.
    let body =
        whole.get(attachment.raw_body_offset() as usize..attachment.raw_end_offset() as usize);
    let content = mail_parser::decoders::base64::base64_decode(body.expect("a part's own place"));
    assert!(content == Some(document()), "the document came as it went");
    let name = attachment.attachment_name().expect("it has a name");
    assert!(!name.is_empty() && name != "." && name != "..");
    assert!(!name.contains(['/', '\\']) && !name.contains(steers_in_a_name), "{name:?}");
    let disposition = attachment.content_disposition().expect("it is an attachment");
    assert!(disposition.is_attachment());
}

/// Joined emoji and some scripts need U+200C, U+200D and the tags; they turn nothing.
fn steers_in_a_name(character: char) -> bool {
    let joins = matches!(character, '\u{200c}' | '\u{200d}' | '\u{e0020}'..='\u{e007f}');
    steers(character) && !joins
}
