//! Proof: a copy of a mail settles a doubt; its absence proves nothing, and the policy rules.

use facteur::config::AfterReading;
use facteur::domain::delivery::Act;
use facteur::domain::profile::{AppId, InDoubtPolicy};

use crate::bureau::{BOT, Bureau, TOOL, WITNESS, report};
use crate::world::Script;
use crate::world::mailbox::{Fault, Place};

/// Doubts are sent again by the app's policy.
async fn resending(mut bureau: Bureau) -> Bureau {
    let quickbooks = AppId::parse("quickbooks").unwrap();
    bureau
        .restart_configured(|config| {
            config.apps.get_mut(&quickbooks).unwrap().in_doubt = InDoubtPolicy::Resend;
        })
        .await;
    bureau
}

async fn witnessed() -> Bureau {
    Bureau::new(AfterReading::Move("Lus".to_owned())).await.with_witness().await
}

#[tokio::test]
async fn a_copy_at_the_witness_settles_a_doubt_as_sent() {
    let bureau = witnessed().await;
    bureau.doubt("a.pdf").await;
    assert_eq!(bureau.marked(), Vec::<String>::new());
    bureau.mailbox.receive(bureau.witnessed(0));

    bureau.office.next_round().await;

    assert_eq!(bureau.states().await, ["sent"]);
    assert_eq!(bureau.marked(), ["a.pdf"]);
    let why = bureau.office.why("Achats/a.pdf").await;
    let last = why.stories[0].events.last().unwrap();
    assert_eq!(last.because, format!("proven by a copy in {BOT}"));
    assert_eq!(bureau.mailbox.places(), [Place::Moved("Lus".to_owned())]);
    assert_eq!(bureau.mailbox.given().1, Vec::<u32>::new(), "its headers suffice");
}

#[tokio::test]
async fn a_copy_where_the_server_keeps_what_was_sent_does_as_well() {
    let bureau = Bureau::new(AfterReading::Leave).await.with_sent_folder().await;
    bureau.doubt("a.pdf").await;
    let sent = bureau.sent.clone().unwrap();
    sent.receive("From: lea@cabinet.example\r\nTo: x@y.example\r\nMessage-ID: <1@y>\r\n\r\nHi\r\n");
    sent.receive(bureau.copy(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    let why = bureau.office.why("Achats/a.pdf").await;
    let last = why.stories[0].events.last().unwrap();
    assert_eq!(last.because, format!("proven by a copy in {BOT} (Sent)"));
    assert_eq!(sent.places(), [Place::Inbox, Place::Inbox]);
    assert_eq!(sent.given().1, Vec::<u32>::new());
}

#[tokio::test]
async fn each_mail_has_its_witness_and_a_rehearsal_has_none() {
    let bureau = witnessed().await;
    bureau.send("a.pdf").await;
    let mut office = bureau.office;
    let moi = facteur::domain::template::Address::parse("moi@cabinet.example").unwrap();
    office.restart_configured(|config| config.mail.redirect_to = Some(moi)).await;
    office.world.disk.write("Dupont Maçonnerie/Achats/b.pdf", b"%PDF b");
    office.next_round().await;
    let sent = office.world.post.delivered().into_iter();
    let witnesses: Vec<_> = sent.map(|sent| sent.mail.witness.map(String::from)).collect();
    assert_eq!(witnesses, [Some(WITNESS.to_owned()), None]);
}

#[tokio::test]
async fn copies_of_what_was_sent_are_put_away_and_told_of_nowhere() {
    let bureau = witnessed().await;
    bureau.send("a.pdf").await;
    let before = bureau.story("a.pdf").await;
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.story("a.pdf").await, before);
    assert_eq!(bureau.mailbox.places(), vec![Place::Moved("Lus".to_owned()); 2]);
}

#[tokio::test]
async fn what_only_looks_like_a_copy_settles_nothing() {
    let bureau = witnessed().await;
    bureau.doubt("a.pdf").await;
    let copy = bureau.witnessed(0);
    let message_id = bureau.message_id(0).await;
    let path = "Return-Path: <quickbooks+dupont-maconnerie@cabinet.example>";
    for forgery in [
        copy.replace(&message_id, "<0123456789abcdef0123456789abcdef@cabinet.example>"),
        copy.replace(&format!("To: {TOOL}"), "To: martin@qbodocs.com"),
        copy.replace("From: \"Cabinet Exemple\" <quickbooks", "From: <x"),
        copy.replace("Auto-Submitted: auto-generated\r\n", ""),
        copy.replace(path, "Return-Path: <>"),
    ] {
        assert_ne!(forgery, copy);
        bureau.mailbox.receive(forgery);
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["in_doubt"]);
    }
}

