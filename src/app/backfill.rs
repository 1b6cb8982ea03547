//! Back-fills: older documents go only when the firm asks, counted and confirmed (R13).

use chrono::NaiveDate;

use super::connect::refuse_disabled;
use super::error::{Answer, Error};
use super::observe::{Older, Scope};
use super::robot::Robot;
use super::views::BackfillView;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::decision::Ruling;
use crate::domain::deposit::{Cause, Deposit, Due, Fate, Verdict};
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, Profile};

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
        let _turn = self.shared.tree.lock().await;
        let inbox = self.backfill_inbox(&company, &app, &wanted.folder).await?;
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
        let mut chosen = Vec::new();
        for older in self.documents_within(&company, &wanted.folder).await? {
            if self.chooses(&older, &app, &profile, wanted, &mut view) {
                view.count += 1;
                view.bytes += older.look.size;
                if view.sample.len() < SAMPLE {
                    view.sample.push(older.path.to_string());
                }
                chosen.push(older);
            }
        }
        if confirmed {
            let due =
                Due { cause: Cause::Backfill { by: by.to_owned() }, inbox, fate: Fate::Queue };
            self.deposit_older(&company, chosen, &app, &due, by).await?;
            let company = self.company_by_id(company.id).await?;
            self.queue(&company).await?;
            self.shared.poke();
        }
        Ok(view)
    }

    async fn backfill_inbox(
        &self,
        company: &Company,
        app: &AppId,
        folder: &TreePath,
    ) -> Answer<Option<String>> {
        let decisions = self.ports().store.decisions(company.id).await?;
        let inbox = match decisions.ruling(app, folder) {
            Ruling::On(_, switch) | Ruling::Renamed(_, switch) => switch.inbox.clone(),
            Ruling::Off => None,
            Ruling::NotConnected => {
                return Err(Error::Words(format!(
                    "{app} is not connected to {}\nhint: `facteur connect {} {app}` comes first",
                    company.name, company.slug
                )));
            }
        };
        let connection = decisions.connections.get(app);
        let reachable =
            connection.is_some_and(|found| found.recipient_for(inbox.as_deref()).is_some());
        if reachable {
            return Ok(inbox);
        }
        Err(Error::Words(format!(
            "{app} has several addresses a company\nhint: `facteur connect {} {app} --inbox NAME` says which",
            company.slug
        )))
    }

    fn chooses(
        &self,
        older: &Older,
        app: &AppId,
        profile: &Profile,
        wanted: &Wanted,
        view: &mut BackfillView,
    ) -> bool {
        if !is_within_days(&self.config(), older.look.modified_ns, wanted) {
            return false;
        }
        match older.deposit.as_ref().and_then(|deposit| deposit.verdicts.get(app)) {
            Some(Verdict::Due(_) | Verdict::Queued(_) | Verdict::Duplicate(_)) => {
                view.already += 1;
                false
            }
            Some(Verdict::Skipped(_)) | None if !profile.accepts_name(older.path.name()) => {
                view.unsupported += 1;
                false
            }
            Some(Verdict::Skipped(_)) | None => true,
        }
    }
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
    deposit.verdicts.insert(app.clone(), Verdict::Due(due.clone()));
    deposit.tell(at, format!("{by} asked to send it to {app} (back-fill)"));
    deposit
}
