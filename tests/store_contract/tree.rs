//! Directories, names and deposits.

use facteur::domain::company::CompanyId;
use facteur::domain::deposit::{Origin, Skip, Verdict};
use facteur::domain::directory::{
    DirectoryRecord, Fingerprint, Listed, NameBytes, NameRecord, Names, Stamp,
};
use facteur::ports::store::{
    DepositRef, NameChange, OBSERVATION_RECORDS_MAX, Observation, Store as _, StoreError,
};

use crate::rig::{Rig, app, at, deposit, path};

fn name(text: &[u8]) -> NameBytes {
    NameBytes::new(text)
}

fn record(fingerprint: u64) -> NameRecord {
    NameRecord {
        fingerprint: Fingerprint(fingerprint),
        deposit: None,
        settling: None,
        absent_since: None,
        gone: false,
    }
}

fn named(fingerprint: u64, deposit: DepositRef) -> NameChange {
    NameChange { record: record(fingerprint), deposit }
}

fn directory(stamp: u64) -> DirectoryRecord {
    let listed = Listed { stamp: Stamp(stamp), identity: None, restless: false, documents: 0 };
    DirectoryRecord::after_listing(None, listed, at(0))
}

/// Writes names in observations as large as they may be.
async fn write(rig: &Rig, company: CompanyId, changes: &[(NameBytes, Option<NameChange>)]) {
    let mut revision = rig.company_of(company).await.revision;
    for some in changes.chunks(OBSERVATION_RECORDS_MAX) {
        let names = vec![(path("Achats"), some.to_vec())];
        let seen = Observation { names, ..Observation::default() };
        revision = rig.store().observe(company, revision, seen).await.unwrap().1;
    }
}

pub(crate) async fn names_and_deposits_are_one_transaction(mut rig: Rig) {
    let company = rig.company().await;
    let cause = rig.cause(company.id, "Achats").await;
    let found = |place| deposit(company.id, place, Origin::Found, cause.clone());
    let changes = vec![
        (name(b"b.pdf"), Some(named(2, DepositRef::New(1)))),
        (name(b"a.pdf"), Some(named(1, DepositRef::New(0)))),
        (name(b"old.pdf"), Some(named(3, DepositRef::Keep))),
    ];
    let mut changed = company.clone();
    changed.baseline = true;
    let seen = Observation {
        directories: vec![(path("Achats"), directory(7))],
        names: vec![(path("Achats"), changes)],
        deposits: vec![found("Achats/a.pdf"), found("Achats/b.pdf")],
        company: Some(changed),
        ..Observation::default()
    };
    let answer = rig.store().observe(company.id, company.revision, seen).await;
    assert_eq!(answer, Ok((vec![1, 2], company.revision + 1)));
    rig.reopen();
    let names = rig.store().names(company.id, &path("Achats")).await.unwrap();
    let deposits: Vec<Option<u64>> = names.values().map(|record| record.deposit).collect();
    assert_eq!(deposits, [Some(1), Some(2), None]);
    let known = rig.store().directories(company.id).await.unwrap();
    assert_eq!(known, [(path("Achats"), directory(7))]);
    assert!(rig.company_of(company.id).await.baseline);
}

pub(crate) async fn an_observation_of_an_old_revision_is_a_conflict(rig: Rig) {
    let company = rig.company().await;
    rig.deposit(company.id, "Achats/a.pdf").await;
    let names = vec![(path("Achats"), vec![(name(b"b.pdf"), Some(named(1, DepositRef::Keep)))])];
    let seen = Observation { names, ..Observation::default() };
    let answer = rig.store().observe(company.id, company.revision, seen).await;
    assert_eq!(answer, Err(StoreError::Conflict));
    assert!(rig.store().all_names(company.id).await.unwrap().is_empty());
}

pub(crate) async fn a_directory_of_twenty_thousand_names_is_read_back(mut rig: Rig) {
    let company = rig.company().await.id;
    let changes: Vec<(NameBytes, Option<NameChange>)> = (0..20_000)
        .map(|index| (name(format!("{index:05}.pdf").as_bytes()), Some(named(1, DepositRef::Keep))))
        .collect();
    write(&rig, company, &changes).await;
    rig.reopen();
    let names = rig.store().names(company, &path("Achats")).await.unwrap();
    assert!(names.keys().eq(changes.iter().map(|(name, _)| name)), "{} names", names.len());
}

pub(crate) async fn names_in_any_order_find_their_shards(mut rig: Rig) {
    const NAMES: u64 = 3_000;
    let company = rig.company().await.id;
    let spread = |index: u64| format!("{:04}é\\{index}.pdf", index * 7919 % NAMES);
    let mut changes: Vec<(NameBytes, Option<NameChange>)> = (0..NAMES)
        .map(|index| (name(spread(index).as_bytes()), Some(named(index, DepositRef::Keep))))
        .collect();
    write(&rig, company, &changes).await;
    rig.reopen();
    let expected: Names =
        changes.iter().map(|(name, change)| (name.clone(), change.unwrap().record)).collect();
    let names = rig.store().names(company, &path("Achats")).await.unwrap();
    assert!(names == expected, "{} of {NAMES}", names.len());
    for (_, change) in changes.iter_mut().skip(5) {
        *change = None;
    }
    write(&rig, company, &changes).await;
    write(&rig, company, &changes[5..10]).await;
    let all = rig.store().all_names(company).await.unwrap();
    assert_eq!(all[&path("Achats")].len(), 5);
}

