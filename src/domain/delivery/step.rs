//! Everything that can happen to a delivery.

use serde::{Deserialize, Serialize};

use super::{HeldReason, Proof, Reported, State, UnreadAnswer};
use crate::domain::Timestamp;

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
    /// Queued, deferred, held, refused → cancelled; a second copy → sent or in doubt, as the first
    /// one was. Refused is among them, although nothing of it waits: a refusal is owed until it
    /// went, and a person may know that nothing more is to be done.
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
            Self::Cancel => {
                matches!(state, State::Queued | State::Deferred | State::Held | State::Refused)
            }
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
    /// A delivery report came that belongs to it.
    Answered(Reported),
    /// A copy of its mail was found.
    Witnessed(Proof),
    /// An answer came that a person has to read.
    AnswerToRead(UnreadAnswer),
    /// In doubt, and the time for proof is over.
    Unproven {
        /// In words.
        because: String,
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
