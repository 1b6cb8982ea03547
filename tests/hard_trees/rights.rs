//! Rights that were taken away, for a robot that isn't root.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use crate::firm::{COMPANY, Firm, NOBODY, is_root};

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A firm whose robot may read what others may.
fn firm_of_a_user() -> Firm {
    let firm = Firm::new().run_by(NOBODY).switched_on();
    allow(&firm.achats(), 0o755);
    firm
}

#[test]
fn a_file_that_may_not_be_read_is_told_and_goes_once_it_may() {
    if !is_root("a robot that may not read a file") {
        return;
    }
    let firm = firm_of_a_user();
    let file = firm.achats().join("secret.pdf");
    fs::write(&file, b"%PDF secret").unwrap();
    allow(&file, 0o600);
    fs::write(firm.achats().join("open.pdf"), b"%PDF open").unwrap();

    let round = firm.json(3, &["round"]);
    assert_eq!(round["sent"], 1, "{round}");
    assert!(round["problems"].to_string().contains("Achats/secret.pdf"), "{round}");
    let why = firm.json(0, &["why", COMPANY, "Achats/secret.pdf"]);
    assert!(why.to_string().contains("keeps it from being read"), "{why}");

    allow(&file, 0o644);
    assert_eq!(firm.round()["sent"], 1);
    assert_eq!(firm.mails().len(), 2);
}

#[test]
fn a_folder_that_may_not_be_entered_is_told_and_nothing_of_it_is_forgotten() {
    if !is_root("a robot that may not enter a folder") {
        return;
    }
    let firm = firm_of_a_user();
    let folder = firm.achats().join("2026");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("first.pdf"), b"%PDF first").unwrap();
    assert_eq!(firm.round()["sent"], 1);
    fs::write(folder.join("second.pdf"), b"%PDF second").unwrap();
    allow(&folder, 0o700);

    for _ in 0..2 {
        let shut = firm.json(3, &["round"]);
        assert_eq!(shut["sent"], 0, "{shut}");
        assert!(shut["problems"].to_string().contains("Achats/2026"), "{shut}");
    }
    allow(&folder, 0o755);
    let open = firm.round();

    assert_eq!((&open["sent"], &open["deposited"]), (&1.into(), &1.into()), "{open}");
    assert_eq!(firm.mails().len(), 2);
}

#[test]
fn rights_taken_from_the_company_or_the_root_hold_it_and_forget_nothing() {
    if !is_root("a robot that may not enter the root") {
        return;
    }
    let firm = firm_of_a_user();
    fs::write(firm.achats().join("first.pdf"), b"%PDF first").unwrap();
    assert_eq!(firm.round()["sent"], 1);
    for place in [firm.company(), firm.root()] {
        chown(&place, Some(0), Some(0)).unwrap();
        allow(&place, 0o700);
        let shut = firm.run(&["round"]);
        // A root that can't be listed is a mistake of the configuration.
        assert!(matches!(shut.status.code(), Some(2 | 3)), "{shut:?}");
        assert_eq!(firm.mails().len(), 1);
        allow(&place, 0o755);
        let open = firm.round();
        assert_eq!((&open["sent"], &open["deposited"]), (&0.into(), &0.into()), "{open}");
    }
    fs::write(firm.achats().join("second.pdf"), b"%PDF second").unwrap();
    assert_eq!(firm.round()["sent"], 1);
}

#[test]
fn a_document_that_cannot_be_marked_is_sent_once_all_the_same() {
    if !is_root("a robot that may read and not write") {
        return;
    }
    let firm = firm_of_a_user();
    let file = firm.achats().join("read only.pdf");
    fs::write(&file, b"%PDF").unwrap();
    allow(&file, 0o444);

    assert_eq!(firm.round()["sent"], 1);
    assert_eq!(firm.round()["sent"], 0);
    let documents = firm.json(0, &["documents", COMPANY]);
    assert_eq!(documents[0]["validated"], true, "{documents}");
}
