//! `documents` and `companies`.

use std::collections::BTreeMap;

use super::because::standing;
use crate::app::connect::view_of;
use crate::app::error::{Answer, Error};
use crate::app::robot::Robot;
use crate::app::views::{CompanyView, DocumentView};
use crate::domain::company::Company;
use crate::domain::decision::Decisions;
use crate::domain::delivery::{Delivery, State};
use crate::domain::deposit::{Deposit, Skip};
use crate::domain::path::TreePath;
use crate::ports::folders::FolderError;

/// The verdicts a document without a delivery can have in the interface.
const VERDICTS: [&str; 6] =
    ["before_activation", "switch_off", "not_connected", "duplicate", "unsupported", "settling"];

impl Robot {
    /// All companies, with what is connected.
    pub(in crate::app) async fn companies_view(&self) -> Answer<Vec<CompanyView>> {
        let config = self.config();
        let invitations = self.all_invitations().await?;
        let mut views = Vec::new();
        for named in self.all_companies().await? {
            let decisions = match &named.known {
                Some(company) => self.ports().store.decisions(company.id).await?,
                None => Decisions::default(),
            };
            let connected =
                decisions.connections.iter().filter(|(_, connection)| connection.connected);
            let held = named.known.as_ref().and_then(|company| company.hold.clone());
            views.push(CompanyView {
                collection: named
                    .slug
                    .as_ref()
                    .map(|slug| config.collection_of(slug).to_string())
                    .unwrap_or_default(),
                slug: named.slug.map(String::from).unwrap_or_default(),
                name: named.name,
                folder: named.folder.to_string(),
                apps: connected
                    .map(|(app, connection)| {
                        let key = named.known.as_ref().map(|company| (company.id, app.clone()));
                        let of_it = key.and_then(|key| invitations.get(&key));
                        let of_it = of_it.map_or(&[][..], Vec::as_slice);
                        view_of(app, connection, self.connection_state(app, connection, of_it))
                    })
                    .collect(),
                held: held.map(|hold| hold.message),
            });
        }
        Ok(views)
    }

    /// The documents of a company with their standing for each app connected now or ever.
    pub(in crate::app) async fn documents(
        &self,
        words: &str,
        folder: Option<&TreePath>,
        state: Option<&str>,
    ) -> Answer<Vec<DocumentView>> {
        if let Some(state) = state {
            check_state(state)?;
        }
        let named = self.company_named(words).await?;
        let top = folder.map(|folder| self.as_on_disk(&named.folder, folder)).unwrap_or_default();
        let mut views = if let Some(company) = &named.known {
            self.known_documents(company, &top).await?
        } else {
            let slug = named.slug.as_ref().map(ToString::to_string).unwrap_or_default();
            let paths = self.documents_on_disk(&named.folder, &top)?;
            paths.iter().map(|path| unconnected(&slug, path, None)).collect()
        };
        views.retain(|view| state.is_none_or(|state| view.state == state));
        Ok(views)
    }

    /// What to say of a folder that isn't there.
    pub(in crate::app) async fn missing_folder(
        &self,
        company: &str,
        folder: &TreePath,
    ) -> Answer<Option<String>> {
        let named = self.company_named(company).await?;
        let on_disk = self.as_on_disk(&named.folder, folder);
        let found = self.ports().folders.stamp(&named.folder, &on_disk);
        if !matches!(found, Err(FolderError::Missing(_))) {
            return Ok(None);
        }
        let near = self.near_on_disk(&named.folder, folder);
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Ok(Some(format!("{} has no folder `{folder}`{near}", named.name)))
    }

