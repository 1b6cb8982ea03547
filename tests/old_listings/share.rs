//! A share over real files that shows a listing from before: names missing, names back, old
//! stamps and looks. What is opened is what is there.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};

use facteur::adapters::folders::DocumentTree;
use facteur::domain::company::RootIdentity;
use facteur::domain::directory::{Fingerprint, Stamp};
use facteur::domain::path::TreePath;
use facteur::domain::verdict::folder_of;
use facteur::ports::folders::{
    CompanyFolder, EntryKind, FolderError, Folders, Listing, Look, Mark, Marked, Put, Trust,
};

use crate::world::path;

/// The one company on it.
pub(crate) const COMPANY: &str = "Dupont";

/// All directories of the company as they were at one moment.
type Moment = BTreeMap<TreePath, Listing>;

pub(crate) struct Share {
    tree: DocumentTree,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    moments: Vec<Moment>,
    /// Which directories are shown as they were, and at which moment.
    old: BTreeMap<TreePath, usize>,
}

impl Share {
    pub(crate) fn new(tree: DocumentTree) -> Self {
        Self { tree, shown: Mutex::default() }
    }

    /// Remembers how everything is now; answers which moment it is.
    pub(crate) fn remember(&self) -> usize {
        let (mut moment, mut waiting) = (Moment::new(), vec![TreePath::root()]);
        while let Some(directory) = waiting.pop() {
            let listing = self.tree.list(&path(COMPANY), &directory).unwrap();
            let folders = listing.entries.iter().filter(|entry| entry.kind == EntryKind::Directory);
            waiting.extend(folders.map(|folder| directory.join(&folder.name)));
            moment.insert(directory, listing);
        }
        let mut shown = self.shown();
        shown.moments.push(moment);
        shown.moments.len() - 1
    }

    /// Shows a directory as it was at a moment.
    pub(crate) fn show_old(&self, directory: &str, moment: usize) {
        self.shown().old.insert(path(directory), moment);
    }

    /// Shows everything as it was at a moment.
    pub(crate) fn show_all_old(&self, moment: usize) {
        let mut shown = self.shown();
        let directories: Vec<TreePath> =
            shown.moments.iter().flat_map(Moment::keys).cloned().collect();
        shown.old.extend(directories.into_iter().map(|directory| (directory, moment)));
    }

    /// Shows what is there.
    pub(crate) fn show_the_truth(&self) {
        self.shown().old.clear();
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A directory as it is shown where that is old; an error where it was not there then.
    fn old(&self, directory: &TreePath) -> Option<Result<Listing, FolderError>> {
        let shown = self.shown();
        let moment = *shown.old.get(directory)?;
        let listing = shown.moments[moment].get(directory).cloned();
        Some(listing.ok_or_else(|| FolderError::Missing(directory.to_string())))
    }
}

impl Folders for Share {
    fn companies(&self) -> Result<Vec<CompanyFolder>, FolderError> {
        self.tree.companies()
    }

    fn identity(&self, company: &CompanyFolder) -> Result<RootIdentity, FolderError> {
        self.tree.identity(company)
    }

    fn trust(&self, company: &CompanyFolder) -> Result<Trust, FolderError> {
        self.tree.trust(company)
    }

    fn stamp(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Stamp, FolderError> {
        match self.old(directory) {
            Some(old) => old.map(|listing| listing.stamp),
            None => self.tree.stamp(company, directory),
        }
    }

    fn list(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Listing, FolderError> {
        self.old(directory).unwrap_or_else(|| self.tree.list(company, directory))
    }

    fn look(&self, company: &CompanyFolder, file: &TreePath) -> Result<Look, FolderError> {
        let Some(listing) = self.old(&folder_of(file)) else {
            return self.tree.look(company, file);
        };
        let entries = listing?.entries.into_iter();
        let look = entries.filter(|entry| entry.name == file.name()).find_map(|entry| entry.look);
        look.ok_or_else(|| FolderError::Missing(file.to_string()))
    }

    fn open(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
    ) -> Result<Box<dyn Read + Send>, FolderError> {
        self.tree.open(company, file, expected)
    }

    fn mark(&self, company: &CompanyFolder, file: &TreePath) -> Result<Option<Mark>, FolderError> {
        self.tree.mark(company, file)
    }

    fn set_mark(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
        mark: Option<&Mark>,
    ) -> Result<Marked, FolderError> {
        self.tree.set_mark(company, file, expected, mark)
    }

    fn put(
        &self,
        company: &CompanyFolder,
        root: Option<&RootIdentity>,
        file: &TreePath,
        bytes: &[u8],
    ) -> Result<Put, FolderError> {
        self.tree.put(company, root, file, bytes)
    }

    fn claim(&self, state_id: &str) -> Result<Option<String>, FolderError> {
        self.tree.claim(state_id)
    }

    fn take_over(&self, state_id: &str) -> Result<(), FolderError> {
        self.tree.take_over(state_id)
    }
}
