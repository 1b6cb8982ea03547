//! Paths inside a company's folder, as bytes: names on a disk need not be UTF-8.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A path relative to a company's folder: components joined by `/`, none empty, `.` or `..`.
///
/// The empty path is the company's folder itself. Displayed with the spelling of the interface:
/// bytes that are not UTF-8 and control characters as `\xNN`, a backslash as `\\`; parsing
/// understands the same spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(Vec<u8>);

/// Why a text is no path inside a company's folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It starts with `/`, or a component is `..`: it would leave the company's folder.
    #[error("`{0}` leaves the company's folder: give a path relative to it")]
    Outside(String),
    /// A `\` is followed by neither `\` nor `xNN`.
    #[error("`{0}` has a backslash that is neither `\\\\` nor `\\xNN`")]
    Escape(String),
    /// A NUL byte cannot be part of a name.
    #[error("`{0}` holds a NUL byte")]
    Nul(String),
}

impl TreePath {
    /// The company's folder itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// Checks raw bytes as found on disk; `.` and empty components are dropped.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PathError> {
        let spelled = || spell(bytes);
        if bytes.starts_with(b"/") {
            return Err(PathError::Outside(spelled()));
        }
        if bytes.contains(&0) {
            return Err(PathError::Nul(spelled()));
        }
        let mut kept: Vec<&[u8]> = Vec::new();
        for component in bytes.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => return Err(PathError::Outside(spelled())),
                name => kept.push(name),
            }
        }
        Ok(Self(kept.join(&b'/')))
    }

    /// This path with one more name below it. `name` is one component as a listing gave it.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        debug_assert!(!name.is_empty() && !name.contains(&b'/'));
        let mut bytes = self.0.clone();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        Self(bytes)
    }

    /// The raw bytes, components joined by `/`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the company's folder itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder above; none for the company's folder.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => Self(self.0[..slash].to_vec()),
            None => Self::root(),
        })
    }

    /// The last component; empty for the company's folder.
    pub fn name(&self) -> &[u8] {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => &self.0[slash + 1..],
            None => &self.0,
        }
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// Whether `self` is `folder` or lies below it.
    pub fn is_within(&self, folder: &TreePath) -> bool {
        folder.is_root()
            || self.0 == folder.0
            || (self.0.len() > folder.0.len()
                && self.0.starts_with(&folder.0)
                && self.0[folder.0.len()] == b'/')
    }

    /// `self` with its leading `from` replaced by `to`; none when it is not within `from`.
    pub fn rebase(&self, from: &TreePath, to: &TreePath) -> Option<Self> {
        if !self.is_within(from) {
            return None;
        }
        let skipped = from.components().count();
        Some(self.components().skip(skipped).fold(to.clone(), |path, name| path.join(name)))
    }
}

/// Spells bytes as the interface does: `\xNN` for what is no printable UTF-8, `\\` for `\`.
///
/// Control characters, and the marks that turn or hide text on a terminal (bidirectional
/// overrides, zero-width and line separators), are spelled too.
pub fn spell(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                text.push_str("\\\\");
            } else if is_hidden(character) {
                let mut buffer = [0; 4];
                spell_bytes(character.encode_utf8(&mut buffer).as_bytes(), &mut text);
            } else {
                text.push(character);
            }
        }
        spell_bytes(chunk.invalid(), &mut text);
    }
    text
}

fn spell_bytes(bytes: &[u8], text: &mut String) {
    use fmt::Write as _;
    for byte in bytes {
        write!(text, "\\x{byte:02x}").expect("writing to a String cannot fail");
    }
}

/// Whether a terminal, an editor or a mail reader would obey a character instead of showing it: a
/// control character, or a mark that turns or hides text (Unicode's Bidi_Control, zero-width,
/// line-separating and deprecated format characters, and tags).
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn unspell(text: &str) -> Result<Vec<u8>, PathError> {
    let error = || PathError::Escape(text.to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next().ok_or_else(error)? {
            b'\\' => bytes.push(b'\\'),
            b'x' => {
                let digits = [rest.next().ok_or_else(error)?, rest.next().ok_or_else(error)?];
                let mut value = [0; 1];
                hex::decode_to_slice(digits, &mut value).map_err(|_| error())?;
                bytes.push(value[0]);
            }
            _ => return Err(error()),
        }
    }
    Ok(bytes)
}

impl FromStr for TreePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::from_bytes(&unspell(text)?)
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&spell(&self.0))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{self}`")
    }
}

impl Serialize for TreePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TreePath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> TreePath {
        text.parse().unwrap()
    }

    #[test]
    fn climbing_out_is_refused() {
        for text in ["..", "a/../b", "/etc", "Achats/..", "\\x2e\\x2e/x"] {
            assert!(matches!(text.parse::<TreePath>(), Err(PathError::Outside(_))), "{text}");
        }
        assert_eq!(path("./Achats//2026/"), path("Achats/2026"));
        assert!("a\\x00".parse::<TreePath>().is_err());
        assert!("a\\q".parse::<TreePath>().is_err());
    }

    #[test]
    fn odd_bytes_are_spelled_and_understood() {
        let cases: [(&[u8], &str); 6] = [
            (b"facture\xe9.pdf", "facture\\xe9.pdf"),
            ("reçu.pdf".as_bytes(), "reçu.pdf"),
            (b"a\nb\x1b[31m", "a\\x0ab\\x1b[31m"),
            (b"back\\slash", "back\\\\slash"),
            ("fdp\u{202e}exe".as_bytes(), "fdp\\xe2\\x80\\xaeexe"),
            ("a\u{61c}b".as_bytes(), "a\\xd8\\x9cb"),
        ];
        for (bytes, spelled) in cases {
            let path = TreePath::from_bytes(bytes).unwrap();
            assert_eq!(path.to_string(), spelled);
            assert_eq!(spelled.parse::<TreePath>().unwrap(), path);
        }
    }

    #[test]
    fn within_is_by_whole_components() {
        assert!(path("Achats/2026/x.pdf").is_within(&path("Achats")));
        assert!(path("Achats").is_within(&path("Achats")));
        assert!(path("Achats").is_within(&TreePath::root()));
        assert!(!path("Achats 2025/x.pdf").is_within(&path("Achats")));
        assert_eq!(path("Achats/a/x").rebase(&path("Achats"), &path("B/C")), Some(path("B/C/a/x")));
        assert_eq!(path("Ventes/x").rebase(&path("Achats"), &path("B")), None);
        assert_eq!(path("x").rebase(&TreePath::root(), &path("B")), Some(path("B/x")));
    }

    proptest! {
        #[test]
        fn every_name_survives_its_spelling(name in proptest::collection::vec(1_u8..=255, 1..64)) {
            if let Ok(path) = TreePath::from_bytes(&name) {
                prop_assert_eq!(path.to_string().parse::<TreePath>().unwrap(), path);
            }
        }
    }
}
