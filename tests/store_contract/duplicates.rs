//! Content claims, those who follow them, and the marks of both.

use facteur::domain::delivery::{Act, Finish, State};
use facteur::domain::deposit::{Due, Fate, Origin, Verdict};
use facteur::ports::store::{Candidate, Store as _, StoreError};

use crate::rig::{
    Rig, address, app, at, backfill, candidate, connect, content, deposit, sent, turn,
};

pub(crate) async fn a_duplicate_follows_and_is_promoted(mut rig: Rig) {
    let company = rig.company().await;
    let first = rig.deposit(company.id, "Achats/a.pdf").await;
    let Verdict::Queued(original) = rig.queue(first, "same").await else { panic!() };
    let second = rig.deposit(company.id, "Achats/b.pdf").await;
    assert_eq!(rig.queue(second, "same").await, Verdict::Duplicate(original));
    rig.reopen();
    rig.refuse_one().await;
    let Verdict::Queued(promoted) = rig.verdict(second).await else { panic!("it is promoted") };
    assert_eq!(rig.delivery(promoted).await.deposit, second);
    assert_eq!(rig.send_one().await, promoted);
}

pub(crate) async fn a_duplicate_in_a_folder_switched_off_is_passed_over(rig: Rig) {
    let company = rig.company().await;
    rig.decide(company.id, turn("Frais", true)).await.unwrap();
    let mut numbers = Vec::new();
    for place in ["Achats/a.pdf", "Frais/b.pdf", "Achats/c.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
        numbers.push(number);
    }
    rig.decide(company.id, turn("Frais", false)).await.unwrap();
    rig.refuse_one().await;
    assert!(matches!(rig.verdict(numbers[1]).await, Verdict::Duplicate(_)));
    let Verdict::Queued(promoted) = rig.verdict(numbers[2]).await else { panic!("it waits") };
    assert_eq!(rig.verdict(numbers[1]).await, Verdict::Duplicate(promoted));
}

pub(crate) async fn those_who_still_wait_follow_the_promoted_one(rig: Rig) {
    let company = rig.company().await;
    let mut numbers = Vec::new();
    for place in ["Achats/a.pdf", "Achats/b.pdf", "Achats/c.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
        numbers.push(number);
    }
    rig.refuse_one().await;
    let Verdict::Queued(promoted) = rig.verdict(numbers[1]).await else { panic!("it waited") };
    assert_eq!(rig.verdict(numbers[2]).await, Verdict::Duplicate(promoted));
    rig.store().act(promoted, Act::Cancel, "lea", at(1)).await.unwrap();
    let Verdict::Queued(last) = rig.verdict(numbers[2]).await else { panic!("it waited") };
    assert_eq!(rig.claim_one(1).await.id, last);
}

pub(crate) async fn a_refused_original_cannot_come_back_beside_its_duplicate(rig: Rig) {
    let company = rig.company().await;
    for place in ["Achats/a.pdf", "Achats/b.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
    }
    let original = rig.refuse_one().await;
    let Verdict::Queued(promoted) = rig.verdict(2).await else { panic!("it is promoted") };
    let retried = rig.store().act(original, Act::Retry, "lea", at(1)).await;
    assert_eq!(retried, Err(StoreError::Duplicate(promoted)));
    rig.store().act(promoted, Act::Cancel, "lea", at(1)).await.unwrap();
    let retried = rig.store().act(original, Act::Retry, "lea", at(2)).await.unwrap();
    assert_eq!(retried.state, State::Queued);
    let other = rig.store().act(promoted, Act::Retry, "lea", at(2)).await;
    assert_eq!(other, Err(StoreError::Duplicate(original)));
}

pub(crate) async fn a_rehearsal_takes_no_claim_from_the_tool(rig: Rig) {
    let company = rig.company().await;
    let first = rig.deposit(company.id, "Achats/a.pdf").await;
    let rehearsed = rig.queue_as(first, "same", |candidate| {
        candidate.rehearsal = true;
        candidate.recipient = address("moi@cabinet.example");
    });
    assert!(matches!(rehearsed.await, Verdict::Queued(_)));
    let second = rig.deposit(company.id, "Achats/b.pdf").await;
    assert!(matches!(rig.queue(second, "same").await, Verdict::Queued(_)));
}

pub(crate) async fn a_second_copy_goes_where_it_is_allowed(rig: Rig) {
    let company = rig.company().await;
    let first = rig.deposit(company.id, "Achats/a.pdf").await;
    rig.queue(first, "same").await;
    let second = rig.deposit(company.id, "Achats/b.pdf").await;
    let allowed = rig.queue_as(second, "same", |candidate| candidate.duplicates_allowed = true);
    assert!(matches!(allowed.await, Verdict::Queued(_)));
    assert_eq!(rig.claim(0).await.len(), 2);
}

pub(crate) async fn a_duplicate_promoted_while_it_was_asked_for_goes_once(rig: Rig) {
    let company = rig.company().await;
    for place in ["Achats/a.pdf", "Achats/b.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
    }
    // A person asks for the duplicate itself, and meanwhile the first one is refused.
    let mut wished = rig.store().deposit(2).await.unwrap().unwrap();
    let due = Due { cause: backfill(), inbox: None, fate: Fate::Queue };
    wished.verdicts.insert(app("quickbooks"), Verdict::Due(due));
    rig.refuse_one().await;
    let Verdict::Queued(promoted) = rig.verdict(2).await else { panic!("it is promoted") };
    rig.observe(company.id, wished).await;
    assert_eq!(rig.verdict(2).await, Verdict::Queued(promoted), "it goes already");
}

