//! The firm is told by mail: once when an alarm begins, once when it ends, and never in a storm.

use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::compose::compose;
use facteur::app::requests::{Ask, Selection};
use facteur::app::{Ports, Robot};
use facteur::config::Config;
use facteur::domain::delivery::Act;
use facteur::domain::template::Address;
use facteur::ports::transport::Mail;

use crate::office::Office;
use crate::world::{Post, Power, Script, World};

const IT: &str = "informatique@cabinet.example";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn told(config: &mut Config) {
    config.alarms.recipients = vec![address(IT)];
}

/// An office that tells its IT, with `Achats` on.
async fn office() -> Office {
    let office = Office::configured(told).await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office
}

/// Its mails about alarms, oldest first.
fn alarms(post: &Post) -> Vec<Mail> {
    let mails = post.delivered().into_iter().map(|delivered| delivered.mail);
    mails.filter(|mail| mail.attachment.is_none()).collect()
}

fn deposit(office: &Office, name: &str) {
    office.world.disk.write(&format!("Dupont Maçonnerie/Achats/{name}"), name);
}

async fn retry_all(office: &Office) {
    let selection = Selection {
        state: Some(facteur::domain::delivery::State::Refused),
        ..Selection::default()
    };
    let _: serde_json::Value =
        office.done(Ask::Act { act: Act::Retry, selection, confirmed: true }).await;
}

#[tokio::test]
async fn the_firm_is_told_once_when_it_begins_and_once_when_it_ends() {
    let office = office().await;
    office.world.post.document("un.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    for _ in 0..8 {
        office.next_round().await;
    }
    let mails = alarms(&office.world.post);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].recipient, address(IT));
    assert_eq!(mails[0].subject, "Alarm — Cabinet Exemple: 1 new");
    assert!(mails[0].text.contains("1 refused"), "{}", mails[0].text);

    office.world.post.document("un.pdf", Script::Accept);
    retry_all(&office).await;
    for _ in 0..8 {
        office.next_round().await;
    }
    let mails = alarms(&office.world.post);
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!(mails[1].subject, "Alarm — Cabinet Exemple: 1 over");
    assert_eq!(office.status().await.alarms, vec![]);
}

