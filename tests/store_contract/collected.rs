//! Collected mails: what becomes of each is compared, places are reserved, stories begin with
//! the mail.

use facteur::domain::decision::HistoryEntry;
use facteur::domain::deposit::{Content, Origin};
use facteur::domain::mail::mailbox::{Cursor, FiledFile, Filing, MailOutcome, MailRecord};
use facteur::domain::mail::received::{Headers, MailIdentity};
use facteur::domain::slug::Slug;
use facteur::ports::collected::{CollectionLedger as _, MailChange};
use facteur::ports::mails::{MailLedger as _, TakenMail};
use facteur::ports::store::{Store as _, StoreError};

use crate::rig::{Rig, at, path};

const BOX: &str = "compta@cabinet.example";

fn identity(text: &str) -> MailIdentity {
    MailIdentity::of_place(BOX, 1, 1)
        .as_delivered(&Headers(vec![("Delivered-To".to_owned(), text.to_owned())]))
}

async fn take(rig: &Rig, uid: u32) -> MailRecord {
    let place = Cursor { validity: 1, uid };
    let record = MailRecord {
        number: 0,
        mailbox: BOX.to_owned(),
        place,
        head: identity(&format!("head {uid}")),
        content: Some(identity(&format!("content {uid}"))),
        size: 1,
        from: "client@client.example".to_owned(),
        date: String::new(),
        subject: "Factures".to_owned(),
        message_id: "<1@client.example>".to_owned(),
        outcome: MailOutcome::Pending { trouble: None },
        at: at(0),
        owed: false,
    };
    let mails = vec![TakenMail { record, effect: None }];
    rig.store().take_mails(BOX, place, mails, at(1)).await.unwrap().remove(0)
}

fn filing(paths: &[&str]) -> Filing {
    let file = |(index, text): (usize, &&str)| FiledFile {
        path: path(text),
        index,
        content: Content { sha256: [7; 32], size: 1 },
        put: true,
    };
    Filing {
        slug: Slug::parse("dupont").unwrap(),
        company: path("Dupont"),
        files: paths.iter().enumerate().map(file).collect(),
        left_out: Vec::new(),
        by: None,
        trouble: None,
        admitted: None,
        acknowledgement: None,
    }
}

fn change(outcome: MailOutcome) -> MailChange {
    MailChange { owed: outcome.is_done(), outcome, content: None, entry: None }
}

async fn became(
    rig: &Rig,
    mail: &MailRecord,
    outcome: MailOutcome,
) -> Result<MailRecord, StoreError> {
    rig.store().mail_became(mail.number, &mail.outcome, change(outcome)).await
}

async fn numbers(rig: &Rig) -> (Vec<u64>, Vec<u64>, Vec<u64>) {
    let number = |mails: Vec<MailRecord>| mails.into_iter().map(|mail| mail.number).collect();
    (
        number(rig.store().mails_to_file(9).await.unwrap()),
        number(rig.store().mails_in_tray(9).await.unwrap()),
        number(rig.store().owed_mails(BOX, 9).await.unwrap()),
    )
}

pub(crate) async fn a_mail_is_listed_by_what_it_waits_for(mut rig: Rig) {
    let (one, two) = (take(&rig, 1).await, take(&rig, 2).await);
    assert_eq!(numbers(&rig).await, (vec![1, 2], vec![], vec![]));
    let one = became(&rig, &one, MailOutcome::Filing(filing(&["a.pdf"]))).await.unwrap();
    let two = became(&rig, &two, MailOutcome::Tray { because: "x".to_owned(), company: None })
        .await
        .unwrap();
    assert_eq!(numbers(&rig).await, (vec![1], vec![2], vec![]));
    became(&rig, &one, MailOutcome::Filed(filing(&["a.pdf"]))).await.unwrap();
    let because = "EICAR".to_owned();
    let two =
        became(&rig, &two, MailOutcome::Quarantined { because, company: None }).await.unwrap();
    rig.reopen();
    assert_eq!(numbers(&rig).await, (vec![], vec![2], vec![1]));
    became(&rig, &two, MailOutcome::Dropped { by: "Léa".to_owned() }).await.unwrap();
    assert_eq!(numbers(&rig).await, (vec![], vec![], vec![1, 2]));
    assert_eq!(rig.store().mail(2).await.unwrap().unwrap().outcome.as_str(), "dropped");
    assert_eq!(rig.store().mail(3).await, Ok(None));
}

pub(crate) async fn a_mail_is_changed_from_what_it_was_alone(rig: Rig) {
    let mail = take(&rig, 1).await;
    let dropped = || MailOutcome::Dropped { by: "Léa".to_owned() };
    let first = became(&rig, &mail, dropped()).await.unwrap();
    assert_eq!(became(&rig, &mail, dropped()).await, Ok(first.clone()), "repeated");
    let late = became(&rig, &mail, MailOutcome::Filing(filing(&["a.pdf"]))).await;
    assert_eq!(late, Err(StoreError::Conflict));
    assert_eq!(rig.store().mail(1).await, Ok(Some(first)));
}

