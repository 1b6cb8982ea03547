//! Trees that are large, deep, or full all at once.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::figures::{Watch, keep};
use crate::firm::{COMPANY, Firm};

const LEVELS: usize = 64;

/// Deliveries of one company and app in an hour before a person is asked.
const FLOOD: usize = 100;

/// So many files in one folder, and so many restored; `FACTEUR_FULL_SIZES=1` takes the second
/// number of each, for which an unoptimised program needs a minute.
const CROWD: [usize; 2] = [20_000, 100_000];
const RESTORED: [usize; 2] = [1_000, 5_000];

fn size(sizes: [usize; 2]) -> usize {
    sizes[usize::from(std::env::var_os("FACTEUR_FULL_SIZES").is_some())]
}

fn state_bytes(firm: &Firm) -> u64 {
    let entries = fs::read_dir(firm.path().join("state/ledger")).unwrap();
    entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn one_more_file_in_a_crowd_costs_one_file() {
    let (firm, crowd) = (Firm::new(), size(CROWD));
    let achats = firm.achats();
    for number in 0..crowd {
        fs::write(achats.join(format!("{number:06}.pdf")), b"%PDF").unwrap();
    }
    let watch = Watch::start();
    let firm = firm.switched_on();
    let baseline = watch.stop().as_secs_f64();
    let before = state_bytes(&firm);
    fs::write(achats.join("new.pdf"), b"%PDF new").unwrap();

    let watch = Watch::start();
    let round = firm.round();
    let one_more = watch.stop().as_secs_f64();

    assert_eq!((&round["sent"], &round["deposited"]), (&1.into(), &1.into()), "{round}");
    let written = state_bytes(&firm).saturating_sub(before);
    assert!(written < 4_000_000, "{written} bytes for one file");
    let watch = Watch::start();
    assert_eq!(firm.round()["sent"], 0);
    let nothing_new = watch.stop().as_secs_f64();
    keep(
        "one_more_file_in_a_crowd",
        &serde_json::json!({
            "files": crowd, "baseline_seconds": baseline, "one_more_seconds": one_more,
            "nothing_new_seconds": nothing_new, "state_bytes_written": written
        }),
    );
}

#[test]
fn a_document_sixty_four_levels_deep_goes() {
    let firm = Firm::new().switched_on();
    let short: PathBuf = (0..LEVELS).map(|level| format!("niveau {level}")).collect();
    fs::create_dir_all(firm.achats().join(&short)).unwrap();
    fs::write(firm.achats().join(&short).join("deep.pdf"), b"%PDF deep").unwrap();
    // 64 names of 200 bytes: longer than any path that a system call takes.
    let script =
        "for level in $(seq 64); do mkdir $1 && cd -P $1; done; printf '%%PDF deeper' > deeper.pdf";
    let made = Command::new("bash")
        .args(["-c", script, "deep", &"n".repeat(200)])
        .current_dir(firm.achats())
        .status()
        .unwrap();
    assert!(made.success());

    let round = firm.round();

    assert_eq!(round["sent"], 2, "{round}");
    let names: Vec<String> = firm.sent().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["deep.pdf", "deeper.pdf"]);
    assert_eq!(firm.round()["sent"], 0);
    let removed = Command::new("rm").arg("-rf").arg(firm.achats()).status().unwrap();
    assert!(removed.success());
}

/// A firm into whose switched folder somebody restored a backup of old files.
fn after_a_restore() -> Firm {
    let flood = format!("settle = \"1s\"\nflood = {FLOOD}\nwatch = false");
    let firm = Firm::with(&flood, "").switched_on();
    for number in 0..size(RESTORED) {
        let file = firm.achats().join(format!("{number:04}.pdf"));
        fs::write(&file, format!("%PDF of another year, {number}")).unwrap();
    }
    firm
}

#[test]
fn a_restore_released_in_one_command_goes() {
    let firm = after_a_restore();
    let held = size(RESTORED) - FLOOD;

    let watch = Watch::start();
    let round = firm.json(3, &["round"]);
    let found = watch.stop().as_secs_f64();
    assert_eq!((&round["sent"], &round["held"]), (&FLOOD.into(), &held.into()));
    let counted = firm.run(&["release", "--reason", "flood"]);
    assert_eq!(counted.status.code(), Some(2), "only counted without a yes");
    let watch = Watch::start();
    let released = firm.json(0, &["release", "--reason", "flood", "--yes"]);
    let release = watch.stop().as_secs_f64();
    assert_eq!(released["changed"].as_array().unwrap().len(), held);
    assert_eq!(firm.count("held"), 0);
    let watch = Watch::start();
    firm.round();
    let sending = watch.stop().as_secs_f64();

    assert_eq!(firm.count("sent"), size(RESTORED) as u64);
    assert_eq!(firm.mails().len(), size(RESTORED));
    keep(
        "a_restore_released",
        &serde_json::json!({
            "files": size(RESTORED), "round_seconds": found, "release_seconds": release,
            "sending_seconds": sending
        }),
    );
}

#[test]
fn a_restore_refused_in_one_command_stays() {
    let firm = after_a_restore();
    let held = size(RESTORED) - FLOOD;
    firm.json(3, &["round"]);

    let watch = Watch::start();
    let cancelled = firm.json(0, &["cancel", "--company", COMPANY, "--reason", "flood", "--yes"]);
    let cancel = watch.stop().as_secs_f64();

    assert_eq!(cancelled["changed"].as_array().unwrap().len(), held);
    assert_eq!(firm.round()["sent"], 0);
    assert_eq!((firm.mails().len(), firm.count("cancelled")), (FLOOD, held as u64));
    keep(
        "a_restore_refused",
        &serde_json::json!({ "files": size(RESTORED), "cancel_seconds": cancel }),
    );
}
