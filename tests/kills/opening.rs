//! Killed inside the opening of the store: it opens all the same.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};

use crate::sending::kill;
use crate::trials::figures::{Figures, Stopwatch};
use crate::trials::firm::{APP, COMPANY, Firm};
use crate::trials::sink::Sink;
use crate::trials::{chance, number};

/// A process that opens the store has done so within this.
const OPENING_MAX: Duration = Duration::from_millis(500);

/// Kills between two looks at whether the store opens.
const KILLS_A_LOOK: u64 = 5;

#[test]
fn a_store_whose_opening_was_killed_opens() {
    let sink = Sink::start();
    let firm = Firm::new(&sink, "hold").switched_on();
    let mut figures =
        Figures::begin("kills_opening", "FACTEUR_KILLS=300 cargo test --test kills opening");
    let mut chance = chance(3);
    let (mut killed, mut half_made, mut on) = (0, 0, true);
    while killed < number("FACTEUR_KILLS", 60) {
        let (files, _watcher) = watched(&firm.state().join("ledger"));
        // Something to recover from the log at each opening.
        let turn = if on { "off" } else { "on" };
        let mut child = firm.spawn(&["switch", turn, COMPANY, "Achats", "--app", APP]);
        if chance.bool() {
            drop(files.recv_timeout(Duration::from_micros(chance.u64(0..30_000))));
        } else {
            until_snapshot(&files);
        }
        killed += u64::from(kill(&mut child));
        half_made += u64::from(has_half_made_snapshot(&firm.state().join("ledger")));
        if killed % KILLS_A_LOOK == 0 {
            let switches = firm.json(&["switch", "list"]);
            on = switches[0]["on"].as_bool().unwrap();
        }
    }

    let switches = firm.json(&["switch", "list"]);
    assert_eq!(switches.as_array().unwrap().len(), 1, "{switches}");
    figures.note("kills", killed);
    figures.note("half_made_snapshots", half_made);
    figures.publish();
}

/// The names of files that appear or change in a folder.
///
/// They end with the watcher.
fn watched(folder: &Path) -> (Receiver<notify::Result<notify::Event>>, notify::RecommendedWatcher) {
    let (sender, files) = channel();
    let mut watcher = notify::recommended_watcher(sender).unwrap();
    watcher.watch(folder, RecursiveMode::NonRecursive).unwrap();
    (files, watcher)
}

fn until_snapshot(files: &Receiver<notify::Result<notify::Event>>) {
    let opening = Stopwatch::start();
    loop {
        let Some(rest) = opening.left_of(OPENING_MAX) else { return };
        let Ok(Ok(event)) = files.recv_timeout(rest) else { return };
        if event.paths.iter().any(|path| path.to_string_lossy().ends_with(".generating")) {
            return;
        }
    }
}

fn has_half_made_snapshot(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.into_iter().any(|name| name.to_string_lossy().ends_with(".generating"))
}
