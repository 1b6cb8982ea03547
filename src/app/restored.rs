//! After an import: the documents' own marks prove what was sent since that export.

use std::sync::Arc;

use super::error::Answer;
use super::marks;
use super::robot::Robot;
use super::words::local_words;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::delivery::{Delivery, DeliveryId, HeldReason, State};
use crate::ports::store::{DeliveryFilter, StoreError};

/// Deliveries looked at in one go.
const PAGE: usize = 1000;

impl Robot {
    /// Settles what the import left held or in doubt where the document bears our mark for these
    /// very bytes. Runs before marks are set or taken away, or they would be no proof.
    pub(super) async fn settle_by_marks(&self, companies: &[Company]) -> Answer<()> {
        let identity = self.ports().store.identity().await?;
        let Some(imported_at) = identity.imported_at else { return Ok(()) };
        let held = Some(HeldReason::AfterImport);
        for (state, reason) in [(State::Held, held), (State::InDoubt, None)] {
            let filter =
                DeliveryFilter { states: vec![state], reason, ..DeliveryFilter::default() };
            let mut after: Option<DeliveryId> = None;
            loop {
                let page = self.ports().store.deliveries(&filter, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for delivery in page.iter().filter(|delivery| delivery.queued_at <= imported_at) {
                    let company = companies.iter().find(|company| company.id == delivery.company);
                    let Some(company) = company else { continue };
                    if let Some(at) = self.marked_since(&identity.id, company, delivery).await? {
                        self.prove(delivery, at).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// When the document was marked, if it bears our mark for what the delivery carries.
    async fn marked_since(
        &self,
        state_id: &str,
        company: &Company,
        delivery: &Delivery,
    ) -> Answer<Option<Timestamp>> {
        let Some(deposit) = self.ports().store.deposit(delivery.deposit).await? else {
            return Ok(None);
        };
        let folders = Arc::clone(&self.ports().folders);
        let (folder, path) = (company.folder.clone(), deposit.path);
        let mark = tokio::task::spawn_blocking(move || folders.mark(&folder, &path)).await?;
        // A file that is gone, or can't be read, proves nothing.
        let Some(mark) = mark.ok().flatten() else { return Ok(None) };
        let decisions = self.ports().store.decisions(company.id).await?;
        let apps = decisions.connections.keys();
        let proven = marks::proven(&mark, state_id, company.id, &delivery.content, apps);
        Ok(proven.contains(&delivery.app).then_some(mark.at))
    }

    async fn prove(&self, delivery: &Delivery, at: Timestamp) -> Answer<()> {
        let by = format!("the document's own mark of {}", local_words(&self.config(), at));
        match self.ports().store.prove(delivery.id, &by, self.now()).await {
            // A person came before.
            Ok(_) | Err(StoreError::Step(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
