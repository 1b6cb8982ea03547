//! A disk that turns read-only under the running service, as a file system does that met an error.

use std::fs;
use std::process::Command;

use crate::firm::{COMPANY, Firm};
use crate::mounted::{Mounted, Place, alarms, publish};
use crate::office::{firm, mark_of, sent};

/// Documents before it, and as many afterwards.
const DOCUMENTS: usize = 20;

fn deposit(firm: &Firm, numbers: std::ops::Range<usize>) {
    for number in numbers {
        fs::write(firm.achats(&format!("{number:03}.pdf")), format!("%PDF {number}")).unwrap();
    }
}

/// A mount of an ext4 file system of its own, in a file: what it lies on can't turn read-only for
/// anybody else.
fn ext4(firm: &Firm) -> String {
    let image = firm.path().join("disk.img");
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output();
    // Where there is no such program the mount fails, and says so.
    drop(made);
    format!("mount -o loop,errors=remount-ro '{}' PLACE", image.display())
}

#[test]
fn read_only_state_under_the_service_calls_nothing_sent_and_a_restart_goes_on() {
    let firm = firm("free_min = \"0\"");
    let mount = ext4(&firm);
    let trial = "read_only_state";
    let Some(mut service) = Mounted::start(&firm, Place::State, &mount, trial) else { return };
    deposit(&firm, 0..DOCUMENTS);
    service.run(&firm, &["round"]);
    assert_eq!(sent(&firm).len(), DOCUMENTS);
    // What ext4 does when it meets an error in itself (ext4(5), `abort`).
    service.remount("abort");
    deposit(&firm, DOCUMENTS..2 * DOCUMENTS);

    // The kernel's hint makes it look, and it has nowhere to take it down.
    let (code, journal) = service.ended();

    assert_eq!(code, Some(1), "{journal}");
    let last: Vec<&str> = journal.lines().rev().take(2).collect();
    assert!(last[1].contains("ead-only file"), "it says what happened: {journal}");
    assert!(last[0].contains("restart the robot"), "and what to do: {journal}");
    assert_eq!(sent(&firm).len(), DOCUMENTS, "what could not be taken down did not leave");
    drop(service);
    let service = Mounted::again(&firm, Place::State, &mount);
    service.run(&firm, &["round"]);
    let sent = sent(&firm);
    assert_eq!(sent.len(), 2 * DOCUMENTS, "nothing is lost");
    assert!(sent.values().all(|copies| *copies == 1), "{sent:?}");
    assert_eq!(alarms(&service.status(&firm).unwrap()), Vec::<&str>::new());
}

#[test]
fn read_only_documents_under_the_service_are_sent_once_and_marked_when_they_can_be() {
    let firm = firm("");
    // Its own mount of the same folder: others can write to it still, as on a file server.
    let mount = "mount --bind PLACE PLACE";
    let trial = "read_only_documents";
    let Some(service) = Mounted::start(&firm, Place::Documents, mount, trial) else { return };
    deposit(&firm, 0..1);
    service.run(&firm, &["round"]);
    if mark_of(&firm.achats("000.pdf")).is_none() {
        return publish(trial, Some("files hold no marks here"));
    }
    service.remount("bind,ro");
    assert!(fs::write(service.inside().join("probe"), "x").is_err());
    deposit(&firm, 1..DOCUMENTS);
    service.run(&firm, &["round"]);
    let before = sent(&firm);
    assert_eq!(before.len(), DOCUMENTS, "reading is all that sending needs");
    let status = service.status(&firm).unwrap();
    assert_eq!(alarms(&status), ["unmarked"], "{status}");
    assert!(status["alarms"][0]["message"].as_str().unwrap().contains("Read-only"), "{status}");
    assert_eq!(mark_of(&firm.achats("001.pdf")), None);

    service.remount("bind,rw");
    service.run(&firm, &["round"]);

    assert_eq!(sent(&firm), before, "nothing goes again");
    assert_eq!(alarms(&service.status(&firm).unwrap()), Vec::<&str>::new());
    for number in 0..DOCUMENTS {
        assert!(mark_of(&firm.achats(&format!("{number:03}.pdf"))).is_some(), "{number}");
    }
    let documents = service.run(&firm, &["--json", "documents", COMPANY]);
    let documents: serde_json::Value = serde_json::from_slice(&documents.stdout).unwrap();
    assert!(documents.as_array().unwrap().iter().all(|row| row["validated"] == true));
}
