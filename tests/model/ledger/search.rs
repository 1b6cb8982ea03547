//! Breadth-first search over all states of the model, on every core; what comes to no rest by
//! itself is found afterwards.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use super::key::{Key, key};
use super::office::Office;
use crate::search::{Seen, Violation};

/// States of one batch: what they lead to is in memory at once.
const BATCH: usize = 256;

/// A step: its name, whether the robot takes it by itself in a kind world, and where it leads or
/// what is wrong there.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) by_itself: bool,
    pub(crate) outcome: Result<Office, String>,
}

/// What every state leads to; `Err` when the state itself is wrong.
pub(crate) type Next = fn(&Office) -> Result<Vec<Step>, String>;

/// How a state was reached first.
type Ways = HashMap<Key, Option<(Key, String)>>;

/// A state after it was looked at: the steps that lead on, by key.
struct Looked {
    from: Key,
    steps: Vec<(String, bool, Key, Option<Office>)>,
    problem: Option<(Option<String>, String)>,
}

/// Visits every state that can be reached; from each the robot must come to rest by itself.
pub(crate) fn every_state(start: Office, next: Next) -> Result<Seen, Violation> {
    let mut ways: Ways = HashMap::from([(key(&start), None)]);
    let mut waiting = VecDeque::from([start]);
    let mut seen = Seen::default();
    // Which states lead to which by themselves, backwards, and those at rest.
    let (mut back, mut at_rest): (HashMap<Key, Vec<Key>>, Vec<Key>) = Default::default();
    while !waiting.is_empty() {
        let batch: Vec<Office> = waiting.drain(..waiting.len().min(BATCH)).collect();
        for looked in on_every_core(&batch, next) {
            let Looked { from, steps, problem } = looked;
            seen.states += 1;
            if let Some((last, problem)) = problem {
                return Err(Violation { problem, way: way(&ways, from, last) });
            }
            if !steps.iter().any(|(_, by_itself, _, _)| *by_itself) {
                at_rest.push(from);
            }
            for (name, by_itself, to, office) in steps {
                seen.transitions += 1;
                if by_itself {
                    back.entry(to).or_default().push(from);
                }
                if let Entry::Vacant(unknown) = ways.entry(to) {
                    unknown.insert(Some((from, name)));
                    waiting.extend(office);
                }
            }
        }
    }
    seen.at_rest = Some(at_rest.len());
    restless(&ways, &back, at_rest).map_or(Ok(seen), Err)
}

fn on_every_core(batch: &[Office], next: Next) -> Vec<Looked> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = batch.len().div_ceil(cores);
    std::thread::scope(|scope| {
        let parts = batch.chunks(each);
        let look = |part: &'_ [Office]| part.iter().map(|office| look(office, next)).collect();
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || -> Vec<Looked> { look(part) })).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn look(office: &Office, next: Next) -> Looked {
    let mut looked = Looked { from: key(office), steps: Vec::new(), problem: None };
    match next(office) {
        Err(problem) => looked.problem = Some((None, problem)),
        Ok(steps) => {
            for Step { name, by_itself, outcome } in steps {
                match outcome {
                    Ok(office) => {
                        looked.steps.push((name, by_itself, key(&office), Some(office)));
                    }
                    Err(problem) => looked.problem = Some((Some(name), problem)),
                }
            }
        }
    }
    looked
}

/// A state from which no way leads to rest without something from outside.
fn restless(ways: &Ways, back: &HashMap<Key, Vec<Key>>, at_rest: Vec<Key>) -> Option<Violation> {
    let mut calm: std::collections::HashSet<Key> = at_rest.iter().copied().collect();
    let mut waiting = at_rest;
    while let Some(state) = waiting.pop() {
        for before in back.get(&state).into_iter().flatten() {
            if calm.insert(*before) {
                waiting.push(*before);
            }
        }
    }
    let lost = ways.keys().find(|state| !calm.contains(*state))?;
    let problem = "it never comes to rest by itself".to_owned();
    Some(Violation { problem, way: way(ways, *lost, None) })
}

fn way(ways: &Ways, from: Key, last: Option<String>) -> Vec<String> {
    let mut steps: Vec<String> = last.into_iter().collect();
    let mut here = from;
    while let Some(Some((before, name))) = ways.get(&here) {
        steps.push(name.clone());
        here = *before;
    }
    steps.reverse();
    steps
}
