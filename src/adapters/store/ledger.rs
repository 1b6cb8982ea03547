//! The ledger: opened from a directory, or made in memory; its operations are in `port`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::domain::Timestamp;
use crate::ports::store::{StateIdentity, StoreError, Stored};

use super::engine::{Committer, Core, Engine};
use super::fault::{Fault, FaultyKv};
use super::keys;
use super::kv::{Batch, Kv, KvError, walk};
use super::memory::MemoryKv;
use super::opening::{self, OpenError};
use super::record;
use super::transaction::Unreadable;

/// Bytes of a state's id.
const STATE_ID_BYTES: usize = 16;

/// The store of the robot.
pub struct Ledger {
    pub(super) engine: Engine,
    /// What a ledger in memory can be reopened on.
    memory: Option<Arc<MemoryKv>>,
    /// What tells a state on disk from a copy of it.
    pub(super) place: Option<String>,
}

impl Ledger {
    /// Opens the state in a directory, or makes it. Only one process at a time, and only the
    /// directory's owner.
    pub fn open(directory: &Path, now: Timestamp) -> Result<Self, OpenError> {
        let opened = opening::open(directory)?;
        let damaged =
            |problem: String| OpenError::Damaged { directory: directory.to_owned(), problem };
        let id = random_id().map_err(damaged)?;
        identify(&opened.kv, &id, now).map_err(|error| damaged(error.to_string()))?;
        let core = Core::new(Arc::new(opened.kv), Mutex::new(opened.unreadable));
        let committer = Committer::start(core).map_err(|source| OpenError::Io {
            doing: "start the writing thread for",
            path: directory.to_owned(),
            source,
        })?;
        let place = Some(opened.place);
        Ok(Self { engine: Engine::Threaded(committer), memory: None, place })
    }

    /// Moves the damaged store of a directory out of the way; answers where it is now. What is
    /// opened next is empty.
    pub fn set_aside(directory: &Path, now: Timestamp) -> Result<PathBuf, OpenError> {
        opening::set_aside(directory, now)
    }

    /// An empty state named `id`, in memory: each request runs where it is made, without a
    /// thread, and is durable for as long as this ledger or one reopened from it lives.
    pub fn in_memory(id: &str, now: Timestamp) -> Self {
        let memory = Arc::new(MemoryKv::default());
        identify(&*memory, id, now).expect("memory takes every write");
        Self::over(memory.clone(), memory)
    }

    /// Like [`Ledger::in_memory`]; `fault` is asked before and after each commit and can stop
    /// the power there. The making of the state itself is no commit.
    pub fn in_memory_with_fault(id: &str, now: Timestamp, fault: Fault) -> Self {
        let ledger = Self::in_memory(id, now);
        ledger.reopen_with_fault(fault)
    }

    /// Every record of a ledger in memory: what tells one state of it from another.
    ///
    /// # Panics
    ///
    /// On a ledger on disk, whose records nobody counts at once.
    pub fn records(&self) -> BTreeMap<String, Vec<u8>> {
        self.memory.as_ref().expect("a ledger in memory").all()
    }

    /// A ledger in memory that goes on from the records of another.
    pub fn of_records(records: BTreeMap<String, Vec<u8>>) -> Self {
        let memory = Arc::new(MemoryKv::of(records));
        let core = Core::new(memory.clone(), Unreadable::default());
        Self { engine: Engine::Inline(core), memory: Some(memory), place: None }
    }

    /// The ledger as it is after a restart of the robot: with what was durable, and without a
    /// fault. The former handle refuses everything from now on.
    ///
    /// # Panics
    ///
    /// On a ledger on disk, which is dropped and opened again.
    #[must_use]
    pub fn reopen(&self) -> Self {
        let memory = self.close();
        Self::over(memory.clone(), memory)
    }

    /// Like [`Ledger::reopen`], with another fault.
    ///
    /// # Panics
    ///
    /// On a ledger on disk.
    #[must_use]
    pub fn reopen_with_fault(&self, fault: Fault) -> Self {
        let memory = self.close();
        Self::over(Arc::new(FaultyKv::new(Arc::clone(&memory), fault)), memory)
    }

    fn close(&self) -> Arc<MemoryKv> {
        self.engine.core().stop("it was opened again");
        Arc::clone(self.memory.as_ref().expect("a ledger on disk is dropped and opened again"))
    }

    fn over(kv: Arc<dyn Kv>, memory: Arc<MemoryKv>) -> Self {
        let unreadable = Unreadable::default();
        note_unreadable(&*kv, &unreadable).expect("memory can be walked");
        let core = Core::new(kv, unreadable);
        Self { engine: Engine::Inline(core), memory: Some(memory), place: None }
    }

    /// A copy in memory of what is durable now.
    pub(super) async fn copy(&self) -> Stored<Self> {
        let copy = Arc::new(MemoryKv::default());
        let target = Arc::clone(&copy);
        self.engine
            .view(move |kv, _| {
                walk(kv, |key, value| {
                    target.apply(Batch::from([(key.to_owned(), Some(value.to_owned()))]))
                })
                .map_err(|error| StoreError::Unknown(error.to_string()))
            })
            .await?;
        Ok(Self::over(copy.clone(), copy))
    }
}

/// Notes every record that cannot be read as what its key says it is.
pub(super) fn note_unreadable(kv: &dyn Kv, unreadable: &Unreadable) -> Result<(), KvError> {
    let mut found = std::collections::BTreeSet::new();
    walk(kv, |key, value| {
        if record::check(key, value).is_err() {
            found.insert(key.to_owned());
        }
        Ok(())
    })?;
    *unreadable.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = found;
    Ok(())
}

/// Names a state that has no name yet.
fn identify(kv: &dyn Kv, id: &str, now: Timestamp) -> Result<(), KvError> {
    if kv.get(keys::IDENTITY)?.is_some() {
        return Ok(());
    }
    let identity = StateIdentity { id: id.to_owned(), created_at: now, imported_at: None };
    kv.apply(Batch::from([(keys::IDENTITY.to_owned(), Some(record::encode(&identity)))]))?;
    kv.sync()
}

fn random_id() -> Result<String, String> {
    let mut bytes = [0; STATE_ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
    Ok(hex::encode(bytes))
}
