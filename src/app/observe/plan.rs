//! From what a walk found to what is to be remembered: units that must be durable together.

use std::collections::{BTreeMap, BTreeSet};

use super::moves::{Moves, Place};
use super::records::missing_record;
use super::walk::Walked;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::comparison::{Comparison, Seen};
use crate::domain::delivery::DeliveryId;
use crate::domain::deposit::{Deposit, Origin, Verdict};
use crate::domain::directory::{DirectoryRecord, NameRecord, SECOND_LOOK_AFTER, Settling};
use crate::domain::path::TreePath;
use crate::domain::verdict::{Rules, any_due};
use crate::ports::store::{DepositRef, NameChange};

/// Names and deposits that must be durable together.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub(super) names: Vec<(Place, Option<NameChange>)>,
    pub(super) deposits: Vec<Deposit>,
}

/// What is to be remembered of a walk.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) units: Vec<Unit>,
    pub(super) directories: Vec<(TreePath, DirectoryRecord)>,
    pub(super) deposited: u64,
}

/// Everything a plan is made from.
pub(super) struct Planner<'a> {
    pub(super) company: &'a Company,
    pub(super) config: &'a Config,
    pub(super) rules: Rules<'a>,
    pub(super) walked: &'a Walked,
    pub(super) known: &'a BTreeMap<TreePath, DirectoryRecord>,
    pub(super) moves: &'a Moves,
    pub(super) deposits: &'a BTreeMap<u64, Deposit>,
    /// Deliveries of the deposits that never got to the tool.
    pub(super) unsent: &'a BTreeSet<DeliveryId>,
    /// What can't be listed now was there before, whatever it holds.
    pub(super) takes_before: bool,
    pub(super) now: Timestamp,
}

