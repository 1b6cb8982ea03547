//! When the next round is due, through the nights on which clocks are changed too.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::model::Schedule;
use crate::domain::Timestamp;

/// How often an `on deposit` robot makes a round all the same.
const ON_DEPOSIT_SECONDS: i64 = 15 * 60;

/// The longest time that local clocks were ever put forward, in minutes (a whole day, Samoa
/// 2011), and an hour more.
const GAP_MINUTES_MAX: i64 = 25 * 60;

impl Schedule {
    /// The first round after a moment.
    ///
    /// Local times are looked for on a clock that never changes and mapped to the zone's own
    /// afterwards, because a schedule looked up in the zone loses or doubles an hour. A schedule
    /// with `*`, `/` or `-` in its minutes or hours is an *interval* and keeps its beat (of an
    /// hour or less) through both nights. One of plain numbers is a *fixed time*: it comes once
    /// when the hour comes twice, and at the end of the gap when there is no such hour.
    pub fn next_after(&self, after: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::OnDeposit => {
                let round = after.timestamp().div_euclid(ON_DEPOSIT_SECONDS) + 1;
                let next = Utc.timestamp_opt(round * ON_DEPOSIT_SECONDS, 0).single();
                next.unwrap_or(after + TimeDelta::seconds(ON_DEPOSIT_SECONDS))
            }
            Self::Cron(expression) => {
                // Expressions are checked to come again and again; they know no year past 2100.
                next_match(expression, after, zone).unwrap_or(after + TimeDelta::days(1))
            }
        }
    }
}

fn next_match(expression: &cron::Schedule, after: Timestamp, zone: Tz) -> Option<Timestamp> {
    let interval = is_interval(expression.source());
    let here = after.with_timezone(&zone).naive_local() - change_nearby(after, zone);
    let mut best: Option<Timestamp> = None;
    for local in expression.after(&here.and_utc()).map(|local| local.naive_utc()) {
        let (moments, exists) = moments(local, zone, interval);
        let next = moments.into_iter().flatten().filter(|moment| *moment > after).min();
        best = [best, next].into_iter().flatten().min();
        // Where local times exist, later ones come later: the first that lies ahead ends the
        // search.
        if exists && moments.first().copied().flatten().is_some_and(|first| first > after) {
            return best;
        }
    }
    best
}

/// The moments at which a local time comes, the first one first, and whether it exists.
fn moments(local: NaiveDateTime, zone: Tz, interval: bool) -> ([Option<Timestamp>; 2], bool) {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) => ([Some(moment.to_utc()), None], true),
        LocalResult::Ambiguous(first, second) => {
            ([Some(first.to_utc()), interval.then(|| second.to_utc())], true)
        }
        LocalResult::None => {
            let end = gap_end(local, zone);
            // RFC 5545 §3.3.5: a time in the gap is read with the offset before the gap.
            let kept = end.map(|end| local.and_utc() - offset(end - TimeDelta::seconds(1), zone));
            ([if interval { kept } else { end }, None], false)
        }
    }
}

/// The moment at which clocks are put forward over a local time.
fn gap_end(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let whole = local.and_utc().timestamp().div_euclid(60);
    (1..=GAP_MINUTES_MAX).find_map(|minutes| {
        let later = DateTime::from_timestamp((whole + minutes) * 60, 0)?.naive_utc();
        zone.from_local_datetime(&later).earliest().map(|moment| moment.to_utc())
    })
}

/// By how much clocks are changed within a day of a moment; zero but for two days a year.
fn change_nearby(moment: Timestamp, zone: Tz) -> TimeDelta {
    let day = TimeDelta::days(1);
    let here = offset(moment, zone);
    let change = |other: Timestamp| (offset(other, zone) - here).abs();
    change(moment - day).max(change(moment + day))
}

fn offset(moment: Timestamp, zone: Tz) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
    TimeDelta::seconds(i64::from(offset.local_minus_utc()))
}

