//! The observing pass of the model: the disk held against the names known, by the project's rules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use facteur::domain::deposit::{Deposit, Origin};
use facteur::domain::directory::{Fingerprint, NameBytes, NameRecord, Settling};
use facteur::domain::path::TreePath;
use facteur::domain::profile::{AppId, Profile};
use facteur::domain::verdict::{Rules, folder_of};
use facteur::ports::store::{DepositRef, NameChange, NameChanges, Observation};

use super::books::{Books, COMPANY};
use super::office::Sight;
use crate::rig::at;

type Apps = BTreeMap<AppId, Profile>;

/// The firm's apps, while they are on and once they are off.
static APPS: LazyLock<[Apps; 2]> = LazyLock::new(|| {
    let on = crate::config::config(|_| ()).apps;
    let mut off = on.clone();
    for profile in off.values_mut() {
        profile.enabled = false;
    }
    [on, off]
});

/// What an observation writes of what it saw; nothing when nothing has changed.
pub(crate) fn observation(sight: &Sight) -> Observation {
    let mut observation = Observation::default();
    for (document, place) in sight.disk.iter().enumerate() {
        let fingerprint = Fingerprint(document as u64 + 1);
        match known(&sight.books, fingerprint) {
            Some((known, record)) if known == *place && record.settling.is_none() => {}
            Some((known, record)) if known == *place => {
                settled(sight, place, record, &mut observation);
            }
            Some((known, record)) => moved(sight, &known, place, record, &mut observation),
            None => found(sight, place, fingerprint, &mut observation),
        }
    }
    observation
}

fn known(books: &Books, fingerprint: Fingerprint) -> Option<(TreePath, NameRecord)> {
    let mut all = books.names.iter().flat_map(|(directory, names)| {
        names.iter().map(move |(name, record)| (directory.join(name.as_bytes()), *record))
    });
    all.find(|(_, record)| record.fingerprint == fingerprint)
}

fn found(sight: &Sight, place: &TreePath, fingerprint: Fingerprint, observation: &mut Observation) {
    let settling = Settling { size: 1, modified_ns: 0, since: at(0), first: at(0), identity: None };
    let record = NameRecord {
        fingerprint,
        deposit: None,
        settling: Some(settling),
        absent_since: None,
        gone: false,
    };
    let deposit = DepositRef::New(observation.deposits.len());
    name(observation, place, Some(NameChange { record, deposit }));
    observation.deposits.push(Deposit {
        number: 0,
        company: COMPANY,
        path: place.clone(),
        origin: Origin::Found,
        observed_at: at(0),
        modified_ns: 0,
        size: 1,
        fingerprint,
        settled: false,
        gone: false,
        content: None,
        verdicts: rules(sight).of_deposit(place),
        events: Vec::new(),
    });
}

fn settled(sight: &Sight, place: &TreePath, record: NameRecord, observation: &mut Observation) {
    let record = NameRecord { settling: None, ..record };
    name(observation, place, Some(NameChange { record, deposit: DepositRef::Keep }));
    observation.deposits.push(Deposit { settled: true, ..deposit_of(sight, record) });
}

fn moved(
    sight: &Sight,
    from: &TreePath,
    to: &TreePath,
    record: NameRecord,
    observation: &mut Observation,
) {
    name(observation, from, None);
    name(observation, to, Some(NameChange { record, deposit: DepositRef::Keep }));
    let before = deposit_of(sight, record);
    let verdicts = rules(sight).of_moved(from, to, Some(&before.verdicts));
    observation.deposits.push(Deposit { path: to.clone(), verdicts, ..before });
}

fn deposit_of(sight: &Sight, record: NameRecord) -> Deposit {
    let number = record.deposit.expect("the baseline of the model is empty");
    sight.books.deposit(number).expect("a name's deposit is there").clone()
}

fn rules(sight: &Sight) -> Rules<'_> {
    let apps = &APPS[usize::from(sight.is_app_off)];
    Rules { apps, decisions: &sight.books.decisions, after_import: false }
}

fn name(observation: &mut Observation, place: &TreePath, change: Option<NameChange>) {
    let changes: NameChanges = vec![(NameBytes::new(place.name()), change)];
    observation.names.push((folder_of(place), changes));
}
