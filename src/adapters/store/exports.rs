//! A folder of exports: one more, named after its time, and the oldest removed.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use crate::domain::Timestamp;
use crate::ports::store::{RolledExport, StoreError, Stored};

use super::export;
use super::kv::Kv;

/// How a name begins; then the time in UTC, the state's mark, [`SUFFIX`].
const PREFIX: &str = "state-";
const SUFFIX: &str = ".facteur";
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Letters of the state's id in a name: two robots may share a folder of exports.
const MARK_LETTERS: usize = 8;

/// An export found in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// By its name.
    pub(super) at: Timestamp,
    /// Where.
    pub(super) file: PathBuf,
}

/// See `Store::roll_export`.
pub(super) fn roll(
    kv: &dyn Kv,
    folder: &Path,
    id: &str,
    keep: usize,
    now: Timestamp,
) -> Stored<RolledExport> {
    make(folder)?;
    remove_cut_off(folder, id);
    let name = format!("{PREFIX}{}-{}{SUFFIX}", now.format(TIME), mark(id));
    let file = folder.join(name);
    let records = export::write(kv, &file)?;
    let mut older = list(folder, Some(id))?;
    // With a clock set back it may be older than others by its name, and is the newest all the
    // same.
    older.retain(|found| found.file != file);
    let kept = keep.saturating_sub(1);
    let surplus = older.len().saturating_sub(kept);
    let mut removed = 0;
    for found in older.iter().take(surplus) {
        match std::fs::remove_file(&found.file) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(problem("remove", &found.file, &error)),
        }
    }
    Ok(RolledExport { file, records, removed })
}

/// Removes what exports of this state that were cut off have left: a stop, a loss of power.
fn remove_cut_off(folder: &Path, id: &str) {
    let end = format!("-{}{SUFFIX}.", mark(id));
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let begun = name.strip_prefix('.').is_some_and(|rest| rest.starts_with(PREFIX));
        if begun && name.contains(&end) && name.ends_with(export::PARTIAL) {
            // Best effort: it is in nobody's way, and the next export tries again.
            std::fs::remove_file(entry.path()).ok();
        }
    }
}

/// The newest export of a folder, whichever state it is of.
pub fn newest_export(folder: &Path) -> Result<Option<PathBuf>, StoreError> {
    Ok(newest(folder, None)?.map(|found| found.file))
}

/// The newest export of a folder, of one state or of any.
pub(super) fn newest(folder: &Path, id: Option<&str>) -> Stored<Option<Found>> {
    Ok(list(folder, id)?.pop())
}

/// The exports of a folder, oldest first; none where there is no folder yet.
fn list(folder: &Path, id: Option<&str>) -> Stored<Vec<Found>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(problem("list", folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| problem("list", folder, &error))?;
        // No link is followed: what isn't a file of ours is not ours to remove.
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let name = entry.file_name();
        if let Some((at, marked)) = name.to_str().and_then(parse)
            && id.is_none_or(|id| marked == mark(id))
        {
            found.push(Found { at, file: entry.path() });
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The time and the state's mark in a name of ours.
fn parse(name: &str) -> Option<(Timestamp, &str)> {
    let (time, mark) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
    Some((NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc(), mark))
}

/// The part of a state's id that stands in a name; a name can't hold any letter.
fn mark(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(MARK_LETTERS).collect()
}

/// Makes the folder, for its owner alone: an export names all that a firm buys.
fn make(folder: &Path) -> Stored<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| problem("make", folder, &error))
}

fn problem(doing: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Import(format!("cannot {doing} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::store::memory::MemoryKv;
    use chrono::TimeDelta;

    const ID: &str = "0123456789abcdef";

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_are_kept_and_others_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("new/backup");
        let kv = MemoryKv::default();
        roll(&kv, &backup, ID, 2, noon()).unwrap();
        let foreign = ["notes.txt", "state-20200101T000000Z-ffffffff.facteur", "state-x.facteur"];
        for name in foreign {
            std::fs::write(backup.join(name), "not ours").unwrap();
        }
        for hours in 1..4 {
            roll(&kv, &backup, ID, 2, noon() + TimeDelta::hours(hours)).unwrap();
        }
        let mut expected = vec![
            "state-20260302T140000Z-01234567.facteur",
            "state-20260302T150000Z-01234567.facteur",
        ];
        expected.extend(foreign);
        expected.sort_unstable();
        assert_eq!(names(&backup), expected);
        let newest = newest(&backup, Some(ID)).unwrap().unwrap();
        assert_eq!(newest.at, noon() + TimeDelta::hours(3));
    }

    #[test]
    fn with_a_clock_set_back_the_one_just_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let kv = MemoryKv::default();
        for hours in [10, 11, 0] {
            roll(&kv, folder.path(), ID, 1, noon() + TimeDelta::hours(hours)).unwrap();
        }
        assert_eq!(names(folder.path()), ["state-20260302T120000Z-01234567.facteur"]);
    }

    #[test]
    fn no_folder_holds_no_export() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(newest(&folder.path().join("none"), None), Ok(None));
        assert!(newest(&folder.path().join("none"), Some(ID)).unwrap().is_none());
    }
}
