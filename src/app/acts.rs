//! What people do to deliveries: retry, release, cancel, settle, resend.

use super::error::{Answer, Error};
use super::observe::commit_deposit;
use super::queue::candidate;
use super::requests::Selection;
use super::robot::Robot;
use super::views::{ActedView, RefusedView};
use crate::domain::company::CompanyHoldReason;
use crate::domain::delivery::{Act, Delivery, HeldReason};
use crate::domain::deposit::{Cause, Deposit, Due, Fate, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::ports::store::StoreError;

impl Robot {
    /// Does something to deliveries. Without ids, and not confirmed, it only counts them.
    pub(super) async fn act(
        &self,
        act: Act,
        selection: &Selection,
        confirmed: bool,
        by: &str,
    ) -> Answer<ActedView> {
        if act == Act::Release && selection.reason == Some(HeldReason::RootChanged) {
            self.release_root(selection, by).await?;
        }
        let by_id = !selection.ids.is_empty();
        let mut deliveries = self.selected(selection).await?;
        if !by_id {
            deliveries.retain(|delivery| act.applies_to(delivery.state));
        }
        let mut view =
            ActedView { count: deliveries.len() as u64, changed: Vec::new(), refused: Vec::new() };
        if !by_id && !confirmed {
            return Ok(view);
        }
        for delivery in deliveries {
            match self.ports().store.act(delivery.id, act, by, self.now()).await {
                Ok(_) => view.changed.push(delivery.id.to_string()),
                Err(error @ (StoreError::Step(_) | StoreError::Duplicate(_))) => {
                    view.refused.push(refused(act, &delivery, &error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        view.count = view.changed.len() as u64;
        self.shared.poke();
        Ok(view)
    }

    async fn release_root(&self, selection: &Selection, by: &str) -> Answer<()> {
        let Some(words) = &selection.company else { return Ok(()) };
        let company = self.known_company(words).await?;
        let is_held =
            company.hold.as_ref().is_some_and(|hold| hold.reason == CompanyHoldReason::RootChanged);
        if is_held || self.another_root(&company).is_some() {
            self.accept_root(&company, by).await?;
        }
        Ok(())
    }

    /// Sends one document of a company to an app once more; a duplicate gets a delivery of its
    /// own.
    pub(super) async fn resend_document(
        &self,
        company: &str,
        path: &TreePath,
        app: &str,
        by: &str,
    ) -> Answer<ActedView> {
        let company = self.known_company(company).await?;
        let (app, _) = self.app_named(app)?;
        let deposits = self.ports().store.deposits_at(company.id, path).await?;
        let deposit = deposits.into_iter().next().ok_or_else(|| never_deposited(path))?;
        let id = match deposit.verdicts.get(&app) {
            Some(Verdict::Queued(id)) => *id,
            Some(Verdict::Duplicate(_)) => {
                return self.send_duplicate(&company, deposit, &app, by).await;
            }
            Some(Verdict::Due(_)) => {
                return Err(Error::Words(format!(
                    "`{path}` has not gone to {app} yet: it is still settling"
                )));
            }
            Some(Verdict::Skipped(_)) | None => return Err(never_deposited(path)),
        };
        let selection = Selection { ids: vec![id.to_string()], ..Selection::default() };
        self.act(Act::Resend, &selection, true, by).await
    }

    async fn send_duplicate(
        &self,
        company: &crate::domain::company::Company,
        mut deposit: Deposit,
        app: &AppId,
        by: &str,
    ) -> Answer<ActedView> {
        let store = &self.ports().store;
        let cause = Cause::Backfill { by: by.to_owned() };
        let due = Due { cause, inbox: None, fate: Fate::Queue };
        deposit.verdicts.insert(app.clone(), Verdict::Due(due.clone()));
        deposit.tell(self.now(), format!("{by} asked to send it although it is a duplicate"));
        let content = self.hash(company, &deposit).await?;
        let decisions = store.decisions(company.id).await?;
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
        Ok(ActedView { count: changed.len() as u64, changed, refused: Vec::new() })
    }
}

fn never_deposited(path: &TreePath) -> Error {
    Error::Words(format!(
        "`{path}` was never sent to that app\nhint: `facteur why` tells why; `facteur backfill` sends older documents"
    ))
}

fn refused(act: Act, delivery: &Delivery, error: &StoreError) -> RefusedView {
    let because = match error {
        StoreError::Step(_) => {
            format!("it is {}; `{}` doesn't apply", delivery.state.as_str(), act.as_str())
        }
        StoreError::Conflict
        | StoreError::Duplicate(_)
        | StoreError::OverLimit(_)
        | StoreError::NotFound(_)
        | StoreError::Unreadable { .. }
        | StoreError::Unknown(_)
        | StoreError::Import(_) => error.to_string(),
    };
    RefusedView { id: delivery.id.to_string(), because }
}
