//! A delivery: one deposit for one app, its states, and every step between them.
//!
//! [`Delivery::step`] is the only place where a state changes. `sent` is reached by the server's
//! own word, by proof, or by a person; nothing leaves `sending` but through its answer or doubt.

mod answered;
mod copies;
mod envelope;
#[cfg(test)]
mod sample;
mod state;
mod step;
mod transition;
mod unread;
mod witnessed;

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::company::CompanyId;
use super::deposit::{Cause, Content};
use super::profile::AppId;
use super::template::Address;
pub use answered::{Reported, Source};
pub use envelope::{delivery_of_envelope, envelope_in};
pub use state::{HeldReason, State};
pub use step::{Act, Finish, Step, StepRefusal};
pub use unread::{ANSWER_TO_READ, UnreadAnswer};
pub use witnessed::Proof;

/// Made once by the store; shown as a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub u64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
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
    /// Copies of its mail that were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<Proof>,
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

/// Who signs what the app's policy does with a doubt.
pub const IN_DOUBT_POLICY: &str = "the app's in_doubt policy";

/// Events kept for one delivery; the first and the last ones stay.
pub const DELIVERY_EVENTS_MAX: usize = 128;

/// The longest answer kept, in characters.
pub const ANSWER_CHARS_MAX: usize = 500;

impl Delivery {
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

    pub(super) fn hear(&mut self, answer: &str) {
        self.quote(answer);
        self.last_answer = Some(answer.chars().take(ANSWER_CHARS_MAX).collect());
    }

    /// Adds a server's words to the last line of the story, and to nothing else.
    pub(super) fn quote(&mut self, answer: &str) {
        if let Some(event) = self.events.last_mut() {
            event.answer = Some(answer.chars().take(ANSWER_CHARS_MAX).collect());
        }
    }

    /// Whether it has waited longer than `expire` since it was last queued.
    pub fn has_expired(&self, expire: TimeDelta, now: Timestamp) -> bool {
        now - self.fresh_at >= expire
    }
}
