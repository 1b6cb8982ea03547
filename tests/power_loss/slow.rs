//! A disk that works and is slow: every sync of the state takes its time.

use std::path::Path;

use crate::journal::{self, Record};
use crate::recorded;
use crate::trials::figures::Figures;
use crate::trials::firm::{Firm, said};
use crate::trials::sink::Sink;

/// How much longer each sync takes.
const SYNC_PAUSE_US: u64 = 40_000;

/// Documents sent by one round on it.
const DOCUMENTS: u64 = 20;

#[test]
fn on_a_slow_disk_everything_takes_longer_and_comes_once() {
    let mut figures = Figures::begin("slow_disk", "cargo test --test power_loss slow");
    let Some(shim) = recorded::shim() else {
        figures.note("staged", false);
        figures.note("because", "there is no C compiler (cc)");
        return figures.publish();
    };
    let sink = Sink::start();
    let mut firm = Firm::new(&sink, "hold").switched_on();
    let journal = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("slow_disk_{}.journal", std::process::id()));
    std::fs::write(&journal, b"").unwrap();
    firm.deposit(DOCUMENTS);

    let mut round = firm.command(&["round"]);
    round.env("LD_PRELOAD", &shim).env("FACTEUR_SYNC_PAUSE_US", SYNC_PAUSE_US.to_string());
    round.env("FACTEUR_DISK", firm.state()).env("FACTEUR_JOURNAL", &journal);
    let output = round.output().unwrap();

    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let records = journal::read(&journal);
    drop(std::fs::remove_file(&journal));
    let syncs = records.iter().filter(|record| matches!(record, Record::Synced { .. })).count();
    assert!(syncs >= 10, "the disk was slow {syncs} times");
    let kept = sink.by_document();
    assert_eq!(kept.len() as u64, DOCUMENTS);
    assert!(kept.values().all(|copies| copies.len() == 1));
    let counts = &firm.json(&["status"])["counts"];
    assert_eq!((&counts["sent"], &counts["in_doubt"]), (&DOCUMENTS.into(), &0.into()), "{counts}");
    figures.note("staged", true);
    figures.note("documents", DOCUMENTS);
    figures.note("slow_syncs", syncs);
    figures.note("sync_pause_ms", SYNC_PAUSE_US / 1000);
    figures.note("copies", 0);
    figures.publish();
}
