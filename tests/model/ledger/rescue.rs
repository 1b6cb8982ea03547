//! What rest means, and that from there a person gets every document to its tool.

use std::sync::Arc;

use facteur::domain::delivery::{Act, State};
use facteur::domain::deposit::Verdict;
use facteur::ports::store::Store as _;

use super::books::{COMPANY, verdict};
use super::judge::{Happened, record};
use super::office::Office;
use super::robot;
use crate::rig::{at, connect, entry};

/// Steps of a robot after which it must have come to rest.
const STEPS_MAX: usize = 200;

/// At rest nothing waits but for a person, and a person who looks at the tool gets everything
/// there.
pub(crate) fn judge_rest(office: &Office) -> Result<(), String> {
    let books = &office.books;
    let waits_for_a_person = books.company.hold.is_some() || office.is_app_off;
    for delivery in &books.deliveries {
        let waits = match delivery.state {
            State::Queued | State::Deferred | State::Sending => true,
            State::Sent | State::Refused | State::InDoubt | State::Held | State::Cancelled => false,
        };
        if waits && !waits_for_a_person {
            return Err(format!("{} is {} at rest", delivery.id, delivery.state.as_str()));
        }
    }
    let deposits: Vec<_> = books.deposits.iter().filter_map(|deposit| verdict(deposit)).collect();
    if deposits.iter().any(|verdict| matches!(verdict, Verdict::Due(_))) && !waits_for_a_person {
        return Err("a document is due at rest".to_owned());
    }
    let owed = deposits.iter().any(|verdict| match verdict {
        Verdict::Queued(_) | Verdict::Duplicate(_) => true,
        Verdict::Due(_) | Verdict::Skipped(_) => false,
    });
    if owed { rescue(office) } else { Ok(()) }
}

fn rescue(office: &Office) -> Result<(), String> {
    let office = on_again(office)?;
    let mut office = settled(office)?;
    let books = Arc::clone(&office.books);
    for delivery in &books.deliveries {
        let is_there = office.truth.values().any(|truth| !truth.copies.is_empty() || truth.vouched);
        let act = match delivery.state {
            State::Held => Act::Release,
            State::Refused | State::Cancelled if !is_there => Act::Retry,
            State::Refused | State::Cancelled | State::Sent | State::InDoubt => continue,
            State::Queued | State::Sending | State::Deferred => {
                return Err(format!("{} waits, and nothing stops it", delivery.id));
            }
        };
        office = settled(acted(office, delivery.id, act)?)?;
    }
    let there = office.truth.values().any(|truth| !truth.copies.is_empty() || truth.vouched);
    if there { Ok(()) } else { Err("not even a person gets it to the tool".to_owned()) }
}

/// Everything that is off is on again, and the company released.
fn on_again(office: &Office) -> Result<Office, String> {
    let books = Arc::clone(&office.books);
    let (released, mut office) = office.ask(async |ledger| ledger.hold(COMPANY, None).await);
    released.unwrap();
    office.is_app_off = false;
    if !books.is_connected() {
        let revision = books.company.revision;
        let decision = connect("quickbooks");
        let (decided, after) = office
            .ask(async |ledger| ledger.decide(COMPANY, revision, decision, entry("on")).await);
        decided.unwrap();
        office = after;
    }
    by_itself(office)
}

/// A person who looks at the tool settles what is in doubt.
fn settled(mut office: Office) -> Result<Office, String> {
    office = by_itself(office)?;
    for delivery in &Arc::clone(&office.books).deliveries {
        if delivery.state == State::InDoubt {
            let there =
                office.truth.get(&delivery.id).is_some_and(|truth| !truth.copies.is_empty());
            let act = if there { Act::SettleSent } else { Act::SettleNotSent };
            office = by_itself(acted(office, delivery.id, act)?)?;
        }
    }
    Ok(office)
}

fn acted(
    office: Office,
    id: facteur::domain::delivery::DeliveryId,
    act: Act,
) -> Result<Office, String> {
    let (acted, after) = office.ask(async |ledger| ledger.act(id, act, "lea", at(0)).await);
    match acted {
        // Its content is with another one, which is judged by itself.
        Err(_) => Ok(office),
        Ok(_) => record("", false, &office, after, Happened::Acted(id, act)).outcome,
    }
}

/// The robot goes on until it rests.
fn by_itself(mut office: Office) -> Result<Office, String> {
    for _ in 0..STEPS_MAX {
        let mut steps = Vec::new();
        robot::steps(&office, &mut steps);
        match steps.into_iter().next() {
            None => return Ok(office),
            Some(step) => office = step.outcome?,
        }
    }
    Err("the robot never rests".to_owned())
}
