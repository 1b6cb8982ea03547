//! A forged report changes nothing: it must know the mail, and who really got it.

use crate::bureau::{Bureau, TOOL, report};
use crate::world::mailbox::Place;

#[tokio::test]
async fn a_forged_report_changes_nothing_and_is_shown() {
    let bureau = Bureau::with_one_sent().await;
    let message_id = bureau.message_id(0).await;
    let before = bureau.office.deliveries().await;
    let forgeries = [
        report("failed", TOOL, "<0123456789abcdef0123456789abcdef@cabinet.example>", ""),
        report("failed", TOOL, "", ""),
        report("failed", TOOL, "", "Original-Envelope-Id: 1-1\r\n"),
        report("failed", TOOL, "", "Original-Envelope-Id: 1-1-0123456789abcdef\r\n"),
        report("failed", TOOL, "", "Original-Envelope-Id: 1-1-\r\n"),
        report("failed", "martin@qbodocs.com", &message_id, ""),
        report("failed", "", &message_id, ""),
    ];
    let count = forgeries.len();
    for (index, forgery) in forgeries.into_iter().enumerate() {
        bureau.mailbox.receive(forgery.replacen(
            "Message-ID: <",
            &format!("Message-ID: <{index}."),
            1,
        ));
        bureau.office.next_round().await;
        assert_eq!(bureau.office.deliveries().await, before, "forgery {index}");
    }
    assert_eq!(bureau.marked(), ["a.pdf"]);
    assert_eq!(bureau.mailbox.places(), vec![Place::Inbox; count]);
    let alarms = bureau.alarms("mail_put_aside").await;
    assert_eq!(alarms.len(), 1, "{alarms:?}");
}

#[tokio::test]
async fn a_report_that_says_nothing_we_know_is_for_a_person_to_read() {
    let bureau = Bureau::with_one_sent().await;
    bureau.mailbox.receive(report("exploded", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.next_round().await;
    let delivery = bureau.office.deliveries().await.remove(0);
    assert_eq!((delivery.state.as_str(), delivery.answers_to_read), ("sent", 1));
    assert_eq!(bureau.marked(), ["a.pdf"]);
}

#[tokio::test]
async fn a_delivery_that_never_went_cannot_be_sent_back() {
    let bureau = Bureau::with_one_sent().await;
    let post = &bureau.office.world.post;
    post.always(crate::world::Script::Refuse("550 no"));
    bureau.office.world.disk.write("Dupont Maçonnerie/Achats/b.pdf", b"%PDF b");
    bureau.office.next_round().await;
    let before = bureau.office.deliveries().await;
    bureau.mailbox.receive(report("delivered", TOOL, &bureau.message_id(1).await, ""));
    bureau.office.next_round().await;
    assert_eq!(bureau.office.deliveries().await, before);
}

#[tokio::test]
async fn two_mails_named_by_one_report_are_neither() {
    let bureau = Bureau::with_one_sent().await;
    bureau.send("b.pdf").await;
    let other = bureau.office.world.post.delivered()[1].mail.envelope_id.clone();
    let envelope = format!("Original-Envelope-Id: {other}\r\n");
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, &envelope));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent", "sent"]);
}