#[tokio::test]
async fn without_proof_the_policy_rules_when_its_time_is_over_and_the_story_says_so() {
    let bureau = resending(witnessed().await).await;
    bureau.doubt("a.pdf").await;
    for _ in 0..3 {
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["in_doubt"], "it waits for proof");
    }
    bureau.office.next_round().await;
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    let story = bureau.story("a.pdf").await;
    assert!(
        story.ends_with(&["no_proof", "queued", "sending", "sent"].map(str::to_owned)),
        "{story:?}"
    );
    let why = bureau.office.why("Achats/a.pdf").await;
    let line = why.stories[0].events.iter().find(|event| event.what == "no_proof").unwrap();
    assert!(line.because.contains("within 60 minutes, and that proves nothing"), "{line:?}");
}

#[tokio::test]
async fn a_mailbox_that_was_not_read_says_nothing_about_absence() {
    let bureau = resending(witnessed().await).await;
    bureau.doubt("a.pdf").await;
    for _ in 0..8 {
        bureau.mailbox.fail_next(Fault::Open);
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["in_doubt"]);
    }
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    assert_eq!(bureau.office.world.post.delivered().len(), 1);
}

#[tokio::test]
async fn a_policy_that_holds_says_once_that_nothing_came() {
    let bureau = witnessed().await;
    bureau.doubt("a.pdf").await;
    for _ in 0..8 {
        bureau.office.next_round().await;
    }
    assert_eq!(bureau.states().await, ["in_doubt"]);
    let story = bureau.story("a.pdf").await;
    assert_eq!(story.iter().filter(|what| *what == "no_proof").count(), 1, "{story:?}");
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"], "late proof is proof");
}

#[tokio::test]
async fn proof_that_comes_before_the_second_copy_left_keeps_it_back() {
    let bureau = witnessed().await;
    bureau.doubt("a.pdf").await;
    bureau.office.world.post.always(Script::Unreachable("no route"));
    bureau.office.act(Act::Resend, "1").await;
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["queued"]);
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    bureau.office.world.post.always(Script::Accept);
    bureau.office.next_round().await;
    assert_eq!(bureau.office.world.post.delivered().len(), 1);
}

#[tokio::test]
async fn proof_that_comes_after_the_second_copy_left_tells_of_two() {
    let bureau = witnessed().await;
    bureau.doubt("a.pdf").await;
    bureau.office.act(Act::Resend, "1").await;
    bureau.office.next_round().await;
    bureau.mailbox.receive(bureau.witnessed(1));
    bureau.office.next_round().await;
    assert_eq!(bureau.story("a.pdf").await.last().unwrap(), "sent");
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"]);
    assert_eq!(bureau.story("a.pdf").await.last().unwrap(), "copy_found");
}

#[tokio::test]
async fn a_mail_that_was_sent_back_is_not_proven_by_its_old_copy() {
    let bureau = witnessed().await;
    bureau.send("a.pdf").await;
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.next_round().await;
    bureau.office.world.post.next(Script::DropAfterDotNotKept);
    bureau.office.act(Act::Retry, "1").await;
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["in_doubt"]);
    bureau.mailbox.receive(bureau.witnessed(0));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["in_doubt"]);
}

#[tokio::test]
async fn a_replaced_server_proves_nothing_twice() {
    let bureau = Bureau::new(AfterReading::Leave).await.with_witness().await;
    bureau.doubt("a.pdf").await;
    bureau.office.act(Act::Resend, "1").await;
    bureau.office.next_round().await;
    bureau.mailbox.receive(bureau.witnessed(1));
    for _ in 0..3 {
        bureau.office.next_round().await;
        bureau.mailbox.replace_server();
    }
    assert_eq!(bureau.story("a.pdf").await.last().unwrap(), "sent");
}
