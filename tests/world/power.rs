//! The power of the robot's machine: counts its effects, and can go before or after any of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// On which side of an effect the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The effect does not happen.
    Before,
    /// The effect has happened, and the robot never learns it.
    After,
}

/// The power is off: whatever was asked for did not happen, or nobody will hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the power is off")]
pub struct Stopped;

/// Where the power goes: the effect's place in the count, from 0, and the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Which effect, counted from 0.
    pub effect: usize,
    /// Before or after it.
    pub when: When,
}

impl Stop {
    /// Both sides of each of so many effects.
    pub fn each_of(effects: usize) -> impl Iterator<Item = Self> {
        (0..effects).flat_map(|effect| {
            [When::Before, When::After].into_iter().map(move |when| Self { effect, when })
        })
    }
}

/// Shared by the store, the disk and the post: once it is off, none of them does anything more
/// for the robot, until [`Power::restore`].
///
/// A story is first told to its end to learn its effects ([`Power::effects`]), then told again
/// for each [`Stop::each_of`] them.
#[derive(Clone, Default)]
pub struct Power {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    off: bool,
    effects: Vec<&'static str>,
    stop: Option<Stop>,
}

impl Power {
    /// Arms the power to go at this effect, counted from here.
    pub fn stop_at(&self, effect: usize, when: When) {
        *self.state() = State { stop: Some(Stop { effect, when }), ..State::default() };
    }

    /// Counts from here.
    pub fn count_from_here(&self) {
        self.state().effects.clear();
    }

    /// The effects since the count began, by name, in their order.
    pub fn effects(&self) -> Vec<&'static str> {
        self.state().effects.clone()
    }

    /// The power goes now.
    pub fn cut(&self) {
        self.state().off = true;
    }

    /// The power is back, disarmed, and the count begins again. The robot of before must have
    /// ended (its tasks too), as it would on a real machine: only a new one may go on from here.
    pub fn restore(&self) {
        *self.state() = State::default();
    }

    /// Whether the robot's machine runs.
    pub fn is_on(&self) -> bool {
        !self.state().off
    }

    /// Whether a stop lies ahead.
    pub fn is_armed(&self) -> bool {
        let state = self.state();
        !state.off && state.stop.is_some()
    }

    /// Err while the power is off.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.is_on() { Ok(()) } else { Err(Stopped) }
    }

    /// A handle for one thing that has effects one after the other; `name` is for people. What
    /// runs side by side takes a handle each.
    pub fn handle(&self, name: &'static str) -> Effects {
        Effects { power: self.clone(), name, current: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports effects of one kind to the [`Power`], each between `before` and `after`.
#[derive(Clone)]
pub struct Effects {
    power: Power,
    name: &'static str,
    current: Arc<Mutex<Option<usize>>>,
}

impl Effects {
    /// An effect is about to happen. Err: it must not.
    pub fn before(&self) -> Result<(), Stopped> {
        let mut state = self.power.state();
        if state.off {
            return Err(Stopped);
        }
        let effect = state.effects.len();
        state.effects.push(self.name);
        *self.current() = Some(effect);
        state.stopped_at(Stop { effect, when: When::Before })
    }

    /// The effect has happened. Err: and nobody may be told.
    pub fn after(&self) -> Result<(), Stopped> {
        let effect = self.current().take().expect("`before` came before `after`");
        self.power.state().stopped_at(Stop { effect, when: When::After })
    }

    /// The whole effect; Err when it did not happen or nobody may be told.
    pub fn run<T>(&self, act: impl FnOnce() -> T) -> Result<T, Stopped> {
        self.before()?;
        let done = act();
        self.after().map(|()| done)
    }

    fn current(&self) -> MutexGuard<'_, Option<usize>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stopped_at(&mut self, here: Stop) -> Result<(), Stopped> {
        self.off |= self.stop == Some(here);
        if self.off { Err(Stopped) } else { Ok(()) }
    }
}
