//! Stored records: one that can't be read is said to be so, by its key, and nothing else is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use facteur::adapters::store::Ledger;
use facteur::domain::Timestamp;
use facteur::domain::company::CompanyId;
use facteur::domain::path::TreePath;
use facteur::ports::store::{DeliveryFilter, Store, StoreError, Stored};
use tokio::runtime::{Builder, Runtime};

use super::Target;
use super::robot::{self, Records};

/// The first byte chooses a record of a small firm's ledger; the rest takes its place.
pub const TARGET: Target = Target {
    name: "records",
    check,
    words: &[
        "{\"v\":1,\"d\":",
        "{\"v\":2,\"d\":",
        "}",
        "null",
        "[]",
        "{}",
        "0",
        "-1",
        "1e99",
        "18446744073709551615",
        "\"..\"",
        "\"a/../b\"",
        "\"\\\\x00\"",
        "\"a@b.example\"",
        "\"2026-11-21T18:40:00Z\"",
        "\"+262142-12-31T23:59:59Z\"",
        "\\ud800",
        "\"v\":1",
        "\"d\":",
        "\"held\"",
        "\"queued\"",
        "\"sending\"",
        "\"quickbooks\"",
        "[[[[",
        "\u{0}",
    ],
};

/// The export file that is written and read, and what it is made from.
struct Base {
    folder: tempfile::TempDir,
    records: Records,
    runtime: Runtime,
}

thread_local! {
    static BASE: RefCell<Option<Base>> = const { RefCell::new(None) };
}

fn check(bytes: &[u8]) {
    let Some((chosen, value)) = bytes.split_first() else { return };
    BASE.with_borrow_mut(|base| {
        let base = base.get_or_insert_with(Base::new);
        let key = base.records.keys().nth(usize::from(*chosen) % base.records.len());
        let key = key.expect("a firm's ledger has records").clone();
        base.runtime.block_on(replaced(base, &key, value));
    });
}

impl Base {
    fn new() -> Self {
        let folder = robot::folder();
        let runtime =
            Builder::new_current_thread().enable_all().build().expect("a runtime without threads");
        let file = folder.path().join("export");
        let robot = robot::robot(folder.path());
        runtime.block_on(async {
            robot::live(&robot, folder.path()).await;
            robot.ports().store.export(&file).await.expect("a place for the export");
        });
        let text = std::fs::read_to_string(file).expect("the export was written");
        Self { folder, records: robot::records_of(&text), runtime }
    }
}

async fn replaced(base: &Base, key: &str, value: &[u8]) {
    let mut records = base.records.clone();
    records.insert(key.to_owned(), value.to_owned());
    let file = base.folder.path().join("altered");
    std::fs::write(&file, robot::export_of(&records)).expect("a file");
    let now = Timestamp::from_timestamp(1_790_086_400, 0).expect("a time");
    let ledger = Ledger::in_memory("fuzz", now);
    ledger.import(&file, now).await.expect("an export with its checksum is taken");
    let unreadable: BTreeSet<String> =
        ledger.health().await.expect("memory has a health").unreadable.into_iter().collect();
    let kept = kept(&ledger, base.folder.path()).await;
    // An index is written anew with its delivery; everything else is what was stored.
    if let Some(stored) = kept.get(key).filter(|_| !is_made_anew(key)) {
        let readable = is_record(value);
        assert!(readable || unreadable.contains(key), "{key}: {value:?} passes for a record");
        let adapted = ["identity", "company", "delivery"].contains(&kind(key));
        assert!(adapted && readable || stored == value, "{key}: {value:?} became {stored:?}");
    }
    let asked = read_all(&ledger, &unreadable).await;
    if unreadable.contains(key) && is_asked(key) {
        assert!(asked.contains(key), "{key}: {value:?} was passed over in silence");
    }
    write_all(&ledger, now).await;
}

fn kind(key: &str) -> &str {
    key.split('/').next().unwrap_or_default()
}

fn is_made_anew(key: &str) -> bool {
    ["state", "company-state", "held", "due", "lease", "message"].contains(&kind(key))
}

/// Records that [`read_all`] asks for by themselves, and whose kind has no other reading.
fn is_asked(key: &str) -> bool {
    ["identity", "company", "decisions", "deposit", "delivery", "directory", "names", "round"]
        .contains(&kind(key))
}

fn is_record(value: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde_json::Value>(value);
    read.is_ok_and(|json| json["v"] == 1 && json.get("d").is_some())
}

async fn kept(ledger: &Ledger, folder: &Path) -> Records {
    let file = folder.join("again");
    ledger.export(&file).await.expect("a place for the export");
    robot::records_of(&std::fs::read_to_string(file).expect("it was written"))
}

/// The keys that reading everything complained about.
async fn read_all(ledger: &Ledger, unreadable: &BTreeSet<String>) -> BTreeSet<String> {
    let mut complaints = Complaints { unreadable, keys: BTreeSet::new() };
    complaints.note(ledger.identity().await);
    complaints.note(ledger.companies().await);
    complaints.note(ledger.history(None, 100).await);
    complaints.note(ledger.last_round().await);
    complaints.note(ledger.counts().await);
    complaints.note(ledger.held_counts().await);
    complaints.note(ledger.put_offs().await);
    complaints.note(ledger.marks(100).await);
    complaints.note(ledger.unsupported(100).await);
    let filter = DeliveryFilter::default();
    complaints.note(ledger.deliveries(&filter, None, 100).await);
    for number in 0..20 {
        complaints.note(ledger.deposit(number).await);
        let id = facteur::domain::delivery::DeliveryId(number);
        complaints.note(ledger.delivery(id).await);
    }
    for company in [CompanyId(1), CompanyId(2)] {
        complaints.note(ledger.decisions(company).await);
        complaints.note(ledger.history(Some(company), 100).await);
        complaints.note(ledger.directories(company).await);
        complaints.note(ledger.all_names(company).await);
        complaints.note(ledger.names(company, &TreePath::root()).await);
        complaints.note(ledger.names(company, &"Achats".parse().expect("a path")).await);
        complaints.note(ledger.deposits(company).await);
        complaints.note(ledger.to_queue(company, 100).await);
        complaints.note(ledger.settling(company).await);
    }
    complaints.keys
}

struct Complaints<'a> {
    unreadable: &'a BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl Complaints<'_> {
    fn note<T>(&mut self, answer: Stored<T>) {
        match answer {
            Ok(_) | Err(StoreError::NotFound(_)) => {}
            Err(StoreError::Unreadable { key, .. }) => {
                assert!(self.unreadable.contains(&key), "{key} was not known to be unreadable");
                self.keys.insert(key);
            }
            Err(other) => panic!("reading never fails otherwise: {other}"),
        }
    }
}

/// Writing over it may be refused, and doesn't panic.
async fn write_all(ledger: &Ledger, now: Timestamp) {
    drop(ledger.recover(now).await);
    drop(ledger.hold(CompanyId(1), None).await);
    for number in 0..4 {
        let id = facteur::domain::delivery::DeliveryId(number);
        drop(ledger.act(id, facteur::domain::delivery::Act::Cancel, "léa", now).await);
        drop(ledger.act(id, facteur::domain::delivery::Act::Resend, "léa", now).await);
    }
    drop(ledger.fork().await);
}
