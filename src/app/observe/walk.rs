//! The walk through a company's folders: what changed is listed, what didn't is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::domain::Timestamp;
use crate::domain::comparison::Documents;
use crate::domain::directory::{DirectoryRecord, Fingerprint, NameBytes};
use crate::domain::names;
use crate::domain::path::TreePath;
use crate::ports::folders::{CompanyFolder, EntryKind, FolderError, Folders, Listing, Trust};

/// Which directories a walk lists.
#[derive(Debug, Clone)]
pub(in crate::app) enum Scope {
    /// All whose stamp changed, and the part whose turn it is.
    Changed,
    /// All of this folder and below, whatever their stamps say.
    Whole(TreePath),
    /// These alone.
    Only(BTreeSet<TreePath>),
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Listed, with what is in them.
    pub(super) visited: BTreeMap<TreePath, Visit>,
    /// Known, and unchanged.
    pub(super) skipped: Vec<TreePath>,
    /// Known, and not there any more.
    pub(super) missing: Vec<TreePath>,
    /// Directories that can't be listed: the path and why.
    pub(super) unreadable: Vec<(TreePath, String)>,
}

/// One directory that was listed.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) stamp: crate::domain::directory::Stamp,
    pub(super) identity: Option<Fingerprint>,
    pub(super) documents: Documents,
    /// Holds names that are no documents yet (empty) or can't be read: listed again next time.
    pub(super) restless: bool,
    /// Files that can't be read: known by their look all the same.
    pub(super) unreadable: Vec<NameBytes>,
    pub(super) folders: Vec<NameBytes>,
}

/// What a walk needs to know.
pub(super) struct Walk<'a> {
    pub(super) folders: &'a dyn Folders,
    pub(super) company: &'a CompanyFolder,
    pub(super) trust: Trust,
    pub(super) known: &'a BTreeMap<TreePath, DirectoryRecord>,
    pub(super) ignore: &'a [String],
    pub(super) scope: &'a Scope,
    pub(super) now: Timestamp,
}

impl Walk<'_> {
    /// Walks; errs only when the company's own folder can't be listed.
    pub(super) fn run(&self) -> Result<Walked, FolderError> {
        let mut walked = Walked::default();
        let mut waiting: Vec<(TreePath, Option<Fingerprint>)> = match self.scope {
            Scope::Changed => vec![(TreePath::root(), None)],
            Scope::Whole(folder) => vec![(folder.clone(), self.identity_of(folder))],
            Scope::Only(directories) => {
                directories.iter().map(|path| (path.clone(), self.identity_of(path))).collect()
            }
        };
        let descends = !matches!(self.scope, Scope::Only(_));
        while let Some((directory, identity)) = waiting.pop() {
            if self.may_skip(&directory) {
                if descends {
                    waiting.extend(self.known_children(&directory).map(|child| (child, None)));
                }
                walked.skipped.push(directory);
                continue;
            }
            match self.folders.list(self.company, &directory) {
                Ok(listing) => {
                    let visit = self.visit(listing, identity, &directory, &mut waiting, descends);
                    walked.visited.insert(directory, visit);
                }
                Err(FolderError::Missing(_)) if !directory.is_root() => {}
                Err(error) if directory.is_root() => return Err(error),
                Err(error) => walked.unreadable.push((directory, error.to_string())),
            }
        }
        if descends {
            self.find_missing(&mut walked);
        }
        Ok(walked)
    }

    fn may_skip(&self, directory: &TreePath) -> bool {
        if !matches!(self.scope, Scope::Changed) || !self.trust.stamps {
            return false;
        }
        let Some(record) = self.known.get(directory) else { return false };
        if record.has_its_turn(spread_of(directory), self.now) {
            return false;
        }
        let stamp = self.folders.stamp(self.company, directory);
        stamp.is_ok_and(|stamp| record.may_skip(stamp))
    }

    fn known_children(&self, directory: &TreePath) -> impl Iterator<Item = TreePath> {
        let parent = directory.clone();
        let below = self.known.range(directory.clone()..).map(|(path, _)| path);
        below
            .take_while(move |path| path.as_bytes().starts_with(directory.as_bytes()))
            .filter(move |path| path.parent().as_ref() == Some(&parent))
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn identity_of(&self, directory: &TreePath) -> Option<Fingerprint> {
        let look = self.folders.look(self.company, directory).ok()?;
        self.told_apart(look.fingerprint)
    }

    /// Where the file system can't tell folders apart there is no identity.
    fn told_apart(&self, fingerprint: Fingerprint) -> Option<Fingerprint> {
        self.trust.identities.then_some(fingerprint)
    }

    fn visit(
        &self,
        listing: Listing,
        identity: Option<Fingerprint>,
        directory: &TreePath,
        waiting: &mut Vec<(TreePath, Option<Fingerprint>)>,
        descends: bool,
    ) -> Visit {
        let known = self.known.get(directory).and_then(|record| record.identity);
        let mut visit = Visit {
            stamp: listing.stamp,
            identity: identity.or(known),
            documents: Documents::default(),
            restless: false,
            unreadable: Vec::new(),
            folders: Vec::new(),
        };
        for entry in listing.entries {
            if !names::is_recorded(&entry.name, self.ignore) {
                continue;
            }
            let name = NameBytes::new(&entry.name);
            match (entry.kind, entry.look) {
                (EntryKind::Directory, look) => {
                    if descends {
                        let identity = look.and_then(|look| self.told_apart(look.fingerprint));
                        waiting.push((directory.join(&entry.name), identity));
                    }
                    visit.folders.push(name);
                }
                (EntryKind::File, Some(look)) if look.size > 0 => {
                    if !look.readable {
                        visit.restless = true;
                        visit.unreadable.push(name.clone());
                    }
                    visit.documents.seen.insert(name, look.seen());
                }
                (EntryKind::File, Some(_) | None) => {
                    visit.restless = true;
                    visit.documents.unclear.push(name);
                }
                (EntryKind::Other, _) => {}
            }
        }
        visit
    }

    /// What is known within the scope and was neither visited, skipped nor behind a locked door.
    fn find_missing(&self, walked: &mut Walked) {
        let within = match self.scope {
            Scope::Whole(folder) => folder.clone(),
            Scope::Changed | Scope::Only(_) => TreePath::root(),
        };
        let skipped: BTreeSet<&TreePath> = walked.skipped.iter().collect();
        let locked =
            |path: &TreePath| walked.unreadable.iter().any(|(folder, _)| path.is_within(folder));
        walked.missing = self
            .known
            .keys()
            .filter(|path| path.is_within(&within))
            .filter(|path| !walked.visited.contains_key(*path) && !skipped.contains(path))
            .filter(|path| !locked(path))
            .cloned()
            .collect();
    }
}

/// A number of the directory's own, so that not all have their turn in one round.
fn spread_of(directory: &TreePath) -> u64 {
    let mut hasher = DefaultHasher::new();
    directory.hash(&mut hasher);
    hasher.finish()
}
