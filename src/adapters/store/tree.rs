//! The tree as remembered: directories, their names in shards, and observations of changes.
//!
//! A shard holds the names from its key's last part up to the next shard's. It is split in two
//! when it holds more than [`SHARD_NAMES_MAX`], in the transaction that made it so; so a name
//! costs one small record however large its directory is.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::domain::company::{Company, CompanyId};
use crate::domain::directory::{DirectoryRecord, NameBytes, NameRecord, Names};
use crate::domain::path::TreePath;
use crate::ports::store::{
    DepositRef, NameChange, OBSERVATION_RECORDS_MAX, Observation, StoreError, Stored,
};

use super::keys::{self, Counter};
use super::kv::{Direction, Span};
use super::transaction::Transaction;
use super::{collected, companies, deposits};

/// Names of one shard.
const SHARD_NAMES_MAX: usize = 256;

/// See `Store::directories`.
pub(super) fn directories(
    transaction: &Transaction<'_>,
    company: CompanyId,
) -> Stored<Vec<(TreePath, DirectoryRecord)>> {
    let prefix = keys::directories(company);
    let pairs = transaction.all(&prefix)?;
    let read = |key: &str, bytes: &[u8]| {
        Ok((directory_of(key, &prefix)?.0, transaction.decode(key, bytes)?))
    };
    pairs.iter().map(|(key, bytes)| read(key, bytes)).collect()
}

/// See `Store::names`.
pub(super) fn names(
    transaction: &Transaction<'_>,
    company: CompanyId,
    directory: &TreePath,
) -> Stored<Names> {
    let mut names = Names::new();
    for (key, bytes) in transaction.all(&keys::names(company, directory))? {
        names.extend(transaction.decode::<Names>(&key, &bytes)?);
    }
    Ok(names)
}

/// See `Store::all_names`.
pub(super) fn all_names(
    transaction: &Transaction<'_>,
    company: CompanyId,
) -> Stored<BTreeMap<TreePath, Names>> {
    let prefix = keys::all_names(company);
    let mut all: BTreeMap<TreePath, Names> = BTreeMap::new();
    for (key, bytes) in transaction.all(&prefix)? {
        let names = transaction.decode::<Names>(&key, &bytes)?;
        all.entry(directory_of(&key, &prefix)?.0).or_default().extend(names);
    }
    Ok(all)
}

/// The directory in a key, and what follows it.
fn directory_of<'a>(key: &'a str, prefix: &str) -> Stored<(TreePath, &'a str)> {
    let parts = key.strip_prefix(prefix).and_then(|rest| rest.split_once('\t'));
    parts.and_then(|(directory, rest)| Some((directory.parse().ok()?, rest))).ok_or_else(|| {
        StoreError::Unreadable { key: key.to_owned(), problem: "its key holds no path".to_owned() }
    })
}

/// See `Store::observe`.
pub(super) fn observe(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    revision: u64,
    observation: Observation,
) -> Stored<(Vec<u64>, u64)> {
    let before = companies::load_at(transaction, company, revision)?;
    if observation == Observation::default() {
        return Ok((Vec::new(), revision));
    }
    let Observation { directories, forgotten, names, deposits, company: changed } = observation;
    for directory in &forgotten {
        forget(transaction, company, directory)?;
    }
    for (directory, record) in directories {
        transaction.put(keys::directory(company, &directory), &record);
    }
    let mut numbers = Vec::with_capacity(deposits.len());
    for mut deposit in deposits {
        if deposit.number == 0 {
            deposit.number = transaction.next(Counter::Deposit)?;
            collected::receive(transaction, &before, &mut deposit)?;
        }
        numbers.push(deposit.number);
        deposits::observe(transaction, deposit)?;
    }
    for (directory, changes) in names {
        change_names(transaction, company, &directory, changes, &numbers)?;
    }
    let after = Company { revision: revision + 1, ..merge(before, changed) };
    companies::save(transaction, &after);
    Ok((numbers, after.revision))
}

/// What an observation may change of its company.
fn merge(before: Company, changed: Option<Company>) -> Company {
    match changed {
        Some(changed) => Company {
            first_level: changed.first_level,
            baseline: changed.baseline,
            retake: changed.retake,
            after_import: changed.after_import,
            root: changed.root,
            ..before
        },
        None => before,
    }
}

/// Names and deposits of an observation, as its limit counts them.
///
/// # Panics
///
/// When there are more than [`OBSERVATION_RECORDS_MAX`]: the pass must cut them.
pub(super) fn assert_size(observation: &Observation) {
    let names: usize = observation.names.iter().map(|(_, changes)| changes.len()).sum();
    assert!(
        names + observation.deposits.len() <= OBSERVATION_RECORDS_MAX,
        "an observation holds at most {OBSERVATION_RECORDS_MAX} names and deposits"
    );
}

fn forget(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    directory: &TreePath,
) -> Stored<()> {
    transaction.remove(keys::directory(company, directory));
    for (key, _) in transaction.all(&keys::names(company, directory))? {
        transaction.remove(key);
    }
    Ok(())
}

