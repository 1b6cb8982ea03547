//! A mailbox of the firm in memory: keeps what comes, breaks as it is told, and remembers what
//! the robot asked of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use facteur::adapters::mime;
use facteur::domain::mail::received::{Head, ReceivedMail};
use facteur::ports::mailbox::{Disposal, Mailbox, MailboxError, Probe, Session};

use tokio::sync::Notify;

use super::power::Power;

/// Where a mail of the box is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the folder, as it came.
    Inbox,
    /// In the folder, flagged.
    Flagged,
    /// In another folder.
    Moved(String),
}

/// What goes wrong the next time, and at which call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No session.
    Open,
    /// The session ends while headers are given.
    Heads,
    /// The session ends while a mail is given.
    Fetch,
    /// The session ends before the server is told.
    Dispose,
    /// The server refuses to move.
    Refuse,
    /// The session ends while news are waited for.
    Wait,
}

/// The box; a clone is the same box.
#[derive(Clone)]
pub struct Letterbox {
    address: String,
    power: Power,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
}

struct State {
    validity: u32,
    next_uid: u32,
    mails: BTreeMap<u32, (Vec<u8>, Place)>,
    faults: VecDeque<Fault>,
    poisoned: Vec<u32>,
    withheld: Vec<u32>,
    empty: Vec<u32>,
    refused: Vec<u32>,
    deleted: Vec<u32>,
    heads: Vec<u32>,
    fetched: Vec<u32>,
    sessions: usize,
}

impl Letterbox {
    /// An empty box.
    pub fn new(address: &str, power: Power) -> Self {
        let state = State {
            validity: 1,
            next_uid: 1,
            mails: BTreeMap::new(),
            faults: VecDeque::new(),
            poisoned: Vec::new(),
            withheld: Vec::new(),
            empty: Vec::new(),
            refused: Vec::new(),
            deleted: Vec::new(),
            heads: Vec::new(),
            fetched: Vec::new(),
            sessions: 0,
        };
        Self {
            address: address.to_owned(),
            power,
            state: Arc::new(Mutex::new(state)),
            news: Arc::default(),
        }
    }

    /// A mail comes; answers its UID.
    pub fn receive(&self, mail: impl AsRef<[u8]>) -> u32 {
        let mut state = self.state();
        let uid = state.next_uid;
        state.next_uid += 1;
        state.mails.insert(uid, (mail.as_ref().to_vec(), Place::Inbox));
        drop(state);
        self.news.notify_one();
        uid
    }

    /// The server is replaced: the same mails under other numbers and another validity.
    pub fn replace_server(&self) {
        let mut state = self.state();
        state.validity += 1;
        let mails = std::mem::take(&mut state.mails);
        for (_, mail) in mails.into_iter().rev() {
            let uid = state.next_uid;
            state.next_uid += 1;
            state.mails.insert(uid, mail);
        }
    }

    /// Another mail is in the place of this one.
    pub fn exchange(&self, uid: u32, mail: impl AsRef<[u8]>) {
        if let Some((there, _)) = self.state().mails.get_mut(&uid) {
            mail.as_ref().clone_into(there);
        }
    }

