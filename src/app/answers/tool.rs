//! Tools' own answers: which delivery one is about, and whether its word is taken.
//!
//! One that names the mail by what only its receivers know (a Message-ID, our subaddress) is
//! taken at its word; one that names the document alone must prove who wrote it. What no rule
//! understands, or nothing proves, is shown beside the delivery for a person.

use chrono::TimeDelta;

use super::super::error::Answer;
use super::super::robot::Robot;
use crate::domain::company::CompanyId;
use crate::domain::delivery::{Delivery, Reported, Source, UnreadAnswer};
use crate::domain::mail::mailbox::MailOutcome;
use crate::domain::mail::received::{Headers, ReceivedMail};
use crate::domain::mail::report::delivered_to;
use crate::domain::mail::senders::author;
use crate::domain::mail::tool_answer::{AnswerRule, ToolAnswer, answered, envelopes};
use crate::domain::profile::{AppId, Profile};
use crate::domain::template::Address;
use crate::ports::mails::MailEffect;
use crate::ports::store::DeliveryFilter;

/// How long after it was queued a document's name alone tells its delivery.
const NAMED_WITHIN: TimeDelta = TimeDelta::days(30);

/// Deliveries of one company and app looked at for a document's name.
const NAMES_LOOKED_AT_MAX: usize = 20_000;

/// Deliveries taken from the ledger in one go.
const PAGE: usize = 1_000;

type Told = (MailOutcome, Option<MailEffect>);

/// Which delivery an answer names.
enum Named {
    /// This one, and the attempt where it says so.
    One(Box<Delivery>, Option<u32>),
    /// Several.
    Several,
    /// None.
    None,
}

/// By what an answer names its delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// What only those know who have the mail.
    Mail,
    /// The document's name, which anybody may guess.
    Document,
}

