//! Names as a person types them, found on the disk as they are spelled there.

use unicode_normalization::UnicodeNormalization as _;

use super::robot::Robot;
use crate::domain::path::{TreePath, spell};
use crate::ports::folders::{CompanyFolder, EntryKind, FolderError};

impl Robot {
    /// The folder that is meant: as typed where there is one, else the one that differs only in
    /// how its accents are composed (keyboards give NFC, some systems store NFD). What is on no
    /// disk stays as typed.
    pub(super) fn as_on_disk(&self, company: &CompanyFolder, typed: &TreePath) -> TreePath {
        let folders = &self.ports().folders;
        let mut found = TreePath::root();
        for name in typed.components() {
            let next = found.join(name);
            if !matches!(folders.stamp(company, &next), Err(FolderError::Missing(_))) {
                found = next;
                continue;
            }
            let listed = folders.list(company, &found).map(|listing| listing.entries);
            let twins = listed.unwrap_or_default().into_iter();
            let mut twins = twins.filter(|entry| are_one_text(&entry.name, name));
            found = match (twins.next(), twins.next()) {
                (Some(twin), None) => found.join(&twin.name),
                (None | Some(_), _) => next,
            };
        }
        found
    }

    /// The folder of a similar name beside one that isn't there.
    pub(super) fn near_on_disk(
        &self,
        company: &CompanyFolder,
        typed: &TreePath,
    ) -> Option<TreePath> {
        let parent = typed.parent()?;
        let wanted = spell(typed.name()).to_lowercase();
        let distance =
            |name: &[u8]| strsim::damerau_levenshtein(&wanted, &spell(name).to_lowercase());
        let listed = self.ports().folders.list(company, &parent).ok()?.entries.into_iter();
        let folders = listed.filter(|entry| entry.kind == EntryKind::Directory);
        let near = folders.map(|entry| (distance(&entry.name), entry.name));
        let near = near.filter(|(distance, _)| *distance <= 1 + wanted.chars().count() / 4);
        near.min().map(|(_, name)| parent.join(&name))
    }
}

fn are_one_text(left: &[u8], right: &[u8]) -> bool {
    match (std::str::from_utf8(left), std::str::from_utf8(right)) {
        (Ok(left), Ok(right)) => left.nfc().eq(right.nfc()),
        (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}
