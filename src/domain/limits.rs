//! Back-off, rates and floods: how much, how often, when again.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How a deferred delivery is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Before the second attempt.
    pub first: TimeDelta,
    /// The longest wait between two attempts; waits double until they reach it.
    pub longest: TimeDelta,
    /// After this long in the queue a delivery is held as expired.
    pub expire: TimeDelta,
}

impl Retry {
    /// How long to wait after this many failures (1 or more).
    pub fn wait(&self, failures: u32) -> TimeDelta {
        let doublings = failures.saturating_sub(1).min(30);
        let factor = 2_i32.saturating_pow(doublings);
        self.first.checked_mul(factor).unwrap_or(self.longest).min(self.longest)
    }
}

/// Events of the last day, counted by the minute; kept in the store so that limits survive a
/// restart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateWindow(BTreeMap<i64, u32>);

impl RateWindow {
    /// Counts one event; minutes older than a day are forgotten.
    pub fn count(&mut self, now: Timestamp) {
        let minute = minute_of(now);
        self.0.retain(|counted, _| minute - counted < MINUTES_A_DAY);
        *self.0.entry(minute).or_default() += 1;
    }

    /// How many events the window that ends now holds. Events counted in the future (the clock
    /// was set back) belong to it.
    pub fn within(&self, window: TimeDelta, now: Timestamp) -> u32 {
        let oldest = minute_of(now) - window.num_minutes();
        self.0.range(oldest + 1..).map(|(_, count)| *count).sum()
    }

    /// When one more event fits `limit` a `window`: now, or the moment enough have aged.
    /// A limit of 0 is none.
    pub fn free_at(&self, limit: u32, window: TimeDelta, now: Timestamp) -> Timestamp {
        let mut over = (self.within(window, now) + 1).saturating_sub(limit);
        if limit == 0 || over == 0 {
            return now;
        }
        let oldest = minute_of(now) - window.num_minutes();
        for (minute, count) in self.0.range(oldest + 1..) {
            over = over.saturating_sub(*count);
            if over == 0 {
                let freed = (minute + window.num_minutes()) * 60;
                return Timestamp::from_timestamp(freed, 0).unwrap_or(now).max(now);
            }
        }
        now + window
    }
}

const MINUTES_A_DAY: i64 = 24 * 60;

fn minute_of(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let retry = Retry {
            first: TimeDelta::minutes(1),
            longest: TimeDelta::hours(4),
            expire: TimeDelta::days(5),
        };
        let minutes: Vec<i64> =
            (1..=10).map(|failures| retry.wait(failures).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
        assert_eq!(retry.wait(u32::MAX), TimeDelta::hours(4));
    }

    #[test]
    fn a_limit_frees_when_its_events_have_aged() {
        let hour = TimeDelta::hours(1);
        let mut window = RateWindow::default();
        assert_eq!(window.free_at(2, hour, at(0)), at(0));
        window.count(at(0));
        window.count(at(600));
        assert_eq!(window.within(hour, at(700)), 2);
        assert_eq!(window.free_at(2, hour, at(700)), at(3600));
        assert_eq!(window.free_at(3, hour, at(700)), at(700));
        assert_eq!(window.free_at(0, hour, at(700)), at(700), "0 is no limit");
        assert_eq!(window.within(hour, at(3600)), 1);
        assert_eq!(window.free_at(2, hour, at(3600)), at(3600));
    }

    #[test]
    fn a_clock_set_back_gives_no_limit_away() {
        let hour = TimeDelta::hours(1);
        let mut window = RateWindow::default();
        window.count(at(7200));
        assert_eq!(window.within(hour, at(3600)), 1);
        assert!(window.free_at(1, hour, at(3600)) > at(3600));
    }
}
