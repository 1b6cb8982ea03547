//! Doubts: nobody knows whether the tool has it; a person says, or once the app's policy.

use super::error::Answer;
use super::robot::Robot;
use crate::domain::decision::Coverage;
use crate::domain::delivery::{Act, Delivery, Event, State};
use crate::domain::profile::InDoubtPolicy;
use crate::domain::verdict::folder_of;
use crate::ports::store::{DeliveryFilter, StoreError};

/// A delivery in doubt is sent again by a policy this many times, then it waits for a person.
const AUTOMATIC_RESENDS_MAX: usize = 1;

/// Who signs a resend by policy.
const POLICY: &str = "the app's in_doubt policy";

/// Deliveries in doubt looked at in one go.
const DOUBTS_PAGE: usize = 1000;

impl Robot {
    /// The `in_doubt` policy of each app, for deliveries in doubt that no proof settled.
    pub(super) async fn settle_doubts(&self) -> Answer<()> {
        let config = self.config();
        let resends = config.apps.iter().filter(|(_, profile)| match profile.in_doubt {
            InDoubtPolicy::Resend => true,
            InDoubtPolicy::Hold => false,
        });
        for (app, _) in resends {
            let filter = DeliveryFilter {
                states: vec![State::InDoubt],
                app: Some(app.clone()),
                ..DeliveryFilter::default()
            };
            let mut after = None;
            loop {
                let page = self.ports().store.deliveries(&filter, after, DOUBTS_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for delivery in page {
                    self.settle_doubt(&delivery).await?;
                }
            }
        }
        Ok(())
    }

    /// Sends a delivery in doubt again by policy, unless that was done before, or what was decided
    /// since would not send it (R14).
    async fn settle_doubt(&self, delivery: &Delivery) -> Answer<()> {
        let by_policy = |event: &&Event| event.by.as_deref() == Some(POLICY);
        if delivery.events.iter().filter(by_policy).count() >= AUTOMATIC_RESENDS_MAX {
            return Ok(());
        }
        let store = &self.ports().store;
        let Some(deposit) = store.deposit(delivery.deposit).await? else { return Ok(()) };
        let decisions = store.decisions(delivery.company).await?;
        let folder = folder_of(&deposit.path);
        let coverage = decisions.coverage(&delivery.app, &folder, &delivery.cause);
        if coverage != Coverage::Covered || self.obstacle_to_sending(delivery).await?.is_some() {
            return Ok(());
        }
        match store.act(delivery.id, Act::Resend, POLICY, self.now()).await {
            // Settled by a person, or disconnected, meanwhile.
            Ok(_) | Err(StoreError::Step(_) | StoreError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
