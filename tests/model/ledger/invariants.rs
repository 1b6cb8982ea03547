//! What must hold in every state of the model.

use facteur::domain::decision::Coverage;
use facteur::domain::delivery::{Delivery, DeliveryId, State};
use facteur::domain::deposit::Verdict;
use facteur::domain::verdict::folder_of;

use super::books::{Books, verdict};
use super::office::Office;
use crate::rig::app;
use crate::system::Phase;

/// Judges a state.
pub(crate) fn judge(office: &Office, books: &Books) -> Result<(), String> {
    for delivery in &books.deliveries {
        let own = books.deposit(delivery.deposit).and_then(verdict);
        if delivery.state.is_live() && own != Some(&Verdict::Queued(delivery.id)) {
            return Err(format!("{} is live, and its document doesn't name it", delivery.id));
        }
        judge_delivery(office, delivery)?;
        judge_claim(office, books, delivery)?;
    }
    judge_documents(office, books)
}

fn judge_delivery(office: &Office, delivery: &Delivery) -> Result<(), String> {
    let truth = office.truth.get(&delivery.id).cloned().unwrap_or_default();
    let (id, state) = (delivery.id, delivery.state);
    match state {
        State::Sent if truth.copies.is_empty() && !truth.vouched => {
            return Err(format!("{id} is called sent, and nobody said so"));
        }
        State::Refused | State::Cancelled
            if !truth.copies.is_empty() && !delivery.holds_its_content() =>
        {
            return Err(format!("{id} is {}, and the tool has it", state.as_str()));
        }
        State::Held if delivery.reason.is_none() => {
            return Err(format!("{id} is held, and nobody knows why"));
        }
        State::Queued | State::Deferred | State::Held
            if !truth.copies.is_empty() && !truth.announced =>
        {
            return Err(format!("{id} is {}, and the tool has it", state.as_str()));
        }
        State::Queued
        | State::Sending
        | State::Deferred
        | State::Sent
        | State::Refused
        | State::InDoubt
        | State::Held
        | State::Cancelled => {}
    }
    let own = office
        .senders
        .iter()
        .find(|sender| sender.delivery == id && sender.attempt == delivery.attempt);
    let at_work = own.is_some_and(|sender| match sender.phase {
        Phase::Claimed => delivery.leased,
        Phase::Marked => state == State::Sending,
        Phase::Heard(_) => true,
        Phase::Listening => false,
    });
    let waited_for = delivery.leased || state == State::Sending;
    if office.is_up && waited_for && !at_work {
        return Err(format!("{id} is {} for ever: nobody is at work on it", state.as_str()));
    }
    Ok(())
}

/// One live delivery for a recipient and a content, but for what a person asked for besides.
fn judge_claim(office: &Office, books: &Books, delivery: &Delivery) -> Result<(), String> {
    let asked = |id: DeliveryId| office.truth.get(&id).is_some_and(|truth| truth.asked);
    let twin = books.deliveries.iter().find(|other| {
        other.id < delivery.id
            && other.recipient == delivery.recipient
            && other.holds_its_content()
            && !asked(other.id)
    });
    match twin {
        Some(twin) if delivery.holds_its_content() && !asked(delivery.id) => {
            Err(format!("{} and {} are live for one content", twin.id, delivery.id))
        }
        Some(_) | None => Ok(()),
    }
}

/// Every document first observed under a switch is on its way, at its end, or follows one that is.
fn judge_documents(office: &Office, books: &Books) -> Result<(), String> {
    for names in books.names.values() {
        for record in names.values() {
            if record.deposit.is_none_or(|number| books.deposit(number).is_none()) {
                return Err("a name is known and its deposit forgotten".to_owned());
            }
        }
    }
    for deposit in &books.deposits {
        let (number, path) = (deposit.number, &deposit.path);
        match verdict(deposit) {
            None | Some(Verdict::Due(_)) => {}
            Some(Verdict::Skipped(_)) => {
                if office.causes.contains_key(&number) {
                    return Err(format!("`{path}` was due, and is forgotten"));
                }
            }
            Some(Verdict::Queued(id)) => {
                if books.delivery(*id).is_none_or(|delivery| delivery.deposit != number) {
                    return Err(format!("`{path}` has a delivery that isn't its own"));
                }
            }
            Some(Verdict::Duplicate(id)) => {
                let holder = books.delivery(*id);
                let holder = holder.ok_or_else(|| format!("`{path}` follows nothing"))?;
                let stopped = office.truth.get(id).is_some_and(|truth| truth.app_off);
                let may_go = office.causes.get(&number).is_some_and(|cause| {
                    books.decisions.coverage(&app("quickbooks"), &folder_of(path), cause)
                        == Coverage::Covered
                });
                if !holder.holds_its_content() && may_go && !stopped {
                    return Err(format!(
                        "`{path}` follows delivery {id} for ever, which is {}",
                        holder.state.as_str()
                    ));
                }
            }
        }
    }
    Ok(())
}
