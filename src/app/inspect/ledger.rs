//! `deliveries` and `history`.

use crate::app::error::{Answer, Error};
use crate::app::requests::Selection;
use crate::app::robot::Robot;
use crate::app::views::{DeliveryView, HistoryView};
use crate::app::words::delivery_id;
use crate::domain::company::Company;
use crate::domain::delivery::{Delivery, State};
use crate::ports::store::{DeliveryFilter, StoreError};

/// Deliveries read at once.
const PAGE: usize = 1000;

/// Deliveries of one answer; more are to be filtered.
const DELIVERIES_MAX: usize = 100_000;

/// Lines of history of one answer.
const HISTORY_MAX: usize = 10_000;

impl Robot {
    /// The deliveries that are selected, by id.
    pub(in crate::app) async fn selected(&self, selection: &Selection) -> Answer<Vec<Delivery>> {
        let store = &self.ports().store;
        if !selection.ids.is_empty() {
            let mut deliveries = Vec::new();
            for words in &selection.ids {
                let id = delivery_id(words)?;
                let found = store.delivery(id).await?;
                deliveries.push(found.ok_or_else(|| {
                    Error::Words(format!(
                        "there is no delivery {id}\nhint: `facteur deliveries` lists them"
                    ))
                })?);
            }
            return Ok(deliveries);
        }
        let company = match &selection.company {
            Some(words) => match self.company_named(words).await?.known {
                Some(company) => Some(company.id),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let app = match &selection.app {
            Some(words) => Some(self.app_ever_known(words).await?),
            None => None,
        };
        let filter = DeliveryFilter {
            states: selection.state.into_iter().collect(),
            company,
            app,
            reason: selection.reason,
        };
        let mut deliveries: Vec<Delivery> = Vec::new();
        while deliveries.len() < DELIVERIES_MAX {
            let after = deliveries.last().map(|delivery| delivery.id);
            let page = store.deliveries(&filter, after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            deliveries.extend(page);
        }
        Ok(deliveries)
    }

    /// The ledger.
    pub(in crate::app) async fn deliveries(
        &self,
        selection: &Selection,
    ) -> Answer<Vec<DeliveryView>> {
        let companies = self.ports().store.companies().await?;
        let mut views = Vec::new();
        for delivery in self.selected(selection).await? {
            views.push(self.delivery_view(&companies, delivery).await?);
        }
        Ok(views)
    }

    async fn delivery_view(
        &self,
        companies: &[Company],
        delivery: Delivery,
    ) -> Answer<DeliveryView> {
        let company = companies.iter().find(|company| company.id == delivery.company);
        let deposit = self.ports().store.deposit(delivery.deposit).await?;
        let waits = matches!(delivery.state, State::Queued | State::Deferred);
        let answers_to_read = delivery.answers_to_read();
        Ok(DeliveryView {
            id: delivery.id.to_string(),
            company: company.map(|company| company.slug.to_string()).unwrap_or_default(),
            path: deposit.map(|deposit| deposit.path.to_string()).unwrap_or_default(),
            app: delivery.app.to_string(),
            state: delivery.state.as_str().to_owned(),
            reason: delivery.reason.map(|reason| reason.as_str().to_owned()),
            message_id: delivery.message_id,
            sender: delivery.sender.to_string(),
            recipient: delivery.recipient.to_string(),
            sha256: hex::encode(delivery.content.sha256),
            size: delivery.content.size,
            attempts: delivery.attempt,
            last_answer: delivery.last_answer,
            answers_to_read,
            queued_at: self.local(delivery.queued_at),
            due_at: waits.then(|| self.local(delivery.due_at)),
            rehearsal: delivery.rehearsal,
        })
    }

    /// Who decided what, newest first.
    pub(in crate::app) async fn history_view(
        &self,
        company: Option<&str>,
    ) -> Answer<Vec<HistoryView>> {
        let company = match company {
            Some(words) => Some(self.known_company(words).await?.id),
            None => None,
        };
        let history = match self.ports().store.history(company, HISTORY_MAX).await {
            Err(StoreError::NotFound(_)) => Vec::new(),
            history => history?,
        };
        let views = history.into_iter().map(|entry| HistoryView {
            at: self.local(entry.at),
            by: entry.by,
            what: entry.what,
            company: entry.company.map(String::from),
            folder: entry.folder.map(|folder| folder.to_string()),
            app: entry.app.map(String::from),
            detail: entry.detail,
        });
        Ok(views.collect())
    }
}
