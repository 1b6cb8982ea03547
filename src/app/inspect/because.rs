//! States and verdicts in plain words, with what a person can do.

use crate::app::words::{folder_words, local_words};
use crate::config::Config;
use crate::domain::company::Company;
use crate::domain::decision::{Decisions, Ruling};
use crate::domain::delivery::{Delivery, HeldReason, State};
use crate::domain::deposit::{Cause, Deposit, Skip, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::shell;
use crate::domain::verdict::folder_of;

/// What sends a document that no switch sends.
const BACKFILL: &str = "`facteur backfill` sends older documents";

/// A document's standing with one app, as the interface names it.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) state: &'static str,
    pub(super) reason: Option<HeldReason>,
    pub(super) delivery: Option<Delivery>,
    pub(super) because: String,
}

/// The standing of a document with an app. `delivery` is the one its verdict names.
pub(super) fn standing(
    config: &Config,
    app: &AppId,
    path: &TreePath,
    deposit: Option<&Deposit>,
    decisions: &Decisions,
    delivery: Option<Delivery>,
) -> Standing {
    let verdict = deposit.and_then(|deposit| deposit.verdicts.get(app));
    let plain = |state: &'static str, because: String| Standing {
        state,
        reason: None,
        delivery: None,
        because,
    };
    match (verdict, delivery) {
        (Some(Verdict::Due(_)), _) => plain("settling", settling(deposit)),
        (Some(Verdict::Duplicate(of)), delivery) => {
            let because = format!("the same content is delivery {of} already");
            Standing { state: "duplicate", reason: None, delivery, because }
        }
        (Some(Verdict::Queued(_)), Some(delivery)) => Standing {
            state: delivery.state.as_str(),
            reason: delivery.reason,
            because: of_delivery(config, &delivery),
            delivery: Some(delivery),
        },
        (Some(Verdict::Queued(id)), None) => {
            plain("queued", format!("delivery {id} is not in the ledger"))
        }
        (Some(Verdict::Skipped(skip)), _) => skipped(config, app, path, Some(*skip), decisions),
        (None, _) => skipped(config, app, path, None, decisions),
    }
}

fn settling(deposit: Option<&Deposit>) -> String {
    if deposit.is_some_and(|deposit| deposit.gone) {
        return "its file vanished before it was sent; if it comes back it is looked at anew"
            .to_owned();
    }
    if deposit.is_some_and(|deposit| deposit.settled) {
        return "it stood still, and goes with the next round; `facteur status` says what keeps it from being read".to_owned();
    }
    "it may still be written to: it goes when it has stood still for the settle time".to_owned()
}

/// Why it doesn't go: seen from the decisions of today.
fn skipped(
    config: &Config,
    app: &AppId,
    path: &TreePath,
    skip: Option<Skip>,
    decisions: &Decisions,
) -> Standing {
    let (state, because) = match (decisions.ruling(app, &folder_of(path)), skip) {
        (Ruling::NotConnected, _) => {
            (Skip::NotConnected, format!("{app} is not connected to this company"))
        }
        (Ruling::Off, _) => (Skip::SwitchOff, off(config, app, path, decisions)),
        (Ruling::On(..) | Ruling::Renamed(..), Some(Skip::Unsupported)) => {
            (Skip::Unsupported, format!("{app} doesn't take files of this type"))
        }
        // An exception was cleared, or the app connected or enabled, since: what was there then
        // came after the switch, and is not sent by it all the same (R7).
        (Ruling::On(..) | Ruling::Renamed(..), Some(Skip::SwitchOff)) => (
            Skip::BeforeActivation,
            format!("no switch was on for its folder when it was deposited; {BACKFILL}"),
        ),
        (Ruling::On(..) | Ruling::Renamed(..), Some(Skip::NotConnected)) => (
            Skip::BeforeActivation,
            format!("{app} was not connected when it was deposited; {BACKFILL}"),
        ),
        (
            Ruling::On(folder, switch) | Ruling::Renamed(folder, switch),
            Some(Skip::BeforeActivation) | None,
        ) => {
            let (folder, at) = (folder_words(folder), local_words(config, switch.at));
            let because = format!(
                "it was there before the switch of {folder} was turned on ({at}, by {}); {BACKFILL}",
                switch.by
            );
            (Skip::BeforeActivation, because)
        }
    };
    Standing { state: state.as_str(), reason: None, delivery: None, because }
}

