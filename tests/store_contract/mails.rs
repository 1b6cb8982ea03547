//! Mailboxes: cursors, the identities of mails, and what reports change.

use facteur::domain::delivery::{
    Act, Delivery, DeliveryId, Finish, Proof, Reported, Source, State,
};
use facteur::domain::deposit::Verdict;
use facteur::domain::mail::mailbox::{Cursor, MailOutcome, MailRecord};
use facteur::domain::mail::received::{Head, Headers, MailIdentity};
use facteur::domain::mail::report::ReportedFate;
use facteur::ports::mails::{MailEffect, MailLedger as _, TakenMail};
use facteur::ports::store::{Store as _, StoreError};

use crate::rig::{Rig, at};

const BOT: &str = "quickbooks@cabinet.example";

fn place(uid: u32) -> Cursor {
    Cursor { validity: 3, uid }
}

fn mail(uid: u32, subject: &str, outcome: MailOutcome) -> TakenMail {
    let headers = Headers(vec![("Subject".to_owned(), subject.to_owned())]);
    let head = MailIdentity::of_head(&Head { uid, size: 1, headers });
    let record = MailRecord {
        number: 0,
        mailbox: BOT.to_owned(),
        place: place(uid),
        head,
        content: None,
        size: 1,
        from: String::new(),
        date: String::new(),
        subject: subject.to_owned(),
        message_id: String::new(),
        owed: outcome.is_done(),
        outcome,
        at: at(0),
    };
    TakenMail { record, effect: None }
}

fn report(uid: u32, subject: &str, id: DeliveryId, fate: ReportedFate) -> TakenMail {
    let outcome = MailOutcome::Answered { delivery: id, fate };
    let reported = Reported {
        source: Source::Server,
        fate,
        attempt: None,
        because: "550 no".to_owned(),
        reporter: None,
    };
    TakenMail { effect: Some(MailEffect::Reported(id, reported)), ..mail(uid, subject, outcome) }
}

async fn take(rig: &Rig, mails: Vec<TakenMail>) -> Vec<MailRecord> {
    let uid = mails.iter().map(|mail| mail.record.place.uid).max().unwrap_or_default();
    rig.store().take_mails(BOT, place(uid), mails, at(1)).await.unwrap()
}

fn steps(delivery: &Delivery, what: &str) -> usize {
    delivery.events.iter().filter(|event| event.what == what).count()
}

async fn sent(rig: &Rig) -> DeliveryId {
    let company = rig.company().await;
    rig.queued(company.id, "Achats/a.pdf").await;
    rig.send_one().await
}

pub(crate) async fn a_report_and_its_mail_are_one_transaction(mut rig: Rig) {
    let id = sent(&rig).await;
    let delivery = rig.delivery(id).await;
    let found = rig.store().delivery_of_message(&delivery.message_id).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(id));
    assert_eq!(rig.store().delivery_of_message("<x@y.example>").await, Ok(None));

    let taken = take(&rig, vec![report(5, "a", id, ReportedFate::Failed)]).await;

    rig.reopen();
    let after = rig.delivery(id).await;
    assert_eq!((after.state, after.last_answer.as_deref()), (State::Refused, Some("550 no")));
    assert_eq!(rig.store().mailbox(BOT).await.unwrap().unwrap().cursor, place(5));
    let known = rig.store().known_mail(&taken[0].head).await.unwrap();
    assert_eq!(known.as_ref(), Some(&taken[0]));
    assert_eq!(rig.store().mails(10).await.unwrap(), taken);
}

pub(crate) async fn the_same_mail_changes_nothing_twice(rig: Rig) {
    let id = sent(&rig).await;
    let first = take(&rig, vec![report(5, "a", id, ReportedFate::Delayed)]).await;
    rig.store().mail_disposed(first[0].number).await.unwrap();
    let again = take(&rig, vec![report(9, "a", id, ReportedFate::Delayed)]).await;
    assert_eq!(steps(&rig.delivery(id).await, "report_delayed"), 1);
    assert_eq!((again[0].number, again[0].place, again[0].owed), (1, place(9), true));
    assert_eq!(rig.store().mails(10).await.unwrap().len(), 1);
    take(&rig, vec![report(10, "another", id, ReportedFate::Delayed)]).await;
    assert_eq!(steps(&rig.delivery(id).await, "report_delayed"), 2);
}

pub(crate) async fn a_report_of_what_was_never_sent_is_unmatched(rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    let before = rig.delivery(id).await;
    let taken = take(&rig, vec![report(5, "a", id, ReportedFate::Failed)]).await;
    assert!(matches!(taken[0].outcome, MailOutcome::Unmatched { .. }) && !taken[0].owed);
    assert_eq!(rig.delivery(id).await, before);
}

pub(crate) async fn a_report_refused_frees_the_content_and_promotes(rig: Rig) {
    let company = rig.company().await;
    let first = rig.deposit(company.id, "Achats/a.pdf").await;
    let second = rig.deposit(company.id, "Achats/b.pdf").await;
    rig.queue(first, "same").await;
    assert!(matches!(rig.queue(second, "same").await, Verdict::Duplicate(_)));
    let id = rig.send_one().await;
    take(&rig, vec![report(5, "a", id, ReportedFate::Failed)]).await;
    assert!(matches!(rig.verdict(second).await, Verdict::Queued(other) if other != id));
    let marks = facteur::ports::store::Store::marks(rig.store(), 10).await.unwrap();
    assert!(marks.iter().any(|work| work.deposit.number == first), "its mark is taken back");
}

