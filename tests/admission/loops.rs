//! Two machines that answer each other stop; a loss of power tells nobody twice.

use facteur::adapters::compose::compose;
use facteur::app::requests::{Ask, Outcome};
use facteur::config::Config;
use facteur::domain::mail::acknowledgement::A_DAY_MAX;
use facteur::domain::mail::mailbox::MailOutcome;
use facteur::ports::transport::Mail;

use crate::desk::{Desk, TO, mail};
use crate::world::Stop;

/// The address of another firm's robot, of our making too.
const OTHER: &str = "compta+cabinet@client.example";

fn telling(config: &mut Config) {
    config.collection.acknowledge = true;
}

/// The bytes of a mail as they leave, with a document in its text's place.
fn as_it_leaves(letter: &Mail) -> String {
    let text = String::from_utf8(compose(letter).head).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let kept = head.lines().filter(|line| !line.to_lowercase().starts_with("content-"));
    let head: Vec<&str> = kept.collect();
    format!("{}\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 b", head.join("\r\n"))
}

#[tokio::test(start_paused = true)]
async fn two_robots_that_acknowledge_each_other_stop_after_one_mail() {
    let (one, other) = (Desk::new(telling).await, Desk::new(telling).await);
    one.take(&mail(1, OTHER, "%PDF-1.4 a")).await;
    let [letter] = &one.told()[..] else { panic!("the first mail is acknowledged") };
    let answer = as_it_leaves(letter);
    assert!(answer.contains("Auto-Submitted: auto-replied"), "{answer}");
    // As the other's server delivers it; and as one would that writes the path of its own making.
    for (number, path) in [(1, "<>".to_owned()), (2, format!("<{TO}>"))] {
        let delivered =
            format!("Return-Path: {path}\r\nDelivered-To: {TO}\r\nX-Copy: {number}\r\n");
        let again = answer.replace("%PDF-1.4 b", &format!("%PDF-1.4 b{number}"));
        let outcome = other.take(&format!("{delivered}{again}")).await;
        assert!(matches!(outcome, MailOutcome::Filed(_)), "{path}: {outcome:?}");
        assert!(other.told().is_empty(), "{path}: {:?}", other.told());
    }
}

#[tokio::test(start_paused = true)]
async fn own_addresses_and_tools_are_never_told() {
    let desk = Desk::new(telling).await;
    for (number, from) in [
        (1, TO),
        (2, "compta@cabinet.example"),
        (3, "compta+autre@cabinet.example"),
        (4, "quickbooks+dupont-maconnerie@cabinet.example"),
        (5, "dupont-maconnerie@qbodocs.com"),
        (6, "noreply@client.example"),
    ] {
        let outcome = desk.take(&mail(number, from, "%PDF-1.4 a")).await;
        assert!(matches!(outcome, MailOutcome::Filed(_)), "{from}: {outcome:?}");
        assert!(desk.told().is_empty(), "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_shows_nothing_of_itself_is_told_ten_times_a_day() {
    let desk = Desk::new(telling).await;
    let count = u32::try_from(A_DAY_MAX).unwrap() + 3;
    for number in 0..count {
        desk.take(&mail(number, OTHER, "%PDF-1.4 a")).await;
    }
    assert_eq!(desk.filed().len(), A_DAY_MAX + 3);
    assert_eq!(desk.told().len(), A_DAY_MAX);
    desk.take(&mail(100, "anne@client.example", "%PDF-1.4 a")).await;
    assert_eq!(desk.told().len(), A_DAY_MAX + 1, "another address");
    desk.office.world.clock.advance(chrono::TimeDelta::days(1));
    desk.take(&mail(101, OTHER, "%PDF-1.4 a")).await;
    assert_eq!(desk.told().len(), A_DAY_MAX + 2, "another day");
}

#[tokio::test(start_paused = true)]
async fn a_loss_of_power_at_any_effect_tells_nobody_twice() {
    let whole = desk_with_mail().await;
    whole.office.next_round().await;
    assert_eq!((whole.filed().len(), whole.told().len()), (1, 1));
    let effects = whole.office.world.power.effects();
    let (mut told, mut lost) = (0, 0);
    for stop in Stop::each_of(effects.len()) {
        let mut desk = desk_with_mail().await;
        desk.office.world.clock.advance(chrono::TimeDelta::minutes(15));
        desk.office.world.power.stop_at(stop.effect, stop.when);
        let reply = desk.office.ask(Ask::Round { dry_run: false }).await;
        assert!(!matches!(reply.outcome, Outcome::WrongWords(_)), "{stop:?}");
        desk.office.world.power.restore();
        desk.restart().await;
        desk.office.next_round().await;
        desk.office.next_round().await;
        assert_eq!(desk.filed().len(), 1, "{stop:?} {:?}", effects.get(stop.effect));
        match desk.told().len() {
            0 => lost += 1,
            1 => told += 1,
            more => panic!("{more} acknowledgements: {stop:?} {:?}", effects.get(stop.effect)),
        }
    }
    assert!(told > 0 && lost > 0, "{told} told, {lost} lost");
}

async fn desk_with_mail() -> Desk {
    let desk = Desk::new(telling).await;
    desk.mailbox.receive(mail(1, "anne@client.example", "%PDF-1.4 a"));
    desk.office.world.power.count_from_here();
    desk
}
