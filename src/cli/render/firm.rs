//! The firm's companies and connections, its tree, and copies of its state.

use super::rounds::problems;
use super::table::{Cell, Table, paint};
use super::words::{self, say};
use crate::app::views::{CompanyView, ConnectView, ConnectedAppView, ExportView, TreeView};
use crate::domain::shell;

/// `companies`: one row for each connected app.
pub(super) fn companies(views: &[CompanyView]) -> String {
    if views.is_empty() {
        return "No companies yet: each folder in `root` of [documents] is one. `facteur check` \
                says where it looks.\n"
            .to_owned();
    }
    let mut table =
        Table::new(&["COMPANY", "NAME", "COLLECTION", "APP", "BOT", "SENDER", "RECIPIENT"]);
    for view in views {
        let slug = if view.slug.is_empty() { "no slug" } else { &view.slug };
        let mut first = [slug, &view.name, &view.collection].map(str::to_owned);
        if view.apps.is_empty() {
            let [slug, name, collection] = first.clone().map(Into::into);
            let nothing = || "".into();
            table.row([slug, name, collection, "none".into(), nothing(), nothing(), nothing()]);
        }
        for connected in &view.apps {
            // The company once, its apps below each other.
            let [slug, name, collection] =
                std::mem::replace(&mut first, [const { String::new() }; 3]).map(Into::into);
            let (app, sender) = (connected.app.as_str().into(), connected.sender.as_str().into());
            let state = &connected.state;
            let state = Cell::styled(state.clone(), words::invitation_style(state));
            table.row([slug, name, collection, app, state, sender, recipients(connected).into()]);
        }
    }
    let mut text = table.render();
    for view in views {
        if let Some(because) = &view.held {
            let company = if view.slug.is_empty() { &view.folder } else { &view.slug };
            let line = format!("{company} is held: {because}");
            say(&mut text, format_args!("\n{}\n", paint(&line, words::ALERT)));
        }
    }
    if views.iter().all(|view| view.apps.is_empty()) {
        text.push_str("\nNo app is connected. `facteur connect COMPANY APP` connects one.\n");
    }
    text
}

fn recipients(connected: &ConnectedAppView) -> String {
    let mut all: Vec<String> = connected.recipient.iter().cloned().collect();
    for (inbox, address) in &connected.inboxes {
        let chosen = connected.inbox.as_ref() == Some(inbox);
        all.push(format!("{inbox}{}: {address}", if chosen { " (used)" } else { "" }));
    }
    all.join(", ")
}

/// `connect`: what is connected now, and what to do on the tool's side.
pub(super) fn connect(view: &ConnectView) -> String {
    let ConnectView { company, connection, .. } = view;
    let app = &connection.app;
    let mut text = if view.changed {
        format!("{company} is connected to {app}.\n")
    } else {
        format!("{company} was connected to {app} so already; nothing changes.\n")
    };
    say(&mut text, format_args!("  Mails come from  {}\n", connection.sender));
    say(&mut text, format_args!("  and go to        {}\n", recipients(connection)));
    if view.documents_before > 0 {
        let documents = words::documents(view.documents_before);
        say(
            &mut text,
            format_args!("  In its folders now: {documents}, which no switch will send.\n"),
        );
    }
    if !view.steps.is_empty() {
        say(&mut text, format_args!("\n{}\n", paint("To do on the tool's side", words::BOLD)));
        for (number, step) in view.steps.iter().enumerate() {
            say(&mut text, format_args!("  {}. {step}\n", number + 1));
        }
    }
    if !view.uncertain.is_empty() {
        say(&mut text, format_args!("\n{}\n", paint("Not known for certain", words::BOLD)));
        for doubt in &view.uncertain {
            say(&mut text, format_args!("  - {doubt}\n"));
        }
    }
    let (company, app) = (shell::word(company), shell::word(app));
    say(
        &mut text,
        format_args!(
            "\nNothing is sent yet. Next: `facteur switch on {company} FOLDER --app {app}`, or first \
         `facteur send-test {company} {app}`.\n"
        ),
    );
    text
}

/// `export`.
pub(super) fn exported(view: &ExportView) -> String {
    let records = words::count(view.records, "record", "records");
    format!("The whole state, {records}, is in `{}`.\n", view.file)
}

/// `import`.
pub(super) fn imported(confirmed: bool, view: &ExportView) -> String {
    if !confirmed {
        return format!("The whole state would be replaced by that of `{}`.\n", view.file);
    }
    let records = words::count(view.records, "record", "records");
    format!(
        "The state is that of `{}` now: {records}. What the folders hold beyond it will be held \
         for a person (after_import).\n",
        view.file
    )
}

/// What `check` finds in the tree.
pub(super) fn tree(view: &TreeView) -> String {
    let companies = words::count(view.companies, "company", "companies");
    if view.mistakes.is_empty() {
        return format!("The folders are fine: {companies}.\n");
    }
    let mistakes = words::count(view.mistakes.len() as u64, "mistake", "mistakes");
    format!("{companies}, {mistakes}.\n{}", problems(&view.mistakes))
}
