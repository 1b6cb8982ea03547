//! `status`: one page that says whether all is well, and what needs a person.

use super::documents::document_table;
use super::rounds::problems;
use super::table::{Table, paint};
use super::words::{self, say};
use crate::app::views::{LastRoundView, StatusView};
use crate::domain::delivery::State;

/// Unsupported documents shown at most.
const UNSUPPORTED_SHOWN_MAX: usize = 10;

/// The snapshot in words.
pub(super) fn status(view: &StatusView) -> String {
    let mut text = service(view);
    if let Some(address) = &view.redirect_to {
        let line = format!(
            "This is a rehearsal: every mail goes to {address} instead, and nothing is marked."
        );
        say(&mut text, format_args!("{}\n", paint(&line, words::ALERT)));
    }
    text.push_str(&counts(view));
    text.push_str(&alarms(view));
    text.push_str(&problems(&view.problems));
    text.push_str(&unsupported(view));
    text
}

fn service(view: &StatusView) -> String {
    let last = match &view.last_round {
        Some(round) => last_round(round),
        None => "No round was made yet.".to_owned(),
    };
    match (view.service, view.next_round) {
        (true, Some(next)) => {
            format!("The service is running. {last} The next round is at {}.\n", words::time(next))
        }
        (true, None) => format!("The service is running. {last}\n"),
        (false, _) => format!(
            "No service is running: rounds are made only when asked (`facteur round`). {last}\n"
        ),
    }
}

fn last_round(round: &LastRoundView) -> String {
    format!(
        "The last round ended at {} after {}: {} new, {} sent.",
        words::time(round.finished_at),
        words::elapsed(round.elapsed_ms),
        round.deposited,
        round.sent
    )
}

fn counts(view: &StatusView) -> String {
    let known = State::ALL.map(State::as_str);
    let later = view.counts.keys().map(String::as_str).filter(|word| !known.contains(word));
    let mut table = Table::new(&["DELIVERIES", "", "REASONS"]);
    let mut total = 0;
    for word in known.into_iter().chain(later) {
        let number = view.counts.get(word).copied().unwrap_or(0);
        total += number;
        if number > 0 {
            let reasons = if word == "held" { held(view) } else { String::new() };
            table.row([words::state_cell(word, None), number.to_string().into(), reasons.into()]);
        }
    }
    if view.settling > 0 {
        table.row([
            words::state_cell("settling", None),
            view.settling.to_string().into(),
            "".into(),
        ]);
    }
    if total == 0 && view.settling == 0 {
        return "\nNothing was sent yet. Turn a switch on: `facteur switch on COMPANY FOLDER --app \
                APP`; what is deposited there from then on goes.\n"
            .to_owned();
    }
    format!("\n{}", table.render())
}

fn held(view: &StatusView) -> String {
    let reasons: Vec<String> =
        view.held.iter().map(|(reason, number)| format!("{reason} {number}")).collect();
    reasons.join(", ")
}

fn alarms(view: &StatusView) -> String {
    if view.alarms.is_empty() {
        return "\nNothing needs a person.\n".to_owned();
    }
    let mut text = format!("\n{}\n", paint("Needs a person", words::ALERT));
    for alarm in &view.alarms {
        let since = alarm.since.map(|at| format!(" (since {})", words::time(at)));
        say(&mut text, format_args!("  {}{}\n", alarm.message, since.unwrap_or_default()));
    }
    text
}

fn unsupported(view: &StatusView) -> String {
    if view.unsupported.is_empty() {
        return String::new();
    }
    let shown = &view.unsupported[..view.unsupported.len().min(UNSUPPORTED_SHOWN_MAX)];
    let title = paint("Documents of a type that the app doesn't take", words::BOLD);
    let mut text = format!("\n{title}\n{}", document_table(shown));
    if shown.len() < view.unsupported.len() {
        let more = view.unsupported.len() - shown.len();
        say(&mut text, format_args!("… and {more} more: `facteur status --json` lists them.\n"));
    }
    text
}
