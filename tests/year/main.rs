//! A year of a firm's life from a seed: documents of every kind, switches, connections, outages,
//! power cuts, clocks that jump, shares that go away, restored backups; and an oracle that knows
//! what must, may and must not reach each tool.
//!
//! CI lives 300 years. Any number, from any seed:
//! `FACTEUR_YEAR_SEEDS=1000..5000 cargo test --test year -- --nocapture`; one with its story:
//! `FACTEUR_YEAR_SEEDS=1234..1235`. `FACTEUR_YEAR_STEPS` (80) makes it longer,
//! `FACTEUR_YEAR_COMPANIES` (3) the firm larger. A failure prints its seed and its story.

#![expect(clippy::unwrap_used, reason = "a year that cannot go on fails")]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the office is shared with the stories, and this program uses its part of it"
)]

#[path = "../stories/office.rs"]
mod office;
#[path = "../trials/mod.rs"]
mod trials;
#[path = "../world/mod.rs"]
mod world;

mod chance;
mod decisions;
mod firm;
mod judge;
mod oracle;
mod papers;
mod trouble;

use std::ops::Range;

use chrono::TimeDelta;
use facteur::app::requests::Turn;

use self::firm::Firm;
use self::judge::Year;
use self::trials::figures::Figures;

/// The seeds of CI.
const SEEDS: Range<u64> = 0..300;

/// Things that happen in one year, unless `FACTEUR_YEAR_STEPS` says how many.
const STEPS: usize = 80;

/// Parts of the seeds that run side by side.
const PARTS: u64 = 6;

/// Lives one year.
fn live(seed: u64, steps: usize) -> Result<Year, String> {
    let mut firm = Firm::from_seed(seed);
    let lived = year(&mut firm, steps);
    lived.map_err(|problem| {
        let story = firm.story.join("\n");
        format!("{story}\nseed {seed}: {problem}\nFACTEUR_YEAR_SEEDS={seed}..{}", seed + 1)
    })
}

fn year(firm: &mut Firm, steps: usize) -> Result<Year, String> {
    begin(firm);
    for step in 1..=steps {
        firm.step = 100 + step;
        match firm.chance.below(100) {
            0..=44 => firm.work_with_papers(),
            45..=54 => firm.decide(),
            55..=66 => firm.meet_trouble(),
            67..=69 => firm.attend(),
            70 => firm.accept_roots(),
            _ => {
                let minutes = firm.chance.within(15, 2_000);
                firm.pass(TimeDelta::minutes(minutes));
                firm.round()?;
                firm.judge_mails()?;
            }
        }
        if step % 20 == 0 {
            firm.judge_copies()?;
        }
    }
    firm.end_all_trouble();
    firm.accept_roots();
    firm.come_to_rest()?;
    firm.judge_all()
}

/// Old documents, then the first connections and switches.
fn begin(firm: &mut Firm) {
    let slugs: Vec<String> = firm.folders.keys().cloned().collect();
    for (place, slug) in slugs.iter().enumerate() {
        for document in 0..3 {
            firm.step = 10 * place + document;
            firm.put_new(slug);
        }
        firm.connect(slug, "quickbooks");
        firm.turn_folder(slug, "quickbooks", Turn::On, "Achats");
    }
}

/// Lives one part of the asked-for years.
fn part(part: u64) {
    let seeds = asked_for("FACTEUR_YEAR_SEEDS").map_or(SEEDS, |text| {
        let (first, end) = text.split_once("..").expect("FACTEUR_YEAR_SEEDS is like 300..400");
        first.parse().unwrap()..end.parse().unwrap()
    });
    let steps = asked_for("FACTEUR_YEAR_STEPS").map_or(STEPS, |text| text.parse().unwrap());
    let mut figures = Figures::begin(
        format!("year_{}_of_{PARTS}", part + 1),
        "FACTEUR_YEAR_SEEDS=1000..5000 cargo test --test year -- --nocapture",
    );
    let mut sum = Year::default();
    let mut years = 0;
    for seed in seeds.filter(|seed| seed % PARTS == part) {
        let year = live(seed, steps).unwrap_or_else(|problem| panic!("{problem}"));
        years += 1;
        sum.mails += year.mails;
        sum.must += year.must;
        sum.may += year.may;
        sum.stops += year.stops;
        sum.documents += year.documents;
    }
    println!("{years} years: {sum:?}");
    assert!(years < 10 || sum.must > years * 3, "the years have become empty: {sum:?}");
    assert!(years < 10 || sum.stops > years * 2, "the power never went: {sum:?}");
    let Year { mails, must, may, stops, documents } = sum;
    let told = [
        ("years", years),
        ("documents", documents),
        ("mails", mails),
        ("owed", must),
        ("allowed", may),
        ("power_cuts", stops),
    ];
    for (what, figure) in told {
        figures.note(what, figure);
    }
    figures.publish();
}

fn asked_for(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn nothing_is_lost_or_sent_twice_in_a_year_1_of_6() {
    part(0);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_a_year_2_of_6() {
    part(1);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_a_year_3_of_6() {
    part(2);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_a_year_4_of_6() {
    part(3);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_a_year_5_of_6() {
    part(4);
}

#[test]
fn nothing_is_lost_or_sent_twice_in_a_year_6_of_6() {
    part(5);
}
