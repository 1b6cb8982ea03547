//! Switches: on, off, clear, and what becomes of them when their folder is renamed (R4–R7, R14).

use super::connect::unknown_inbox;
use super::error::{Answer, Error};
use super::observe::{Observed, Scope};
use super::requests::Turn;
use super::robot::Robot;
use super::views::{DecidedView, SwitchView, SwitchedView};
use super::words::folder_words;
use crate::domain::company::Company;
use crate::domain::decision::{Decision, Decisions, Ruling, Switch};
use crate::domain::directory::Fingerprint;
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, Profile};
use crate::ports::folders::FolderError;

/// A file modified within this time of a switch's turning is listed as being written.
const BEING_WRITTEN_SECONDS: i128 = 60;

/// What the turning of a switch came to.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// One for each company.
    pub(super) views: Vec<SwitchedView>,
    /// Companies that were meant too and could not be turned, with the reason.
    pub(super) left_out: Vec<String>,
}

/// One turn of one switch.
#[derive(Debug, Clone)]
pub(super) struct Turning {
    pub(super) turn: Turn,
    pub(super) folder: TreePath,
    pub(super) app: AppId,
    pub(super) profile: Profile,
    pub(super) inbox: Option<String>,
    /// By a file of decisions: an exception is written down even where nothing above it is on.
    pub(super) exactly: bool,
}