    async fn known_documents(
        &self,
        company: &Company,
        top: &TreePath,
    ) -> Answer<Vec<DocumentView>> {
        let store = &self.ports().store;
        let decisions = store.decisions(company.id).await?;
        let mut documents: BTreeMap<TreePath, Option<Deposit>> = BTreeMap::new();
        for (directory, names) in store.all_names(company.id).await? {
            let there = names.iter().filter(|(_, record)| !record.gone && record.deposit.is_none());
            for (name, _) in there {
                documents.insert(directory.join(name.as_bytes()), None);
            }
        }
        // Of several versions under one name, what is there now; `why` tells of the others.
        for deposit in store.deposits(company.id).await? {
            let hidden = match documents.get(&deposit.path) {
                Some(None) => true,
                Some(Some(other)) => deposit.gone && !other.gone,
                None => deposit.gone && deposit.deliveries().next().is_none(),
            };
            if !hidden {
                documents.insert(deposit.path.clone(), Some(deposit));
            }
        }
        let mut views = Vec::new();
        for (path, deposit) in documents {
            if path.is_within(top) {
                views.extend(self.rows(company, &path, deposit.as_ref(), &decisions).await?);
            }
        }
        Ok(views)
    }

    async fn rows(
        &self,
        company: &Company,
        path: &TreePath,
        deposit: Option<&Deposit>,
        decisions: &Decisions,
    ) -> Answer<Vec<DocumentView>> {
        let slug = company.slug.to_string();
        let deposited_at = deposit.map(|deposit| self.local(deposit.observed_at));
        if decisions.connections.is_empty() {
            return Ok(vec![unconnected(&slug, path, deposited_at)]);
        }
        let deliveries = self.deliveries_of(deposit).await?;
        let listed: Vec<Delivery> = deliveries.values().cloned().collect();
        let validated = deposit.is_some_and(|deposit| deposit.is_validated(&listed));
        let config = self.config();
        let rows = decisions.connections.keys().map(|app| {
            let delivery = deliveries.get(app).cloned();
            let standing = standing(&config, app, path, deposit, decisions, delivery);
            DocumentView {
                company: slug.clone(),
                path: path.to_string(),
                app: Some(app.to_string()),
                state: standing.state.to_owned(),
                reason: standing.reason.map(|reason| reason.as_str().to_owned()),
                delivery: standing.delivery.map(|delivery| delivery.id.to_string()),
                deposited_at,
                validated,
            }
        });
        Ok(rows.collect())
    }

    /// The deliveries that a deposit's verdicts name, by app.
    pub(super) async fn deliveries_of(
        &self,
        deposit: Option<&Deposit>,
    ) -> Answer<BTreeMap<crate::domain::profile::AppId, Delivery>> {
        let mut deliveries = BTreeMap::new();
        for id in deposit.into_iter().flat_map(Deposit::deliveries) {
            if let Some(delivery) = self.ports().store.delivery(id).await? {
                deliveries.insert(delivery.app.clone(), delivery);
            }
        }
        Ok(deliveries)
    }

    /// Documents that no profile takes, newest first.
    pub(super) async fn unsupported_view(&self, limit: usize) -> Answer<Vec<DocumentView>> {
        let companies = self.ports().store.companies().await?;
        let mut views = Vec::new();
        for deposit in self.ports().store.unsupported(limit).await? {
            let Some(company) = companies.iter().find(|found| found.id == deposit.company) else {
                continue;
            };
            let decisions = self.ports().store.decisions(company.id).await?;
            let path = deposit.path.clone();
            let rows = self.rows(company, &path, Some(&deposit), &decisions).await?;
            let unsupported =
                rows.into_iter().filter(|row| row.state == Skip::Unsupported.as_str());
            views.extend(unsupported);
        }
        Ok(views)
    }
}

fn unconnected(
    slug: &str,
    path: &TreePath,
    deposited_at: Option<crate::app::views::LocalTime>,
) -> DocumentView {
    DocumentView {
        company: slug.to_owned(),
        path: path.to_string(),
        app: None,
        state: Skip::NotConnected.as_str().to_owned(),
        reason: None,
        delivery: None,
        deposited_at,
        validated: false,
    }
}

fn check_state(state: &str) -> Answer<()> {
    let states = State::ALL.map(State::as_str);
    if states.contains(&state) || VERDICTS.contains(&state) {
        return Ok(());
    }
    Err(Error::Words(format!(
        "there is no state `{}`\nhint: one of {}, {}",
        state.escape_debug(),
        states.join(", "),
        VERDICTS.join(", ")
    )))
}
