//! File names that are written in several pieces (RFC 2231 §3).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::hex::decode_hex;
use regex::Regex;

/// `filename*0*=UTF-8''Facture%20;` and its like: parameter, number, star, value.
static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r#"(?i)[;\s](filename|name)\*([0-9]{1,3})(\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))"#;
    Regex::new(pattern).expect("the pattern is well-formed")
});

/// The name in the pieces of a parameter; none where it isn't in several encoded ones. Servers cut
/// in the middle of a letter, so the bytes are put together before they are read.
pub(super) fn of_pieces(headers: &str, parameter: &str) -> Option<String> {
    let mut pieces: BTreeMap<u32, (bool, &str)> = BTreeMap::new();
    for found in PIECE.captures_iter(headers) {
        let [named, number, star] =
            [1, 2, 3].map(|group| found.get(group).map_or("", |text| text.as_str()));
        if named.eq_ignore_ascii_case(parameter) {
            let value = found.get(4).or_else(|| found.get(5)).map_or("", |text| text.as_str());
            pieces.entry(number.parse().ok()?).or_insert((!star.is_empty(), value));
        }
    }
    let (is_encoded, first) = pieces.remove(&0).filter(|_| !pieces.is_empty())?;
    let (charset, rest) = first.split_once('\'').filter(|_| is_encoded)?;
    let (_, first) = rest.split_once('\'')?;
    let mut bytes = percent_decoded(first);
    for (is_encoded, value) in pieces.into_values() {
        if is_encoded {
            bytes.extend(percent_decoded(value));
        } else {
            bytes.extend(value.replace("\\\"", "\"").replace("\\\\", "\\").into_bytes());
        }
    }
    let name = match charset_decoder(charset.as_bytes()) {
        Some(decode) => decode(&bytes),
        None => super::headers::text(&bytes).into_owned(),
    };
    Some(name).filter(|name| !name.trim().is_empty())
}

fn percent_decoded(value: &str) -> Vec<u8> {
    let (is_right, bytes) = decode_hex(value.as_bytes());
    if is_right { bytes } else { value.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_together_before_they_are_read() {
        for (header, expected) in [
            ("; filename*0*=UTF-8''a%C3;\r\n filename*1*=%A9.pdf", Some("aé.pdf")),
            (
                " filename*1=\"b \\\"c\\\".pdf\"; filename*0*=iso-8859-1'fr'%E9",
                Some("éb \"c\".pdf"),
            ),
            (";filename*0*=UTF-8''a.pdf", None),
            (";filename*0=a; filename*1=b.pdf", None),
            (";filename*0*=a; filename*1*=b.pdf", None),
            (";name*0*=UTF-8''a;name*1*=b.pdf", None),
        ] {
            assert_eq!(of_pieces(header, "filename").as_deref(), expected, "{header}");
        }
    }
}
