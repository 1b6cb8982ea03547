//! What is remembered of a directory, and what a new listing of it means.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::comparison::Seen;

/// A directory may be skipped only after it was listed again this much later with the same
/// stamp, and a name is gone only when it was absent twice, this far apart.
pub const SECOND_LOOK_AFTER: TimeDelta = TimeDelta::minutes(2);

/// A directory is listed whatever its stamp says this long after its last listing at the
/// earliest…
pub const TURN_AFTER_MIN: TimeDelta = TimeDelta::hours(12);

/// …and this many minutes later at the latest: within a day.
const TURN_SPREAD_MINUTES: u64 = 12 * 60;

/// The time stamps of a directory as one opaque value: compared with itself, never with a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub u64);

/// Which file (or folder) is behind a name, as one opaque value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub u64);

/// One directory of a company, without its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryRecord {
    /// The stamp of the last listing.
    pub stamp: Stamp,
    /// When this stamp was first listed, by the robot's clock.
    pub first_listed_at: Timestamp,
    /// When it was listed last, by the robot's clock.
    pub listed_at: Timestamp,
    /// Listed a second time, [`SECOND_LOOK_AFTER`] later, with the same stamp.
    pub looked_twice: bool,
    /// Holds an unsettled, empty, absent or unreadable name: never skipped.
    pub restless: bool,
    /// Which folder this is, where the file system can tell.
    pub identity: Option<Fingerprint>,
    /// How many documents it held when it was last listed.
    pub documents: u32,
    /// Set for one that was never listed, because it could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlisted: Option<Unlisted>,
}

/// What the first listing of a directory finds that could not be listed when it was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// Documents that were there before: it was met by a baseline, or when a switch was turned.
    Before,
    /// Deposits: the directory itself came later.
    Since,
}

impl DirectoryRecord {
    /// What is remembered of a directory that could not be listed yet: it is tried again by each
    /// observation.
    pub fn of_unlisted(unlisted: Unlisted, now: Timestamp) -> Self {
        Self {
            stamp: Stamp(0),
            first_listed_at: now,
            listed_at: now,
            looked_twice: false,
            restless: true,
            identity: None,
            documents: 0,
            unlisted: Some(unlisted),
        }
    }

    /// What is remembered after a listing with this stamp.
    ///
    /// `listed` says what was found; its time and second look are worked out from `before`.
    pub fn after_listing(before: Option<&Self>, listed: Listed, now: Timestamp) -> Self {
        let Listed { stamp, identity, restless, documents } = listed;
        let same = before.filter(|record| record.stamp == stamp && record.first_listed_at <= now);
        let first_listed_at = same.map_or(now, |record| record.first_listed_at);
        let looked_twice = same.is_some_and(|record| {
            record.looked_twice || now - record.first_listed_at >= SECOND_LOOK_AFTER
        });
        Self {
            stamp,
            first_listed_at,
            listed_at: now,
            looked_twice,
            restless,
            identity,
            documents,
            unlisted: None,
        }
    }

    /// Whether a directory that still bears `stamp` may be skipped.
    pub fn may_skip(&self, stamp: Stamp) -> bool {
        self.stamp == stamp && self.looked_twice && !self.restless
    }

    /// Whether it is listed again whatever its stamp says: once a day at least, and not all
    /// directories in one round. `spread` is any number of the directory's own. A clock that was
    /// set back makes it due.
    pub fn has_its_turn(&self, spread: u64, now: Timestamp) -> bool {
        let spread_minutes = i64::try_from(spread % TURN_SPREAD_MINUTES).unwrap_or_default();
        let turn = self.listed_at + TURN_AFTER_MIN + TimeDelta::minutes(spread_minutes);
        now >= turn || now < self.listed_at
    }
}

/// What a listing found, as far as its directory's record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Taken before the listing.
    pub stamp: Stamp,
    /// See [`DirectoryRecord::identity`].
    pub identity: Option<Fingerprint>,
    /// See [`DirectoryRecord::restless`].
    pub restless: bool,
    /// See [`DirectoryRecord::documents`].
    pub documents: u32,
}

