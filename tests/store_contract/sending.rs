//! Claims, dots and reports.

use std::collections::BTreeMap;

use facteur::domain::company::{CompanyHold, CompanyHoldReason};
use facteur::domain::decision::Decision;
use facteur::domain::delivery::{Act, Finish, State};
use facteur::domain::deposit::{Deposit, Origin};
use facteur::ports::store::{ClaimRules, PutOff, Rate, Store as _, StoreError};

use crate::rig::{NO_LIMIT, Rig, app, at, backfill, candidate, connect, content, deposit, rules};
use crate::rig::{path, rules_of, sent, step_refused, turn};

pub(crate) async fn a_delivery_is_claimed_by_one_sender(rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    let (one, other) = tokio::join!(rig.claim(0), rig.claim(0));
    let claimed: Vec<_> = one.into_iter().chain(other).map(|delivery| delivery.id).collect();
    assert_eq!(claimed, [id]);
    assert!(rig.claim(0).await.is_empty());
}

pub(crate) async fn an_old_attempt_finishes_nothing(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let first = rig.claim_one(0).await;
    let again = Finish::Requeued { because: "busy".to_owned(), due_at: at(0) };
    rig.finish(&first, again).await.unwrap();
    let second = rig.claim_one(0).await;
    assert_eq!(second.attempt, 2);
    let late = step_refused(rig.finish(&first, sent()).await);
    assert_eq!(late, "attempt 1 is over: attempt 2 has begun");
    assert_eq!(step_refused(rig.dot(&first).await), late);
    assert!(rig.delivery(first.id).await.leased);
}

pub(crate) async fn a_report_may_be_repeated(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let delivery = rig.claim_one(0).await;
    rig.dot(&delivery).await.unwrap();
    let once = rig.finish(&delivery, sent()).await.unwrap();
    assert_eq!(rig.finish(&delivery, sent()).await, Ok(once));
    let refused = Finish::Refused { answer: "550 no".to_owned() };
    assert_eq!(step_refused(rig.finish(&delivery, refused).await), "it is sent");
    assert_eq!(rig.store().counts().await.unwrap()[&State::Sent], 1);
}

pub(crate) async fn a_cancelled_delivery_gets_no_dot(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let delivery = rig.claim_one(0).await;
    rig.store().act(delivery.id, Act::Cancel, "lea", at(1)).await.unwrap();
    assert_eq!(step_refused(rig.dot(&delivery).await), "it is cancelled");
    assert_eq!(rig.delivery(delivery.id).await.state, State::Cancelled);
}

pub(crate) async fn a_switch_turned_off_stops_the_dot(rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    let delivery = rig.claim_one(0).await;
    assert_eq!(rig.decide(company.id, turn("Achats", false)).await, Ok(vec![id]));
    assert_eq!(step_refused(rig.dot(&delivery).await), "it is cancelled");
    let events = rig.delivery(id).await.events;
    assert_eq!(events.last().unwrap().because, "switch by lea");
}

pub(crate) async fn a_document_moved_under_an_exception_gets_no_dot(rig: Rig) {
    let company = rig.company().await;
    rig.decide(company.id, turn("Achats/Privé", false)).await.unwrap();
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    let delivery = rig.claim_one(0).await;
    let seen = rig.store().deposit(delivery.deposit).await.unwrap().unwrap();
    rig.observe(company.id, Deposit { path: path("Achats/Privé/a.pdf"), ..seen }).await;
    assert_eq!(rig.dot(&delivery).await, Err(StoreError::Conflict));
    let because = "stopped at its dot".to_owned();
    rig.finish(&delivery, Finish::Requeued { because, due_at: at(0) }).await.unwrap();
    assert!(rig.claim(0).await.is_empty(), "it is shown instead of being tried for ever");
    assert_eq!(rig.delivery(id).await.state, State::Cancelled);
}

pub(crate) async fn a_held_company_stops_claims_and_dots(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let delivery = rig.claim_one(0).await;
    rig.queued(company.id, "Achats/b.pdf").await;
    let hold = CompanyHold {
        reason: CompanyHoldReason::RootChanged,
        since: at(0),
        message: "another disk".to_owned(),
    };
    rig.store().hold(company.id, Some(hold)).await.unwrap();
    assert_eq!(rig.dot(&delivery).await, Err(StoreError::Conflict));
    assert!(rig.claim(0).await.is_empty());
    assert_eq!(rig.store().next_due(&rules(), at(0)).await, Ok(None));
    rig.store().hold(company.id, None).await.unwrap();
    assert_eq!(rig.dot(&delivery).await, Ok(()));
    assert_eq!(rig.claim(0).await.len(), 1);
}

