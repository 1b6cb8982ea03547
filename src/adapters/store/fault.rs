//! A loss of power on demand, for tests: before or after any commit of a ledger in memory.

use std::sync::{Arc, Mutex, PoisonError};

use super::kv::{Batch, Direction, Kv, KvError, PairSource, Pairs, Span};
use super::memory::MemoryKv;

/// A moment at which the power may go. Commits count from 1; requests that change nothing are
/// none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitPoint {
    /// Nothing of the commit with this number is written yet.
    Before(u64),
    /// All of it is durable, and nobody was answered.
    After(u64),
}

/// Asked at each [`CommitPoint`]; an error stops the ledger: it answers `StoreError::Unknown` to
/// this request and to all that follow, until it is reopened.
pub type Fault = Box<dyn FnMut(CommitPoint) -> Result<(), String> + Send>;

/// Memory whose commits can fail.
pub(super) struct FaultyKv {
    memory: Arc<MemoryKv>,
    fault: Mutex<(u64, Fault)>,
}

impl FaultyKv {
    /// Counts commits from here.
    pub(super) fn new(memory: Arc<MemoryKv>, fault: Fault) -> Self {
        Self { memory, fault: Mutex::new((0, fault)) }
    }

    fn committing(&self, write: impl FnOnce() -> Result<(), KvError>) -> Result<(), KvError> {
        let mut guard = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let (commits, fault) = &mut *guard;
        *commits += 1;
        fault(CommitPoint::Before(*commits)).map_err(KvError::System)?;
        write()?;
        fault(CommitPoint::After(*commits)).map_err(KvError::System)
    }
}

impl Kv for FaultyKv {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.memory.get(key)
    }

    fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Result<Pairs, KvError> {
        self.memory.scan(span, direction, limit)
    }

    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        self.committing(|| self.memory.apply(batch))
    }

    fn sync(&self) -> Result<(), KvError> {
        self.memory.sync()
    }

    fn replace(&self, pairs: PairSource<'_>) -> Result<(), KvError> {
        self.committing(|| self.memory.replace(pairs))
    }

    fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.memory.free_bytes()
    }
}
