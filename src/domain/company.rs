//! A company: one folder of the tree, its slug, and what holds it.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::path::TreePath;
use super::slug::Slug;

/// Made once by the store, at the company's first connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CompanyId(pub u32);

/// Which folder this is: file system type and id with the inode, as one opaque text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RootIdentity(pub String);

/// A company that has, or had, a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its key for ever.
    pub id: CompanyId,
    /// Its folder below the root, as on disk.
    pub folder: TreePath,
    /// Fixed at the first connection.
    pub slug: Slug,
    /// For people: the folder's name, or what routes.toml says.
    pub name: String,
    /// The root that was accepted last.
    pub root: RootIdentity,
    /// Names directly below the root when it was last observed: most of them gone means the
    /// share went away.
    pub first_level: Vec<TreePath>,
    /// Counts every change of its tree or decisions; each transaction compares it.
    pub revision: u64,
    /// Whether the first observation (the baseline) is complete.
    pub baseline: bool,
    /// The next observation knows its names still and takes their fingerprints anew.
    pub retake: bool,
    /// The state is older than the world: what the next observation finds beyond it is held.
    pub after_import: bool,
    /// Why nothing of it is observed or sent just now.
    pub hold: Option<CompanyHold>,
}

/// Why a company is held as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyHold {
    /// The kind.
    pub reason: CompanyHoldReason,
    /// Since when.
    pub since: Timestamp,
    /// What was seen, in words.
    pub message: String,
}

/// The kinds of [`CompanyHold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyHoldReason {
    /// Another root is in its place, or most known names are gone: `release --reason
    /// root_changed` accepts it.
    RootChanged,
    /// Its folder is not there; ends by itself when the same folder is back.
    FolderVanished,
    /// Another folder has the same slug; ends by itself when the names or routes.toml tell them
    /// apart.
    SlugTaken,
}

impl CompanyHoldReason {
    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RootChanged => "root_changed",
            Self::FolderVanished => "folder_vanished",
            Self::SlugTaken => "slug_taken",
        }
    }
}

/// Whether a folder looks like a share that went away: it was not empty before, and more than
/// half of its known first-level names are gone (all of them when there were only one or two).
pub fn looks_unmounted(known: &[TreePath], present: &[TreePath]) -> bool {
    let gone = known.iter().filter(|name| !present.contains(name)).count();
    match known.len() {
        0 => false,
        1 | 2 => present.is_empty(),
        count => gone * 2 > count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_went_away_looks_unmounted() {
        let names = |list: &[&str]| {
            list.iter().map(|name| name.parse().unwrap()).collect::<Vec<TreePath>>()
        };
        let cases = [
            (vec![], vec![], false),
            (vec!["a"], vec![], true),
            (vec!["a", "b"], vec!["b"], false),
            (vec!["a", "b"], vec!["c"], false),
            (vec!["a", "b", "c"], vec!["a"], true),
            (vec!["a", "b", "c"], vec!["a", "b"], false),
            (vec!["a", "b", "c"], vec!["x", "y", "z"], true),
        ];
        for (known, present, unmounted) in cases {
            assert_eq!(
                looks_unmounted(&names(&known), &names(&present)),
                unmounted,
                "{known:?} {present:?}"
            );
        }
    }
}