impl Planner<'_> {
    /// The plan for these comparisons: of each visited directory, and of each missing one.
    pub(super) fn plan(&self, comparisons: &BTreeMap<TreePath, Comparison>) -> Plan {
        let left: BTreeSet<&Place> = self.moves.values().map(|(place, _)| place).collect();
        let mut plan = Plan::default();
        for (directory, comparison) in comparisons {
            let before = plan.units.len();
            let mut restless = self.plan_present(directory, comparison, &left, &mut plan);
            restless |= self.plan_absent(directory, comparison, &left, &mut plan);
            let added = plan.units.get(before..).unwrap_or_default();
            restless |= added.iter().any(|unit| holds_unsettled(unit, directory));
            let record = match self.walked.visited.get(directory) {
                Some(visit) => self.visited_record(directory, visit, restless),
                None => missing_record(restless, self.now),
            };
            plan.directories.push((directory.clone(), record));
        }
        plan.directories.extend(self.unlisted_records());
        plan
    }

    fn plan_present(
        &self,
        directory: &TreePath,
        comparison: &Comparison,
        left: &BTreeSet<&Place>,
        plan: &mut Plan,
    ) -> bool {
        let mut restless = false;
        let was_there_before = self.was_there_before(directory);
        for (name, seen) in &comparison.new {
            let place = (directory.clone(), name.clone());
            match self.moves.get(&place) {
                Some((source, record)) => plan.units.push(self.moved(place, seen, source, record)),
                None if was_there_before => plan.units.push(self.known_before(place, seen)),
                None => self.deposit(place, seen, Origin::Found, plan),
            }
        }
        for (name, record, seen) in &comparison.changed {
            let place = (directory.clone(), name.clone());
            if let Some((source, moved)) = self.moves.get(&place) {
                let overwritten =
                    (!left.contains(&place)).then(|| self.overwritten(record)).flatten();
                let mut unit = self.moved(place, seen, source, moved);
                unit.deposits.extend(overwritten);
                plan.units.push(unit);
            } else if left.contains(&place) {
                self.deposit(place, seen, Origin::Found, plan);
            } else if self.is_growth(record, seen) {
                plan.units.push(self.grown(place, record, seen));
            } else {
                let origin = Origin::Replaced { earlier: record.deposit };
                self.deposit(place, seen, origin, plan);
            }
        }
        for (name, record, seen) in &comparison.same {
            let place = (directory.clone(), name.clone());
            restless |= record.settling.is_some();
            plan.units.extend(self.looked_again(place, record, seen));
        }
        restless
    }

    fn plan_absent(
        &self,
        directory: &TreePath,
        comparison: &Comparison,
        left: &BTreeSet<&Place>,
        plan: &mut Plan,
    ) -> bool {
        let mut restless = false;
        for (name, record) in &comparison.absent {
            let place = (directory.clone(), name.clone());
            if left.contains(&place) {
                continue;
            }
            match record.absent_since.filter(|since| *since <= self.now) {
                Some(since) if self.now - since >= SECOND_LOOK_AFTER => {
                    plan.units.push(self.gone(place, record));
                }
                Some(_) => restless = true,
                None => {
                    restless = true;
                    let next = NameRecord { absent_since: Some(self.now), ..*record };
                    plan.units.push(Unit::name(place, next));
                }
            }
        }
        restless
    }

    /// A name of the baseline: known, and no deposit.
    fn known_before(&self, place: Place, seen: &Seen) -> Unit {
        let record = self.record(&place.0, seen, None);
        Unit::name(place, record)
    }

    fn deposit(&self, place: Place, seen: &Seen, origin: Origin, plan: &mut Plan) {
        let path = path_of(&place);
        let verdicts = match &origin {
            Origin::Replaced { earlier } => {
                let earlier = earlier.and_then(|number| self.deposits.get(&number));
                self.rules.of_replaced(&path, earlier, self.unsent)
            }
            Origin::Found
            | Origin::Received { .. }
            | Origin::Moved { .. }
            | Origin::Backfill { .. } => self.rules.of_deposit(&path),
        };
        let record = self.record(&place.0, seen, None);
        let deposit = self.new_deposit(path, seen, origin, verdicts);
        plan.deposited += 1;
        plan.units.push(Unit::name_of_new_deposit(place, record, deposit));
    }

    fn moved(&self, place: Place, seen: &Seen, source: &Place, record: &NameRecord) -> Unit {
        let (from, to) = (path_of(source), path_of(&place));
        let before = record.deposit.and_then(|number| self.deposits.get(&number)).cloned();
        let verdicts =
            self.rules.of_moved(&from, &to, before.as_ref().map(|known| &known.verdicts));
        let newly_due = any_due(&verdicts) && !before.as_ref().is_some_and(Deposit::is_due);
        let settling = if newly_due {
            self.settling(&place.0, seen, None)
        } else {
            record.settling.and_then(|settling| self.settling(&place.0, seen, Some(&settling)))
        };
        let next = NameRecord {
            fingerprint: seen.fingerprint,
            settling,
            absent_since: None,
            gone: false,
            ..*record
        };
        let mut unit = match before {
            Some(mut deposit) => {
                deposit.settled =
                    settling.is_none() && (deposit.settled || record.settling.is_some());
                deposit.gone = false;
                deposit.fingerprint = seen.fingerprint;
                deposit.path = to;
                deposit.verdicts = verdicts;
                deposit.tell(self.now, format!("moved here from `{from}`"));
                Unit { names: vec![(place, Some(NameChange::keep(next)))], deposits: vec![deposit] }
            }
            None if any_due(&verdicts) => {
                let deposit = self.new_deposit(to, seen, Origin::Moved { from }, verdicts);
                Unit::name_of_new_deposit(place, next, deposit)
            }
            None => Unit::name(place, next),
        };
        if !self.is_seen(source) {
            unit.names.push((source.clone(), None));
        }
        unit
    }

    /// A document whose name another one was moved onto before it was sent.
    fn overwritten(&self, record: &NameRecord) -> Option<Deposit> {
        let mut deposit = record.deposit.and_then(|number| self.deposits.get(&number))?.clone();
        deposit.gone = true;
        deposit.tell(self.now, "another document was moved onto its name");
        Some(deposit)
    }

    /// Whether another fingerprint behind the name is the same document, still being written (or
    /// known to have other fingerprints now), and not a replacement. What has not been queued yet
    /// is whatever is behind its name by then.
    fn is_growth(&self, record: &NameRecord, seen: &Seen) -> bool {
        let deposit = record.deposit.and_then(|number| self.deposits.get(&number));
        let waits = deposit.is_some_and(Deposit::is_due);
        let grows = record.settling.is_some_and(|settling| {
            settling.identity.is_none() || settling.identity == seen.identity
        });
        waits || grows || self.company.retake || !self.company.baseline
    }

    fn grown(&self, place: Place, record: &NameRecord, seen: &Seen) -> Unit {
        let settling = self.settling(&place.0, seen, record.settling.as_ref());
        let next = NameRecord {
            fingerprint: seen.fingerprint,
            settling,
            absent_since: None,
            gone: false,
            ..*record
        };
        let mut unit = Unit::name(place, next);
        if let Some(deposit) = record.deposit.and_then(|number| self.deposits.get(&number)) {
            let mut deposit = deposit.clone();
            deposit.fingerprint = seen.fingerprint;
            deposit.size = seen.size;
            deposit.modified_ns = seen.modified_ns;
            deposit.gone = false;
            deposit.settled = settling.is_none();
            unit.deposits.push(deposit);
        }
        unit
    }

    fn looked_again(&self, place: Place, record: &NameRecord, seen: &Seen) -> Option<Unit> {
        let settling =
            record.settling.and_then(|settling| self.settling(&place.0, seen, Some(&settling)));
        let next = NameRecord { settling, absent_since: None, gone: false, ..*record };
        if next == *record {
            return None;
        }
        let mut unit = Unit::name(place, next);
        let settled = record.settling.is_some() && settling.is_none();
        let deposit = record.deposit.and_then(|number| self.deposits.get(&number));
        if let Some(deposit) = deposit.filter(|known| record.gone || (settled && !known.settled)) {
            let mut deposit = deposit.clone();
            if record.gone {
                deposit.tell(self.now, "its file is back");
            }
            deposit.gone = false;
            deposit.settled |= settled;
            deposit.size = seen.size;
            deposit.modified_ns = seen.modified_ns;
            unit.deposits.push(deposit);
        }
        Some(unit)
    }

    /// Absent twice. A document that still waited for its file is closed and its name is free
    /// again; any other name stays known.
    fn gone(&self, place: Place, record: &NameRecord) -> Unit {
        let deposit = record.deposit.and_then(|number| self.deposits.get(&number));
        let deposit = deposit.filter(|deposit| deposit.path == path_of(&place));
        let mut unit = Unit::default();
        let waits = deposit.is_some_and(Deposit::is_due);
        let next = NameRecord { gone: true, settling: None, ..*record };
        unit.names.push((place, (!waits).then(|| NameChange::keep(next))));
        if let Some(deposit) = deposit {
            let mut deposit = deposit.clone();
            deposit.gone = true;
            let what =
                if waits { "its file vanished before it was sent" } else { "its file is gone" };
            deposit.tell(self.now, what);
            unit.deposits.push(deposit);
        }
        unit
    }

    fn record(&self, directory: &TreePath, seen: &Seen, deposit: Option<u64>) -> NameRecord {
        NameRecord {
            fingerprint: seen.fingerprint,
            deposit,
            settling: self.settling(directory, seen, None),
            absent_since: None,
            gone: false,
        }
    }

    fn settling(
        &self,
        directory: &TreePath,
        seen: &Seen,
        before: Option<&Settling>,
    ) -> Option<Settling> {
        let settle = self.config.robot.settle_of(directory);
        Settling::after_look(before, seen, settle, self.now)
    }

    fn new_deposit(
        &self,
        path: TreePath,
        seen: &Seen,
        origin: Origin,
        verdicts: BTreeMap<crate::domain::profile::AppId, Verdict>,
    ) -> Deposit {
        let words = origin.words();
        let mut deposit = Deposit {
            number: 0,
            company: self.company.id,
            path,
            origin,
            observed_at: self.now,
            modified_ns: seen.modified_ns,
            size: seen.size,
            fingerprint: seen.fingerprint,
            settled: false,
            gone: false,
            content: None,
            verdicts,
            events: Vec::new(),
        };
        deposit.tell(self.now, words);
        deposit
    }

    fn is_seen(&self, (directory, name): &Place) -> bool {
        let visit = self.walked.visited.get(directory);
        visit.is_some_and(|visit| visit.documents.seen.contains_key(name))
    }
}

impl Unit {
    fn name(place: Place, record: NameRecord) -> Self {
        Self { names: vec![(place, Some(NameChange::keep(record)))], deposits: Vec::new() }
    }

    fn name_of_new_deposit(place: Place, record: NameRecord, deposit: Deposit) -> Self {
        let change = NameChange { record, deposit: DepositRef::New(0) };
        Self { names: vec![(place, Some(change))], deposits: vec![deposit] }
    }

    /// Its weight in a transaction.
    pub(super) fn records(&self) -> usize {
        self.names.len() + self.deposits.len()
    }
}

impl NameChange {
    fn keep(record: NameRecord) -> Self {
        Self { record, deposit: DepositRef::Keep }
    }
}

fn path_of((directory, name): &Place) -> TreePath {
    directory.join(name.as_bytes())
}

fn holds_unsettled(unit: &Unit, directory: &TreePath) -> bool {
    unit.names.iter().any(|((place, _), change)| {
        place == directory && change.is_some_and(|change| change.record.settling.is_some())
    })
}
