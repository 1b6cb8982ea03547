//! PDFs that only open with a password.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// ISO 32000-1 §7.5.5: what the trailer of an encrypted PDF names.
static ENCRYPT: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?-u)/Encrypt\s*(?:<<|[0-9]+\s+[0-9]+\s+R)";
    Regex::new(pattern).expect("the pattern is well-formed")
});

/// Whether a PDF is encrypted.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    ENCRYPT.is_match(bytes)
}
