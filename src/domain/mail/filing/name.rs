//! Names of documents that strangers chose, made safe for one place in a folder.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use crate::domain::names::is_recorded;
use crate::domain::path::is_hidden;

/// The longest name that file systems take, in bytes.
pub const NAME_BYTES_MAX: usize = 255;

/// The longest ending, in bytes.
const ENDING_BYTES_MAX: usize = 16;

/// The highest number tried for a free name.
const NUMBER_MAX: u32 = 10_000;

/// Signs that no file name has on a share of Windows.
const FORBIDDEN: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// A name for one file in a folder: at most [`NAME_BYTES_MAX`] bytes, composed (NFC), without
/// separators and control characters, and one that the robot records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SafeName(String);

impl SafeName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A safe name from what a stranger wrote (without its ending) and an ending (without its dot;
/// empty: none). Accents and spaces stay; `document` where nothing is left.
pub fn safe_name(stem: &str, ending: &str) -> SafeName {
    first_safe_name(&[stem], ending)
}

/// The same, from the first of several texts of which something is left.
pub(super) fn first_safe_name(stems: &[&str], ending: &str) -> SafeName {
    let ending: String =
        ending.chars().filter(char::is_ascii_alphanumeric).take(ENDING_BYTES_MAX).collect();
    let mut cleaned = stems.iter().map(|stem| cleaned(last_component(stem)));
    let stem = cleaned.find(|stem| !stem.is_empty()).unwrap_or_else(|| "document".to_owned());
    let name = assembled(&stem, "", &ending);
    if is_recorded(name.as_bytes(), &[]) {
        return SafeName(name);
    }
    // `Thumbs.db`, or an ending of unfinished files.
    SafeName(assembled(&stem, " (document)", &format!("{ending}_")))
}

/// The name itself, else the first of `facture (2).pdf`, `facture (3).pdf`… that isn't taken;
/// none when ten thousand are.
pub fn free_name(name: &SafeName, taken: impl Fn(&str) -> bool) -> Option<SafeName> {
    if !taken(name.as_str()) {
        return Some(name.clone());
    }
    let (stem, ending) = split(name.as_str());
    (2..=NUMBER_MAX)
        .map(|number| assembled(stem, &format!(" ({number})"), ending))
        .find(|name| !taken(name))
        .map(SafeName)
}

/// A name and its ending, which is letters and digits behind the last dot; empty: none.
pub(super) fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if (1..=ENDING_BYTES_MAX).contains(&ending.len())
                && ending.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            (stem, ending)
        }
        Some(_) | None => (name, ""),
    }
}

/// Of a path, what stands last; a name that merely has a slash in it (`Facture 12/2026`) stays.
fn last_component(text: &str) -> &str {
    let drive =
        text.get(1..2) == Some(":") && text.starts_with(|sign: char| sign.is_ascii_alphabetic());
    let is_path =
        drive || text.starts_with(['/', '\\']) || text.starts_with("..") || text.starts_with("./");
    if !is_path {
        return text;
    }
    text.rsplit(['/', '\\', ':'])
        .find(|name| !name.trim_matches('.').is_empty())
        .unwrap_or_default()
}

/// Without what a folder, a terminal or the robot's own rules would stumble over.
fn cleaned(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(4 * NAME_BYTES_MAX));
    for character in text.nfc() {
        match character {
            _ if character.is_whitespace() => {
                if !kept.ends_with(' ') {
                    kept.push(' ');
                }
            }
            _ if is_hidden(character) => {}
            _ if FORBIDDEN.contains(&character) || character == '\u{fffd}' => kept.push('-'),
            _ => kept.push(character),
        }
        if kept.len() > 4 * NAME_BYTES_MAX {
            break;
        }
    }
    // Hidden (`.x`, `~$x`), or a copy that an editor keeps (`x~`).
    kept.trim_start_matches(['.', ' ', '~', '$']).trim_end_matches(['.', ' ', '~']).to_owned()
}

