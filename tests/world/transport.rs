//! The firm's mail server in memory: keeps each mail that got its final dot, and answers as told.

mod script;

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};

use facteur::ports::transport::{DotGate, Mail, Outcome, Probe, Stop, Transport};
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};

pub use self::script::Script;
use self::script::{Reply, in_doubt};
use super::power::Power;

/// A mail that the server has, whether or not the robot knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The mail.
    pub mail: Mail,
    /// Its attachment.
    pub bytes: Vec<u8>,
}

impl Delivered {
    /// Its attachment's name; empty for a mail without one.
    pub fn file_name(&self) -> &str {
        self.mail.attachment.as_ref().map_or("", |attachment| &attachment.file_name)
    }
}

/// A moment in the sending of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The server greeted; nothing was sent yet.
    Connected,
    /// Everything but the final dot is with the server; the gate was not asked yet.
    BeforeGate,
    /// The gate is open, and the final dot is about to be sent.
    BeforeDot,
    /// The server has the mail; its answer is on the way.
    AfterDot,
}

/// The mail server; by default it accepts everything.
pub struct Post {
    power: Power,
    state: Mutex<State>,
}

struct State {
    delivered: Vec<Delivered>,
    next: VecDeque<Script>,
    rules: Vec<(Whom, Script)>,
    happenings: Vec<(Phase, BoxFuture<'static, ()>)>,
    connections: usize,
    in_use: usize,
}

enum Whom {
    Everyone,
    Recipient(String),
    Document(String),
}

impl Whom {
    fn is(&self, mail: &Mail) -> bool {
        match self {
            Self::Everyone => true,
            Self::Recipient(address) => mail.recipient.as_str() == address,
            Self::Document(name) => {
                mail.attachment.as_ref().is_some_and(|attachment| attachment.file_name == *name)
            }
        }
    }
}

impl Post {
    /// A server that accepts everything, on up to 4 connections.
    pub fn new(power: Power) -> Self {
        let state = State {
            delivered: Vec::new(),
            next: VecDeque::new(),
            rules: Vec::new(),
            happenings: Vec::new(),
            connections: 4,
            in_use: 0,
        };
        Self { power, state: Mutex::new(state) }
    }

    /// Every mail that got its final dot, in that order.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.state().delivered.clone()
    }

    /// The documents among them by name, sorted: `["a.pdf", "b.pdf"]`.
    pub fn documents(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.delivered().iter().map(|delivered| delivered.file_name().to_owned()).collect();
        names.sort();
        names
    }

    /// The documents that went to one address, sorted.
    pub fn documents_to(&self, address: &str) -> Vec<String> {
        let mut delivered = self.delivered();
        delivered.retain(|delivered| delivered.mail.recipient.as_str() == address);
        let mut names: Vec<String> =
            delivered.iter().map(|delivered| delivered.file_name().to_owned()).collect();
        names.sort();
        names
    }

    /// The next mail that none is planned for yet, whichever it is, meets this.
    pub fn next(&self, script: Script) {
        self.state().next.push_back(script);
    }

    /// What was planned for the next mails is not so any more.
    pub fn forget_plans(&self) {
        self.state().next.clear();
    }

    /// Every mail from now on.
    pub fn always(&self, script: Script) {
        self.state().rules.push((Whom::Everyone, script));
    }

    /// Every mail to this address from now on.
    pub fn to(&self, address: &str, script: Script) {
        self.state().rules.push((Whom::Recipient(address.to_owned()), script));
    }

    /// Every mail with a document of this name from now on.
    pub fn document(&self, file_name: &str, script: Script) {
        self.state().rules.push((Whom::Document(file_name.to_owned()), script));
    }

    /// What happens when the next mail comes to this phase; the mail waits for it. One that
    /// never ends is a server that falls silent.
    pub fn at(&self, phase: Phase, happening: impl Future<Output = ()> + Send + 'static) {
        self.state().happenings.push((phase, Box::pin(happening)));
    }

    /// Nothing happens any more that has not happened yet.
    pub fn forget_happenings(&self) {
        self.state().happenings.clear();
    }

