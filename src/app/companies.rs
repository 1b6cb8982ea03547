//! Companies held against the tree: renamed, vanished, another root, one slug twice.

use std::collections::BTreeMap;

use super::entries::ROBOT;
use super::error::{Answer, Error};
use super::robot::Robot;
use crate::config::Config;
use crate::domain::company::{
    Company, CompanyHold, CompanyHoldReason, CompanyId, RootIdentity, looks_unmounted,
};
use crate::domain::names;
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;
use crate::ports::folders::{CompanyFolder, EntryKind};
use crate::ports::store::{Problem, StoreError};

/// What the tree says about the companies.
#[derive(Debug, Default)]
pub(super) struct Reconciled {
    /// Known companies that can be observed.
    pub(super) present: Vec<Company>,
    /// What holds the others.
    pub(super) problems: Vec<Problem>,
}

impl Robot {
    /// One company by its key.
    pub(super) async fn company_by_id(&self, id: CompanyId) -> Answer<Company> {
        let companies = self.ports().store.companies().await?;
        let found = companies.into_iter().find(|company| company.id == id);
        found.ok_or_else(|| Error::Store(StoreError::NotFound(format!("company {}", id.0))))
    }

    /// The company folders of the tree, those that routes.toml leaves out aside.
    pub(super) fn company_folders(&self) -> Answer<Vec<CompanyFolder>> {
        let config = self.config();
        let folders = self.ports().folders.companies()?;
        Ok(folders.into_iter().filter(|folder| config.is_company(folder)).collect())
    }

    /// Holds every known company against the tree: a renamed folder is followed, a vanished one,
    /// another root or a slug used twice holds it, and a hold whose cause is gone ends.
    pub(super) async fn reconcile(&self) -> Answer<Reconciled> {
        let _turn = self.shared.tree.lock().await;
        let mut reconciled = Reconciled::default();
        let companies = self.ports().store.companies().await?;
        let folders = match self.company_folders() {
            Ok(folders) => folders,
            Err(error) => {
                for company in companies {
                    let message = format!("the documents' root cannot be read ({error})");
                    self.hold_company(
                        &company,
                        CompanyHoldReason::FolderVanished,
                        message,
                        &mut reconciled,
                    )
                    .await?;
                }
                return Ok(reconciled);
            }
        };
        let companies = self.follow_renamed(companies, &folders).await?;
        let slugs = slugs_of(&self.config(), &companies, &folders);
        for company in &companies {
            self.reconcile_one(company, &folders, &slugs, &mut reconciled).await?;
        }
        Ok(reconciled)
    }

    /// A renamed folder is known by its identity, whatever is under its former name now. One that
    /// took the name of another company waits until that one is known to have moved on.
    async fn follow_renamed(
        &self,
        mut companies: Vec<Company>,
        folders: &[CompanyFolder],
    ) -> Answer<Vec<Company>> {
        while let Some((index, folder)) = self.renamed(&companies, folders) {
            let company = &companies[index];
            let detail = format!("its folder is `{folder}` now; its slug stays");
            let entry = self.company_entry(company, ROBOT, "company renamed", detail);
            let (id, root) = (company.id, company.root.clone());
            companies[index] = self.ports().store.relocate(id, folder, root, false, entry).await?;
        }
        Ok(companies)
    }

    fn renamed(
        &self,
        companies: &[Company],
        folders: &[CompanyFolder],
    ) -> Option<(usize, CompanyFolder)> {
        companies.iter().enumerate().find_map(|(index, company)| {
            let folder = self.whereabouts(company, folders)?;
            let is_free = !companies.iter().any(|other| other.folder == folder);
            is_free.then_some((index, folder))
        })
    }

    /// Where a company's very folder is, when it is not at its place.
    fn whereabouts(&self, company: &Company, folders: &[CompanyFolder]) -> Option<CompanyFolder> {
        let tree = &self.ports().folders;
        let is_it =
            |folder: &&CompanyFolder| tree.identity(folder).is_ok_and(|root| root == company.root);
        if is_it(&&company.folder) {
            return None;
        }
        let known_apart =
            |folder: &&CompanyFolder| tree.trust(folder).is_ok_and(|trust| trust.identities);
        folders.iter().find(|folder| is_it(folder) && known_apart(folder)).cloned()
    }

