//! One request's view of the ledger: it reads what it wrote, and ends as one atomic batch.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::store::{StoreError, Stored};

use super::keys::{self, Counter};
use super::kv::{Batch, Direction, Kv, PAGE_PAIRS, Pairs, Span};
use super::record;

/// Keys of records found to be unreadable since the ledger was opened.
pub(super) type Unreadable = Mutex<BTreeSet<String>>;

/// Reads and pending writes.
pub(super) struct Transaction<'a> {
    kv: &'a dyn Kv,
    unreadable: &'a Unreadable,
    writes: Batch,
}

impl<'a> Transaction<'a> {
    /// Begins with nothing written.
    pub(super) fn new(kv: &'a dyn Kv, unreadable: &'a Unreadable) -> Self {
        Self { kv, unreadable, writes: Batch::new() }
    }

    /// What it wrote.
    pub(super) fn into_batch(self) -> Batch {
        self.writes
    }

    /// One record.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &str) -> Stored<Option<T>> {
        let bytes = match self.writes.get(key) {
            Some(written) => written.clone(),
            None => self.kv.get(key).map_err(|error| self.note(key, error.to_string()))?,
        };
        bytes.map(|bytes| self.decode(key, &bytes)).transpose()
    }

    /// One record that must be there; `what` names it in the error.
    pub(super) fn find<T: DeserializeOwned>(&self, key: &str, what: String) -> Stored<T> {
        self.get(key)?.ok_or(StoreError::NotFound(what))
    }

    /// Whether there is such a record.
    pub(super) fn has(&self, key: &str) -> Stored<bool> {
        if let Some(written) = self.writes.get(key) {
            return Ok(written.is_some());
        }
        let stored = self.kv.get(key);
        stored.map(|value| value.is_some()).map_err(|error| self.note(key, error.to_string()))
    }

    /// Reads the bytes of a record.
    pub(super) fn decode<T: DeserializeOwned>(&self, key: &str, bytes: &[u8]) -> Stored<T> {
        record::decode(bytes).map_err(|problem| self.note(key, problem))
    }

    /// Takes a step of work that must go on: where it meets a record that cannot be read, it is
    /// undone and passed over.
    pub(super) fn attempt<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Stored<T>,
    ) -> Stored<Option<T>> {
        let before = self.writes.clone();
        let taken = readable(step(self))?;
        if taken.is_none() {
            self.writes = before;
        }
        Ok(taken)
    }

    fn note(&self, key: &str, problem: String) -> StoreError {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
        StoreError::Unreadable { key: key.to_owned(), problem }
    }

    /// Writes a record.
    pub(super) fn put<T: Serialize>(&mut self, key: String, value: &T) {
        self.writes.insert(key, Some(record::encode(value)));
    }

    /// Removes a record.
    pub(super) fn remove(&mut self, key: String) {
        self.writes.insert(key, None);
    }

    /// Puts or removes a record that is only a key.
    pub(super) fn set(&mut self, key: String, present: bool) {
        if present { self.put(key, &()) } else { self.remove(key) }
    }

    /// The next number of a counter, from 1.
    pub(super) fn next(&mut self, counter: Counter) -> Stored<u64> {
        let key = keys::counter(counter);
        let next = self.get::<u64>(key)?.unwrap_or(0) + 1;
        self.put(key.to_owned(), &next);
        Ok(next)
    }

    /// At most `limit` records of a span, what it wrote itself included.
    pub(super) fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Stored<Pairs> {
        if span.is_empty() || limit == 0 {
            return Ok(Pairs::new());
        }
        let own = || self.writes.range(span.start.clone()..span.end.clone());
        let removed = own().filter(|(_, value)| value.is_none()).count();
        let stored = self
            .kv
            .scan(span, direction, limit.saturating_add(removed))
            .map_err(|error| self.note(&span.start, error.to_string()))?;
        let mut merged: std::collections::BTreeMap<String, Vec<u8>> = stored.into_iter().collect();
        for (key, value) in own() {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(match direction {
            Direction::Forwards => merged.into_iter().take(limit).collect(),
            Direction::Backwards => merged.into_iter().rev().take(limit).collect(),
        })
    }

    /// All records that begin with `prefix`, in order.
    pub(super) fn all(&self, prefix: &str) -> Stored<Pairs> {
        self.scan(&Span::of(prefix), Direction::Forwards, usize::MAX)
    }

    /// The numbers at the end of all keys that begin with `prefix`, in order.
    pub(super) fn numbers(&self, prefix: &str) -> Stored<Vec<u64>> {
        let pairs = self.all(prefix)?;
        pairs.iter().map(|(key, _)| self.number_of(key)).collect()
    }

    /// The number at the end of a key.
    pub(super) fn number_of(&self, key: &str) -> Stored<u64> {
        keys::last_number(key)
            .ok_or_else(|| self.note(key, "its key does not end in a number".to_owned()))
    }

    /// How many records begin with `prefix`.
    pub(super) fn count(&self, prefix: &str) -> Stored<u64> {
        let mut rest = Span::of(prefix);
        let mut count = 0;
        loop {
            let page = self.scan(&rest, Direction::Forwards, PAGE_PAIRS)?;
            count += page.len() as u64;
            match page.last() {
                Some((key, _)) if page.len() == PAGE_PAIRS => rest = rest.after(key),
                Some(_) | None => return Ok(count),
            }
        }
    }
}

/// Passes over what cannot be read where work must go on: it has been noted for `health`.
pub(super) fn readable<T>(answer: Stored<T>) -> Stored<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Unreadable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The index entries of one record: keys with spelled values.
pub(super) type Index = std::collections::BTreeMap<String, Vec<u8>>;

impl Transaction<'_> {
    /// Writes what changed between two versions of a record's index.
    pub(super) fn reindex(&mut self, before: &Index, after: Index) {
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            self.remove(key.clone());
        }
        let changed = after.into_iter().filter(|(key, value)| before.get(key) != Some(value));
        self.writes.extend(changed.map(|(key, value)| (key, Some(value))));
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::MemoryKv;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_scan_sees_stored_and_pending_records_as_one(
            stored in proptest::collection::btree_set(0_u8..30, 0..20),
            pending in proptest::collection::btree_map(0_u8..30, any::<bool>(), 0..20),
            limit in 0_usize..40,
            backwards in any::<bool>(),
        ) {
            let kv = MemoryKv::default();
            let key = |number: &u8| format!("k/{number:02}");
            let batch = stored.iter().map(|number| (key(number), Some(record::encode(&()))));
            kv.apply(batch.collect()).unwrap();
            let unreadable = Unreadable::default();
            let mut transaction = Transaction::new(&kv, &unreadable);
            for (number, present) in &pending {
                transaction.set(key(number), *present);
            }
            let direction = if backwards { Direction::Backwards } else { Direction::Forwards };
            let span = Span::of("k/").after("k/03").up_to("k/25");
            let found = transaction.scan(&span, direction, limit).unwrap();
            let mut expected: Vec<String> = (4_u8..=25)
                .filter(|number| *pending.get(number).unwrap_or(&stored.contains(number)))
                .map(|number| key(&number))
                .collect();
            if backwards {
                expected.reverse();
            }
            expected.truncate(limit);
            prop_assert_eq!(found.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), expected);
        }
    }
}
