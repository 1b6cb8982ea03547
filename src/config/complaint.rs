//! A mistake in routes.toml: where it is, what is wrong, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::path::spell;

/// One mistake of the file, or one warning about it. No text of it ever holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Complaint {
    /// The line, from 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// The key with its section: `mail.port`; empty when no key is meant.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl Complaint {
    /// Two lines for a terminal, `routes.toml:12: mail.port: …` and `    hint: …`, without a
    /// line feed at the end; control characters are spelled `\xNN`.
    pub fn located(&self, file: &Path) -> String {
        let file = file.display();
        let place = if self.line == 0 { file.to_string() } else { format!("{file}:{}", self.line) };
        let parts: Vec<String> = [&place, &self.key, &self.problem]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| printable(part))
            .collect();
        format!("{}\n    hint: {}", parts.join(": "), printable(&self.remedy))
    }
}

/// A file's own text may stand in a complaint; it must not steer the terminal it is shown on.
fn printable(text: &str) -> String {
    text.split('\\').map(|part| spell(part.as_bytes())).collect::<Vec<_>>().join("\\")
}

/// Every mistake of one file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaints {
    file: PathBuf,
    list: Vec<Complaint>,
}

impl Complaints {
    pub(super) fn new(file: &Path, mut list: Vec<Complaint>) -> Self {
        list.sort();
        list.dedup();
        Self { file: file.to_owned(), list }
    }

    /// The complaints, by line.
    pub fn iter(&self) -> impl Iterator<Item = &Complaint> {
        self.list.iter()
    }

    /// The file they are about, as it was named.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let located: Vec<String> =
            self.list.iter().map(|complaint| complaint.located(&self.file)).collect();
        formatter.write_str(&located.join("\n"))
    }
}

impl std::error::Error for Complaints {}

/// What is wrong with a value and what to do, before its place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) problem: String,
    pub(super) remedy: String,
}

impl Mistake {
    pub(super) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }

    /// The same, with the file it is about.
    pub(super) fn of(self, file: &std::path::Path) -> Self {
        Self { problem: format!("`{}`: {}", file.display(), self.problem), ..self }
    }
}

/// The candidate a person most likely meant, if one is close enough to say so.
pub(super) fn did_you_mean<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = typed.to_lowercase();
    let distance =
        |candidate: &str| strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_and_backslashes_kept() {
        let complaint = Complaint {
            line: 3,
            key: "firm.name".to_owned(),
            problem: "`a\x1b[31m\u{202e}` in C:\\x".to_owned(),
            remedy: "leave\nout".to_owned(),
        };
        assert_eq!(
            complaint.located(Path::new("routes.toml")),
            "routes.toml:3: firm.name: `a\\x1b[31m\\xe2\\x80\\xae` in C:\\x\n    hint: leave\\x0aout"
        );
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["schedule", "settle", "settle_for", "flood", "watch"];
        assert_eq!(did_you_mean("shedule", known), Some("schedule"));
        assert_eq!(did_you_mean("Flood", known), Some("flood"));
        assert_eq!(did_you_mean("wathc", known), Some("watch"));
        assert_eq!(did_you_mean("colour", known), None);
    }
}
