//! A delivery: one deposit for one app, its states, and every step between them.
//!
//! [`Delivery::step`] is the only place where a state changes. `sent` is reached by the server's
//! own word, by proof, or by a person; nothing leaves `sending` but through its answer or doubt.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::company::CompanyId;
use super::deposit::{Cause, Content};
use super::profile::AppId;
use super::template::Address;

/// Made once by the store; shown as a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub u64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Goes when it is due.
    Queued,
    /// Its final dot is being sent: from here on the tool may have it.
    Sending,
    /// Tried and put off; due again.
    Deferred,
    /// The server took it.
    Sent,
    /// The server, or later the tool, refused it for good.
    Refused,
    /// Nobody knows whether the tool has it.
    InDoubt,
    /// Waits for a person.
    Held,
    /// Turned off before it went.
    Cancelled,
}

impl State {
    /// All of them, in the order of the straight line.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Deferred,
        Self::Sent,
        Self::Refused,
        Self::InDoubt,
        Self::Held,
        Self::Cancelled,
    ];

    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Deferred => "deferred",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::InDoubt => "in_doubt",
            Self::Held => "held",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the delivery holds its content's claim: it is on its way or at the tool, so the
    /// same content again is a duplicate.
    pub fn is_live(self) -> bool {
        match self {
            Self::Queued
            | Self::Sending
            | Self::Deferred
            | Self::Sent
            | Self::InDoubt
            | Self::Held => true,
            Self::Refused | Self::Cancelled => false,
        }
    }

    /// Whether a person has to do something.
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::Refused | Self::InDoubt | Self::Held => true,
            Self::Queued | Self::Sending | Self::Deferred | Self::Sent | Self::Cancelled => false,
        }
    }
}

/// Why a delivery is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// More within the hour than `flood` allows.
    Flood,
    /// Another file under a known name.
    Replaced,
    /// Over the profile's or the server's size.
    TooLarge,
    /// Its file is gone.
    Missing,
    /// Its file cannot be read.
    Unreadable,
    /// Deferred for longer than `expire`.
    Expired,
    /// The state is older than the world.
    AfterImport,
    /// The company's root changed.
    RootChanged,
    /// Its switched folder was renamed: follow or stay.
    FolderRenamed,
    /// The profile or the configuration asks for a person.
    Rule,
}

impl HeldReason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Flood,
        Self::Replaced,
        Self::TooLarge,
        Self::Missing,
        Self::Unreadable,
        Self::Expired,
        Self::AfterImport,
        Self::RootChanged,
        Self::FolderRenamed,
        Self::Rule,
    ];

    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Replaced => "replaced",
            Self::TooLarge => "too_large",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Expired => "expired",
            Self::AfterImport => "after_import",
            Self::RootChanged => "root_changed",
            Self::FolderRenamed => "folder_renamed",
            Self::Rule => "rule",
        }
    }
}

/// One deposit for one app. The record is its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its key.
    pub id: DeliveryId,
    /// Whose document.
    pub company: CompanyId,
    /// Which document.
    pub deposit: u64,
    /// To which app.
    pub app: AppId,
    /// By whose decision.
    pub cause: Cause,
    /// Envelope and header sender.
    pub sender: Address,
    /// The one recipient.
    pub recipient: Address,
    /// Which of the tool's inboxes it is for.
    pub inbox: Option<String>,
    /// Sent to `redirect_to` instead of the tool: nothing is validated by it.
    pub rehearsal: bool,
    /// With its angle brackets; never carries other bytes.
    pub message_id: String,
    /// What it carries.
    pub content: Content,
    /// Where it stands.
    pub state: State,
    /// Why, when held.
    pub reason: Option<HeldReason>,
    /// Counts its claims; every write of a sender names the attempt it belongs to.
    pub attempt: u32,
    /// Claimed by a sender, before the dot. Void after a restart.
    pub leased: bool,
    /// Failures since it was last queued, for the back-off.
    pub failures: u32,
    /// When it was first queued; for display.
    pub queued_at: Timestamp,
    /// When it was last queued: `expire` counts from here.
    pub fresh_at: Timestamp,
    /// Not before this, when queued or deferred.
    pub due_at: Timestamp,
    /// The server's last words.
    pub last_answer: Option<String>,
    /// Its story, oldest first.
    pub events: Vec<Event>,
}