fn change_names(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    directory: &TreePath,
    changes: Vec<(NameBytes, Option<NameChange>)>,
    numbers: &[u64],
) -> Stored<()> {
    let prefix = keys::names(company, directory);
    let mut left: BTreeMap<String, Option<NameRecord>> = changes
        .into_iter()
        .map(|(name, change)| (name.0.to_string(), change.map(|change| named(change, numbers))))
        .collect();
    while let Some(first) = left.keys().next() {
        let (key, mut shard) = shard_of(transaction, &prefix, first)?;
        let behind = left.split_off(&end_of(transaction, &prefix, &key)?);
        for (name, record) in std::mem::replace(&mut left, behind) {
            match record {
                Some(record) => shard.insert(name, spelled(&record)),
                None => shard.remove(&name),
            };
        }
        write_shard(transaction, &prefix, key, shard);
    }
    Ok(())
}

fn named(change: NameChange, numbers: &[u64]) -> NameRecord {
    match change.deposit {
        DepositRef::Keep => change.record,
        DepositRef::New(index) => NameRecord {
            deposit: Some(*numbers.get(index).expect("a name refers to a deposit beside it")),
            ..change.record
        },
    }
}

/// Names as a shard is written, ordered as they are spelled (which their bytes need not be). The
/// records of the names that don't change are not looked into.
type Shard = BTreeMap<String, Box<RawValue>>;

fn spelled(record: &NameRecord) -> Box<RawValue> {
    serde_json::value::to_raw_value(record).expect("a name's record has no keys but texts")
}

/// The shard a name belongs to, with its key.
fn shard_of(transaction: &Transaction<'_>, prefix: &str, name: &str) -> Stored<(String, Shard)> {
    let span = Span::of(prefix).up_to(&format!("{prefix}{name}"));
    match transaction.scan(&span, Direction::Backwards, 1)?.pop() {
        Some((key, bytes)) => {
            let shard = transaction.decode(&key, &bytes)?;
            Ok((key, shard))
        }
        None => Ok((prefix.to_owned(), Shard::new())),
    }
}

/// The least name behind a shard, as spelled.
fn end_of(transaction: &Transaction<'_>, prefix: &str, key: &str) -> Stored<String> {
    let span = Span::of(prefix).after(key);
    let next = transaction.scan(&span, Direction::Forwards, 1)?.pop();
    let end = next.and_then(|(key, _)| key.strip_prefix(prefix).map(str::to_owned));
    Ok(end.unwrap_or_else(|| char::MAX.to_string()))
}

fn write_shard(transaction: &mut Transaction<'_>, prefix: &str, key: String, mut shard: Shard) {
    if shard.is_empty() {
        transaction.remove(key);
        return;
    }
    let middle = shard.keys().nth(shard.len() / 2).cloned();
    if let Some(middle) = middle.filter(|_| shard.len() > SHARD_NAMES_MAX) {
        let upper = shard.split_off(&middle);
        transaction.put(format!("{prefix}{middle}"), &upper);
    }
    transaction.put(key, &shard);
}

#[cfg(test)]
mod tests {
    use super::super::kv::Kv as _;
    use super::super::memory::MemoryKv;
    use super::super::transaction::Unreadable;
    use super::*;
    use crate::domain::directory::Fingerprint;

    fn add(kv: &MemoryKv, names: impl Iterator<Item = usize>) -> Vec<(String, usize)> {
        let unreadable = Unreadable::default();
        let mut transaction = Transaction::new(kv, &unreadable);
        let fingerprint = Fingerprint(u64::MAX);
        let record = NameRecord {
            fingerprint,
            deposit: None,
            settling: None,
            absent_since: None,
            gone: false,
        };
        let change = Some(NameChange { record, deposit: DepositRef::Keep });
        let changes =
            names.map(|name| (NameBytes::new(format!("{name:06}.pdf").as_bytes()), change));
        let directory = "Achats".parse().unwrap();
        change_names(&mut transaction, CompanyId(1), &directory, changes.collect(), &[]).unwrap();
        let batch = transaction.into_batch();
        let sizes = batch
            .iter()
            .map(|(key, value)| (key.clone(), value.as_ref().map_or(0, Vec::len)))
            .collect();
        kv.apply(batch).unwrap();
        sizes
    }

    #[test]
    fn one_more_name_of_a_large_directory_costs_one_small_record() {
        let kv = MemoryKv::default();
        for block in 0..1000 {
            add(&kv, (0..100).map(|name| (block * 100 + name) * 2));
        }
        let written = add(&kv, std::iter::once(77_777));
        let records: usize = written.len();
        assert!(records <= 2, "one shard, or the two halves of it: {written:?}");
        assert!(written.iter().all(|(_, bytes)| *bytes < 16_384), "{written:?}");
        let shards = kv.scan(&Span::of("names/"), Direction::Forwards, usize::MAX).unwrap();
        let names = |bytes: &[u8]| super::super::record::decode::<Names>(bytes).unwrap().len();
        let counts: Vec<usize> = shards.iter().map(|(_, bytes)| names(bytes)).collect();
        assert_eq!(counts.iter().sum::<usize>(), 100_001);
        assert!(counts.iter().all(|count| *count <= SHARD_NAMES_MAX), "{counts:?}");
    }
}
