//! The power goes before and after every commit of a whole working day.

use std::sync::{Arc, Mutex};

use facteur::adapters::store::{CommitPoint, Fault, Ledger};
use facteur::domain::company::CompanyId;
use facteur::domain::delivery::{DeliveryId, State};
use facteur::domain::deposit::{Origin, Verdict};
use facteur::domain::directory::{Fingerprint, NameBytes, NameRecord};
use facteur::ports::store::{
    DeliveryFilter, DepositRef, NameChange, Observation, RoundReport, Store as _, StoreError,
    Stored,
};

use crate::rig::{NO_LIMIT, Rig, app, at, candidate, connect, content, deposit, entry, path};
use crate::rig::{rules, sent, turn};

/// What the mail server took, which no loss of power undoes.
type Mails = Arc<Mutex<Vec<DeliveryId>>>;

/// The documents of the day: three, two of them with the same bytes.
const DOCUMENTS: [(&str, &str); 3] = [("a.pdf", "one"), ("b.pdf", "two"), ("c.pdf", "one")];

/// What a robot does, from wherever the ledger stands.
async fn work(ledger: &Ledger, mails: &Mails) -> Stored<()> {
    ledger.recover(at(1)).await?;
    let slug = facteur::domain::slug::Slug::parse("dupont").unwrap();
    let root = facteur::domain::company::RootIdentity("disk".to_owned());
    let company = ledger.found(path("Dupont"), slug, "Dupont".to_owned(), root).await?.id;
    decide(ledger, company).await?;
    observe(ledger, company).await?;
    for due in ledger.to_queue(company, 10).await? {
        let name = String::from_utf8(due.path.name().to_vec()).unwrap();
        let bytes = DOCUMENTS.iter().find(|(other, _)| *other == name).unwrap().1;
        let Verdict::Due(verdict) = &due.verdicts[&app("quickbooks")] else { continue };
        let candidates = vec![candidate(verdict.cause.clone())];
        ledger.queue(due.number, content(bytes), candidates, None, at(2)).await?;
    }
    loop {
        let Some(delivery) = ledger.claim(&rules(), 1, at(3)).await?.pop() else { break };
        ledger.dot(delivery.id, delivery.attempt, NO_LIMIT, at(3)).await?;
        mails.lock().unwrap().push(delivery.id);
        ledger.finish(delivery.id, delivery.attempt, sent(), at(3)).await?;
    }
    for mark in ledger.marks(10).await? {
        ledger.marked(&mark).await?;
    }
    Ok(())
}

async fn decide(ledger: &Ledger, company: CompanyId) -> Stored<()> {
    let decisions = ledger.decisions(company).await?;
    if decisions.connections.is_empty() {
        let revision = ledger.companies().await?[0].revision;
        ledger.decide(company, revision, connect("quickbooks"), entry("connect")).await?;
    }
    if decisions.switches.is_empty() {
        let revision = ledger.companies().await?[0].revision;
        ledger.decide(company, revision, turn("Achats", true), entry("switch on")).await?;
    }
    Ok(())
}

async fn observe(ledger: &Ledger, company: CompanyId) -> Stored<()> {
    let known = ledger.names(company, &path("Achats")).await?;
    for (name, _) in DOCUMENTS {
        let key = NameBytes::new(name.as_bytes());
        if known.contains_key(&key) {
            continue;
        }
        let decisions = ledger.decisions(company).await?;
        let (place, switch) = decisions.switches_of(&app("quickbooks")).next().unwrap();
        let cause = facteur::domain::deposit::Cause::Switch {
            folder: place.clone(),
            activation: switch.activation,
            at: switch.at,
            by: switch.by.clone(),
        };
        let record = NameRecord {
            fingerprint: Fingerprint(1),
            deposit: None,
            settling: None,
            absent_since: None,
            gone: false,
        };
        let change = NameChange { record, deposit: DepositRef::New(0) };
        let seen = Observation {
            names: vec![(path("Achats"), vec![(key, Some(change))])],
            deposits: vec![deposit(company, &format!("Achats/{name}"), Origin::Found, cause)],
            ..Observation::default()
        };
        let revision = ledger.companies().await?[0].revision;
        ledger.observe(company, revision, seen).await?;
    }
    Ok(())
}

