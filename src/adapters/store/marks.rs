//! Marks to be set on documents or taken away.

use crate::ports::store::{MarkWork, Stored};

use super::keys::{self, Counter};
use super::kv::{Direction, Span};
use super::transaction::{Transaction, readable};
use super::{deliveries, deposits};

/// Asks for a look at a document's mark.
pub(super) fn want(transaction: &mut Transaction<'_>, deposit: u64) -> Stored<()> {
    let change = transaction.next(Counter::Change)?;
    transaction.put(keys::mark(deposit), &change);
    Ok(())
}

/// See `Store::marks`. A document that cannot be read stops no other.
pub(super) fn wanted(transaction: &Transaction<'_>, limit: usize) -> Stored<Vec<MarkWork>> {
    let enough = limit.saturating_add(deposits::PASSED_OVER_MAX);
    let pairs = transaction.scan(&Span::of(keys::MARKS), Direction::Forwards, enough)?;
    let read =
        |(key, bytes): &(String, Vec<u8>)| readable(work(transaction, key, bytes)).transpose();
    pairs.iter().filter_map(read).take(limit).collect()
}

fn work(transaction: &Transaction<'_>, key: &str, bytes: &[u8]) -> Stored<MarkWork> {
    let deposit = deposits::load(transaction, transaction.number_of(key)?)?;
    let named = deposit.deliveries().map(|id| deliveries::load(transaction, id));
    let deliveries = named.collect::<Stored<_>>()?;
    Ok(MarkWork { change: transaction.decode(key, bytes)?, deposit, deliveries })
}

/// See `Store::marked`.
pub(super) fn marked(transaction: &mut Transaction<'_>, deposit: u64, change: u64) -> Stored<()> {
    let key = keys::mark(deposit);
    if transaction.get::<u64>(&key)? == Some(change) {
        transaction.remove(key);
    }
    Ok(())
}
