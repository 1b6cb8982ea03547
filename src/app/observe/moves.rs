//! Documents that moved: a name that appeared with the fingerprint of one that vanished.

use std::collections::{BTreeMap, BTreeSet};

use super::walk::Walked;
use crate::domain::comparison::Comparison;
use crate::domain::directory::{Fingerprint, NameBytes, NameRecord, Names};
use crate::domain::path::TreePath;
use crate::ports::folders::{CompanyFolder, FolderError, Folders, Trust};

/// A name in a directory.
pub(super) type Place = (TreePath, NameBytes);

/// Where documents came from: target → source.
pub(super) type Moves = BTreeMap<Place, (Place, NameRecord)>;

/// The fingerprints whose former place is to be searched: of new and of changed names.
pub(super) fn sought(comparisons: &BTreeMap<TreePath, Comparison>) -> BTreeSet<Fingerprint> {
    comparisons
        .values()
        .flat_map(|comparison| {
            let new = comparison.new.iter().map(|(_, seen)| seen.fingerprint);
            new.chain(comparison.changed.iter().map(|(_, _, seen)| seen.fingerprint))
        })
        .collect()
}

/// What a search for former places looks at.
pub(super) struct Search<'a> {
    pub(super) folders: &'a dyn Folders,
    pub(super) company: &'a CompanyFolder,
    pub(super) trust: Trust,
    pub(super) walked: &'a Walked,
}

impl Search<'_> {
    /// Matches what appeared with what vanished. A file that is still at its former place was
    /// linked or is another one: no move. Each former place serves one new name.
    pub(super) fn find(
        &self,
        comparisons: &BTreeMap<TreePath, Comparison>,
        all_names: &BTreeMap<TreePath, Names>,
    ) -> Moves {
        let mut former = self.former_places(&sought(comparisons), all_names);
        let mut moves = Moves::new();
        for (directory, comparison) in comparisons {
            let new = comparison.new.iter().map(|(name, seen)| (name, seen));
            let changed = comparison.changed.iter().map(|(name, _, seen)| (name, seen));
            for (name, seen) in new.chain(changed) {
                let place = (directory.clone(), name.clone());
                let Some(places) = former.get_mut(&seen.fingerprint) else { continue };
                let fitting = places.iter().rposition(|(from, _)| self.may_be(from, &place));
                if let Some(index) = fitting {
                    moves.insert(place, places.remove(index));
                }
            }
        }
        moves
    }

    fn former_places(
        &self,
        sought: &BTreeSet<Fingerprint>,
        all_names: &BTreeMap<TreePath, Names>,
    ) -> BTreeMap<Fingerprint, Vec<(Place, NameRecord)>> {
        let mut former: BTreeMap<Fingerprint, Vec<(Place, NameRecord)>> = BTreeMap::new();
        for (directory, names) in all_names {
            let wanted = names.iter().filter(|(_, record)| sought.contains(&record.fingerprint));
            for (name, record) in wanted {
                let place = (directory.clone(), name.clone());
                if self.is_left(&place, record) {
                    former.entry(record.fingerprint).or_default().push((place, *record));
                }
            }
        }
        for places in former.values_mut() {
            // Taken from the end: places just left before those gone long ago.
            places.sort_by_key(|(place, record)| (!record.gone, place.clone()));
        }
        former
    }

    /// Size and modification time alone are a weak fingerprint: there a move keeps the name or
    /// the folder.
    fn may_be(&self, from: &Place, to: &Place) -> bool {
        self.trust.identities || from.0 == to.0 || from.1 == to.1
    }

    /// Whether a document is not at its former place any more.
    fn is_left(&self, (directory, name): &Place, record: &NameRecord) -> bool {
        if let Some(visit) = self.walked.visited.get(directory) {
            let there = visit.documents.seen.get(name);
            if there.is_some() || visit.documents.unclear.contains(name) {
                return there.is_some_and(|seen| seen.fingerprint != record.fingerprint);
            }
        }
        // Not listed, or missed by a listing during renames: look at the very place.
        match self.folders.look(self.company, &directory.join(name.as_bytes())) {
            Ok(look) => look.fingerprint != record.fingerprint,
            Err(FolderError::Missing(_)) => true,
            Err(
                FolderError::Denied(_)
                | FolderError::Outside(_)
                | FolderError::Changed(_)
                | FolderError::Io { .. }
                | FolderError::Unwritable { .. },
            ) => false,
        }
    }
}