/// One step of a delivery's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What: the state it came to, or `retry`, `release`….
    pub what: String,
    /// Why, in words.
    pub because: String,
    /// The server's words, where it spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The person, where one acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The attempt it belongs to.
    pub attempt: u32,
}

/// Events kept for one delivery; the first and the last ones stay.
pub const DELIVERY_EVENTS_MAX: usize = 128;

/// The longest answer kept, in characters.
pub const ANSWER_CHARS_MAX: usize = 500;

/// What a sender reports of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// 250 after the dot.
    Sent {
        /// The server's words.
        answer: String,
    },
    /// Transient refusal: due again at `due_at`.
    Deferred {
        /// The server's words.
        answer: String,
        /// When it is tried again.
        due_at: Timestamp,
    },
    /// Permanent refusal.
    Refused {
        /// The server's words.
        answer: String,
    },
    /// The answer after the dot was lost.
    InDoubt {
        /// What was seen last.
        answer: String,
    },
    /// Stopped before the dot for a reason a person must see.
    Held {
        /// Which.
        reason: HeldReason,
        /// In words.
        because: String,
    },
    /// Its bytes are gone: another version of the document is a deposit of its own.
    Superseded {
        /// In words.
        because: String,
    },
    /// Stopped before the dot through no fault of its own: queued still, due at `due_at`; counts
    /// as no failure.
    Requeued {
        /// In words.
        because: String,
        /// When it is tried again.
        due_at: Timestamp,
    },
}

/// What a person (or a policy, which then signs) does to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Deferred, refused, cancelled → queued.
    Retry,
    /// Held → queued.
    Release,
    /// Queued, deferred, held → cancelled.
    Cancel,
    /// In doubt → sent.
    SettleSent,
    /// In doubt → queued.
    SettleNotSent,
    /// Sent, in doubt → queued: a second copy, same Message-ID.
    Resend,
}

impl Act {
    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Release => "release",
            Self::Cancel => "cancel",
            Self::SettleSent => "settle --sent",
            Self::SettleNotSent => "settle --not-sent",
            Self::Resend => "resend",
        }
    }

    /// The states it applies to.
    pub fn applies_to(self, state: State) -> bool {
        match self {
            Self::Retry => matches!(state, State::Deferred | State::Refused | State::Cancelled),
            Self::Release => state == State::Held,
            Self::Cancel => matches!(state, State::Queued | State::Deferred | State::Held),
            Self::SettleSent | Self::SettleNotSent => state == State::InDoubt,
            Self::Resend => matches!(state, State::Sent | State::InDoubt),
        }
    }
}

/// Everything that can happen to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A sender takes it: queued or deferred, due, not leased.
    Claim,
    /// Its sender is about to send the final dot.
    Dot {
        /// The attempt the sender claimed.
        attempt: u32,
    },
    /// Its sender reports.
    Finish {
        /// The attempt the sender claimed.
        attempt: u32,
        /// What it reports.
        finish: Finish,
    },
    /// The robot starts: what was being sent is in doubt, what was leased is free.
    Recover,
    /// A person acts.
    Person {
        /// What they do.
        act: Act,
        /// Who.
        by: String,
    },
    /// The robot stops it, queued or deferred, for a person.
    Hold {
        /// Which kind of doubt.
        reason: HeldReason,
        /// In words.
        because: String,
    },
    /// Its switch, connection or app was turned off (R14).
    TurnOff {
        /// In words.
        because: String,
    },
    /// Proof that the tool's server took it: a witness copy, or the document's mark.
    Proven {
        /// Which proof, in words.
        by: String,
    },
}

/// Why a step is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// The delivery is in another state than the step needs.
    #[error("it is {}", state.as_str())]
    State {
        /// The state it is in.
        state: State,
    },
    /// Another attempt has begun since.
    #[error("attempt {attempt} is over: attempt {current} has begun")]
    OldAttempt {
        /// The attempt that spoke.
        attempt: u32,
        /// The attempt that counts.
        current: u32,
    },
    /// Its sender is at work; cancelled and held otherwise, it can't be claimed twice.
    #[error("it is being sent just now")]
    Leased,
    /// It isn't due yet.
    #[error("it is due at {due_at}")]
    NotDue {
        /// When it is.
        due_at: Timestamp,
    },
}

