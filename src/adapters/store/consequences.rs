//! What a decision does to what waits: cut into small batches, taken up again after a stop.
//!
//! A batch of thousands of records makes sled's memory grow without bound. So the decision, its
//! first consequences and a `sweep` record are one batch, and the sweep goes on a few records at
//! a time until it removes itself; `Store::recover` ends those that were cut off. Nothing goes out in
//! between by what was decided against: the mark at the dot asks the decisions themselves.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::decision::{Coverage, HistoryEntry};
use crate::domain::delivery::{Act, DeliveryId, HeldReason, State, Step};
use crate::domain::deposit::{Fate, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::ports::store::Stored;

use super::deliveries::Promotion;
use super::keys;
use super::kv::{Direction, Span};
use super::transaction::Transaction;
use super::{decisions, deliveries, deposits};

/// Documents and deliveries looked at in one batch of a sweep.
const SWEEP_STEP_MAX: usize = 16;

/// In words, why a delivery of a renamed folder is held.
pub(super) const RENAMED: &str =
    "its switched folder was renamed: say `switch follow` or `switch stay`";

/// How far the consequences of a decision were drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweep {
    phase: Phase,
    after: u64,
    at: Timestamp,
    by: String,
    because: String,
    /// The whole app was turned off: nothing of it goes by any decision.
    app_off: bool,
}

/// What is looked at, in this order: a delivery that a phase holds is met again in a later one,
/// which leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Settling,
    Ready,
    Queued,
    Deferred,
    Held,
}

impl Phase {
    fn next(self) -> Option<Self> {
        match self {
            Self::Settling => Some(Self::Ready),
            Self::Ready => Some(Self::Queued),
            Self::Queued => Some(Self::Deferred),
            Self::Deferred => Some(Self::Held),
            Self::Held => None,
        }
    }

    fn prefix(self, company: CompanyId) -> String {
        match self {
            Self::Settling => keys::settling(company),
            Self::Ready => keys::ready(company),
            Self::Queued => keys::company_state(company, State::Queued),
            Self::Deferred => keys::company_state(company, State::Deferred),
            Self::Held => keys::company_state(company, State::Held),
        }
    }
}

/// What one batch of a sweep did.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// Deliveries cancelled.
    pub(super) cancelled: Vec<DeliveryId>,
    /// Documents not settled yet that will not go.
    pub(super) withdrawn: u64,
    /// Nothing is left to do.
    pub(super) done: bool,
}

/// Begins the consequences of a decision.
pub(super) fn begin(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    app: &AppId,
    entry: &HistoryEntry,
) {
    let because = format!("{} by {}", entry.what, entry.by);
    put(transaction, company, app, entry.at, &entry.by, because, false);
}

/// Begins to cancel everything of an app, where the company has something that waits; answers as
/// [`go_on`] does.
pub(super) fn begin_app_off(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    app: &AppId,
    because: &str,
    now: Timestamp,
) -> Stored<Swept> {
    let mut phase = Some(Phase::Settling);
    while let Some(looked_at) = phase {
        let span = Span::of(&looked_at.prefix(company));
        if !transaction.scan(&span, Direction::Forwards, 1)?.is_empty() {
            put(transaction, company, app, now, "facteur", because.to_owned(), true);
            return go_on(transaction, company, app);
        }
        phase = looked_at.next();
    }
    Ok(Swept { done: true, ..Swept::default() })
}

fn put(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    app: &AppId,
    at: Timestamp,
    by: &str,
    because: String,
    app_off: bool,
) {
    let (phase, by) = (Phase::Settling, by.to_owned());
    let sweep = Sweep { phase, after: 0, at, by, because, app_off };
    transaction.put(keys::sweep(company, app), &sweep);
}

/// The sweeps that were begun and not ended.
pub(super) fn unfinished(transaction: &Transaction<'_>) -> Stored<Vec<(CompanyId, AppId)>> {
    let parse = |key: &str| {
        let mut parts = key.split('/').skip(1);
        let company = parts.next()?.parse().ok()?;
        Some((CompanyId(company), AppId::parse(parts.next()?).ok()?))
    };
    let sweeps = transaction.all(keys::SWEEPS)?;
    Ok(sweeps.iter().filter_map(|(key, _)| parse(key)).collect())
}

