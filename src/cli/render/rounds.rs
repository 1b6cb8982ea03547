//! `round`: what it found, what it sent, what it would send.

use super::table::{Table, paint};
use super::words::{self, say};
use crate::app::views::{PlannedView, ProblemView, RoundView};

/// Problems shown at most; `status` and `--json` have them all.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// One round in words.
pub(super) fn round(view: &RoundView) -> String {
    let mut text = summary(view);
    if !view.documents.is_empty() {
        text.push('\n');
        text.push_str(&planned(&view.documents));
    }
    text.push_str(&problems(&view.problems));
    if needs_a_person(view) {
        let line = "Something needs a person: `facteur status` says what and why.";
        say(&mut text, format_args!("\n{}\n", paint(line, words::ALERT)));
    }
    text
}

fn needs_a_person(view: &RoundView) -> bool {
    !view.dry_run && view.held + view.refused + view.in_doubt > 0
}

fn summary(view: &RoundView) -> String {
    let observed = words::documents(view.observed);
    if view.dry_run {
        let going = view.documents.iter().filter(|planned| planned.recipient.is_some()).count();
        let going = words::documents(going as u64);
        return format!(
            "A rehearsal of the next round: {observed} looked at, {going} would be sent. Nothing \
             was changed.\n"
        );
    }
    let mut text = format!(
        "Round done in {}: {observed} looked at, {} new.\n",
        words::elapsed(view.elapsed_ms),
        view.deposited
    );
    let facts = [
        (view.queued, "queued"),
        (view.sent, "sent"),
        (view.deferred, "put off, tried again later (deferred)"),
        (view.refused, "refused"),
        (view.held, "waiting for a person (held)"),
        (view.in_doubt, "perhaps sent (in_doubt)"),
        (view.cancelled, "cancelled"),
        (view.duplicates, "the same content as another (duplicate)"),
        (view.settling, "still being written (settling)"),
    ];
    let said: Vec<String> = facts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    if said.is_empty() {
        text.push_str("Nothing was due.\n");
    } else {
        say(&mut text, format_args!("{}.\n", said.join(", ")));
    }
    text
}

fn planned(documents: &[PlannedView]) -> String {
    let mut table = Table::new(&["COMPANY", "DOCUMENT", "APP", "STATE", "TO", "WHY"]);
    for planned in documents {
        table.row([
            planned.company.as_str().into(),
            planned.path.as_str().into(),
            planned.app.as_str().into(),
            words::state_cell(&planned.state, planned.reason.as_deref()),
            planned.recipient.as_deref().unwrap_or_default().into(),
            planned.because.as_str().into(),
        ]);
    }
    table.render()
}

/// Problems of the tree, a few of them in full; empty where there are none.
pub(super) fn problems(problems: &[ProblemView]) -> String {
    let mut text = String::new();
    if problems.is_empty() {
        return text;
    }
    say(&mut text, format_args!("\n{}\n", paint("In the folders", words::BOLD)));
    for problem in problems.iter().take(PROBLEMS_SHOWN_MAX) {
        say(&mut text, format_args!("  {}: {}\n", place(problem), problem.message));
    }
    if problems.len() > PROBLEMS_SHOWN_MAX {
        let more = problems.len() - PROBLEMS_SHOWN_MAX;
        say(&mut text, format_args!("  … and {more} more (`facteur status --json` lists all)\n"));
    }
    text
}

fn place(problem: &ProblemView) -> String {
    match &problem.path {
        Some(path) => format!("{}, `{path}`", problem.company),
        None if problem.company.is_empty() => "the state".to_owned(),
        None => problem.company.clone(),
    }
}
