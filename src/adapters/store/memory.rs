//! Keys and values in memory: for tests, rehearsals and forks.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::kv::{Batch, Direction, Kv, KvError, PairSource, Pairs, Span};

/// What is applied is durable at once, for as long as the value lives.
#[derive(Default)]
pub(super) struct MemoryKv {
    pairs: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryKv {
    /// With this content.
    pub(super) fn of(pairs: BTreeMap<String, Vec<u8>>) -> Self {
        Self { pairs: Mutex::new(pairs) }
    }

    /// All of it.
    pub(super) fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.pairs().clone()
    }

    /// A batch is applied under the lock and cannot panic half-way.
    fn pairs(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kv for MemoryKv {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.pairs().get(key).cloned())
    }

    fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Result<Pairs, KvError> {
        if span.is_empty() {
            return Ok(Pairs::new());
        }
        let pairs = self.pairs();
        let bounds = (Bound::Included(span.start.as_str()), Bound::Excluded(span.end.as_str()));
        let range = pairs.range::<str, _>(bounds);
        let owned = |(key, value): (&String, &Vec<u8>)| (key.clone(), value.clone());
        Ok(match direction {
            Direction::Forwards => range.take(limit).map(owned).collect(),
            Direction::Backwards => range.rev().take(limit).map(owned).collect(),
        })
    }

    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        let mut pairs = self.pairs();
        for (key, value) in batch {
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), KvError> {
        Ok(())
    }

    fn replace(&self, pairs: PairSource<'_>) -> Result<(), KvError> {
        let content = pairs.collect::<Result<BTreeMap<_, _>, _>>()?;
        *self.pairs() = content;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        let length = |(key, value): (&String, &Vec<u8>)| (key.len() + value.len()) as u64;
        self.pairs().iter().map(length).sum()
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }
}