pub(crate) async fn forgotten_directories_lose_their_names(rig: Rig) {
    let company = rig.company().await;
    let seen = Observation {
        directories: vec![(path("A"), directory(1)), (path("A b"), directory(1))],
        names: vec![
            (path("A"), vec![(name(b"x"), Some(named(1, DepositRef::Keep)))]),
            (path("A b"), vec![(name(b"y"), Some(named(1, DepositRef::Keep)))]),
        ],
        ..Observation::default()
    };
    let (_, revision) = rig.store().observe(company.id, company.revision, seen).await.unwrap();
    let seen = Observation { forgotten: vec![path("A")], ..Observation::default() };
    rig.store().observe(company.id, revision, seen).await.unwrap();
    let all = rig.store().all_names(company.id).await.unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), [&path("A b")]);
    assert_eq!(rig.store().directories(company.id).await.unwrap().len(), 1);
}

pub(crate) async fn an_observation_undoes_no_queueing(rig: Rig) {
    let company = rig.company().await;
    let number = rig.deposit(company.id, "Achats/a.pdf").await;
    let read_before = rig.store().deposit(number).await.unwrap().unwrap();
    let verdict = rig.queue(number, "a").await;
    let mut moved = read_before;
    moved.path = path("Achats/2026/a.pdf");
    rig.observe(company.id, moved).await;
    assert_eq!(rig.verdict(number).await, verdict);
    let kept = rig.store().deposit(number).await.unwrap().unwrap();
    assert_eq!(kept.path, path("Achats/2026/a.pdf"));
    assert!(kept.content.is_some());
    assert!(rig.store().to_queue(company.id, 10).await.unwrap().is_empty());
}

pub(crate) async fn deposits_are_found_by_every_path_they_had(rig: Rig) {
    let company = rig.company().await;
    let number = rig.deposit(company.id, "Achats/a.pdf").await;
    let mut moved = rig.store().deposit(number).await.unwrap().unwrap();
    moved.path = path("Achats/b.pdf");
    rig.observe(company.id, moved.clone()).await;
    let later = rig.deposit(company.id, "Achats/a.pdf").await;
    let at_a = rig.store().deposits_at(company.id, &path("Achats/a.pdf")).await.unwrap();
    assert_eq!(at_a.iter().map(|found| found.number).collect::<Vec<_>>(), [later, number]);
    let at_b = rig.store().deposits_at(company.id, &path("Achats/b.pdf")).await.unwrap();
    assert_eq!(at_b.iter().map(|found| found.number).collect::<Vec<_>>(), [number]);
    assert!(rig.store().deposits_at(company.id, &path("Achats")).await.unwrap().is_empty());
}

pub(crate) async fn deposits_are_listed_by_what_they_wait_for(rig: Rig) {
    let company = rig.company().await;
    let cause = rig.cause(company.id, "Achats").await;
    let mut unsettled = deposit(company.id, "Achats/a.pdf", Origin::Found, cause.clone());
    unsettled.settled = false;
    let settling = rig.observe(company.id, unsettled).await;
    let ready = rig.deposit(company.id, "Achats/b.pdf").await;
    let mut other = deposit(company.id, "Achats/c.exe", Origin::Found, cause);
    other.verdicts.insert(app("quickbooks"), Verdict::Skipped(Skip::Unsupported));
    let unsupported = rig.observe(company.id, other).await;
    let numbers = |found: Vec<facteur::domain::deposit::Deposit>| -> Vec<u64> {
        found.into_iter().map(|deposit| deposit.number).collect()
    };
    assert_eq!(numbers(rig.store().settling(company.id).await.unwrap()), [settling]);
    assert_eq!(numbers(rig.store().to_queue(company.id, 10).await.unwrap()), [ready]);
    assert_eq!(numbers(rig.store().unsupported(10).await.unwrap()), [unsupported]);
    let mut settled = rig.store().deposit(settling).await.unwrap().unwrap();
    settled.settled = true;
    rig.observe(company.id, settled).await;
    let ready_now = rig.store().to_queue(company.id, 1).await.unwrap();
    assert_eq!(numbers(ready_now), [settling], "oldest first");
}

pub(crate) async fn odd_names_come_back_as_they_were(mut rig: Rig) {
    let company = rig.company().await.id;
    let odd: [&[u8]; 5] = [b"facture\xe9.pdf", b"a\tb\n", b"back\\slash", "é".as_bytes(), b"\x01"];
    let changes: Vec<(NameBytes, Option<NameChange>)> =
        odd.iter().map(|text| (name(text), Some(named(1, DepositRef::Keep)))).collect();
    write(&rig, company, &changes).await;
    rig.reopen();
    let names = rig.store().names(company, &path("Achats")).await.unwrap();
    let mut expected: Vec<NameBytes> = odd.iter().map(|text| name(text)).collect();
    expected.sort();
    assert_eq!(names.into_keys().collect::<Vec<_>>(), expected);
}
