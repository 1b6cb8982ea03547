//! A clock moved by hand: nothing in a story waits for real time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use facteur::domain::Timestamp;
use facteur::ports::Clock;
use futures::future::BoxFuture;
use tokio::sync::watch;

/// The robot's clock. By default a sleep moves the time to its end and returns; after
/// [`HandClock::by_hand`] it returns only once the test has moved the time there, which the
/// stories of the service need: it has several sleepers at once.
pub struct HandClock {
    now: watch::Sender<Timestamp>,
    by_hand: AtomicBool,
    sleepers: watch::Sender<Vec<Timestamp>>,
    happenings: Mutex<VecDeque<BoxFuture<'static, ()>>>,
}

impl HandClock {
    /// A clock that shows `start`.
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            now: watch::Sender::new(start),
            by_hand: AtomicBool::new(false),
            sleepers: watch::Sender::new(Vec::new()),
            happenings: Mutex::default(),
        }
    }

    /// Time passes.
    pub fn advance(&self, by: TimeDelta) {
        self.now.send_modify(|now| *now += by);
    }

    /// The clock is set, back too.
    pub fn set(&self, to: Timestamp) {
        self.now.send_replace(to);
    }

    /// From now on sleepers wait for [`HandClock::advance`] and [`HandClock::set`].
    pub fn by_hand(&self) {
        self.by_hand.store(true, Ordering::SeqCst);
    }

    /// What happens in the middle of the next sleep that none is planned for yet, such as a file
    /// that grows. Not by hand.
    pub fn during_next_sleep(&self, happening: impl Future<Output = ()> + Send + 'static) {
        self.happenings().push_back(Box::pin(happening));
    }

    /// What was planned for a sleep that never came does not happen.
    pub fn forget_happenings(&self) {
        self.happenings().clear();
    }

    /// Returns once somebody sleeps (by hand), and says when the first of them wants to wake.
    pub async fn asleep(&self) -> Timestamp {
        let mut sleepers = self.sleepers.subscribe();
        let first = |sleepers: &[Timestamp]| {
            let now = *self.now.borrow();
            sleepers.iter().copied().filter(|until| *until > now).min()
        };
        let found = sleepers.wait_for(|sleepers| first(sleepers).is_some()).await;
        let sleepers = found.expect("the clock outlives its sleepers");
        first(&sleepers).expect("somebody sleeps")
    }

    async fn pass_time_until(&self, until: Timestamp) {
        let happening = self.happenings().pop_front();
        if let Some(happening) = happening {
            let now = self.now();
            self.set(now + (until - now) / 2);
            happening.await;
        }
        self.now.send_modify(|now| *now = until.max(*now));
        tokio::task::yield_now().await;
    }

    fn lie_down(&self, until: Timestamp) -> Sleeper<'_> {
        self.sleepers.send_modify(|sleepers| sleepers.push(until));
        Sleeper { clock: self, until }
    }

    fn happenings(&self) -> MutexGuard<'_, VecDeque<BoxFuture<'static, ()>>> {
        self.happenings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, until: Timestamp) {
        if self.now() >= until {
            return;
        }
        if !self.by_hand.load(Ordering::SeqCst) {
            return self.pass_time_until(until).await;
        }
        let _sleeper = self.lie_down(until);
        let passed = self.now.subscribe().wait_for(|now| *now >= until).await.is_ok();
        assert!(passed, "the clock outlives its sleepers");
    }
}

/// Somebody who sleeps; a sleep may be given up.
struct Sleeper<'a> {
    clock: &'a HandClock,
    until: Timestamp,
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clock.sleepers.send_modify(|sleepers| {
            if let Some(place) = sleepers.iter().position(|until| *until == self.until) {
                sleepers.swap_remove(place);
            }
        });
    }
}
