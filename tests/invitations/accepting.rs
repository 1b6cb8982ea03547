//! Who accepts, when, and how often.

use chrono::TimeDelta;
use facteur::app::requests::{Ask, Outcome};
use facteur::app::views::{ConnectView, HistoryView, InvitationView};
use facteur::domain::mail::invitation::{Acceptance, Pattern};
use facteur::domain::template::Address;

use crate::bureau::{Bureau, host, rule_of};
use crate::tool::{LINK, Letter};
use crate::world;

#[tokio::test]
async fn the_robot_accepts_a_verified_invitation_once() {
    let bureau = Bureau::new().await;
    assert_eq!(bureau.connection().await, "pending");
    bureau.receive(&Letter::right()).await;
    for _ in 0..3 {
        bureau.office.next_round().await;
    }
    assert_eq!(bureau.pages.opened(), [LINK]);
    let shown = bureau.invitation().await;
    assert_eq!((shown.state.as_str(), &shown.by), ("accepted", &None));
    assert_eq!(shown.signed_by.as_deref(), Some("tool.example"));
    let story: Vec<&str> = shown.events.iter().map(|event| event.state.as_str()).collect();
    assert_eq!(story, ["verified", "opening", "accepted"]);
    assert_eq!(bureau.connection().await, "active");
    assert_eq!(bureau.alarms("invitation").await, Vec::<String>::new());
    let history: Vec<HistoryView> = bureau.office.done(Ask::History { company: None }).await;
    assert_eq!(
        (history[0].what.as_str(), history[0].by.as_str()),
        ("accept invitation", "facteur")
    );
}

#[tokio::test]
async fn redirects_on_the_list_are_followed() {
    let bureau = Bureau::new().await;
    bureau.pages.answer(LINK, 302, Some("/welcome"));
    let welcome = "https://accounts.tool.example/welcome";
    bureau.pages.answer(welcome, 307, Some("https://www.tool.example/home"));
    bureau.receive(&Letter::right()).await;
    assert_eq!(bureau.pages.opened(), [LINK, welcome, "https://www.tool.example/home"]);
    assert_eq!(bureau.state().await, "accepted");
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let bureau = Bureau::new().await;
    bureau.pages.answer(LINK, 302, Some(LINK));
    bureau.receive(&Letter::right()).await;
    assert_eq!(bureau.pages.opened().len(), 6);
    assert_eq!(bureau.state().await, "failed");
}

#[tokio::test]
async fn what_the_tool_does_not_take_is_a_persons_and_not_opened_again() {
    for refusal in ["410", "no answer", "another page"] {
        let bureau = Bureau::configured(|config| {
            if refusal == "another page" {
                rule_of(config).accepted = Some(Pattern::parse("welcome aboard").unwrap());
            }
        })
        .await;
        match refusal {
            "410" => bureau.pages.answer(LINK, 410, None),
            "no answer" => bureau.pages.fail(LINK),
            _ => {}
        }
        bureau.receive(&Letter::right()).await;
        bureau.office.next_round().await;
        assert_eq!(bureau.pages.opened(), [LINK], "{refusal}");
        assert_eq!(bureau.state().await, "failed", "{refusal}");
        assert_eq!(bureau.alarms("invitation").await.len(), 1, "{refusal}");
        bureau.pages.answer(LINK, 200, None);
        let again = bureau.accept(false).await;
        if refusal == "another page" {
            assert!(matches!(again, Outcome::Failed(_)), "{again:?}");
            assert_eq!(bureau.accept(true).await, Outcome::Done);
        } else {
            assert_eq!(again, Outcome::Done, "{refusal}");
        }
        assert_eq!(bureau.pages.opened(), [LINK, LINK], "{refusal}");
        let shown = bureau.invitation().await;
        assert_eq!((shown.state.as_str(), shown.by.as_deref()), ("accepted", Some("lea")));
    }
}

#[tokio::test]
async fn a_person_accepts_where_the_profile_leaves_it_to_one() {
    for by_hand in [false, true] {
        let bureau = Bureau::accepting(Acceptance::Person).await;
        bureau.receive(&Letter::right()).await;
        assert_eq!(bureau.pages.opened(), Vec::<String>::new());
        let shown = bureau.invitation().await;
        assert_eq!((shown.state.as_str(), shown.link.as_deref()), ("verified", Some(LINK)));
        assert!(shown.because.contains("--by-hand"), "{}", shown.because);
        assert_eq!(bureau.connection().await, "verified");
        let alarms = bureau.alarms("invitation").await;
        assert!(alarms.len() == 1 && alarms[0].contains("dupont-maconnerie"), "{alarms:?}");
        let list = Ask::Invitations { company: None };
        assert_eq!(bureau.office.ask(list.clone()).await.outcome, Outcome::NeedsPerson);
        let listed: Vec<InvitationView> = bureau.office.done(list).await;
        assert_eq!(listed[0].link, None, "a list tells no secrets");

        assert_eq!(bureau.accept(by_hand).await, Outcome::Done);

        assert_eq!(bureau.pages.opened().len(), usize::from(!by_hand));
        assert_eq!(bureau.connection().await, "active");
        assert_eq!(bureau.alarms("invitation").await, Vec::<String>::new());
        assert_eq!(bureau.accept(false).await, Outcome::Done, "it is so already");
        assert_eq!(bureau.pages.opened().len(), usize::from(!by_hand));
    }
}

