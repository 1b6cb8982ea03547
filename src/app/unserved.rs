//! Decisions that routes.toml doesn't serve: connections to an app, or of a folder, that it lacks.

use std::collections::BTreeMap;

use super::error::{Answer, Error};
use super::robot::Robot;
use crate::config::Config;
use crate::domain::alarm::{Alarm, AlarmKind};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::slug::Slug;

/// What routes.toml lacks, with who still uses it.
enum Lacking {
    App(AppId, Vec<Slug>),
    Folder(TreePath, Slug),
}

impl Robot {
    /// While the robot runs it takes no configuration that its decisions don't fit.
    pub(super) async fn check_decisions_fit(&self, config: &Config) -> Answer<()> {
        match self.lacking(config).await?.first() {
            Some(lacking) => {
                let (problem, remedy) = lacking.words("is gone from");
                Err(Error::Refused(format!("{problem}\nhint: {remedy}")))
            }
            None => Ok(()),
        }
    }

    /// At its start it takes the configuration that there is, and says what that lacks.
    pub(super) async fn unserved_alarms(&self) -> Answer<Vec<Alarm>> {
        let lacking = self.lacking(&self.config()).await?;
        let alarm = |lacking: &Lacking| {
            let (problem, remedy) = lacking.words("is not in");
            let message = format!("{problem}: nothing is sent by that; {remedy}");
            let (kind, subject) = match lacking {
                Lacking::App(app, _) => (AlarmKind::AppMissing, app.to_string()),
                Lacking::Folder(_, slug) => (AlarmKind::CompanyLeftOut, slug.to_string()),
            };
            Alarm { kind, subject, since: None, message }
        };
        Ok(lacking.iter().map(alarm).collect())
    }

    async fn lacking(&self, config: &Config) -> Answer<Vec<Lacking>> {
        let mut apps: BTreeMap<AppId, Vec<Slug>> = BTreeMap::new();
        let mut folders = Vec::new();
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            let used = || decisions.connections.iter().filter(|(_, found)| found.connected);
            for (app, _) in used().filter(|(app, _)| !config.apps.contains_key(*app)) {
                apps.entry(app.clone()).or_default().push(company.slug.clone());
            }
            if used().next().is_some() && !config.is_company(&company.folder) {
                folders.push(Lacking::Folder(company.folder, company.slug));
            }
        }
        let apps = apps.into_iter().map(|(app, companies)| Lacking::App(app, companies));
        Ok(apps.chain(folders).collect())
    }
}

impl Lacking {
    /// What is wrong, and what can be done.
    fn words(&self, is_gone: &str) -> (String, &'static str) {
        match self {
            Self::App(app, companies) => {
                let first = companies.first().map(Slug::as_str).unwrap_or_default();
                let whose = match companies.len() {
                    0 | 1 => format!("{first} is still connected to it"),
                    count => format!("{first} and {} more are still connected to it", count - 1),
                };
                let remedy =
                    "put it back (with `enabled = false` nothing is sent), or disconnect it first";
                (format!("[apps.{app}] {is_gone} routes.toml, and {whose}"), remedy)
            }
            Self::Folder(folder, slug) => {
                let remedy = "take it off `ignore` (or set `enabled = true` in its [[companies]]), or disconnect it first";
                (
                    format!(
                        "routes.toml leaves out the folder `{folder}`, and {slug} is still connected to an app"
                    ),
                    remedy,
                )
            }
        }
    }
}