/// The stem, cut where it must be, then what follows it.
fn assembled(stem: &str, number: &str, ending: &str) -> String {
    let dot = if ending.is_empty() { "" } else { "." };
    let room = NAME_BYTES_MAX - number.len() - dot.len() - ending.len();
    let mut cut = stem.len().min(room);
    while !stem.is_char_boundary(cut) {
        cut -= 1;
    }
    let stem = stem.get(..cut).unwrap_or_default().trim_end_matches(['.', ' ']);
    format!("{stem}{number}{dot}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stranger_s_name_becomes_one_that_is_safe_here() {
        for (stem, ending, expected) in [
            ("Facture été", "pdf", "Facture été.pdf"),
            ("Facture e\u{301}te\u{301}", "PDF", "Facture été.PDF"),
            ("../../etc/passwd", "pdf", "passwd.pdf"),
            ("C:\\Users\\x\\scan", "pdf", "scan.pdf"),
            ("\\\\server\\share\\scan", "pdf", "scan.pdf"),
            ("/scan", "pdf", "scan.pdf"),
            ("../..", "pdf", "document.pdf"),
            ("Facture 12/2026", "pdf", "Facture 12-2026.pdf"),
            ("a\r\nb\0c\td", "pdf", "a bc d.pdf"),
            ("fdp\u{202e}exe", "pdf", "fdpexe.pdf"),
            (".hidden", "pdf", "hidden.pdf"),
            ("~$devis", "docx", "devis.docx"),
            ("....", "pdf", "document.pdf"),
            ("", "pdf", "document.pdf"),
            ("a\u{a0}  b ", "pdf", "a b.pdf"),
            ("qui: \"moi\" <?>", "pdf", "qui- -moi- ---.pdf"),
            ("x~", "", "x"),
            ("Thumbs", "db", "Thumbs (document).db_"),
            ("scan", "part", "scan (document).part_"),
            ("a", "p/d\0f", "a.pdf"),
        ] {
            assert_eq!(safe_name(stem, ending).as_str(), expected, "{stem:?}.{ending:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending_and_whole_letters() {
        let name = safe_name(&"é".repeat(200), "pdf");
        assert_eq!((name.as_str().len(), name.as_str().ends_with("é.pdf")), (254, true));
        let free = free_name(&name, |taken| taken == name.as_str()).unwrap();
        assert!(free.as_str().ends_with("é (2).pdf"));
        assert!(free.as_str().len() <= NAME_BYTES_MAX);
    }

    #[test]
    fn the_first_free_number_is_taken() {
        let name = safe_name("facture", "pdf");
        let free = |taken: &[&str]| free_name(&name, |name| taken.contains(&name)).unwrap();
        assert_eq!(free(&[]).as_str(), "facture.pdf");
        assert_eq!(free(&["facture.pdf"]).as_str(), "facture (2).pdf");
        assert_eq!(free(&["facture.pdf", "facture (2).pdf"]).as_str(), "facture (3).pdf");
        assert_eq!(free_name(&name, |_| true), None);
    }

    proptest! {
        #[test]
        fn any_text_gives_one_recorded_component(stem in "\\PC{0,300}|(/|\\\\|\\.|~|\\$|:|\0|\r|\n|\u{202e}|é|e\u{301}| |a){0,300}", ending in "\\PC{0,20}|pdf|tmp|part|db") {
            let name = safe_name(&stem, &ending);
            for name in [Some(name.clone()), free_name(&name, |other| other == name.as_str())] {
                let name = name.unwrap();
                let text = name.as_str();
                prop_assert!((1..=NAME_BYTES_MAX).contains(&text.len()));
                prop_assert!(!text.chars().any(|sign| is_hidden(sign) || FORBIDDEN.contains(&sign)));
                prop_assert!(is_recorded(text.as_bytes(), &[]), "{text:?}");
                prop_assert!(unicode_normalization::is_nfc(text));
            }
        }
    }
}