impl Delivery {
    /// What the delivery is after a step; `self` is left as it was. A step that was already
    /// taken (the same attempt reports the same) answers the delivery unchanged.
    pub fn step(&self, step: &Step, now: Timestamp) -> Result<Self, StepRefusal> {
        match step {
            Step::Claim => self.claim(now),
            Step::Dot { attempt } => self.dot(*attempt, now),
            Step::Finish { attempt, finish } => self.finish(*attempt, finish, now),
            Step::Recover => Ok(self.recover(now)),
            Step::Person { act, by } => self.act(*act, by, now),
            Step::Hold { reason, because } => self.hold(*reason, because, now),
            Step::TurnOff { because } => self.turn_off(because, now),
            Step::Proven { by } => self.prove(by, now),
        }
    }

    fn claim(&self, now: Timestamp) -> Result<Self, StepRefusal> {
        match self.state {
            State::Queued | State::Deferred => {}
            state @ (State::Sending
            | State::Sent
            | State::Refused
            | State::InDoubt
            | State::Held
            | State::Cancelled) => return Err(StepRefusal::State { state }),
        }
        if self.leased {
            return Err(StepRefusal::Leased);
        }
        if self.due_at > now {
            return Err(StepRefusal::NotDue { due_at: self.due_at });
        }
        Ok(Self { leased: true, attempt: self.attempt + 1, ..self.clone() })
    }

    fn dot(&self, attempt: u32, now: Timestamp) -> Result<Self, StepRefusal> {
        self.current(attempt)?;
        if self.state == State::Sending {
            return Ok(self.clone());
        }
        if !self.leased {
            return Err(StepRefusal::State { state: self.state });
        }
        let mut next = self.enter(State::Sending, "the final dot is being sent", now);
        next.leased = false;
        Ok(next)
    }

    fn finish(&self, attempt: u32, finish: &Finish, now: Timestamp) -> Result<Self, StepRefusal> {
        self.current(attempt)?;
        let passed_dot = match self.state {
            State::Sending | State::InDoubt => true,
            // Settled as not sent, or sent again by a person: the same attempt's 250 is proof.
            State::Queued if !self.leased => true,
            State::Queued | State::Deferred => false,
            State::Sent => return self.repeated(finish),
            state @ (State::Refused | State::Held | State::Cancelled) => {
                return self.repeated(finish).map_err(|_| StepRefusal::State { state });
            }
        };
        match finish {
            Finish::Sent { answer } if passed_dot => {
                let mut next = self.enter(State::Sent, "the mail server took it", now);
                next.hear(answer);
                Ok(next)
            }
            Finish::Sent { .. } => Err(StepRefusal::State { state: self.state }),
            _ if !self.leased && self.state != State::Sending => self.repeated(finish),
            Finish::Deferred { answer, due_at } => {
                let mut next = self.enter(State::Deferred, "put off by the mail server", now);
                next.failures += 1;
                next.due_at = *due_at;
                next.hear(answer);
                Ok(next)
            }
            Finish::Refused { answer } => {
                let mut next = self.enter(State::Refused, "refused by the mail server", now);
                next.hear(answer);
                Ok(next)
            }
            Finish::InDoubt { answer } if self.state == State::Sending => {
                let because =
                    "the answer after the final dot was lost: nobody knows whether the tool has it";
                let mut next = self.enter(State::InDoubt, because, now);
                next.hear(answer);
                Ok(next)
            }
            Finish::InDoubt { .. } => Err(StepRefusal::State { state: self.state }),
            Finish::Held { .. } | Finish::Superseded { .. } if self.state == State::Sending => {
                Err(StepRefusal::State { state: self.state })
            }
            Finish::Superseded { because } => Ok(self.enter(State::Cancelled, because, now)),
            Finish::Held { reason, because } => {
                let mut next = self.enter(State::Held, because, now);
                next.reason = Some(*reason);
                Ok(next)
            }
            Finish::Requeued { because, due_at } => {
                // Marked, and the server hung up before the dot was sent: queued still.
                let state = if self.state == State::Sending { State::Queued } else { self.state };
                let mut next = self.enter(state, because, now);
                next.due_at = *due_at;
                Ok(next)
            }
        }
    }

