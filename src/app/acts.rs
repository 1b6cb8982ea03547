//! What people do to deliveries: retry, release, cancel, settle, resend.

use super::backfill::inbox_of;
use super::connect::refuse_disabled;
use super::error::{Answer, Error};
use super::observe::commit_deposit;
use super::queue::candidate;
use super::requests::Selection;
use super::robot::Robot;
use super::views::{ActedView, RefusedView};
use super::words::count_words;
use crate::domain::company::{Company, CompanyHoldReason};
use crate::domain::delivery::{Act, Delivery, HeldReason, State, StepRefusal};
use crate::domain::deposit::{Cause, Deposit, Due, Fate, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::ports::store::StoreError;

/// What acts on deliveries came to.
#[derive(Debug)]
pub(super) struct Acted {
    pub(super) view: ActedView,
    /// What is to be confirmed first; nothing was done.
    pub(super) question: Option<String>,
    /// Why nothing at all was changed, with the remedy.
    pub(super) failure: Option<String>,
}

/// Why an act doesn't fit a delivery, and what does.
pub(super) struct Obstacle {
    problem: String,
    remedy: String,
}

impl Robot {
    /// Does something to deliveries. Without ids, and not confirmed, it only counts them.
    pub(super) async fn act(
        &self,
        act: Act,
        selection: &Selection,
        confirmed: bool,
        by: &str,
    ) -> Answer<Acted> {
        let root = self.root_to_accept(act, selection).await?;
        let by_id = !selection.ids.is_empty();
        let mut deliveries = self.selected(selection).await?;
        if !by_id {
            deliveries.retain(|delivery| act.applies_to(delivery.state));
        }
        let count = deliveries.len() as u64;
        let view = ActedView { count, changed: Vec::new(), refused: Vec::new() };
        if !by_id && !confirmed {
            let question = question(act, count, root.as_ref());
            return Ok(Acted { view, question, failure: None });
        }
        if let Some(company) = root {
            self.accept_root(&company, by).await?;
        }
        let mut acted = Acted { view, question: None, failure: None };
        for delivery in deliveries {
            let id = delivery.id.to_string();
            let Some(Obstacle { problem, remedy }) = self.act_on_one(act, &delivery, by).await?
            else {
                acted.view.changed.push(id);
                continue;
            };
            acted.failure.get_or_insert(format!("delivery {id}: {problem}\nhint: {remedy}"));
            acted.view.refused.push(RefusedView { id, because: format!("{problem}; {remedy}") });
        }
        if !acted.view.changed.is_empty() {
            acted.failure = None;
        }
        acted.view.count = acted.view.changed.len() as u64;
        self.shared.poke();
        Ok(acted)
    }

    async fn act_on_one(
        &self,
        act: Act,
        delivery: &Delivery,
        by: &str,
    ) -> Answer<Option<Obstacle>> {
        // What a person knows of a doubt is told whatever can be sent now.
        let tells = act == Act::SettleNotSent;
        if queues(act) && !tells && act.applies_to(delivery.state) {
            let obstacle = self.obstacle_to_sending(delivery).await?;
            if obstacle.is_some() {
                return Ok(obstacle);
            }
        }
        match self.ports().store.act(delivery.id, act, by, self.now()).await {
            Ok(_) => Ok(None),
            Err(StoreError::Step(step)) => Ok(Some(unfit(act, delivery, &step))),
            Err(StoreError::Duplicate(other)) => {
                let found = self.ports().store.delivery(other).await?;
                let found = found.ok_or(StoreError::Duplicate(other))?;
                Ok(Some(duplicate(delivery, &found)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Why a delivery could not leave if it were queued: it would wait for ever, or be held again.
    pub(super) async fn obstacle_to_sending(
        &self,
        delivery: &Delivery,
    ) -> Answer<Option<Obstacle>> {
        let config = self.config();
        let app = &delivery.app;
        let obstacle = |problem: String, remedy: String| Ok(Some(Obstacle { problem, remedy }));
        if !config.apps.get(app).is_some_and(|profile| profile.enabled) {
            return obstacle(
                format!("{app} is turned off in routes.toml"),
                format!("`enabled = true` in [apps.{app}] comes first"),
            );
        }
        let decisions = self.ports().store.decisions(delivery.company).await?;
        if !decisions.connections.get(app).is_some_and(|found| found.connected) {
            let slug = self.company_by_id(delivery.company).await?.slug;
            return obstacle(
                format!("{app} is not connected to {slug}"),
                format!("`facteur connect {slug} {app}` comes first"),
            );
        }
        match (&config.mail.redirect_to, delivery.rehearsal) {
            (Some(_), false) => obstacle(
                "a rehearsal is on (`redirect_to`), and it was queued for the tool".to_owned(),
                "end the rehearsal in routes.toml first".to_owned(),
            ),
            (redirected, true) if redirected.as_ref() != Some(&delivery.recipient) => obstacle(
                "it belongs to a rehearsal (`redirect_to`) that is over".to_owned(),
                "`facteur backfill` sends its document to the tool".to_owned(),
            ),
            (Some(_) | None, _) => Ok(None),
        }
    }

    /// The company whose root a person accepts by releasing it.
    async fn root_to_accept(&self, act: Act, selection: &Selection) -> Answer<Option<Company>> {
        let Some(words) = &selection.company else { return Ok(None) };
        if act != Act::Release || selection.reason != Some(HeldReason::RootChanged) {
            return Ok(None);
        }
        let company = self.known_company(words).await?;
        let is_held =
            company.hold.as_ref().is_some_and(|hold| hold.reason == CompanyHoldReason::RootChanged);
        let is_meant = is_held || self.another_root(&company).is_some();
        Ok(is_meant.then_some(company))
    }

    /// Sends one document of a company to an app once more; a duplicate gets a delivery of its
    /// own.
    pub(super) async fn resend_document(
        &self,
        company: &str,
        path: &TreePath,
        app: &str,
        by: &str,
    ) -> Answer<Acted> {
        let company = self.known_company(company).await?;
        let (app, profile) = self.app_named(app)?;
        refuse_disabled(&app, &profile)?;
        let deposits = self.ports().store.deposits_at(company.id, path).await?;
        let deposit = deposits.into_iter().next().ok_or_else(|| never_deposited(path, &app))?;
        let id = match deposit.verdicts.get(&app) {
            Some(Verdict::Queued(id)) => *id,
            Some(Verdict::Duplicate(_)) => {
                return self.send_duplicate(&company, deposit, &app, by).await;
            }
            Some(Verdict::Due(_)) => {
                return Err(Error::Words(format!(
                    "`{path}` has not gone to {app} yet: it is still settling\nhint: wait for the next round"
                )));
            }
            Some(Verdict::Skipped(_)) | None => return Err(never_deposited(path, &app)),
        };
        let selection = Selection { ids: vec![id.to_string()], ..Selection::default() };
        self.act(Act::Resend, &selection, true, by).await
    }

    async fn send_duplicate(
        &self,
        company: &Company,
        mut deposit: Deposit,
        app: &AppId,
        by: &str,
    ) -> Answer<Acted> {
        let store = &self.ports().store;
        let cause = Cause::Backfill { by: by.to_owned() };
        let decisions = store.decisions(company.id).await?;
        let inbox = inbox_of(app, &decisions, &deposit.path);
        let due = Due { cause, inbox, fate: Fate::Queue };
        deposit.verdicts.insert(app.clone(), Verdict::Due(due.clone()));
        deposit.tell(self.now(), format!("{by} asked to send it although it is a duplicate"));
        let content = self.hash(company, &deposit).await?;
        let config = self.config();
        let candidate =
            candidate(&config, &decisions, company, &deposit, app, &due).map(|candidate| {
                crate::ports::store::Candidate { duplicates_allowed: true, ..candidate }
            });
        let number = deposit.number;
        commit_deposit(self, company.id, deposit).await?;
        let candidates = candidate.into_iter().collect();
        let verdicts = store.queue(number, content, candidates, None, self.now()).await?;
        self.shared.poke();
        let changed: Vec<String> = match verdicts.get(app) {
            Some(Verdict::Queued(id)) => vec![id.to_string()],
            Some(Verdict::Due(_) | Verdict::Duplicate(_) | Verdict::Skipped(_)) | None => {
                Vec::new()
            }
        };
        let view = ActedView { count: changed.len() as u64, changed, refused: Vec::new() };
        Ok(Acted { view, question: None, failure: None })
    }
}

fn question(act: Act, count: u64, root: Option<&Company>) -> Option<String> {
    let number = count_words(count, "delivery", "deliveries");
    match root {
        Some(company) => Some(format!(
            "take what is at `{}` now as the folder of {}, and {} {number}?",
            company.folder,
            company.slug,
            act.as_str()
        )),
        None if count > 0 => Some(format!("{} {number}?", act.as_str())),
        None => None,
    }
}

fn queues(act: Act) -> bool {
    match act {
        Act::Retry | Act::Release | Act::SettleNotSent | Act::Resend => true,
        Act::Cancel | Act::SettleSent => false,
    }
}

/// The same document is with another delivery: one that waits can make room, one that left can't.
fn duplicate(delivery: &Delivery, other: &Delivery) -> Obstacle {
    let (id, of) = (delivery.id, other.id);
    let waits = Act::Cancel.applies_to(other.state) && !other.was_sent();
    let closes = match delivery.state {
        State::Refused => format!("; `facteur cancel {id}` closes this one"),
        State::Queued
        | State::Sending
        | State::Deferred
        | State::Sent
        | State::InDoubt
        | State::Held
        | State::Cancelled => String::new(),
    };
    if waits {
        return Obstacle {
            problem: format!("the same document is with delivery {of} already"),
            remedy: format!(
                "`facteur deliveries` shows that one; cancel {of} to send this{closes}"
            ),
        };
    }
    let has = match other.state {
        State::Sent => "has",
        State::Queued
        | State::Sending
        | State::Deferred
        | State::Refused
        | State::InDoubt
        | State::Held
        | State::Cancelled => "may have",
    };
    Obstacle {
        problem: format!("the tool {has} this content by delivery {of} already"),
        remedy: format!("nothing more is to be sent{closes}"),
    }
}

fn never_deposited(path: &TreePath, app: &AppId) -> Error {
    Error::Words(format!(
        "`{path}` was never sent to {app}\nhint: `facteur why` tells why; `facteur backfill` sends older documents"
    ))
}

fn unfit(act: Act, delivery: &Delivery, step: &StepRefusal) -> Obstacle {
    let id = delivery.id;
    let problem = match step {
        StepRefusal::State { state } => {
            let state = state.as_str().replace('_', " ");
            format!("it is {state}: `{}` doesn't apply", act.as_str())
        }
        StepRefusal::OldAttempt { .. } | StepRefusal::Leased | StepRefusal::NotDue { .. } => {
            step.to_string()
        }
    };
    let remedy = match delivery.state {
        State::Queued => format!("it goes by itself; `facteur cancel {id}` stops it"),
        State::Sending => "look again when it has left".to_owned(),
        State::Deferred => format!("`facteur retry {id}` sends it now"),
        State::Sent => format!("`facteur resend {id}` sends it once more"),
        State::Refused => {
            format!("`facteur retry {id}` sends it, `facteur cancel {id}` closes it")
        }
        State::Cancelled => format!("`facteur retry {id}` sends it"),
        State::InDoubt => {
            format!("look in the tool, then `facteur settle {id} --sent` or `--not-sent`")
        }
        State::Held => format!("`facteur release {id}` sends it, `facteur cancel {id}` doesn't"),
    };
    Obstacle { problem, remedy }
}
