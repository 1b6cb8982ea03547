//! Every stop of a story, and pairs of them.

use crate::story::Story;
use crate::telling::Telling;
use crate::verdict::judge;
use crate::world::{Stop, When};

/// Pairs tried of one story, spread evenly over all of them, unless `FACTEUR_POWER_PAIRS` says
/// how many.
const PAIRS_MAX: usize = 40;

/// What was tried of one story.
#[derive(Debug, Default, Clone, Copy)]
struct Tried {
    effects: usize,
    stops: usize,
    pairs: usize,
    /// Tellings that left something in doubt.
    doubtful: usize,
}

/// Tells a story without a stop, with every stop, and with pairs of stops. It must have so many
/// effects at least.
///
/// # Panics
///
/// With the story, the stops and what was wrong.
pub(crate) fn try_all(effects_least: usize, story: impl Fn() -> Story) {
    let name = story().name;
    let tried = tell_all(story);
    println!("{name}: {tried:?}");
    assert!(tried.effects >= effects_least, "{name} was told in vain: {tried:?}");
}

fn tell_all(story: impl Fn() -> Story) -> Tried {
    let mut tried = Tried::default();
    let calm = told(&story(), &[], &mut tried);
    let effects = calm.effects;
    tried.effects = effects.len();
    let mut pairs = Vec::new();
    for stop in Stop::each_of(effects.len()) {
        let story = story();
        let before = tried.doubtful;
        let telling = told(&story, &[stop], &mut tried);
        tried.stops += 1;
        let name = story.name;
        if story.connections == 1 {
            assert!(telling.met_all_stops, "{name}: {stop:?} was never met");
            let doubted = tried.doubtful > before;
            let expected = nobody_can_know(&effects, stop);
            assert!(
                !story.knows_all || doubted == expected,
                "{name}, stopped {stop:?} ({}): in doubt is {doubted}",
                effects[stop.effect]
            );
        }
        pairs.extend(Stop::each_of(telling.effects.len()).map(|second| [stop, second]));
    }
    let pairs_max = if story().all_pairs { usize::MAX } else { asked_for().unwrap_or(PAIRS_MAX) };
    // Odd, so that both sides of the effects have their turn.
    let stride = pairs.len().div_ceil(pairs_max) | 1;
    for pair in pairs.iter().step_by(stride) {
        told(&story(), pair, &mut tried);
        tried.pairs += 1;
    }
    tried
}

fn asked_for() -> Option<usize> {
    let asked = std::env::var("FACTEUR_POWER_PAIRS").ok()?;
    Some(asked.parse().expect("FACTEUR_POWER_PAIRS is a number of pairs"))
}

/// How a telling went.
struct Told {
    /// The effects of its last life.
    effects: Vec<&'static str>,
    met_all_stops: bool,
}

fn told(story: &Story, stops: &[Stop], tried: &mut Tried) -> Told {
    let mut telling = Telling::of(story, stops);
    let told = Told { effects: telling.effects(), met_all_stops: telling.met_all_stops() };
    match judge(story, &mut telling) {
        Ok(doubtful) => tried.doubtful += usize::from(doubtful > 0),
        Err(problem) => {
            let ledger = telling.deliveries();
            let (name, lives, last) = (story.name, &telling.lives, &told.effects);
            panic!(
                "{name}, stopped at {stops:?}: {problem}\nlives: {lives:?}\nlast: {last:?}\n{ledger:#?}"
            );
        }
    }
    told
}

/// Whether a stop leaves nobody who knows: after the mark at the dot, at the dot, at its answer,
/// or before the answer is durable.
fn nobody_can_know(effects: &[&str], stop: Stop) -> bool {
    let at = |place: Option<usize>| place.and_then(|place| effects.get(place)).copied();
    match (at(Some(stop.effect)), stop.when) {
        (Some("dot" | "answer"), _) => true,
        (_, When::After) => at(Some(stop.effect + 1)) == Some("dot"),
        (_, When::Before) => at(stop.effect.checked_sub(1)) == Some("answer"),
    }
}
