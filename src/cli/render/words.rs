//! How states, times and numbers are said to people.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};

use super::table::Cell;
use crate::app::views::LocalTime;

/// A title.
pub(super) const BOLD: Style = Style::new().bold();

/// What is less important.
pub(super) const FAINT: Style = Style::new().dimmed();

/// What a person should look at.
pub(super) const ALERT: Style =
    Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))).bold();

const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const BAD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));

/// A state or verdict in plain words; the word that commands take stays with it.
pub(in crate::cli) fn state(state: &str, reason: Option<&str>) -> String {
    let plain = match state {
        "queued" => "waiting to go",
        "sending" => "going just now",
        "deferred" => "put off, tried again later",
        "in_doubt" => "perhaps sent",
        "held" => "waiting for a person",
        "before_activation" => "was there before",
        "switch_off" => "its switch is off",
        "not_connected" => "no app connected",
        "duplicate" => "same content as another",
        "unsupported" => "a type the app doesn't take",
        "settling" => "still being written",
        // Whole words already: sent, refused, cancelled; or a word of a later version.
        word => return with_reason(word, reason),
    };
    format!("{plain} ({})", with_reason(state, reason))
}

fn with_reason(word: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| word.to_owned(), |reason| format!("{word}: {reason}"))
}

/// A state as a cell of a table.
pub(super) fn state_cell(word: &str, reason: Option<&str>) -> Cell {
    Cell::styled(state(word, reason), state_style(word))
}

/// How a state looks.
pub(super) fn state_style(word: &str) -> Style {
    match word {
        "sent" => GOOD,
        "refused" => BAD,
        "held" | "in_doubt" | "unsupported" => ALERT,
        "before_activation" | "switch_off" | "not_connected" | "cancelled" | "duplicate" => FAINT,
        _ => Style::new(),
    }
}

/// How the state of an invitation or of a connection looks.
pub(super) fn invitation_style(word: &str) -> Style {
    match word {
        "accepted" | "active" => GOOD,
        "failed" => BAD,
        "pending" | "expired" => FAINT,
        _ => Style::new(),
    }
}

/// A time in the firm's offset: `2026-11-21 18:40`.
pub(super) fn time(at: LocalTime) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// A time that may be unknown.
pub(super) fn time_or_nothing(at: Option<LocalTime>) -> String {
    at.map(time).unwrap_or_default()
}

/// `1 document`, `3 documents`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `count` of documents.
pub(super) fn documents(number: u64) -> String {
    count(number, "document", "documents")
}

/// `count` of deliveries.
pub(super) fn deliveries(number: u64) -> String {
    count(number, "delivery", "deliveries")
}

/// Bytes in decimal units, as in routes.toml.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A duration a person can take in.
pub(super) fn elapsed(milliseconds: u64) -> String {
    if milliseconds < 1_000 {
        format!("{milliseconds} ms")
    } else {
        format!("{:.1} s", milliseconds as f64 / 1e3)
    }
}

/// A folder as people say it.
pub(super) fn folder(path: &str) -> String {
    if path.is_empty() { "the whole folder of the company".to_owned() } else { format!("`{path}`") }
}

/// A list with at most `limit` items shown.
pub(super) fn some_of(items: &[String], limit: usize) -> String {
    let shown = items.iter().take(limit).cloned().collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Adds words to a text.
pub(super) fn say(text: &mut String, words: fmt::Arguments<'_>) {
    text.write_fmt(words).expect("writing to a String cannot fail");
}