/// Whether an expression gives a beat rather than fixed times.
fn is_interval(source: &str) -> bool {
    let mut fields = source.split_whitespace();
    match (fields.next(), fields.next(), fields.next()) {
        (Some(_), Some(minutes), Some(hours)) => {
            [minutes, hours].iter().any(|field| field.contains(['*', '/', '-', '?']))
        }
        (shorthand, _, _) => shorthand == Some("@hourly"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    fn cron(text: &str) -> Schedule {
        Schedule::Cron(Box::new(text.parse().unwrap()))
    }

    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
    }

    /// The rounds after a moment and before another, in local time with offset.
    fn rounds(schedule: &Schedule, zone: Tz, after: &str, before: &str) -> Vec<String> {
        let next = |moment: &Timestamp| Some(schedule.next_after(*moment, zone));
        std::iter::successors(next(&at(after)), next)
            .take_while(|moment| *moment < at(before))
            .map(|moment| moment.with_timezone(&zone).format("%dT%H:%M%:z").to_string())
            .collect()
    }

    #[test]
    fn rounds_through_both_nights_on_which_clocks_change() {
        let spring = ("2026-03-29T00:59:59+01:00", "2026-03-29T05:00:00+02:00");
        let autumn = ("2026-10-25T00:59:59+02:00", "2026-10-25T05:00:00+01:00");
        let cases: [(&str, (&str, &str), &[&str]); 11] = [
            ("0 30 2 * * *", spring, &["29T03:00+02:00"]),
            ("0 30 2 * * *", autumn, &["25T02:30+02:00"]),
            ("0 0,30 2 * * *", spring, &["29T03:00+02:00"]),
            ("0 30 2,14 * * *", autumn, &["25T02:30+02:00"]),
            ("0 0 3 * * *", spring, &["29T03:00+02:00"]),
            ("0 0 3 * * *", autumn, &["25T03:00+01:00"]),
            ("0 0 * * * *", spring, &["29T01:00+01:00", "29T03:00+02:00", "29T04:00+02:00"]),
            (
                "0 0 * * * *",
                autumn,
                &[
                    "25T01:00+02:00",
                    "25T02:00+02:00",
                    "25T02:00+01:00",
                    "25T03:00+01:00",
                    "25T04:00+01:00",
                ],
            ),
            ("0 30 */2 * * *", spring, &["29T03:30+02:00", "29T04:30+02:00"]),
            ("0 30 */2 * * *", autumn, &["25T02:30+02:00", "25T02:30+01:00", "25T04:30+01:00"]),
            ("0 45 1-3 * * *", spring, &["29T01:45+01:00", "29T03:45+02:00"]),
        ];
        for (text, (after, before), expected) in cases {
            assert_eq!(rounds(&cron(text), PARIS, after, before), expected, "{text} {after}");
        }
    }

    #[test]
    fn every_quarter_of_an_hour_is_one_through_both_nights() {
        for schedule in [cron("0 */15 * * * *"), cron("0 7/15 * * * *"), Schedule::OnDeposit] {
            for start in ["2026-03-28T22:50:00+01:00", "2026-10-24T22:50:00+02:00"] {
                let mut last = schedule.next_after(at(start), PARIS);
                for _ in 0..40 {
                    let next = schedule.next_after(last, PARIS);
                    assert_eq!(next - last, TimeDelta::minutes(15), "{schedule:?} at {last}");
                    last = next;
                }
            }
        }
    }

    #[test]
    fn a_rare_schedule_finds_its_night_from_afar() {
        let schedule = cron("0 30 2 29 3 *");
        assert_eq!(
            schedule.next_after(at("2026-01-01T00:00:00Z"), PARIS),
            at("2026-03-29T01:00:00Z")
        );
        let schedule = cron("0 30 2 25 10 *");
        let first = schedule.next_after(at("2026-01-01T00:00:00Z"), PARIS);
        assert_eq!(first, at("2026-10-25T00:30:00Z"));
        assert_eq!(schedule.next_after(first, PARIS), at("2027-10-25T00:30:00Z"));
    }

    #[test]
    fn a_clock_beyond_the_calendar_still_gives_a_round() {
        let after = at("2150-01-01T00:00:00Z");
        assert!(cron("0 */15 * * * *").next_after(after, PARIS) > after);
    }

    #[test]
    fn a_day_that_was_left_out_of_a_calendar_ends_in_a_round() {
        let after = at("2011-12-29T23:00:00-10:00");
        let next = cron("0 0 12 30 12 *").next_after(after, chrono_tz::Pacific::Apia);
        assert_eq!(next, at("2011-12-31T00:00:00+14:00"));
    }

    /// Zones and a night on which their clocks change by an hour.
    const NIGHTS: [(Tz, &str); 6] = [
        (PARIS, "2026-03-29T01:00:00Z"),
        (PARIS, "2026-10-25T01:00:00Z"),
        (chrono_tz::America::New_York, "2026-03-08T07:00:00Z"),
        (chrono_tz::America::New_York, "2026-11-01T06:00:00Z"),
        (chrono_tz::Atlantic::Azores, "2026-03-29T01:00:00Z"),
        (chrono_tz::Atlantic::Azores, "2026-10-25T01:00:00Z"),
    ];

    proptest! {
        #[test]
        fn no_round_is_lost_and_none_comes_twice(
            (zone, night) in prop::sample::select(NIGHTS.to_vec()),
            before in 0_i64..20_000,
            (expression, minutes) in prop::sample::select(vec![
                ("* * * * *", 1), ("*/5 * * * *", 5), ("*/15 * * * *", 15), ("7/20 * * * *", 20),
                ("0 * * * *", 60),
            ]),
        ) {
            let schedule = cron(&format!("0 {expression}"));
            let start = at(night) - TimeDelta::seconds(before);
            let mut last = schedule.next_after(start, zone);
            for _ in 0..30 {
                let next = schedule.next_after(last, zone);
                prop_assert!(next > last, "{last} {next}");
                prop_assert!(next - last <= TimeDelta::minutes(minutes), "{last} {next}");
                last = next;
            }
        }
    }
}