    async fn reconcile_one(
        &self,
        company: &Company,
        folders: &[CompanyFolder],
        slugs: &BTreeMap<Slug, Vec<CompanyFolder>>,
        reconciled: &mut Reconciled,
    ) -> Answer<()> {
        if let Some(folder) = self.whereabouts(company, folders) {
            let message = format!(
                "its folder is at `{folder}` now, where another company was: give one of them a free name for a round"
            );
            let reason = CompanyHoldReason::FolderVanished;
            return self.hold_company(company, reason, message, reconciled).await;
        }
        if !folders.contains(&company.folder) {
            let message = format!("its folder `{}` is not there", company.folder);
            let reason = CompanyHoldReason::FolderVanished;
            return self.hold_company(company, reason, message, reconciled).await;
        }
        if let Some(others) = slugs.get(&company.slug).filter(|folders| folders.len() > 1) {
            let list: Vec<String> = others.iter().map(|folder| format!("`{folder}`")).collect();
            let message = format!(
                "the folders {} have one slug, `{}`: rename one, or give it a slug in [[companies]]",
                list.join(" and "),
                company.slug
            );
            return self
                .hold_company(company, CompanyHoldReason::SlugTaken, message, reconciled)
                .await;
        }
        match self.another_root(company) {
            Some((reason, message)) => {
                self.hold_company(company, reason, message, reconciled).await
            }
            None => {
                let company = match company.hold {
                    Some(_) => self.ports().store.hold(company.id, None).await?,
                    None => company.clone(),
                };
                reconciled.present.push(company);
                Ok(())
            }
        }
    }

    /// Whether something else than its own folder is where the company was.
    pub(super) fn another_root(&self, company: &Company) -> Option<(CompanyHoldReason, String)> {
        let folders = &self.ports().folders;
        let accept = format!(
            "look at the folder, then `facteur release --company {} --reason root_changed`",
            company.slug
        );
        match folders.identity(&company.folder) {
            Err(error) => return Some((CompanyHoldReason::FolderVanished, error.to_string())),
            Ok(root) if root != company.root => {
                let message =
                    format!("another folder or disk is at `{}`: {accept}", company.folder);
                return Some((CompanyHoldReason::RootChanged, message));
            }
            Ok(_) => {}
        }
        match self.is_unmounted(company) {
            Ok(true) => {
                let message =
                    format!("most of what was in `{}` is gone at once: {accept}", company.folder);
                Some((CompanyHoldReason::RootChanged, message))
            }
            Ok(false) => None,
            Err(error) => Some((CompanyHoldReason::FolderVanished, error.to_string())),
        }
    }

    /// A listing may miss names while others are renamed: an empty look is taken twice.
    fn is_unmounted(&self, company: &Company) -> Answer<bool> {
        let mut present = self.first_level(&company.folder)?;
        if company.retake || !looks_unmounted(&company.first_level, &present) {
            return Ok(false);
        }
        present.extend(self.first_level(&company.folder)?);
        Ok(looks_unmounted(&company.first_level, &present))
    }

    /// The recorded names directly below a company's folder.
    fn first_level(&self, folder: &CompanyFolder) -> Answer<Vec<TreePath>> {
        let config = self.config();
        let listing = self.ports().folders.list(folder, &TreePath::root())?;
        let entries = listing.entries.into_iter();
        let recorded = entries.filter(|entry| {
            entry.kind != EntryKind::Other
                && names::is_recorded(&entry.name, &config.documents.ignore)
        });
        Ok(recorded.map(|entry| TreePath::root().join(&entry.name)).collect())
    }

    async fn hold_company(
        &self,
        company: &Company,
        reason: CompanyHoldReason,
        message: String,
        reconciled: &mut Reconciled,
    ) -> Answer<()> {
        let same = company
            .hold
            .as_ref()
            .is_some_and(|hold| hold.reason == reason && hold.message == message);
        if !same {
            let hold = CompanyHold { reason, since: self.now(), message: message.clone() };
            self.ports().store.hold(company.id, Some(hold)).await?;
        }
        reconciled.problems.push(Problem {
            company: company.slug.to_string(),
            path: None,
            kind: reason.as_str().to_owned(),
            message,
        });
        Ok(())
    }

    /// The person has looked at a held company's folder: what is there now is its root, unless it
    /// is another company's.
    pub(super) async fn accept_root(&self, company: &Company, by: &str) -> Answer<Company> {
        let root: RootIdentity = self.ports().folders.identity(&company.folder)?;
        let store = &self.ports().store;
        let companies = store.companies().await?;
        let is_here = |other: &&Company| other.id != company.id && other.root == root;
        if let Some(other) = companies.iter().find(is_here) {
            return Err(Error::Refused(format!(
                "the folder at `{}` is that of `{}`: its documents would go to another company's tools\n                 hint: give the folder its own name back",
                company.folder, other.slug
            )));
        }
        let entry = self.company_entry(company, by, "release root_changed", String::new());
        store.relocate(company.id, company.folder.clone(), root, true, entry).await?;
        Ok(store.hold(company.id, None).await?)
    }
}

/// The folders of each slug: the fixed one of a known company, else the one its name gives.
pub(super) fn slugs_of(
    config: &Config,
    companies: &[Company],
    folders: &[CompanyFolder],
) -> BTreeMap<Slug, Vec<CompanyFolder>> {
    let mut slugs: BTreeMap<Slug, Vec<CompanyFolder>> = BTreeMap::new();
    for folder in folders {
        let known = companies.iter().find(|company| company.folder == *folder);
        let slug = match known {
            Some(company) => Some(company.slug.clone()),
            None => config.slug_of(folder).ok(),
        };
        if let Some(slug) = slug {
            slugs.entry(slug).or_default().push(folder.clone());
        }
    }
    slugs
}
