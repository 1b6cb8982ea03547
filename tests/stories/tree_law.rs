//! A law: whatever the office does, and when, each document deposited into a switched folder is
//! sent exactly once, and nothing old is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use facteur::ports::folders::Trust;
use proptest::prelude::*;

use crate::office::Office;
use crate::world::{World, at};

/// Something the office does; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Deed {
    Drop { inside: bool, place: usize },
    Move { which: usize, inside: bool, place: usize },
    RenameFolder { which: usize, to: usize },
    MoveFolderIn { which: usize, to: usize },
    Touch { which: usize },
    Round { meanwhile: Option<Box<Deed>> },
    Pass { seconds: i64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let at_rest = prop_oneof![
        5 => (any::<bool>(), 0..12_usize).prop_map(|(inside, place)| Deed::Drop { inside, place }),
        5 => (0..20_usize, any::<bool>(), 0..12_usize)
            .prop_map(|(which, inside, place)| Deed::Move { which, inside, place }),
        1 => (0..3_usize, 0..4_usize).prop_map(|(which, to)| Deed::RenameFolder { which, to }),
        1 => (0..3_usize, 0..4_usize).prop_map(|(which, to)| Deed::MoveFolderIn { which, to }),
        1 => (0..20_usize).prop_map(|which| Deed::Touch { which }),
        2 => prop_oneof![1..4_i64, 100..140_i64, Just(900)]
            .prop_map(|seconds| Deed::Pass { seconds }),
    ];
    let meanwhile = proptest::option::of(at_rest.clone().prop_map(Box::new));
    prop_oneof![3 => at_rest, 1 => meanwhile.prop_map(|meanwhile| Deed::Round { meanwhile })]
}

/// What the office knows of its documents: each has a size of its own.
struct Desk {
    world: World,
    trusted: bool,
    last: usize,
    /// Where each is, below the company's folder.
    places: BTreeMap<usize, String>,
    /// Those that must be sent.
    owed: BTreeSet<usize>,
    /// Those inside that a round has seen there.
    seen: BTreeSet<usize>,
}

const COMPANY: &str = "Dupont Maçonnerie";
const INSIDE: &str = "Achats";
const OUTSIDE: &str = "À trier";

/// Four names in three folders.
fn place_of(inside: bool, place: usize) -> String {
    let top = if inside { INSIDE } else { OUTSIDE };
    let folder = ["", "/lot", "/lot/a"][place % 3];
    format!("{top}{folder}/{}.pdf", ["scan", "facture", "x", "y"][place / 3])
}

fn is_inside(place: &str) -> bool {
    place.starts_with(INSIDE)
}

impl Desk {
    fn on_disk(place: &str) -> String {
        format!("{COMPANY}/{place}")
    }

    fn drop_at(&mut self, place: &str) {
        if self.world.disk.exists(&Self::on_disk(place)) {
            return;
        }
        self.last += 1;
        self.world.disk.write(&Self::on_disk(place), "x".repeat(self.last));
        self.places.insert(self.last, place.to_owned());
        if is_inside(place) {
            self.owed.insert(self.last);
        }
    }

    fn move_to(&mut self, which: usize, target: &str) {
        let Some((document, from)) = self.places.iter().nth(which % self.places.len().max(1))
        else {
            return;
        };
        let (document, from) = (*document, from.clone());
        let (folder, name) = target.rsplit_once('/').unwrap();
        // On a share a document that moves is known by its name.
        let name = if self.trusted { name } else { from.rsplit_once('/').unwrap().1 };
        let target = format!("{folder}/{name}");
        let leaves = is_inside(&from) && !is_inside(&target);
        let must_stay = leaves && !self.seen.contains(&document);
        if must_stay || self.world.disk.exists(&Self::on_disk(&target)) {
            return;
        }
        self.world.disk.mkdir(&Self::on_disk(folder));
        self.world.disk.rename(&Self::on_disk(&from), &Self::on_disk(&target));
        if is_inside(&target) && !is_inside(&from) {
            self.owed.insert(document);
            self.seen.remove(&document);
        }
        self.places.insert(document, target);
    }

