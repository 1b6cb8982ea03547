//! Observe: what is in a company's folders, held against what is known, made durable.
//!
//! A name first observed after the baseline is a deposit; its directory's record, the name, the
//! deposit and its verdicts are durable together. Directories' stamps come last: a crash before
//! them only makes the next round list again.

mod commit;
mod moves;
mod older;
mod plan;
mod records;
mod renames;
mod replaced;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use older::{Older, commit_deposit};
pub(super) use walk::Scope;

use self::moves::Moves;
use self::plan::{Plan, Planner};
use self::renames::notice_renames;
use self::walk::{Walk, Walked};
use super::error::{Answer, Error};
use super::robot::Robot;
use crate::domain::company::{Company, CompanyId};
use crate::domain::comparison::{Comparison, Documents, compare};
use crate::domain::decision::Decisions;
use crate::domain::delivery::{DeliveryId, State};
use crate::domain::deposit::Deposit;
use crate::domain::directory::{DirectoryRecord, SECOND_LOOK_AFTER};
use crate::domain::path::TreePath;
use crate::domain::verdict::Rules;
use crate::ports::folders::{CompanyFolder, Trust};
use crate::ports::store::StoreError;

/// How often an observation starts again because a decision came between.
const CONFLICTS_MAX: usize = 8;

/// What an observation found.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Documents listed, or known to be unchanged.
    pub(super) documents: u64,
    /// First observed.
    pub(super) deposited: u64,
    /// Files and folders that can't be read, with the reason.
    pub(super) unreadable: Vec<(TreePath, String)>,
    /// Documents that may still be written to, with their modification time (nanoseconds since
    /// 1970).
    pub(super) unsettled: Vec<(TreePath, i128)>,
    /// Folders that are switched on, were there, and are gone.
    pub(super) vanished: BTreeSet<TreePath>,
}

/// A company as an observation reads it.
struct Snapshot {
    company: Company,
    decisions: Decisions,
    known: BTreeMap<TreePath, DirectoryRecord>,
    trust: Trust,
}

impl Robot {
    /// Observes one company. Waits for its turn: observations and decisions never overlap.
    pub(super) async fn observe(&self, company: CompanyId, scope: Scope) -> Answer<Observed> {
        let _turn = self.shared.tree.lock().await;
        self.observe_in_turn(company, scope).await
    }

    /// The same, for who has the turn already.
    pub(super) async fn observe_in_turn(
        &self,
        company: CompanyId,
        scope: Scope,
    ) -> Answer<Observed> {
        for _ in 0..CONFLICTS_MAX {
            match self.observe_once(company, scope.clone()).await {
                Err(Error::Store(StoreError::Conflict)) => {}
                done => return done,
            }
        }
        Err(Error::Store(StoreError::Conflict))
    }

    async fn observe_once(&self, company: CompanyId, scope: Scope) -> Answer<Observed> {
        let mut snapshot = self.snapshot(company).await?;
        let company = &snapshot.company;
        // Never taken for "all deleted": a share that went away is no observation.
        self.refuse_held(company)?;
        let takes_all = !company.baseline || company.retake || company.after_import;
        let scope = if takes_all && !matches!(scope, Scope::Whole(_)) {
            Scope::Whole(TreePath::root())
        } else {
            scope
        };
        let (walked, known) = self.walk(&snapshot, &scope).await?;
        snapshot.known = known;
        let comparisons = self.comparisons(&snapshot, &walked).await?;
        let moves = self.moves(&snapshot, &walked, &comparisons).await?;
        let (noticed, back) = notice_renames(&snapshot, &walked, &scope, &moves);
        if !noticed.is_empty() {
            self.note_renames(snapshot.company.id, noticed).await?;
            let fresh = self.snapshot(snapshot.company.id).await?;
            snapshot.company = fresh.company;
            snapshot.decisions = fresh.decisions;
        }
        let plan = self.planned(&snapshot, &scope, &walked, &comparisons, &moves).await?;
        let observed = Observed {
            documents: documents_of(&snapshot, &walked),
            deposited: plan.deposited,
            unreadable: unreadable_of(&walked),
            unsettled: unsettled_of(&comparisons, &plan),
            vanished: vanished_of(&snapshot, &walked),
        };
        let company = company_after(&snapshot.company, &walked, &scope);
        self.commit(&snapshot.company, plan, company).await?;
        self.note_renames(snapshot.company.id, back).await?;
        Ok(observed)
    }

