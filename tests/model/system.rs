//! The world around one delivery: its senders, the mail server, and what really happened.

use chrono::TimeDelta;
use facteur::domain::Timestamp;
use facteur::domain::company::CompanyId;
use facteur::domain::delivery::{Delivery, DeliveryId, HeldReason, State, Step, StepRefusal};
use facteur::domain::deposit::{Cause, Content};
use facteur::domain::profile::AppId;
use facteur::domain::template::Address;

/// A transition function: the project's own, or a broken one.
pub(crate) type Stepping = fn(&Delivery, &Step, Timestamp) -> Result<Delivery, StepRefusal>;

/// Attempts after which no sender takes it any more: enough for an old attempt beside a new one
/// beside a third.
pub(crate) const ATTEMPTS_MAX: u32 = 3;

/// Everything that matters for what may happen next.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) delivery: Delivery,
    /// False between a crash and the recovery.
    pub(crate) is_up: bool,
    /// At work on it, in order; those of a crashed robot too, where they live on.
    pub(crate) senders: Vec<Sender>,
    pub(crate) truth: Truth,
}

/// What really happened, whatever the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Truth {
    /// How often the server took it.
    pub(crate) copies: u8,
    /// The record said, since the last copy it knew of, that nobody knows or that a person sends
    /// it again.
    pub(crate) announced: bool,
    /// The attempts that the record called in doubt, a bit each: what comes of them later was
    /// announced.
    pub(crate) doubted: u8,
    /// A person or a proof called it sent.
    pub(crate) vouched: bool,
    /// A decision or the server ended it.
    pub(crate) ended: bool,
}

/// One attempt at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sender {
    pub(crate) attempt: u32,
    pub(crate) phase: Phase,
}

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// The mail is on its way up to its final dot.
    Claimed,
    /// The mark at the dot is durable.
    Marked,
    /// It knows what it will report.
    Heard(Report),
    /// It reported a doubt about a mail that the server has: its 250 may still come.
    Listening,
}

/// What an attempt will report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Report {
    Sent,
    Deferred,
    Refused,
    Held,
    Superseded,
    Requeued,
    /// Put off by the server once more, for longer than it is tried.
    Expired,
    /// The answer was lost; whether the server took it.
    Lost {
        taken: bool,
    },
}

impl Report {
    pub(crate) const BEFORE_THE_DOT: [Self; 6] = [
        Self::Deferred,
        Self::Refused,
        Self::Held,
        Self::Superseded,
        Self::Requeued,
        Self::Expired,
    ];

    /// What the server may say to the dot without taking the mail, or its hanging up before.
    pub(crate) const AT_THE_DOT: [Self; 4] =
        [Self::Deferred, Self::Refused, Self::Requeued, Self::Expired];
}

/// What tells two states apart: times, answers and the story don't decide anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    state: State,
    reason: Option<HeldReason>,
    attempt: u32,
    leased: bool,
    proofs: usize,
    is_up: bool,
    senders: Vec<Sender>,
    truth: Truth,
}

impl System {
    /// One delivery, just queued.
    pub(crate) fn new() -> Self {
        Self { delivery: queued(), is_up: true, senders: Vec::new(), truth: Truth::default() }
    }

    pub(crate) fn key(&self) -> Key {
        let Delivery { state, reason, attempt, leased, .. } = self.delivery;
        let (senders, truth) = (self.senders.clone(), self.truth);
        let proofs = self.delivery.proofs.len();
        Key { state, reason, attempt, leased, proofs, is_up: self.is_up, senders, truth }
    }

    /// The same with one sender changed (`None`: it is done).
    pub(crate) fn with_sender(&self, index: usize, phase: Option<Phase>) -> Self {
        let mut next = self.clone();
        match phase {
            Some(phase) => next.senders[index].phase = phase,
            None => {
                next.senders.remove(index);
            }
        }
        next.senders.sort_unstable();
        next
    }
}

/// The one moment of the model: everything is due in it.
pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn queued() -> Delivery {
    Delivery {
        id: DeliveryId(1),
        company: CompanyId(1),
        deposit: 1,
        app: AppId::parse("quickbooks").unwrap(),
        cause: Cause::Backfill { by: "lea".to_owned() },
        sender: Address::parse("bot@cabinet.example").unwrap(),
        recipient: Address::parse("acme@tool.example").unwrap(),
        inbox: None,
        rehearsal: false,
        message_id: "<1@cabinet.example>".to_owned(),
        content: Content { sha256: [0; 32], size: 1 },
        state: State::Queued,
        reason: None,
        attempt: 0,
        leased: false,
        failures: 0,
        queued_at: now(),
        fresh_at: now(),
        due_at: now(),
        last_answer: None,
        events: Vec::new(),
        proofs: Vec::new(),
    }
}
