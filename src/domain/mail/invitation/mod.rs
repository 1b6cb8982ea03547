//! Invitations of the bot by a tool: pending, verified, accepted; each told by its own mail (R11).
//!
//! One that nobody can vouch for stays pending and has no link: nothing of it can be opened. One
//! mail never replaces another: whoever forges an invitation adds a pending one.

mod link;
mod rule;
mod standing;
mod step;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use link::{Link, links, text};
pub use rule::{Acceptance, HostName, InvitationRule, Origin, Pattern, addressed};
pub use standing::{Books, ConnectionState, Standing, may_open};
pub use step::{InvitationStep, OPENING_SECS_MAX, Refusal};

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::profile::AppId;
use crate::domain::template::Address;

/// The most events kept of one.
const EVENTS_MAX: usize = 50;

/// Which invitation: the connection's, by the number of its mail; 0: what a person said of an
/// invitation that came by no mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InvitationKey {
    /// The company.
    pub company: CompanyId,
    /// The app.
    pub app: AppId,
    /// The mail.
    pub mail: u64,
}

/// An invitation of the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Which.
    pub key: InvitationKey,
    /// The bot's address that it invites.
    pub sender: Address,
    /// Who writes, cut.
    pub from: String,
    /// `Subject`, cut.
    pub subject: String,
    /// The company, as the mail calls it, where the rule says how to find that.
    pub names: Option<String>,
    /// `Date`; none where nobody can read it.
    pub written_at: Option<Timestamp>,
    /// When it was first read here.
    pub received_at: Timestamp,
    /// How far it is.
    pub state: InvitationState,
    /// Why it is so, in words.
    pub because: String,
    /// Its origin couldn't be looked at and is looked at again.
    pub recheck: bool,
    /// The domain whose signature proves its origin.
    pub signed_by: Option<String>,
    /// The link that accepts it; never there before its origin is verified.
    pub link: Option<Link>,
    /// How often the link was, or may have been, opened.
    pub openings: u32,
    /// When it became what it is.
    pub changed_at: Timestamp,
    /// Who accepted it; none: the robot.
    pub by: Option<String>,
    /// What happened, oldest first.
    pub events: Vec<InvitationEvent>,
}

/// How far an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Nobody can vouch for it.
    Pending,
    /// It comes from the tool.
    Verified,
    /// Its link is being opened; after a stop, it may have been.
    Opening,
    /// The bot is a user.
    Accepted,
    /// Its link was opened, and the tool didn't take it.
    Failed,
}

impl InvitationState {
    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Opening => "opening",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
        }
    }
}

/// One step of an invitation's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationEvent {
    /// When.
    pub at: Timestamp,
    /// What it became.
    pub state: InvitationState,
    /// In words.
    pub because: String,
    /// The person; none: the robot.
    pub by: Option<String>,
}

/// A mail that invites the bot to a company's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The company.
    pub company: CompanyId,
    /// The app.
    pub app: AppId,
    /// See [`Invitation::sender`].
    pub sender: Address,
    /// See [`Invitation::from`].
    pub from: String,
    /// See [`Invitation::subject`].
    pub subject: String,
    /// See [`Invitation::names`].
    pub names: Option<String>,
    /// See [`Invitation::written_at`].
    pub written_at: Option<Timestamp>,
    /// What its signatures say.
    pub origin: Origin,
}

impl Invitation {
    /// What a mail begins as.
    pub fn received(invited: Invited, mail: u64, now: Timestamp) -> Self {
        let Invited { company, app, sender, from, subject, names, written_at, origin } = invited;
        let mut invitation = Self {
            key: InvitationKey { company, app, mail },
            sender,
            from,
            subject,
            names,
            written_at: written_at.map(|at| at.min(now)),
            received_at: now,
            state: InvitationState::Pending,
            because: String::new(),
            recheck: false,
            signed_by: None,
            link: None,
            openings: 0,
            changed_at: now,
            by: None,
            events: Vec::new(),
        };
        invitation.look_at(origin, now);
        invitation
    }

    /// What a person says of an invitation that came by no mail of ours.
    pub fn by_hand(key: InvitationKey, sender: Address, by: &str, now: Timestamp) -> Self {
        let origin = Origin::unproven("it came by no mail that the robot read");
        let invited = Invited {
            company: key.company,
            app: key.app,
            sender,
            from: String::new(),
            subject: String::new(),
            names: None,
            written_at: None,
            origin,
        };
        let mut invitation = Self::received(invited, 0, now);
        invitation.events.clear();
        invitation.accepted("a person said so", Some(by), now);
        invitation
    }

    /// The state is older than the world: what was not accepted when it was exported may have
    /// been opened since, and is a person's.
    #[must_use]
    pub fn imported(mut self, now: Timestamp) -> Self {
        match self.state {
            InvitationState::Verified | InvitationState::Opening => {
                let because = "it waited when this state was exported: it may have been accepted \
                               since, look at the tool";
                self.openings = self.openings.max(1);
                self.become_so(InvitationState::Failed, because, None, now);
            }
            InvitationState::Pending | InvitationState::Accepted | InvitationState::Failed => {}
        }
        self
    }

    fn become_so(
        &mut self,
        state: InvitationState,
        because: &str,
        by: Option<&str>,
        now: Timestamp,
    ) {
        self.state = state;
        because.clone_into(&mut self.because);
        self.changed_at = now;
        let event = InvitationEvent {
            at: now,
            state,
            because: because.to_owned(),
            by: by.map(str::to_owned),
        };
        self.events.push(event);
        if self.events.len() > EVENTS_MAX {
            self.events.remove(0);
        }
    }
}
