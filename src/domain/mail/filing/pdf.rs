//! PDFs that only open with a password.
//!
//! Many suppliers protect their invoices against changes: these open for everybody, with the empty
//! password, and are documents. One that asks for a password is read by no tool.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::pdf_password::{Protection, opens_without_password};

/// Bytes of a protection's dictionary looked at.
const DICTIONARY_BYTES_MAX: usize = 4_096;

/// Bytes of a string in it.
const STRING_BYTES_MAX: usize = 127;

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?-u){text}")).expect("the pattern is well-formed")
}

/// ISO 32000-2 §7.5.5: what the trailer of a protected PDF names.
static ENCRYPT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"/Encrypt\s*(?:(<<)|([0-9]{1,10})\s+([0-9]{1,5})\s+R)"));
static ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"/ID\s*\[\s*"));
static REVISION: LazyLock<Regex> = LazyLock::new(|| pattern(r"/R\s+([0-9]+)"));
static VERSION: LazyLock<Regex> = LazyLock::new(|| pattern(r"/V\s+([0-9]+)"));
static LENGTH: LazyLock<Regex> = LazyLock::new(|| pattern(r"/Length\s+([0-9]+)"));
static PERMISSIONS: LazyLock<Regex> = LazyLock::new(|| pattern(r"/P\s+(-?[0-9]+)"));
static OWNER: LazyLock<Regex> = LazyLock::new(|| pattern(r"/O\s*([(<])"));
static USER: LazyLock<Regex> = LazyLock::new(|| pattern(r"/U\s*([(<])"));
static STANDARD: LazyLock<Regex> = LazyLock::new(|| pattern(r"/Filter\s*/Standard\b"));
static PLAIN_METADATA: LazyLock<Regex> = LazyLock::new(|| pattern(r"/EncryptMetadata\s+false"));

/// Whether a PDF asks for a password, or for what else nobody here has.
pub(super) fn is_locked(bytes: &[u8]) -> bool {
    if !ENCRYPT.is_match(bytes) {
        return false;
    }
    protection(bytes).is_none_or(|protection| !opens_without_password(&protection))
}

/// What the PDF says of its protection; none where it isn't by passwords, or is damaged.
fn protection(bytes: &[u8]) -> Option<Protection> {
    let named = ENCRYPT.captures_iter(bytes).last()?;
    let start = match (named.get(1), named.get(2), named.get(3)) {
        (Some(inline), ..) => inline.start(),
        (None, Some(number), Some(generation)) => {
            let [number, generation] =
                [number, generation].map(|digits| String::from_utf8_lossy(digits.as_bytes()));
            let object = pattern(&format!(r"\b{number}\s+{generation}\s+obj\b"));
            object.find_iter(bytes).last()?.end()
        }
        (None, ..) => return None,
    };
    let rest = bytes.get(start..)?;
    let dictionary = rest.get(..DICTIONARY_BYTES_MAX).unwrap_or(rest);
    if !STANDARD.is_match(dictionary) {
        return None;
    }
    let version: u8 = number(&VERSION, dictionary)?;
    let key_bits: usize = match version {
        1 => 40,
        // What stands before it is the length of a filter's key.
        2 | 3 => number(&LENGTH, dictionary).unwrap_or(40),
        _ => 128,
    };
    // Some programs write it as a number without a sign.
    let permissions: i64 = number(&PERMISSIONS, dictionary)?;
    let [.., a, b, c, d] = permissions.to_be_bytes();
    Some(Protection {
        revision: number(&REVISION, dictionary)?,
        key_bytes: (key_bits / 8).clamp(5, 16),
        owner: string(&OWNER, dictionary)?,
        user: string(&USER, dictionary)?,
        permissions: [d, c, b, a],
        hides_metadata: !PLAIN_METADATA.is_match(dictionary),
        id: ID.find(bytes).and_then(|id| string_at(bytes.get(id.end()..)?)).unwrap_or_default(),
    })
}

fn number<N: std::str::FromStr>(pattern: &Regex, dictionary: &[u8]) -> Option<N> {
    let digits = pattern.captures(dictionary)?.get(1)?.as_bytes();
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn string(pattern: &Regex, dictionary: &[u8]) -> Option<Vec<u8>> {
    let start = pattern.captures(dictionary)?.get(1)?.start();
    string_at(dictionary.get(start..)?)
}

/// ISO 32000-2 §7.3.4: `(literal)` or `<hexadecimal>`.
fn string_at(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes.get(..DICTIONARY_BYTES_MAX).unwrap_or(bytes);
    let (first, rest) = bytes.split_first()?;
    if *first == b'(' {
        return literal(rest);
    }
    let end = rest.iter().position(|byte| *byte == b'>').filter(|_| *first == b'<')?;
    let mut digits: Vec<u8> =
        rest.get(..end)?.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    if digits.len() % 2 == 1 {
        digits.push(b'0');
    }
    hex::decode(digits).ok().filter(|text| text.len() <= STRING_BYTES_MAX)
}

fn literal(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = bytes.iter().copied().peekable();
    let mut depth = 1_u32;
    while text.len() <= STRING_BYTES_MAX {
        match rest.next()? {
            b'\\' => match rest.next()? {
                b'n' => text.push(b'\n'),
                b'r' => text.push(b'\r'),
                b't' => text.push(b'\t'),
                b'b' => text.push(8),
                b'f' => text.push(12),
                b'\r' => drop(rest.next_if_eq(&b'\n')),
                b'\n' => {}
                digit @ b'0'..=b'7' => {
                    let mut value = u32::from(digit - b'0');
                    for _ in 0..2 {
                        let next = rest.next_if(|byte| (b'0'..=b'7').contains(byte));
                        value = next.map_or(value, |next| value * 8 + u32::from(next - b'0'));
                    }
                    text.push(value.to_le_bytes()[0]);
                }
                other => text.push(other),
            },
            b')' if depth == 1 => return Some(text),
            byte => {
                depth = match byte {
                    b'(' => depth + 1,
                    b')' => depth - 1,
                    _ => depth,
                };
                text.push(byte);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_in_both_spellings() {
        for (text, expected) in [
            (&b"<48 65 6C6c6F>"[..], Some(&b"Hello"[..])),
            (b"<4>", Some(b"@")),
            (b"(a(b)c\\)\\(\\\\\\101\\12x\\r)", Some(b"a(b)c)(\\A\nx\r")),
            (b"(a\\\r\nb\\q)", Some(b"abq")),
            (b"(a", None),
            (b"<4", None),
            (b"x", None),
        ] {
            assert_eq!(string_at(text).as_deref(), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn what_is_protected_in_an_unknown_way_is_locked() {
        for (text, locked) in [
            ("%PDF-1.4 trailer << /Root 1 0 R >>", false),
            ("%PDF-1.4 /EncryptMetadata true", false),
            ("%PDF-1.4 trailer << /Encrypt 9 0 R >>", true),
            (
                "%PDF-1.4 9 0 obj << /Filter /Adobe.PubSec /V 4 >> trailer << /Encrypt 9 0 R >>",
                true,
            ),
            ("%PDF-1.4 trailer << /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 >> >>", true),
        ] {
            assert_eq!(is_locked(text.as_bytes()), locked, "{text}");
        }
    }
}
