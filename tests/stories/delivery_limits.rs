//! Sizes, mails an hour and a day, connections: limits that are checked before, not after.

use chrono::TimeDelta;
use facteur::domain::delivery::Act;

use crate::office::Office;
use crate::world::{Script, app};

#[tokio::test]
async fn too_large_for_the_profile_is_held_before_it_is_sent() {
    let office = Office::configured(|config| {
        config.apps.get_mut(&app("quickbooks")).unwrap().mail_bytes_max = 20_000;
    })
    .await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.world.disk.write("Dupont Maçonnerie/Achats/gros.pdf", vec![0; 30_000]);
    let round = office.next_round().await;
    assert_eq!((round.held, round.sent), (1, 0));
    let delivery = office.delivery("Achats/gros.pdf").await;
    assert_eq!((delivery.reason.as_deref(), delivery.attempts), (Some("too_large"), 0));
    assert_eq!(
        office.story("Achats/gros.pdf", "quickbooks").await.because,
        "held: the mail would have 42.1 kB, and QuickBooks takes 20 kB at most; `facteur release 1` sends it all the same, `facteur cancel 1` doesn't"
    );
    office.act_on(Act::Release, "Achats/gros.pdf").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["gros.pdf"]);
}

#[tokio::test]
async fn too_large_for_the_mail_server_is_held() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/petit.pdf");
    office.world.post.always(Script::SizeLimit(20_000));
    office.world.disk.write("Dupont Maçonnerie/Achats/gros.pdf", vec![0; 30_000]);
    office.next_round().await;
    assert_eq!(office.state("Achats/gros.pdf").await, "held (too_large)");
    assert_eq!(office.posted(), ["petit.pdf"]);
}

#[tokio::test]
async fn an_apps_limits_hold_across_a_restart_and_nothing_is_lost() {
    let mut office = Office::with_achats_on().await;
    office
        .restart_configured(|config| {
            let profile = config.apps.get_mut(&app("quickbooks")).unwrap();
            (profile.mails_per_hour_max, profile.mails_per_day_max) = (2, 3);
        })
        .await;
    for number in 1..=5 {
        office.drop(&format!("Achats/{number}.pdf"));
    }
    office.next_round().await;
    office.restart().await;
    office.next_round().await;
    assert_eq!(office.posted().len(), 2);
    office.world.clock.advance(TimeDelta::minutes(60));
    office.round().await;
    assert_eq!(office.posted().len(), 3, "the day's limit");
    office.restart().await;
    office.world.clock.advance(TimeDelta::hours(23));
    office.round().await;
    assert_eq!(office.posted().len(), 5);
    assert!(office.status().await.alarms.is_empty());
}

#[tokio::test]
async fn never_more_mails_at_once_than_connections() {
    // The server's own assertion fails the story if there were more.
    let office = Office::with_achats_on().await;
    office.world.post.set_connections(3);
    for number in 0..20 {
        office.drop(&format!("Achats/{number}.pdf"));
    }
    assert_eq!(office.next_round().await.sent, 20);
}
