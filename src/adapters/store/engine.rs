//! Who runs requests: one after the other, each an atomic batch, durable before it is answered.
//!
//! On disk one thread takes what waits, runs it, syncs once and answers everyone: concurrent
//! flushes of sled deadlock. In memory each request runs where it is made. Whoever reads waits
//! for the group being committed, so nobody sees what is not durable yet.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::ports::store::{StoreError, Stored};

use super::kv::{Batch, Kv, KvError};
use super::transaction::{Transaction, Unreadable};

/// Requests made durable together.
const GROUP_REQUESTS_MAX: usize = 256;

/// Requests that may wait for the committer; whoever brings one more waits before it.
const WAITING_REQUESTS_MAX: usize = 1024;

/// What all requests share.
pub(super) struct Core {
    kv: Arc<dyn Kv>,
    unreadable: Unreadable,
    /// Why it takes nothing any more.
    stopped: OnceLock<String>,
    /// Held for writing from the first change of a group until it is durable.
    gate: RwLock<()>,
}

/// A request as the committer sees it.
trait Request: Send {
    /// Runs it; whether it wrote anything. An error here stops the ledger.
    fn run(&mut self, kv: &dyn Kv, unreadable: &Unreadable) -> Result<bool, KvError>;
    /// Tells who waits, once what it did is durable, or that nobody knows.
    fn answer(self: Box<Self>, failure: Option<&StoreError>);
}

struct Waiting<T, F> {
    work: Option<F>,
    answer: Option<Stored<T>>,
    waiter: oneshot::Sender<Stored<T>>,
}

impl<T, F> Request for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&dyn Kv, &Unreadable) -> Result<(Stored<T>, bool), KvError> + Send,
{
    fn run(&mut self, kv: &dyn Kv, unreadable: &Unreadable) -> Result<bool, KvError> {
        let work = self.work.take().expect("a request is run once");
        let (answer, wrote) = work(kv, unreadable)?;
        self.answer = Some(answer);
        Ok(wrote)
    }

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        let answer = match failure {
            Some(failure) => Err(failure.clone()),
            None => self.answer.expect("a request is answered after it was run"),
        };
        // Whoever asked may have gone away; what was done is durable all the same.
        drop(self.waiter.send(answer));
    }
}

impl Core {
    /// A core on an opened content.
    pub(super) fn new(kv: Arc<dyn Kv>, unreadable: Unreadable) -> Arc<Self> {
        Arc::new(Self { kv, unreadable, stopped: OnceLock::new(), gate: RwLock::new(()) })
    }

    /// Refuses everything from now on.
    pub(super) fn stop(&self, why: &str) {
        // The first reason is the one that is told.
        drop(self.stopped.set(why.to_owned()));
    }

    /// Whether it still takes requests.
    pub(super) fn is_open(&self) -> bool {
        self.stopped.get().is_none()
    }

    /// Bytes on disk, bytes left there, and the records found to be unreadable.
    pub(super) fn condition(&self) -> (u64, Option<u64>, Vec<String>) {
        let unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        (self.kv.bytes(), self.kv.free_bytes(), unreadable.iter().cloned().collect())
    }

    fn refusal(&self) -> Option<StoreError> {
        self.stopped.get().map(|why| StoreError::Unknown(why.clone()))
    }

    /// Looks at what is durable.
    pub(super) fn view<T>(
        &self,
        look: impl FnOnce(&dyn Kv, &Unreadable) -> Stored<T>,
    ) -> Stored<T> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        self.refusal().map_or_else(|| look(&*self.kv, &self.unreadable), Err)
    }

    /// Runs a group of requests, makes them durable, then answers all of them.
    fn commit(&self, mut group: Vec<Box<dyn Request>>) {
        let failure = {
            let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
            if self.is_open() {
                let run = catch_unwind(AssertUnwindSafe(|| self.run(&mut group)));
                match run {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => self.stop(&error.to_string()),
                    Err(_) => self.stop("a request panicked: see the log"),
                }
            }
            self.refusal()
        };
        for request in group {
            request.answer(failure.as_ref());
        }
    }

    fn run(&self, group: &mut [Box<dyn Request>]) -> Result<(), KvError> {
        let mut wrote = false;
        for request in group {
            wrote |= request.run(&*self.kv, &self.unreadable)?;
        }
        if wrote { self.kv.sync() } else { Ok(()) }
    }
}

/// How requests reach the core.
pub(super) enum Engine {
    /// At once, where they are made.
    Inline(Arc<Core>),
    /// Over the committer's thread.
    Threaded(Committer),
}

/// The one thread that writes. Dropping it ends the thread once it has answered what waits.
pub(super) struct Committer {
    core: Arc<Core>,
    requests: Option<mpsc::Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(core: Arc<Core>) -> std::io::Result<Self> {
        let (requests, mut waiting) = mpsc::channel::<Box<dyn Request>>(WAITING_REQUESTS_MAX);
        let own = Arc::clone(&core);
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut group = vec![first];
                while group.len() < GROUP_REQUESTS_MAX {
                    let Ok(next) = waiting.try_recv() else { break };
                    group.push(next);
                }
                own.commit(group);
            }
        })?;
        Ok(Self { core, requests: Some(requests), thread: Some(thread) })
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told to whoever waited.
            drop(thread.join());
        }
    }
}

