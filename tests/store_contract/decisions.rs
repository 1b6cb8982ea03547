//! Companies, decisions and their consequences.

use facteur::domain::company::{CompanyHold, CompanyHoldReason, RootIdentity};
use facteur::domain::decision::{Decision, Ruling};
use facteur::domain::delivery::{Act, HeldReason, State};
use facteur::domain::deposit::{Fate, Verdict};
use facteur::domain::slug::Slug;
use facteur::ports::store::{Store as _, StoreError};

use crate::rig::{Rig, app, at, backfill, candidate, connect, content, entry, path, turn};

pub(crate) async fn a_decision_on_an_old_revision_is_a_conflict(rig: Rig) {
    let company = rig.company().await;
    let old = company.revision - 1;
    let decided = rig.store().decide(company.id, old, turn("B", true), entry("switch on")).await;
    assert_eq!(decided, Err(StoreError::Conflict));
    assert_eq!(rig.store().decisions(company.id).await.unwrap().switches.len(), 1);
}

pub(crate) async fn turning_on_what_is_on_changes_nothing(rig: Rig) {
    let company = rig.company().await;
    let lines = rig.store().history(None, 100).await.unwrap().len();
    for folder in ["Achats", "Achats/2026"] {
        rig.decide(company.id, turn(folder, true)).await.unwrap();
    }
    assert_eq!(rig.company_of(company.id).await, company);
    assert_eq!(rig.store().history(None, 100).await.unwrap().len(), lines);
    let unknown = Decision::Turn {
        app: app("dext"),
        folder: path("Achats"),
        on: true,
        inbox: None,
        identity: None,
    };
    let missing = StoreError::NotFound("a connection to `dext`".to_owned());
    assert_eq!(rig.decide(company.id, unknown).await, Err(missing));
}

pub(crate) async fn off_cancels_what_waits_and_on_again_starts_afresh(mut rig: Rig) {
    let company = rig.company().await;
    let cause = rig.cause(company.id, "Achats").await;
    let queued = rig.queued(company.id, "Achats/a.pdf").await;
    let due = rig.deposit(company.id, "Achats/b.pdf").await;
    assert_eq!(rig.decide(company.id, turn("Achats", false)).await, Ok(vec![queued]));
    rig.decide(company.id, turn("Achats", true)).await.unwrap();
    rig.reopen();
    assert_eq!(rig.delivery(queued).await.state, State::Cancelled);
    let Verdict::Due(kept) = rig.verdict(due).await else { panic!("it is due still") };
    assert_eq!(kept.fate, Fate::Cancel);
    assert_ne!(rig.cause(company.id, "Achats").await, cause, "another activation");
    let sneaky = vec![candidate(cause)];
    rig.store().queue(due, content("b"), sneaky, None, at(0)).await.unwrap();
    assert!(rig.claim(0).await.is_empty());
}

pub(crate) async fn off_reaches_hundreds_of_deliveries(rig: Rig) {
    let company = rig.company().await;
    for number in 0..100 {
        rig.queued(company.id, &format!("Achats/{number}.pdf")).await;
    }
    let elsewhere = rig.deposit_by(company.id, "Ventes/old.pdf", backfill()).await;
    rig.queue(elsewhere, "old").await;
    let cancelled = rig.decide(company.id, turn("Achats", false)).await.unwrap();
    assert_eq!(cancelled.len(), 100);
    let counts = rig.store().counts().await.unwrap();
    assert_eq!((counts[&State::Cancelled], counts[&State::Queued]), (100, 1));
}

async fn renamed(rig: &Rig) -> (facteur::domain::company::CompanyId, [u64; 3]) {
    let company = rig.company().await.id;
    let numbers = [
        rig.deposit(company, "Achats/a.pdf").await,
        rig.deposit(company, "Achats/b.pdf").await,
        rig.deposit(company, "Achats/c.pdf").await,
    ];
    for number in &numbers[..2] {
        rig.queue(*number, &number.to_string()).await;
    }
    let mut moved = rig.store().deposit(numbers[1]).await.unwrap().unwrap();
    moved.path = path("Achats 2025/b.pdf");
    rig.observe(company, moved).await;
    let to = path("Achats 2025");
    let seen = Decision::Renamed { app: app("quickbooks"), folder: path("Achats"), to };
    rig.decide(company, seen).await.unwrap();
    (company, numbers)
}

pub(crate) async fn a_renamed_folder_is_held_until_follow(rig: Rig) {
    let (company, numbers) = renamed(&rig).await;
    let held = rig.store().held_counts().await.unwrap();
    assert_eq!(held[&HeldReason::FolderRenamed], 2, "at both places");
    let Verdict::Due(due) = rig.verdict(numbers[2]).await else { panic!("it is due still") };
    assert_eq!(due.fate, Fate::Hold(HeldReason::FolderRenamed));
    let follow = Decision::Follow { app: app("quickbooks"), folder: path("Achats") };
    rig.decide(company, follow).await.unwrap();
    let decisions = rig.store().decisions(company).await.unwrap();
    let ruling = decisions.ruling(&app("quickbooks"), &path("Achats 2025"));
    assert!(matches!(ruling, Ruling::On(..)), "{ruling:?}");
    assert!(rig.store().held_counts().await.unwrap().is_empty());
    let claimed = rig.claim(0).await;
    assert!(claimed.iter().any(|delivery| delivery.deposit == numbers[1]));
}

