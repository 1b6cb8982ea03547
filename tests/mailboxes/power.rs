//! The power goes before and after every effect of reading a mailbox.

use facteur::app::requests::{Ask, Outcome};

use facteur::config::AfterReading;
use facteur::domain::profile::{AppId, InDoubtPolicy};

use crate::bureau::{Bureau, TOOL, letter, report};
use crate::corpus;
use crate::world::Stop;
use crate::world::mailbox::Place;

async fn with_mail() -> Bureau {
    let bureau = Bureau::with_one_sent().await;
    bureau.send("b.pdf").await;
    bureau.mailbox.receive(letter("one"));
    bureau.mailbox.receive(report("delayed", TOOL, &bureau.message_id(0).await, ""));
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.mailbox.receive(report("failed", TOOL, "<forged@cabinet.example>", ""));
    bureau.mailbox.receive(report("delivered", TOOL, &bureau.message_id(1).await, ""));
    bureau.office.world.power.count_from_here();
    bureau
}

async fn check(bureau: &Bureau, stop: Option<Stop>) {
    assert_eq!(bureau.states().await, ["refused", "sent"], "{stop:?}");
    assert_eq!(bureau.marked(), ["b.pdf"], "{stop:?}");
    let moved = || Place::Moved("Lus".to_owned());
    let places = [Place::Inbox, moved(), moved(), Place::Inbox, moved()];
    assert_eq!(bureau.mailbox.places(), places, "{stop:?}");
    for (name, what) in
        [("a.pdf", "report_delayed"), ("a.pdf", "refused"), ("b.pdf", "report_delivered")]
    {
        let story = bureau.story(name).await;
        let times = story.iter().filter(|step| *step == what).count();
        assert_eq!(times, 1, "{stop:?}: {what}: {story:?}");
    }
}

#[tokio::test]
async fn a_loss_of_power_at_any_effect_applies_no_report_twice_and_moves_none_too_early() {
    let whole = with_mail().await;
    whole.office.next_round().await;
    check(&whole, None).await;
    let effects = whole.office.world.power.effects();
    assert!(effects.iter().filter(|effect| **effect == "dispose").count() == 3, "{effects:?}");
    for stop in Stop::each_of(effects.len()) {
        let mut bureau = with_mail().await;
        bureau.office.world.clock.advance(chrono::TimeDelta::minutes(15));
        bureau.office.world.power.stop_at(stop.effect, stop.when);
        let reply = bureau.office.ask(Ask::Round { dry_run: false }).await;
        assert!(!matches!(reply.outcome, Outcome::WrongWords(_)), "{stop:?}");
        moved_is_durable(&mut bureau, stop).await;
        bureau.office.next_round().await;
        bureau.office.next_round().await;
        check(&bureau, Some(stop)).await;
    }
}

/// One in doubt with its copy, one that its tool refuses, one it writes about.
async fn with_proof_and_answers() -> Bureau {
    let mut bureau = corpus::bureau().await.with_witness().await;
    let moved = AfterReading::Move("Lus".to_owned());
    bureau.restart_configured(|config| config.mailboxes[0].after = moved).await;
    bureau.doubt("c.pdf").await;
    bureau.mailbox.receive(bureau.witnessed(2));
    for name in ["tool_received", "quickbooks_unknown_words", "tool_refused_in_french"] {
        bureau.mailbox.receive(corpus::sample(&bureau, name).await);
    }
    bureau.office.world.power.count_from_here();
    bureau
}