impl Engine {
    /// What all requests share.
    pub(super) fn core(&self) -> &Arc<Core> {
        match self {
            Self::Inline(core) => core,
            Self::Threaded(committer) => &committer.core,
        }
    }

    /// Runs one transaction: all it wrote is durable when this returns `Ok`.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Transaction<'_>) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        self.exclusive(move |kv, unreadable| {
            let mut transaction = Transaction::new(kv, unreadable);
            let answer = operation(&mut transaction);
            let batch = if answer.is_ok() { transaction.into_batch() } else { Batch::new() };
            let writes = !batch.is_empty();
            if writes {
                kv.apply(batch)?;
            }
            Ok((answer, writes))
        })
        .await
    }

    /// Runs what needs all of the content for itself; it says whether it wrote.
    pub(super) async fn exclusive<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Kv, &Unreadable) -> Result<(Stored<T>, bool), KvError> + Send + 'static,
    ) -> Stored<T> {
        let (waiter, answered) = oneshot::channel();
        let request = Box::new(Waiting { work: Some(work), answer: None, waiter });
        match self {
            Self::Inline(core) => core.commit(vec![request]),
            Self::Threaded(committer) => {
                let sender = committer.requests.as_ref().expect("it is taken when dropped");
                sender.send(request).await.map_err(|_| gone())?;
            }
        }
        answered.await.map_err(|_| gone())?
    }

    /// Runs what only reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        self.view(|kv, unreadable| operation(&Transaction::new(kv, unreadable))).await
    }

    /// Looks at all of the content, at rest.
    pub(super) async fn view<T: Send + 'static>(
        &self,
        look: impl FnOnce(&dyn Kv, &Unreadable) -> Stored<T> + Send + 'static,
    ) -> Stored<T> {
        match self {
            Self::Inline(core) => core.view(look),
            Self::Threaded(committer) => {
                let core = Arc::clone(&committer.core);
                let looked = tokio::task::spawn_blocking(move || core.view(look)).await;
                looked.map_err(|error| StoreError::Unknown(error.to_string()))?
            }
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unknown("the thread that writes has ended".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::kv::{Direction, PairSource, Pairs, Span};
    use super::super::memory::MemoryKv;
    use super::*;

    /// A disk that cannot make anything durable.
    #[derive(Default)]
    struct Unsynced(MemoryKv);

    impl Kv for Unsynced {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
            self.0.get(key)
        }
        fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Result<Pairs, KvError> {
            self.0.scan(span, direction, limit)
        }
        fn apply(&self, batch: Batch) -> Result<(), KvError> {
            self.0.apply(batch)
        }
        fn sync(&self) -> Result<(), KvError> {
            Err(KvError::System("no space".to_owned()))
        }
        fn replace(&self, pairs: PairSource<'_>) -> Result<(), KvError> {
            self.0.replace(pairs)
        }
        fn bytes(&self) -> u64 {
            self.0.bytes()
        }
        fn free_bytes(&self) -> Option<u64> {
            self.0.free_bytes()
        }
    }

    fn threaded(kv: impl Kv + 'static) -> Engine {
        let core = Core::new(Arc::new(kv), Unreadable::default());
        Engine::Threaded(Committer::start(core).unwrap())
    }

    async fn put(engine: &Engine, key: &str) -> Stored<()> {
        let key = key.to_owned();
        let write = move |transaction: &mut Transaction<'_>| {
            transaction.put(key, &1_u64);
            Ok(())
        };
        engine.write(write).await
    }

    #[tokio::test]
    async fn what_could_not_be_synced_is_unknown_and_ends_all_writing() {
        let engine = threaded(Unsynced::default());
        let unknown = Err(StoreError::Unknown("no space".to_owned()));
        let (one, other) = tokio::join!(put(&engine, "a"), put(&engine, "b"));
        assert_eq!((one, other), (unknown.clone(), unknown.clone()));
        assert_eq!(engine.read(|_| Ok(())).await, unknown);
        assert!(!engine.core().is_open());
    }

    #[tokio::test]
    async fn a_panic_ends_all_writing_and_nobody_waits_for_ever() {
        let engine = threaded(MemoryKv::default());
        let broken = |_: &mut Transaction<'_>| -> Stored<()> { panic!("an invariant") };
        assert!(matches!(engine.write(broken).await, Err(StoreError::Unknown(_))));
        assert!(matches!(put(&engine, "a").await, Err(StoreError::Unknown(_))));
    }

    #[tokio::test]
    async fn a_refused_request_writes_nothing_and_stops_nobody() {
        let engine = threaded(MemoryKv::default());
        let refused = |transaction: &mut Transaction<'_>| -> Stored<()> {
            transaction.put("a".to_owned(), &1_u64);
            Err(StoreError::Conflict)
        };
        assert_eq!(engine.write(refused).await, Err(StoreError::Conflict));
        assert_eq!(engine.read(|transaction| transaction.has("a")).await, Ok(false));
        put(&engine, "a").await.unwrap();
        assert_eq!(engine.read(|transaction| transaction.has("a")).await, Ok(true));
    }
}
