//! Invitations: brought by a mail, in its transaction, and changed step by step.

use facteur::domain::decision::HistoryEntry;
use facteur::domain::mail::invitation::{
    HostName, InvitationKey, InvitationState, InvitationStep, Invited, Link, Origin,
};
use facteur::domain::mail::mailbox::{Cursor, MailOutcome, MailRecord};
use facteur::domain::mail::received::{Head, Headers, MailIdentity};
use facteur::domain::profile::AppId;
use facteur::domain::template::Address;
use facteur::ports::invitations::InvitationLedger as _;
use facteur::ports::mails::{MailEffect, MailLedger as _, TakenMail};
use facteur::ports::store::Store as _;

use crate::rig::{Rig, at};

const BOT: &str = "quickbooks@cabinet.example";

fn app() -> AppId {
    AppId::parse("quickbooks").unwrap()
}

fn sender() -> Address {
    Address::parse("quickbooks+dupont@cabinet.example").unwrap()
}

fn entry(by: &str) -> HistoryEntry {
    HistoryEntry {
        at: at(2),
        by: by.to_owned(),
        what: "accept invitation".to_owned(),
        company: None,
        folder: None,
        app: Some(app()),
        detail: String::new(),
    }
}

/// A verified invitation of the rig's company, by this mail.
async fn invite(rig: &Rig, uid: u32, subject: &str) -> InvitationKey {
    let company = rig.store().companies().await.unwrap().first().map(|company| company.id);
    let company = match company {
        Some(company) => company,
        None => rig.company().await.id,
    };
    let hosts = [HostName::parse("tool.example").unwrap()];
    let link = Link::parse("https://tool.example/join", &hosts);
    let invited = Invited {
        company,
        app: app(),
        sender: sender(),
        from: "no-reply@tool.example".to_owned(),
        subject: subject.to_owned(),
        names: None,
        written_at: Some(at(0)),
        origin: Origin::Proven { signer: "tool.example".to_owned(), link },
    };
    let headers = Headers(vec![("Subject".to_owned(), subject.to_owned())]);
    let place = Cursor { validity: 3, uid };
    let record = MailRecord {
        number: 0,
        mailbox: BOT.to_owned(),
        place,
        head: MailIdentity::of_head(&Head { uid, size: 1, headers }),
        content: None,
        message_id: String::new(),
        size: 1,
        from: String::new(),
        date: String::new(),
        subject: subject.to_owned(),
        outcome: MailOutcome::Invited { company, app: app() },
        at: at(1),
        owed: false,
    };
    let mail = TakenMail { record, effect: Some(MailEffect::Invited(Box::new(invited))) };
    let taken = rig.store().take_mails(BOT, place, vec![mail], at(1)).await.unwrap();
    InvitationKey { company, app: app(), mail: taken[0].number }
}

pub(crate) async fn an_invitation_and_its_mail_are_one_transaction(mut rig: Rig) {
    let key = invite(&rig, 5, "a").await;
    rig.reopen();
    let all = rig.store().invitations().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].key, all[0].state), (&key, InvitationState::Verified));
    assert_eq!(rig.store().invitation_mail(&key).await.unwrap().place.uid, 5);
    assert_eq!(rig.store().invitations_of(key.company, &key.app).await, Ok(all));
    let other = AppId::parse("quick").unwrap();
    assert_eq!(rig.store().invitations_of(key.company, &other).await, Ok(vec![]));
}

pub(crate) async fn the_same_mail_invites_once(rig: Rig) {
    let key = invite(&rig, 5, "a").await;
    let step = InvitationStep::ByHand { by: "lea".to_owned() };
    rig.store().step_invitation(&key, step, None, at(2)).await.unwrap().unwrap();
    assert_eq!(invite(&rig, 9, "a").await, key, "found again under another number");
    let all = rig.store().invitations().await.unwrap();
    assert_eq!((all.len(), all[0].state), (1, InvitationState::Accepted));
    invite(&rig, 10, "b").await;
    assert_eq!(rig.store().invitations().await.unwrap().len(), 2);
}

pub(crate) async fn a_step_is_taken_once_and_a_persons_is_in_the_history(mut rig: Rig) {
    let key = invite(&rig, 5, "a").await;
    let before = rig.store().history(None, 100).await.unwrap().len();
    let open = || InvitationStep::Open { by: None };
    let begun = rig.store().step_invitation(&key, open(), None, at(2)).await.unwrap().unwrap();
    assert_eq!((begun.state, begun.openings), (InvitationState::Opening, 1));
    assert!(
        rig.store().step_invitation(&key, open(), Some(entry("x")), at(2)).await.unwrap().is_err()
    );
    rig.reopen();
    assert!(rig.store().step_invitation(&key, open(), None, at(3)).await.unwrap().is_err());
    assert_eq!(rig.store().history(None, 100).await.unwrap().len(), before, "nothing was done");
    let by_hand = InvitationStep::ByHand { by: "lea".to_owned() };
    let done = rig.store().step_invitation(&key, by_hand, Some(entry("lea")), at(4)).await;
    assert_eq!(done.unwrap().unwrap().state, InvitationState::Accepted);
    let history = rig.store().history(Some(key.company), 100).await.unwrap();
    assert_eq!((history[0].by.as_str(), history[0].what.as_str()), ("lea", "accept invitation"));
    let unknown = InvitationKey { mail: 99, ..key.clone() };
    assert!(rig.store().step_invitation(&unknown, open(), None, at(5)).await.is_err());
    let told = rig.store().invited_by_hand(key.company, &key.app, sender(), entry("lea"), at(6));
    assert_eq!(told.await.unwrap().key.mail, 0);
    assert_eq!(rig.store().invitations().await.unwrap().len(), 2);
}

pub(crate) async fn an_invitation_of_before_an_import_is_a_persons(rig: Rig) {
    let key = invite(&rig, 5, "a").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    rig.store().export(&file).await.unwrap();
    rig.store().import(&file, at(9)).await.unwrap();
    let all = rig.store().invitations().await.unwrap();
    assert_eq!((&all[0].key, all[0].state), (&key, InvitationState::Failed));
    let open = InvitationStep::Open { by: None };
    assert!(rig.store().step_invitation(&key, open, None, at(10)).await.unwrap().is_err());
}
