//! What can happen to an invitation; pure, so that a table can test it.

use chrono::TimeDelta;

use super::{Invitation, InvitationState, Link, Origin};
use crate::domain::Timestamp;

/// An opening that gave no answer for so long is one of a robot that stopped meanwhile.
pub const OPENING_SECS_MAX: i64 = 600;

/// What happens to an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvitationStep {
    /// Its signatures were looked at again.
    Checked(Origin),
    /// Its link is about to be opened.
    Open {
        /// The person who wants it; none: the robot by itself, which does it once.
        by: Option<String>,
    },
    /// What became of that opening; Err: in words, why the tool has not taken it.
    Opened {
        /// Which opening, counted from 1.
        opening: u32,
        /// The person who wanted it.
        by: Option<String>,
        /// In words.
        result: Result<String, String>,
    },
    /// A person has accepted it in a browser, or knows that the bot is a user.
    ByHand {
        /// Who.
        by: String,
    },
}

/// Why a step can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Invitation {
    /// The invitation after a step.
    pub fn step(&self, step: InvitationStep, now: Timestamp) -> Result<Self, Refusal> {
        let mut after = self.clone();
        match step {
            InvitationStep::Checked(origin) => {
                if self.state != InvitationState::Pending {
                    return refuse("its origin was looked at already");
                }
                after.look_at(origin, now);
            }
            InvitationStep::Open { by } => {
                after.opens(by.as_deref(), now)?;
            }
            InvitationStep::Opened { opening, by, result } => {
                after.opened(opening, by.as_deref(), result, now)?;
            }
            InvitationStep::ByHand { by } => match self.state {
                InvitationState::Accepted => return refuse("it is accepted already"),
                InvitationState::Pending
                | InvitationState::Verified
                | InvitationState::Opening
                | InvitationState::Failed => {
                    after.accepted("a person said so", Some(&by), now);
                }
            },
        }
        Ok(after)
    }

    /// Takes what its signatures say. Its link is kept with their proof alone.
    pub(super) fn look_at(&mut self, origin: Origin, now: Timestamp) {
        match origin {
            Origin::Proven { signer, link } => {
                let (link, because) = match link {
                    Ok(link) => (Some(link), format!("signed by {signer}")),
                    Err(because) => (None, format!("signed by {signer}; {because}")),
                };
                self.link = link;
                self.signed_by = Some(signer);
                self.recheck = false;
                self.become_so(InvitationState::Verified, &because, None, now);
            }
            Origin::Unproven { because, recheck } => {
                self.recheck = recheck;
                let because = format!("its origin can't be verified: {because}");
                if self.because != because {
                    self.become_so(InvitationState::Pending, &because, None, now);
                }
            }
        }
    }

    /// Durable before the link is opened: who reads this later knows that it may have been.
    fn opens(&mut self, by: Option<&str>, now: Timestamp) -> Result<(), Refusal> {
        match self.state {
            InvitationState::Pending => {
                return refuse("its origin isn't verified: nothing of it is opened");
            }
            InvitationState::Accepted => return refuse("it is accepted already"),
            InvitationState::Opening if self.is_being_opened(now) => {
                return refuse("its link is being opened just now");
            }
            InvitationState::Opening | InvitationState::Failed if by.is_none() => {
                return refuse("its link was opened before: another time is a person's");
            }
            InvitationState::Verified | InvitationState::Opening | InvitationState::Failed => {}
        }
        self.openings += 1;
        self.become_so(InvitationState::Opening, "its link is opened", by, now);
        Ok(())
    }

    fn opened(
        &mut self,
        opening: u32,
        by: Option<&str>,
        result: Result<String, String>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if opening == 0 || opening > self.openings {
            return refuse("that opening never began");
        }
        match (self.state, result) {
            (InvitationState::Opening | InvitationState::Failed, Ok(because)) => {
                self.accepted(&because, by, now);
            }
            (InvitationState::Opening, Err(because)) if opening == self.openings => {
                self.become_so(InvitationState::Failed, &because, by, now);
            }
            (
                InvitationState::Pending
                | InvitationState::Verified
                | InvitationState::Opening
                | InvitationState::Accepted
                | InvitationState::Failed,
                _,
            ) => return refuse("it has become something else meanwhile"),
        }
        Ok(())
    }

    pub(super) fn accepted(&mut self, because: &str, by: Option<&str>, now: Timestamp) {
        self.by = by.map(str::to_owned);
        self.recheck = false;
        self.become_so(InvitationState::Accepted, because, by, now);
    }

    /// Whether an opening is under way; one that is too old ended with a stop of the robot.
    pub fn is_being_opened(&self, now: Timestamp) -> bool {
        self.state == InvitationState::Opening
            && now - self.changed_at <= TimeDelta::seconds(OPENING_SECS_MAX)
    }

    /// The link, of an invitation whose origin is verified.
    pub fn verified_link(&self) -> Option<&Link> {
        match self.state {
            InvitationState::Pending => None,
            InvitationState::Verified
            | InvitationState::Opening
            | InvitationState::Accepted
            | InvitationState::Failed => self.link.as_ref(),
        }
    }
}

fn refuse<T>(because: &str) -> Result<T, Refusal> {
    Err(Refusal(because.to_owned()))
}
