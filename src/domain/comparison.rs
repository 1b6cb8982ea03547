//! A listing held against what is known of its directory.

use std::collections::BTreeMap;

use super::directory::{Fingerprint, NameBytes, NameRecord, Names};

/// A file as a listing shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Which file it is.
    pub fingerprint: Fingerprint,
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub modified_ns: i128,
    /// The same whatever is written into it; none where the file system can't tell files apart.
    pub identity: Option<Fingerprint>,
}

/// The documents of one listing, and the names that are there but couldn't be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Documents {
    /// By name.
    pub seen: BTreeMap<NameBytes, Seen>,
    /// There, but empty or vanished at the look: neither documents nor absent.
    pub unclear: Vec<NameBytes>,
}

/// What a listing means for each name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Never known.
    pub new: Vec<(NameBytes, Seen)>,
    /// Known, the same file (also when it had been gone).
    pub same: Vec<(NameBytes, NameRecord, Seen)>,
    /// Known, another file.
    pub changed: Vec<(NameBytes, NameRecord, Seen)>,
    /// Known and not listed; those gone already are left out.
    pub absent: Vec<(NameBytes, NameRecord)>,
}

/// Compares one directory.
pub fn compare(known: &Names, documents: &Documents) -> Comparison {
    let mut comparison = Comparison::default();
    for (name, seen) in &documents.seen {
        match known.get(name) {
            None => comparison.new.push((name.clone(), *seen)),
            Some(record) if record.fingerprint == seen.fingerprint => {
                comparison.same.push((name.clone(), *record, *seen));
            }
            Some(record) => comparison.changed.push((name.clone(), *record, *seen)),
        }
    }
    for (name, record) in known {
        let listed = documents.seen.contains_key(name) || documents.unclear.contains(name);
        if !listed && !record.gone {
            comparison.absent.push((name.clone(), *record));
        }
    }
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_new_same_changed_or_absent() {
        let name = |text: &str| NameBytes::new(text.as_bytes());
        let record = |fingerprint, gone| NameRecord {
            fingerprint: Fingerprint(fingerprint),
            deposit: None,
            settling: None,
            absent_since: None,
            gone,
        };
        let seen = |fingerprint| {
            let fingerprint = Fingerprint(fingerprint);
            Seen { fingerprint, size: 1, modified_ns: 0, identity: None }
        };
        let known = Names::from([
            (name("same"), record(1, false)),
            (name("changed"), record(2, false)),
            (name("absent"), record(3, false)),
            (name("gone"), record(4, true)),
            (name("back"), record(5, true)),
            (name("unclear"), record(6, false)),
        ]);
        let documents = Documents {
            seen: BTreeMap::from([
                (name("same"), seen(1)),
                (name("changed"), seen(20)),
                (name("back"), seen(5)),
                (name("new"), seen(7)),
            ]),
            unclear: vec![name("unclear")],
        };
        let found = compare(&known, &documents);
        let names = |list: Vec<&NameBytes>| {
            list.into_iter().map(|name| name.0.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(found.new.iter().map(|(name, _)| name).collect()), ["new"]);
        assert_eq!(names(found.same.iter().map(|(name, _, _)| name).collect()), ["back", "same"]);
        assert_eq!(names(found.changed.iter().map(|(name, _, _)| name).collect()), ["changed"]);
        assert_eq!(names(found.absent.iter().map(|(name, _)| name).collect()), ["absent"]);
    }
}
