//! The service: rounds on schedule, deliveries beside them, a look at once when hinted at.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::error::{Answer, Error};
use super::observe::Scope;
use super::robot::Robot;
use super::round::SecondLook;
use crate::config::{Config, Schedule};
use crate::domain::company::CompanyId;
use crate::domain::path::TreePath;
use crate::ports::folders::CompanyFolder;

/// How long deliveries under way may take to end after a stop was asked for; what is past its
/// final dot then is in doubt.
pub const STOP_WITHIN: std::time::Duration = std::time::Duration::from_secs(15);

/// The longest the sender waits before it looks for what is due.
const IDLE: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// Folders in which something changed, by company.
pub type Hinted = BTreeMap<CompanyFolder, BTreeSet<TreePath>>;

/// Where a look is worth while, from whoever watches the tree. A hint, never the truth.
#[async_trait::async_trait]
pub trait Hints: Send {
    /// The folders in which something changed; none when anything may have.
    async fn changed(&mut self) -> Option<Hinted>;
}

/// No watcher: every deposit is found all the same, by the rounds.
#[derive(Debug)]
pub struct NoHints;

#[async_trait::async_trait]
impl Hints for NoHints {
    async fn changed(&mut self) -> Option<Hinted> {
        std::future::pending().await
    }
}

impl Robot {
    /// Runs until `stop` says true. An error is a store that failed: the process is to be
    /// started again.
    pub async fn serve(
        &self,
        mut hints: Box<dyn Hints>,
        mut stop: watch::Receiver<bool>,
    ) -> Answer<()> {
        self.shared.stop_sending(false);
        self.shared.set_serving_since(Some(self.now()));
        self.shared.set_next_round(Some(self.now()));
        let mut beside = JoinSet::new();
        let (sender, exporter) = (self.clone(), self.clone());
        let (sending, exporting) = (stop.clone(), stop.clone());
        beside.spawn(async move { sender.send_until(sending).await });
        beside.spawn(async move { exporter.export_until(exporting).await });
        // They end with this call: what a mail changes is durable before its server is told.
        let mut mailboxes = self.tend_mailboxes();
        // A round that is dropped in its middle is a crash, and crashes lose nothing.
        let ended = tokio::select! {
            biased;
            () = asked_to_stop(&mut stop) => Ok(()),
            ended = self.rounds(hints.as_mut()) => ended,
            Some(ended) = beside.join_next() => ended.map_err(Error::Task).flatten(),
            Some(ended) = mailboxes.join_next() => ended.map_err(Error::Task).flatten(),
        };
        self.shared.stop_sending(true);
        self.shared.set_next_round(None);
        // Dropped with what runs beside when the store has failed.
        ended?;
        let ended = tokio::time::timeout(STOP_WITHIN, all(&mut beside)).await;
        self.shared.set_serving_since(None);
        ended.unwrap_or_else(|_| {
            tracing::warn!("deliveries were still under way at the stop: they may be in doubt");
            Ok(())
        })
    }

    /// Rounds on schedule, and a look at hinted companies; ends with an error alone.
    async fn rounds(&self, hints: &mut dyn Hints) -> Answer<()> {
        loop {
            self.scheduled_round().await?;
            let mut next = self.config().schedule_next(self.now());
            loop {
                self.shared.set_next_round(Some(next));
                tokio::select! {
                    biased;
                    () = self.ports().clock.sleep_until(next) => break,
                    () = self.shared.reconfigured.notified() => {
                        next = self.config().schedule_next(self.now());
                    }
                    hinted = hints.changed() => self.follow_hint(hinted).await?,
                }
            }
        }
    }

    async fn scheduled_round(&self) -> Answer<()> {
        let report = self.service_round(SecondLook::Later).await?;
        tracing::info!(
            observed = report.observed,
            deposited = report.deposited,
            queued = report.queued,
            held = report.held,
            settling = report.settling,
            problems = report.problems.len(),
            elapsed_ms = report.elapsed_ms,
            "round finished"
        );
        self.shared.poke();
        Ok(())
    }

    /// Looks at once where something changed, so that it has settled by the next round; with the
    /// schedule "on deposit" it goes now.
    async fn follow_hint(&self, hinted: Option<Hinted>) -> Answer<()> {
        if self.full_disk().await?.is_some() {
            return Ok(());
        }
        for company in self.ports().store.companies().await? {
            let folders = hinted.as_ref().map(|hinted| hinted.get(&company.folder));
            if company.hold.is_some() || folders == Some(None) {
                continue;
            }
            self.look_at_once(company.id, Scope::Changed).await?;
            // A change in place leaves the folder's stamp as it was: listed all the same.
            if let Some(folders) = folders.flatten() {
                self.look_at_once(company.id, Scope::Only(folders.clone())).await?;
            }
        }
        if matches!(self.config().robot.schedule, Schedule::OnDeposit) {
            self.service_round(SecondLook::Wait).await?;
            self.shared.poke();
        }
        Ok(())
    }

    /// What can't be looked at now is found by the next round.
    async fn look_at_once(&self, company: CompanyId, scope: Scope) -> Answer<()> {
        match self.observe(company, scope).await {
            Ok(_) | Err(Error::Folder(_) | Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends what is due whenever it is due, until the stop; what is under way ends first.
    async fn send_until(&self, mut stop: watch::Receiver<bool>) -> Answer<()> {
        while !*stop.borrow() {
            self.deliver_all().await?;
            let now = self.now();
            let next = self.ports().store.next_due(&self.claim_rules(), now).await?;
            let wake = next.unwrap_or(now + IDLE).clamp(now, now + IDLE);
            tokio::select! {
                biased;
                () = asked_to_stop(&mut stop) => {}
                () = self.shared.due.notified() => {}
                () = self.ports().clock.sleep_until(wake) => {}
            }
        }
        Ok(())
    }

    /// Takes a new configuration while running, unless decisions still use what it lacks or it
    /// moves what only a restart can move.
    pub async fn take_config(&self, config: Config) -> Answer<()> {
        let current = self.config();
        let moved = [
            ("documents.root", current.documents.root != config.documents.root),
            ("state.directory", current.state.directory != config.state.directory),
            ("robot.watch", current.robot.watch != config.robot.watch),
        ];
        if let Some((key, _)) = moved.iter().find(|(_, moved)| *moved) {
            return Err(Error::Refused(format!(
                "{key} was changed in routes.toml\nhint: restart the service to take the new file"
            )));
        }
        self.check_decisions_fit(&config).await?;
        self.reconfigure(config);
        self.shared.reconfigured.notify_one();
        self.turn_off_apps().await?;
        self.shared.poke();
        Ok(())
    }

    /// Cancels what is on its way to apps that the configuration turned off (R14).
    pub(super) async fn turn_off_apps(&self) -> Answer<()> {
        let config = self.config();
        for (app, _) in config.apps.iter().filter(|(_, profile)| !profile.enabled) {
            let because = "the app is turned off in routes.toml";
            self.ports().store.turn_app_off(app, because, self.now()).await?;
        }
        Ok(())
    }
}

/// Returns once the stop was asked for; a sender that is gone is a stop as well.
pub(super) async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Until every task has ended; the first failure ends the wait.
async fn all(tasks: &mut JoinSet<Answer<()>>) -> Answer<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(Error::Task)??;
    }
    Ok(())
}
