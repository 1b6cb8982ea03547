//! What senders ask: claims of due deliveries, the mark at the dot, the report of an attempt.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::decision::Coverage;
use crate::domain::delivery::{Delivery, DeliveryId, HeldReason, State, Step};
use crate::domain::limits::RateWindow;
use crate::domain::profile::AppId;
use crate::ports::store::{ClaimRules, PutOff, Rate, StoreError, Stored, app_destination};

use super::companies;
use super::consequences::RENAMED;
use super::deliveries::{self, HeldCompanies, Promotion};
use super::keys;
use super::kv::{Direction, PAGE_PAIRS, Span};
use super::readdress;
use super::transaction::Transaction;

/// Deliveries recovered in one batch.
const RECOVER_STEP_MAX: usize = 16;

/// See `Store::claim`.
pub(super) fn claim(
    transaction: &mut Transaction<'_>,
    rules: &ClaimRules,
    limit: usize,
    now: Timestamp,
) -> Stored<Vec<Delivery>> {
    let server = opening(transaction, &rules.destination, keys::LEASES, now)?;
    let limit = server.limit(limit);
    let mut held = HeldCompanies::default();
    let mut waiting = Vec::new();
    for (app, rate) in &rules.rates {
        let tool = opening(transaction, &app_destination(app), &keys::leases(app), now)?;
        let room = room(transaction, app, *rate, now)?.min(tool.limit(limit));
        waiting.extend(due(transaction, app, &mut held, room, Some(now))?);
    }
    waiting.sort_unstable();
    waiting.truncate(limit);
    let mut claimed = Vec::with_capacity(waiting.len());
    for (_, id) in waiting {
        let taken = transaction.attempt(|ledger| {
            readdress::to_connection(ledger, id, now)?;
            if let Some(step) = withdrawn(ledger, id)? {
                deliveries::change(ledger, id, &step, now, Promotion::LongestWaiting)?;
                return Ok(None);
            }
            deliveries::change(ledger, id, &Step::Claim, now, Promotion::LongestWaiting).map(Some)
        })?;
        claimed.extend(taken.flatten());
    }
    Ok(claimed)
}

/// What becomes of a delivery that no switch lets go any more (its document moved since it was
/// queued): shown, instead of being stopped at its dot for ever.
fn withdrawn(transaction: &Transaction<'_>, id: DeliveryId) -> Stored<Option<Step>> {
    let delivery = deliveries::load(transaction, id)?;
    Ok(match deliveries::coverage(transaction, &delivery)? {
        Coverage::Covered => None,
        Coverage::Off => Some(Step::TurnOff {
            because: "no switch lets it go from where its document is now".to_owned(),
        }),
        Coverage::Renamed => {
            Some(Step::Hold { reason: HeldReason::FolderRenamed, because: RENAMED.to_owned() })
        }
    })
}

/// See `Store::next_due`. While the one delivery that probes a server is on its way, nothing can
/// be claimed at any time that is known: its end is the time to ask again.
pub(super) fn next_due(
    transaction: &Transaction<'_>,
    rules: &ClaimRules,
    now: Timestamp,
) -> Stored<Option<Timestamp>> {
    let server = opening(transaction, &rules.destination, keys::LEASES, now)?;
    let Some(server_at) = server.earliest(now) else { return Ok(None) };
    let mut held = HeldCompanies::default();
    let mut next: Option<Timestamp> = None;
    for (app, rate) in &rules.rates {
        let tool = opening(transaction, &app_destination(app), &keys::leases(app), now)?;
        let Some(tool_at) = tool.earliest(now) else { continue };
        let earliest = server_at.max(tool_at);
        for (due_at, _) in due(transaction, app, &mut held, 1, None)? {
            let free_at = free_at(&window(transaction, app)?, *rate, now);
            let at = due_at.max(free_at).max(earliest);
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    }
    Ok(next)
}

/// How much may go to a server, or to a tool behind it, just now.
enum Opening {
    /// As much as is asked for.
    Wide,
    /// One delivery, to see whether it works again.
    One,
    /// That one is on its way.
    Probed,
    /// Nothing before this.
    After(Timestamp),
}

impl Opening {
    fn limit(&self, limit: usize) -> usize {
        match self {
            Self::Wide => limit,
            Self::One => limit.min(1),
            Self::After(_) | Self::Probed => 0,
        }
    }

    /// None while a probe is on its way: its end is the time to ask again.
    fn earliest(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Wide | Self::One => Some(now),
            Self::After(until) => Some(*until),
            Self::Probed => None,
        }
    }
}

/// `leases`: what is on its way there.
fn opening(
    transaction: &Transaction<'_>,
    destination: &str,
    leases: &str,
    now: Timestamp,
) -> Stored<Opening> {
    let put_off = transaction.get::<PutOff>(&keys::put_off(destination))?;
    Ok(match put_off {
        None => Opening::Wide,
        Some(put_off) if put_off.until > now => Opening::After(put_off.until),
        Some(_) => {
            let leased = transaction.scan(&Span::of(leases), Direction::Forwards, 1)?;
            if leased.is_empty() { Opening::One } else { Opening::Probed }
        }
    })
}

