//! The truth kept beside the ledger, and what may not happen in any step.

use std::sync::Arc;

use facteur::domain::decision::{Coverage, Ruling};
use facteur::domain::delivery::{Act, Delivery, DeliveryId, State};
use facteur::domain::deposit::{Cause, Deposit, Due, Fate, Verdict};
use facteur::domain::verdict::folder_of;

use super::books::{Books, verdict};
use super::invariants::judge;
use super::office::Office;
use super::search::Step;
use crate::rig::app;
use crate::system::Report;

/// What a step was, as far as the truth goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened {
    /// The server took the mail of this delivery.
    Taken(DeliveryId),
    /// The mark at the dot of this delivery is durable.
    Dotted(DeliveryId),
    /// A sender reported.
    Reported(DeliveryId, Report),
    /// A person acted on this delivery.
    Acted(DeliveryId, Act),
    /// A proof came for it.
    Proven(DeliveryId),
    /// A copy of an attempt's mail was found.
    Witnessed(DeliveryId, u32),
    /// The tool sent its last copy back.
    SentBack(DeliveryId),
    /// Something was decided for the company.
    Decided,
    /// What a person wished for went on.
    Wished,
    /// Nothing of these.
    Else,
}

/// Keeps the truth of a step, and judges where it leads.
pub(crate) fn record(
    name: &str,
    by_itself: bool,
    before: &Office,
    after: Office,
    happened: Happened,
) -> Step {
    let outcome = follow(before, after, happened);
    Step { name: name.to_owned(), by_itself, outcome }
}

fn follow(before: &Office, mut after: Office, happened: Happened) -> Result<Office, String> {
    let now = Arc::clone(&after.books);
    let change = Change { before: &before.books, now: &now, happened };
    for delivery in &now.deliveries {
        change.tell(delivery, &mut after)?;
    }
    for deposit in &now.deposits {
        change.of_document(deposit, before)?;
        match verdict(deposit) {
            // Withdrawn by a decision: owed no more.
            Some(Verdict::Due(due)) if due.fate == Fate::Cancel => {
                after.causes.remove(&deposit.number);
            }
            Some(Verdict::Due(due)) => {
                after.causes.insert(deposit.number, due.cause.clone());
            }
            Some(Verdict::Duplicate(_)) => {
                let folder = folder_of(&deposit.path);
                let covers = |cause: &Cause| {
                    let coverage = now.decisions.coverage(&app("quickbooks"), &folder, cause);
                    coverage != Coverage::Off
                };
                after.causes.retain(|number, cause| *number != deposit.number || covers(cause));
            }
            Some(Verdict::Queued(_) | Verdict::Skipped(_)) | None => {}
        }
    }
    change.keep(before, &mut after)?;
    judge(&after, &now)?;
    Ok(after)
}

/// One step, between what the ledger said and what it says now.
struct Change<'a> {
    before: &'a Books,
    now: &'a Books,
    happened: Happened,
}

