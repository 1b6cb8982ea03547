//! Invitations that wait: for a name service, for a company, for a choice.

use chrono::TimeDelta;
use facteur::app::requests::Ask;
use facteur::domain::mail::invitation::Pattern;
use facteur::domain::template::AddressTemplate;

use crate::bureau::{Bureau, rule_of};
use crate::tool::{LINK, Letter};
use crate::world;
use crate::world::mailbox::Fault;

#[tokio::test]
async fn a_name_service_that_is_silent_is_asked_again_by_a_later_pass() {
    let bureau = Bureau::new().await;
    bureau.signed.silent(true);
    bureau.receive(&Letter::right()).await;
    let shown = bureau.invitation().await;
    assert_eq!((shown.state.as_str(), &shown.link), ("pending", &None));
    assert!(shown.because.contains("too slow") && !shown.needs_person, "{}", shown.because);
    bureau.office.next_round().await;
    assert_eq!(bureau.invitation().await.events.len(), 1, "the same trouble is told once");
    bureau.office.world.clock.advance(TimeDelta::hours(25));
    assert!(bureau.invitation().await.needs_person, "a day of it is a person's");

    bureau.signed.silent(false);
    bureau.mailbox.replace_server();
    bureau.mailbox.fail_next(Fault::Fetch);
    bureau.office.next_round().await;
    assert_eq!(bureau.pages.opened(), Vec::<String>::new(), "the session broke");
    bureau.office.next_round().await;

    assert_eq!(bureau.pages.opened(), [LINK]);
    assert_eq!(bureau.state().await, "accepted");
}

#[tokio::test]
async fn a_forged_one_is_found_out_when_the_name_service_is_back() {
    let bureau = Bureau::new().await;
    bureau.signed.silent(true);
    bureau.receive(&Letter { signed_by: vec![], ..Letter::right() }).await;
    bureau.signed.silent(false);
    bureau.office.next_round().await;
    let shown = bureau.invitation().await;
    assert!(shown.because.contains("isn't signed by tool.example"), "{}", shown.because);
    assert!(shown.needs_person);
    bureau.mailbox.given();
    bureau.office.next_round().await;
    assert_eq!(bureau.mailbox.given(), (vec![], vec![]), "it is not fetched again");
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_looked_at_again_is_the_same_mail() {
    let bureau = Bureau::new().await;
    bureau.signed.silent(true);
    bureau.receive(&Letter { signed_by: vec![], ..Letter::right() }).await;
    bureau.signed.silent(false);
    bureau
        .mailbox
        .exchange(1, Letter::with_page("<a href='https://www.tool.example'>x</a>").mail());
    bureau.office.next_round().await;
    let shown = bureau.invitation().await;
    assert!(shown.because.contains("another mail is in its place"), "{}", shown.because);
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}

#[tokio::test]
async fn an_invitation_to_nobody_that_is_connected_is_put_aside() {
    let bureau = Bureau::new().await;
    let stranger = "quickbooks+personne@cabinet.example".to_owned();
    let letter = Letter { to: stranger.clone(), delivered_to: stranger, ..Letter::right() };
    bureau.receive(&letter).await;
    assert_eq!(bureau.invitation().await.mails, 0);
    let alarms = bureau.alarms("mail_put_aside").await;
    assert!(alarms.len() == 1 && alarms[0].contains("no connection's sender"), "{alarms:?}");
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}

#[tokio::test]
async fn with_one_sender_for_the_firm_the_name_or_a_person_tells_the_company() {
    let bureau = Bureau::configured(|config| {
        let app = config.apps.get_mut(&world::app("quickbooks")).unwrap();
        app.sender = AddressTemplate::parse("bot@cabinet.example").unwrap();
    })
    .await;
    bureau.office.connect_company("Garage Martin", "quickbooks").await;
    let bot = "bot@cabinet.example".to_owned();
    let to_bot = Letter { to: bot.clone(), delivered_to: bot, ..Letter::right() };
    let nobody = Letter { company: "Nobody".to_owned(), id: "2".to_owned(), ..to_bot.clone() };
    bureau.receive(&nobody).await;
    let alarms = bureau.alarms("mail_put_aside").await;
    assert!(alarms.len() == 1 && alarms[0].contains("several connections"), "{alarms:?}");
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());

    bureau.receive(&to_bot).await;
    assert_eq!((bureau.pages.opened().len(), bureau.state().await.as_str()), (1, "accepted"));
}

#[tokio::test]
async fn another_sender_is_another_user() {
    let bureau = Bureau::new().await;
    bureau.receive(&Letter::right()).await;
    assert_eq!(bureau.connection().await, "active");
    let ask = Ask::Connect {
        company: "Dupont Maçonnerie".to_owned(),
        app: "quickbooks".to_owned(),
        to: None,
        from: Some("autre@cabinet.example".to_owned()),
        inbox: None,
    };
    let _: serde_json::Value = bureau.office.done(ask).await;
    assert_eq!(bureau.connection().await, "pending");
}

#[tokio::test]
async fn other_words_are_no_invitation() {
    let bureau = Bureau::configured(|config| {
        rule_of(config).subject = Pattern::parse("something else").unwrap();
    })
    .await;
    bureau.receive(&Letter::right()).await;
    let shown = bureau.invitation().await;
    assert_eq!((shown.state.as_str(), shown.mails), ("pending", 0));
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}