pub(crate) async fn a_late_250_settles_a_doubt(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let delivery = rig.claim_one(0).await;
    rig.dot(&delivery).await.unwrap();
    let lost = Finish::InDoubt { answer: "connection reset".to_owned() };
    assert_eq!(rig.finish(&delivery, lost).await.unwrap().state, State::InDoubt);
    assert_eq!(rig.finish(&delivery, sent()).await.unwrap().state, State::Sent);
}

pub(crate) async fn a_late_250_of_an_attempt_that_is_over_settles_nothing(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let first = rig.claim_one(0).await;
    rig.dot(&first).await.unwrap();
    let lost = Finish::InDoubt { answer: "connection reset".to_owned() };
    rig.finish(&first, lost).await.unwrap();
    rig.store().act(first.id, Act::SettleNotSent, "lea", at(1)).await.unwrap();
    let second = rig.claim_one(1).await;
    let late = step_refused(rig.finish(&first, sent()).await);
    assert_eq!(late, "attempt 1 is over: attempt 2 has begun");
    assert_eq!(second.message_id, first.message_id);
}

pub(crate) async fn after_a_restart_leases_are_free_and_sending_is_in_doubt(mut rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    let passed = rig.claim_one(0).await;
    rig.dot(&passed).await.unwrap();
    rig.queued(company.id, "Achats/b.pdf").await;
    let leased = rig.claim_one(0).await;
    rig.reopen();
    assert_eq!(rig.store().recover(at(5)).await, Ok(vec![passed.id]));
    assert_eq!(rig.delivery(passed.id).await.state, State::InDoubt);
    assert_eq!(rig.claim_one(5).await.id, leased.id);
    assert_eq!(rig.store().counts().await.unwrap()[&State::Sending], 0);
}

pub(crate) async fn an_apps_limit_outlives_a_restart(mut rig: Rig) {
    let company = rig.company().await;
    for name in ["a", "b", "c"] {
        rig.queued(company.id, &format!("Achats/{name}.pdf")).await;
    }
    let rate = Rate { per_hour_max: 2, per_day_max: 0 };
    let claimed = rig.store().claim(&rules_of(rate), 10, at(0)).await.unwrap();
    assert_eq!(claimed.len(), 2, "as many as may still go");
    for delivery in &claimed {
        rig.store().dot(delivery.id, delivery.attempt, rate, at(0)).await.unwrap();
        rig.finish(delivery, sent()).await.unwrap();
    }
    rig.reopen();
    assert_eq!(rig.store().claim(&rules_of(rate), 10, at(60)).await, Ok(vec![]));
    let free_at = rig.store().next_due(&rules_of(rate), at(60)).await.unwrap().unwrap();
    assert_eq!(free_at, at(3600));
    let third = rig.claim_one(60).await;
    let dot = rig.store().dot(third.id, third.attempt, rate, at(60)).await;
    assert_eq!(dot, Err(StoreError::OverLimit(free_at)));
    let later = rig.store().dot(third.id, third.attempt, rate, free_at).await;
    assert_eq!(later, Ok(()));
}

pub(crate) async fn a_server_that_is_put_off_is_tried_with_one_delivery(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    rig.queued(company.id, "Achats/b.pdf").await;
    let put_off = PutOff {
        destination: "outbox".to_owned(),
        since: at(0),
        until: at(60),
        failures: 1,
        answer: "no route".to_owned(),
    };
    rig.store().put_off("outbox", Some(put_off.clone())).await.unwrap();
    assert_eq!(rig.store().put_offs().await, Ok(vec![put_off]));
    assert!(rig.claim(59).await.is_empty());
    assert_eq!(rig.store().next_due(&rules(), at(59)).await, Ok(Some(at(60))));
    let probe = rig.claim_one(60).await;
    assert!(rig.claim(61).await.is_empty(), "one is on its way");
    assert_eq!(rig.store().next_due(&rules(), at(61)).await, Ok(None));
    rig.dot(&probe).await.unwrap();
    rig.finish(&probe, sent()).await.unwrap();
    rig.store().put_off("outbox", None).await.unwrap();
    assert_eq!(rig.claim(61).await.len(), 1);
    assert_eq!(rig.store().put_offs().await, Ok(vec![]));
}

