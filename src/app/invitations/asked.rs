//! `invitations`: listed, shown, and accepted at a person's word.

use super::standing::Connected;
use super::{Opening, is_left};
use crate::app::error::{Answer, Error};
use crate::app::robot::Robot;
use crate::app::views::{InvitationEventView, InvitationView};
use crate::domain::mail::invitation::{
    Books, Invitation, InvitationRule, InvitationState, InvitationStep, Link, Refusal, may_open,
};
use crate::domain::shell;

/// Whether the link itself is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Briefly,
    Whole,
}

impl Robot {
    /// Every connection whose tool invites, with its invitation.
    pub(in crate::app) async fn invitations(
        &self,
        company: Option<&str>,
    ) -> Answer<Vec<InvitationView>> {
        let only = match company {
            Some(words) => Some(self.known_company(words).await?.id),
            None => None,
        };
        let mut views = Vec::new();
        for connected in self.connections().await? {
            if only.is_none_or(|id| id == connected.company.id) {
                views.push(self.invitation_view(&connected, Told::Briefly).await?);
            }
        }
        Ok(views)
    }

    /// One of them, with its story and (once it is verified) its link.
    pub(in crate::app) async fn invitation(
        &self,
        company: &str,
        app: &str,
    ) -> Answer<InvitationView> {
        let connected = self.connected_named(company, app).await?;
        self.invitation_view(&connected, Told::Whole).await
    }

    /// A person accepts one: by having the robot open its link, or by hand.
    pub(in crate::app) async fn accept_invitation(
        &self,
        company: &str,
        app: &str,
        by_hand: bool,
        by: &str,
    ) -> Answer<InvitationView> {
        let connected = self.connected_named(company, app).await?;
        let left = connected.standing().current.filter(|current| is_left(current));
        if by_hand {
            self.accept_by_hand(&connected, left, by).await?;
        } else {
            self.accept_by_link(&connected, left, by).await?;
        }
        self.invitation(company, app).await
    }

    async fn accept_by_hand(
        &self,
        connected: &Connected,
        left: Option<&Invitation>,
        by: &str,
    ) -> Answer<()> {
        let Connected { company, app, connection, .. } = connected;
        let entry = self.accept_entry(company, app, by, "by hand");
        let store = &self.ports().store;
        match (left, connected.standing().current) {
            (Some(left), _) => {
                let step = InvitationStep::ByHand { by: by.to_owned() };
                let stepped = store.step_invitation(&left.key, step, Some(entry), self.now());
                stepped.await?.map_err(|refusal| refused(&refusal))?;
            }
            // It is accepted already.
            (None, Some(_)) => {}
            (None, None) => {
                let sender = connection.sender.clone();
                store.invited_by_hand(company.id, app, sender, entry, self.now()).await?;
            }
        }
        Ok(())
    }

    async fn accept_by_link(
        &self,
        connected: &Connected,
        left: Option<&Invitation>,
        by: &str,
    ) -> Answer<()> {
        let Connected { company, app, .. } = connected;
        let config = self.config();
        let rule = config.apps.get(app).and_then(|profile| profile.invitation.as_ref());
        let (invitation, rule) = match (left, connected.standing().current, rule) {
            (Some(left), _, Some(rule)) => (left, rule),
            (None, Some(_), _) => return Ok(()),
            (None, None, _) | (_, _, None) => {
                return Err(Error::Refused(format!(
                    "no invitation by {app} to {} came yet\nhint: the tool may take a day; one accepted in a browser: add --by-hand",
                    company.slug
                )));
            }
        };
        let link = openable(invitation, rule)?;
        let opening = Opening { company, invitation, link, rule, by: Some(by) };
        let opened = self.open_link(opening).await?.map_err(|refusal| refused(&refusal))?;
        match opened.state {
            InvitationState::Accepted => Ok(()),
            InvitationState::Pending
            | InvitationState::Verified
            | InvitationState::Opening
            | InvitationState::Failed => Err(Error::Refused(format!(
                "the tool has not taken it: {}\nhint: accept it in a browser, then add --by-hand",
                opened.because
            ))),
        }
    }

    async fn connected_named(&self, company: &str, app: &str) -> Answer<Connected> {
        let company = self.known_company(company).await?;
        let app = self.app_ever_known(app).await?;
        let all = self.connections().await?.into_iter();
        let mut of_it = all.filter(|one| one.company.id == company.id && one.app == app);
        if let Some(found) = of_it.next() {
            return Ok(found);
        }
        let decisions = self.ports().store.decisions(company.id).await?;
        let is_connected = decisions.connections.get(&app).is_some_and(|found| found.connected);
        Err(Error::Words(if is_connected {
            format!(
                "the profile of {app} knows of no invitation\nhint: if the tool sends one, say how it looks in [apps.{app}.invitation] of routes.toml"
            )
        } else {
            format!(
                "{app} is not connected to {0}\nhint: `facteur connect {0} {app}` comes first",
                company.slug
            )
        }))
    }

