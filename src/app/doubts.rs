//! Doubts: nobody knows whether the tool has it; a person says, or once the app's policy.

use chrono::TimeDelta;

use super::error::Answer;
use super::robot::Robot;
use crate::config::{MailboxConfig, MailboxRole};
use crate::domain::Timestamp;
use crate::domain::decision::Coverage;
use crate::domain::delivery::{Act, Delivery, Event, IN_DOUBT_POLICY as POLICY, State};
use crate::domain::profile::InDoubtPolicy;
use crate::domain::verdict::folder_of;
use crate::ports::store::{DeliveryFilter, StoreError};

/// A delivery in doubt is sent again by a policy this many times, then it waits for a person.
const AUTOMATIC_RESENDS_MAX: usize = 1;

/// Deliveries in doubt looked at in one go.
const DOUBTS_PAGE: usize = 1000;

/// What proof there may be of deliveries in doubt.
enum ProofSought {
    /// None: nobody keeps copies.
    Nowhere,
    /// It is waited for.
    For(TimeDelta, ReadSince),
}

/// Since when all mailboxes that may hold a copy were last read to their ends; none: one never.
type ReadSince = Option<Timestamp>;

impl Robot {
    /// The `in_doubt` policy of each app, for deliveries in doubt that no proof settled.
    pub(super) async fn settle_doubts(&self) -> Answer<()> {
        let config = self.config();
        let sought = self.proof_sought().await?;
        for (app, profile) in &config.apps {
            let resends = match profile.in_doubt {
                InDoubtPolicy::Resend => true,
                InDoubtPolicy::Hold => false,
            };
            if !resends && matches!(sought, ProofSought::Nowhere) {
                continue;
            }
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
                    let waited = self.waited_for_proof(&delivery, &sought, resends).await?;
                    if waited && resends {
                        self.settle_doubt(&delivery).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Where a copy may be found that proves a delivery: at its witness, or where the server keeps
    /// what was sent.
    async fn proof_sought(&self) -> Answer<ProofSought> {
        let config = self.config();
        let witnessed = config.mail.witness.is_some();
        let keeps_copies = |mailbox: &&MailboxConfig| match mailbox.role {
            MailboxRole::Bot => witnessed,
            MailboxRole::Sent => true,
            MailboxRole::Collection => false,
        };
        let mut read: Option<ReadSince> = None;
        for mailbox in config.mailboxes.iter().filter(keeps_copies) {
            let record = self.ports().store.mailbox(&mailbox.name()).await?;
            let read_at = record.and_then(|record| record.read_at);
            read = Some(read.map_or(read_at, |others| others.min(read_at)));
        }
        Ok(match read {
            Some(since) => ProofSought::For(config.mail.proof_within, since),
            None => ProofSought::Nowhere,
        })
    }

    /// Whether the time for proof is over, which is then said: a copy that isn't there proves
    /// nothing, so it is only the policy's turn. A mailbox that wasn't read since says nothing.
    async fn waited_for_proof(
        &self,
        delivery: &Delivery,
        sought: &ProofSought,
        resends: bool,
    ) -> Answer<bool> {
        let ProofSought::For(within, read_since) = sought else { return Ok(true) };
        let Some(doubted_at) = delivery.doubted_at() else { return Ok(false) };
        if delivery.is_unproven() {
            return Ok(true);
        }
        if read_since.is_none_or(|read_at| read_at < doubted_at + *within) {
            return Ok(false);
        }
        let policy = if resends { "send it again" } else { "a person settles it" };
        let because = format!(
            "no proof came within {} minutes, and that proves nothing: {POLICY} rules ({policy})",
            within.num_minutes()
        );
        match self.ports().store.unproven(delivery.id, &because, self.now()).await {
            Ok(_) => Ok(true),
            // Settled meanwhile.
            Err(StoreError::Step(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
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
