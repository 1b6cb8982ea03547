//! Addresses and Message-IDs in text that strangers wrote.

use crate::domain::mail::received::Headers;

/// The longest address or Message-ID looked at, in bytes.
const WORD_BYTES_MAX: usize = 998;

/// Fields in which servers note whom a mail was delivered to (Postfix, Exim, qmail, Fastmail), and
/// the one that its sender wrote.
const DELIVERY_FIELDS: [&str; 6] =
    ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To"];

/// Addresses looked at of those a mail was delivered to.
const DELIVERED_TO_MAX: usize = 20;

/// The addresses a mail was delivered to: as servers note it, then as its `To` says.
pub fn delivered_to(headers: &Headers) -> Vec<String> {
    let noted = DELIVERY_FIELDS.iter().flat_map(|name| headers.all(name));
    noted.flat_map(addresses).take(DELIVERED_TO_MAX).collect()
}

/// Every `<…@…>` in a text that has no space inside, with its angle brackets.
pub fn message_ids(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split('<').skip(1) {
        if let Some((inside, _)) = rest.split_once('>')
            && inside.contains('@')
            && inside.len() <= WORD_BYTES_MAX
            && !inside.contains(char::is_whitespace)
        {
            found.push(format!("<{inside}>"));
        }
    }
    found
}

/// Every e-mail address in a text, without what stands around it.
pub fn addresses(text: &str) -> Vec<String> {
    let apart = |character: char| {
        character.is_whitespace() || "<>()[]\"',;*".contains(character) || character.is_control()
    };
    let mut found: Vec<String> = Vec::new();
    for word in text.split(apart) {
        let word = word.trim_start_matches("mailto:").trim_matches(['.', ':', '!', '?', '…', '»']);
        let word = word.trim_start_matches('«');
        if is_address(word) && !found.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            found.push(word.to_owned());
        }
    }
    found
}

fn is_address(word: &str) -> bool {
    match word.split_once('@') {
        Some((local, domain)) => {
            word.len() <= WORD_BYTES_MAX
                && !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && domain.chars().all(|letter| letter.is_alphanumeric() || ".-_".contains(letter))
        }
        None => false,
    }
}

/// The address in `rfc822; <dupont@tool.example>`, with and without the type, the brackets, the
/// quotes and the encoding (RFC 3461 §4: xtext) that servers leave or forget.
pub(super) fn typed_address(value: &str) -> Vec<String> {
    let bare = value.split_once(';').map_or(value, |(_, address)| address);
    let bare = bare.trim().trim_matches(['<', '>', '"', '\'']).trim();
    let bare = bare.trim_start_matches("mailto:");
    if !bare.contains('@') || bare.len() > WORD_BYTES_MAX {
        return Vec::new();
    }
    let mut found = vec![bare.to_owned()];
    let decoded = xtext(bare);
    if decoded != bare {
        found.push(decoded);
    }
    found
}

/// RFC 3461 §4: `+2B` is `+`. What is no such code stays.
pub(super) fn xtext(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('+') {
        decoded.push_str(before);
        let code = after.get(..2).filter(|code| {
            code.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
        });
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii);
        match byte {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push('+');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

/// Text on one line, cut at `chars_max`.
pub(super) fn one_line(text: &str, chars_max: usize) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .take(chars_max)
        .collect();
    words.join(" ").chars().take(chars_max).collect()
}

/// The text of a page without its tags, entities as people read them.
pub(super) fn without_tags(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for (index, piece) in page.split('<').enumerate() {
        match piece.split_once('>') {
            Some((tag, after)) if index > 0 => {
                // An address stands in brackets in pages whose maker forgot to escape it.
                if tag.contains('@') && !tag.contains([' ', '=']) {
                    text.push_str(tag);
                }
                text.push('\n');
                text.push_str(after);
            }
            Some(_) | None => text.push_str(piece),
        }
    }
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " ")];
    for (entity, letter) in entities {
        text = text.replace(entity, letter);
    }
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_whatever_stands_around_them() {
        let text =
            "To <a@b.example>: mailto:c+d@e.example, 'f@g.example'. a@b.example x@y @z.example";
        assert_eq!(addresses(text), ["a@b.example", "c+d@e.example", "f@g.example"]);
        assert_eq!(typed_address("rfc822; <a@b.example>"), ["a@b.example"]);
        assert_eq!(typed_address("a+2Bc@b.example"), ["a+2Bc@b.example", "a+c@b.example"]);
        assert_eq!(typed_address("x400; nobody"), Vec::<String>::new());
    }

    #[test]
    fn xtext_is_decoded_once() {
        for (text, plain) in [
            ("a+2Bb", "a+b"),
            ("a+b", "a+b"),
            ("+3D", "="),
            ("a+", "a+"),
            ("+2B2B", "+2B"),
            ("+é", "+é"),
        ] {
            assert_eq!(xtext(text), plain, "{text}");
        }
    }

    #[test]
    fn pages_lose_their_tags() {
        assert_eq!(without_tags("<p>a&amp;b<br>c</p>"), "\na&b\nc\n");
        assert!(without_tags("to <a@b.example> &lt;c@d.example&gt;").contains("a@b.example"));
    }
}
