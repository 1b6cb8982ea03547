//! The power goes before and after every effect of an invitation.

use facteur::app::requests::{Ask, Outcome};

use crate::bureau::Bureau;
use crate::tool::{LINK, Letter};
use crate::world::{Stop, When};

async fn invited() -> Bureau {
    let bureau = Bureau::new().await;
    bureau.office.round().await;
    let forged = Letter { signed_by: vec![], id: "2".to_owned(), ..Letter::right() };
    bureau.mailbox.receive(forged.mail());
    bureau.mailbox.receive(Letter::right().mail());
    bureau.office.world.power.count_from_here();
    bureau
}

#[tokio::test]
async fn a_loss_of_power_at_any_effect_opens_no_link_twice_and_is_told() {
    let whole = invited().await;
    whole.office.next_round().await;
    assert_eq!((whole.pages.opened().len(), whole.state().await.as_str()), (1, "accepted"));
    let effects = whole.office.world.power.effects();
    assert_eq!(effects.iter().filter(|effect| **effect == "open").count(), 1, "{effects:?}");
    let mut unsure = 0;
    for stop in Stop::each_of(effects.len()) {
        let mut bureau = invited().await;
        let power = bureau.office.world.power.clone();
        bureau.office.world.clock.advance(chrono::TimeDelta::minutes(15));
        power.stop_at(stop.effect, stop.when);
        let ask = Ask::Round { dry_run: false };
        bureau.office.ask(ask).await;
        power.restore();
        bureau.restart().await;
        for _ in 0..2 {
            bureau.office.next_round().await;
        }
        let (opened, shown) = (bureau.pages.opened(), bureau.invitation().await);
        match shown.state.as_str() {
            "accepted" => assert_eq!(opened, [LINK], "{stop:?}"),
            "opening" => {
                unsure += 1;
                assert!(opened.len() <= 1, "{stop:?}: {opened:?}");
                assert!(shown.because.contains("may have been opened"), "{}", shown.because);
                assert!(shown.needs_person, "{stop:?}");
                assert_eq!(bureau.connection().await, "verified", "{stop:?}");
            }
            other => panic!("{stop:?}: {other}: {}", shown.because),
        }
        assert_eq!(shown.mails, 2, "{stop:?}");
    }
    assert!(unsure >= 3, "a stop around the opening is unsure: {unsure}");
}

#[tokio::test]
async fn a_person_settles_what_a_stop_left_unsure() {
    let mut bureau = invited().await;
    let whole = invited().await;
    whole.office.next_round().await;
    let opening = whole.office.world.power.effects().iter().position(|name| *name == "open");
    let power = bureau.office.world.power.clone();
    bureau.office.world.clock.advance(chrono::TimeDelta::minutes(15));
    power.stop_at(opening.unwrap(), When::After);
    bureau.office.ask(Ask::Round { dry_run: false }).await;
    power.restore();
    bureau.restart().await;
    bureau.office.next_round().await;
    assert_eq!(bureau.state().await, "opening");
    assert_eq!(bureau.accept(true).await, Outcome::Done);
    assert_eq!((bureau.pages.opened().len(), bureau.connection().await.as_str()), (1, "active"));
}
