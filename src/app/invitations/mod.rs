//! Invitations accepted: by the robot, which opens the link of a verified one once, or by a person.
//!
//! That a link is about to be opened is durable before it is: after a stop in between, it is told
//! that it may have been, and the robot doesn't open it by itself again.

mod asked;
mod standing;

use super::entries::ROBOT;
use super::error::Answer;
use super::robot::Robot;
use crate::domain::company::Company;
use crate::domain::decision::HistoryEntry;
use crate::domain::mail::invitation::{
    Books, Invitation, InvitationRule, InvitationState, InvitationStep, Link, Refusal, may_open,
};
use crate::domain::profile::AppId;
use crate::ports::web::Web;

/// Redirects followed from one link.
const REDIRECTS_MAX: usize = 5;

/// What is opened, and for whom.
struct Opening<'a> {
    company: &'a Company,
    invitation: &'a Invitation,
    link: Link,
    rule: &'a InvitationRule,
    /// None: the robot by itself.
    by: Option<&'a str>,
}

impl Robot {
    /// Accepts what the profiles leave to the robot.
    pub(super) async fn accept_invitations(&self) -> Answer<()> {
        let config = self.config();
        // A rehearsal leaves the tools alone.
        if self.mail_room().web.is_none() || config.mail.redirect_to.is_some() {
            return Ok(());
        }
        for connected in self.invited_connections().await? {
            if self.shared.is_stopping() {
                break;
            }
            let company = &connected.company;
            let Some(rule) = config.apps.get(&connected.app).filter(|app| app.enabled) else {
                continue;
            };
            let Some(rule) = &rule.invitation else { continue };
            let Some(invitation) = connected.standing().current else { continue };
            let books = self.books(company).await?;
            let Ok(link) = may_open(invitation, rule, &books) else { continue };
            let link = link.clone();
            let opened =
                self.open_link(Opening { company, invitation, link, rule, by: None }).await?;
            if let Err(refusal) = opened {
                tracing::info!(%refusal, "an invitation was dealt with meanwhile");
            }
        }
        Ok(())
    }

    async fn books<'a>(&self, company: &'a Company) -> Answer<Books<'a>> {
        Ok(Books {
            name: &company.name,
            slug: company.slug.as_str(),
            imported_at: self.ports().store.identity().await?.imported_at,
            now: self.now(),
        })
    }

    /// Opens a link: the intent, the opening, the result.
    async fn open_link(&self, opening: Opening<'_>) -> Answer<Result<Invitation, Refusal>> {
        let Opening { company, invitation, link, rule, by } = opening;
        let Some(web) = &self.mail_room().web else {
            return Ok(Err(Refusal("nothing here opens links".to_owned())));
        };
        let store = &self.ports().store;
        let key = &invitation.key;
        let by_whom = || by.map(str::to_owned);
        let intent = InvitationStep::Open { by: by_whom() };
        let begun = match store.step_invitation(key, intent, None, self.now()).await? {
            Ok(begun) => begun,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let result = follow(web.as_ref(), link, rule).await;
        match &result {
            Ok(_) => tracing::info!(app = %key.app, "an invitation was accepted"),
            Err(because) => {
                tracing::warn!(app = %key.app, because, "an invitation was not accepted");
            }
        }
        let entry = result.is_ok().then(|| {
            self.accept_entry(company, &key.app, by.unwrap_or(ROBOT), "by opening its link")
        });
        let step = InvitationStep::Opened { opening: begun.openings, by: by_whom(), result };
        Ok(store.step_invitation(key, step, entry, self.now()).await?)
    }

    fn accept_entry(&self, company: &Company, app: &AppId, by: &str, detail: &str) -> HistoryEntry {
        let entry = self.company_entry(company, by, "accept invitation", detail.to_owned());
        HistoryEntry { app: Some(app.clone()), ..entry }
    }
}

/// Opens a link and goes where its server sends on to, as long as that is on the list. Ok: the
/// tool has taken it, in words; no words hold more of an address than its host.
async fn follow(web: &dyn Web, link: Link, rule: &InvitationRule) -> Result<String, String> {
    let mut link = link;
    for _ in 0..=REDIRECTS_MAX {
        let answer = web.get(link.as_str()).await?;
        let (host, status) = (link.host(), answer.status);
        match (status, &answer.location) {
            (200..=299, _) => {
                let is_taken = rule.accepted.as_ref().is_none_or(|page| page.finds(&answer.text));
                return if is_taken {
                    Ok(format!("{host} answered {status}"))
                } else {
                    Err(format!("{host} answered {status}, and not that it is accepted"))
                };
            }
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                let further = link.redirected(location, &rule.hosts);
                link = further.map_err(|because| format!("{host} sends on, but {because}"))?;
            }
            (_, _) => return Err(format!("{host} answered {status}")),
        }
    }
    Err(format!("its server sends on more than {REDIRECTS_MAX} times"))
}

/// Whether an invitation is left to be accepted at all.
fn is_left(invitation: &Invitation) -> bool {
    match invitation.state {
        InvitationState::Accepted => false,
        InvitationState::Pending
        | InvitationState::Verified
        | InvitationState::Opening
        | InvitationState::Failed => true,
    }
}
