//! Whose mail it may be: every company that documents can be filed for, connected or not.

use std::collections::{BTreeMap, BTreeSet};

use super::Trouble;
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::company::Company;
use crate::domain::mail::mailbox::Filing;
use crate::domain::names;
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;
use crate::ports::folders::{CompanyFolder, EntryKind, FolderError};

/// A company as mails are filed for it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) slug: Slug,
    pub(super) folder: CompanyFolder,
    /// What the ledger knows of it; none before its first connection.
    pub(super) known: Option<Company>,
    /// Its folder is there.
    pub(super) present: bool,
}

/// All companies by their slugs; a slug that two folders have is nobody's.
#[derive(Debug)]
pub(super) struct Places {
    by_slug: BTreeMap<Slug, Vec<Place>>,
}

impl Places {
    /// The slugs that mails may name.
    pub(super) fn slugs(&self) -> BTreeSet<Slug> {
        self.by_slug.keys().cloned().collect()
    }

    /// The company of a slug. Err: why a person must say which, in words.
    pub(super) fn of(&self, slug: &Slug) -> Result<Place, String> {
        match self.by_slug.get(slug).map(Vec::as_slice) {
            Some([place]) => Ok(place.clone()),
            Some(several @ [_, _, ..]) => {
                let folders = several.iter().map(|place| format!("`{}`", place.folder));
                let folders: Vec<String> = folders.collect();
                Err(format!("the folders {} have one slug, `{slug}`", folders.join(" and ")))
            }
            Some([]) | None => Err(format!("no company has the slug `{slug}`")),
        }
    }

    /// The company of a plan: a person may have chosen one of several with its slug.
    pub(super) fn of_plan(&self, filing: &Filing) -> Result<Place, String> {
        let mut places = self.by_slug.get(&filing.slug).into_iter().flatten();
        match places.find(|place| place.folder == filing.company) {
            Some(place) => Ok(place.clone()),
            None => self.of(&filing.slug),
        }
    }
}

impl Robot {
    /// The companies of this moment. Trouble when the documents' root seems to be away: then a
    /// slug that nobody has proves nothing.
    pub(super) async fn places(&self) -> Answer<Result<Places, Trouble>> {
        let config = self.config();
        let known = self.ports().store.companies().await?;
        let folders = match self.company_folders() {
            Ok(folders) => folders,
            Err(error) => {
                return Ok(Err(Trouble(format!("the documents cannot be read: {error}"))));
            }
        };
        let is_there = |company: &&Company| folders.contains(&company.folder);
        if folders.is_empty() || (!known.is_empty() && !known.iter().any(|one| is_there(&one))) {
            let because = "no company's folder is there: is the documents' root mounted?";
            return Ok(Err(Trouble(because.to_owned())));
        }
        let mut all = folders.clone();
        let away = known.iter().map(|company| &company.folder);
        let typed = config.companies.iter().map(|entry| &entry.folder);
        for folder in away.chain(typed) {
            if !all.contains(folder) && config.is_company(folder) {
                all.push(folder.clone());
            }
        }
        let mut by_slug: BTreeMap<Slug, Vec<Place>> = BTreeMap::new();
        for folder in all {
            let company = known.iter().find(|company| company.folder == folder).cloned();
            let slug = match &company {
                Some(company) => Some(company.slug.clone()),
                None => config.slug_of(&folder).ok(),
            };
            let Some(slug) = slug else { continue };
            let present = folders.contains(&folder);
            let places = by_slug.entry(slug.clone()).or_default();
            places.push(Place { slug, folder, known: company, present });
        }
        for places in by_slug.values_mut() {
            // An entry of routes.toml whose accents are written otherwise is the folder that is there.
            if places.iter().any(|place| place.present) {
                places.retain(|place| place.present);
            }
        }
        Ok(Ok(Places { by_slug }))
    }

    /// What keeps anything from being put into a company's folder just now.
    pub(super) fn obstacle(&self, place: &Place) -> Option<Trouble> {
        if !place.present {
            return Some(Trouble(format!("the folder `{}` is not there", place.folder)));
        }
        let company = place.known.as_ref()?;
        if let Some(hold) = &company.hold {
            return Some(Trouble(format!("{} is held: {}", company.slug, hold.message)));
        }
        let (_, message) = self.another_root(company)?;
        Some(Trouble(format!("{}: {message}", company.slug)))
    }

    /// A folder of a company as it is spelled there: one that differs in case and accents alone
    /// is the same to people.
    pub(super) fn as_spelled(
        &self,
        company: &CompanyFolder,
        wanted: &TreePath,
    ) -> Result<TreePath, FolderError> {
        let mut here = TreePath::root();
        let mut is_there = true;
        for name in wanted.components() {
            let found = if is_there { self.folder_called(company, &here, name)? } else { None };
            is_there = found.is_some();
            here = here.join(found.as_deref().unwrap_or(name));
        }
        Ok(here)
    }

    fn folder_called(
        &self,
        company: &CompanyFolder,
        above: &TreePath,
        name: &[u8],
    ) -> Result<Option<Vec<u8>>, FolderError> {
        let listing = self.ports().folders.list(company, above)?;
        let mut folders: Vec<Vec<u8>> = Vec::new();
        for entry in listing.entries {
            if entry.kind == EntryKind::Directory && folded(&entry.name) == folded(name) {
                folders.push(entry.name);
            }
        }
        folders.sort();
        let exact = folders.iter().position(|folder| folder == name);
        Ok(folders.into_iter().nth(exact.unwrap_or_default()))
    }
}

/// A name as people tell it from others.
pub(super) fn folded(name: &[u8]) -> String {
    names::fold(&String::from_utf8_lossy(name))
}