    fn move_folder(&mut self, from: &str, to: &str) {
        let (source, target) = (Self::on_disk(from), Self::on_disk(to));
        if !self.world.disk.exists(&source) || self.world.disk.exists(&target) {
            return;
        }
        self.world.disk.rename(&source, &target);
        let below = format!("{from}/");
        for (document, place) in &mut self.places {
            if let Some(rest) = place.strip_prefix(&below) {
                if !is_inside(from) {
                    self.owed.insert(*document);
                    self.seen.remove(document);
                }
                *place = format!("{to}/{rest}");
            }
        }
    }

    fn does(&mut self, deed: &Deed) {
        let sub = |top: &str, which: usize| format!("{top}/{}", ["lot", "lot/a", "b", "c"][which]);
        match deed {
            Deed::Drop { inside, place } => self.drop_at(&place_of(*inside, *place)),
            Deed::Move { which, inside, place } => {
                self.move_to(*which, &place_of(*inside, *place));
            }
            Deed::RenameFolder { which, to } => {
                self.move_folder(&sub(INSIDE, *which), &format!("{INSIDE}/dossier {to}"));
            }
            Deed::MoveFolderIn { which, to } => {
                self.move_folder(&sub(OUTSIDE, *which), &format!("{INSIDE}/rentré {to}"));
            }
            Deed::Touch { which } => {
                let place = self.places.values().nth(which % self.places.len().max(1));
                if let Some(place) = place.filter(|_| self.trusted) {
                    self.world.disk.touch(&Self::on_disk(place), at("2026-01-01T00:00:00Z"));
                }
            }
            Deed::Pass { seconds } => self.world.clock.advance(TimeDelta::seconds(*seconds)),
            Deed::Round { .. } => {}
        }
    }
}

async fn live(deeds: Vec<Deed>, granularity: TimeDelta, trusted: bool) -> (Vec<usize>, Vec<usize>) {
    let office = Office::configured(|config| config.robot.flood_per_hour_max = 0).await;
    let world = office.world.clone();
    world.disk.set_granularity(granularity);
    world.disk.set_trust(Trust { stamps: trusted, identities: trusted });
    let mut desk = Desk {
        world: world.clone(),
        trusted,
        last: 0,
        places: BTreeMap::new(),
        owed: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    for place in [0, 1, 3, 8] {
        desk.drop_at(&place_of(true, place));
    }
    desk.owed.clear();
    // Old ones stay inside: moved out and in again they would be deposits.
    let old: BTreeSet<usize> = desk.places.keys().copied().collect();
    world.disk.mkdir(&format!("{COMPANY}/{OUTSIDE}"));
    office.connect("quickbooks").await;
    office.on(INSIDE, "quickbooks").await;
    for deed in deeds {
        let Deed::Round { meanwhile } = deed else {
            desk.does(&deed);
            continue;
        };
        let inside = desk.places.iter().filter(|(document, _)| !old.contains(document));
        let seen: Vec<usize> =
            inside.filter(|(_, place)| is_inside(place)).map(|(document, _)| *document).collect();
        desk.seen.extend(seen);
        if let Some(meanwhile) = meanwhile {
            let moved = std::sync::Arc::new(std::sync::Mutex::new(desk));
            let theirs = moved.clone();
            world.clock.during_next_sleep(async move { theirs.lock().unwrap().does(&meanwhile) });
            office.round().await;
            world.clock.forget_happenings();
            desk = std::sync::Arc::into_inner(moved).unwrap().into_inner().unwrap();
        } else {
            office.round().await;
        }
    }
    for _ in 0..4 {
        office.next_round().await;
    }
    let mut sent: Vec<usize> = world.post.delivered().iter().map(|mail| mail.bytes.len()).collect();
    sent.sort_unstable();
    (sent, desk.owed.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn each_deposited_document_is_sent_exactly_once(
        deeds in proptest::collection::vec(deed(), 1..40),
        granularity_ms in prop_oneof![Just(0_i64), Just(4), Just(2_000), Just(60_000)],
        trusted in prop_oneof![3 => Just(true), 1 => Just(false)],
    ) {
        let granularity = TimeDelta::milliseconds(granularity_ms).max(TimeDelta::nanoseconds(1));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (sent, owed) = runtime.block_on(live(deeds, granularity, trusted));
        prop_assert_eq!(sent, owed);
    }
}
