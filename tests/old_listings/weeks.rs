//! Seeded weeks of a share whose folders are each as old as chance has it.

use std::collections::BTreeMap;

use crate::firm::{Firm, TRUSTS};
use crate::trials::figures::Figures;

/// Weeks tried where nobody says which.
const SEEDS: std::ops::Range<u64> = 0..40;

/// Rounds of one week.
const ROUNDS: usize = 12;

/// Rounds of truth after which everything must have been found.
const TRUE_ROUNDS: usize = 4;

const FOLDERS: [&str; 3] = ["Achats", "Achats/Lot", "Cave"];

/// What the office knows of its documents: each has a content of its own.
#[derive(Default)]
struct Desk {
    written: usize,
    /// Where each is now.
    places: BTreeMap<String, String>,
    /// Those that were deposited in `Achats` once.
    deposited: std::collections::BTreeSet<String>,
}

impl Desk {
    fn act(&mut self, firm: &Firm, chance: &mut fastrand::Rng) {
        let folder = FOLDERS[chance.usize(0..FOLDERS.len())];
        let known: Vec<String> = self.places.keys().cloned().collect();
        let one = (!known.is_empty()).then(|| known[chance.usize(0..known.len())].clone());
        match (chance.u8(0..4), one) {
            (0, Some(content)) => {
                // Each keeps its name, as a share that can't tell files apart needs.
                let from = self.places[&content].clone();
                let name = from.rsplit('/').next().unwrap();
                let to = format!("{folder}/{name}");
                if from != to {
                    firm.rename(&from, &to);
                    self.put(content, to);
                }
            }
            (1, Some(content)) => {
                let place = self.places.remove(&content).unwrap();
                firm.remove(&place);
            }
            (_, _) => {
                self.written += 1;
                let content = "x".repeat(self.written);
                let place = format!("{folder}/{}.pdf", self.written);
                firm.write(&place, &content);
                self.put(content, place);
            }
        }
    }

    fn put(&mut self, content: String, place: String) {
        if place.starts_with("Achats") {
            self.deposited.insert(content.clone());
        }
        self.places.insert(content, place);
    }
}

async fn week(seed: u64) -> usize {
    let mut chance = fastrand::Rng::with_seed(seed);
    let firm = Firm::new(TRUSTS[usize::from(chance.bool())]).await;
    let mut desk = Desk::default();
    let mut moments = vec![firm.share.remember()];
    for _ in 0..ROUNDS {
        for _ in 0..chance.usize(0..4) {
            desk.act(&firm, &mut chance);
        }
        moments.push(firm.share.remember());
        firm.share.show_the_truth();
        for folder in FOLDERS {
            let age = chance.usize(0..4).min(moments.len() - 1);
            if age > 0 {
                firm.share.show_old(folder, moments[moments.len() - 1 - age]);
            }
        }
        firm.rounds(1).await;
    }
    firm.share.show_the_truth();
    firm.rounds(TRUE_ROUNDS).await;
    judge(&firm, &desk, seed).await
}

async fn judge(firm: &Firm, desk: &Desk, seed: u64) -> usize {
    let again = format!("FACTEUR_OLD_SEEDS={seed}..{} makes it again", seed + 1);
    let sent = firm.sent();
    for pair in sent.windows(2) {
        assert_ne!(pair[0], pair[1], "sent twice; {again}");
    }
    for content in &sent {
        assert!(desk.deposited.contains(content), "never was in a switched folder; {again}");
    }
    let states = firm.states().await;
    for (content, place) in desk.places.iter().filter(|(_, place)| place.starts_with("Achats")) {
        let told: Vec<&String> =
            states.iter().filter(|row| row.starts_with(&format!("{place}: "))).collect();
        assert!(sent.contains(content), "`{place}` is lost: {told:?}; {again}");
        // A document that moved while both places showed it looks like a copy of what was sent.
        let explained = |row: &&&String| row.ends_with(": sent") || row.ends_with(": duplicate");
        assert!(told.iter().any(|row| explained(&row)), "{told:?}; {again}");
    }
    sent.len()
}

#[tokio::test]
async fn whatever_the_age_of_its_listings_a_share_loses_nothing_and_sends_nothing_twice() {
    let asked = std::env::var("FACTEUR_OLD_SEEDS").ok().map(|asked| {
        let (first, end) = asked.split_once("..").expect("FACTEUR_OLD_SEEDS=FIRST..END");
        first.parse().unwrap()..end.parse().unwrap()
    });
    let mut figures = Figures::begin(
        "old_listings",
        "FACTEUR_OLD_SEEDS=0..1000 cargo test --test old_listings whatever",
    );
    let (mut weeks, mut sent) = (0, 0);
    for seed in asked.unwrap_or(SEEDS) {
        sent += week(seed).await;
        weeks += 1;
    }
    figures.note("weeks", weeks);
    figures.note("documents_sent", sent);
    figures.note("copies", 0);
    figures.note("lost", 0);
    figures.publish();
}
