//! What a report does to its delivery.

use facteur::config::AfterReading;
use facteur::domain::delivery::Act;

use crate::bureau::{Bureau, TOOL, letter, report};
use crate::world::mailbox::Place;

#[tokio::test]
async fn a_document_sent_back_is_refused_and_its_mark_is_taken_back() {
    let bureau = Bureau::with_one_sent().await;
    assert_eq!(bureau.marked(), ["a.pdf"]);
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));

    bureau.office.next_round().await;

    assert_eq!(bureau.states().await, ["refused"]);
    assert_eq!(bureau.marked(), Vec::<String>::new());
    let why = bureau.office.why("Achats/a.pdf").await;
    let last = why.stories[0].events.last().unwrap();
    assert_eq!(
        (last.what.as_str(), last.because.as_str()),
        ("refused", "sent back by mx.tool.example")
    );
    assert_eq!(last.answer.as_deref(), Some("550 5.1.1 no such company"));
    assert!(why.stories[0].because.contains("no such company"), "{}", why.stories[0].because);
    assert_eq!(bureau.mailbox.places(), [Place::Moved("Lus".to_owned())]);
}

#[tokio::test]
async fn delay_and_success_only_add_a_line() {
    let bureau = Bureau::with_one_sent().await;
    for action in ["delayed", "delivered", "relayed", "expanded"] {
        bureau.mailbox.receive(report(action, TOOL, &bureau.message_id(0).await, ""));
    }
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    assert_eq!(bureau.marked(), ["a.pdf"]);
    let story = bureau.story("a.pdf").await;
    let reports = ["report_delayed", "report_delivered", "report_relayed", "report_relayed"];
    assert!(story.ends_with(&reports.map(str::to_owned)), "{story:?}");
    assert_eq!(bureau.mailbox.places().len(), 4);
}

#[tokio::test]
async fn the_same_document_goes_again_once_its_first_copy_was_sent_back() {
    let bureau = Bureau::with_one_sent().await;
    let disk = &bureau.office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/b.pdf", b"%PDF a.pdf");
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"], "b.pdf is a duplicate");
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));

    bureau.office.next_round().await;

    assert_eq!(bureau.states().await, ["refused", "sent"]);
    assert_eq!(bureau.marked(), ["b.pdf"]);
}

#[tokio::test]
async fn our_envelope_id_is_enough_where_nothing_is_given_back() {
    let bureau = Bureau::with_one_sent().await;
    let sent = bureau.office.world.post.delivered()[0].mail.envelope_id.clone();
    let envelope = format!("Original-Envelope-Id: {sent}\r\n");
    bureau.mailbox.receive(report("failed", TOOL, "", &envelope));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["refused"]);
}

#[tokio::test]
async fn a_late_report_of_an_earlier_copy_leaves_the_later_one_sent() {
    let bureau = Bureau::with_one_sent().await;
    let first = bureau.office.world.post.delivered()[0].mail.envelope_id.clone();
    bureau.office.act(Act::Resend, "1").await;
    bureau.office.next_round().await;
    let envelope = format!("Original-Envelope-Id: {first}\r\n");
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, &envelope));

    bureau.office.next_round().await;

    assert_eq!(bureau.states().await, ["sent"]);
    assert_eq!(bureau.story("a.pdf").await.last().unwrap(), "report_failed");
}

#[tokio::test]
async fn a_person_may_send_again_what_was_sent_back_and_the_old_report_stays_old() {
    let mut bureau = Bureau::with_one_sent().await;
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.next_round().await;
    bureau.office.act(Act::Retry, "1").await;
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    // The mail is put back by a person, and the server is replaced: it is the same report.
    bureau.restart_configured(|config| config.mailboxes[0].after = AfterReading::Leave).await;
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.mailbox.replace_server();
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
}

#[tokio::test]
async fn what_is_no_report_is_left_for_a_person() {
    let bureau = Bureau::with_one_sent().await;
    bureau.mailbox.receive(letter("question"));
    bureau.office.next_round().await;
    assert_eq!(bureau.mailbox.places(), [Place::Inbox]);
    assert_eq!(bureau.states().await, ["sent"]);
    assert_eq!(bureau.alarms("mail_put_aside").await, Vec::<String>::new());
}