    async fn invitation_view(&self, connected: &Connected, told: Told) -> Answer<InvitationView> {
        let Connected { company, app, connection, invitations, .. } = connected;
        let config = self.config();
        let rule = config.apps.get(app).and_then(|profile| profile.invitation.as_ref());
        let books = self.books(company).await?;
        let current = connected.standing().current;
        let mut view = InvitationView {
            company: company.slug.to_string(),
            app: app.to_string(),
            state: InvitationState::Pending.as_str().to_owned(),
            because: "no invitation came yet; the tool may take a day".to_owned(),
            sender: connection.sender.to_string(),
            needs_person: self.waits_for_a_person(connected, &books).is_some(),
            mails: invitations.iter().filter(|one| one.key.mail > 0).count() as u64,
            ..InvitationView::default()
        };
        let Some(current) = current else { return Ok(view) };
        let is_expired = rule.is_some_and(|rule| current.is_expired(rule, books.now));
        let word = if is_expired { "expired" } else { current.state.as_str() };
        word.clone_into(&mut view.state);
        view.because = because(current, rule, &books);
        view.from = Some(current.from.clone()).filter(|from| !from.is_empty());
        view.subject = Some(current.subject.clone()).filter(|subject| !subject.is_empty());
        view.names.clone_from(&current.names);
        view.written_at = current.written_at.map(|at| self.local(at));
        // What a person told by hand came by no mail.
        let came = !current.from.is_empty();
        view.received_at = came.then(|| self.local(current.received_at));
        view.signed_by.clone_from(&current.signed_by);
        view.by.clone_from(&current.by);
        if told == Told::Whole {
            view.link = current.verified_link().map(|link| link.as_str().to_owned());
            let event =
                |event: &crate::domain::mail::invitation::InvitationEvent| InvitationEventView {
                    at: self.local(event.at),
                    state: event.state.as_str().to_owned(),
                    because: event.because.clone(),
                    by: event.by.clone(),
                };
            view.events = current.events.iter().map(event).collect();
        }
        Ok(view)
    }
}

/// Why an invitation stands as it does, and what a person does about it.
fn because(invitation: &Invitation, rule: Option<&InvitationRule>, books: &Books<'_>) -> String {
    let said = &invitation.because;
    let (company, app) = (books.slug, shell::word(invitation.key.app.as_str()));
    let by_hand = format!("`facteur invitations accept {company} {app} --by-hand`");
    match invitation.state {
        InvitationState::Accepted => said.clone(),
        InvitationState::Pending if invitation.recheck => format!("{said}; it is looked at again"),
        InvitationState::Pending => format!(
            "{said}: look at it in the mailbox before you follow it anywhere; once the bot is a \
             user, {by_hand}"
        ),
        InvitationState::Opening if invitation.is_being_opened(books.now) => said.clone(),
        InvitationState::Opening => format!(
            "its link may have been opened when the robot stopped: look at the tool; if the bot is \
             a user, {by_hand}, else the same without --by-hand"
        ),
        InvitationState::Failed => {
            format!("{said}: accept it in a browser, then {by_hand}")
        }
        InvitationState::Verified => match rule.map(|rule| may_open(invitation, rule, books)) {
            Some(Ok(_)) => format!("{said}; the robot accepts it in its next round"),
            Some(Err(why)) => format!(
                "{said}; {why}: accept it in a browser (`facteur invitations show {company} {app}`), then {by_hand}"
            ),
            None => said.clone(),
        },
    }
}

/// The link of a verified invitation, by the list of hosts of today.
fn openable(invitation: &Invitation, rule: &InvitationRule) -> Answer<Link> {
    let hint = "hint: look at it in the mailbox; one accepted in a browser: add --by-hand";
    let refuse = |because: &str| Error::Refused(format!("nothing is opened: {because}\n{hint}"));
    // One that isn't verified has none.
    let Some(link) = invitation.verified_link() else {
        return Err(refuse(&invitation.because));
    };
    Link::parse(link.as_str(), &rule.hosts).map_err(|because| refuse(&because))
}

fn refused(refusal: &Refusal) -> Error {
    Error::Refused(format!("{refusal}\nhint: `facteur invitations list` shows how it stands"))
}
