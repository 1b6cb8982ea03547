//! Nothing is ever opened from a mail whose origin isn't verified, nor anywhere but on the list.

use facteur::app::requests::Outcome;

use crate::bureau::Bureau;
use crate::tool::{LINK, Letter};
use crate::world::mailbox::Place;

/// Mails that aren't the tool's, whatever they say.
fn forgeries() -> Vec<(&'static str, Letter)> {
    let right = Letter::right();
    vec![
        ("unsigned", Letter { signed_by: vec![], ..right.clone() }),
        (
            "signed by another",
            Letter { signed_by: vec!["evil.example".to_owned()], ..right.clone() },
        ),
        (
            "signed by one that looks alike",
            Letter { signed_by: vec!["eviltool.example".to_owned()], ..right.clone() },
        ),
        (
            "signed by its own domain below another",
            Letter { signed_by: vec!["tool.example.evil.example".to_owned()], ..right.clone() },
        ),
        (
            "the tool's mail to somebody else",
            Letter { to: "bot@evil.example".to_owned(), ..right.clone() },
        ),
        (
            "the tool's mail to another company's bot",
            Letter { to: "quickbooks+martin@cabinet.example".to_owned(), ..right },
        ),
    ]
}

#[tokio::test]
async fn nothing_of_an_unverified_mail_is_opened_kept_or_shown() {
    for (name, letter) in forgeries() {
        let bureau = Bureau::new().await;
        bureau.receive(&letter).await;
        bureau.office.next_round().await;

        let shown = bureau.invitation().await;
        assert_eq!((shown.state.as_str(), &shown.link), ("pending", &None), "{name}");
        assert!(shown.because.contains("can't be verified"), "{name}: {}", shown.because);
        assert!(shown.needs_person, "{name}");
        let refused = bureau.accept(false).await;
        assert!(matches!(refused, Outcome::Failed(_)), "{name}: {refused:?}");
        assert_eq!(bureau.pages.opened(), Vec::<String>::new(), "{name}");
        assert_eq!(bureau.connection().await, "pending", "{name}");
        assert_eq!(bureau.mailbox.places(), [Place::Inbox], "{name}");
        let everything = serde_json::to_string(&shown).unwrap();
        assert!(!everything.contains("secret"), "{name}: {everything}");
    }
}

#[tokio::test]
async fn a_mail_of_another_domain_is_no_invitation_however_it_is_signed() {
    for from in [
        "Tool <no-reply@evil.example>",
        "\"no-reply@tool.example\" <x@evil.example>",
        "Tool <no-reply@tооl.example>",
        "a@tool.example, b@evil.example",
    ] {
        let bureau = Bureau::new().await;
        let signed_by = vec!["tool.example".to_owned(), "evil.example".to_owned()];
        bureau.receive(&Letter { from: from.to_owned(), signed_by, ..Letter::right() }).await;
        assert_eq!(bureau.invitation().await.mails, 0, "{from}");
        assert_eq!(bureau.pages.opened(), Vec::<String>::new(), "{from}");
    }
}

#[tokio::test]
async fn a_verified_mail_has_no_link_but_to_a_listed_host_by_https() {
    let pages = [
        "<a href='http://accounts.tool.example/join'>Join</a>",
        "<a href='https://accounts.tool.example@evil.example/join'>Join</a>",
        "<a href='https://user:pass@accounts.tool.example/join'>Join</a>",
        "<a href='https://accounts.tool.example:8443/join'>Join</a>",
        "<a href='https://accounts.tool.example.evil.example/join'>Join</a>",
        "<a href='https://аccounts.tool.example/join'>Join</a>",
        "<a href='https://evil.example/'>https://accounts.tool.example/join</a>",
        "<a href='//accounts.tool.example/join'>Join</a>",
        "<base href='https://accounts.tool.example/'><a href='/join'>Join</a>",
        "<a href='https://127.0.0.1/join'>Join</a>",
        "<!-- <a href='https://accounts.tool.example/join'>Join</a> -->",
        "<form action='https://accounts.tool.example/join'><button>Join</button></form>",
    ];
    for page in pages {
        let bureau = Bureau::new().await;
        bureau.receive(&Letter::with_page(page)).await;
        let shown = bureau.invitation().await;
        // What is shown as text in a page may stand there as a link in plain text, never here.
        assert_eq!((shown.state.as_str(), shown.link), ("verified", None), "{page}");
        assert!(shown.needs_person, "{page}");
        assert!(matches!(bureau.accept(false).await, Outcome::Failed(_)), "{page}");
        assert_eq!(bureau.pages.opened(), Vec::<String>::new(), "{page}");
    }
}

#[tokio::test]
async fn a_redirect_to_anywhere_else_is_not_followed() {
    for location in [
        "https://evil.example/",
        "http://accounts.tool.example/done",
        "https://www.tool.example@evil.example/",
        "//evil.example/done",
    ] {
        let bureau = Bureau::new().await;
        bureau.pages.answer(LINK, 302, Some(location));
        bureau.receive(&Letter::right()).await;
        assert_eq!(bureau.pages.opened(), [LINK], "{location}");
        let shown = bureau.invitation().await;
        assert_eq!(shown.state, "failed", "{location}");
        assert!(shown.needs_person && !shown.because.contains("secret"), "{}", shown.because);
        assert_eq!(bureau.connection().await, "verified", "{location}");
    }
}

#[tokio::test]
async fn a_forged_mail_takes_nothing_from_a_right_one() {
    for forged_first in [true, false] {
        let bureau = Bureau::new().await;
        let mut forgery = Letter { signed_by: vec![], id: "2".to_owned(), ..Letter::right() };
        forgery.page = "<a href='https://accounts.tool.example/forged'>Join</a>".to_owned();
        let letters = [forgery, Letter::right()];
        let order: [usize; 2] = if forged_first { [0, 1] } else { [1, 0] };
        for index in order {
            bureau.receive(&letters[index]).await;
        }
        bureau.office.next_round().await;
        assert_eq!(bureau.pages.opened(), [LINK]);
        let shown = bureau.invitation().await;
        assert_eq!((shown.state.as_str(), shown.mails), ("accepted", 2));
    }
}

#[tokio::test]
async fn whoever_has_an_account_at_the_tool_invites_to_no_other_books() {
    let bureau = Bureau::new().await;
    bureau.receive(&Letter { company: "Evil Books".to_owned(), ..Letter::right() }).await;
    let shown = bureau.invitation().await;
    assert_eq!((shown.state.as_str(), shown.names.as_deref()), ("verified", Some("Evil Books")));
    assert!(shown.because.contains("it is about `Evil Books`"), "{}", shown.because);
    assert!(shown.needs_person);
    assert_eq!(bureau.pages.opened(), Vec::<String>::new());
}