    /// The documents below a folder of a company that was never observed, for display.
    pub(super) fn documents_on_disk(
        &self,
        company: &CompanyFolder,
        folder: &TreePath,
    ) -> Answer<Vec<TreePath>> {
        let folders = &self.ports().folders;
        let config = self.config();
        let walk = Walk {
            folders: folders.as_ref(),
            company,
            trust: folders.trust(company)?,
            known: &BTreeMap::new(),
            ignore: &config.documents.ignore,
            scope: &Scope::Whole(folder.clone()),
            now: self.now(),
        };
        let walked = walk.run()?;
        let documents = walked.visited.iter().flat_map(|(directory, visit)| {
            visit.documents.seen.keys().map(|name| directory.join(name.as_bytes()))
        });
        Ok(documents.collect())
    }

    async fn snapshot(&self, id: CompanyId) -> Answer<Snapshot> {
        let store = &self.ports().store;
        let company = self.company_by_id(id).await?;
        let decisions = store.decisions(id).await?;
        let known = store.directories(id).await?.into_iter().collect();
        let trust = self.ports().folders.trust(&company.folder)?;
        Ok(Snapshot { company, decisions, known, trust })
    }

    async fn walk(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
    ) -> Answer<(Walked, BTreeMap<TreePath, DirectoryRecord>)> {
        let folders = Arc::clone(&self.ports().folders);
        let config = self.config();
        let (company, known) = (snapshot.company.folder.clone(), snapshot.known.clone());
        let (scope, now, trust) = (scope.clone(), self.now(), snapshot.trust);
        tokio::task::spawn_blocking(move || {
            let walk = Walk {
                folders: folders.as_ref(),
                company: &company,
                trust,
                known: &known,
                ignore: &config.documents.ignore,
                scope: &scope,
                now,
            };
            let walked = walk.run()?;
            Ok((walked, known))
        })
        .await?
    }

    async fn comparisons(
        &self,
        snapshot: &Snapshot,
        walked: &Walked,
    ) -> Answer<BTreeMap<TreePath, Comparison>> {
        let store = &self.ports().store;
        let mut comparisons = BTreeMap::new();
        for (directory, visit) in &walked.visited {
            let names = store.names(snapshot.company.id, directory).await?;
            comparisons.insert(directory.clone(), compare(&names, &visit.documents));
        }
        let nothing = Documents::default();
        for directory in &walked.missing {
            if snapshot.known.get(directory).is_some_and(records::is_closed) {
                continue;
            }
            let names = store.names(snapshot.company.id, directory).await?;
            comparisons.insert(directory.clone(), compare(&names, &nothing));
        }
        Ok(comparisons)
    }

    async fn planned(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
        walked: &Walked,
        comparisons: &BTreeMap<TreePath, Comparison>,
        moves: &Moves,
    ) -> Answer<Plan> {
        let deposits = self.known_deposits(comparisons, moves).await?;
        let unsent = self.unsent(comparisons, &deposits).await?;
        let config = self.config();
        let planner = Planner {
            company: &snapshot.company,
            config: &config,
            rules: Rules {
                apps: &config.apps,
                decisions: &snapshot.decisions,
                after_import: snapshot.company.after_import,
            },
            walked,
            known: &snapshot.known,
            moves,
            deposits: &deposits,
            unsent: &unsent,
            takes_before: !snapshot.company.baseline || matches!(scope, Scope::Whole(_)),
            now: self.now(),
        };
        Ok(planner.plan(comparisons))
    }

    async fn moves(
        &self,
        snapshot: &Snapshot,
        walked: &Walked,
        comparisons: &BTreeMap<TreePath, Comparison>,
    ) -> Answer<Moves> {
        if !snapshot.company.baseline || moves::sought(comparisons).is_empty() {
            return Ok(Moves::new());
        }
        let all_names = self.ports().store.all_names(snapshot.company.id).await?;
        let folders = &self.ports().folders;
        let (company, trust) = (&snapshot.company.folder, snapshot.trust);
        let search = moves::Search { folders: folders.as_ref(), company, trust, walked };
        Ok(search.find(comparisons, &all_names))
    }

