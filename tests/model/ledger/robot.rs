//! What the robot does by itself: its passes, each read before it is written, and its senders.

use std::sync::Arc;

use facteur::domain::delivery::{Delivery, DeliveryId, State};
use facteur::domain::deposit::{Deposit, Due, Verdict};
use facteur::domain::template::Address;
use facteur::ports::store::{Candidate, ClaimRules, Observation, Store as _};

use super::books::{Books, COMPANY, verdict};
use super::judge::{Happened, record};
use super::observing::observation;
use super::office::{Chosen, Office, Sender, Sight, Wish};
use super::search::Step;
use crate::actors::finish;
use crate::rig::{NO_LIMIT, app, at, candidate, content, rules};
use crate::system::{Phase, Report};

/// Every step that the robot may take next, in a world that is kind to it.
pub(crate) fn steps(office: &Office, steps: &mut Vec<Step>) {
    if !office.is_up {
        let (recovered, after) = office.ask(async |ledger| ledger.recover(at(0)).await);
        recovered.expect("what is in memory can be recovered");
        let after = Office { is_up: true, ..after };
        steps.push(record("recover", true, office, after, Happened::Else));
        return;
    }
    observe(office, steps);
    queue(office, steps);
    grant(office, steps);
    claim(office, steps);
    for index in 0..office.senders.len() {
        send(office, index, steps);
    }
}

fn observe(office: &Office, steps: &mut Vec<Step>) {
    let quiet = |name: &str, after: Office| record(name, true, office, after, Happened::Else);
    let Some(sight) = &office.sight else {
        let (disk, books) = (office.disk.clone(), Arc::clone(&office.books));
        let sight = Sight { disk, books, is_app_off: office.is_app_off };
        let held = sight.books.company.hold.is_some();
        if !held && observation(&sight) != Observation::default() {
            steps.push(quiet("look", Office { sight: Some(sight), ..office.clone() }));
        }
        return;
    };
    let seen = observation(sight);
    let revision = sight.books.company.revision;
    let (_, after) = office.ask(async |ledger| ledger.observe(COMPANY, revision, seen).await);
    // What changed meanwhile makes it look again.
    steps.push(quiet("observe", Office { sight: None, ..after }));
}

fn queue(office: &Office, steps: &mut Vec<Step>) {
    let quiet = |name: &str, after: Office| record(name, true, office, after, Happened::Else);
    let Some(chosen) = &office.chosen else {
        // The store's own list is in the order of their numbers.
        let ready = |deposit: &&Arc<Deposit>| deposit.settled && deposit.is_due();
        if let Some(deposit) = office.books.deposits.iter().find(ready) {
            let candidates = candidates(&office.books, deposit);
            let chosen = Chosen { deposit: deposit.number, candidates };
            steps.push(quiet("hash", Office { chosen: Some(chosen), ..office.clone() }));
        }
        return;
    };
    let Chosen { deposit, candidates } = chosen.clone();
    let (queued, after) = office
        .ask(async |ledger| ledger.queue(deposit, content("same"), candidates, None, at(0)).await);
    queued.expect("what was read can be queued");
    steps.push(quiet("queue", Office { chosen: None, ..after }));
}

fn candidates(books: &Books, deposit: &Deposit) -> Vec<Candidate> {
    match verdict(deposit) {
        Some(Verdict::Due(due)) => vec![candidate_of(books, due)],
        Some(Verdict::Queued(_) | Verdict::Duplicate(_) | Verdict::Skipped(_)) | None => Vec::new(),
    }
}

fn candidate_of(books: &Books, due: &Due) -> Candidate {
    let recipient = recipient(books, due.inbox.as_deref()).expect("it has one address").clone();
    Candidate { fate: due.fate, recipient, ..candidate(due.cause.clone()) }
}

fn recipient<'a>(books: &'a Books, inbox: Option<&str>) -> Option<&'a Address> {
    books.decisions.connections[&app("quickbooks")].recipient_for(inbox)
}

