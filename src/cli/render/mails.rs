//! Mails that were dealt with, and the tray.

use super::table::{Table, paint};
use super::words::{self, say};
use crate::app::requests::MailsAsk;
use crate::app::views::{MailView, TrayView};

/// The answer to what was asked about mails.
pub(super) fn mails(ask: &MailsAsk, value: &serde_json::Value) -> anyhow::Result<String> {
    Ok(match ask {
        MailsAsk::List { mailbox, state, .. } => {
            list(mailbox.is_some() || state.is_some(), &super::view::<Vec<_>>(value)?)
        }
        MailsAsk::Show { .. } => one(&super::view(value)?),
        MailsAsk::Tray => tray(&super::view::<Vec<_>>(value)?),
        MailsAsk::File { .. } => filed(&super::view(value)?),
        MailsAsk::Drop { confirmed, .. } => dropped(*confirmed, &super::view(value)?),
    })
}

fn list(filtered: bool, views: &[MailView]) -> String {
    if views.is_empty() && filtered {
        return "No mail fits. `facteur mails` lists them all.\n".to_owned();
    }
    if views.is_empty() {
        return "No mails. `facteur status` names a mailbox that is not read; `facteur check \
                --online` tries them all.\n"
            .to_owned();
    }
    let mut table =
        Table::new(&["MAIL", "READ", "MAILBOX", "FROM", "SUBJECT", "STATE", "COMPANY", "FILES"]);
    for view in views {
        table.row([
            view.number.as_str().into(),
            words::time(view.received_at).into(),
            view.mailbox.as_str().into(),
            view.from.as_str().into(),
            view.subject.as_str().into(),
            view.state.as_str().into(),
            view.company.as_deref().unwrap_or_default().into(),
            names(view).into(),
        ]);
    }
    format!("{}\n{}.\n", table.render(), counted(views.len()))
}

fn tray(views: &[MailView]) -> String {
    if views.is_empty() {
        return "The tray is empty.\n".to_owned();
    }
    let mut text = String::new();
    for view in views {
        let (at, from) = (words::time(view.received_at), &view.from);
        let number = paint(&view.number, words::BOLD);
        say(&mut text, format_args!("{number}  {at}  {from}: {}\n", view.subject));
        let because = view.because.as_deref().unwrap_or_default();
        say(&mut text, format_args!("    {}: {because}\n", state(view)));
        if let Some(company) = &view.company {
            say(&mut text, format_args!("    company: {company}\n"));
        }
        if !view.files.is_empty() {
            say(&mut text, format_args!("    files: {}\n", names(view)));
        }
        let faint = paint(&format!("in {}", view.mailbox), words::FAINT);
        say(&mut text, format_args!("    {faint}\n"));
    }
    let hint = "`facteur tray file NUMBER [--company COMPANY]` files one, `facteur tray drop NUMBER` \
                throws it away";
    say(&mut text, format_args!("\n{}: {hint}.\n", counted(views.len())));
    text
}

fn one(view: &MailView) -> String {
    let mut text = format!("{}\n", paint(&format!("mail {}", view.number), words::BOLD));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            say(&mut text, format_args!("  {name:<12}{value}\n"));
        }
    };
    line("from", &view.from);
    line("subject", &view.subject);
    line("date", &view.date);
    line("message-id", &view.message_id);
    line("read", &format!("{} in {}", words::time(view.received_at), view.mailbox));
    line("state", &state(view));
    line("because", view.because.as_deref().unwrap_or_default());
    line("sender", view.admitted.as_deref().unwrap_or_default());
    let told = view.acknowledged_at.map(|at| format!("{} what was filed", words::time(at)));
    line("told", &told.unwrap_or_default());
    line("company", view.company.as_deref().unwrap_or_default());
    line("by", view.by.as_deref().unwrap_or_default());
    line("delivery", view.delivery.as_deref().unwrap_or_default());
    if !view.files.is_empty() {
        text.push_str("  Documents:\n");
    }
    for file in &view.files {
        let place = file.path.as_deref().unwrap_or(&file.name);
        say(&mut text, format_args!("    {place} ({} bytes)\n", file.size));
    }
    if !view.left_out.is_empty() {
        text.push_str("  Left out:\n");
    }
    for file in &view.left_out {
        say(&mut text, format_args!("    {}: {}\n", file.name, file.because));
    }
    text
}

fn filed(view: &TrayView) -> String {
    let mut text = String::new();
    for mail in &view.mails {
        let company = mail.company.as_deref().unwrap_or_default();
        for file in &mail.files {
            let place = file.path.as_deref().unwrap_or(&file.name);
            let state = if mail.state == "filed" { "" } else { " (as soon as it can be)" };
            say(&mut text, format_args!("mail {}: {company}, {place}{state}\n", mail.number));
        }
        for file in &mail.left_out {
            let (number, name) = (&mail.number, &file.name);
            say(&mut text, format_args!("mail {number}: left out `{name}`: {}\n", file.because));
        }
    }
    say(&mut text, format_args!("{} filed.\n", counted(view.mails.len())));
    text
}

fn dropped(confirmed: bool, view: &TrayView) -> String {
    let number = counted(view.mails.len());
    if confirmed {
        format!("{number} thrown away.\n")
    } else {
        format!("{number} would be thrown away.\n")
    }
}

fn state(view: &MailView) -> String {
    let plain = match view.state.as_str() {
        "pending" => "to be filed",
        "filing" => "being filed",
        "tray" => "waiting for a person",
        "quarantined" => "in quarantine",
        "dropped" => "thrown away",
        // Whole words already, or a word of a later version.
        word => return word.to_owned(),
    };
    format!("{plain} ({})", view.state)
}

fn names(view: &MailView) -> String {
    let names: Vec<&str> = view.files.iter().map(|file| file.name.as_str()).collect();
    names.join(", ")
}

fn counted(mails: usize) -> String {
    words::count(mails as u64, "mail", "mails")
}
