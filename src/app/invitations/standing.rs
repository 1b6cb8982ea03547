//! How connections stand: which of them have an invitation, and which invitation waits.

use std::collections::BTreeMap;

use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::alarm::{Alarm, AlarmKind};
use crate::domain::company::{Company, CompanyId};
use crate::domain::decision::Connection;
use crate::domain::mail::invitation::{Books, ConnectionState, Invitation, Standing};
use crate::domain::profile::AppId;

/// Invitations of each connection.
pub(in crate::app) type Invitations = BTreeMap<(CompanyId, AppId), Vec<Invitation>>;

/// A connection with all that invites its bot.
pub(super) struct Connected {
    pub(super) company: Company,
    pub(super) app: AppId,
    pub(super) connection: Connection,
    pub(super) invitations: Vec<Invitation>,
    /// Its tool is known to invite.
    pub(super) is_invited: bool,
}

impl Connected {
    pub(super) fn standing(&self) -> Standing<'_> {
        Standing::of(&self.invitations, &self.connection.sender, self.is_invited)
    }
}

impl Robot {
    /// Every invitation, by its connection.
    pub(in crate::app) async fn all_invitations(&self) -> Answer<Invitations> {
        let mut by_connection = Invitations::new();
        for invitation in self.ports().store.invitations().await? {
            let key = (invitation.key.company, invitation.key.app.clone());
            by_connection.entry(key).or_default().push(invitation);
        }
        Ok(by_connection)
    }

    /// Whether an app's profile says how it invites.
    fn is_invited(&self, app: &AppId) -> bool {
        self.config().apps.get(app).is_some_and(|profile| profile.invitation.is_some())
    }

    /// The word for how a connection stands.
    pub(in crate::app) fn connection_state(
        &self,
        app: &AppId,
        connection: &Connection,
        invitations: &[Invitation],
    ) -> ConnectionState {
        Standing::of(invitations, &connection.sender, self.is_invited(app)).state
    }

    /// The connections that something was heard of.
    pub(super) async fn invited_connections(&self) -> Answer<Vec<Connected>> {
        let mut connected = self.connections().await?;
        connected.retain(|one| !one.invitations.is_empty());
        Ok(connected)
    }

    /// The connections whose tool invites, and those that it has invited.
    pub(super) async fn connections(&self) -> Answer<Vec<Connected>> {
        let mut invitations = self.all_invitations().await?;
        let mut found = Vec::new();
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            for (app, connection) in decisions.connections {
                let of_it = invitations.remove(&(company.id, app.clone())).unwrap_or_default();
                let is_invited = self.is_invited(&app);
                if connection.connected && (is_invited || !of_it.is_empty()) {
                    let (company, invitations) = (company.clone(), of_it);
                    found.push(Connected { company, app, connection, invitations, is_invited });
                }
            }
        }
        Ok(found)
    }

    /// The invitations that nobody but a person gets on with, as one alarm.
    pub(in crate::app) async fn invitation_alarm(&self) -> Answer<Option<Alarm>> {
        let mut waiting = Vec::new();
        for connected in self.invited_connections().await? {
            let books = self.books(&connected.company).await?;
            if let Some(invitation) = self.waits_for_a_person(&connected, &books) {
                let named = format!("{} of {}", connected.app, connected.company.slug);
                waiting.push((invitation.received_at, named, invitation.state.as_str()));
            }
        }
        let Some((since, named, state)) = waiting.iter().min() else { return Ok(None) };
        let others = match waiting.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let message = format!(
            "the invitation by {named} ({state}){others} waits for a person: `facteur invitations \
             list` says what to do"
        );
        let (kind, subject) = (AlarmKind::Invitation, String::new());
        Ok(Some(Alarm { kind, subject, since: Some(*since), message }))
    }

    /// What of a connection waits for a person.
    pub(super) fn waits_for_a_person<'a>(
        &self,
        connected: &'a Connected,
        books: &Books<'_>,
    ) -> Option<&'a Invitation> {
        let config = self.config();
        let rule = config.apps.get(&connected.app)?.invitation.as_ref()?;
        let current = connected.standing().current?;
        current.waits_for_a_person(rule, books).then_some(current)
    }
}
