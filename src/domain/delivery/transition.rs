//! The one place where a delivery's state changes.

use super::{Act, Delivery, Finish, HeldReason, IN_DOUBT_POLICY, State, Step, StepRefusal};
use crate::domain::Timestamp;

/// What the story calls it when a second copy doesn't go.
const WITHDRAWN: &str = "withdrawn";

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
            Step::Answered(reported) => self.answer(reported, now),
            Step::Witnessed(proof) => Ok(self.witness(proof, now)),
            Step::AnswerToRead(answer) => Ok(self.show(answer, now)),
            Step::Unproven { because } if self.state == State::InDoubt => {
                Ok(self.without_proof(because, now))
            }
            Step::Unproven { .. } => Err(StepRefusal::State { state: self.state }),
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
            Finish::Sent { answer } if passed_dot => Ok(self.take(answer, now)),
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
                let mut next = self.doubt(because, now);
                next.hear(answer);
                Ok(next)
            }
            Finish::InDoubt { .. } => Err(StepRefusal::State { state: self.state }),
            // Past the mark only the server's own 4xx holds it back: it was tried for too long.
            Finish::Held { reason, .. }
                if self.state == State::Sending && *reason != HeldReason::Expired =>
            {
                Err(StepRefusal::State { state: self.state })
            }
            Finish::Superseded { .. } if self.state == State::Sending => {
                Err(StepRefusal::State { state: self.state })
            }
            Finish::Superseded { because } => Ok(self.withdraw(because, now)),
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
            Finish::Sent { .. } => self.state == State::Sent || self.was_sent_back(self.attempt),
            Finish::Deferred { due_at, .. } => {
                self.state == State::Deferred && self.due_at == *due_at
            }
            Finish::Refused { .. } => self.state == State::Refused,
            Finish::InDoubt { .. } => {
                self.state == State::InDoubt || self.was_sent_back(self.attempt)
            }
            Finish::Held { reason, .. } => {
                self.state == State::Held && self.reason == Some(*reason)
            }
            Finish::Superseded { .. } => self.state == State::Cancelled || self.is_withdrawn(),
            Finish::Requeued { due_at, .. } => self.due_at == *due_at,
        };
        if same { Ok(self.clone()) } else { Err(StepRefusal::State { state: self.state }) }
    }

    fn recover(&self, now: Timestamp) -> Self {
        if self.state == State::Sending {
            let because = "the robot stopped while the final dot was being sent: nobody knows whether the tool has it";
            return self.doubt(because, now);
        }
        Self { leased: false, ..self.clone() }
    }

    /// In doubt, unless it came back, or its proof was found, while it was being sent.
    fn doubt(&self, because: &str, now: Timestamp) -> Self {
        if self.was_sent_back(self.attempt) {
            let because = "the mail server's answer was lost, and it had been sent back already";
            return self.enter(State::Refused, because, now);
        }
        match self.proof_at_hand() {
            Some(proof) => self.proven(proof, now),
            None => self.enter(State::InDoubt, because, now),
        }
    }

    fn act(&self, act: Act, by: &str, now: Timestamp) -> Result<Self, StepRefusal> {
        // Proof may have come since the policy looked: a person may want a second copy, it may not.
        let is_over = by == IN_DOUBT_POLICY && self.state != State::InDoubt;
        if is_over || !act.applies_to(self.state) {
            return Err(StepRefusal::State { state: self.state });
        }
        let because = format!("{} by {by}", act.as_str());
        let mut next = match act {
            Act::Retry | Act::Release | Act::SettleNotSent | Act::Resend => {
                self.enter(State::Queued, &because, now)
            }
            Act::Cancel => self.withdraw(&because, now),
            Act::SettleSent => self.enter(State::Sent, &because, now),
        };
        if let Some(event) = next.events.last_mut() {
            event.by = Some(by.to_owned());
        }
        if next.state == State::Queued {
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
            // Released since that export, it may have gone: the former reason stays in the story.
            State::Held if reason == HeldReason::AfterImport => {
                let mut next = self.enter(State::Held, because, now);
                next.reason = Some(reason);
                Ok(next)
            }
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
            State::Queued | State::Deferred | State::Held => Ok(self.withdraw(because, now)),
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

    /// It doesn't go: cancelled, unless it was a second copy. What the tool has of the first one,
    /// or may have, nobody can take back.
    fn withdraw(&self, because: &str, now: Timestamp) -> Self {
        let state = self.last_copy().map_or(State::Cancelled, |(_, state)| state);
        let mut next = self.enter(state, because, now);
        if let Some(event) = next.events.last_mut().filter(|_| state != State::Cancelled) {
            WITHDRAWN.clone_into(&mut event.what);
        }
        next
    }

    /// The server took it; a report that was faster may have sent it back already.
    fn take(&self, answer: &str, now: Timestamp) -> Self {
        let mut next = if self.was_sent_back(self.attempt) {
            let because = "the mail server took it, and it had been sent back already";
            self.enter(State::Refused, because, now)
        } else {
            self.enter(State::Sent, "the mail server took it", now)
        };
        next.hear(answer);
        next
    }

    fn is_withdrawn(&self) -> bool {
        self.events.last().is_some_and(|event| event.what == WITHDRAWN)
    }

    /// The one way into a state: out of any lease, with a line in the story.
    pub(super) fn enter(&self, state: State, because: &str, now: Timestamp) -> Self {
        let mut next = Self { state, reason: None, leased: false, ..self.clone() };
        next.tell(state.as_str(), because, now);
        next
    }
}