    /// The next call of this kind fails.
    pub fn fail_next(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    /// Whoever asks for this mail loses the session, each time.
    pub fn poison(&self, uid: u32) {
        self.state().poisoned.push(uid);
    }

    /// The server lists this mail, and says nothing when it is asked for its headers.
    pub fn withhold(&self, uid: u32) {
        self.state().withheld.push(uid);
    }

    /// The server gives this mail's headers, and says nothing when it is asked for the mail.
    pub fn empty(&self, uid: u32) {
        self.state().empty.push(uid);
    }

    /// The server refuses to give this mail.
    pub fn refuse(&self, uid: u32) {
        self.state().refused.push(uid);
    }

    /// Somebody deletes this mail just before it is given.
    pub fn delete_when_fetched(&self, uid: u32) {
        self.state().deleted.push(uid);
    }

    /// Where each mail is, by UID.
    pub fn places(&self) -> Vec<Place> {
        self.state().mails.values().map(|(_, place)| place.clone()).collect()
    }

    /// UIDs whose headers, and whose bytes, were given since the last time this was asked.
    pub fn given(&self) -> (Vec<u32>, Vec<u32>) {
        let mut state = self.state();
        (std::mem::take(&mut state.heads), std::mem::take(&mut state.fetched))
    }

    /// Sessions opened so far.
    pub fn sessions(&self) -> usize {
        self.state().sessions
    }

    fn fault(&self, fault: &Fault) -> Result<(), MailboxError> {
        self.power.check().map_err(|off| MailboxError::Lost(off.to_string()))?;
        let mut state = self.state();
        if state.faults.front() == Some(fault) {
            state.faults.pop_front();
            return Err(MailboxError::Lost("the server hung up".to_owned()));
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Mailbox for Letterbox {
    fn address(&self) -> &str {
        &self.address
    }

    async fn open(&self) -> Result<Box<dyn Session>, MailboxError> {
        self.fault(&Fault::Open)?;
        self.state().sessions += 1;
        Ok(Box::new(Opened { validity: self.state().validity, mailbox: self.clone() }))
    }

    async fn probe(&self) -> Probe {
        Probe { destination: self.address.clone(), result: Ok("fine".to_owned()) }
    }
}

struct Opened {
    mailbox: Letterbox,
    validity: u32,
}

#[async_trait::async_trait]
impl Session for Opened {
    fn validity(&self) -> u32 {
        self.validity
    }

    async fn behind(&mut self, uid: u32) -> Result<Vec<u32>, MailboxError> {
        self.mailbox.power.check().map_err(|off| MailboxError::Lost(off.to_string()))?;
        let state = self.mailbox.state();
        let there = state.mails.iter().filter(|(_, (_, place))| !matches!(place, Place::Moved(_)));
        Ok(there.map(|(known, _)| *known).filter(|known| *known > uid).collect())
    }

    async fn heads(&mut self, uids: &[u32]) -> Result<Vec<Head>, MailboxError> {
        self.mailbox.fault(&Fault::Heads)?;
        let mut state = self.mailbox.state();
        state.heads.extend_from_slice(uids);
        let head = |uid: &u32| {
            let (mail, _) = state.mails.get(uid).filter(|_| !state.withheld.contains(uid))?;
            let size = mail.len() as u64;
            Some(Head { uid: *uid, size, headers: mime::headers(mail) })
        };
        Ok(uids.iter().filter_map(head).collect())
    }

    async fn fetch(&mut self, uid: u32, _bytes_max: u64) -> Result<ReceivedMail, MailboxError> {
        self.mailbox.fault(&Fault::Fetch)?;
        let mut state = self.mailbox.state();
        if state.poisoned.contains(&uid) {
            return Err(MailboxError::Lost("the server hung up".to_owned()));
        }
        state.fetched.push(uid);
        if state.refused.contains(&uid) {
            return Err(MailboxError::Odd("the server doesn't give it".to_owned()));
        }
        if state.deleted.contains(&uid) {
            state.mails.remove(&uid);
        }
        if state.empty.contains(&uid) {
            return Err(MailboxError::Gone);
        }
        let (mail, _) = state.mails.get(&uid).ok_or(MailboxError::Gone)?;
        mime::parse(mail).map_err(MailboxError::Odd)
    }

    async fn dispose(&mut self, uid: u32, disposal: &Disposal) -> Result<(), MailboxError> {
        self.mailbox.fault(&Fault::Dispose)?;
        if self.mailbox.state().faults.front() == Some(&Fault::Refuse) {
            self.mailbox.state().faults.pop_front();
            return Err(MailboxError::Odd("over quota".to_owned()));
        }
        let effects = self.mailbox.power.handle("dispose");
        let mailbox = self.mailbox.clone();
        let done = effects.run(|| {
            let mut state = mailbox.state();
            let Some((_, place)) = state.mails.get_mut(&uid) else { return };
            match disposal {
                Disposal::Leave => {}
                Disposal::Flag => *place = Place::Flagged,
                Disposal::Move(folder) => *place = Place::Moved(folder.clone()),
            }
        });
        done.map_err(|off| MailboxError::Lost(off.to_string()))
    }

    async fn wait(&mut self, _limit: Duration) -> Result<(), MailboxError> {
        self.mailbox.news.notified().await;
        self.mailbox.fault(&Fault::Wait)
    }

    async fn close(self: Box<Self>) {}
}
