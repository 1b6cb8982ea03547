//! The one place that reads a clock.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};

use crate::domain::Timestamp;
use crate::ports::Clock;

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// After a suspension or a jump of the clock, a sleeper notices within this long.
const SLICE_MAX: Duration = Duration::from_secs(30);

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the clock that everything else is handed")]
    fn now(&self) -> Timestamp {
        Utc::now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        while let Some(slice) = slice(until - self.now()) {
            tokio::time::sleep(slice).await;
        }
    }
}

/// How long to sleep before the next look at the clock; none when nothing is left.
fn slice(left: TimeDelta) -> Option<Duration> {
    let left = left.to_std().ok().filter(|left| !left.is_zero())?;
    Some(left.min(SLICE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_looked_at_again_every_half_minute() {
        let slices = [
            (TimeDelta::days(1), Some(Duration::from_secs(30))),
            (TimeDelta::seconds(30), Some(Duration::from_secs(30))),
            (TimeDelta::nanoseconds(1), Some(Duration::from_nanos(1))),
            (TimeDelta::zero(), None),
            (TimeDelta::seconds(-1), None),
            (TimeDelta::MAX, Some(Duration::from_secs(30))),
            (TimeDelta::MIN, None),
        ];
        for (left, expected) in slices {
            assert_eq!(slice(left), expected, "{left}");
        }
    }

    #[tokio::test]
    async fn a_sleep_ends_when_its_moment_has_passed() {
        let until = SystemClock.now() + TimeDelta::milliseconds(20);
        SystemClock.sleep_until(until).await;
        assert!(SystemClock.now() >= until);
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_that_has_passed_is_not_waited_for() {
        let start = tokio::time::Instant::now();
        SystemClock.sleep_until(Timestamp::UNIX_EPOCH).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