impl Robot {
    /// Whether a mail may be an answer of a tool, by its headers alone: it names a mail of ours,
    /// or a rule knows who writes it.
    pub(super) async fn may_be_answer(&self, headers: &Headers) -> Answer<bool> {
        let config = self.config();
        let author = author(headers).ok();
        let rules = config.apps.values().flat_map(|profile| &profile.answers);
        if author.is_some_and(|author| rules.clone().any(|rule| rule.is_about(&author))) {
            return Ok(true);
        }
        let addresses = delivered_to(headers);
        let to_a_company = |profile: &Profile| {
            let made =
                |address: &String| profile.sender.slug_in(address, &config.firm.domain).is_some();
            addresses.iter().any(made)
        };
        if !envelopes(headers).is_empty() || config.apps.values().any(to_a_company) {
            return Ok(true);
        }
        for message_id in answered(headers).iter().flatten() {
            if self.ports().store.delivery_of_message(message_id).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a mail says of a delivery; unread where it names none.
    pub(super) async fn told_by_tool(&self, mail: &ReceivedMail) -> Answer<Told> {
        let answer = ToolAnswer::of(mail);
        match self.mail_named(&answer).await? {
            Named::One(delivery, attempt) => {
                self.taken_at_its_word(mail, &answer, &delivery, attempt, By::Mail).await
            }
            Named::Several => {
                let because = "it names several mails that were sent".to_owned();
                Ok((MailOutcome::Unmatched { because }, None))
            }
            Named::None => match self.document_named(&answer).await? {
                Named::One(delivery, attempt) => {
                    self.taken_at_its_word(mail, &answer, &delivery, attempt, By::Document).await
                }
                Named::Several | Named::None => Ok((MailOutcome::Unread, None)),
            },
        }
    }

    async fn taken_at_its_word(
        &self,
        mail: &ReceivedMail,
        answer: &ToolAnswer,
        delivery: &Delivery,
        attempt: Option<u32>,
        by: By,
    ) -> Answer<Told> {
        let config = self.config();
        let known = config.apps.get(&delivery.app);
        let found = known.and_then(|profile| {
            let rule = profile.answers.iter().find(|rule| rule.fits(answer))?;
            Some((profile, rule, rule.means.fate()?))
        });
        let Some((profile, rule, fate)) = found else {
            return Ok(to_read(mail, answer, delivery, "no rule knows what it means"));
        };
        if !delivery.was_sent() {
            return Ok(to_read(mail, answer, delivery, "its document was never sent"));
        }
        if by == By::Document
            && let Err(because) = self.is_written_by_tool(mail, answer, rule).await
        {
            let because = format!("it names the document alone, and {because}");
            return Ok(to_read(mail, answer, delivery, &because));
        }
        let writer = answer.author.as_ref().map(Address::to_string).unwrap_or_default();
        let reported = Reported {
            source: Source::Tool,
            fate,
            attempt,
            because: rule.reason(answer),
            reporter: Some(format!("{} ({writer})", profile.name)),
        };
        let outcome = MailOutcome::Answered { delivery: delivery.id, fate };
        Ok((outcome, Some(MailEffect::Reported(delivery.id, reported))))
    }

    /// Err: why nobody can say so, in words.
    async fn is_written_by_tool(
        &self,
        mail: &ReceivedMail,
        answer: &ToolAnswer,
        rule: &AnswerRule,
    ) -> Result<(), String> {
        let Some(author) = &answer.author else { return Err("it has no one writer".to_owned()) };
        let Some(origins) = &self.mail_room().origins else {
            return Err("signatures aren't verified here".to_owned());
        };
        match origins.signers(&mail.raw).await {
            Ok(signers) if rule.is_proven(author, &signers) => Ok(()),
            Ok(_) => Err(format!("no signature proves that {author} wrote it")),
            Err(because) => Err(format!("its signatures could not be verified: {because}")),
        }
    }

    /// By our subaddress, then by Message-IDs, the most telling place first.
    async fn mail_named(&self, answer: &ToolAnswer) -> Answer<Named> {
        for envelope in &answer.envelopes {
            if let Some((delivery, attempt)) = self.attempt_named(envelope).await? {
                return Ok(Named::One(Box::new(delivery), Some(attempt)));
            }
        }
        for place in &answer.named {
            let mut found: Option<Delivery> = None;
            for message_id in place {
                let delivery = self.ports().store.delivery_of_message(message_id).await?;
                match (&found, delivery) {
                    (Some(known), Some(other)) if known.id != other.id => {
                        return Ok(Named::Several);
                    }
                    (None, Some(delivery)) => found = Some(delivery),
                    (Some(_) | None, Some(_) | None) => {}
                }
            }
            if let Some(delivery) = found {
                return Ok(Named::One(Box::new(delivery), None));
            }
        }
        Ok(Named::None)
    }

    /// By the document's name, among what was sent lately from the address that is answered.
    async fn document_named(&self, answer: &ToolAnswer) -> Answer<Named> {
        let mut found = None;
        for (company, app) in self.connected_as(&answer.delivered_to).await? {
            for delivery in self.sent_lately(company, &app).await? {
                let is_answered = answer
                    .delivered_to
                    .iter()
                    .any(|address| address.eq_ignore_ascii_case(delivery.sender.as_str()));
                if !is_answered || !self.is_document_named(&delivery, answer).await? {
                    continue;
                }
                if found.is_some() {
                    return Ok(Named::Several);
                }
                found = Some(delivery);
            }
        }
        Ok(found.map_or(Named::None, |delivery| Named::One(Box::new(delivery), None)))
    }

    /// The connections whose bot has one of these addresses.
    async fn connected_as(&self, addresses: &[String]) -> Answer<Vec<(CompanyId, AppId)>> {
        let store = &self.ports().store;
        let mut found = Vec::new();
        for company in store.companies().await? {
            let decisions = store.decisions(company.id).await?;
            for (app, connection) in decisions.connections {
                let sender = connection.sender.as_str();
                if addresses.iter().any(|address| address.eq_ignore_ascii_case(sender)) {
                    found.push((company.id, app));
                }
            }
        }
        Ok(found)
    }

    async fn sent_lately(&self, company: CompanyId, app: &AppId) -> Answer<Vec<Delivery>> {
        let filter = DeliveryFilter {
            company: Some(company),
            app: Some(app.clone()),
            ..DeliveryFilter::default()
        };
        let since = self.now() - NAMED_WITHIN;
        let (mut lately, mut after, mut looked_at) = (Vec::new(), None, 0);
        while looked_at < NAMES_LOOKED_AT_MAX {
            let page = self.ports().store.deliveries(&filter, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            looked_at += page.len();
            let sent = |delivery: &Delivery| delivery.was_sent() && delivery.fresh_at > since;
            lately.extend(page.into_iter().filter(sent));
        }
        Ok(lately)
    }

    async fn is_document_named(&self, delivery: &Delivery, answer: &ToolAnswer) -> Answer<bool> {
        let deposit = self.ports().store.deposit(delivery.deposit).await?;
        let name = deposit
            .and_then(|deposit| std::str::from_utf8(deposit.path.name()).map(str::to_owned).ok());
        Ok(name.is_some_and(|name| answer.names_document(&name)))
    }
}

fn to_read(mail: &ReceivedMail, answer: &ToolAnswer, delivery: &Delivery, because: &str) -> Told {
    let from = mail.headers.first("From").unwrap_or_default();
    let unread = UnreadAnswer::new(from, &answer.subject, &answer.text, because);
    let outcome = MailOutcome::ToRead { delivery: delivery.id };
    (outcome, Some(MailEffect::ToRead(delivery.id, unread)))
}