async fn check_answered(bureau: &Bureau, stop: Option<Stop>) {
    assert_eq!(bureau.states().await, ["refused", "sent", "sent"], "{stop:?}");
    assert_eq!(bureau.marked(), ["avoir.pdf", "c.pdf"], "{stop:?}");
    let moved = || Place::Moved("Lus".to_owned());
    let places = [moved(), moved(), Place::Inbox, moved()];
    assert_eq!(bureau.mailbox.places(), places, "{stop:?}");
    for (name, what) in [
        ("facture 2026-031.pdf", "tool_processed"),
        ("facture 2026-031.pdf", "answer_to_read"),
        ("facture 2026-031.pdf", "refused"),
        ("c.pdf", "sent"),
    ] {
        let story = bureau.story(name).await;
        let times = story.iter().filter(|step| *step == what).count();
        assert_eq!(times, 1, "{stop:?}: {what}: {story:?}");
    }
    assert_eq!(bureau.office.world.post.delivered().len(), 3, "{stop:?}");
}

#[tokio::test]
async fn a_loss_of_power_at_any_effect_proves_and_answers_once() {
    let whole = with_proof_and_answers().await;
    whole.office.next_round().await;
    check_answered(&whole, None).await;
    let effects = whole.office.world.power.effects();
    assert!(effects.iter().filter(|effect| **effect == "dispose").count() == 3, "{effects:?}");
    for stop in Stop::each_of(effects.len()) {
        let mut bureau = with_proof_and_answers().await;
        bureau.office.world.clock.advance(chrono::TimeDelta::minutes(15));
        bureau.office.world.power.stop_at(stop.effect, stop.when);
        let reply = bureau.office.ask(Ask::Round { dry_run: false }).await;
        assert!(!matches!(reply.outcome, Outcome::WrongWords(_)), "{stop:?}");
        bureau.office.world.power.restore();
        bureau.restart().await;
        if bureau.mailbox.places()[0] != Place::Inbox {
            assert_eq!(bureau.states().await[2], "sent", "{stop:?}");
        }
        bureau.office.next_round().await;
        bureau.office.next_round().await;
        check_answered(&bureau, Some(stop)).await;
    }
}

/// Sent again by policy once its time is over, and proven at that very moment.
#[tokio::test]
async fn a_loss_of_power_at_the_end_of_the_wait_says_so_once_and_sends_once_more() {
    let waited = || async {
        let mut bureau = Bureau::new(AfterReading::Leave).await.with_witness().await;
        let quickbooks = AppId::parse("quickbooks").unwrap();
        bureau
            .restart_configured(|config| {
                let profile = config.apps.get_mut(&quickbooks).unwrap();
                profile.in_doubt = InDoubtPolicy::Resend;
            })
            .await;
        bureau.doubt("a.pdf").await;
        bureau.office.world.clock.advance(chrono::TimeDelta::minutes(60));
        bureau.office.world.power.count_from_here();
        bureau
    };
    let whole = waited().await;
    whole.office.next_round().await;
    assert_eq!(whole.states().await, ["sent"]);
    for stop in Stop::each_of(whole.office.world.power.effects().len()) {
        let mut bureau = waited().await;
        bureau.office.world.clock.advance(chrono::TimeDelta::minutes(15));
        bureau.office.world.power.stop_at(stop.effect, stop.when);
        bureau.office.ask(Ask::Round { dry_run: false }).await;
        bureau.office.world.power.restore();
        bureau.restart().await;
        bureau.office.next_round().await;
        let story = bureau.story("a.pdf").await;
        let said = story.iter().filter(|what| *what == "no_proof").count();
        let doubts = story.iter().filter(|what| *what == "in_doubt").count();
        assert_eq!(said, 1, "{stop:?}: {story:?}");
        // A doubt about the second copy is a person's.
        assert!(bureau.office.world.post.delivered().len() <= 2, "{stop:?}: {story:?}");
        assert!(doubts <= 2, "{stop:?}: {story:?}");
    }
}

/// What the server was told of is in the ledger, even if the power went right then.
async fn moved_is_durable(bureau: &mut Bureau, stop: Stop) {
    bureau.office.world.power.restore();
    bureau.restart().await;
    let places = bureau.mailbox.places();
    if places[2] != Place::Inbox {
        assert_eq!(bureau.states().await[0], "refused", "{stop:?}");
    }
}
