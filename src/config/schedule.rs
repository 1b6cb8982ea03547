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
    /// with `*`, `/` or `-` in its minutes or hours is an *interval* and keeps its beat through
    /// both nights. One of plain numbers is a *fixed time*: it comes once when the hour comes
    /// twice, and at the end of the gap when there is no such hour.
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
