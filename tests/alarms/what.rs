//! What is an alarm, and what ends it.

use chrono::TimeDelta;

use crate::office::{DUPONT, Office};
use crate::world::{Script, app};

async fn kinds(office: &Office) -> Vec<String> {
    office.status().await.alarms.into_iter().map(|alarm| alarm.kind).collect()
}

#[tokio::test]
async fn a_switched_folder_that_vanished_is_an_alarm_until_it_is_back() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Ventes/v.pdf", "v");
    office.next_round().await;
    assert_eq!(kinds(&office).await, Vec::<String>::new());
    office.world.disk.remove_dir("Dupont Maçonnerie/Achats");
    office.next_round().await;
    assert_eq!(kinds(&office).await, ["folder_vanished"]);
    assert!(office.status().await.alarms[0].message.contains("`Achats`"));
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.next_round().await;
    assert_eq!(kinds(&office).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_switched_folder_that_never_was_there_is_no_alarm() {
    let office = Office::with_achats_on().await;
    office.on("Achats 2027", "quickbooks").await;
    office.next_round().await;
    assert_eq!(kinds(&office).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_companys_folder_that_vanished_is_an_alarm_until_it_is_back() {
    let office = Office::with_achats_on().await;
    office.world.disk.mkdir("Une autre/Achats");
    office.next_round().await;
    office.world.disk.rename("Dupont Maçonnerie", ".ailleurs");
    office.next_round().await;
    assert_eq!(kinds(&office).await, ["company_held"]);
    office.world.disk.rename(".ailleurs", "Dupont Maçonnerie");
    office.next_round().await;
    assert_eq!(kinds(&office).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_app_that_routes_lacks_at_the_start_is_an_alarm_and_gets_nothing() {
    let mut office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/a.pdf", "a");
    office.world.post.next(Script::Defer("451 later"));
    office.next_round().await;
    let mut profile = None;
    office.restart_configured(|config| profile = config.apps.remove(&app("quickbooks"))).await;
    assert_eq!(kinds(&office).await, ["app_missing"]);
    let told = office.status().await.alarms[0].message.clone();
    assert!(told.starts_with("[apps.quickbooks] is not in routes.toml"), "{told}");
    assert!(told.contains("dupont-maconnerie is still connected to it"), "{told}");
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    let profile = profile.unwrap();
    office.restart_configured(|config| drop(config.apps.insert(app("quickbooks"), profile))).await;
    office.next_round().await;
    assert_eq!(kinds(&office).await, Vec::<String>::new());
    assert_eq!(office.posted(), ["a.pdf"], "what waited was not lost");
}

#[tokio::test]
async fn a_connected_company_that_routes_leaves_out_at_the_start_is_an_alarm() {
    let mut office = Office::with_achats_on().await;
    let leave_out = |config: &mut facteur::config::Config| {
        config.documents.ignore.push("Dupont Maçonnerie".to_owned());
    };
    office.restart_configured(leave_out).await;
    assert!(kinds(&office).await.contains(&"company_left_out".to_owned()));
}

#[tokio::test]
async fn no_round_for_thirty_minutes_is_an_alarm_where_something_is_switched_on() {
    let office = Office::with_achats_on().await;
    office.next_round().await;
    office.world.clock.advance(TimeDelta::minutes(29));
    assert_eq!(kinds(&office).await, Vec::<String>::new());
    office.world.clock.advance(TimeDelta::minutes(3));
    assert_eq!(kinds(&office).await, ["no_round"]);
    office.round().await;
    assert_eq!(kinds(&office).await, Vec::<String>::new());
    let idle = Office::new().await;
    idle.round().await;
    idle.world.clock.advance(TimeDelta::days(3));
    assert_eq!(kinds(&idle).await, Vec::<String>::new(), "nothing is to be sent there");
}

#[tokio::test]
async fn a_robot_that_rounds_once_a_day_is_not_called_silent() {
    let office = Office::configured(|config| {
        let schedule = "0 0 6 * * *".parse().unwrap();
        config.robot.schedule = facteur::config::Schedule::Cron(Box::new(schedule));
    })
    .await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.round().await;
    // 8:00 UTC; the next is at 6:00 in Paris, 5:00 UTC.
    office.world.clock.advance(TimeDelta::hours(21));
    assert_eq!(kinds(&office).await, Vec::<String>::new());
    office.world.clock.advance(TimeDelta::minutes(16));
    assert_eq!(kinds(&office).await, ["no_round"]);
}

#[tokio::test]
async fn a_company_that_stopped_depositing_is_an_alarm_only_where_it_is_asked_for() {
    for (asked, expected) in [(true, vec!["silent_company".to_owned()]), (false, vec![])] {
        let office = Office::configured(|config| config.alarms.silent_companies = asked).await;
        office.world.disk.mkdir("Dupont Maçonnerie/Achats");
        office.connect("quickbooks").await;
        office.on("Achats", "quickbooks").await;
        for week in 0..8 {
            office.world.disk.write(&format!("Dupont Maçonnerie/Achats/{week}.pdf"), "x");
            office.round().await;
            office.world.clock.advance(TimeDelta::days(7));
        }
        office.round().await;
        assert_eq!(kinds(&office).await, Vec::<String>::new(), "a week is its habit");
        office.world.clock.advance(TimeDelta::days(9));
        office.round().await;
        assert_eq!(kinds(&office).await, expected);
        office.world.disk.write("Dupont Maçonnerie/Achats/enfin.pdf", "enfin");
        office.round().await;
        office.world.clock.advance(TimeDelta::hours(7));
        office.round().await;
        assert_eq!(kinds(&office).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_waits_for_a_person_is_an_alarm_for_each_reason() {
    let office = Office::with_achats_on().await;
    office.world.post.document("doute.pdf", Script::DropAfterDot);
    office.world.post.document("refusé.pdf", Script::Refuse("550 no"));
    for name in ["doute.pdf", "refusé.pdf", "parti.pdf"] {
        office.world.disk.write(&format!("Dupont Maçonnerie/Achats/{name}"), name);
    }
    office.next_round().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/parti.pdf", "autre");
    office.next_round().await;
    office.next_round().await;
    let mut found = kinds(&office).await;
    found.sort();
    assert_eq!(found, ["held", "in_doubt", "refused"]);
    assert!(office.states("quickbooks").await.iter().any(|row| row.contains("held (replaced)")));
    assert_eq!(DUPONT, "dupont-maconnerie");
}
