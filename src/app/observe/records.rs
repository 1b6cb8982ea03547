//! What is remembered of directories: listed, missing, and never listed yet.

use super::plan::Planner;
use super::walk::Visit;
use crate::domain::Timestamp;
use crate::domain::directory::{DirectoryRecord, Listed, Stamp, Unlisted};
use crate::domain::path::TreePath;

impl Planner<'_> {
    pub(super) fn visited_record(
        &self,
        directory: &TreePath,
        visit: &Visit,
        restless: bool,
    ) -> DirectoryRecord {
        let listed = Listed {
            stamp: visit.stamp,
            identity: visit.identity,
            restless: restless || visit.restless,
            documents: u32::try_from(visit.documents.seen.len()).unwrap_or(u32::MAX),
        };
        DirectoryRecord::after_listing(self.known.get(directory), listed, self.now)
    }

    /// Of directories that can't be listed, and never could.
    pub(super) fn unlisted_records(&self) -> Vec<(TreePath, DirectoryRecord)> {
        let mut records = Vec::new();
        for (directory, _) in &self.walked.unreadable {
            let known = self.known.get(directory);
            if known.is_some_and(|record| record.unlisted.is_none()) {
                continue;
            }
            let before = self.takes_before || self.was_there_before(directory);
            let unlisted = if before { Unlisted::Before } else { Unlisted::Since };
            if known.and_then(|record| record.unlisted) != Some(unlisted) {
                records.push((directory.clone(), DirectoryRecord::of_unlisted(unlisted, self.now)));
            }
        }
        records
    }

    /// Whether what is found in a directory for the first time was there before: in the baseline,
    /// and behind a door that was locked then.
    pub(super) fn was_there_before(&self, directory: &TreePath) -> bool {
        if !self.company.baseline {
            return true;
        }
        let mut here = Some(directory.clone());
        while let Some(path) = here {
            let unlisted = self.known.get(&path).and_then(|record| record.unlisted);
            if unlisted == Some(Unlisted::Before) {
                return true;
            }
            here = path.parent();
        }
        false
    }
}

/// A directory that is not there: its names are remembered, nothing is to be looked at.
pub(super) fn missing_record(restless: bool, now: Timestamp) -> DirectoryRecord {
    DirectoryRecord {
        stamp: Stamp(0),
        first_listed_at: now,
        listed_at: now,
        looked_twice: true,
        restless,
        identity: None,
        documents: 0,
        unlisted: None,
    }
}

/// Whether a missing directory was dealt with before.
pub(super) fn is_closed(record: &DirectoryRecord) -> bool {
    record.stamp == Stamp(0) && !record.restless
}