/// The first deliveries of an app that wait and whose company isn't held, oldest due first.
fn due(
    transaction: &Transaction<'_>,
    app: &AppId,
    held: &mut HeldCompanies,
    limit: usize,
    until: Option<Timestamp>,
) -> Stored<Vec<(Timestamp, DeliveryId)>> {
    let mut found = Vec::new();
    let mut rest = Span::of(&keys::due(app));
    if let Some(until) = until {
        let end = keys::due_until(app, until + TimeDelta::milliseconds(1));
        rest = rest.before(&end);
    }
    while found.len() < limit {
        let page = transaction.scan(&rest, Direction::Forwards, limit.clamp(16, PAGE_PAIRS))?;
        let Some((last, _)) = page.last() else { break };
        rest = rest.after(last);
        for (key, bytes) in &page {
            let company: CompanyId = transaction.decode(key, bytes)?;
            if found.len() < limit && !held.contains(transaction, company)? {
                let at = keys::due_at(key).unwrap_or_default();
                found.push((at, DeliveryId(transaction.number_of(key)?)));
            }
        }
    }
    Ok(found)
}

fn window(transaction: &Transaction<'_>, app: &AppId) -> Stored<RateWindow> {
    Ok(transaction.get(&keys::rate(app))?.unwrap_or_default())
}

/// When one more mail fits an app's limits.
fn free_at(window: &RateWindow, rate: Rate, now: Timestamp) -> Timestamp {
    let hour = window.free_at(rate.per_hour_max, TimeDelta::hours(1), now);
    hour.max(window.free_at(rate.per_day_max, TimeDelta::days(1), now))
}

/// How many more deliveries of an app may be claimed: those claimed already will count at their
/// dots.
fn room(transaction: &Transaction<'_>, app: &AppId, rate: Rate, now: Timestamp) -> Stored<usize> {
    if rate == Rate::default() {
        return Ok(usize::MAX);
    }
    let window = window(transaction, app)?;
    let leased = usize::try_from(transaction.count(&keys::leases(app))?).unwrap_or(usize::MAX);
    let left = |limit: u32, span: TimeDelta| match limit {
        0 => usize::MAX,
        limit => limit.saturating_sub(window.within(span, now)) as usize,
    };
    let left = left(rate.per_hour_max, TimeDelta::hours(1))
        .min(left(rate.per_day_max, TimeDelta::days(1)));
    Ok(left.saturating_sub(leased))
}

/// See `Store::dot`.
pub(super) fn dot(
    transaction: &mut Transaction<'_>,
    id: DeliveryId,
    attempt: u32,
    rate: Rate,
    now: Timestamp,
) -> Stored<()> {
    let before = deliveries::load(transaction, id)?;
    let after = before.step(&Step::Dot { attempt }, now)?;
    if after == before {
        return Ok(());
    }
    let held = companies::load(transaction, before.company)?.hold.is_some();
    let covered = deliveries::coverage(transaction, &before)? == Coverage::Covered;
    if held || !covered || !readdress::is_current(transaction, &before)? {
        return Err(StoreError::Conflict);
    }
    let mut window = window(transaction, &before.app)?;
    let free_at = free_at(&window, rate, now);
    if free_at > now {
        return Err(StoreError::OverLimit(free_at));
    }
    window.count(now);
    transaction.put(keys::rate(&before.app), &window);
    deliveries::save(transaction, Some(&before), &after)
}

/// See `Store::put_off`.
pub(super) fn put_off(
    transaction: &mut Transaction<'_>,
    destination: &str,
    put_off: Option<&PutOff>,
) -> Stored<()> {
    let key = keys::put_off(destination);
    match put_off {
        Some(put_off) => transaction.put(key, put_off),
        None if transaction.has(&key)? => transaction.remove(key),
        None => {}
    }
    Ok(())
}

/// See `Store::put_offs`.
pub(super) fn put_offs(transaction: &Transaction<'_>) -> Stored<Vec<PutOff>> {
    let pairs = transaction.all(keys::PUT_OFFS)?;
    pairs.iter().map(|(key, bytes)| transaction.decode(key, bytes)).collect()
}

/// One batch of `Store::recover`: the deliveries it put in doubt, and whether there may be more.
/// There are never many: no more than senders.
pub(super) fn recover(
    transaction: &mut Transaction<'_>,
    now: Timestamp,
) -> Stored<(Vec<DeliveryId>, bool)> {
    let mut at_work = transaction.numbers(&keys::state(State::Sending))?;
    at_work.extend(transaction.numbers(keys::LEASES)?);
    let (mut doubtful, mut recovered) = (Vec::new(), 0);
    for id in at_work.into_iter().map(DeliveryId) {
        let after = transaction.attempt(|ledger| {
            deliveries::change(ledger, id, &Step::Recover, now, Promotion::LongestWaiting)
        })?;
        let Some(after) = after else { continue };
        if after.state == State::InDoubt {
            doubtful.push(id);
        }
        recovered += 1;
        if recovered == RECOVER_STEP_MAX {
            return Ok((doubtful, true));
        }
    }
    Ok((doubtful, false))
}
