//! Alarms: what is wrong now, for `status`, the journal and the firm's mailbox.

mod announce;
mod companies;
mod mail;

use chrono::TimeDelta;

pub(super) use announce::Depth;

use super::error::Answer;
use super::robot::{MarkingFailure, Robot};
use super::views::AlarmView;
use crate::domain::Timestamp;
use crate::domain::alarm::{Alarm, AlarmKind};
use crate::domain::delivery::{HeldReason, State};
use crate::ports::store::{
    APP_DESTINATION, ClaimRules, Health, Problem, PutOff, RoundReport, app_destination,
};

/// A robot whose last round ended longer ago is silent.
const SILENT_AFTER: TimeDelta = TimeDelta::minutes(30);

/// With a schedule that pauses for longer, this much after the round that was due.
const ROUND_LATE_AFTER: TimeDelta = TimeDelta::minutes(15);

/// Keys of unreadable records that are named.
const RECORDS_NAMED_MAX: usize = 5;

impl Robot {
    /// Everything that is wrong now, as `status` shows it.
    pub(super) async fn alarm_views(&self) -> Answer<Vec<AlarmView>> {
        let book = self.ports().store.alarm_book().await?;
        let mut alarms = self.ledger_alarms().await?;
        alarms.extend(self.company_alarms().await?);
        alarms.extend(announce::carried(&book, AlarmKind::SilentCompany));
        let view = |alarm: Alarm| AlarmView {
            kind: alarm.kind.as_str().to_owned(),
            since: alarm.since.or_else(|| book.began_at(&alarm)).map(|at| self.local(at)),
            message: alarm.message,
        };
        Ok(alarms.into_iter().map(view).collect())
    }

    /// What the ledger alone tells, at the cost of a few look-ups.
    async fn ledger_alarms(&self) -> Answer<Vec<Alarm>> {
        let store = &self.ports().store;
        let health = store.health().await?;
        let mut alarms = store_alarms(&health);
        alarms.extend(self.disk_alarm(&health));
        alarms.extend(self.silence_alarm(store.last_round().await?.as_ref()).await?);
        let waits = store.count(State::Queued).await? + store.count(State::Deferred).await? > 0;
        let put_offs = store.put_offs().await?;
        for put_off in put_offs.iter().filter(|put_off| waits && self.is_in_use(put_off)) {
            alarms.push(self.put_off_alarm(put_off));
        }
        for (state, kind) in
            [(State::InDoubt, AlarmKind::InDoubt), (State::Refused, AlarmKind::Refused)]
        {
            let count = store.count(state).await?;
            if count > 0 {
                alarms.push(waiting_alarm(kind, state, count, None));
            }
        }
        for (reason, count) in store.held_counts().await? {
            alarms.push(waiting_alarm(AlarmKind::Held, State::Held, count, Some(reason)));
        }
        alarms.extend(self.shared.marking_failure().map(unmarked_alarm));
        alarms.extend(self.mailbox_alarms().await?);
        alarms.extend(self.collection_alarms().await?);
        Ok(alarms)
    }

    /// Nothing new is taken in while the disk of the state is nearly full: what is on its way
    /// still needs the ledger to end well.
    pub(super) async fn full_disk(&self) -> Answer<Option<Problem>> {
        let health = self.ports().store.health().await?;
        let problem = |alarm: Alarm| Problem {
            company: String::new(),
            path: None,
            kind: alarm.kind.as_str().to_owned(),
            message: alarm.message,
        };
        Ok(self.disk_alarm(&health).map(problem))
    }

    fn disk_alarm(&self, health: &Health) -> Option<Alarm> {
        let config = self.config();
        let floor = config.state.free_bytes_min;
        let free = health.free_bytes.filter(|free| *free < floor)?;
        let message = format!(
            "the disk of the state has {} MB left of the {} MB that `free_min` keeps free: nothing new is taken in, what is queued still goes; make room",
            free / 1_000_000,
            floor.div_ceil(1_000_000)
        );
        Some(alarm(AlarmKind::DiskLow, "", None, message))
    }

