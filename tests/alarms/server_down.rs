//! A mail server that is down, or a tool behind it: put off as a whole, probed, and met by no
//! stampede when it is back.

use chrono::TimeDelta;

use crate::office::Office;
use crate::world::{Script, app, at};

/// A deluge for one office.
const DOCUMENTS: usize = 500;

/// As many as the post takes at once.
const CONNECTIONS: u64 = 4;

async fn office(connected: &[&str]) -> Office {
    let office = Office::configured(|config| config.robot.flood_per_hour_max = 0).await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    for app in connected {
        office.connect(app).await;
        office.on("Achats", app).await;
    }
    office
}

fn deposit(office: &Office, count: usize) {
    for number in 0..count {
        let path = format!("Dupont Maçonnerie/Achats/{number:03}.pdf");
        office.world.disk.write(&path, format!("%PDF {number}"));
    }
}

/// The attempts of all deliveries to an app, as the ledger counts them.
async fn attempts(office: &Office, app: &str) -> u64 {
    let deliveries = office.deliveries().await.into_iter();
    deliveries.filter(|row| row.app == app).map(|row| u64::from(row.attempts)).sum()
}

/// How often somebody knocked at the mail server since the count began.
fn knocks(office: &Office) -> usize {
    office.world.power.effects().iter().filter(|name| **name == "connect").count()
}

#[tokio::test]
async fn a_server_that_is_down_costs_one_attempt_and_not_one_a_document() {
    let office = office(&["quickbooks"]).await;
    office.world.post.always(Script::Unreachable("no connection"));
    deposit(&office, DOCUMENTS);
    let round = office.next_round().await;
    assert_eq!(round.queued, DOCUMENTS as u64);
    let first = attempts(&office, "quickbooks").await;
    assert!(first <= CONNECTIONS, "{first} attempts: one for each connection at most");
    // 1, 2, 4, … minutes, then every four hours: a day of rounds probes a few times.
    for _ in 0..96 {
        office.next_round().await;
    }
    let day = attempts(&office, "quickbooks").await;
    assert!(day <= first + 14, "{day} attempts in a day");
    assert!(office.deliveries().await.iter().all(|row| row.state == "queued"));
    assert_eq!(office.status().await.alarms.len(), 1);
}

#[tokio::test]
async fn when_it_is_back_one_probe_goes_first_and_then_everything_once() {
    let office = office(&["quickbooks"]).await;
    office.world.post.always(Script::Unreachable("no connection"));
    deposit(&office, DOCUMENTS);
    for _ in 0..8 {
        office.next_round().await;
    }
    office.world.power.count_from_here();
    office.world.post.next(Script::Unreachable("still no connection"));
    office.world.post.always(Script::Accept);
    office.world.clock.advance(TimeDelta::hours(4));
    office.round().await;
    assert_eq!(knocks(&office), 1, "one probe, and it failed");
    office.world.clock.advance(TimeDelta::hours(4));
    office.round().await;
    assert_eq!(knocks(&office), 1 + DOCUMENTS);
    assert_eq!(office.posted().len(), DOCUMENTS);
    assert!(office.deliveries().await.iter().all(|row| row.state == "sent"));
    assert_eq!(office.status().await.alarms, vec![]);
}

#[tokio::test]
async fn while_the_probe_is_under_way_nobody_else_knocks() {
    let office = office(&["quickbooks"]).await;
    office.world.post.always(Script::Unreachable("no connection"));
    deposit(&office, 20);
    office.next_round().await;
    office.world.post.always(Script::Accept);
    office.world.power.count_from_here();
    let (world, seen) = (office.world.clone(), std::sync::Arc::new(std::sync::Mutex::new(0)));
    let counted = std::sync::Arc::clone(&seen);
    office.world.post.at(crate::world::Phase::BeforeDot, async move {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let effects = world.power.effects();
        *counted.lock().unwrap() = effects.iter().filter(|name| **name == "connect").count();
    });
    office.next_round().await;
    assert_eq!(*seen.lock().unwrap(), 1);
    assert_eq!(office.posted().len(), 20);
}

#[tokio::test]
async fn a_pause_outlives_a_restart() {
    let mut office = office(&["quickbooks"]).await;
    office.world.post.always(Script::Unreachable("no connection"));
    deposit(&office, 50);
    for _ in 0..12 {
        office.next_round().await;
    }
    let before = attempts(&office, "quickbooks").await;
    for _ in 0..10 {
        office.restart().await;
        office.round().await;
    }
    assert_eq!(attempts(&office, "quickbooks").await, before);
}

#[tokio::test]
async fn a_tool_that_is_out_of_reach_is_put_off_alone_and_the_others_go_on() {
    let office = office(&["quickbooks", "dext"]).await;
    office.world.post.to(
        "dupont-maconnerie@qbodocs.com",
        Script::Defer("450 4.4.1 qbodocs.com: no answer from host"),
    );
    deposit(&office, DOCUMENTS);
    office.next_round().await;
    assert_eq!(office.world.post.documents_to("dupont-maconnerie@dext.cc").len(), DOCUMENTS);
    let first = attempts(&office, "quickbooks").await;
    assert!(first <= CONNECTIONS, "{first} attempts: one for each connection at most");
    for _ in 0..96 {
        office.next_round().await;
    }
    let day = attempts(&office, "quickbooks").await;
    assert!(day <= first + 14, "{day} attempts in a day");
    let alarms = office.status().await.alarms;
    assert_eq!(alarms.len(), 1);
    assert!(alarms[0].message.contains("quickbooks"), "{}", alarms[0].message);

    office.world.post.to("dupont-maconnerie@qbodocs.com", Script::Accept);
    office.world.power.count_from_here();
    office.world.clock.advance(TimeDelta::hours(5));
    office.round().await;
    assert_eq!(knocks(&office), DOCUMENTS);
    assert_eq!(office.world.post.documents_to("dupont-maconnerie@qbodocs.com").len(), DOCUMENTS);
    assert_eq!(office.status().await.alarms, vec![]);
}

#[tokio::test]
async fn a_document_that_its_tool_defers_for_itself_puts_nothing_else_off() {
    let office = office(&["quickbooks"]).await;
    office.world.post.document("000.pdf", Script::Defer("452 4.2.2 mailbox full"));
    deposit(&office, 30);
    office.next_round().await;
    assert_eq!(office.posted().len(), 29);
    assert_eq!(office.status().await.alarms, vec![]);
}

#[tokio::test]
async fn an_apps_hour_is_kept_across_restarts() {
    let mut office = Office::configured(|config| {
        config.robot.flood_per_hour_max = 0;
        config.apps.get_mut(&app("quickbooks")).unwrap().mails_per_hour_max = 10;
    })
    .await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    deposit(&office, 35);
    office.world.clock.set(at("2026-03-02T10:00:00Z"));
    office.round().await;
    assert_eq!(office.posted().len(), 10);
    for _ in 0..5 {
        office.restart().await;
        office.world.clock.advance(TimeDelta::minutes(10));
        office.round().await;
    }
    assert_eq!(office.posted().len(), 10, "50 minutes and five restarts later");
    office.world.clock.advance(TimeDelta::minutes(15));
    office.round().await;
    assert_eq!(office.posted().len(), 20);
}