/// Goes on with a sweep by one batch.
pub(super) fn go_on(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    app: &AppId,
) -> Stored<Swept> {
    let key = keys::sweep(company, app);
    let mut swept = Swept::default();
    let Some(mut sweep) = transaction.get::<Sweep>(&key)? else {
        return Ok(Swept { done: true, ..swept });
    };
    let mut left = SWEEP_STEP_MAX;
    while left > 0 && !swept.done {
        let prefix = sweep.phase.prefix(company);
        let span = Span::of(&prefix).after(&keys::below(&prefix, sweep.after));
        let page = transaction.scan(&span, Direction::Forwards, left)?;
        for (entry, _) in &page {
            sweep.after = transaction.number_of(entry)?;
            transaction.attempt(|ledger| look(ledger, app, &sweep, &mut swept))?;
        }
        if page.len() < left {
            match sweep.phase.next() {
                Some(phase) => (sweep.phase, sweep.after) = (phase, 0),
                None => swept.done = true,
            }
        }
        left -= page.len();
    }
    if swept.done {
        transaction.remove(key);
    } else {
        transaction.put(key, &sweep);
    }
    Ok(swept)
}

/// Draws the consequence for what the sweep has come to.
fn look(
    transaction: &mut Transaction<'_>,
    app: &AppId,
    sweep: &Sweep,
    swept: &mut Swept,
) -> Stored<()> {
    match sweep.phase {
        Phase::Settling | Phase::Ready => {
            swept.withdrawn += u64::from(withdraw(transaction, app, sweep, sweep.after)?);
        }
        Phase::Queued | Phase::Deferred | Phase::Held => {
            let id = DeliveryId(sweep.after);
            if draw(transaction, app, sweep, id)? {
                swept.cancelled.push(id);
            }
        }
    }
    Ok(())
}

/// Whether a document may still go, as decided now.
fn coverage(
    transaction: &Transaction<'_>,
    company: CompanyId,
    app: &AppId,
    path: &TreePath,
    cause: &crate::domain::deposit::Cause,
) -> Stored<Coverage> {
    let folder = path.parent().unwrap_or_default();
    Ok(decisions::load(transaction, company)?.coverage(app, &folder, cause))
}

/// The consequence for a document that has not been queued yet; whether it will not go now.
fn withdraw(
    transaction: &mut Transaction<'_>,
    app: &AppId,
    sweep: &Sweep,
    number: u64,
) -> Stored<bool> {
    let before = deposits::load(transaction, number)?;
    let Some(Verdict::Due(due)) = before.verdicts.get(app) else { return Ok(false) };
    let coverage = if sweep.app_off {
        Coverage::Off
    } else {
        coverage(transaction, before.company, app, &before.path, &due.cause)?
    };
    let renamed = Fate::Hold(HeldReason::FolderRenamed);
    let fate = match (coverage, due.fate) {
        (Coverage::Off, _) => Fate::Cancel,
        (Coverage::Renamed, Fate::Queue) => renamed,
        (Coverage::Covered, fate) if fate == renamed => Fate::Queue,
        (Coverage::Renamed | Coverage::Covered, fate) => fate,
    };
    if fate == due.fate {
        return Ok(false);
    }
    let mut after = before.clone();
    after
        .verdicts
        .insert(app.clone(), Verdict::Due(crate::domain::deposit::Due { fate, ..due.clone() }));
    after.tell(sweep.at, format!("{}, for {app}", sweep.because));
    deposits::save(transaction, Some(&before), &after);
    Ok(fate == Fate::Cancel)
}

/// The consequence for a delivery that waits; whether it is cancelled.
fn draw(
    transaction: &mut Transaction<'_>,
    app: &AppId,
    sweep: &Sweep,
    id: DeliveryId,
) -> Stored<bool> {
    let delivery = deliveries::load(transaction, id)?;
    if delivery.app != *app {
        return Ok(false);
    }
    let (coverage, promotion) = if sweep.app_off {
        (Coverage::Off, Promotion::Nobody)
    } else {
        (deliveries::coverage(transaction, &delivery)?, Promotion::LongestWaiting)
    };
    let renamed = Some(HeldReason::FolderRenamed);
    let step = match (coverage, delivery.state) {
        (Coverage::Off, _) => Step::TurnOff { because: sweep.because.clone() },
        (Coverage::Renamed, State::Queued | State::Deferred) => {
            Step::Hold { reason: HeldReason::FolderRenamed, because: RENAMED.to_owned() }
        }
        (Coverage::Covered, State::Held) if delivery.reason == renamed => {
            Step::Person { act: Act::Release, by: sweep.by.clone() }
        }
        (Coverage::Renamed | Coverage::Covered, _) => return Ok(false),
    };
    let after = deliveries::change(transaction, id, &step, sweep.at, promotion)?;
    Ok(after.state == State::Cancelled)
}