impl Change<'_> {
    /// What the story of a delivery has said anew.
    fn tell(&self, delivery: &Delivery, after: &mut Office) -> Result<(), String> {
        let former = self.before.delivery(delivery.id);
        let known = former.map_or(0, |former| former.events.len());
        let said = delivery.events.iter().skip(known);
        let (mut by_person, mut doubts) = (false, false);
        for event in said {
            by_person |= event.by.is_some();
            doubts |= event.what == State::InDoubt.as_str();
        }
        let (id, state) = (delivery.id, delivery.state.as_str());
        let gone_again = former.is_some_and(|former| rests(former.state) && !rests(delivery.state));
        if gone_again && !by_person {
            return Err(format!("{id} goes again by itself: it is {state}"));
        }
        if delivery.state == State::Cancelled
            && former.is_none_or(|former| former.state != State::Cancelled)
        {
            self.explain_the_end(delivery, after)?;
        }
        let truth = after.truth.entry(id).or_default();
        truth.announced |= by_person || doubts;
        truth.asked |= former.is_none() && matches!(self.happened, Happened::Wished);
        truth.by_hand &= delivery.state.is_live();
        if gone_again {
            truth.vouched = false;
        }
        Ok(())
    }

    /// A document's verdict comes from what is decided when it is first observed; and what was
    /// withdrawn is not due again by the same decision.
    fn of_document(&self, deposit: &Deposit, office: &Office) -> Result<(), String> {
        let path = &deposit.path;
        let due = match verdict(deposit) {
            Some(Verdict::Due(due)) => Some(due),
            Some(Verdict::Queued(_) | Verdict::Duplicate(_) | Verdict::Skipped(_)) | None => None,
        };
        match self.before.deposit(deposit.number).map(verdict) {
            None => {
                let ruling = self.now.decisions.ruling(&app("quickbooks"), &folder_of(path));
                let is_on = matches!(ruling, Ruling::On(..));
                if is_on != due.is_some() && !office.is_app_off && !was_app_off(office) {
                    return Err(format!("`{path}` is judged by decisions that are not in force"));
                }
            }
            Some(Some(Verdict::Due(before))) if before.fate == Fate::Cancel => {
                let again = |due: &Due| due.fate != Fate::Cancel && due.cause == before.cause;
                if due.is_some_and(again) {
                    return Err(format!("`{path}` was withdrawn, and is due again"));
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// A delivery ends as cancelled by a decision or a person alone.
    fn explain_the_end(&self, delivery: &Delivery, after: &mut Office) -> Result<(), String> {
        let id = delivery.id;
        let due = self.before.deposit(delivery.deposit).and_then(verdict);
        let withdrawn = matches!(due, Some(Verdict::Due(due)) if due.fate == Fate::Cancel);
        let decided = match self.happened {
            Happened::Acted(acted, Act::Cancel) | Happened::Reported(acted, Report::Superseded) => {
                acted == id
            }
            Happened::Acted(acted, Act::SettleNotSent) => acted == id && !self.now.is_connected(),
            Happened::Acted(..)
            | Happened::Reported(..)
            | Happened::Taken(_)
            | Happened::Dotted(_)
            | Happened::Proven(_)
            | Happened::Witnessed(..)
            | Happened::SentBack(_)
            | Happened::Decided
            | Happened::Wished
            | Happened::Else => false,
        };
        let off = after.is_app_off || self.now.coverage(delivery) != Coverage::Covered;
        after.truth.entry(id).or_default().app_off |= after.is_app_off;
        if decided || withdrawn || off {
            Ok(())
        } else {
            Err(format!("{id} is cancelled by nobody"))
        }
    }

    fn keep(&self, before: &Office, after: &mut Office) -> Result<(), String> {
        match self.happened {
            Happened::Taken(id) => self.take(id, after),
            Happened::Dotted(id) => self.may_leave(id, before),
            Happened::Acted(id, act) => {
                let delivery = self.before.delivery(id).expect("somebody acted on it");
                let off = self.before.coverage(delivery) != Coverage::Covered;
                let truth = after.truth.entry(id).or_default();
                match act {
                    Act::SettleSent => truth.vouched = true,
                    Act::Cancel => {}
                    Act::SettleNotSent => {
                        truth.copies.clear();
                        truth.by_hand |= off;
                    }
                    Act::Retry | Act::Release | Act::Resend => truth.by_hand |= off,
                }
                Ok(())
            }
            Happened::Proven(id) => {
                after.truth.entry(id).or_default().vouched = true;
                Ok(())
            }
            Happened::Witnessed(id, attempt) => {
                let truth = after.truth.entry(id).or_default();
                truth.witnessed.push(attempt);
                if !truth.returned.contains(&attempt) && !truth.copies.contains(&attempt) {
                    // Whoever said that it is not there was wrong.
                    truth.copies.push(attempt);
                    truth.copies.sort_unstable();
                }
                Ok(())
            }
            Happened::SentBack(id) => {
                let truth = after.truth.entry(id).or_default();
                truth.returned.extend(truth.copies.pop());
                Ok(())
            }
            Happened::Decided => self.nothing_waits_against_it(after),
            Happened::Reported(..) | Happened::Wished | Happened::Else => Ok(()),
        }
    }

    /// What a decision no longer lets go is cancelled by it, at once (R14).
    fn nothing_waits_against_it(&self, after: &Office) -> Result<(), String> {
        let waits = |delivery: &&Arc<Delivery>| match delivery.state {
            State::Queued | State::Deferred | State::Held => true,
            State::Sending | State::Sent | State::Refused | State::InDoubt | State::Cancelled => {
                false
            }
        };
        let by_hand = |id| after.truth.get(&id).is_some_and(|truth| truth.by_hand);
        let mut waiting = self.now.deliveries.iter().filter(waits);
        match waiting.find(|one| !by_hand(one.id) && self.now.coverage(one) == Coverage::Off) {
            Some(left) => Err(format!("{} waits on, and nothing lets it go", left.id)),
            None => Ok(()),
        }
    }

    /// The server took it. Where the tool has it already, that must have been announced.
    fn take(&self, id: DeliveryId, after: &mut Office) -> Result<(), String> {
        let delivery = self.before.delivery(id).expect("it was claimed");
        let others = after.truth.iter().filter(|(other, _)| **other != id);
        let twin = others
            .filter(|(_, truth)| !truth.copies.is_empty() && !truth.asked)
            .filter(|(_, truth)| truth.to.as_ref() == Some(&delivery.recipient))
            .map(|(other, _)| *other)
            .next();
        let truth = after.truth.entry(id).or_default();
        if !truth.copies.is_empty() && !truth.announced {
            return Err(format!("a second copy of {id} left, and the record never said so"));
        }
        if let Some(twin) = twin.filter(|_| !truth.asked) {
            return Err(format!("{id} left, and the tool has the same by {twin}"));
        }
        truth.copies.push(delivery.attempt);
        truth.taken.push(delivery.attempt);
        (truth.to, truth.announced) = (Some(delivery.recipient.clone()), false);
        Ok(())
    }

    /// Nothing leaves against what was decided, whoever marked it.
    fn may_leave(&self, id: DeliveryId, before: &Office) -> Result<(), String> {
        let delivery = self.before.delivery(id).expect("it was claimed");
        let connection = self.before.decisions.connections.get(&app("quickbooks"));
        let connection = connection.filter(|connection| connection.connected);
        let Some(connection) = connection else {
            return Err(format!("{id} leaves without a connection"));
        };
        if connection.recipient_for(None) != Some(&delivery.recipient) {
            return Err(format!("{id} leaves for another address than its connection's"));
        }
        let by_hand = before.truth.get(&id).is_some_and(|truth| truth.by_hand);
        if !by_hand && self.before.coverage(delivery) != Coverage::Covered {
            return Err(format!("{id} leaves, and no switch lets it"));
        }
        if self.before.company.hold.is_some() || before.is_app_off {
            return Err(format!("{id} leaves, and its company is held or its app is off"));
        }
        Ok(())
    }
}

/// Whether routes.toml turned the app off when what is being written was read.
fn was_app_off(office: &Office) -> bool {
    office.sight.as_ref().is_some_and(|sight| sight.is_app_off)
}

/// Whether only a person makes it go on from there.
fn rests(state: State) -> bool {
    match state {
        State::Sent | State::Refused | State::InDoubt | State::Held | State::Cancelled => true,
        State::Queued | State::Sending | State::Deferred => false,
    }
}