pub(crate) async fn a_place_belongs_to_one_mail_until_it_is_given_up(rig: Rig) {
    let (one, two) = (take(&rig, 1).await, take(&rig, 2).await);
    let dupont = Slug::parse("dupont").unwrap();
    let plan = |paths: &[&str]| MailOutcome::Filing(filing(paths));
    let one = became(&rig, &one, plan(&["M/a.pdf", "M/b.pdf", "N.pdf"])).await.unwrap();
    assert_eq!(became(&rig, &two, plan(&["M/b.pdf"])).await, Err(StoreError::Conflict));
    let places = rig.store().places_below(&dupont, &path("M")).await.unwrap();
    assert_eq!(places, [path("M/a.pdf"), path("M/b.pdf")]);
    assert_eq!(rig.store().places_below(&dupont, &path("")).await.unwrap().len(), 3);
    assert_eq!(rig.store().mail_of_place(&dupont, &path("M/b.pdf")).await, Ok(Some(1)));

    let one = became(&rig, &one, plan(&["M/a.pdf", "M/c.pdf"])).await.unwrap();
    became(&rig, &two, plan(&["M/b.pdf"])).await.unwrap();
    assert_eq!(rig.store().mail_of_place(&dupont, &path("M/b.pdf")).await, Ok(Some(2)));
    became(&rig, &one, MailOutcome::Tray { because: "x".to_owned(), company: None }).await.unwrap();
    let places = rig.store().places_below(&dupont, &path("M")).await.unwrap();
    assert_eq!(places, [path("M/b.pdf")]);
}

pub(crate) async fn the_same_content_is_planned_once_in_a_company(rig: Rig) {
    let (one, two) = (take(&rig, 1).await, take(&rig, 2).await);
    let content = identity("the content");
    let plan = |name: &str| MailChange {
        content: Some(content.clone()),
        ..change(MailOutcome::Filing(filing(&[name])))
    };
    rig.store().mail_became(1, &one.outcome, plan("a.pdf")).await.unwrap();
    let second = rig.store().mail_became(2, &two.outcome, plan("b.pdf")).await;
    assert_eq!(second, Err(StoreError::Conflict));
    let (dupont, martin) = (Slug::parse("dupont").unwrap(), Slug::parse("martin").unwrap());
    assert_eq!(rig.store().mail_collected(&dupont, &content).await, Ok(Some(1)));
    assert_eq!(rig.store().mail_collected(&martin, &content).await, Ok(None));
}

pub(crate) async fn the_story_of_a_deposit_begins_with_its_mail(mut rig: Rig) {
    let company = rig.company().await;
    let mail = take(&rig, 1).await;
    let plan = filing(&["Achats/a.pdf", "Achats/b.pdf"]);
    let planned = became(&rig, &mail, MailOutcome::Filing(plan.clone())).await.unwrap();
    let first = rig.deposit(company.id, "Achats/a.pdf").await;
    let other = rig.deposit(company.id, "Achats/c.pdf").await;
    became(&rig, &planned, MailOutcome::Filed(plan)).await.unwrap();
    let second = rig.deposit(company.id, "Achats/b.pdf").await;
    let again = rig.deposit(company.id, "Achats/a.pdf").await;
    rig.reopen();
    let mut origins = Vec::new();
    for number in [first, other, second, again] {
        origins.push(rig.store().deposit(number).await.unwrap().unwrap().origin);
    }
    let received = Origin::Received { mail: 1 };
    assert_eq!(origins, [received.clone(), Origin::Found, received, Origin::Found]);
    let dupont = Slug::parse("dupont").unwrap();
    assert_eq!(rig.store().places_below(&dupont, &path("")).await, Ok(Vec::new()));
}

pub(crate) async fn a_place_is_taken_by_the_mails_own_file_alone(rig: Rig) {
    let company = rig.company().await;
    let mail = take(&rig, 1).await;
    let mut plan = filing(&["Achats/a.pdf", "Achats/b.pdf"]);
    plan.files[0].put = false;
    plan.files[1].content.size = 999;
    became(&rig, &mail, MailOutcome::Filing(plan)).await.unwrap();
    for name in ["Achats/a.pdf", "Achats/b.pdf"] {
        let number = rig.deposit(company.id, name).await;
        let deposit = rig.store().deposit(number).await.unwrap().unwrap();
        assert_eq!(deposit.origin, Origin::Found, "{name}");
    }
    let places = rig.store().places_below(&Slug::parse("dupont").unwrap(), &path("")).await;
    assert_eq!(places, Ok(vec![path("Achats/a.pdf")]), "still to be put, and the other is gone");
}

pub(crate) async fn who_decided_about_a_mail_is_in_the_history(rig: Rig) {
    let mail = take(&rig, 1).await;
    let entry = HistoryEntry {
        at: at(5),
        by: "Léa".to_owned(),
        what: "tray drop".to_owned(),
        company: None,
        folder: None,
        app: None,
        detail: "mail 1".to_owned(),
    };
    let change = MailChange {
        entry: Some(entry.clone()),
        ..change(MailOutcome::Dropped { by: "Léa".to_owned() })
    };
    rig.store().mail_became(1, &mail.outcome, change).await.unwrap();
    assert_eq!(rig.store().history(None, 9).await, Ok(vec![entry]));
}
