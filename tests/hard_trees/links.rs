//! Links out of a company's folder, swapped in and out while rounds run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::figures::keep;
use crate::firm::{COMPANY, Firm};

/// Rounds made while links are swapped.
const ROUNDS: usize = 12;

const SECRET: &[u8] = b"%PDF of another company";

/// What is outside: another company's folder, and the machine's own.
fn outside(firm: &Firm) -> std::path::PathBuf {
    let outside = firm.root().join("Autre SARL");
    fs::create_dir_all(&outside).unwrap();
    for name in ["a.pdf", "b.pdf", "c.pdf"] {
        fs::write(outside.join(name), SECRET).unwrap();
    }
    outside
}

#[test]
fn a_link_is_no_document_and_no_folder() {
    let firm = Firm::new().switched_on();
    let outside = outside(&firm);
    symlink(outside.join("a.pdf"), firm.achats().join("link.pdf")).unwrap();
    symlink("../../Autre SARL/b.pdf", firm.achats().join("relative.pdf")).unwrap();
    symlink("../../Autre SARL", firm.achats().join("relative")).unwrap();
    symlink(&outside, firm.achats().join("folder")).unwrap();
    symlink("/proc/self/environ", firm.achats().join("environ.pdf")).unwrap();
    symlink("own.pdf", firm.achats().join("inside.pdf")).unwrap();
    fs::write(firm.achats().join("own.pdf"), b"%PDF own").unwrap();

    firm.round();
    firm.run(&["backfill", COMPANY, "Achats", "--app", "quickbooks", "--yes"]);
    firm.round();

    assert_eq!(firm.sent(), [("own.pdf".to_owned(), b"%PDF own".to_vec())]);
    let why = firm.json(0, &["why", COMPANY, "Achats/link.pdf"]);
    assert!(why.to_string().contains("no document"), "{why}");
}

#[test]
fn a_link_swapped_in_during_the_round_is_never_followed() {
    let firm = Firm::new().switched_on();
    let outside = outside(&firm);
    // Each of these is now a file or folder of the company, now a link to one outside.
    let swaps = firm.path().join("swaps");
    fs::create_dir(&swaps).unwrap();
    fs::create_dir(firm.achats().join("folder")).unwrap();
    fs::write(firm.achats().join("folder/a.pdf"), b"%PDF in the folder").unwrap();
    fs::write(firm.achats().join("file.pdf"), b"%PDF in the file").unwrap();
    // One within the root, one by its full path.
    symlink("../../Autre SARL", swaps.join("folder")).unwrap();
    symlink(outside.join("b.pdf"), swaps.join("file.pdf")).unwrap();
    let (stop, swapped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let swapper = {
        let (stop, swapped) = (Arc::clone(&stop), Arc::clone(&swapped));
        let (achats, swaps) = (firm.achats(), swaps.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for name in ["folder", "file.pdf"] {
                    exchange(&achats.join(name), &swaps.join(name));
                    swapped.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    };

    for number in 0..ROUNDS {
        fs::write(firm.achats().join(format!("{number}.pdf")), format!("%PDF {number}")).unwrap();
        firm.run(&["round"]);
        firm.run(&["backfill", COMPANY, "Achats", "--app", "quickbooks", "--yes"]);
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    // Whatever the swaps did to the rounds, what lies still goes.
    firm.round();

    let sent = firm.sent();
    assert!(sent.iter().all(|(_, content)| content != SECRET), "{sent:?}");
    for number in 0..ROUNDS {
        let name = format!("{number}.pdf");
        assert_eq!(sent.iter().filter(|(sent, _)| *sent == name).count(), 1, "{name}");
    }
    let swaps = swapped.load(Ordering::Relaxed);
    keep(
        "a_link_swapped_in",
        &serde_json::json!({ "rounds": ROUNDS, "swaps": swaps, "followed": 0 }),
    );
}

#[test]
fn a_companys_folder_that_becomes_a_link_is_no_company_any_more() {
    let firm = Firm::new().switched_on();
    let outside = outside(&firm);
    fs::create_dir(outside.join("Achats")).unwrap();
    fs::write(outside.join("Achats/secret.pdf"), SECRET).unwrap();
    fs::rename(firm.company(), firm.path().join("away")).unwrap();
    symlink(&outside, firm.company()).unwrap();

    firm.json(3, &["round"]);

    assert!(firm.sent().is_empty());
}

fn exchange(first: &Path, second: &Path) {
    renameat_with(CWD, first, CWD, second, RenameFlags::EXCHANGE).unwrap();
}