    async fn silence_alarm(&self, last: Option<&RoundReport>) -> Answer<Option<Alarm>> {
        let serving = self.shared.serving_since();
        let finished = last.map(|last| last.finished_at);
        // A service that was started again begins afresh; without one, nobody rounds unasked.
        let Some(quiet_since) = finished.max(serving) else { return Ok(None) };
        let due = self.config().schedule_next(quiet_since) + ROUND_LATE_AFTER;
        if self.now() <= due.max(quiet_since + SILENT_AFTER) {
            return Ok(None);
        }
        let message = if serving.is_some() {
            "the round that was due has not ended: look at the robot's journal, restart it"
        } else if self.has_a_switch().await? {
            "no round has ended for 30 minutes, and no service is running: start it"
        } else {
            return Ok(None);
        };
        Ok(Some(alarm(AlarmKind::NoRound, "", finished, message.to_owned())))
    }

    /// Whether anything is to be sent by itself at all.
    async fn has_a_switch(&self) -> Answer<bool> {
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            if decisions.switches.values().any(|switch| switch.on) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether mail goes there still: routes.toml may have another server or other apps by now.
    fn is_in_use(&self, put_off: &PutOff) -> bool {
        let ClaimRules { destination, rates } = self.claim_rules();
        put_off.destination == destination
            || rates.keys().any(|app| app_destination(app) == put_off.destination)
    }

    fn put_off_alarm(&self, put_off: &PutOff) -> Alarm {
        let until = self.local(put_off.until).format("%H:%M");
        let message = format!(
            "{} cannot be used: {}; it is tried again at {until} by itself",
            match put_off.destination.strip_prefix(APP_DESTINATION) {
                Some(app) => format!("{app}, behind the mail server,"),
                None => format!("the mail server ({})", put_off.destination),
            },
            put_off.answer
        );
        alarm(AlarmKind::PutOff, &put_off.destination, Some(put_off.since), message)
    }
}

fn alarm(
    kind: AlarmKind,
    subject: impl Into<String>,
    since: Option<Timestamp>,
    message: String,
) -> Alarm {
    Alarm { kind, subject: subject.into(), since, message }
}

fn store_alarms(health: &Health) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if !health.writable {
        let message = "the ledger takes no more writes: restart the robot".to_owned();
        alarms.push(alarm(AlarmKind::Store, "writes", None, message));
    }
    let unreadable = &health.unreadable;
    if !unreadable.is_empty() {
        let named: Vec<&str> =
            unreadable.iter().take(RECORDS_NAMED_MAX).map(String::as_str).collect();
        let message = format!(
            "{} records of the ledger cannot be read ({}): what needs them stays as it is; `facteur import` of the last export brings them back",
            unreadable.len(),
            named.join(", ")
        );
        alarms.push(alarm(AlarmKind::Store, "records", None, message));
    }
    alarms
}

fn unmarked_alarm(failure: MarkingFailure) -> Alarm {
    let MarkingFailure { since, files, problem } = failure;
    let message = format!(
        "{files} documents cannot be marked as validated on the file: {problem}; they were sent all the same, and it is tried again with each round"
    );
    alarm(AlarmKind::Unmarked, "", Some(since), message)
}

fn waiting_alarm(kind: AlarmKind, state: State, count: u64, reason: Option<HeldReason>) -> Alarm {
    let word = state.as_str();
    let (subject, filter, words) = match reason {
        Some(reason) => {
            let reason = reason.as_str();
            let filter = format!(" --reason {reason}");
            (reason, filter, format!("held for a person ({reason})"))
        }
        None if state == State::InDoubt => {
            ("", String::new(), "in doubt: nobody knows whether the tool has them".to_owned())
        }
        None => ("", String::new(), "refused by the mail server or the tool".to_owned()),
    };
    let message =
        format!("{count} {words}: `facteur deliveries --state {word}{filter}` lists them");
    alarm(kind, subject, None, message)
}
