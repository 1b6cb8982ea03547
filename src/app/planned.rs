//! A round as people see it: what it did, or what it would do.

use super::error::Answer;
use super::inspect::problem_view;
use super::requests::Selection;
use super::robot::Robot;
use super::round::Rounded;
use super::views::{PlannedView, RoundView};
use crate::domain::delivery::State;
use crate::domain::deposit::{Deposit, Verdict};

impl Robot {
    /// A round that was only looked at: what it would queue, and what waits already.
    pub(super) async fn planned_round(&self, rounded: Rounded) -> Answer<RoundView> {
        let waiting = self.waiting(&rounded).await?;
        let mut view = self.round_view(rounded).await?;
        view.documents.extend(waiting);
        view.documents.sort_by(|one, other| {
            (&one.company, &one.path, &one.app).cmp(&(&other.company, &other.path, &other.app))
        });
        view.dry_run = true;
        Ok(view)
    }

    /// A round that was made.
    pub(super) async fn round_view(&self, rounded: Rounded) -> Answer<RoundView> {
        let report = rounded.report;
        let mut documents = Vec::new();
        for deposit in &rounded.deposits {
            documents.extend(self.planned_views(deposit).await?);
        }
        Ok(RoundView {
            observed: report.observed,
            deposited: report.deposited,
            queued: report.queued,
            sent: report.sent,
            deferred: report.deferred,
            refused: report.refused,
            held: report.held,
            in_doubt: report.in_doubt,
            cancelled: report.cancelled,
            duplicates: report.duplicates,
            settling: report.settling,
            elapsed_ms: report.elapsed_ms,
            dry_run: false,
            documents,
            problems: report.problems.iter().map(problem_view).collect(),
        })
    }

    /// What waited already and would go with a round, beside what it would queue.
    async fn waiting(&self, rounded: &Rounded) -> Answer<Vec<PlannedView>> {
        let now = self.now();
        let mut views = Vec::new();
        for state in [State::Queued, State::Deferred] {
            let selection = Selection { state: Some(state), ..Selection::default() };
            for delivery in self.selected(&selection).await? {
                let is_new = |deposit: &Deposit| deposit.number == delivery.deposit;
                if delivery.due_at > now || rounded.deposits.iter().any(is_new) {
                    continue;
                }
                let Some(deposit) = self.ports().store.deposit(delivery.deposit).await? else {
                    continue;
                };
                let company = self.company_by_id(delivery.company).await?;
                let because = delivery.events.last().map(|event| event.because.clone());
                views.push(PlannedView {
                    company: company.slug.to_string(),
                    path: deposit.path.to_string(),
                    app: delivery.app.to_string(),
                    state: state.as_str().to_owned(),
                    reason: None,
                    recipient: Some(delivery.recipient.to_string()),
                    because: because.unwrap_or_default(),
                });
            }
        }
        Ok(views)
    }

    async fn planned_views(&self, deposit: &Deposit) -> Answer<Vec<PlannedView>> {
        let company = self.company_by_id(deposit.company).await?;
        let mut views = Vec::new();
        for (app, verdict) in &deposit.verdicts {
            let row = |state: &str, because: String| PlannedView {
                company: company.slug.to_string(),
                path: deposit.path.to_string(),
                app: app.to_string(),
                state: state.to_owned(),
                reason: None,
                recipient: None,
                because,
            };
            match verdict {
                Verdict::Queued(id) => {
                    let Some(delivery) = self.ports().store.delivery(*id).await? else { continue };
                    let because = delivery.events.last().map(|event| event.because.clone());
                    views.push(PlannedView {
                        reason: delivery.reason.map(|reason| reason.as_str().to_owned()),
                        recipient: Some(delivery.recipient.to_string()),
                        ..row(delivery.state.as_str(), because.unwrap_or_default())
                    });
                }
                Verdict::Duplicate(of) => {
                    views.push(row(
                        "duplicate",
                        format!("the same content is delivery {of} already"),
                    ));
                }
                Verdict::Due(_) => {
                    views.push(row("settling", "it may still be written to".to_owned()));
                }
                Verdict::Skipped(_) => {}
            }
        }
        Ok(views)
    }
}
