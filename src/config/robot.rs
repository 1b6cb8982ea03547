//! `[robot]`: when rounds are made, and how careful they are.

use std::ops::RangeInclusive;
use std::str::FromStr as _;

use chrono::{TimeDelta, TimeZone as _, Utc};
use cron::TimeUnitSpec as _;

use super::complaint::Mistake;
use super::model::{RobotConfig, Schedule};
use super::section::Section;
use crate::domain::profile::FolderPattern;

const SCHEDULE_DEFAULT: &str = "0 */15 * * * *";
const SETTLE_DEFAULT: TimeDelta = TimeDelta::seconds(5);
const SETTLE_RANGE: RangeInclusive<TimeDelta> = TimeDelta::seconds(1)..=TimeDelta::hours(1);
const FLOOD_DEFAULT: u32 = 200;

/// Each leap year of these 28 begins on another weekday: what doesn't fire within them never
/// does.
const PROBE_YEAR: i32 = 2072;

/// Reads `[robot]`.
pub(super) fn robot(section: Section<'_>) -> RobotConfig {
    let schedule = section.parsed("schedule", schedule).map(|typed| typed.value);
    let settle = section.duration("settle", &SETTLE_RANGE).unwrap_or(SETTLE_DEFAULT);
    let settle_for = settle_for(&section.section("settle_for"));
    let flood = section.number("flood", 0..=1_000_000).unwrap_or(FLOOD_DEFAULT);
    let watch = section.flag("watch").unwrap_or(true);
    section.close();

    RobotConfig {
        schedule: schedule.unwrap_or_else(schedule_default),
        settle,
        settle_for,
        flood_per_hour_max: flood,
        watch,
    }
}

fn settle_for(section: &Section<'_>) -> Vec<(FolderPattern, TimeDelta)> {
    let mut special = Vec::new();
    for entry in section.entries() {
        let place = entry.place.clone();
        let pattern = pattern(entry.key);
        let settle = entry.duration(section.sheet, &SETTLE_RANGE);
        match (pattern, settle) {
            (Ok(pattern), Some(settle)) => special.push((pattern, settle.value)),
            (Err(mistake), _) => section.sheet.complain(&place, mistake),
            (Ok(_), None) => {}
        }
    }
    special
}

/// A pattern of folders.
pub(super) fn pattern(text: &str) -> Result<FolderPattern, Mistake> {
    FolderPattern::parse(text).map_err(|problem| {
        Mistake::new(
            problem,
            "write one such as \"Achats\" or \"**/Scans*\" (`*`: within a name, `**`: any folders)",
        )
    })
}

fn schedule_default() -> Schedule {
    schedule(SCHEDULE_DEFAULT).expect("the default schedule is well-formed")
}

fn schedule(text: &str) -> Result<Schedule, Mistake> {
    const REMEDY: &str = "write \"on deposit\" or six fields (second minute hour day month weekday), such as \"0 */15 * * * *\" for every 15 minutes";
    if text.trim().eq_ignore_ascii_case("on deposit") {
        return Ok(Schedule::OnDeposit);
    }
    let fields = text.split_whitespace().count();
    if fields == 5 {
        let remedy = format!("seconds come first: \"0 {text}\"");
        return Err(Mistake::new(format!("`{text}` has five fields"), remedy));
    }
    let expression = cron::Schedule::from_str(text)
        .map_err(|_| Mistake::new(format!("`{text}` is no schedule"), REMEDY))?;
    if !expression.years().is_all() {
        let problem = format!("`{text}` begins or ends with a year");
        return Err(Mistake::new(problem, "leave the seventh field, the year, out"));
    }
    let probe = Utc.with_ymd_and_hms(PROBE_YEAR, 1, 1, 0, 0, 0).single();
    if probe.is_none_or(|probe| expression.after(&probe).next().is_none()) {
        let problem = format!("`{text}` never comes: no such day is in the calendar");
        return Err(Mistake::new(problem, REMEDY));
    }
    Ok(Schedule::Cron(Box::new(expression)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn schedules_that_come_are_taken_and_others_are_not() {
        let cases = [
            ("0 */15 * * * *", true),
            ("0 0 8-19 * * Mon-Fri", true),
            ("0 0 0 29 2 *", true),
            ("0 0 0 29 2 Mon", true),
            ("0 30 2 * * * *", true),
            ("@hourly", true),
            ("on deposit", true),
            ("On Deposit", true),
            ("0 0 0 30 2 *", false),
            ("0 0 0 31 4,6,9,11 *", false),
            ("*/15 * * * *", false),
            ("0 0 0 * * * 2020", false),
            ("0 60 * * * *", false),
            ("0 0 25 * * *", false),
            ("every 15 minutes", false),
            ("", false),
        ];
        for (text, taken) in cases {
            assert_eq!(schedule(text).is_ok(), taken, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_schedule_text_panics(text in "[0-9*/,?@ A-Za-z-]{0,40}|([0-9]{1,2}|\\*|[0-9]{1,2}-[0-9]{1,2}|\\*/[0-9]{1,2})( ([0-9]{1,2}|\\*|[0-9]{1,2}-[0-9]{1,2}|\\*/[0-9]{1,2})){5}") {
            drop(schedule(&text));
        }
    }
}
