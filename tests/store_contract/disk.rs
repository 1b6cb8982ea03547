//! What only a state on disk can meet.

use facteur::adapters::store::{Ledger, OpenError};
use facteur::ports::store::{Store as _, StoreError};

use crate::rig::{Rig, at, rules, turn};

#[tokio::test]
async fn a_second_opener_is_told_who_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let first = Ledger::open(directory.path(), at(0)).unwrap();
    let second = Ledger::open(directory.path(), at(0)).err().unwrap();
    let own = std::process::id().to_string();
    assert!(matches!(&second, OpenError::InUse { pid, .. } if *pid == own), "{second}");
    drop(first);
    Ledger::open(directory.path(), at(0)).unwrap();
}

#[tokio::test]
async fn anothers_state_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    // Root gives a folder away; who isn't root tries root's.
    let given = std::os::unix::fs::chown(directory.path(), Some(65_534), None).is_ok();
    let tried = if given { directory.path() } else { std::path::Path::new("/") };
    let refused = Ledger::open(tried, at(0)).err().unwrap();
    assert!(matches!(refused, OpenError::NotOwner { .. }), "{refused}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left there");
}

#[tokio::test]
async fn a_half_made_snapshot_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    drop(Ledger::open(directory.path(), at(0)).unwrap());
    let half = directory.path().join("ledger/snap.0000000000000123.generating");
    std::fs::write(&half, b"half").unwrap();
    Ledger::open(directory.path(), at(0)).unwrap();
    assert!(!half.exists());
}

#[tokio::test]
async fn a_state_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("deep/state");
    drop(Ledger::open(&state, at(0)).unwrap());
    let mode = std::fs::metadata(&state).unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0);
}

/// How often a tree is tried that sled's last threads still hold.
const OPEN_TRIES_MAX: usize = 1_000_000;

/// Writes past the ledger, as damage or a newer version would.
fn overwrite(state: &std::path::Path, records: &[(&str, &[u8])]) {
    let config = sled::Config::new().path(state.join("ledger")).flush_every_ms(None);
    let mut tries = (0..OPEN_TRIES_MAX).map(|_| {
        std::thread::yield_now();
        config.open()
    });
    let tree = tries.find_map(Result::ok).unwrap();
    for (key, value) in records {
        let mut keys = tree.iter().keys().map(Result::unwrap);
        let full = keys.find(|full| full.ends_with(key.as_bytes())).unwrap();
        tree.insert(full, *value).unwrap();
    }
}

#[tokio::test]
async fn records_that_cannot_be_read_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let rig = Rig::over(Ledger::open(&state, at(0)).unwrap());
    let company = rig.company().await.id;
    rig.queued(company, "Achats/a.pdf").await;
    rig.queued(company, "Achats/b.pdf").await;
    rig.queued(company, "Achats/c.pdf").await;
    drop(rig);
    let [newer, damaged] = ["delivery/0000000000000001", "deposit/0000000000000002"];
    let version_2 = br#"{"v":2,"d":{"states":[]}}"#;
    overwrite(&state, &[(newer, version_2), (damaged, b"\x00\xff")]);
    let ledger = Ledger::open(&state, at(0)).unwrap();
    assert_eq!(ledger.health().await.unwrap().unreadable, [newer, damaged]);
    let read = ledger.delivery(facteur::domain::delivery::DeliveryId(1)).await;
    let problem = "it has version 2, this program reads version 1".to_owned();
    assert_eq!(read, Err(StoreError::Unreadable { key: newer.to_owned(), problem }));
    assert!(matches!(ledger.deposits(company).await, Err(StoreError::Unreadable { .. })));
    assert_eq!(ledger.recover(at(0)).await, Ok(vec![]));
    let claimed = ledger.claim(&rules(), 10, at(0)).await.unwrap();
    assert_eq!(claimed.len(), 1, "the other one goes on");
    let file = directory.path().join("backup");
    ledger.export(&file).await.unwrap();
    let rig = Rig::over(ledger);
    rig.decide(company, turn("Achats", false)).await.unwrap();
    let other = Ledger::in_memory("other", at(0));
    other.import(&file, at(1)).await.unwrap();
    assert_eq!(other.health().await.unwrap().unreadable, [newer, damaged]);
}

/// The files of a folder as a kill would leave them.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_answered_is_in_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let rig = Rig::over(Ledger::open(&state, at(0)).unwrap());
    let company = rig.company().await.id;
    for number in 0..20 {
        let id = rig.queued(company, &format!("Achats/{number}.pdf")).await;
        let killed = directory.path().join(format!("killed {number}"));
        copy(&state, &killed);
        let ledger = Ledger::open(&killed, at(0)).unwrap();
        assert_eq!(ledger.delivery(id).await, Ok(Some(rig.delivery(id).await)));
        assert!(ledger.health().await.unwrap().unreadable.is_empty());
    }
}
