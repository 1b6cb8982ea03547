//! Back-fills: older documents go only when the firm asks, counted and confirmed (R13).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::connect::refuse_disabled;
use super::error::{Answer, Error};
use super::observe::{Older, Scope};
use super::robot::Robot;
use super::views::BackfillView;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::decision::{Connection, Decisions, Ruling};
use crate::domain::delivery::{Act, DeliveryId, State};
use crate::domain::deposit::{Cause, Deposit, Due, Fate, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, Profile};
use crate::domain::verdict::folder_of;
use crate::ports::folders::FolderError;
use crate::ports::store::StoreError;

/// Paths shown of a back-fill.
const SAMPLE: usize = 10;

/// Which older documents are asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) folder: TreePath,
    pub(super) since: Option<NaiveDate>,
    pub(super) until: Option<NaiveDate>,
}

impl Robot {
    /// Counts the documents of a folder that an app never got, and, once confirmed, deposits
    /// them for it.
    pub(super) async fn backfill(
        &self,
        company: &str,
        app: &str,
        wanted: &Wanted,
        confirmed: bool,
        by: &str,
    ) -> Answer<BackfillView> {
        let company = self.known_company(company).await?;
        self.refuse_held(&company)?;
        let (app, profile) = self.app_named(app)?;
        refuse_disabled(&app, &profile)?;
        check_days(wanted)?;
        let _turn = self.shared.tree.lock().await;
        let decisions = self.ports().store.decisions(company.id).await?;
        let connection = connection_of(&company, &app, &decisions)?;
        self.refuse_missing(&company, &wanted.folder)?;
        self.observe_in_turn(company.id, Scope::Whole(wanted.folder.clone())).await?;
        let company = self.company_by_id(company.id).await?;
        let mut view = BackfillView {
            company: company.slug.to_string(),
            app: app.to_string(),
            count: 0,
            bytes: 0,
            already: 0,
            unsupported: 0,
            sample: Vec::new(),
            confirmed,
        };
        let mut chosen: BTreeMap<Option<String>, Vec<Older>> = BTreeMap::new();
        for older in self.documents_within(&company, &wanted.folder).await? {
            if self.chooses(&older, &app, &profile, wanted, &mut view).await? {
                view.count += 1;
                view.bytes += older.look.size;
                if view.sample.len() < SAMPLE {
                    view.sample.push(older.path.to_string());
                }
                let inbox = inbox_of(&app, &decisions, &older.path);
                if connection.recipient_for(inbox.as_deref()).is_none() {
                    return Err(several_addresses(&company, &app));
                }
                chosen.entry(inbox).or_default().push(older);
            }
        }
        if confirmed {
            for (inbox, documents) in chosen {
                self.give_up_former(&documents, &app, by).await?;
                let cause = Cause::Backfill { by: by.to_owned() };
                let due = Due { cause, inbox, fate: Fate::Queue };
                self.deposit_older(&company, documents, &app, &due, by).await?;
            }
            let company = self.company_by_id(company.id).await?;
            self.queue(&company).await?;
            self.shared.poke();
        }
        Ok(view)
    }

    fn refuse_missing(&self, company: &Company, folder: &TreePath) -> Answer<()> {
        match self.ports().folders.stamp(&company.folder, folder) {
            Ok(_) => Ok(()),
            Err(FolderError::Missing(_)) => Err(Error::Words(format!(
                "{} has no folder `{folder}`\nhint: it is relative to the company's folder; `facteur documents {}` lists what is there",
                company.name, company.slug
            ))),
            Err(error) => Err(error.into()),
        }
    }

