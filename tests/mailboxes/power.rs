//! The power goes before and after every effect of reading a mailbox.

use facteur::app::requests::{Ask, Outcome};

use crate::bureau::{Bureau, TOOL, letter, report};
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

/// What the server was told of is in the ledger, even if the power went right then.
async fn moved_is_durable(bureau: &mut Bureau, stop: Stop) {
    bureau.office.world.power.restore();
    bureau.restart().await;
    let places = bureau.mailbox.places();
    if places[2] != Place::Inbox {
        assert_eq!(bureau.states().await[0], "refused", "{stop:?}");
    }
}