/// What a person wished for goes on by itself, once it is read.
fn grant(office: &Office, steps: &mut Vec<Step>) {
    let mut go = |name: &str, after: Office| {
        steps.push(record(name, true, office, after, Happened::Wished));
    };
    match office.wish.clone() {
        None => {}
        Some(Wish::Read(deposit)) => {
            let number = deposit.number;
            let seen = Observation { deposits: vec![*deposit], ..Observation::default() };
            let revision = office.books.company.revision;
            let (_, after) =
                office.ask(async |ledger| ledger.observe(COMPANY, revision, seen).await);
            go("wish made due", Office { wish: Some(Wish::Due(number)), ..after });
        }
        Some(Wish::Due(number)) => {
            let cause = crate::rig::backfill();
            let due = Due { cause, inbox: None, fate: facteur::domain::deposit::Fate::Queue };
            let wished =
                Candidate { duplicates_allowed: true, ..candidate_of(&office.books, &due) };
            let (_, after) = office.ask(async |ledger| {
                ledger.queue(number, content("same"), vec![wished], None, at(0)).await
            });
            go("wish queued", Office { wish: None, ..after });
        }
    }
}

fn claim(office: &Office, steps: &mut Vec<Step>) {
    let waits = |delivery: &Arc<Delivery>| match delivery.state {
        State::Queued | State::Deferred => !delivery.leased,
        State::Sending
        | State::Sent
        | State::Refused
        | State::InDoubt
        | State::Held
        | State::Cancelled => false,
    };
    if !office.books.deliveries.iter().any(waits) {
        return;
    }
    let mut rules: ClaimRules = rules();
    if office.is_app_off {
        rules.rates.clear();
    }
    let (claimed, mut after) = office.ask(async |ledger| ledger.claim(&rules, 1, at(0)).await);
    let claimed = claimed.expect("what waits can be claimed");
    for delivery in &claimed {
        // Its content is with another delivery at its connection's new address.
        let misdirected =
            recipient(&office.books, delivery.inbox.as_deref()) != Some(&delivery.recipient);
        let phase = if misdirected { Phase::Heard(Report::Held) } else { Phase::Claimed };
        let (delivery, attempt) = (delivery.id, delivery.attempt);
        after.senders.push(Sender { delivery, attempt, phase });
    }
    after.senders.sort_unstable();
    if !claimed.is_empty() || !Arc::ptr_eq(&after.records, &office.records) {
        steps.push(record("claim", true, office, after, Happened::Else));
    }
}

fn send(office: &Office, index: usize, steps: &mut Vec<Step>) {
    let Sender { delivery, attempt, phase } = office.senders[index].clone();
    match phase {
        Phase::Claimed => steps.push(dot(office, index)),
        Phase::Marked => {
            let after = office.with_sender(index, Some(Phase::Heard(Report::Sent)));
            let name = format!("the server takes {delivery}");
            steps.push(record(&name, true, office, after, Happened::Taken(delivery)));
        }
        Phase::Heard(report) => {
            let finish = finish(report);
            let (_, after) =
                office.ask(async |ledger| ledger.finish(delivery, attempt, finish, at(0)).await);
            let after = after.with_sender(index, None);
            let name = format!("{delivery} reports {report:?}");
            steps.push(record(&name, true, office, after, Happened::Reported(delivery, report)));
        }
        Phase::Listening => unreachable!("nobody listens on in this model"),
    }
}

fn dot(office: &Office, index: usize) -> Step {
    let Sender { delivery, attempt, .. } = office.senders[index].clone();
    let (marked, after) =
        office.ask(async |ledger| ledger.dot(delivery, attempt, NO_LIMIT, at(0)).await);
    let named = |what: &str, id: DeliveryId| format!("{what} {id}");
    match marked {
        Ok(()) => {
            let after = after.with_sender(index, Some(Phase::Marked));
            let happened = Happened::Dotted(delivery);
            record(&named("dot", delivery), true, office, after, happened)
        }
        Err(_) => {
            let after = after.with_sender(index, Some(Phase::Heard(Report::Requeued)));
            record(&named("no dot", delivery), true, office, after, Happened::Else)
        }
    }
}