    async fn chooses(
        &self,
        older: &Older,
        app: &AppId,
        profile: &Profile,
        wanted: &Wanted,
        view: &mut BackfillView,
    ) -> Answer<bool> {
        if !is_within_days(&self.config(), older.look.modified_ns, wanted) {
            return Ok(false);
        }
        let has_it = match older.deposit.as_ref().and_then(|deposit| deposit.verdicts.get(app)) {
            // Turned off before it had settled: it goes by nothing.
            Some(Verdict::Due(due)) => due.fate != Fate::Cancel,
            Some(Verdict::Queued(id) | Verdict::Duplicate(id)) => {
                !self.came_to_nothing(*id).await?
            }
            Some(Verdict::Skipped(_)) | None => false,
        };
        if has_it {
            view.already += 1;
        } else if !profile.accepts_name(older.path.name()) {
            view.unsupported += 1;
        } else {
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether the tool never got a delivery and never will: it was cancelled, or belongs to a
    /// rehearsal that is over.
    async fn came_to_nothing(&self, id: DeliveryId) -> Answer<bool> {
        let Some(delivery) = self.ports().store.delivery(id).await? else { return Ok(true) };
        let config = self.config();
        let redirected = config.mail.redirect_to.as_ref() == Some(&delivery.recipient);
        Ok(delivery.state == State::Cancelled || (delivery.rehearsal && !redirected))
    }

    /// Cancels what a rehearsal that is over left waiting of these documents.
    async fn give_up_former(&self, documents: &[Older], app: &AppId, by: &str) -> Answer<()> {
        let store = &self.ports().store;
        for deposit in documents.iter().filter_map(|older| older.deposit.as_ref()) {
            let Some(Verdict::Queued(id)) = deposit.verdicts.get(app) else { continue };
            match store.act(*id, Act::Cancel, by, self.now()).await {
                // Sent in the rehearsal, or cancelled before.
                Ok(_) | Err(StoreError::Step(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn check_days(wanted: &Wanted) -> Answer<()> {
    match (wanted.since, wanted.until) {
        (Some(since), Some(until)) if since > until => Err(Error::Words(format!(
            "{since} comes after {until}\nhint: `--since` is the first day, `--until` the last"
        ))),
        (_, _) => Ok(()),
    }
}

fn connection_of<'a>(
    company: &Company,
    app: &AppId,
    decisions: &'a Decisions,
) -> Answer<&'a Connection> {
    let connection = decisions.connections.get(app).filter(|found| found.connected);
    connection.ok_or_else(|| {
        Error::Words(format!(
            "{app} is not connected to {}\nhint: `facteur connect {} {app}` comes first",
            company.name, company.slug
        ))
    })
}

/// The inbox for a document that is sent although no switch sends it: its folder's, where a
/// switch names one.
pub(super) fn inbox_of(app: &AppId, decisions: &Decisions, path: &TreePath) -> Option<String> {
    match decisions.ruling(app, &folder_of(path)) {
        Ruling::On(_, switch) | Ruling::Renamed(_, switch) => switch.inbox.clone(),
        Ruling::Off | Ruling::NotConnected => None,
    }
}

fn several_addresses(company: &Company, app: &AppId) -> Error {
    Error::Words(format!(
        "{app} has several addresses a company\nhint: `facteur connect {} {app} --inbox NAME` says which",
        company.slug
    ))
}

/// By modification date in the firm's time zone, both days included.
fn is_within_days(config: &Config, modified_ns: i128, wanted: &Wanted) -> bool {
    let seconds = i64::try_from(modified_ns.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
    let Some(at) = Timestamp::from_timestamp(seconds, 0) else { return false };
    let day = at.with_timezone(&config.firm.time_zone).date_naive();
    wanted.since.is_none_or(|since| day >= since) && wanted.until.is_none_or(|until| day <= until)
}

/// A deposit as a back-fill leaves it: due for the app that was asked for.
pub(super) fn asked_for(
    mut deposit: Deposit,
    app: &AppId,
    due: &Due,
    at: Timestamp,
    by: &str,
) -> Deposit {
    let former = match deposit.verdicts.insert(app.clone(), Verdict::Due(due.clone())) {
        Some(Verdict::Queued(id) | Verdict::Duplicate(id)) => {
            format!("; delivery {id} came to nothing")
        }
        Some(Verdict::Due(_) | Verdict::Skipped(_)) | None => String::new(),
    };
    deposit.tell(at, format!("{by} asked to send it to {app} (back-fill){former}"));
    deposit
}
