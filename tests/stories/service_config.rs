//! Another configuration for a running service: taken at once, or not at all.

use facteur::config::{Config, Schedule};
use facteur::domain::Timestamp;

use crate::desk::FOLDER;
use crate::office::Office;
use crate::service::Service;
use crate::world::{self, Script, app, at};

/// A configuration whose only app is dext.
fn without_quickbooks(config: &mut Config) {
    config.apps.remove(&app("quickbooks"));
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_decisions_do_not_fit_is_not_taken() {
    let office = Office::with_achats_on().await;
    let refused = async |tweak: fn(&mut Config)| -> String {
        let before = office.robot.config();
        let error = office.robot.take_config(world::config(tweak)).await.unwrap_err().to_string();
        assert!(error.contains("\nhint: "), "{error}");
        assert_eq!(office.robot.config(), before);
        error
    };
    assert_eq!(
        refused(without_quickbooks).await,
        "[apps.quickbooks] is gone from routes.toml, and dupont-maconnerie is still connected to it\nhint: put it back (with `enabled = false` nothing is sent), or disconnect it first"
    );
    let moved = refused(|config| config.documents.root = "/elsewhere".into()).await;
    assert!(moved.starts_with("documents.root was changed"), "{moved}");
    let vanished = refused(|config| config.documents.ignore.push(FOLDER.to_owned())).await;
    assert!(vanished.contains("dupont-maconnerie"), "{vanished}");
    office
        .robot
        .take_config(world::config(|config| config.robot.flood_per_hour_max = 7))
        .await
        .unwrap();
    assert_eq!(office.robot.config().robot.flood_per_hour_max, 7);
}

#[tokio::test(start_paused = true)]
async fn another_schedule_is_kept_from_the_moment_it_is_taken() {
    let service = Service::of(Office::with_achats_on().await).await;
    let config = world::config(|config| {
        config.robot.schedule = Schedule::Cron(Box::new("0 */5 * * * *".parse().unwrap()));
    });
    service.office.robot.take_config(config).await.unwrap();
    service.rest().await;
    let next = service.status().await.next_round.unwrap().to_utc();
    assert_eq!(next, at("2026-03-02T08:05:00Z"));
    service.until("2026-03-02T08:05:00Z").await;
    let last: Timestamp = service.status().await.last_round.unwrap().started_at.to_utc();
    assert_eq!(last, at("2026-03-02T08:05:00Z"));
    service.stop().await;
}

#[tokio::test]
async fn an_app_turned_off_while_the_robot_was_stopped_sends_nothing_of_before_when_it_is_back() {
    let mut office = Office::with_achats_on().await;
    office.world.post.always(Script::Unreachable("no route"));
    office.world.disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"%PDF");
    office.next_round().await;
    let turn = |config: &mut Config, on| {
        config.apps.get_mut(&app("quickbooks")).unwrap().enabled = on;
    };

    office.restart_configured(|config| turn(config, false)).await;
    assert_eq!(office.deliveries().await[0].state, "cancelled");
    office.world.post.always(Script::Accept);
    office.restart_configured(|config| turn(config, true)).await;
    office.next_round().await;

    assert_eq!(office.posted(), Vec::<String>::new());
}
