//! The connections: never more than allowed, and one that lies idle is soon closed.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use super::connect::Connection;
use super::limits::Limits;

/// Places for calls, and the connections that wait for the next mail. A connection is either
/// kept here or owned by a call that has a place, so there are never more than places.
pub(super) struct Pool {
    places: Arc<Semaphore>,
    kept: Mutex<Vec<Kept>>,
    limits: Limits,
}

struct Kept {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(super) fn new(places: usize, limits: Limits) -> Arc<Self> {
        Arc::new(Self { places: Arc::new(Semaphore::new(places)), kept: Mutex::default(), limits })
    }

    /// Waits for a place; a connection may be opened or taken while it is held.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        let places = Arc::clone(&self.places);
        places.acquire_owned().await.expect("the places are never closed")
    }

    /// Says goodbye on a connection, beside: what became of its mail is known already.
    pub(super) fn farewell(&self, connection: Connection, place: OwnedSemaphorePermit) {
        let limit = self.limits.quit;
        tokio::spawn(async move {
            connection.quit(limit).await;
            drop(place);
        });
    }

    /// The connection used last, if it has said nothing since.
    pub(super) async fn take(&self) -> Option<Connection> {
        loop {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let mut connection = kept.connection;
            let fresh = kept.since.elapsed() < self.limits.idle;
            if fresh && matches!(connection.dialogue.unasked().await, Ok(None)) {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose last mail is finished, for a short while.
    pub(super) fn keep(self: &Arc<Self>, connection: Connection) {
        let kept = Kept { connection, since: Instant::now() };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        let pool = Arc::downgrade(self);
        let idle = self.limits.idle;
        tokio::spawn(async move {
            sleep(idle).await;
            if let Some(pool) = pool.upgrade() {
                pool.close_idle();
            }
        });
    }

    fn close_idle(&self) {
        for connection in self.idle() {
            // A goodbye takes a place; where all are taken, hanging up must do.
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                self.farewell(connection, place);
            }
        }
    }

    fn idle(&self) -> Vec<Connection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (idle, young): (Vec<_>, Vec<_>) =
            kept.drain(..).partition(|kept| kept.since.elapsed() >= self.limits.idle);
        *kept = young;
        idle.into_iter().map(|kept| kept.connection).collect()
    }
}
