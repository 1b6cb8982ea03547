//! Alarms that only a look at every company finds: once a round, and in `status`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::alarm;
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::Timestamp;
use crate::domain::alarm::{Alarm, AlarmBook, AlarmKind, silent_since};
use crate::domain::company::Company;
use crate::domain::decision::Decisions;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::shell;
use crate::ports::folders::FolderError;

/// Silence is measured in days: reading every deposit this often is enough.
const SILENCE_LOOK_EVERY: TimeDelta = TimeDelta::hours(6);

/// An export is too old after this many times `every`.
const EXPORT_LATE_TIMES: i32 = 2;

impl Robot {
    /// Companies held, folders renamed or vanished, what routes.toml lacks, and the rolling export.
    pub(super) async fn company_alarms(&self) -> Answer<Vec<Alarm>> {
        let mut alarms = Vec::new();
        for company in self.ports().store.companies().await? {
            if let Some(hold) = &company.hold {
                let message = format!("{} is held: {}", company.slug, hold.message);
                let slug = company.slug.to_string();
                alarms.push(alarm(AlarmKind::CompanyHeld, slug, Some(hold.since), message));
            }
            let decisions = self.ports().store.decisions(company.id).await?;
            alarms.extend(renamed(&company, &decisions));
            if company.hold.is_none() {
                alarms.extend(self.vanished(&company, &decisions).await?);
            }
        }
        alarms.extend(self.unserved_alarms().await?);
        alarms.extend(self.export_alarm().await?);
        alarms.extend(self.invitation_alarm().await?);
        Ok(alarms)
    }

    /// Companies that used to deposit and stopped, where the firm wants to know; looked at anew
    /// now and then, and carried over in between.
    pub(super) async fn silence_alarms(
        &self,
        book: &mut AlarmBook,
        now: Timestamp,
    ) -> Answer<Vec<Alarm>> {
        if !self.config().alarms.silent_companies {
            book.silence_looked_at = None;
            return Ok(Vec::new());
        }
        let looked = book.silence_looked_at.filter(|at| *at <= now);
        if looked.is_some_and(|at| now - at < SILENCE_LOOK_EVERY) {
            return Ok(super::announce::carried(book, AlarmKind::SilentCompany));
        }
        book.silence_looked_at = Some(now);
        let mut alarms = Vec::new();
        for company in self.ports().store.companies().await? {
            let deposits = self.ports().store.deposits(company.id).await?;
            let times: Vec<Timestamp> =
                deposits.iter().map(|deposit| deposit.observed_at).collect();
            if let Some(since) = silent_since(&times, now) {
                let message = format!(
                    "{} has deposited nothing for {} days, longer than ever: is something wrong on the way into its folders?",
                    company.slug,
                    (now - since).num_days()
                );
                let slug = company.slug.to_string();
                alarms.push(alarm(AlarmKind::SilentCompany, slug, Some(since), message));
            }
        }
        Ok(alarms)
    }

    /// Folders with a switch that were there once and are not any more.
    async fn vanished(&self, company: &Company, decisions: &Decisions) -> Answer<Vec<Alarm>> {
        let mut switched: BTreeMap<TreePath, Vec<&AppId>> = BTreeMap::new();
        for ((app, folder), switch) in &decisions.switches {
            let connected = decisions.connections.get(app).is_some_and(|found| found.connected);
            let was_there = switch.identity.is_some() && switch.renamed_to.is_none();
            if switch.on && connected && was_there && !folder.is_root() {
                switched.entry(folder.clone()).or_default().push(app);
            }
        }
        let missing = self.missing(company, switched.keys().cloned().collect()).await?;
        let told = |folder: TreePath| {
            let apps = switched.get(&folder).map_or(&[][..], Vec::as_slice);
            let apps: Vec<&str> = apps.iter().map(|app| app.as_str()).collect();
            let message = format!(
                "{}: the folder `{folder}`, switched for {}, is not there any more: put it back, or `facteur switch clear`",
                company.slug,
                apps.join(" and ")
            );
            let subject = format!("{}/{folder}", company.slug);
            alarm(AlarmKind::FolderVanished, subject, None, message)
        };
        Ok(missing.into_iter().map(told).collect())
    }

    async fn missing(&self, company: &Company, folders: Vec<TreePath>) -> Answer<Vec<TreePath>> {
        if folders.is_empty() {
            return Ok(folders);
        }
        let tree = Arc::clone(&self.ports().folders);
        let own = company.folder.clone();
        // A folder that can't be looked at is there: the round says what is wrong with it.
        let is_missing = move |folder: &TreePath| {
            matches!(tree.stamp(&own, folder), Err(FolderError::Missing(_)))
        };
        let looked = tokio::task::spawn_blocking(move || {
            folders.into_iter().filter(is_missing).collect::<Vec<_>>()
        });
        Ok(looked.await?)
    }

    async fn export_alarm(&self) -> Answer<Option<Alarm>> {
        let config = self.config();
        let Some(export) = &config.state.export else { return Ok(None) };
        let last = match self.ports().store.last_export(&export.directory).await {
            Ok(last) => last,
            Err(crate::ports::store::StoreError::Import(problem)) => {
                return Ok(Some(alarm(AlarmKind::Export, "", None, problem)));
            }
            Err(error) => return Err(error.into()),
        };
        if let Some((since, problem)) = self.shared.export_failure() {
            let message = format!("the export of the state fails: {problem}");
            return Ok(Some(alarm(AlarmKind::Export, "", Some(since), message)));
        }
        let late = |last: &Timestamp| self.now() - *last > export.every * EXPORT_LATE_TIMES;
        Ok(last.filter(late).map(|last| {
            let message = format!(
                "the last export of the state is of {}: look at `{}` and at the journal",
                self.local(last).format("%Y-%m-%d %H:%M"),
                export.directory.display()
            );
            alarm(AlarmKind::Export, "", Some(last), message)
        }))
    }
}

fn renamed(company: &Company, decisions: &Decisions) -> Vec<Alarm> {
    let moved = decisions.switches.iter();
    let moved = moved.filter_map(|(key, switch)| Some((key, switch.renamed_to.as_ref()?)));
    let told = |((app, folder), to): (&(AppId, TreePath), &TreePath)| {
        let message = format!(
            "{0}: the folder `{folder}`, switched for {app}, is at `{to}` now; deposits at both places are held until `facteur switch follow {0} {1}` or `switch stay`",
            company.slug,
            shell::folder(folder)
        );
        let subject = format!("{}/{folder}/{app}", company.slug);
        alarm(AlarmKind::FolderRenamed, subject, None, message)
    };
    moved.map(told).collect()
}
