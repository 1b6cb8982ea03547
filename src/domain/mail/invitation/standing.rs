//! How a connection stands, of all the mails that invite its bot; and which the robot may accept.

use chrono::TimeDelta;

use super::{Acceptance, Invitation, InvitationRule, InvitationState, Link};
use crate::domain::Timestamp;
use crate::domain::template::Address;

/// A name service that doesn't answer for so long needs a person.
const RECHECK_HOURS_MAX: i64 = 24;

/// Whether the bot is a user at the tool. Sending doesn't wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// It is to be invited, and no invitation of it is verified.
    Pending,
    /// Its invitation is verified, and not accepted.
    Verified,
    /// It is a user, or the tool needs none.
    Active,
}

impl ConnectionState {
    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Active => "active",
        }
    }
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// In one word.
    pub state: ConnectionState,
    /// The invitation it is about now: the newest that is left to be accepted, verified ones
    /// first, else the one that was accepted.
    pub current: Option<&'a Invitation>,
}

impl<'a> Standing<'a> {
    /// How the connection with this sender stands; `invitations` are all of its company and app.
    /// What was written before one was accepted is over with it.
    pub fn of(invitations: &'a [Invitation], sender: &Address, is_invited: bool) -> Self {
        let of_sender = || invitations.iter().filter(|known| known.sender == *sender);
        let is_accepted = |known: &&Invitation| known.state == InvitationState::Accepted;
        let accepted = of_sender().filter(is_accepted).max_by_key(|known| known.changed_at);
        let is_left = |known: &&Invitation| {
            !is_accepted(known) && accepted.is_none_or(|done| known.moment() > done.changed_at)
        };
        let left = of_sender().filter(is_left);
        let left = left.max_by_key(|known| (known.is_verified(), known.moment(), known.key.mail));
        let state = match (accepted, left) {
            (Some(_), _) => ConnectionState::Active,
            (None, Some(left)) if left.is_verified() => ConnectionState::Verified,
            (None, None) if !is_invited => ConnectionState::Active,
            (None, Some(_) | None) => ConnectionState::Pending,
        };
        Self { state, current: left.or(accepted) }
    }
}

/// What the robot knows besides an invitation.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// The company's name.
    pub name: &'a str,
    /// Its slug.
    pub slug: &'a str,
    /// When the state was last imported.
    pub imported_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// The link that the robot opens by itself; Err: why it opens none, in words.
pub fn may_open<'a>(
    invitation: &'a Invitation,
    rule: &InvitationRule,
    books: &Books<'_>,
) -> Result<&'a Link, String> {
    let refuse = |because: &str| Err(because.to_owned());
    if invitation.state != InvitationState::Verified {
        return refuse("its link was opened before, or its origin isn't verified");
    }
    match rule.accept {
        Acceptance::Person => return refuse("the profile leaves it to a person"),
        Acceptance::Robot => {}
    }
    let Some(written_at) = invitation.written_at else {
        return refuse("nobody can read when it was written");
    };
    if invitation.is_expired(rule, books.now) {
        return refuse("it is too old");
    }
    if books.imported_at.is_some_and(|imported_at| written_at <= imported_at) {
        return refuse("it was written before the state was imported, and may be accepted already");
    }
    if !rule.is_named(invitation.names.as_deref(), books.name, books.slug) {
        return match &invitation.names {
            Some(named) => Err(format!("it is about `{named}`")),
            None => refuse("it names no company"),
        };
    }
    let link = invitation.verified_link().ok_or("it has no one link to a listed host")?;
    Link::parse(link.as_str(), &rule.hosts)?;
    Ok(link)
}

impl Invitation {
    /// When it was written, as far as that is known.
    pub fn moment(&self) -> Timestamp {
        self.written_at.unwrap_or(self.received_at)
    }

    /// Whether its origin is verified.
    pub fn is_verified(&self) -> bool {
        match self.state {
            InvitationState::Verified | InvitationState::Opening | InvitationState::Failed => true,
            InvitationState::Accepted => self.signed_by.is_some(),
            InvitationState::Pending => false,
        }
    }

    /// Whether the tool takes it no more.
    pub fn is_expired(&self, rule: &InvitationRule, now: Timestamp) -> bool {
        self.state != InvitationState::Accepted && now - self.moment() > rule.valid_for
    }

    /// Whether nobody but a person gets on with it.
    pub fn waits_for_a_person(&self, rule: &InvitationRule, books: &Books<'_>) -> bool {
        let now = books.now;
        if self.is_expired(rule, now) {
            return false;
        }
        match self.state {
            InvitationState::Pending => {
                !self.recheck || now - self.received_at > TimeDelta::hours(RECHECK_HOURS_MAX)
            }
            InvitationState::Verified => may_open(self, rule, books).is_err(),
            InvitationState::Opening => !self.is_being_opened(now),
            InvitationState::Failed => true,
            InvitationState::Accepted => false,
        }
    }
}