pub(crate) async fn a_promoted_duplicate_that_waited_twice_follows_nobody(rig: Rig) {
    let company = rig.company().await;
    rig.decide(company.id, turn("Frais", true)).await.unwrap();
    for place in ["Achats/a.pdf", "Frais/b.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
    }
    // A person asks for the duplicate itself, and a round comes first.
    let mut wished = rig.store().deposit(2).await.unwrap().unwrap();
    let due = Due { cause: backfill(), inbox: None, fate: Fate::Queue };
    wished.verdicts.insert(app("quickbooks"), Verdict::Due(due));
    rig.observe(company.id, wished).await;
    assert!(matches!(rig.queue(2, "same").await, Verdict::Duplicate(_)));
    for folder in ["Frais", "Achats"] {
        rig.decide(company.id, turn(folder, false)).await.unwrap();
    }
    let Verdict::Queued(promoted) = rig.verdict(2).await else { panic!("it goes by itself") };
    assert_eq!(rig.delivery(promoted).await.deposit, 2);
}

pub(crate) async fn a_superseded_delivery_promotes(rig: Rig) {
    let company = rig.company().await;
    for place in ["Achats/a.pdf", "Achats/b.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
    }
    let delivery = rig.claim_one(0).await;
    let changed = Finish::Superseded { because: "its bytes changed".to_owned() };
    assert_eq!(rig.finish(&delivery, changed).await.unwrap().state, State::Cancelled);
    let Verdict::Queued(promoted) = rig.verdict(2).await else { panic!("it is promoted") };
    assert_eq!(rig.claim_one(0).await.id, promoted);
}

pub(crate) async fn a_duplicate_of_a_sent_document_is_marked(rig: Rig) {
    let company = rig.company().await;
    for place in ["Achats/a.pdf", "Achats/b.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
    }
    rig.send_one().await;
    let late = rig.deposit(company.id, "Achats/c.pdf").await;
    rig.queue(late, "same").await;
    let works = rig.store().marks(10).await.unwrap();
    let numbers: Vec<u64> = works.iter().map(|work| work.deposit.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(works.iter().all(|work| work.deposit.is_validated(&work.deliveries)));
    for work in &works {
        rig.store().marked(work).await.unwrap();
    }
    assert_eq!(rig.store().marks(10).await, Ok(vec![]));
}

pub(crate) async fn a_change_between_marks_and_marked_is_not_forgotten(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let id = rig.send_one().await;
    let work = rig.store().marks(10).await.unwrap().remove(0);
    rig.store().act(id, Act::Resend, "lea", at(1)).await.unwrap();
    rig.store().marked(&work).await.unwrap();
    let again = rig.store().marks(10).await.unwrap().remove(0);
    assert!(!again.deposit.is_validated(&again.deliveries));
    rig.store().marked(&again).await.unwrap();
    assert_eq!(rig.store().marks(10).await, Ok(vec![]));
}

pub(crate) async fn a_mark_is_asked_for_again_when_sent_becomes_queued(mut rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    assert_eq!(rig.store().marks(10).await, Ok(vec![]), "nothing has changed on the file");
    rig.send_one().await;
    let work = rig.store().marks(10).await.unwrap().remove(0);
    rig.store().marked(&work).await.unwrap();
    let again = rig.store().act(id, Act::Resend, "lea", at(1)).await.unwrap();
    rig.reopen();
    assert_eq!(rig.store().marks(10).await.unwrap()[0].deliveries, [again]);
    let delivery = rig.claim_one(1).await;
    rig.dot(&delivery).await.unwrap();
    rig.finish(&delivery, sent()).await.unwrap();
    assert_eq!(rig.store().marks(10).await.unwrap().len(), 1);
}

pub(crate) async fn a_document_is_validated_when_its_other_app_is_turned_off(rig: Rig) {
    let company = rig.company().await;
    rig.decide(company.id, connect("dext")).await.unwrap();
    let mut both = deposit(company.id, "Achats/a.pdf", Origin::Found, backfill());
    let due = both.verdicts[&app("quickbooks")].clone();
    both.verdicts.insert(app("dext"), due);
    let number = rig.observe(company.id, both).await;
    let other = Candidate { app: app("dext"), ..candidate(backfill()) };
    let candidates = vec![candidate(backfill()), other];
    rig.store().queue(number, content("a"), candidates, None, at(0)).await.unwrap();
    rig.send_one().await;
    let work = rig.store().marks(10).await.unwrap().remove(0);
    assert!(!work.deposit.is_validated(&work.deliveries), "dext is owed it still");
    rig.store().marked(&work).await.unwrap();
    rig.store().turn_app_off(&app("dext"), "turned off", at(1)).await.unwrap();
    let work = rig.store().marks(10).await.unwrap().remove(0);
    assert!(work.deposit.is_validated(&work.deliveries));
}
