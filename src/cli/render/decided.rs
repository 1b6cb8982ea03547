//! What the firm decided: switches, connections that changed, and the history of both.

use super::table::{Cell, Table};
use super::words::{self, say};
use crate::app::requests::Turn;
use crate::app::views::{
    DecidedView, DecisionsDiffView, HistoryView, ReaddressView, SwitchView, SwitchedView, TomlView,
};

/// Names and numbers listed at most in a sentence.
const NAMED_MAX: usize = 10;

/// `disconnect`, `switch follow|stay`.
pub(super) fn decided(view: &DecidedView) -> String {
    let unchanged = if view.changed { "" } else { " (it was so already)" };
    let mut text = format!("{}: {}{unchanged}\n", view.company, view.what);
    text.push_str(&cancelled(&view.cancelled));
    text
}

/// `readdress`.
pub(super) fn readdress(confirmed: bool, view: &ReaddressView) -> String {
    if view.companies.is_empty() {
        return format!("No connection of {} gets another address.\n", view.app);
    }
    let mut table = Table::new(&["COMPANY", "FROM", "TO"]);
    let number = words::count(view.companies.len() as u64, "connection", "connections");
    let verb = if confirmed { "re-addressed" } else { "to re-address" };
    let mut text = format!("{number} of {} {verb}:\n\n", view.app);
    for company in &view.companies {
        table.row([
            company.company.as_str().into(),
            company.from.as_deref().unwrap_or_default().into(),
            company.to.as_str().into(),
        ]);
    }
    text.push_str(&table.render());
    text
}

/// `switch on|off|clear`, one paragraph a company.
pub(super) fn switched(turn: Turn, views: &[SwitchedView]) -> String {
    if views.is_empty() {
        return "No company is connected to the app and has this folder. `facteur companies` shows \
                the connections; `facteur connect COMPANY APP` makes one.\n"
            .to_owned();
    }
    let paragraphs: Vec<String> = views.iter().map(|view| one_switch(turn, view)).collect();
    paragraphs.join("\n")
}

fn one_switch(turn: Turn, view: &SwitchedView) -> String {
    let SwitchedView { company, app, .. } = view;
    let folder = words::folder(&view.folder);
    let would = if view.preview { "would be" } else { "is" };
    let on = if view.on { "on" } else { "off" };
    let mut text = match (view.changed, turn) {
        (false, _) => format!("{company}: {folder} is {on} for {app} already; nothing changes.\n"),
        (true, Turn::On | Turn::Off) => format!("{company}: {folder} {would} {on} for {app}.\n"),
        (true, Turn::Clear) => {
            let ruler = view.ruled_by.as_deref().map(words::folder);
            let ruler = ruler.unwrap_or_else(|| "no switch above it".to_owned());
            format!("{company}: {folder} inherits again and {would} {on} for {app}, by {ruler}.\n")
        }
    };
    if view.on && view.changed {
        text.push_str(&what_goes(view));
    }
    if !view.exceptions.is_empty() {
        let exceptions: Vec<String> = view.exceptions.iter().map(exception).collect();
        let exceptions = words::some_of(&exceptions, NAMED_MAX);
        say(&mut text, format_args!("  With a switch of their own: {exceptions}.\n"));
    }
    text.push_str(&cancelled(&view.cancelled));
    if view.preview {
        text.push_str("  This was a preview: nothing was changed.\n");
    }
    text
}

fn what_goes(view: &SwitchedView) -> String {
    let stay = match view.documents_before {
        0 => "There is nothing in it yet".to_owned(),
        1 => "The document that is in it stays".to_owned(),
        number => format!("The {number} documents that are in it stay"),
    };
    let folders = match view.folders_covered {
        0 => String::new(),
        1 => ", in its sub-folder too".to_owned(),
        number => format!(", in its {number} sub-folders too"),
    };
    let mut text = format!("  {stay}; what is deposited from now on goes{folders}.\n");
    if !view.being_written.is_empty() {
        let written = words::some_of(&view.being_written, NAMED_MAX);
        say(&mut text, format_args!("  Being written just now, so there before: {written}.\n"));
    }
    text
}

fn exception(switch: &SwitchView) -> String {
    format!("{} ({})", words::folder(&switch.folder), if switch.on { "on" } else { "off" })
}

fn cancelled(ids: &[String]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let number = words::deliveries(ids.len() as u64);
    let ids = words::some_of(ids, NAMED_MAX);
    format!("  {number} cancelled by it: {ids}. `facteur retry ID` sends one all the same.\n")
}

/// `switch list`.
pub(super) fn switches(views: &[SwitchView]) -> String {
    if views.is_empty() {
        return "No switch is turned. `facteur switch on COMPANY FOLDER --app APP` turns one on; \
                add --preview to see first what it would mean.\n"
            .to_owned();
    }
    let mut table =
        Table::new(&["COMPANY", "FOLDER", "APP", "SWITCH", "SINCE", "BY", "INBOX", "NOTE"]);
    for view in views {
        table.row([
            view.company.as_str().into(),
            if view.folder.is_empty() { "." } else { &view.folder }.into(),
            view.app.as_str().into(),
            if view.on {
                Cell::styled("on", words::state_style("sent"))
            } else {
                Cell::styled("off", words::FAINT)
            },
            words::time(view.activated_at).into(),
            view.by.as_str().into(),
            view.inbox.as_deref().unwrap_or_default().into(),
            note(view),
        ]);
    }
    table.render()
}

fn note(view: &SwitchView) -> Cell {
    match &view.renamed_to {
        Some(place) => Cell::styled(
            format!("renamed to `{place}`: `switch follow` or `switch stay`?"),
            words::ALERT,
        ),
        None if !view.exists => Cell::styled("the folder isn't there", words::ALERT),
        None => "".into(),
    }
}

/// `history`.
pub(super) fn history(views: &[HistoryView]) -> String {
    if views.is_empty() {
        return "Nothing was decided yet. `facteur connect COMPANY APP` is the first step.\n"
            .to_owned();
    }
    let mut table = Table::new(&["WHEN", "WHO", "WHAT", "COMPANY", "FOLDER", "APP", "DETAIL"]);
    for view in views {
        let folder = view.folder.as_deref().map(|path| if path.is_empty() { "." } else { path });
        table.row([
            words::time(view.at).into(),
            view.by.as_str().into(),
            view.what.as_str().into(),
            view.company.as_deref().unwrap_or_default().into(),
            folder.unwrap_or_default().into(),
            view.app.as_deref().unwrap_or_default().into(),
            view.detail.as_str().into(),
        ]);
    }
    table.render()
}

/// `decisions export`.
pub(super) fn toml(view: &TomlView) -> String {
    view.toml.clone()
}

/// `decisions diff|import`.
pub(super) fn diff(view: &DecisionsDiffView) -> String {
    if view.count == 0 {
        return "The file says what is decided already; nothing changes.\n".to_owned();
    }
    let decisions = words::count(view.count, "decision", "decisions");
    let verb = if view.imported { "changed" } else { "would change" };
    let mut text = format!("{decisions} {verb}:\n");
    for change in &view.changes {
        say(&mut text, format_args!("  {change}\n"));
    }
    text
}
