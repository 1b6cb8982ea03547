//! Breadth-first search over all states; the shortest way to a state that may not be.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;

use crate::trials::figures::Figures;

/// States beyond which a model is no model any more.
const STATES_MAX: usize = 2_000_000;

/// A state that may not be, with the shortest way to it.
#[derive(Debug)]
pub(crate) struct Violation {
    /// What is wrong.
    pub(crate) problem: String,
    /// Step by step, in words.
    pub(crate) way: Vec<String>,
}

/// What a search saw.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    /// Where nothing goes on by itself, where that was looked at.
    pub(crate) at_rest: Option<usize>,
}

impl Seen {
    /// For docs/reliability.md.
    pub(crate) fn publish(self, mut figures: Figures) {
        figures.note("states", self.states);
        figures.note("transitions", self.transitions);
        if let Some(at_rest) = self.at_rest {
            figures.note("at_rest", at_rest);
        }
        figures.note("broken", 0);
        figures.publish();
    }
}

/// A step: its name, and the state it leads to or what is wrong with it.
pub(crate) type Next<S> = (String, Result<S, String>);

/// Visits every state that can be reached; two states with one key are one.
pub(crate) fn every_state<S, K: Hash + Eq + Clone + Debug>(
    start: S,
    key: impl Fn(&S) -> K,
    next: impl Fn(&S) -> Vec<Next<S>>,
) -> Result<Seen, Violation> {
    let mut ways: HashMap<K, Option<(K, String)>> = HashMap::from([(key(&start), None)]);
    let mut waiting = VecDeque::from([start]);
    let mut seen = Seen::default();
    while let Some(state) = waiting.pop_front() {
        let from = key(&state);
        seen.states += 1;
        assert!(seen.states <= STATES_MAX, "the model has too many states");
        for (name, outcome) in next(&state) {
            seen.transitions += 1;
            match outcome {
                Ok(next) => {
                    let to = key(&next);
                    if let Entry::Vacant(way) = ways.entry(to) {
                        way.insert(Some((from.clone(), name)));
                        waiting.push_back(next);
                    }
                }
                Err(problem) => return Err(Violation { problem, way: way(&ways, &from, name) }),
            }
        }
    }
    Ok(seen)
}

fn way<K: Hash + Eq + Clone + Debug>(
    ways: &HashMap<K, Option<(K, String)>>,
    from: &K,
    last: String,
) -> Vec<String> {
    let mut steps = vec![last];
    let mut here = from.clone();
    while let Some(Some((before, name))) = ways.get(&here) {
        steps.push(name.clone());
        here = before.clone();
    }
    steps.reverse();
    steps
}
