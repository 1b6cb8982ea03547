//! `invitations`: how each stands, and what a person does about it.

use super::table::{Cell, Table, paint};
use super::words::{self, say};
use crate::app::views::InvitationView;

/// One row a connection; below, what waits for a person.
pub(super) fn invitations(views: &[InvitationView]) -> String {
    if views.is_empty() {
        return "No tool of a connected company is known to invite the bot. What an invitation \
                looks like stands in [apps.APP.invitation] of routes.toml.\n"
            .to_owned();
    }
    let mut table = Table::new(&["COMPANY", "APP", "STATE", "BOT", "SUBJECT", "RECEIVED"]);
    for view in views {
        table.row([
            view.company.as_str().into(),
            view.app.as_str().into(),
            state(view),
            view.sender.as_str().into(),
            view.subject.as_deref().unwrap_or_default().into(),
            words::time_or_nothing(view.received_at).into(),
        ]);
    }
    let mut text = table.render();
    let waiting: Vec<_> = views.iter().filter(|view| view.needs_person).collect();
    if !waiting.is_empty() {
        say(&mut text, format_args!("\n{}\n", paint("Needs a person", words::ALERT)));
    }
    for view in waiting {
        say(&mut text, format_args!("  {}, {}: {}\n", view.company, view.app, view.because));
    }
    text
}

/// One of them, whole.
pub(super) fn invitation(view: &InvitationView) -> String {
    let title = format!("{}, {}: {}", view.company, view.app, view.state);
    let mut text = format!("{}\n  {}\n", paint(&title, words::BOLD), view.because);
    let times = [("written", view.written_at), ("received", view.received_at)];
    let times = times.map(|(word, at)| (word, at.map(words::time)));
    let lines = [
        ("bot", Some(view.sender.clone())),
        ("from", view.from.clone()),
        ("subject", view.subject.clone()),
        ("company", view.names.clone()),
        ("signed by", view.signed_by.clone()),
    ];
    for (word, line) in lines.into_iter().chain(times) {
        if let Some(line) = line {
            say(&mut text, format_args!("  {word:<10} {line}\n"));
        }
    }
    if let Some(link) = &view.link {
        say(&mut text, format_args!("  {:<10} {link}\n", "link"));
    }
    if !view.events.is_empty() {
        text.push_str("  What happened:\n");
    }
    for event in &view.events {
        let by = event.by.as_ref().map(|by| format!(" (by {by})")).unwrap_or_default();
        let at = words::time(event.at);
        say(&mut text, format_args!("    {at}  {}: {}{by}\n", event.state, event.because));
    }
    text
}

fn state(view: &InvitationView) -> Cell {
    let style = if view.needs_person { words::ALERT } else { words::invitation_style(&view.state) };
    Cell::styled(view.state.clone(), style)
}
