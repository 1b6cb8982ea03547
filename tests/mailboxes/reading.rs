//! How a mailbox is read: little, once, and on when something breaks.

use chrono::TimeDelta;

use crate::bureau::{Bureau, TOOL, letter, report};
use crate::world::mailbox::{Fault, Place};

#[tokio::test]
async fn forty_thousand_old_mails_cost_their_headers_once_and_nothing_afterwards() {
    let bureau = Bureau::with_one_sent().await;
    for number in 0..40_000 {
        bureau.mailbox.receive(letter(&format!("{number}")));
    }
    bureau.office.next_round().await;
    let (heads, fetched) = bureau.mailbox.given();
    assert_eq!((heads.len(), fetched.len()), (40_000, 0));

    bureau.office.next_round().await;
    assert_eq!(bureau.mailbox.given(), (vec![], vec![]));

    let uid = bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.next_round().await;
    assert_eq!(bureau.mailbox.given(), (vec![uid], vec![uid]));
    assert_eq!(bureau.states().await, ["refused"]);
}

#[tokio::test]
async fn a_replaced_server_gives_nothing_twice() {
    let bureau = Bureau::with_one_sent().await;
    bureau.mailbox.receive(letter("one"));
    bureau.mailbox.receive(report("delayed", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.next_round().await;
    bureau.mailbox.given();
    bureau.mailbox.replace_server();
    bureau.office.next_round().await;
    let (heads, fetched) = bureau.mailbox.given();
    assert_eq!((heads.len(), fetched.len()), (1, 0), "the report was moved away");
    let story = bureau.story("a.pdf").await;
    assert_eq!(story.iter().filter(|what| *what == "report_delayed").count(), 1);
}

#[tokio::test]
async fn one_mail_that_kills_each_session_is_put_aside_and_the_next_is_read() {
    let bureau = Bureau::with_one_sent().await;
    let message_id = bureau.message_id(0).await;
    let bad = bureau.mailbox.receive(report("failed", TOOL, "<x@y.example>", ""));
    bureau.mailbox.poison(bad);
    bureau.mailbox.receive(report("failed", TOOL, &message_id, ""));
    for _ in 0..3 {
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["sent"]);
    }
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["refused"]);
    assert_eq!(bureau.mailbox.places(), [Place::Inbox, Place::Moved("Lus".to_owned())]);
    assert_eq!(bureau.alarms("mail_put_aside").await.len(), 1);
}

#[tokio::test]
async fn odd_mails_stop_nothing() {
    let bureau = Bureau::with_one_sent().await;
    let huge = format!(
        "From: MAILER-DAEMON@x.example\r\nSubject: Undeliverable\r\n\r\n{}",
        "x".repeat(10_000_001)
    );
    let odd = [
        "",
        "\r\n\r\n",
        "From: MAILER-DAEMON\r\nContent-Type: multipart/report; boundary=\r\n\r\n--\r\n",
        &huge,
    ];
    for mail in odd {
        bureau.mailbox.receive(mail);
    }
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["refused"]);
    let (_, fetched) = bureau.mailbox.given();
    assert!(!fetched.contains(&4), "too large to be fetched");
}

#[tokio::test]
async fn a_mailbox_not_read_for_long_is_an_alarm_until_it_is_read_again() {
    let bureau = Bureau::with_one_sent().await;
    assert_eq!(bureau.alarms("mailbox").await, Vec::<String>::new());
    for _ in 0..3 {
        bureau.mailbox.fail_next(Fault::Open);
        bureau.office.next_round().await;
    }
    let alarms = bureau.alarms("mailbox").await;
    assert!(alarms.len() == 1 && alarms[0].contains("the server hung up"), "{alarms:?}");
    bureau.office.next_round().await;
    assert_eq!(bureau.alarms("mailbox").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_does_not_move_is_asked_again_and_told_of() {
    let bureau = Bureau::with_one_sent().await;
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.mailbox.fail_next(Fault::Refuse);
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["refused"]);
    assert_eq!(bureau.mailbox.places(), [Place::Inbox]);
    bureau.office.world.clock.advance(TimeDelta::minutes(31));
    assert_eq!(bureau.alarms("mailbox").await.len(), 2, "not read either meanwhile");
    bureau.office.round().await;
    assert_eq!(bureau.mailbox.places(), [Place::Moved("Lus".to_owned())]);
    assert_eq!(bureau.alarms("mailbox").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_broken_session_is_taken_up_where_it_ended() {
    for fault in [Fault::Heads, Fault::Fetch, Fault::Dispose] {
        let bureau = Bureau::with_one_sent().await;
        bureau.mailbox.receive(letter("one"));
        bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
        bureau.mailbox.fail_next(fault);
        bureau.office.next_round().await;
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["refused"]);
        assert_eq!(bureau.mailbox.places(), [Place::Inbox, Place::Moved("Lus".to_owned())]);
        let refused = bureau.story("a.pdf").await;
        assert_eq!(refused.iter().filter(|what| *what == "refused").count(), 1);
    }
}