/// Which exception turns its folder off, where one does.
fn off(config: &Config, app: &AppId, path: &TreePath, decisions: &Decisions) -> String {
    match decisions.nearest(app, &folder_of(path)) {
        Some((folder, switch)) => {
            let (folder, at) = (folder_words(folder), local_words(config, switch.at));
            format!("turned off for {folder} on {at} by {}", switch.by)
        }
        None => "no switch is on for its folder".to_owned(),
    }
}

fn of_delivery(config: &Config, delivery: &Delivery) -> String {
    let id = delivery.id;
    let last = delivery.events.last().map_or("", |event| event.because.as_str());
    let answer = delivery.last_answer.as_deref().unwrap_or("nothing");
    match delivery.state {
        // Tried, and stopped by something passing.
        State::Queued if delivery.due_at > delivery.fresh_at => format!(
            "it waits until {} and goes by itself ({last})",
            local_words(config, delivery.due_at)
        ),
        State::Queued => format!("it goes with the next deliveries{}", by(config, &delivery.cause)),
        State::Sending => "it is being sent just now".to_owned(),
        State::Deferred => format!(
            "the mail server put it off ({answer}); it is tried again by itself at {}, or now by `facteur retry {id}`",
            local_words(config, delivery.due_at)
        ),
        State::Sent if delivery.rehearsal => {
            "sent in a rehearsal, not to the tool: it doesn't count as validated; `facteur backfill` sends it to the tool once the rehearsal is over".to_owned()
        }
        State::Sent => {
            format!("sent{}; the mail server said: {answer}", by(config, &delivery.cause))
        }
        State::Refused => format!(
            "refused ({answer}); when the cause is mended, `facteur retry {id}` sends it again; `facteur cancel {id}` closes it"
        ),
        State::InDoubt => format!(
            "nobody knows whether the tool has it: look there, then `facteur settle {id} --sent` or `--not-sent`"
        ),
        State::Held => format!("held: {last}; {}", held_remedy(delivery)),
        State::Cancelled => {
            format!("cancelled: {last}; `facteur retry {id}` sends it all the same")
        }
    }
}

/// What a person can do about a held delivery.
fn held_remedy(delivery: &Delivery) -> String {
    let id = delivery.id;
    let reason = delivery.reason.unwrap_or(HeldReason::Rule);
    match reason {
        HeldReason::Missing => format!(
            "when it is back, `facteur release {id}` sends it; `facteur cancel {id}` doesn't"
        ),
        HeldReason::Unreadable => {
            format!(
                "when it can be read, `facteur release {id}` sends it; `facteur cancel {id}` doesn't"
            )
        }
        HeldReason::TooLarge => {
            format!("`facteur release {id}` sends it all the same, `facteur cancel {id}` doesn't")
        }
        HeldReason::Rule if delivery.rehearsal => format!(
            "`facteur cancel {id}` forgets it, `facteur backfill` sends its document to the tool"
        ),
        HeldReason::Flood
        | HeldReason::Replaced
        | HeldReason::Expired
        | HeldReason::AfterImport
        | HeldReason::RootChanged
        | HeldReason::FolderRenamed
        | HeldReason::Rule => {
            format!("`facteur release {id}` sends it, `facteur cancel {id}` doesn't")
        }
    }
}

/// Why a duplicate doesn't go; `first` is where the document is that it follows.
pub(super) fn duplicate_words(
    company: &Company,
    app: &AppId,
    path: &TreePath,
    first: &TreePath,
    delivery: &Delivery,
) -> String {
    format!(
        "the same content as `{first}`, delivery {} ({}); `facteur resend {} {} --app {app}` sends it all the same",
        delivery.id,
        delivery.state.as_str().replace('_', " "),
        company.slug,
        shell::folder(path)
    )
}

fn by(config: &Config, cause: &Cause) -> String {
    match cause {
        Cause::Switch { folder, at, by, .. } => format!(
            ", by the switch of {} (turned on {} by {by})",
            folder_words(folder),
            local_words(config, *at)
        ),
        Cause::Backfill { by } => format!(", asked for by {by}"),
    }
}
