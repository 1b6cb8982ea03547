//! From due verdicts to deliveries.

use std::sync::Arc;

use facteur::domain::delivery::{HeldReason, State};
use facteur::domain::deposit::{Fate, Origin, Verdict};
use facteur::ports::store::{OBSERVATION_RECORDS_MAX, Observation, Store as _};

use crate::rig::{Rig, app, at, backfill, candidate, content, deposit, path, turn};

pub(crate) async fn a_delivery_tells_its_cause_and_keeps_its_message_id(mut rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/2026/a.pdf").await;
    let delivery = rig.delivery(id).await;
    assert_eq!(delivery.events[0].because, "by a switch");
    let digits = delivery.message_id.strip_prefix('<').unwrap();
    let digits = digits.strip_suffix("@cabinet.example>").unwrap();
    assert!(digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    rig.reopen();
    assert_eq!(rig.delivery(id).await, delivery);
    let other = rig.queued(company.id, "Achats/b.pdf").await;
    assert_ne!(rig.delivery(other).await.message_id, delivery.message_id);
}

pub(crate) async fn queueing_may_be_repeated(rig: Rig) {
    let company = rig.company().await;
    let number = rig.deposit(company.id, "Achats/a.pdf").await;
    let cause = rig.cause(company.id, "Achats").await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let candidates = vec![candidate(cause.clone())];
        let answer = rig.store().queue(number, content("a"), candidates, None, at(0)).await;
        answers.push(answer.unwrap());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(rig.store().counts().await.unwrap()[&State::Queued], 1);
    assert!(rig.store().to_queue(company.id, 10).await.unwrap().is_empty());
}

pub(crate) async fn what_is_beyond_a_flood_is_held(rig: Rig) {
    let company = rig.company().await;
    let mut verdicts = Vec::new();
    for name in ["a", "b", "c"] {
        let number = rig.deposit(company.id, &format!("Achats/{name}.pdf")).await;
        let flooding = |candidate: &mut facteur::ports::store::Candidate| {
            candidate.flood_per_hour_max = 2;
        };
        verdicts.push(rig.queue_as(number, name, flooding).await);
    }
    let old = rig.deposit_by(company.id, "Ventes/old.pdf", backfill()).await;
    rig.queue_as(old, "old", |candidate| candidate.flood_per_hour_max = 2).await;
    let counts = rig.store().counts().await.unwrap();
    assert_eq!((counts[&State::Queued], counts[&State::Held]), (3, 1), "a back-fill is no flood");
    assert_eq!(rig.store().held_counts().await.unwrap()[&HeldReason::Flood], 1);
    let Verdict::Queued(third) = verdicts[2] else { panic!("{verdicts:?}") };
    assert_eq!(rig.delivery(third).await.reason, Some(HeldReason::Flood));
}

pub(crate) async fn a_switch_off_before_queueing_cancels(rig: Rig) {
    let company = rig.company().await;
    let cause = rig.cause(company.id, "Achats").await;
    let number = rig.deposit(company.id, "Achats/a.pdf").await;
    rig.decide(company.id, turn("Achats", false)).await.unwrap();
    let Verdict::Due(due) = rig.verdict(number).await else { panic!("it was due") };
    assert_eq!(due.fate, Fate::Cancel);
    let candidates = vec![candidate(cause)];
    rig.store().queue(number, content("a"), candidates, None, at(0)).await.unwrap();
    let Verdict::Queued(id) = rig.verdict(number).await else { panic!("it has a delivery") };
    assert_eq!(rig.delivery(id).await.state, State::Cancelled);
    assert!(rig.claim(0).await.is_empty());
}

pub(crate) async fn a_document_moved_out_of_its_folder_still_goes(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let mut moved = rig.store().deposit(1).await.unwrap().unwrap();
    moved.path = path("Traité/a.pdf");
    rig.observe(company.id, moved).await;
    rig.decide(company.id, turn("Ventes", true)).await.unwrap();
    rig.send_one().await;
    assert_eq!(rig.store().counts().await.unwrap()[&State::Sent], 1);
}

pub(crate) async fn a_document_that_bears_our_mark_was_sent(rig: Rig) {
    let company = rig.company().await;
    let number = rig.deposit(company.id, "Achats/a.pdf").await;
    let cause = rig.cause(company.id, "Achats").await;
    let proof = Some("the document's mark".to_owned());
    rig.store().queue(number, content("a"), vec![candidate(cause)], proof, at(0)).await.unwrap();
    let Verdict::Queued(id) = rig.verdict(number).await else { panic!("it has a delivery") };
    let delivery = rig.delivery(id).await;
    assert_eq!((delivery.state, delivery.rehearsal), (State::Sent, false));
    assert_eq!(delivery.events.last().unwrap().because, "proven by the document's mark");
    let copy = rig.deposit(company.id, "Achats/copy.pdf").await;
    assert_eq!(rig.queue(copy, "a").await, Verdict::Duplicate(id));
}

pub(crate) async fn a_replaced_file_with_the_same_bytes_changes_nothing(rig: Rig) {
    let company = rig.company().await;
    let first = rig.queued(company.id, "Achats/scan.pdf").await;
    let cause = rig.cause(company.id, "Achats").await;
    let origin = Origin::Replaced { earlier: Some(1) };
    let again = deposit(company.id, "Achats/scan.pdf", origin.clone(), cause.clone());
    let same = rig.observe(company.id, again).await;
    let hold = |candidate: &mut facteur::ports::store::Candidate| {
        candidate.fate = Fate::Hold(HeldReason::Replaced);
    };
    assert_eq!(rig.queue_as(same, "Achats/scan.pdf", hold).await, Verdict::Queued(first));
    assert_eq!(rig.delivery(first).await.deposit, same, "its file is the new one");
    let other = deposit(company.id, "Achats/scan.pdf", origin, cause);
    let other = rig.observe(company.id, other).await;
    let Verdict::Queued(held) = rig.queue_as(other, "other bytes", hold).await else { panic!() };
    assert_eq!(rig.delivery(held).await.reason, Some(HeldReason::Replaced));
    rig.send_one().await;
}

pub(crate) async fn sixteen_queue_thousands_at_once(rig: Rig) {
    const DEPOSITS: usize = 3_000;
    const TASKS: usize = 16;
    let company = rig.company().await;
    let cause = rig.cause(company.id, "Achats").await;
    let mut revision = company.revision;
    let names: Vec<usize> = (0..DEPOSITS).collect();
    for some in names.chunks(OBSERVATION_RECORDS_MAX) {
        let found = |name: &usize| {
            deposit(company.id, &format!("Achats/{name}.pdf"), Origin::Found, cause.clone())
        };
        let deposits = some.iter().map(found).collect();
        let seen = Observation { deposits, ..Observation::default() };
        revision = rig.store().observe(company.id, revision, seen).await.unwrap().1;
    }
    let rig = Arc::new(rig);
    let queue_some = |task: usize| {
        let (rig, cause) = (Arc::clone(&rig), cause.clone());
        async move {
            for number in (1..=DEPOSITS as u64).skip(task).step_by(TASKS) {
                let candidates = vec![candidate(cause.clone())];
                let bytes = content(&number.to_string());
                rig.store().queue(number, bytes, candidates, None, at(0)).await.unwrap();
            }
        }
    };
    futures::future::join_all((0..TASKS).map(queue_some)).await;
    let counts = rig.store().counts().await.unwrap();
    assert_eq!(counts[&State::Queued], DEPOSITS as u64);
    assert_eq!(rig.claim(0).await.len(), 10);
    let listed = rig.store().deposits(company.id).await.unwrap();
    assert!(
        listed
            .iter()
            .all(|deposit| { matches!(deposit.verdicts[&app("quickbooks")], Verdict::Queued(_)) })
    );
}