/// One name of a directory: the file known behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRecord {
    /// The file last seen behind the name.
    #[serde(rename = "f")]
    pub fingerprint: Fingerprint,
    /// The deposit it is; none for what the baseline found.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub deposit: Option<u64>,
    /// How it looked and since when, until it has settled.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub settling: Option<Settling>,
    /// Since when it has been absent. Two absences, [`SECOND_LOOK_AFTER`] apart: gone.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub absent_since: Option<Timestamp>,
    /// Gone, and remembered: back with the same fingerprint it is the same document.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// A file that may still be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// Bytes at the last look.
    pub size: u64,
    /// Modification time at the last look, nanoseconds since 1970.
    pub modified_ns: i128,
    /// Since when it has looked so, by the robot's clock.
    pub since: Timestamp,
    /// Since when it has been unsettled at all, by the robot's clock.
    pub first: Timestamp,
    /// Which file it is, whatever is written into it: another one behind the name is no growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Fingerprint>,
}

impl Settling {
    /// What is remembered after another look: none once size and modification time stood still
    /// for `settle`. A clock that jumped back starts the wait again.
    pub fn after_look(
        before: Option<&Self>,
        seen: &Seen,
        settle: TimeDelta,
        now: Timestamp,
    ) -> Option<Self> {
        let Seen { size, modified_ns, identity, fingerprint: _ } = *seen;
        let same = before.filter(|settling| {
            settling.size == size && settling.modified_ns == modified_ns && settling.since <= now
        });
        match same {
            Some(settling) if now - settling.since >= settle => None,
            Some(settling) => Some(*settling),
            None => {
                let first = before.map_or(now, |settling| settling.first.min(now));
                Some(Self { size, modified_ns, since: now, first, identity })
            }
        }
    }
}

/// The names of one directory.
pub type Names = BTreeMap<NameBytes, NameRecord>;

/// A name as on disk; in records it is spelled as paths are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameBytes(pub super::path::TreePath);

impl NameBytes {
    /// One component as a listing gave it.
    pub fn new(name: &[u8]) -> Self {
        Self(super::path::TreePath::root().join(name))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_directory_is_skipped_only_after_its_second_look() {
        let stamp = Stamp(1);
        let list = |before: Option<&DirectoryRecord>, stamp, seconds| {
            let listed = Listed { stamp, identity: None, restless: false, documents: 0 };
            DirectoryRecord::after_listing(before, listed, at(seconds))
        };
        let first = list(None, stamp, 0);
        assert!(!first.may_skip(stamp));
        let soon = list(Some(&first), stamp, 119);
        assert!(!soon.may_skip(stamp));
        let later = list(Some(&soon), stamp, 120);
        assert!(later.may_skip(stamp));
        assert!(!later.may_skip(Stamp(2)));
        let changed = list(Some(&later), Stamp(2), 500);
        assert!(!changed.may_skip(Stamp(2)));
        let clock_set_back = list(Some(&first), stamp, -3600);
        assert!(!clock_set_back.may_skip(stamp));
        assert!(list(Some(&clock_set_back), stamp, -3000).may_skip(stamp));
        let restless = DirectoryRecord { restless: true, ..later };
        assert!(!restless.may_skip(stamp));
    }

    #[test]
    fn a_directory_has_its_turn_within_a_day_whatever_the_schedule() {
        let listed = Listed { stamp: Stamp(1), identity: None, restless: false, documents: 0 };
        let record = DirectoryRecord::after_listing(None, listed, at(0));
        let hours = |hours: i64| at(hours * 3600);
        for spread in [0, 1, 719, 720, u64::MAX] {
            assert!(!record.has_its_turn(spread, hours(11)));
            assert!(record.has_its_turn(spread, hours(24)));
            assert!(record.has_its_turn(spread, at(-1)), "a clock set back");
        }
        assert!(record.has_its_turn(0, hours(12)) && !record.has_its_turn(719, hours(12)));
    }

    #[test]
    fn a_file_settles_when_it_stood_still() {
        let settle = TimeDelta::seconds(5);
        let look = |before: Option<&Settling>, size, seconds| {
            let (fingerprint, identity) = (Fingerprint(1), None);
            let seen = Seen { fingerprint, size, modified_ns: 7, identity };
            Settling::after_look(before, &seen, settle, at(seconds))
        };
        let first = look(None, 10, 0);
        let grown = look(first.as_ref(), 20, 4);
        assert!(look(grown.as_ref(), 20, 8).is_some(), "4 s after the last change");
        assert!(look(grown.as_ref(), 20, 9).is_none(), "5 s after the last change");
        let set_back = look(grown.as_ref(), 20, -3600);
        assert_eq!(set_back.map(|settling| settling.since), Some(at(-3600)));
        assert!(look(set_back.as_ref(), 20, -3594).is_none());
    }
}