pub(crate) async fn the_oldest_due_of_enabled_apps_is_claimed_first(rig: Rig) {
    let company = rig.company().await;
    rig.decide(company.id, connect("dext")).await.unwrap();
    let first = rig.queued(company.id, "Achats/a.pdf").await;
    let second = rig.queued(company.id, "Achats/b.pdf").await;
    let claimed = rig.store().claim(&rules(), 1, at(0)).await.unwrap();
    assert_eq!(claimed[0].id, first);
    let put_off = Finish::Deferred { answer: "451 later".to_owned(), due_at: at(600) };
    rig.finish(&claimed[0], put_off).await.unwrap();
    let nobody = ClaimRules { destination: "outbox".to_owned(), rates: BTreeMap::new() };
    assert!(rig.store().claim(&nobody, 10, at(0)).await.unwrap().is_empty());
    assert_eq!(rig.claim_one(0).await.id, second);
    assert_eq!(rig.store().next_due(&rules(), at(0)).await, Ok(Some(at(600))));
    assert!(rig.claim(599).await.is_empty());
    assert_eq!(rig.claim_one(600).await.id, first);
}

pub(crate) async fn a_dot_may_be_repeated_and_counts_once(rig: Rig) {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    rig.queued(company.id, "Achats/b.pdf").await;
    let rate = Rate { per_hour_max: 2, per_day_max: 5 };
    for delivery in rig.claim(0).await {
        for _ in 0..2 {
            rig.store().dot(delivery.id, delivery.attempt, rate, at(0)).await.unwrap();
        }
    }
}

pub(crate) async fn a_cancelled_delivery_goes_when_a_person_says_so(rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    rig.decide(company.id, turn("Achats", false)).await.unwrap();
    assert_eq!(rig.delivery(id).await.state, State::Cancelled);
    rig.store().act(id, Act::Retry, "lea", at(1)).await.unwrap();
    rig.decide(company.id, turn("Ventes", true)).await.unwrap();
    let delivery = rig.claim_one(1).await;
    rig.dot(&delivery).await.unwrap();
    assert_eq!(rig.finish(&delivery, sent()).await.unwrap().state, State::Sent);
}

pub(crate) async fn a_person_cannot_queue_without_a_connection(rig: Rig) {
    let company = rig.company().await;
    let number = rig.observe(company.id, deposit(company.id, "x.pdf", Origin::Found, backfill()));
    let number = number.await;
    let candidates = vec![candidate(backfill())];
    rig.store().queue(number, content("x"), candidates, None, at(0)).await.unwrap();
    let id = rig.claim_one(0).await.id;
    let gone = Decision::Disconnect { app: app("quickbooks") };
    assert_eq!(rig.decide(company.id, gone).await, Ok(vec![id]));
    let retried = rig.store().act(id, Act::Retry, "lea", at(1)).await;
    let missing = "a connection to `quickbooks`".to_owned();
    assert_eq!(retried, Err(StoreError::NotFound(missing)));
    assert_eq!(rig.delivery(id).await.state, State::Cancelled);
    let dot = rig.store().dot(id, 1, NO_LIMIT, at(1)).await;
    assert_eq!(step_refused(dot), "it is cancelled");
}

pub(crate) async fn those_on_their_way_count_for_the_limit(rig: Rig) {
    let company = rig.company().await;
    for name in ["a", "b", "c"] {
        rig.queued(company.id, &format!("Achats/{name}.pdf")).await;
    }
    let rules = rules_of(Rate { per_hour_max: 0, per_day_max: 2 });
    assert_eq!(rig.store().claim(&rules, 1, at(0)).await.unwrap().len(), 1);
    assert_eq!(rig.store().claim(&rules, 10, at(0)).await.unwrap().len(), 1);
    assert_eq!(rig.store().claim(&rules, 10, at(0)).await.unwrap().len(), 0);
}

pub(crate) async fn what_a_person_queued_is_the_switchs_again_once_cancelled(rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/Perso/a.pdf").await;
    rig.decide(company.id, turn("Achats/Perso", false)).await.unwrap();
    rig.store().act(id, Act::Retry, "lea", at(1)).await.unwrap();
    rig.store().act(id, Act::Cancel, "lea", at(2)).await.unwrap();
    let folder = path("Achats/Perso");
    rig.decide(company.id, Decision::Clear { app: app("quickbooks"), folder }).await.unwrap();
    rig.store().act(id, Act::Retry, "lea", at(3)).await.unwrap();
    assert_eq!(rig.decide(company.id, turn("Achats", false)).await, Ok(vec![id]));
}
