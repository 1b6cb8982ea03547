//! A tool's invitation of the bot: which company it is for, and whether it comes from the tool.

use chrono::DateTime;

use super::super::error::Answer;
use super::super::robot::Robot;
use super::answer::ANSWER_BYTES_MAX;
use super::pass::{Broken, shown};
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::mail::invitation::{
    Invitation, InvitationRule, InvitationState, InvitationStep, Invited, Origin, addressed,
};
use crate::domain::mail::mailbox::{Cursor, MailOutcome};
use crate::domain::mail::received::{Headers, MailIdentity, ReceivedMail};
use crate::domain::profile::AppId;
use crate::domain::template::Address;
use crate::ports::mailbox::{MailboxError, Session};
use crate::ports::mails::MailEffect;

/// Invitations of one mailbox that are looked at again in one pass.
const RECHECKS_MAX: usize = 20;

/// A connection whose bot a mail may invite.
struct Candidate {
    company: Company,
    app: AppId,
    sender: Address,
    rule: InvitationRule,
}

impl Robot {
    /// Whether a mail may invite the bot, by its headers alone.
    pub(super) fn may_invite(&self, headers: &Headers) -> bool {
        let config = self.config();
        let mut rules = config.apps.values().filter(|app| app.enabled);
        rules.any(|app| app.invitation.as_ref().is_some_and(|rule| rule.may_be(headers)))
    }

    /// The invitation in a mail; none in a mail that is none.
    pub(super) async fn invited(
        &self,
        mail: &ReceivedMail,
    ) -> Answer<Option<(MailOutcome, Option<MailEffect>)>> {
        let config = self.config();
        let rules = config.apps.iter().filter(|(_, profile)| profile.enabled);
        let rules = rules.filter_map(|(app, profile)| Some((app, profile.invitation.as_ref()?)));
        let rules: Vec<_> = rules.filter(|(_, rule)| rule.recognises(mail)).collect();
        if rules.is_empty() {
            return Ok(None);
        }
        let candidate = match one_of(self.candidates(&rules, mail).await?, mail) {
            Ok(candidate) => candidate,
            Err(because) => return Ok(Some((MailOutcome::Unmatched { because }, None))),
        };
        let Candidate { company, app, sender, rule } = candidate;
        let invited = Invited {
            company: company.id,
            app: app.clone(),
            origin: self.origin(&rule, mail, &sender).await,
            sender,
            from: shown(&mail.headers, "From"),
            subject: shown(&mail.headers, "Subject"),
            names: rule.company_in(mail),
            written_at: written_at(&mail.headers),
        };
        let outcome = MailOutcome::Invited { company: company.id, app };
        Ok(Some((outcome, Some(MailEffect::Invited(Box::new(invited))))))
    }

    /// The connections whose sender the mail came to.
    async fn candidates(
        &self,
        rules: &[(&AppId, &InvitationRule)],
        mail: &ReceivedMail,
    ) -> Answer<Vec<Candidate>> {
        let addressed = addressed(&mail.headers);
        let mut found = Vec::new();
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            for (app, rule) in rules {
                let connection = decisions.connections.get(*app);
                let Some(connection) = connection.filter(|found| found.connected) else { continue };
                let sender = connection.sender.clone();
                if addressed.iter().any(|to| to.eq_ignore_ascii_case(sender.as_str())) {
                    let (company, app) = (company.clone(), (*app).clone());
                    found.push(Candidate { company, app, sender, rule: (*rule).clone() });
                }
            }
        }
        Ok(found)
    }

    async fn origin(&self, rule: &InvitationRule, mail: &ReceivedMail, sender: &Address) -> Origin {
        let Some(origins) = &self.mail_room().origins else {
            return Origin::unknown("nothing here verifies signatures");
        };
        match origins.signers(&mail.raw).await {
            Ok(signers) => rule.origin(mail, sender.as_str(), &signers),
            Err(because) => Origin::unknown(because),
        }
    }

    /// Looks again at invitations of this mailbox whose origin nobody could say, in their mails.
    pub(super) async fn recheck_invitations(
        &self,
        address: &str,
        cursor: Cursor,
        session: &mut dyn Session,
    ) -> Answer<Result<(), Broken>> {
        let store = &self.ports().store;
        let open = |known: &Invitation| known.recheck && known.state == InvitationState::Pending;
        let waiting = store.invitations().await?.into_iter().filter(open);
        for invitation in waiting.take(RECHECKS_MAX) {
            let config = self.config();
            let rule = config.apps.get(&invitation.key.app);
            let Some(rule) = rule.and_then(|app| app.invitation.as_ref()) else { continue };
            let mail = store.invitation_mail(&invitation.key).await?;
            let is_here = mail.mailbox == address && mail.place.validity == cursor.validity;
            if !is_here || invitation.is_expired(rule, self.now()) {
                continue;
            }
            let origin = match session.fetch(mail.place.uid, ANSWER_BYTES_MAX).await {
                Ok(found) if Some(MailIdentity::of_content(&found)) != mail.content => {
                    Origin::unproven("another mail is in its place")
                }
                Ok(found) => self.origin(rule, &found, &invitation.sender).await,
                Err(MailboxError::Gone) => Origin::unproven("its mail is gone from the mailbox"),
                Err(MailboxError::Odd(because)) => Origin::unproven(because),
                Err(error @ MailboxError::Lost(_)) => return Ok(Err(error.into())),
            };
            let step = InvitationStep::Checked(origin);
            if let Err(refusal) =
                store.step_invitation(&invitation.key, step, None, self.now()).await?
            {
                tracing::info!(%refusal, "an invitation was dealt with meanwhile");
            }
        }
        Ok(Ok(()))
    }
}

/// The one that is meant: by its address, and of several by the company's name.
fn one_of(mut candidates: Vec<Candidate>, mail: &ReceivedMail) -> Result<Candidate, String> {
    let named = |one: &Candidate| {
        let named = one.rule.company_in(mail);
        let (name, slug) = (&one.company.name, one.company.slug.as_str());
        named.is_some() && one.rule.is_named(named.as_deref(), name, slug)
    };
    let all: Vec<String> =
        candidates.iter().map(|one| format!("{} of {}", one.app, one.company.slug)).collect();
    if candidates.len() > 1 {
        candidates.retain(named);
    }
    match (candidates.pop(), candidates.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) if all.is_empty() => {
            Err("it invites an address that is no connection's sender".to_owned())
        }
        (Some(_), false) | (None, _) => Err(format!(
            "it invites a sender of several connections ({}): look at it, accept it in a browser, \
             then `facteur invitations accept COMPANY APP --by-hand`",
            all.join(", ")
        )),
    }
}

/// `Date` (RFC 5322 §3.6.1).
fn written_at(headers: &Headers) -> Option<Timestamp> {
    let date = DateTime::parse_from_rfc2822(headers.first("Date")?).ok()?;
    Some(date.to_utc())
}
