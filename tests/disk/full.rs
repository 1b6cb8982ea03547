//! A disk that is full, over quota, nearly full, or read-only from the start.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::firm::{COMPANY, Firm};
use crate::mounted::{Mounted, Place, alarms, behind};
use crate::office::{firm, sent, states};

fn db(firm: &Firm) -> PathBuf {
    firm.path().join("state/ledger/db")
}

#[test]
fn a_quota_met_in_the_middle_calls_nothing_sent_and_everything_goes_once_afterwards() {
    let firm = firm("");
    firm.json(0, &["round"]);
    for number in 0..400 {
        fs::write(firm.achats(&format!("{number:03}.pdf")), format!("%PDF {number}")).unwrap();
    }
    let routes = fs::read_to_string(firm.routes()).unwrap();
    fs::write(firm.routes(), routes.replace("settle = \"1s\"", "settle = \"1s\"\nflood = 0"))
        .unwrap();
    // Blocks of 512 bytes; the signal is ignored, so that a write fails instead (setrlimit(2)).
    let blocks = fs::metadata(db(&firm)).unwrap().len() / 512 + 8;
    let limit = format!("trap '' XFSZ; ulimit -f {blocks};");
    let output = behind(&firm, &limit, &["round"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("File too large"), "{said}");
    let service = behind(&firm, &limit, &["run"]).output().unwrap();
    assert_eq!(service.status.code(), Some(1), "systemd starts it again: {service:?}");

    let mut rounds = 0;
    while sent(&firm).len() < 400 {
        firm.run(&["round"]);
        rounds += 1;
        assert!(rounds < 5, "{:?}", states(&firm));
    }
    let doubts = firm.json(0, &["deliveries", "--state", "in_doubt"]);
    let doubts = doubts.as_array().unwrap().len();
    assert!(doubts <= 4, "{doubts} were at their final dot");
    assert!(sent(&firm).values().all(|times| *times == 1));
    let told = firm.json(0, &["deliveries", "--state", "sent"]).as_array().unwrap().len();
    assert_eq!(told + doubts, 400);
}

/// A service whose state is on a small disk of its own; none where nobody may mount one.
fn small_disk(firm: &Firm) -> Option<Mounted> {
    Mounted::start(firm, Place::State, "mount -t tmpfs -o size=8m tmpfs PLACE", "small_disk")
}

#[test]
fn on_a_disk_that_is_nearly_full_nothing_new_is_taken_in_until_there_is_room() {
    let firm = firm("free_min = \"3 MB\"");
    let Some(disk) = small_disk(&firm) else { return };
    let filler = disk.inside().join("filler");
    fs::write(&filler, vec![1; 5_300_000]).unwrap();
    fs::write(firm.achats("un.pdf"), b"%PDF").unwrap();
    let round: Value =
        serde_json::from_slice(&disk.run(&firm, &["--json", "round"]).stdout).unwrap();
    assert_eq!((&round["deposited"], &round["sent"]), (&0.into(), &0.into()), "{round}");
    assert_eq!(round["problems"][0]["kind"], "disk_low", "{round}");
    assert_eq!(alarms(&disk.status(&firm).unwrap()), ["disk_low"]);
    fs::remove_file(&filler).unwrap();
    disk.run(&firm, &["round"]);
    assert_eq!(sent(&firm).get("un.pdf"), Some(&1));
    assert_eq!(alarms(&disk.status(&firm).unwrap()), Vec::<&str>::new());
    assert_eq!(COMPANY, "dupont-maconnerie");
}

#[test]
fn a_disk_that_is_full_ends_the_service_and_calls_nothing_sent() {
    let firm = firm("free_min = \"0\"");
    let Some(mut disk) = small_disk(&firm) else { return };
    let inside = disk.inside();
    // All that is left.
    drop(fs::write(inside.join("filler"), vec![1; 8_000_000]));
    for number in 0..200 {
        fs::write(firm.achats(&format!("{number:03}.pdf")), format!("%PDF {number}")).unwrap();
    }
    disk.run(&firm, &["round"]);
    assert_eq!(disk.ended().0, Some(1));
    assert!(sent(&firm).len() < 200);
}

/// Runs a command where the state is on a disk of another kind; none where nobody may mount one.
fn on_another_disk(firm: &Firm, mount: &str, words: &[&str]) -> Option<String> {
    let state = firm.path().join("state");
    let probe = Command::new("unshare").args(["--mount", "true"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        eprintln!("nothing can be mounted here: not staged");
        return None;
    }
    let shell = mount.replace("STATE", &format!("'{}'", state.display()));
    let output = behind(firm, &shell, words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    Some(said)
}

#[test]
fn a_state_that_is_read_only_is_called_so_and_not_damaged() {
    let firm = firm("");
    fs::write(firm.achats("un.pdf"), b"%PDF").unwrap();
    let mount = "mount --bind STATE STATE && mount -o remount,bind,ro STATE &&";
    for words in ["run", "round"] {
        let Some(said) = on_another_disk(&firm, mount, &[words]) else { return };
        assert!(said.contains("Read-only file system"), "{said}");
        assert!(!said.contains("damaged"), "{said}");
    }
    assert!(sent(&firm).is_empty());
    firm.json(0, &["round"]);
    assert_eq!(sent(&firm).get("un.pdf"), Some(&1), "it mends itself");
}

#[test]
fn a_state_on_a_disk_without_any_room_is_called_so_and_not_damaged() {
    let firm = firm("");
    fs::write(firm.achats("un.pdf"), b"%PDF").unwrap();
    let mount = "cp -a STATE STATE.aside && mount -t tmpfs -o size=8m tmpfs STATE && cp -a STATE.aside/. STATE && { head -c 9000000 /dev/zero >STATE/filler 2>/dev/null || true; } &&";
    let Some(said) = on_another_disk(&firm, mount, &["run"]) else { return };
    assert!(said.contains("No space left"), "{said}");
    assert!(!said.contains("damaged"), "{said}");
    assert!(sent(&firm).is_empty());
}
