//! The whole ledger in every interleaving: documents of one content from their first observation
//! to their end, while the robot's passes overlap, the server fails, the power goes, people act
//! and decisions turn.
//!
//! `FACTEUR_MODEL_EVENTS` says how many things may come from outside in one life (2 where nothing
//! is said); every order of them with every step of the robot is tried.

mod books;
mod invariants;
mod judge;
mod key;
mod observing;
mod office;
mod outside;
mod rescue;
mod robot;
mod search;

use self::office::Office;
use self::search::{Step, every_state};
use crate::trials::figures::Figures;

/// Things from outside in one life, unless `FACTEUR_MODEL_EVENTS` says how many.
const EVENTS: u8 = 2;

fn next(office: &Office) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    robot::steps(office, &mut steps);
    if steps.is_empty() {
        rescue::judge_rest(office)?;
    }
    outside::steps(office, &mut steps);
    Ok(steps)
}

#[test]
fn no_order_of_the_ledgers_requests_loses_a_document_or_sends_it_twice_in_silence() {
    let asked = std::env::var("FACTEUR_MODEL_EVENTS").ok();
    let events = asked.map_or(EVENTS, |asked| asked.parse().expect("a small number"));
    let command = "FACTEUR_MODEL_EVENTS=3 cargo test --test model no_order -- --nocapture";
    let mut figures = Figures::begin("model_ledger", command);
    figures.note("events_from_outside", events);
    let seen = every_state(Office::new(events), next).unwrap_or_else(|found| panic!("{found:#?}"));
    println!("with {events} events from outside: {seen:?}");
    assert!(seen.states >= 1_000 || events < 2, "{seen:?}: the check has become vacuous");
    seen.publish(figures);
}