#[tokio::test]
async fn with_nobody_to_tell_no_mail_leaves_and_status_tells_all_the_same() {
    let office = Office::with_achats_on().await;
    office.world.post.always(Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    assert_eq!(office.world.post.delivered(), vec![]);
    let alarms = office.status().await.alarms;
    assert_eq!(alarms.iter().map(|alarm| alarm.kind.as_str()).collect::<Vec<_>>(), ["refused"]);
    assert!(alarms[0].since.is_some());
}

#[tokio::test]
async fn two_hundred_alarms_at_once_are_one_bounded_mail() {
    let office = Office::configured(told).await;
    for number in 0..200 {
        let company = format!("Société {number:03}");
        office.world.disk.mkdir(&format!("{company}/Achats"));
        office.connect_company(&company, "quickbooks").await;
    }
    office.next_round().await;
    office.world.disk.mkdir("Une autre/Achats");
    for number in 0..200 {
        office.world.disk.remove_dir(&format!("Société {number:03}"));
    }
    for _ in 0..20 {
        office.next_round().await;
    }
    let mails = alarms(&office.world.post);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Alarms — Cabinet Exemple: 200 new");
    assert!(mails[0].text.lines().count() < 70, "{}", mails[0].text);
    assert!(mails[0].text.contains("and 150 more"), "{}", mails[0].text);
}

#[tokio::test]
async fn a_restart_tells_nothing_twice() {
    let mut office = office().await;
    office.world.post.document("un.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    for _ in 0..4 {
        office.restart().await;
        office.next_round().await;
    }
    assert_eq!(alarms(&office.world.post).len(), 1);
}

#[tokio::test]
async fn a_mail_about_alarms_names_the_firm_and_nobody_else() {
    let office = office().await;
    office.world.post.document("un.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    let mail = alarms(&office.world.post).remove(0);
    let bytes = compose(&mail).head;
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.to_lowercase().contains("facteur"), "{text}");
    assert!(text.contains("From: \"Cabinet Exemple\" <robot@cabinet.example>"), "{text}");
    assert!(text.contains("Auto-Submitted: auto-generated"), "{text}");
    assert!(text.contains("Content-Type: text/plain"), "{text}");
}

#[tokio::test]
async fn a_rehearsals_alarms_go_to_its_address_too() {
    let mut office = office().await;
    office
        .restart_configured(|config| config.mail.redirect_to = Some(address("moi@cabinet.example")))
        .await;
    office.world.post.document("un.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    assert_eq!(alarms(&office.world.post)[0].recipient, address("moi@cabinet.example"));
}

#[tokio::test]
async fn while_the_firms_own_server_is_down_the_second_one_carries_the_alarm() {
    let mut office = office().await;
    let second = Arc::new(Post::new(Power::default()));
    office.robot = robot_with(&office.world, &office, Some(Arc::clone(&second)));
    office.world.post.always(Script::Unreachable("no connection"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    assert_eq!(alarms(&second).len(), 1);
    assert!(alarms(&second)[0].text.contains("the mail server"), "{}", alarms(&second)[0].text);
    office.world.post.always(Script::Accept);
    for _ in 0..8 {
        office.next_round().await;
    }
    assert_eq!(office.posted(), ["un.pdf"], "no alarm went by the firm's own server");
    let told = alarms(&second);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].subject.ends_with("1 over"), "{}", told[1].subject);
}

#[tokio::test]
async fn without_a_second_server_the_firm_is_told_once_the_first_is_back() {
    let office = office().await;
    office.world.post.document("refusé.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "refusé.pdf");
    deposit(&office, "un.pdf");
    office.world.post.document("un.pdf", Script::Unreachable("no connection"));
    office.world.post.document("refusé.pdf", Script::Unreachable("no connection"));
    for _ in 0..4 {
        office.next_round().await;
    }
    assert_eq!(alarms(&office.world.post), vec![]);
    office.world.post.document("un.pdf", Script::Accept);
    office.world.post.document("refusé.pdf", Script::Refuse("550 5.1.1 no such user"));
    for _ in 0..20 {
        office.next_round().await;
    }
    let mails = alarms(&office.world.post);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].text.contains("1 refused"), "{}", mails[0].text);
    assert!(!mails[0].text.contains("the mail server ("), "it is back: {}", mails[0].text);
}

#[tokio::test]
async fn a_server_that_refuses_the_alarm_is_not_asked_again_and_again() {
    let office = office().await;
    office.world.post.to(IT, Script::Refuse("550 5.7.1 relaying denied"));
    office.world.post.document("un.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    office.world.power.count_from_here();
    for _ in 0..20 {
        office.next_round().await;
    }
    let knocks = office.world.power.effects().iter().filter(|name| **name == "connect").count();
    assert_eq!(knocks, 0);
}

#[tokio::test]
async fn a_server_that_puts_the_alarm_off_is_tried_again_and_the_firm_told_once() {
    let office = office().await;
    office.world.post.to(IT, Script::Defer("451 4.3.0 later"));
    office.world.post.document("un.pdf", Script::Refuse("550 5.1.1 no such user"));
    deposit(&office, "un.pdf");
    office.next_round().await;
    office.next_round().await;
    office.world.post.to(IT, Script::Accept);
    for _ in 0..8 {
        office.next_round().await;
    }
    assert_eq!(alarms(&office.world.post).len(), 1);
}

#[tokio::test]
async fn an_alarm_that_comes_and_goes_is_told_once_an_hour() {
    let office = office().await;
    office.world.disk.write("Dupont Maçonnerie/Ventes/v.pdf", "v");
    office.next_round().await;
    for _ in 0..12 {
        office.world.disk.remove_dir("Dupont Maçonnerie/Achats");
        office.world.clock.advance(TimeDelta::minutes(2));
        office.round().await;
        office.world.disk.mkdir("Dupont Maçonnerie/Achats");
        office.world.clock.advance(TimeDelta::minutes(2));
        office.round().await;
    }
    let mails = alarms(&office.world.post);
    assert_eq!(mails.len(), 1, "{mails:?}");
    for _ in 0..8 {
        office.next_round().await;
    }
    let mails = alarms(&office.world.post);
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails[1].subject.ends_with("1 over"), "{}", mails[1].subject);
}

fn robot_with(world: &World, office: &Office, second: Option<Arc<Post>>) -> Robot {
    let config = Config::clone(&office.robot.config());
    let ports = Ports {
        clock: world.clock.clone(),
        folders: world.disk.clone(),
        store: office.ledger.clone(),
        transport: world.post.clone(),
        alarm_transport: second.map(|post| post as Arc<dyn facteur::ports::transport::Transport>),
    };
    Robot::new(config, ports)
}
