//! Kept mails in memory, under the power.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use facteur::adapters::mime;
use facteur::domain::mail::received::{MailIdentity, ReceivedMail};
use facteur::ports::spool::{Spool, SpoolError};

use super::power::Power;

/// The kept mails; a clone is the same folder.
#[derive(Clone)]
pub struct Drawer {
    power: Power,
    mails: Arc<Mutex<BTreeMap<MailIdentity, Vec<u8>>>>,
    full: Arc<AtomicBool>,
}

impl Drawer {
    /// An empty one.
    pub fn new(power: Power) -> Self {
        Self { power, mails: Arc::default(), full: Arc::default() }
    }

    /// How many mails are kept.
    pub fn count(&self) -> usize {
        self.mails().len()
    }

    /// Whether there is no room for another mail.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// Somebody empties the folder, or the state is on another machine.
    pub fn lose_all(&self) {
        self.mails().clear();
    }

    fn mails(&self) -> MutexGuard<'_, BTreeMap<MailIdentity, Vec<u8>>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn off<E>(_: E) -> SpoolError {
    SpoolError::Disk("the power is off".to_owned())
}

#[async_trait::async_trait]
impl Spool for Drawer {
    async fn keep(&self, identity: &MailIdentity, raw: &[u8]) -> Result<(), SpoolError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(SpoolError::Disk("No space left on device".to_owned()));
        }
        let keep = || drop(self.mails().insert(identity.clone(), raw.to_vec()));
        self.power.handle("keep").run(keep).map_err(off)
    }

    async fn open(&self, identity: &MailIdentity) -> Result<ReceivedMail, SpoolError> {
        self.power.check().map_err(off)?;
        let raw = self.mails().get(identity).cloned().ok_or(SpoolError::Missing)?;
        mime::parse(&raw).map_err(SpoolError::Odd)
    }

    async fn remove(&self, identity: &MailIdentity) -> Result<(), SpoolError> {
        let remove = || drop(self.mails().remove(identity));
        self.power.handle("unkeep").run(remove).map_err(off)
    }

    async fn kept(&self) -> Result<Vec<MailIdentity>, SpoolError> {
        self.power.check().map_err(off)?;
        Ok(self.mails().keys().cloned().collect())
    }
}