#[tokio::test]
async fn a_person_knows_of_an_invitation_that_never_came_by_mail() {
    let bureau = Bureau::new().await;
    assert!(matches!(bureau.accept(false).await, Outcome::Failed(_)));
    assert_eq!(bureau.accept(true).await, Outcome::Done);
    assert_eq!(bureau.invitation().await.received_at, None);
    assert_eq!(
        (bureau.connection().await.as_str(), bureau.state().await.as_str()),
        ("active", "accepted")
    );
    // One that comes late was written before.
    bureau.receive(&Letter::right()).await;
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
    assert_eq!(bureau.state().await, "accepted");
}

#[tokio::test]
async fn sending_does_not_wait() {
    let bureau = Bureau::new().await;
    bureau.office.on("Achats", "quickbooks").await;
    bureau.office.world.disk.write("Dupont Maçonnerie/Achats/a.pdf", b"%PDF a");
    assert_eq!(bureau.office.next_round().await.sent, 1);
    assert_eq!(bureau.connection().await, "pending", "a mail that was taken proves nothing");
}

#[tokio::test]
async fn two_reminders_are_one_invitation() {
    let bureau = Bureau::new().await;
    let reminder = Letter {
        id: "2".to_owned(),
        page: "<a href='https://accounts.tool.example/again'>Join</a>".to_owned(),
        ..Letter::right()
    };
    bureau.mailbox.receive(Letter::right().mail());
    bureau.receive(&reminder).await;
    bureau.office.next_round().await;
    assert_eq!(bureau.pages.opened().len(), 1);
    assert_eq!(bureau.state().await, "accepted");
}

#[tokio::test]
async fn an_old_invitation_a_rehearsal_and_an_app_turned_off_open_nothing() {
    let old = Letter { date: "Mon, 5 Jan 2026 08:00:00 +0000".to_owned(), ..Letter::right() };
    let undated = Letter { date: "yesterday".to_owned(), ..Letter::right() };
    for (letter, state) in [(old, "expired"), (undated, "verified")] {
        let bureau = Bureau::new().await;
        bureau.receive(&letter).await;
        assert_eq!((bureau.pages.opened().len(), bureau.state().await.as_str()), (0, state));
    }
    let redirect = Address::parse("moi@cabinet.example").unwrap();
    let bureau = Bureau::configured(|config| config.mail.redirect_to = Some(redirect)).await;
    bureau.receive(&Letter::right()).await;
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
    let mut bureau = Bureau::accepting(Acceptance::Person).await;
    bureau.receive(&Letter::right()).await;
    bureau
        .restart_configured(|config| {
            rule_of(config).accept = Acceptance::Robot;
            config.apps.get_mut(&world::app("quickbooks")).unwrap().enabled = false;
        })
        .await;
    bureau.office.next_round().await;
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}

#[tokio::test]
async fn a_host_that_left_the_list_is_not_opened_any_more() {
    let mut bureau = Bureau::accepting(Acceptance::Person).await;
    bureau.receive(&Letter::right()).await;
    bureau
        .restart_configured(|config| {
            rule_of(config).hosts = vec![host("www.tool.example")];
            rule_of(config).accept = Acceptance::Robot;
        })
        .await;
    bureau.office.next_round().await;
    assert!(matches!(bureau.accept(false).await, Outcome::Failed(_)));
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}

#[tokio::test]
async fn an_imported_state_opens_nothing_that_may_have_been_opened_since() {
    let bureau = Bureau::accepting(Acceptance::Person).await;
    bureau.receive(&Letter::right()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    let _: serde_json::Value = bureau.office.done(Ask::Export { file: file.clone() }).await;
    let mut bureau = bureau;
    bureau.office.world.clock.advance(TimeDelta::hours(1));
    let _: serde_json::Value = bureau.office.done(Ask::Import { file, confirmed: true }).await;
    bureau.restart_configured(|config| rule_of(config).accept = Acceptance::Robot).await;
    let reminder = Letter { id: "2".to_owned(), ..Letter::right() };
    bureau.receive(&reminder).await;
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
    let events = bureau.invitation().await.events;
    assert!(bureau.invitation().await.needs_person, "{events:?}");
}

#[tokio::test]
async fn connecting_says_what_comes_of_the_invitation() {
    let bureau = Bureau::new().await;
    let ask = Ask::Connect {
        company: "Garage Martin".to_owned(),
        app: "quickbooks".to_owned(),
        to: None,
        from: None,
        inbox: None,
    };
    let view: ConnectView = bureau.office.done(ask).await;
    assert_eq!(view.connection.state, "pending");
    let last = view.steps.last().unwrap();
    assert!(
        last.contains("facteur invitations accept garage-martin quickbooks --by-hand"),
        "{last}"
    );
}