pub(crate) async fn what_the_server_is_owed_is_kept_until_it_was_told(mut rig: Rig) {
    let id = sent(&rig).await;
    let mails = vec![
        report(5, "a", id, ReportedFate::Delayed),
        mail(6, "letter", MailOutcome::Unread),
        report(7, "b", id, ReportedFate::Delivered),
    ];
    let taken = take(&rig, mails).await;
    rig.reopen();
    let owed = rig.store().owed_mails(BOT, 10).await.unwrap();
    assert_eq!(owed, [taken[0].clone(), taken[2].clone()]);
    assert_eq!(rig.store().owed_mails(BOT, 1).await.unwrap().len(), 1);
    assert_eq!(rig.store().owed_mails("compta@cabinet.example", 10).await, Ok(vec![]));
    for mail in owed {
        rig.store().mail_disposed(mail.number).await.unwrap();
        rig.store().mail_disposed(mail.number).await.unwrap();
    }
    assert_eq!(rig.store().owed_mails(BOT, 10).await, Ok(vec![]));
}

pub(crate) async fn mails_put_aside_are_listed_newest_first(rig: Rig) {
    let odd = |because: &str| MailOutcome::Odd { because: because.to_owned() };
    let forged = MailOutcome::Unmatched { because: "forged".to_owned() };
    let mails =
        vec![mail(1, "a", odd("x")), mail(2, "b", MailOutcome::Unread), mail(3, "c", forged)];
    take(&rig, mails).await;
    let aside = rig.store().mails_put_aside(10).await.unwrap();
    let subjects: Vec<&str> = aside.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["c", "a"]);
}

pub(crate) async fn a_mailbox_remembers_how_far_it_was_read_and_what_stops_it(mut rig: Rig) {
    let store = rig.store();
    assert_eq!(store.mailbox(BOT).await, Ok(None));
    store.mailbox_failed(BOT, "no answer", None, at(1)).await.unwrap();
    store.mailbox_failed(BOT, "hung up", Some(7), at(2)).await.unwrap();
    store.mailbox_failed(BOT, "hung up", Some(7), at(3)).await.unwrap();
    rig.reopen();
    let record = rig.store().mailbox(BOT).await.unwrap().unwrap();
    assert!(!record.gives_up_on(7));
    assert_eq!((record.silent_since(), record.known_since), (at(1), at(1)));
    rig.store().mailbox_failed(BOT, "hung up", Some(7), at(4)).await.unwrap();
    let record = rig.store().mailbox(BOT).await.unwrap().unwrap();
    assert!(record.gives_up_on(7) && !record.gives_up_on(8));
    assert_eq!(record.failing.unwrap().since, at(1));
    rig.store().mailbox_read(BOT, place(9), at(5)).await.unwrap();
    let record = rig.store().mailbox(BOT).await.unwrap().unwrap();
    assert_eq!((record.cursor, record.read_at, record.failing), (place(9), Some(at(5)), None));
}

pub(crate) async fn nobody_is_promoted_while_the_tool_has_a_copy(mut rig: Rig) {
    let company = rig.company().await;
    for place in ["Achats/a.pdf", "Achats/b.pdf"] {
        let number = rig.deposit(company.id, place).await;
        rig.queue(number, "same").await;
    }
    let original = rig.send_one().await;
    rig.store().act(original, Act::Resend, "lea", at(1)).await.unwrap();
    let again = rig.claim_one(1).await;
    rig.dot(&again).await.unwrap();
    let refused = Finish::Refused { answer: "550 again?".to_owned() };
    assert_eq!(rig.finish(&again, refused).await.unwrap().state, State::Refused);
    rig.reopen();
    assert_eq!(rig.verdict(2).await, Verdict::Duplicate(original), "the first copy is there");

    let mut back = report(5, "a", original, ReportedFate::Failed);
    let Some(MailEffect::Reported(_, reported)) = &mut back.effect else { panic!("a report") };
    reported.attempt = Some(1);
    take(&rig, vec![back]).await;

    let Verdict::Queued(promoted) = rig.verdict(2).await else { panic!("nothing is there now") };
    assert_eq!(rig.claim_one(1).await.id, promoted);
}

pub(crate) async fn a_copy_settles_a_doubt_and_is_kept_with_its_delivery(mut rig: Rig) {
    let company = rig.company().await;
    let id = rig.queued(company.id, "Achats/a.pdf").await;
    let claimed = rig.claim_one(1).await;
    rig.dot(&claimed).await.unwrap();
    let lost = Finish::InDoubt { answer: "connection reset".to_owned() };
    rig.finish(&claimed, lost).await.unwrap();
    for _ in 0..2 {
        let told = rig.store().unproven(id, "no proof came", at(60)).await.unwrap();
        assert_eq!((told.state, steps(&told, "no_proof")), (State::InDoubt, 1));
    }

    let proof = Proof { by: "a copy".to_owned(), attempt: Some(1), at: at(61) };
    let outcome = MailOutcome::Copy { delivery: id };
    let copy = |uid| TakenMail {
        effect: Some(MailEffect::Proven(id, proof.clone())),
        ..mail(uid, "copy", outcome.clone())
    };
    take(&rig, vec![copy(1), copy(2)]).await;
    rig.reopen();

    let delivery = rig.delivery(id).await;
    assert_eq!((delivery.state, delivery.proofs), (State::Sent, vec![proof]), "known, once");
    let over = rig.store().unproven(id, "no proof came", at(62)).await;
    assert!(matches!(over, Err(StoreError::Step(_))), "{over:?}");
}