    /// Deliveries of replaced documents that never got to the tool.
    async fn unsent(
        &self,
        comparisons: &BTreeMap<TreePath, Comparison>,
        deposits: &BTreeMap<u64, Deposit>,
    ) -> Answer<BTreeSet<DeliveryId>> {
        let changed = comparisons.values().flat_map(|comparison| &comparison.changed);
        let replaced = changed.filter_map(|(_, record, _)| deposits.get(&record.deposit?));
        let mut unsent = BTreeSet::new();
        for id in replaced.flat_map(Deposit::deliveries) {
            if let Some(delivery) = self.ports().store.delivery(id).await? {
                match delivery.state {
                    State::Queued | State::Deferred | State::Held | State::Refused => {
                        unsent.insert(id);
                    }
                    State::Sending | State::Sent | State::InDoubt | State::Cancelled => {}
                }
            }
        }
        Ok(unsent)
    }

    /// The deposits that a plan may have to change.
    async fn known_deposits(
        &self,
        comparisons: &BTreeMap<TreePath, Comparison>,
        moves: &Moves,
    ) -> Answer<BTreeMap<u64, Deposit>> {
        let now = self.now();
        let mut numbers: BTreeSet<u64> =
            moves.values().filter_map(|(_, record)| record.deposit).collect();
        for comparison in comparisons.values() {
            let changed = comparison.changed.iter().map(|(_, record, _)| record);
            let same = comparison.same.iter().map(|(_, record, _)| record);
            let stirring = same.filter(|record| record.settling.is_some() || record.gone);
            let absent = comparison.absent.iter().map(|(_, record)| record);
            let going = absent.filter(|record| {
                record.absent_since.is_some_and(|since| now - since >= SECOND_LOOK_AFTER)
            });
            let records = changed.chain(stirring).chain(going);
            numbers.extend(records.filter_map(|record| record.deposit));
        }
        let mut deposits = BTreeMap::new();
        for number in numbers {
            if let Some(deposit) = self.ports().store.deposit(number).await? {
                deposits.insert(number, deposit);
            }
        }
        Ok(deposits)
    }
}

fn documents_of(snapshot: &Snapshot, walked: &Walked) -> u64 {
    let listed = walked.visited.values().map(|visit| visit.documents.seen.len() as u64);
    let skipped = walked.skipped.iter().filter_map(|path| snapshot.known.get(path));
    listed.sum::<u64>() + skipped.map(|record| u64::from(record.documents)).sum::<u64>()
}

fn unreadable_of(walked: &Walked) -> Vec<(TreePath, String)> {
    let mut unreadable = walked.unreadable.clone();
    for (directory, visit) in &walked.visited {
        let files = visit.unreadable.iter().map(|name| directory.join(name.as_bytes()));
        unreadable.extend(files.map(|path| (path, "permission denied".to_owned())));
    }
    unreadable
}

fn unsettled_of(
    comparisons: &BTreeMap<TreePath, Comparison>,
    plan: &Plan,
) -> Vec<(TreePath, i128)> {
    let mut settling = BTreeMap::new();
    for (directory, comparison) in comparisons {
        for (name, record, _) in &comparison.same {
            settling.insert(directory.join(name.as_bytes()), record.settling);
        }
    }
    for ((directory, name), change) in plan.units.iter().flat_map(|unit| &unit.names) {
        let now = change.as_ref().and_then(|change| change.record.settling);
        settling.insert(directory.join(name.as_bytes()), now);
    }
    settling.into_iter().filter_map(|(path, now)| Some((path, now?.modified_ns))).collect()
}

/// A listing may miss a folder once: vanished is what was missing before and still is.
fn vanished_of(snapshot: &Snapshot, walked: &Walked) -> BTreeSet<TreePath> {
    let switches = snapshot.decisions.switches.iter();
    let on = switches.filter(|(_, switch)| switch.on && switch.renamed_to.is_none());
    let folders = on.map(|((_, folder), _)| folder).filter(|folder| {
        walked.missing.contains(folder)
            && snapshot.known.get(folder).is_some_and(records::is_closed)
    });
    folders.cloned().collect()
}

/// The company after its whole tree was observed; none when nothing of it changed.
fn company_after(before: &Company, walked: &Walked, scope: &Scope) -> Option<Company> {
    let mut company = before.clone();
    if let Some(visit) = walked.visited.get(&TreePath::root()) {
        let folders = visit.folders.iter();
        let documents = visit.documents.seen.keys();
        company.first_level = folders.chain(documents).map(|name| name.0.clone()).collect();
    }
    let whole = match scope {
        Scope::Changed => true,
        Scope::Whole(folder) => folder.is_root(),
        Scope::Only(_) => false,
    };
    if whole {
        company.baseline = true;
        company.retake = false;
        // What can't be read now may have been sent since that export: found later, it is held.
        company.after_import &= !unreadable_of(walked).is_empty();
    }
    (company != *before).then_some(company)
}
