//! The power goes before and after every effect of collecting and filing.

use facteur::app::requests::Ask;

use crate::reception::{MARCH, Reception, mail, moved, pdf};
use crate::world::mailbox::Place;
use crate::world::{Stop, When};

/// Pairs of stops that are tried, spread evenly over all of them, unless `FACTEUR_POWER_PAIRS`
/// says how many.
const PAIRS_MAX: usize = 60;

/// Rounds after which everything has come to rest.
const ROUNDS: usize = 3;

/// A mail of two documents, one for the tray, and one that lies in both mailboxes.
async fn with_mails() -> Reception {
    let reception = Reception::new().await;
    let dupont = "compta+dupont-maconnerie";
    let two = mail(dupont, "deux", &[("a.pdf", pdf("one")), ("a.pdf", pdf("two"))]);
    reception.mailbox.receive(two);
    reception.mailbox.receive(mail("compta+nobody", "perdu", &[("x.pdf", pdf("x"))]));
    let both = mail(dupont, "copie", &[("b.pdf", pdf("three"))]);
    reception.mailbox.receive(&both);
    reception.scans.receive(both.replace("Delivered-To: compta", "Delivered-To: scans"));
    reception.office.world.power.count_from_here();
    reception.office.world.clock.advance(chrono::TimeDelta::minutes(15));
    reception
}

/// One life of the robot after the other, each until its stop; then rounds in peace.
async fn live(stops: &[Stop]) -> (Reception, Vec<&'static str>) {
    let mut reception = with_mails().await;
    for stop in stops {
        reception.office.world.power.stop_at(stop.effect, stop.when);
        reception.office.ask(Ask::Round { dry_run: false }).await;
        let on = reception.office.world.power.is_on();
        told_is_done(&reception, *stop);
        reception.office.world.power.restore();
        reception.restart().await;
        if on {
            break;
        }
        told_is_durable(&reception, *stop).await;
    }
    reception.office.world.power.count_from_here();
    reception.office.ask(Ask::Round { dry_run: false }).await;
    let effects = reception.office.world.power.effects();
    for _ in 0..ROUNDS {
        reception.office.next_round().await;
    }
    (reception, effects)
}

/// What a server was told of lies in its place.
fn told_is_done(reception: &Reception, stop: Stop) {
    let done = reception.mailbox.places().iter().filter(|place| **place == moved()).count();
    let files = reception.files("Dupont Maçonnerie").len();
    assert!(done <= files, "{stop:?}: {done} mails are done with, {files} files are there");
}

/// And the ledger knows it as done.
async fn told_is_durable(reception: &Reception, stop: Stop) {
    let places = reception.mailbox.places();
    if !places.contains(&moved()) {
        return;
    }
    let states = reception.states().await;
    let filed = states.iter().filter(|state| *state == "filed").count();
    let moved = places.iter().filter(|place| **place == moved()).count();
    assert!(filed >= moved, "{stop:?}: {states:?}, {places:?}");
}

async fn check(reception: &Reception, stops: &[Stop]) {
    let disk = &reception.office.world.disk;
    let names = ["a (2).pdf", "a.pdf", "b.pdf"].map(|name| format!("{MARCH}/{name}"));
    assert_eq!(reception.files("Dupont Maçonnerie"), names, "{stops:?}");
    let bytes = |name: &String| disk.read(&format!("Dupont Maçonnerie/{name}"));
    let contents = names.each_ref().map(bytes);
    assert_eq!(contents, ["two", "one", "three"].map(pdf), "{stops:?}");
    assert_eq!(disk.left_hidden(), Vec::<String>::new(), "{stops:?}");

    let mut states = reception.states().await;
    states.sort();
    assert_eq!(states, ["filed", "filed", "filed", "tray"], "{stops:?}");
    assert_eq!(reception.drawer.count(), 1, "{stops:?}: the one in the tray");
    assert_eq!(reception.mailbox.places(), [moved(), Place::Inbox, moved()], "{stops:?}");
    assert_eq!(reception.scans.places(), [moved()], "{stops:?}");

    for name in &names {
        let story = reception.story("dupont-maconnerie", name).await;
        let received = story.iter().filter(|what| *what == "received").count();
        assert_eq!(
            (received, story.first().map(String::as_str)),
            (1, Some("received")),
            "{stops:?}"
        );
    }
    let deliveries = reception.office.deliveries().await;
    let paths: std::collections::BTreeSet<&str> =
        deliveries.iter().map(|delivery| delivery.path.as_str()).collect();
    assert_eq!((deliveries.len(), paths.len()), (3, 3), "{stops:?}: {deliveries:?}");
}

#[tokio::test]
async fn a_loss_of_power_at_any_effect_files_no_mail_twice_and_loses_none() {
    let (whole, effects) = live(&[]).await;
    check(&whole, &[]).await;
    for (effect, least) in [("keep", 4), ("write", 3), ("put", 3), ("dispose", 3), ("unkeep", 3)] {
        let found = effects.iter().filter(|name| **name == effect).count();
        assert!(found >= least, "{effect}: {effects:?}");
    }
    let mut pairs = Vec::new();
    for stop in Stop::each_of(effects.len()) {
        let (reception, later) = live(&[stop]).await;
        check(&reception, &[stop]).await;
        pairs.extend(Stop::each_of(later.len()).map(|second| [stop, second]));
    }
    let asked = std::env::var("FACTEUR_POWER_PAIRS").ok().map(|asked| asked.parse().unwrap());
    // Odd, so that both sides of the effects have their turn.
    let stride = pairs.len().div_ceil(asked.unwrap_or(PAIRS_MAX)) | 1;
    for pair in pairs.iter().step_by(stride) {
        let (reception, _) = live(pair).await;
        check(&reception, pair).await;
    }
    println!("{} effects, {} of {} pairs", effects.len(), pairs.len() / stride, pairs.len());
    assert!(pairs.iter().any(|[first, _]| first.when == When::After));
}
