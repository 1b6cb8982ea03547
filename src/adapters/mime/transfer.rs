//! Transfer encodings (RFC 2045 §6): bytes as they were before they became mail.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use super::uuencode;

/// What some programs write: without padding, or with loose bits before it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes a body. Err, in words: it was damaged on its way.
pub(super) fn decode(body: &[u8], encoding: &str) -> Result<Vec<u8>, String> {
    match encoding {
        "base64" | "base-64" => base64(body),
        "quoted-printable" => quoted_printable_decode(body)
            .ok_or_else(|| "it is damaged: its quoted-printable text is no such text".to_owned()),
        "x-uuencode" | "uuencode" | "x-uue" => uuencode::only_file(body),
        "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" => Ok(body.to_vec()),
        other => {
            let shown: String = other.chars().filter(char::is_ascii_graphic).take(40).collect();
            Err(format!("nobody here knows its transfer encoding `{shown}`"))
        }
    }
}

/// Base64, in one piece or in several, each with its padding. What follows the last padding and
/// is no base64 was added by a server on the way.
fn base64(body: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = || "it is damaged: its base64 text is no such text".to_owned();
    let mut decoded = Vec::with_capacity(body.len() / 4 * 3);
    let mut piece: Vec<u8> = Vec::new();
    let mut is_padded = false;
    for line in body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        let is_pure = line.len() % 4 == 0 && line.iter().all(|byte| is_base64(*byte));
        if is_padded && piece.is_empty() && !is_pure {
            break;
        }
        for byte in line.iter().copied().filter(|byte| !byte.is_ascii_whitespace()) {
            match byte {
                b'=' => {
                    flush(&mut piece, &mut decoded).ok_or_else(damaged)?;
                    is_padded = true;
                }
                _ if is_base64(byte) => piece.push(byte),
                _ => return Err(damaged()),
            }
        }
    }
    let ends = flush(&mut piece, &mut decoded);
    ends.ok_or_else(|| "it is damaged: it ends in the middle of its base64 text".to_owned())?;
    Ok(decoded)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn flush(piece: &mut Vec<u8>, decoded: &mut Vec<u8>) -> Option<()> {
    BASE64.decode_vec(&piece, decoded).ok()?;
    piece.clear();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_programs_write_it() {
        for (text, expected) in [
            ("SGVsbG8=", "Hello"),
            ("SGVs\r\nbG8=\r\n", "Hello"),
            ("SGVsbG8", "Hello"),
            ("SGVs\r\n\r\n bG8 =", "Hello"),
            ("SGVsbG8=\r\nSGVsbG8=", "HelloHello"),
            ("SGVsbG8=\r\n-- \r\nScanned by us, and clean", "Hello"),
            ("SGVsbG9=", "Hello"),
            ("", ""),
        ] {
            assert_eq!(decode(text.as_bytes(), "base64").unwrap(), expected.as_bytes(), "{text}");
        }
        for text in ["SGVsb", "SGVs!bG8=", "SGVs\u{e9}bG8="] {
            assert!(decode(text.as_bytes(), "base64").unwrap_err().contains("damaged"), "{text}");
        }
    }

    #[test]
    fn every_encoding_is_decoded_or_named() {
        assert_eq!(decode(b"=C3=A9=\r\na", "quoted-printable").unwrap(), "éa".as_bytes());
        assert_eq!(decode(b"a\xff", "8bit").unwrap(), b"a\xff");
        assert_eq!(decode(b"a", "").unwrap(), b"a");
        assert!(decode(b"a", "x-yenc").unwrap_err().contains("`x-yenc`"));
    }
}
