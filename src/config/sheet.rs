//! The text of routes.toml with its lines, and everything complained about it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::complaint::{Complaint, Mistake};

/// Where something was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    /// With its sections: `mail.retry.first`.
    pub(super) key: String,
}

/// Something typed, with its place.
#[derive(Debug, Clone)]
pub(super) struct Typed<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// One file while it is read: readers complain and go on, so that every mistake is found.
pub(super) struct Sheet {
    line_starts: Vec<usize>,
    broken_lines: BTreeSet<usize>,
    complaints: RefCell<Vec<Complaint>>,
    warnings: RefCell<Vec<Complaint>>,
}

impl Sheet {
    /// `errors` are what the TOML parser found and recovered from.
    pub(super) fn new(text: &str, errors: &[toml::de::Error]) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(feeds.map(|(at, _)| at + 1)).collect();
        let mut sheet = Self {
            line_starts,
            broken_lines: BTreeSet::new(),
            complaints: RefCell::default(),
            warnings: RefCell::default(),
        };
        for error in errors {
            let line = sheet.line(error.span().map_or(0, |span| span.start));
            // One slip of the pen makes several errors; the first of a line says it.
            if sheet.broken_lines.insert(line) {
                let place = Place { line, key: String::new() };
                let problem = format!("this is not TOML: {}", error.message());
                sheet.complaints.get_mut().push(complaint(&place, Mistake::new(problem, TOML)));
            }
        }
        sheet
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Notes a mistake. On a line that is no TOML, what was recovered of it proves nothing.
    pub(super) fn complain(&self, place: &Place, mistake: Mistake) {
        if !self.broken_lines.contains(&place.line) {
            self.complaints.borrow_mut().push(complaint(place, mistake));
        }
    }

    /// Notes that something isn't there; in a file that is no TOML it may only be unread.
    pub(super) fn missing(&self, place: &Place, mistake: Mistake) {
        if self.broken_lines.is_empty() {
            self.complain(place, mistake);
        }
    }

    /// Notes what is allowed and probably not meant.
    pub(super) fn warn(&self, place: &Place, mistake: Mistake) {
        self.warnings.borrow_mut().push(complaint(place, mistake));
    }

    /// How many mistakes were noted so far.
    pub(super) fn complaints(&self) -> usize {
        self.complaints.borrow().len()
    }

    /// The complaints and the warnings.
    pub(super) fn finish(self) -> (Vec<Complaint>, Vec<Complaint>) {
        (self.complaints.into_inner(), self.warnings.into_inner())
    }
}

const TOML: &str = "a line is `key = value` or `[section]`; text stands in \"quotes\", several values in [brackets, with commas], each key once";

fn complaint(place: &Place, mistake: Mistake) -> Complaint {
    Complaint {
        line: place.line,
        key: place.key.clone(),
        problem: mistake.problem,
        remedy: mistake.remedy,
    }
}