pub(crate) async fn a_renamed_folder_is_held_until_stay(rig: Rig) {
    let (company, numbers) = renamed(&rig).await;
    let stay = Decision::Stay { app: app("quickbooks"), folder: path("Achats"), identity: None };
    rig.decide(company, stay).await.unwrap();
    assert!(rig.store().held_counts().await.unwrap().is_empty());
    let Verdict::Due(due) = rig.verdict(numbers[2]).await else { panic!("it is due still") };
    assert_eq!(due.fate, Fate::Queue);
    let claimed = rig.claim(0).await;
    assert!(claimed.iter().any(|delivery| delivery.deposit == numbers[0]));
}

pub(crate) async fn following_takes_exceptions_along(rig: Rig) {
    let company = rig.company().await.id;
    rig.decide(company, turn("Achats/Perso", false)).await.unwrap();
    let to = path("Achats 2025");
    let seen = Decision::Renamed { app: app("quickbooks"), folder: path("Achats"), to };
    rig.decide(company, seen).await.unwrap();
    let follow = Decision::Follow { app: app("quickbooks"), folder: path("Achats") };
    rig.decide(company, follow).await.unwrap();
    let decisions = rig.store().decisions(company).await.unwrap();
    let ruling = |folder: &str| decisions.ruling(&app("quickbooks"), &path(folder));
    assert_eq!(ruling("Achats 2025/Perso"), Ruling::Off);
    assert_eq!(ruling("Achats"), Ruling::Off);
}

pub(crate) async fn disconnecting_ends_switches_and_back_fills(rig: Rig) {
    let company = rig.company().await.id;
    rig.queued(company, "Achats/a.pdf").await;
    let old = rig.deposit_by(company, "Ventes/old.pdf", backfill()).await;
    rig.queue(old, "old").await;
    let ended = Decision::Disconnect { app: app("quickbooks") };
    assert_eq!(rig.decide(company, ended).await.unwrap().len(), 2);
    rig.decide(company, connect("quickbooks")).await.unwrap();
    let decisions = rig.store().decisions(company).await.unwrap();
    assert_eq!(decisions.ruling(&app("quickbooks"), &path("Achats")), Ruling::Off);
}

pub(crate) async fn an_app_turned_off_keeps_nothing_waiting(rig: Rig) {
    let company = rig.company().await.id;
    let first = rig.deposit(company, "Achats/a.pdf").await;
    rig.queue(first, "same").await;
    let follower = rig.deposit(company, "Achats/b.pdf").await;
    rig.queue(follower, "same").await;
    rig.deposit(company, "Achats/c.pdf").await;
    let count = rig.store().turn_app_off(&app("quickbooks"), "turned off", at(1)).await;
    assert_eq!(count, Ok(2), "one delivery, one document still to settle");
    assert!(rig.claim(1).await.is_empty());
    assert_eq!(rig.store().turn_app_off(&app("quickbooks"), "again", at(1)).await, Ok(0));
    let Verdict::Duplicate(original) = rig.verdict(follower).await else { panic!("it follows") };
    let retried = rig.store().act(original, Act::Retry, "lea", at(2)).await.unwrap();
    assert_eq!(retried.state, State::Queued);
}

pub(crate) async fn the_history_is_newest_first(mut rig: Rig) {
    let company = rig.company().await;
    let other = rig.found("Martin").await;
    rig.decide(other.id, connect("dext")).await.unwrap();
    rig.store().decide(company.id, company.revision, turn("B", true), entry("last")).await.unwrap();
    rig.reopen();
    let all = rig.store().history(None, 100).await.unwrap();
    assert_eq!((all.len(), all[0].what.as_str()), (4, "last"));
    assert_eq!(rig.store().history(Some(other.id), 100).await.unwrap().len(), 1);
    assert_eq!(rig.store().history(Some(company.id), 2).await.unwrap().len(), 2);
}

pub(crate) async fn the_same_hold_keeps_its_beginning(rig: Rig) {
    let company = rig.company().await.id;
    let hold = |reason, seconds| {
        Some(CompanyHold { reason, since: at(seconds), message: seconds.to_string() })
    };
    let gone = CompanyHoldReason::FolderVanished;
    rig.store().hold(company, hold(gone, 1)).await.unwrap();
    let held = rig.store().hold(company, hold(gone, 2)).await.unwrap().hold.unwrap();
    assert_eq!((held.since, held.message.as_str()), (at(1), "2"));
    let other = hold(CompanyHoldReason::SlugTaken, 3);
    assert_eq!(rig.store().hold(company, other.clone()).await.unwrap().hold, other);
    assert_eq!(rig.store().hold(company, None).await.unwrap().hold, None);
}

pub(crate) async fn a_company_is_found_once_and_can_be_relocated(rig: Rig) {
    let company = rig.company().await;
    assert_eq!(rig.found("Dupont").await, company);
    let root = RootIdentity("disk 2".to_owned());
    let moved = rig
        .store()
        .relocate(company.id, path("Dupont SARL"), root.clone(), true, entry("relocate"))
        .await
        .unwrap();
    assert_eq!((&moved.root, moved.retake), (&root, true));
    assert!(moved.revision > company.revision);
    let slug = Slug::parse("other").unwrap();
    let again = rig.store().found(path("Dupont SARL"), slug, "x".to_owned(), root).await.unwrap();
    assert_eq!(again, moved);
    let third = rig.found("Dupont").await;
    assert_ne!(third.id, company.id, "the former folder is free");
    let taken = third.root.clone();
    let refused =
        rig.store().relocate(third.id, path("Dupont SARL"), taken, false, entry("relocate")).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}