/// Stops the power at one point and never again.
fn stop_at(point: CommitPoint) -> Fault {
    Box::new(move |reached| if reached == point { Err("power".to_owned()) } else { Ok(()) })
}

/// The day's end, whatever happened: every document has its verdict, and what left is known.
async fn check(ledger: &Ledger, mails: &Mails, doubts_allowed: usize) {
    let all = ledger.deliveries(&DeliveryFilter::default(), None, 100).await.unwrap();
    assert_eq!(all.len(), 2, "one for each content");
    let in_doubt = all.iter().filter(|delivery| delivery.state == State::InDoubt).count();
    assert!(in_doubt <= doubts_allowed);
    assert!(all.iter().all(|delivery| matches!(delivery.state, State::Sent | State::InDoubt)));
    let mails = mails.lock().unwrap().clone();
    for delivery in &all {
        let times = mails.iter().filter(|mail| **mail == delivery.id).count();
        let expected = if delivery.state == State::Sent { 1..=1 } else { 0..=1 };
        assert!(expected.contains(&times), "{delivery:?} went {times} times");
    }
    let deposits = ledger.deposits(all[0].company).await.unwrap();
    let names = ledger.names(all[0].company, &path("Achats")).await.unwrap();
    assert_eq!((deposits.len(), names.len()), (DOCUMENTS.len(), DOCUMENTS.len()));
    for deposit in &deposits {
        let verdict = &deposit.verdicts[&app("quickbooks")];
        assert!(matches!(verdict, Verdict::Queued(_) | Verdict::Duplicate(_)), "{verdict:?}");
        let name = NameBytes::new(deposit.path.name());
        assert_eq!(names[&name].deposit, Some(deposit.number));
    }
    assert_eq!(ledger.marks(10).await, Ok(vec![]));
}

#[tokio::test]
async fn a_loss_of_power_at_any_commit_sends_nothing_twice_and_forgets_nothing() {
    let mut commit = 1;
    loop {
        let mut reached_the_end = false;
        for point in [CommitPoint::Before(commit), CommitPoint::After(commit)] {
            let mails = Mails::default();
            let ledger = Ledger::in_memory_with_fault("state", at(0), stop_at(point));
            let day = work(&ledger, &mails).await;
            if day.is_ok() {
                reached_the_end = true;
                check(&ledger, &mails, 0).await;
                continue;
            }
            assert_eq!(day, Err(StoreError::Unknown("power".to_owned())), "{point:?}");
            assert!(!ledger.health().await.unwrap().writable);
            assert!(matches!(ledger.companies().await, Err(StoreError::Unknown(_))));
            let ledger = ledger.reopen();
            work(&ledger, &mails).await.unwrap();
            check(&ledger, &mails, 1).await;
        }
        if reached_the_end {
            break;
        }
        commit += 1;
    }
    assert!(commit > 15, "only {commit} commits in a whole day");
}

#[tokio::test]
async fn consequences_cut_off_are_drawn_after_the_restart() {
    for commit in 1..=8 {
        let rig = Rig::in_memory();
        let company = rig.company().await.id;
        for number in 0..40 {
            rig.queued(company, &format!("Achats/{number}.pdf")).await;
        }
        let faulty = rig.store().reopen_with_fault(stop_at(CommitPoint::After(commit)));
        let rig = Rig::over(faulty);
        let cut = rig.decide(company, turn("Achats", false)).await;
        let mut rig = rig;
        rig.reopen();
        if cut.is_err() {
            let claimed = rig.claim(0).await;
            for delivery in &claimed {
                let dot = rig.dot(delivery).await;
                assert_eq!(dot, Err(StoreError::Conflict), "nothing goes against the decision");
            }
            rig.reopen();
        }
        rig.store().recover(at(1)).await.unwrap();
        let counts = rig.store().counts().await.unwrap();
        assert_eq!(counts[&State::Cancelled], 40, "commit {commit}");
    }
}

#[tokio::test]
async fn a_former_handle_writes_nothing_after_a_restart() {
    let rig = Rig::in_memory();
    rig.company().await;
    let again = rig.store().reopen();
    let written = rig.store().keep_round(&RoundReport::default()).await;
    assert!(matches!(written, Err(StoreError::Unknown(_))));
    assert_eq!(again.last_round().await, Ok(None));
}