    /// The answer to a report that changes nothing more: fine when it says what is known.
    fn repeated(&self, finish: &Finish) -> Result<Self, StepRefusal> {
        let same = match finish {
            Finish::Sent { .. } => self.state == State::Sent,
            Finish::Deferred { due_at, .. } => {
                self.state == State::Deferred && self.due_at == *due_at
            }
            Finish::Refused { .. } => self.state == State::Refused,
            Finish::InDoubt { .. } => self.state == State::InDoubt,
            Finish::Held { reason, .. } => {
                self.state == State::Held && self.reason == Some(*reason)
            }
            Finish::Superseded { .. } => self.state == State::Cancelled,
            Finish::Requeued { due_at, .. } => self.due_at == *due_at,
        };
        if same { Ok(self.clone()) } else { Err(StepRefusal::State { state: self.state }) }
    }

    fn recover(&self, now: Timestamp) -> Self {
        if self.state == State::Sending {
            let because = "the robot stopped while the final dot was being sent: nobody knows whether the tool has it";
            return self.enter(State::InDoubt, because, now);
        }
        Self { leased: false, ..self.clone() }
    }

    fn act(&self, act: Act, by: &str, now: Timestamp) -> Result<Self, StepRefusal> {
        if !act.applies_to(self.state) {
            return Err(StepRefusal::State { state: self.state });
        }
        let target = match act {
            Act::Retry | Act::Release | Act::SettleNotSent | Act::Resend => State::Queued,
            Act::Cancel => State::Cancelled,
            Act::SettleSent => State::Sent,
        };
        let mut next = self.enter(target, &format!("{} by {by}", act.as_str()), now);
        if let Some(event) = next.events.last_mut() {
            event.by = Some(by.to_owned());
        }
        if target == State::Queued {
            next.failures = 0;
            next.fresh_at = now;
            next.due_at = now;
        }
        Ok(next)
    }

    fn hold(&self, reason: HeldReason, because: &str, now: Timestamp) -> Result<Self, StepRefusal> {
        match self.state {
            State::Queued | State::Deferred => {
                let mut next = self.enter(State::Held, because, now);
                next.reason = Some(reason);
                Ok(next)
            }
            State::Held if self.reason == Some(reason) => Ok(self.clone()),
            state @ (State::Sending
            | State::Sent
            | State::Refused
            | State::InDoubt
            | State::Held
            | State::Cancelled) => Err(StepRefusal::State { state }),
        }
    }

    fn turn_off(&self, because: &str, now: Timestamp) -> Result<Self, StepRefusal> {
        match self.state {
            State::Queued | State::Deferred | State::Held => {
                Ok(self.enter(State::Cancelled, because, now))
            }
            state @ (State::Sending
            | State::Sent
            | State::Refused
            | State::InDoubt
            | State::Cancelled) => Err(StepRefusal::State { state }),
        }
    }

    fn prove(&self, by: &str, now: Timestamp) -> Result<Self, StepRefusal> {
        match self.state {
            State::InDoubt | State::Held => {
                Ok(self.enter(State::Sent, &format!("proven by {by}"), now))
            }
            State::Sent => Ok(self.clone()),
            state @ (State::Queued
            | State::Sending
            | State::Deferred
            | State::Refused
            | State::Cancelled) => Err(StepRefusal::State { state }),
        }
    }

    fn current(&self, attempt: u32) -> Result<(), StepRefusal> {
        if attempt == self.attempt {
            Ok(())
        } else {
            Err(StepRefusal::OldAttempt { attempt, current: self.attempt })
        }
    }

    /// The one way into a state: out of any lease, with a line in the story.
    fn enter(&self, state: State, because: &str, now: Timestamp) -> Self {
        let mut next = Self { state, reason: None, leased: false, ..self.clone() };
        next.tell(state.as_str(), because, now);
        next
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, what: &str, because: &str, at: Timestamp) {
        if self.events.len() >= DELIVERY_EVENTS_MAX {
            self.events.remove(DELIVERY_EVENTS_MAX / 2);
        }
        self.events.push(Event {
            at,
            what: what.to_owned(),
            because: because.to_owned(),
            answer: None,
            by: None,
            attempt: self.attempt,
        });
    }

    fn hear(&mut self, answer: &str) {
        let answer: String = answer.chars().take(ANSWER_CHARS_MAX).collect();
        if let Some(event) = self.events.last_mut() {
            event.answer = Some(answer.clone());
        }
        self.last_answer = Some(answer);
    }

    /// Whether it has waited longer than `expire` since it was last queued.
    pub fn has_expired(&self, expire: TimeDelta, now: Timestamp) -> bool {
        now - self.fresh_at >= expire
    }
}
