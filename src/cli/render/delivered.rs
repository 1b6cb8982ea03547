//! The ledger, and what a person did to it.

use super::table::{Table, paint};
use super::words::{self, say};
use crate::app::requests::Selection;
use crate::app::views::{ActedView, BackfillView, DeliveryView, SendTestView};
use crate::domain::delivery::Act;

/// Paths named at most in a sentence.
const NAMED_MAX: usize = 5;

/// The ledger, or what an empty one means.
pub(super) fn deliveries(selection: &Selection, views: &[DeliveryView]) -> String {
    if views.is_empty() && *selection != Selection::default() {
        return "No delivery fits. `facteur deliveries` lists them all.\n".to_owned();
    }
    if views.is_empty() {
        return "No deliveries. What is deposited in a switched folder shows here after the next \
                round; `facteur switch list` shows the switches.\n"
            .to_owned();
    }
    let mut table = Table::new(&[
        "ID",
        "COMPANY",
        "DOCUMENT",
        "APP",
        "STATE",
        "TO",
        "QUEUED",
        "DUE",
        "LAST ANSWER",
    ]);
    for view in views {
        let rehearsal = if view.rehearsal { " (rehearsal)" } else { "" };
        table.row([
            view.id.as_str().into(),
            view.company.as_str().into(),
            view.path.as_str().into(),
            view.app.as_str().into(),
            words::state_cell(&view.state, view.reason.as_deref()),
            format!("{}{rehearsal}", view.recipient).into(),
            words::time(view.queued_at).into(),
            words::time_or_nothing(view.due_at).into(),
            last_answer(view).into(),
        ]);
    }
    format!("{}\n{}.\n", table.render(), words::deliveries(views.len() as u64))
}

/// What was heard last, and whether a person has something to read.
fn last_answer(view: &DeliveryView) -> String {
    let answer = view.last_answer.as_deref().unwrap_or_default();
    match view.answers_to_read {
        0 => answer.to_owned(),
        count => format!("{answer} ({count} to read: `facteur why`)").trim_start().to_owned(),
    }
}

/// What `retry`, `release`, … did, or would do; nothing, where the error says all of it.
pub(super) fn acted(act: Act, view: &ActedView) -> String {
    if view.changed.is_empty() && view.refused.len() == 1 {
        return String::new();
    }
    let done = match act {
        Act::Retry | Act::Release | Act::SettleNotSent | Act::Resend => "queued again",
        Act::Cancel => "cancelled",
        Act::SettleSent => "noted as sent",
    };
    let mut text = if view.changed.is_empty() && view.count > 0 {
        format!("{} would be {done}.\n", words::deliveries(view.count))
    } else if view.changed.is_empty() {
        "Nothing was changed: no delivery fits.\n".to_owned()
    } else {
        let number = words::deliveries(view.changed.len() as u64);
        format!("{number} {done}: {}.\n", words::some_of(&view.changed, 2 * NAMED_MAX))
    };
    for refused in &view.refused {
        say(
            &mut text,
            format_args!("Not {}: {}.\n", refused.id, refused.because.trim_end_matches('.')),
        );
    }
    text
}

/// What a back-fill sends, or would send.
pub(super) fn backfill(view: &BackfillView) -> String {
    let documents = words::documents(view.count);
    let size = words::size(view.bytes);
    let goes = if view.confirmed { "will be sent" } else { "would be sent" };
    let mut text = format!("{documents} ({size}) of {} {goes} to {}.\n", view.company, view.app);
    if !view.sample.is_empty() {
        say(&mut text, format_args!("Among them: {}.\n", words::some_of(&view.sample, NAMED_MAX)));
    }
    if view.already > 0 {
        let already = words::documents(view.already);
        say(&mut text, format_args!("Left out: {already} sent already or on the way.\n"));
    }
    if view.unsupported > 0 {
        let unsupported = words::documents(view.unsupported);
        say(
            &mut text,
            format_args!("Left out: {unsupported} of a type that the app doesn't take.\n"),
        );
    }
    if view.confirmed && view.count > 0 {
        text.push_str("They go with the next round; `facteur round` makes one now.\n");
    }
    text
}

/// What the server answered to a test.
pub(super) fn send_test(view: &SendTestView) -> String {
    let result = match view.result.as_str() {
        "sent" => "The mail server took it",
        "deferred" => "The mail server put it off",
        "refused" => "The mail server refused it",
        "unreachable" => "The mail server cannot be used now",
        "in_doubt" => "The connection broke before the answer: nobody knows whether it was sent",
        other => other,
    };
    format!(
        "A test mail from {} to {}.\n{}: {}\n",
        view.sender,
        view.recipient,
        paint(result, words::state_style(&view.result)),
        view.answer
    )
}
