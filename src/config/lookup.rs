//! What a configuration says of one company or one app.

use unicode_normalization::UnicodeNormalization as _;

use super::model::{CompanyOverride, Config};
use crate::domain::Timestamp;
use crate::domain::mail::filing::FilingTemplate;
use crate::domain::mail::senders::SenderRules;
use crate::domain::names;
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, Profile};
use crate::domain::slug::{Slug, SlugError};
use crate::domain::template::{Address, Placeholders};

impl Config {
    /// The slug of a company's folder: the typed one, or the folder name's.
    pub fn slug_of(&self, folder: &TreePath) -> Result<Slug, SlugError> {
        match self.entry(folder) {
            Some(CompanyOverride { slug: Some(slug), .. }) => Ok(slug.clone()),
            Some(_) | None => slug_of_folder(folder),
        }
    }

    /// The name of a company's folder: the typed one, or the folder's as it is spelled.
    pub fn name_of(&self, folder: &TreePath) -> String {
        let typed = self.entry(folder).and_then(|entry| entry.name.clone());
        typed.unwrap_or_else(|| folder.to_string())
    }

    /// Whether a folder is a company: directly below the root, not on the `ignore` list, and not
    /// turned off.
    pub fn is_company(&self, folder: &TreePath) -> bool {
        folder.components().count() == 1
            && names::is_recorded(folder.name(), &self.documents.ignore)
            && self.entry(folder).is_none_or(|entry| entry.enabled)
    }

    /// The collection address of a company.
    pub fn collection_of(&self, slug: &Slug) -> Address {
        let domain = &self.firm.domain;
        let placeholders = Placeholders { slug, domain, app: "", inbox: "" };
        let address = self.firm.collection.address(&placeholders);
        address.expect("the collection template was tried with the longest slug")
    }

    /// Where a company's collected mails are filed: its inbox folder, and the template.
    pub fn filing_of(&self, folder: &TreePath) -> (&TreePath, &FilingTemplate) {
        let own = self.entry(folder).map(|entry| &entry.collection);
        let inbox = own.and_then(|own| own.inbox.as_ref());
        let template = own.and_then(|own| own.file_in.as_ref());
        (inbox.unwrap_or(&self.collection.inbox), template.unwrap_or(&self.collection.file_in))
    }

    /// Who may send documents by mail to a company.
    pub fn sender_rules(&self, company: &TreePath) -> SenderRules<'_> {
        let of_company = self.entry(company).map(|entry| &entry.collection);
        let known = of_company.into_iter().flat_map(|differs| &differs.known_senders);
        SenderRules {
            senders: of_company.and_then(|own| own.senders).unwrap_or(self.collection.senders),
            known: self.collection.known_senders.iter().chain(known).collect(),
            firm_domain: &self.firm.domain,
            trusted_servers: &self.collection.trusted_servers,
        }
    }

    /// An app of routes.toml, a disabled one too.
    pub fn app(&self, id: &AppId) -> Option<&Profile> {
        self.apps.get(id)
    }

    /// When the first round after a moment is due.
    pub fn schedule_next(&self, after: Timestamp) -> Timestamp {
        self.robot.schedule.next_after(after, self.firm.time_zone)
    }

    /// The entry of a folder: the same bytes, else the same letters (a disk filled by a Mac
    /// holds decomposed accents, and a person types composed ones).
    fn entry(&self, folder: &TreePath) -> Option<&CompanyOverride> {
        let exact = self.companies.iter().find(|entry| entry.folder == *folder);
        exact.or_else(|| {
            let composed = composed(folder);
            let differs = |entry: &&CompanyOverride| {
                !folder.as_bytes().is_ascii() && !entry.folder.as_bytes().is_ascii()
            };
            let mut entries = self.companies.iter().filter(differs);
            entries.find(|entry| self::composed(&entry.folder) == composed)
        })
    }
}

impl CompanyOverride {
    /// The slug that this entry means.
    pub(super) fn slug_of(&self) -> Result<Slug, SlugError> {
        self.slug.clone().map_or_else(|| slug_of_folder(&self.folder), Ok)
    }
}

fn slug_of_folder(folder: &TreePath) -> Result<Slug, SlugError> {
    Slug::from_name(&String::from_utf8_lossy(folder.as_bytes()))
}

fn composed(folder: &TreePath) -> String {
    folder.to_string().nfc().collect()
}
