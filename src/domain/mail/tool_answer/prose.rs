//! What a mail says itself, without what it quotes; and all that stands in it.

use html5gum::{Token, Tokenizer};

use crate::domain::mail::received::ReceivedMail;

/// Characters looked at of one mail.
const TEXT_CHARS_MAX: usize = 100_000;

/// Beginnings of lines behind which a mail program puts the mail that is answered.
const COPY_MARKS: [&str; 10] = [
    "-----original",
    "----- original",
    "---- original",
    "-----message d'origine",
    "----- message d'origine",
    "-------- message original",
    "---------- forwarded",
    "-------- forwarded",
    "begin forwarded message",
    "________________________________",
];

/// Ends of the line above a quote: `On … wrote:`.
const INTRODUCTIONS: [&str; 5] = ["wrote:", "a écrit :", "a écrit:", "a écrit :", "schrieb:"];

/// Fields with which a mail program begins the mail that is answered: `From: … Sent: …`.
const COPIED_FIELDS: [[&str; 2]; 4] =
    [["from:", "sent:"], ["from:", "date:"], ["de :", "envoyé"], ["de :", "date :"]];

/// Tags around text that stands on a line of its own.
const BLOCKS: [&[u8]; 16] = [
    b"p", b"div", b"br", b"tr", b"td", b"th", b"li", b"ul", b"ol", b"table", b"h1", b"h2", b"h3",
    b"h4", b"hr", b"body",
];

/// Tags whose content nobody reads.
const UNREAD: [&[u8]; 4] = [b"style", b"script", b"title", b"head"];

/// Names that mail programs give the mail that is answered, as `class` or `id`.
const QUOTES: [&str; 6] = [
    "gmail_quote",
    "divrplyfwdmsg",
    "appendonsend",
    "moz-cite-prefix",
    "yahoo_quoted",
    "protonmail_quote",
];

/// What it says itself.
pub(super) fn own(mail: &ReceivedMail) -> String {
    let plain = plain(mail);
    let text = if plain.trim().is_empty() { pages(mail, true) } else { plain };
    without_quotes(&text)
}

/// All that stands in it.
pub(super) fn whole(mail: &ReceivedMail) -> String {
    let text = format!("{}\n{}", plain(mail), pages(mail, false));
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn plain(mail: &ReceivedMail) -> String {
    let parts = mail.parts.iter().filter(|part| part.media_type == "text/plain");
    let mut text = String::new();
    for part in parts {
        text.extend(part.text.chars().take(TEXT_CHARS_MAX));
        text.push('\n');
    }
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn pages(mail: &ReceivedMail, own: bool) -> String {
    let mut text = String::new();
    for part in mail.parts.iter().filter(|part| part.media_type == "text/html") {
        let page: String = part.text.chars().take(TEXT_CHARS_MAX).collect();
        read_page(&page, own, &mut text);
        text.push('\n');
        if text.len() > TEXT_CHARS_MAX {
            break;
        }
    }
    text
}

/// `own`: without quotes, and without all behind the mark of a mail program.
fn read_page(page: &str, own: bool, text: &mut String) {
    let (mut quoted, mut unread) = (0_usize, 0_usize);
    for Ok(token) in Tokenizer::new(page) {
        match token {
            Token::StartTag(tag) => {
                let name: &[u8] = &tag.name;
                if own && tag.attributes.iter().any(|(name, value)| is_quote(name, value)) {
                    return;
                }
                if !tag.self_closing {
                    quoted += usize::from(name == b"blockquote");
                    unread += usize::from(UNREAD.contains(&name));
                }
                if BLOCKS.contains(&name) {
                    text.push('\n');
                }
            }
            Token::EndTag(tag) => {
                let name: &[u8] = &tag.name;
                quoted = quoted.saturating_sub(usize::from(name == b"blockquote"));
                unread = unread.saturating_sub(usize::from(UNREAD.contains(&name)));
                if BLOCKS.contains(&name) {
                    text.push('\n');
                }
            }
            Token::String(read) if unread == 0 && !(own && quoted > 0) => {
                text.push_str(&String::from_utf8_lossy(&read));
            }
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
}

fn is_quote(name: &[u8], value: &[u8]) -> bool {
    let value = String::from_utf8_lossy(value).to_lowercase();
    (name == b"class" || name == b"id") && QUOTES.iter().any(|mark| value.contains(mark))
}

/// The lines before the mail that is answered, without those that quote it.
fn without_quotes(text: &str) -> String {
    let mut own = String::new();
    let folded: Vec<String> =
        text.lines().map(|line| line.trim().to_lowercase().replace('’', "'")).collect();
    for (index, line) in text.lines().enumerate() {
        let next = folded.get(index..).unwrap_or_default();
        if begins_a_copy(next) {
            break;
        }
        if !line.trim_start().starts_with('>') {
            own.push_str(line);
            own.push('\n');
        }
    }
    own
}

/// Whether the mail that is answered begins with these lines, in lower case.
fn begins_a_copy(lines: &[String]) -> bool {
    let Some(first) = lines.first() else { return false };
    if COPY_MARKS.iter().any(|mark| first.starts_with(mark)) {
        return true;
    }
    let begins = ["on ", "le ", "am "].iter().any(|word| first.starts_with(word));
    let introduces = |line: &String| INTRODUCTIONS.iter().any(|end| line.ends_with(end));
    // Mail programs break the line where it gets long.
    if begins && lines.iter().take(2).any(introduces) {
        return true;
    }
    COPIED_FIELDS.iter().any(|[from, then]| {
        first.starts_with(from) && lines.iter().take(4).any(|line| line.starts_with(then))
    })
}
