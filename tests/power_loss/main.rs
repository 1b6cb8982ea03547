//! The power goes while the real binary works: whatever the disk had not been asked to keep may be
//! lost, torn or written in another order. The store opens all the same, and holds everything that
//! anybody was told.
//!
//! `FACTEUR_IMAGES` sets how many disks are tried, `FACTEUR_SEED` which ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../trials/mod.rs"]
mod trials;

mod disk;
mod journal;
mod promises;
mod recorded;
mod slow;

use trials::figures::Figures;
use trials::{chance, number};

use disk::{Disk, Loss};
use promises::Promises;
use recorded::Recording;

#[tokio::test]
async fn a_store_that_lost_its_power_opens_and_holds_what_it_promised() {
    let mut figures =
        Figures::begin("power_loss", "FACTEUR_IMAGES=200 cargo test --test power_loss");
    let Some(shim) = recorded::shim() else {
        return not_staged(figures, "there is no C compiler (cc)");
    };
    let records = Recording::of_a_working_day(&shim).records();
    if !records.iter().any(|record| matches!(record, journal::Record::Synced { .. })) {
        return not_staged(figures, "the binary takes no preloaded library");
    }
    let mut chance = chance(4);
    let moments = moments(&records, number("FACTEUR_IMAGES", 40), &mut chance);

    let (mut disk, mut promises) = (Disk::default(), Promises::default());
    let (mut images, mut broken) = (0, Vec::new());
    for (number, record) in records.iter().enumerate() {
        disk.apply(record);
        promises.hear(record);
        for loss in moments.iter().filter(|(moment, _)| *moment == number).map(|(_, loss)| loss) {
            let image = tempfile::tempdir().unwrap();
            disk.after_a_loss(*loss, &mut chance, image.path());
            images += 1;
            if let Err(problem) = promises.check(image.path()).await {
                broken.push(format!("{loss:?} after record {number}: {problem}"));
            }
        }
    }

    figures.note("staged", true);
    figures.note("images", images);
    figures.note("disk_operations", records.len());
    figures.note("promises", promises.count());
    figures.note("broken", broken.len());
    assert!(broken.is_empty(), "{} of {images}: {broken:#?}", broken.len());
    figures.publish();
}

/// `tests/run` says so in its last lines.
fn not_staged(mut figures: Figures, because: &str) {
    figures.note("staged", false);
    figures.note("because", because);
    figures.publish();
}

/// Where the power goes, and what is lost: every moment of the first opening, and others of which
/// half are right after a promise.
fn moments(
    records: &[journal::Record],
    count: u64,
    chance: &mut fastrand::Rng,
) -> Vec<(usize, Loss)> {
    let promised: Vec<usize> = (0..records.len()).filter(|at| records[*at].is_promise()).collect();
    let moment = |index: u64| {
        let at = if index.is_multiple_of(2) {
            promised[chance.usize(0..promised.len())]
        } else {
            chance.usize(0..records.len())
        };
        (at, Loss::ALL[usize::try_from(index / 2).unwrap() % Loss::ALL.len()])
    };
    let opening = (0..promised[0]).flat_map(|at| Loss::ALL.map(|loss| (at, loss)));
    (0..count).map(moment).chain(opening).collect()
}