    /// How many mails it takes at once.
    pub fn set_connections(&self, connections: usize) {
        self.state().connections = connections;
    }

    /// What was said last about this mail, or what is planned for the next one.
    fn script_of(&self, mail: &Mail) -> Script {
        let mut state = self.state();
        let planned = state.next.pop_front();
        let ruled = || state.rules.iter().rev().find(|(whom, _)| whom.is(mail));
        planned.or_else(|| ruled().map(|(_, script)| *script)).unwrap_or(Script::Accept)
    }

    async fn reach(&self, phase: Phase) {
        let happening = {
            let mut state = self.state();
            let place = state.happenings.iter().position(|(at, _)| *at == phase);
            place.map(|place| state.happenings.remove(place).1)
        };
        if let Some(happening) = happening {
            happening.await;
        }
    }

    /// The final dot and its answer.
    async fn finish(&self, kept: Option<Delivered>, answer: Outcome) -> Outcome {
        let dot = || kept.into_iter().for_each(|delivered| self.keep(delivered));
        if self.power.handle("dot").run(dot).is_err() {
            return in_doubt("the power is off");
        }
        self.reach(Phase::AfterDot).await;
        let heard = self.power.handle("answer").run(|| answer);
        heard.unwrap_or_else(|_| in_doubt("the power is off"))
    }

    fn keep(&self, delivered: Delivered) {
        let mut state = self.state();
        let mut same = state.delivered.iter().filter(|other| is_same_mail(other, &delivered));
        assert!(
            same.all(|other| other.bytes == delivered.bytes),
            "{} carries other bytes than before",
            delivered.mail.message_id
        );
        state.delivered.push(delivered);
    }

    fn enter(&self) -> Connection<'_> {
        let mut state = self.state();
        state.in_use += 1;
        assert!(state.in_use <= state.connections, "more mails at once than connections");
        Connection { post: self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Transport for Post {
    fn destination(&self) -> String {
        "smtp:mail.cabinet.example:587".to_owned()
    }

    fn connections(&self) -> usize {
        self.state().connections
    }

    fn size_of(&self, mail: &Mail) -> u64 {
        let attached = mail.attachment.as_ref().map_or(0, |attachment| attachment.size);
        // Base64 in lines of 76 characters and CR LF: 57 bytes become 78 (RFC 2045 §6.8).
        1_000 + attached.div_ceil(57) * 78
    }

    async fn send(
        &self,
        mail: &Mail,
        mut content: Box<dyn Read + Send>,
        gate: &dyn DotGate,
    ) -> Outcome {
        let _connection = self.enter();
        let reply = self.script_of(mail).reply(self.size_of(mail));
        if self.power.handle("connect").run(|| ()).is_err() {
            return Outcome::Unreachable { answer: "the power is off".to_owned() };
        }
        if let Reply::NoConnection(outcome) = reply {
            return outcome;
        }
        self.reach(Phase::Connected).await;
        let mut bytes = Vec::new();
        if let Err(error) = content.read_to_end(&mut bytes) {
            return Outcome::Stopped(Stop::Unreadable(error.to_string()));
        }
        let (kept, answer) = match reply {
            Reply::NoConnection(outcome) | Reply::BeforeDot(outcome) => return outcome,
            Reply::AtDot { kept, outcome } => (kept, outcome),
        };
        self.reach(Phase::BeforeGate).await;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        if let Err(stop) = gate.open(sha256, bytes.len() as u64).await {
            return Outcome::Stopped(stop);
        }
        self.reach(Phase::BeforeDot).await;
        let delivered = Delivered { mail: mail.clone(), bytes };
        self.finish(kept.then_some(delivered), answer).await
    }

    async fn probe(&self) -> Probe {
        let result = self.power.check().map(|()| "250 mail.cabinet.example".to_owned());
        Probe { destination: self.destination(), result: result.map_err(|off| off.to_string()) }
    }
}

/// A call of `send` that is under way; it may be given up at any moment.
struct Connection<'a> {
    post: &'a Post,
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.post.state().in_use -= 1;
    }
}

fn is_same_mail(one: &Delivered, other: &Delivered) -> bool {
    one.mail.message_id == other.mail.message_id
}
