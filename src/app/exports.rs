//! The rolling export: the robot's own backup of its state, at its own times.

use chrono::TimeDelta;
use tokio::sync::watch;

use super::error::Answer;
use super::robot::Robot;
use super::service::asked_to_stop;
use crate::config::ExportConfig;
use crate::domain::Timestamp;
use crate::ports::store::StoreError;

/// After a failure the next one is tried this much later; sooner where `every` is shorter.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(15);

/// How often the configuration is looked at anew for whether an export is wanted at all.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(5);

impl Robot {
    /// Writes an export whenever one is due, until the stop. Only a store that failed is an error.
    pub(super) async fn export_until(&self, mut stop: watch::Receiver<bool>) -> Answer<()> {
        while !*stop.borrow() {
            let next = self.export_if_due().await?;
            let wake = next.min(self.now() + LOOK_EVERY);
            tokio::select! {
                biased;
                () = asked_to_stop(&mut stop) => {}
                () = self.ports().clock.sleep_until(wake) => {}
            }
        }
        Ok(())
    }

    /// Writes an export if it is time; answers when the next one is.
    async fn export_if_due(&self) -> Answer<Timestamp> {
        let config = self.config();
        let now = self.now();
        let Some(export) = &config.state.export else {
            self.shared.set_export_failure(None);
            return Ok(now + LOOK_EVERY);
        };
        match self.export_when_due(export, now).await {
            Ok(next) => {
                self.shared.set_export_failure(None);
                Ok(next)
            }
            // The disk it goes to failed, not the ledger.
            Err(StoreError::Import(problem)) => {
                let since = self.shared.export_failure().map_or(now, |(since, _)| since);
                tracing::error!(problem, "the export of the state failed");
                self.shared.set_export_failure(Some((since, problem)));
                Ok(now + RETRY_AFTER.min(export.every))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn export_when_due(
        &self,
        export: &ExportConfig,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let store = &self.ports().store;
        // One from the future was written by a clock that was wrong.
        let last = store.last_export(&export.directory).await?.filter(|last| *last <= now);
        let next = last.map_or(now, |last| last + export.every);
        if next > now {
            return Ok(next);
        }
        let rolled = store.roll_export(&export.directory, export.keep, now).await?;
        tracing::info!(
            records = rolled.records,
            removed = rolled.removed,
            "the state was exported"
        );
        Ok(now + export.every)
    }
}
