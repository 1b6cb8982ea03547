//! `documents` and `why`: where is this invoice?

use super::table::{Table, paint};
use super::words::{self, say};
use crate::app::views::{DocumentView, EventView, StoryView, WhyView};

/// The documents, or what an empty list means.
pub(super) fn documents(filtered: bool, views: &[DocumentView]) -> String {
    if views.is_empty() && filtered {
        return "No document fits. Without a folder and --state all of the company's are listed; \
                new ones show after the next round.\n"
            .to_owned();
    }
    if views.is_empty() {
        return "No documents here. New ones show after the next round (`facteur round` makes one \
                now).\n"
            .to_owned();
    }
    let rows = words::count(views.len() as u64, "row", "rows");
    let validated = views.iter().filter(|view| view.validated).count();
    format!("{}\n{rows}, {validated} validated.\n", document_table(views))
}

/// Documents with their state for each app.
pub(super) fn document_table(views: &[DocumentView]) -> String {
    let mut table =
        Table::new(&["COMPANY", "DOCUMENT", "APP", "STATE", "VALIDATED", "DELIVERY", "DEPOSITED"]);
    for view in views {
        table.row([
            view.company.as_str().into(),
            view.path.as_str().into(),
            view.app.as_deref().unwrap_or("none").into(),
            words::state_cell(&view.state, view.reason.as_deref()),
            if view.validated { "yes" } else { "" }.into(),
            view.delivery.as_deref().unwrap_or_default().into(),
            words::time_or_nothing(view.deposited_at).into(),
        ]);
    }
    table.render()
}

/// A document's whole story.
pub(super) fn why(view: &WhyView) -> String {
    let mut text = format!("{}\n", paint(&format!("{}, {}", view.company, view.path), words::BOLD));
    for story in &view.stories {
        text.push('\n');
        text.push_str(&one_story(story));
    }
    text
}

fn one_story(story: &StoryView) -> String {
    let state = paint(&words::state(&story.state, None), words::state_style(&story.state));
    let mut text = match &story.app {
        Some(app) => format!("{app}: {state}\n"),
        None => format!("{state}\n"),
    };
    if !story.because.is_empty() {
        say(&mut text, format_args!("  {}\n", story.because));
    }
    if !story.events.is_empty() {
        text.push_str("  What happened:\n");
    }
    for event in &story.events {
        text.push_str(&one_event(event));
    }
    text
}

fn one_event(event: &EventView) -> String {
    let at = event.at.map_or_else(|| " ".repeat("2026-11-21 18:40".len()), words::time);
    let mut text = format!("    {at}  {}", event.what);
    if !event.because.is_empty() && event.because != event.what {
        say(&mut text, format_args!(": {}", event.because));
    }
    if let Some(by) = event.by.as_ref().filter(|by| !event.because.contains(by.as_str())) {
        say(&mut text, format_args!(" (by {by})"));
    }
    text.push('\n');
    if let Some(answer) = &event.answer {
        let indent = " ".repeat("    2026-11-21 18:40  ".len());
        let line = paint(&format!("the server said: {answer}"), words::FAINT);
        say(&mut text, format_args!("{indent}{line}\n"));
    }
    text
}
