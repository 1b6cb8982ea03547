//! Proof: a copy of a delivery's own mail was found where the firm's mail ends.
//!
//! A copy holds a Message-ID that nobody knows who never saw the mail, so it left. Its absence
//! proves nothing.

use serde::{Deserialize, Serialize};

use super::{Delivery, HeldReason, State};
use crate::domain::Timestamp;

/// A copy of a delivery's mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What it is, in words: `a copy in quickbooks@cabinet.example`.
    pub by: String,
    /// Which attempt it is of, where the copy says so.
    pub attempt: Option<u32>,
    /// When it was found.
    pub at: Timestamp,
}

/// Proofs kept of one delivery; there are more copies than that only by somebody's joke.
const PROOFS_MAX: usize = 8;

/// How the story begins where proof, and not a server's word, says that it was sent.
const PROVEN: &str = "proven by ";

/// What the story calls a copy that settles nothing.
const COPY_FOUND: &str = "copy_found";

/// What the story calls the end of the wait for proof.
const NO_PROOF: &str = "no_proof";

impl Delivery {
    /// A copy was found: what was in doubt is settled, and what was sent stays so.
    pub(super) fn witness(&self, proof: &Proof, now: Timestamp) -> Self {
        let mut next = self.clone();
        next.proofs.push(proof.clone());
        if next.proofs.len() > PROOFS_MAX {
            next.proofs.remove(PROOFS_MAX / 2);
        }
        match self.state {
            State::InDoubt if self.is_proof_of_what_is(proof) => next.proven(proof, now),
            State::Queued | State::Deferred | State::Held if self.may_be_the_first_copy(proof) => {
                next.proven(proof, now)
            }
            // What its answer says comes first; a doubt then finds the proof waiting.
            State::Sending => next,
            State::Sent => {
                if self.is_of_a_second_copy(proof) {
                    let because = format!(
                        "{}: it left twice, and the tool has a second copy of this document",
                        proof.by
                    );
                    next.tell(COPY_FOUND, &because, now);
                }
                next
            }
            State::InDoubt
            | State::Queued
            | State::Deferred
            | State::Held
            | State::Refused
            | State::Cancelled => {
                if !self.was_accepted() || self.state == State::InDoubt {
                    let because = format!("{}, of an attempt that settles nothing here", proof.by);
                    next.tell(COPY_FOUND, &because, now);
                }
                next
            }
        }
    }

    /// The time for proof is over: the app's policy rules. Said once for each attempt.
    pub(super) fn without_proof(&self, because: &str, now: Timestamp) -> Self {
        let mut next = self.clone();
        if !self.is_unproven() {
            next.tell(NO_PROOF, because, now);
        }
        next
    }

    /// Whether the story says that this attempt's time for proof is over.
    pub fn is_unproven(&self) -> bool {
        let said = |event: &super::Event| event.what == NO_PROOF && event.attempt == self.attempt;
        self.events.iter().any(said)
    }

    /// Since when nobody knows whether it was sent; none unless it is in doubt.
    pub fn doubted_at(&self) -> Option<Timestamp> {
        let word = State::InDoubt.as_str();
        let begun = self.events.iter().rev().find(|event| event.what == word);
        begun.filter(|_| self.state == State::InDoubt).map(|event| event.at)
    }

    /// The proof that came before the doubt did: the copy may be faster than the answer.
    pub(super) fn proof_at_hand(&self) -> Option<&Proof> {
        let word = State::Sending.as_str();
        let marked = self.events.iter().rev().find(|event| event.what == word)?;
        let is_of_this = |proof: &&Proof| match proof.attempt {
            Some(attempt) => attempt == self.attempt,
            None => proof.at >= marked.at,
        };
        let is_of_this = |proof: &&Proof| is_of_this(proof) && self.is_proof_of_what_is(proof);
        self.proofs.iter().find(is_of_this)
    }

    /// Sent, by proof.
    pub(super) fn proven(&self, proof: &Proof, now: Timestamp) -> Self {
        let earlier = match proof.attempt {
            Some(attempt) if attempt != self.attempt => " of an earlier copy",
            Some(_) | None => "",
        };
        self.enter(State::Sent, &format!("{PROVEN}{}{earlier}", proof.by), now)
    }

    /// Whether the tool has what this proves: nothing that left then was sent back since.
    fn is_proof_of_what_is(&self, proof: &Proof) -> bool {
        match proof.attempt {
            Some(attempt) => !self.came_back(attempt),
            None => !(1..=self.attempt).any(|attempt| self.came_back(attempt)),
        }
    }

    /// Waiting to go: whether the copy shows that it went before. A person who wants a second
    /// copy of what was sent gets it; one that a doubt asked for is needless now.
    fn may_be_the_first_copy(&self, proof: &Proof) -> bool {
        let ends = [State::Sent, State::InDoubt, State::Refused, State::Cancelled, State::Deferred];
        let mut story = self.events.iter().rev();
        let last = story.find_map(|event| ends.iter().find(|end| end.as_str() == event.what));
        let was_lost = match last {
            Some(State::InDoubt) => true,
            // Never tried, as far as this state knows: the state may be older than the world.
            None => !self.was_sent(),
            Some(_) => self.state == State::Held && self.reason == Some(HeldReason::AfterImport),
        };
        was_lost && self.is_proof_of_what_is(proof)
    }

    /// Whether two copies left though nobody asked for two: one of them was in doubt.
    fn is_of_a_second_copy(&self, proof: &Proof) -> bool {
        let is = |event: &super::Event, state: State| event.what == state.as_str();
        if !self.events.iter().any(|event| is(event, State::InDoubt)) {
            return false;
        }
        match proof.attempt {
            Some(attempt) => {
                let another = |known: &Proof| known.attempt.is_some_and(|other| other != attempt);
                self.proofs.iter().any(another)
                    || self.events.iter().any(|event| {
                        is(event, State::Sent)
                            && event.attempt != attempt
                            && !event.because.starts_with(PROVEN)
                    })
            }
            None => self.proofs.iter().any(|known| known.by == proof.by),
        }
    }

    /// Whether a server once took it.
    fn was_accepted(&self) -> bool {
        self.events.iter().any(|event| event.what == State::Sent.as_str())
    }
}

#[cfg(test)]
mod tests;
