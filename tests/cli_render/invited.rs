//! Invitations.

use facteur::app::requests::Ask;
use facteur::app::views::{InvitationEventView, InvitationView};

use super::{at, shown, text};

fn verified() -> InvitationView {
    InvitationView {
        company: text("dupont-maconnerie"),
        app: text("quickbooks"),
        state: text("verified"),
        because: text("signed by intuit.com; the profile leaves it to a person"),
        sender: text("quickbooks+dupont-maconnerie@cabinet.example"),
        from: Some(text("QuickBooks <no-reply@intuit.com>")),
        subject: Some(text("Léa invited you\u{1b}[31m")),
        names: Some(text("Dupont Maçonnerie")),
        written_at: Some(at(1)),
        received_at: Some(at(2)),
        signed_by: Some(text("intuit.com")),
        needs_person: true,
        mails: 1,
        ..InvitationView::default()
    }
}

#[test]
fn invitations_are_listed_with_what_waits() {
    let pending = InvitationView {
        state: text("pending"),
        because: text("no invitation came yet; the tool may take a day"),
        company: text("elan"),
        app: text("quickbooks"),
        sender: text("quickbooks+elan@cabinet.example"),
        ..InvitationView::default()
    };
    let ask = Ask::Invitations { company: None };
    insta::assert_snapshot!("invitations", shown(&ask, &vec![verified(), pending]));
    insta::assert_snapshot!("invitations_none", shown(&ask, &Vec::<InvitationView>::new()));
}

#[test]
fn one_is_shown_with_its_link_and_its_story() {
    let event = InvitationEventView {
        at: at(2),
        state: text("verified"),
        because: text("signed by intuit.com"),
        by: None,
    };
    let view = InvitationView {
        link: Some(text("https://accounts.intuit.com/join?token=1")),
        events: vec![event],
        ..verified()
    };
    let ask = Ask::Invitation { company: text("dupont-maconnerie"), app: text("quickbooks") };
    insta::assert_snapshot!("invitation", shown(&ask, &view));
}