impl Robot {
    /// Turns a switch at one company, or at every company that is connected and has the folder.
    pub(super) async fn switch(
        &self,
        company: Option<&str>,
        turning: &Turning,
        by: &str,
    ) -> Answer<Turned> {
        if let Some(company) = company {
            let company = self.known_company(company).await?;
            let views = vec![self.turn(&company, turning, by).await?];
            return Ok(Turned { views, ..Turned::default() });
        }
        let mut turned = Turned::default();
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            let connection = decisions.connections.get(&turning.app);
            if !connection.is_some_and(|connection| connection.connected) {
                continue;
            }
            // One company's trouble never stops the others.
            match self.turn_where_it_is(&company, turning, by).await {
                Ok(view) => turned.views.extend(view),
                Err(error @ (Error::Folder(_) | Error::Refused(_) | Error::Words(_))) => {
                    turned.left_out.push(format!("{} was left out: {error}", company.slug));
                }
                Err(error @ (Error::Store(_) | Error::Task(_))) => return Err(error),
            }
        }
        Ok(turned)
    }

    async fn turn_where_it_is(
        &self,
        company: &Company,
        turning: &Turning,
        by: &str,
    ) -> Answer<Option<SwitchedView>> {
        self.refuse_held(company)?;
        if self.has_folder(company, &turning.folder)? {
            return self.turn(company, turning, by).await.map(Some);
        }
        Ok(None)
    }

    fn has_folder(&self, company: &Company, folder: &TreePath) -> Answer<bool> {
        match self.ports().folders.stamp(&company.folder, folder) {
            Ok(_) => Ok(true),
            Err(FolderError::Missing(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn turn(&self, company: &Company, turning: &Turning, by: &str) -> Answer<SwitchedView> {
        self.refuse_held(company)?;
        let folder = self.as_on_disk(&company.folder, &turning.folder);
        let turning = &Turning { folder, ..turning.clone() };
        let _turn = self.shared.tree.lock().await;
        let store = &self.ports().store;
        let before = store.decisions(company.id).await?;
        check_words(company, turning, &before)?;
        let exists = self.has_folder(company, &turning.folder)?;
        // What is there now was there before: it is observed under the decisions that were; and
        // what was moved out of the folder or into it is judged by them too.
        self.observe_in_turn(company.id, Scope::Changed).await?;
        let observed = if exists {
            self.observe_in_turn(company.id, Scope::Whole(turning.folder.clone())).await?
        } else {
            Observed::default()
        };
        let decisions = store.decisions(company.id).await?;
        let decision = self.decision_for(company, turning, &decisions).await?;
        let mut cancelled = Vec::new();
        let changed = decision.is_some();
        if let Some(decision) = decision {
            let detail =
                turning.inbox.as_ref().map(|inbox| format!("inbox {inbox}")).unwrap_or_default();
            cancelled = self.decide(company.id, decision, by, detail).await?;
        }
        let decisions = store.decisions(company.id).await?;
        let mut view = self.switched(company, turning, &decisions).await?;
        view.changed = changed;
        view.documents_before = observed.documents;
        view.being_written = self.being_written(&observed);
        view.cancelled = cancelled.iter().map(ToString::to_string).collect();
        let near = || self.near_on_disk(&company.folder, &turning.folder);
        view.warnings = warnings(turning, exists, near);
        Ok(view)
    }

    /// The decision that a turn needs; none when it is so already.
    async fn decision_for(
        &self,
        company: &Company,
        turning: &Turning,
        decisions: &Decisions,
    ) -> Answer<Option<Decision>> {
        let (app, folder) = (turning.app.clone(), turning.folder.clone());
        let own = decisions.switches.get(&(app.clone(), folder.clone()));
        let ruling = decisions.ruling(&app, &folder);
        let on = match turning.turn {
            Turn::Clear => return Ok(own.map(|_| Decision::Clear { app, folder })),
            Turn::On => true,
            Turn::Off => false,
        };
        let is_so = match ruling {
            _ if turning.exactly => {
                own.is_some_and(|own| own.on == on && own.inbox == turning.inbox)
            }
            Ruling::On(_, switch) => {
                on && (turning.inbox.is_none() || turning.inbox == switch.inbox)
            }
            Ruling::Off => !on,
            Ruling::Renamed(..) | Ruling::NotConnected => false,
        };
        if is_so {
            return Ok(None);
        }
        let identity = self.identity_of(company, &folder).await?;
        Ok(Some(Decision::Turn { app, folder, on, inbox: turning.inbox.clone(), identity }))
    }

    async fn identity_of(
        &self,
        company: &Company,
        folder: &TreePath,
    ) -> Answer<Option<Fingerprint>> {
        let directories = self.ports().store.directories(company.id).await?;
        let found = directories.into_iter().find(|(path, _)| path == folder);
        Ok(found.and_then(|(_, record)| record.identity))
    }

    async fn switched(
        &self,
        company: &Company,
        turning: &Turning,
        decisions: &Decisions,
    ) -> Answer<SwitchedView> {
        let (app, folder) = (&turning.app, &turning.folder);
        let directories = self.ports().store.directories(company.id).await?;
        let (on, ruled_by) = match decisions.ruling(app, folder) {
            Ruling::On(by, _) | Ruling::Renamed(by, _) => (true, Some(by.to_string())),
            Ruling::Off | Ruling::NotConnected => (false, None),
        };
        let covered = directories.iter().filter(|(path, record)| {
            path != folder
                && path.is_within(folder)
                && record.stamp != crate::domain::directory::Stamp(0)
                && matches!(decisions.ruling(app, path), Ruling::On(..))
        });
        let below = decisions.switches_of(app);
        let exceptions = below
            .filter(|(path, switch)| *path != folder && path.is_within(folder) && switch.on != on)
            .map(|(path, switch)| self.switch_view(company, app, path, switch));
        Ok(SwitchedView {
            company: company.slug.to_string(),
            folder: folder.to_string(),
            app: app.to_string(),
            on,
            changed: false,
            ruled_by,
            preview: false,
            documents_before: 0,
            folders_covered: covered.count() as u64,
            exceptions: exceptions.collect(),
            being_written: Vec::new(),
            cancelled: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Display only: what decides is that they were observed before the switch.
    fn being_written(&self, observed: &Observed) -> Vec<String> {
        let now_ns = i128::from(self.now().timestamp()) * 1_000_000_000;
        let recent = |modified_ns: i128| {
            (now_ns - modified_ns).abs() < BEING_WRITTEN_SECONDS * 1_000_000_000
        };
        let written = observed.unsettled.iter().filter(|(_, modified_ns)| recent(*modified_ns));
        written.map(|(path, _)| path.to_string()).collect()
    }

    /// One switch as people see it.
    pub(super) fn switch_view(
        &self,
        company: &Company,
        app: &AppId,
        folder: &TreePath,
        switch: &Switch,
    ) -> SwitchView {
        SwitchView {
            company: company.slug.to_string(),
            folder: folder.to_string(),
            app: app.to_string(),
            on: switch.on,
            activated_at: self.local(switch.at),
            by: switch.by.clone(),
            inbox: switch.inbox.clone(),
            renamed_to: switch.renamed_to.as_ref().map(ToString::to_string),
            exists: self.ports().folders.stamp(&company.folder, folder).is_ok(),
        }
    }

    /// All switches, of one company or of all.
    pub(super) async fn switches(&self, company: Option<&str>) -> Answer<Vec<SwitchView>> {
        let companies = match company {
            Some(words) => self.company_named(words).await?.known.into_iter().collect(),
            None => self.ports().store.companies().await?,
        };
        let mut views = Vec::new();
        for company in companies {
            let decisions = self.ports().store.decisions(company.id).await?;
            let switches = decisions.switches.iter();
            views
                .extend(switches.map(|((app, folder), switch)| {
                    self.switch_view(&company, app, folder, switch)
                }));
        }
        Ok(views)
    }

    /// A person says whether the switches of a renamed folder go with it or stay.
    pub(super) async fn resolve_rename(
        &self,
        follow: bool,
        company: &str,
        folder: &TreePath,
        by: &str,
    ) -> Answer<DecidedView> {
        let company = self.known_company(company).await?;
        self.refuse_held(&company)?;
        let _turn = self.shared.tree.lock().await;
        self.observe_in_turn(company.id, Scope::Changed).await?;
        let decisions = self.ports().store.decisions(company.id).await?;
        let renamed = decisions.switches.iter().filter_map(|((app, place), switch)| {
            Some((app.clone(), place.clone(), switch.renamed_to.clone()?))
        });
        let (mut renamed, others): (Vec<_>, Vec<_>) =
            renamed.partition(|(_, place, to)| place == folder || to == folder);
        if !follow {
            // Its exceptions stay with it, as they follow it.
            let named = renamed.clone();
            renamed.extend(others.into_iter().filter(|(app, place, to)| {
                let stays = |(owner, above, there): &(AppId, TreePath, TreePath)| {
                    owner == app && place.rebase(above, there).as_ref() == Some(to)
                };
                named.iter().any(stays)
            }));
        }
        if renamed.is_empty() {
            return Err(Error::Words(format!(
                "no switched folder {} of {} was seen renamed\nhint: `facteur switch list {}` shows them",
                folder_words(folder),
                company.slug,
                company.slug
            )));
        }
        let mut cancelled = Vec::new();
        let mut words = Vec::new();
        for (app, place, to) in renamed {
            let decision = if follow {
                words.push(format!("the switch of {app} is at `{to}` now"));
                Decision::Follow { app, folder: place }
            } else {
                words.push(format!("the switch of {app} stays at `{place}`"));
                let identity = self.identity_of(&company, &place).await?;
                Decision::Stay { app, folder: place, identity }
            };
            cancelled.extend(self.decide(company.id, decision, by, String::new()).await?);
        }
        Ok(DecidedView {
            company: company.slug.to_string(),
            what: words.join("; "),
            changed: true,
            cancelled: cancelled.iter().map(ToString::to_string).collect(),
        })
    }
}

fn check_words(company: &Company, turning: &Turning, decisions: &Decisions) -> Answer<()> {
    let connection = decisions.connections.get(&turning.app);
    let Some(connection) = connection.filter(|connection| connection.connected) else {
        return Err(Error::Words(format!(
            "{} is not connected to {}\nhint: `facteur connect {} {}` comes first",
            company.name, turning.app, company.slug, turning.app
        )));
    };
    if turning.turn != Turn::On {
        return Ok(());
    }
    match &turning.inbox {
        Some(inbox) if !connection.inboxes.contains_key(inbox) => {
            Err(Error::Words(unknown_inbox(&turning.app, inbox, &connection.inboxes)))
        }
        inbox if connection.recipient_for(inbox.as_deref()).is_none() => {
            let known: Vec<&str> = connection.inboxes.keys().map(String::as_str).collect();
            Err(Error::Words(format!(
                "{} has several addresses a company\nhint: add `--inbox NAME`, one of {}",
                turning.app,
                known.join(", ")
            )))
        }
        Some(_) | None => Ok(()),
    }
}

fn warnings(turning: &Turning, exists: bool, near: impl Fn() -> Option<TreePath>) -> Vec<String> {
    let mut warnings = Vec::new();
    let folder = folder_words(&turning.folder);
    if turning.turn == Turn::On && !turning.profile.recommends(&turning.folder) {
        let patterns: Vec<&str> = turning
            .profile
            .recommended_folders
            .iter()
            .map(crate::domain::profile::FolderPattern::as_str)
            .collect();
        warnings.push(format!(
            "{} is meant for {}; {folder} is none of them",
            turning.profile.name,
            patterns.join(", ")
        ));
    }
    if !exists {
        let near = near().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        warnings.push(format!("{folder} doesn't exist yet: the decision waits for it{near}"));
    }
    warnings
}
