//! Deposits and the indexes they are found by.

use std::collections::BTreeMap;

use crate::domain::company::CompanyId;
use crate::domain::delivery::{DeliveryId, State};
use crate::domain::deposit::{Cause, Deposit, Fate, Skip, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::ports::store::Stored;

use super::deliveries;
use super::keys;
use super::kv::{Direction, Span};
use super::marks;
use super::record;
use super::transaction::{Index, Transaction, readable};

/// One deposit that must be there.
pub(super) fn load(transaction: &Transaction<'_>, number: u64) -> Stored<Deposit> {
    transaction.find(&keys::deposit(number), format!("deposit {number}"))
}

/// Writes a deposit with its indexes. A path it once had still finds it.
pub(super) fn save(transaction: &mut Transaction<'_>, before: Option<&Deposit>, after: &Deposit) {
    transaction.reindex(&before.map(index).unwrap_or_default(), index(after));
    if before.is_none_or(|before| before.path != after.path) {
        transaction.set(keys::path_deposit(after.company, &after.path, after.number), true);
    }
    transaction.put(keys::deposit(after.number), after);
}

fn index(deposit: &Deposit) -> Index {
    let (company, number) = (deposit.company, deposit.number);
    let mut kept = vec![keys::company_deposit(company, number)];
    if deposit.is_due() {
        let prefix = if deposit.settled { keys::ready(company) } else { keys::settling(company) };
        kept.push(keys::below(&prefix, number));
    }
    let unsupported = Verdict::Skipped(Skip::Unsupported);
    if deposit.verdicts.values().any(|verdict| *verdict == unsupported) {
        kept.push(keys::below(keys::UNSUPPORTED, number));
    }
    kept.into_iter().map(|key| (key, record::encode(&()))).collect()
}

/// Writes a deposit as an observation saw it. The observing pass may have read it before it was
/// queued: what a delivery was made of is not undone.
pub(super) fn observe(transaction: &mut Transaction<'_>, seen: Deposit) -> Stored<()> {
    let Some(stored) = transaction.get::<Deposit>(&keys::deposit(seen.number))? else {
        save(transaction, None, &seen);
        return Ok(());
    };
    let stale = seen.content != stored.content;
    let mut after = seen;
    after.content = after.content.or(stored.content);
    let former = stored.verdicts.values();
    let asked_again = former
        .filter_map(|verdict| match verdict {
            Verdict::Queued(id) => Some(*id),
            Verdict::Due(_) | Verdict::Duplicate(_) | Verdict::Skipped(_) => None,
        })
        .filter_map(|id| asked_again(transaction, &after, id, stale).transpose())
        .collect::<Stored<Vec<_>>>()?;
    merge_verdicts(&mut after.verdicts, &stored.verdicts, stale, &asked_again);
    save(transaction, Some(&stored), &after);
    if after.verdicts != stored.verdicts && after.deliveries().next().is_some() {
        // Owed to one more app, it is validated no more.
        marks::want(transaction, after.number)?;
    }
    Ok(())
}

/// The delivery, if a person asked for its document again after it had come to nothing: cancelled,
/// or of a rehearsal. Not if it was made of the very verdict that was read.
fn asked_again(
    transaction: &Transaction<'_>,
    seen: &Deposit,
    id: DeliveryId,
    stale: bool,
) -> Stored<Option<DeliveryId>> {
    let delivery = deliveries::load(transaction, id)?;
    let Some(Verdict::Due(due)) = seen.verdicts.get(&delivery.app) else { return Ok(None) };
    let asked = matches!(due.cause, Cause::Backfill { .. });
    let came_to_nothing = delivery.state == State::Cancelled || delivery.rehearsal;
    let read_before = stale && due.cause == delivery.cause;
    Ok((asked && came_to_nothing && !read_before).then_some(id))
}

fn merge_verdicts(
    seen: &mut BTreeMap<AppId, Verdict>,
    stored: &BTreeMap<AppId, Verdict>,
    stale: bool,
    asked_again: &[DeliveryId],
) {
    for (app, verdict) in stored {
        let kept = match verdict {
            Verdict::Queued(id) => !asked_again.contains(id),
            // Read after it was queued: a person asked for the duplicate itself.
            Verdict::Duplicate(_) => stale,
            // Read before it was withdrawn, which is for good.
            Verdict::Due(due) if due.fate == Fate::Cancel => {
                matches!(seen.get(app), Some(Verdict::Due(other)) if other.cause == due.cause)
            }
            Verdict::Due(_) | Verdict::Skipped(_) => false,
        };
        if kept || !seen.contains_key(app) {
            seen.insert(app.clone(), verdict.clone());
        }
    }
}

/// See `Store::deposits_at`.
pub(super) fn at(
    transaction: &Transaction<'_>,
    company: CompanyId,
    path: &TreePath,
) -> Stored<Vec<Deposit>> {
    let numbers = transaction.numbers(&keys::path_deposits(company, path))?;
    numbers.into_iter().rev().map(|number| load(transaction, number)).collect()
}

/// See `Store::deposits`.
pub(super) fn of_company(
    transaction: &Transaction<'_>,
    company: CompanyId,
) -> Stored<Vec<Deposit>> {
    below(transaction, &keys::company_deposits(company), Direction::Forwards, usize::MAX)
}

/// See `Store::to_queue`.
pub(super) fn ready(
    transaction: &Transaction<'_>,
    company: CompanyId,
    limit: usize,
) -> Stored<Vec<Deposit>> {
    at_work(transaction, &keys::ready(company), limit)
}

/// See `Store::settling`.
pub(super) fn settling(transaction: &Transaction<'_>, company: CompanyId) -> Stored<Vec<Deposit>> {
    at_work(transaction, &keys::settling(company), usize::MAX)
}

/// Unreadable records that a list of work passes over.
pub(super) const PASSED_OVER_MAX: usize = 64;

/// Deposits the robot works on: one that cannot be read stops no other.
fn at_work(transaction: &Transaction<'_>, prefix: &str, limit: usize) -> Stored<Vec<Deposit>> {
    let span = Span::of(prefix);
    let enough = limit.saturating_add(PASSED_OVER_MAX);
    let pairs = transaction.scan(&span, Direction::Forwards, enough)?;
    let read = |(key, _): &(String, Vec<u8>)| {
        let deposit = transaction.number_of(key).and_then(|number| load(transaction, number));
        readable(deposit).transpose()
    };
    pairs.iter().filter_map(read).take(limit).collect()
}

/// See `Store::unsupported`.
pub(super) fn unsupported(transaction: &Transaction<'_>, limit: usize) -> Stored<Vec<Deposit>> {
    below(transaction, keys::UNSUPPORTED, Direction::Backwards, limit)
}

fn below(
    transaction: &Transaction<'_>,
    prefix: &str,
    direction: Direction,
    limit: usize,
) -> Stored<Vec<Deposit>> {
    let pairs = transaction.scan(&Span::of(prefix), direction, limit)?;
    pairs.iter().map(|(key, _)| load(transaction, transaction.number_of(key)?)).collect()
}
