//! Switched folders that were renamed: noticed before anything below them gets its verdict.

use super::moves::Moves;
use super::records::is_closed;
use super::walk::{Scope, Walked};
use super::{Robot, Snapshot};
use crate::app::entries::ROBOT;
use crate::app::error::Answer;
use crate::domain::company::CompanyId;
use crate::domain::decision::{Decision, Switch};
use crate::domain::directory::Fingerprint;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;

impl Robot {
    /// Makes durable what a walk shows of the switches' folders.
    pub(super) async fn note_renames(
        &self,
        company: CompanyId,
        noticed: Vec<Decision>,
    ) -> Answer<()> {
        for decision in noticed {
            let company = self.company_by_id(company).await?;
            let entry = self.decision_entry(&company, ROBOT, &decision, detail_of(&decision));
            self.ports().store.decide(company.id, company.revision, decision, entry).await?;
        }
        Ok(())
    }
}

/// What a walk shows of the switches' folders: what went away or is identified, which counts for
/// the documents of this very observation; and what came back, which doesn't yet: they left a
/// place that was covered till now.
pub(super) fn notice_renames(
    snapshot: &Snapshot,
    walked: &Walked,
    scope: &Scope,
    moves: &Moves,
) -> (Vec<Decision>, Vec<Decision>) {
    let switches = snapshot.decisions.switches.iter();
    let below_root = switches.filter(|((_, folder), _)| !folder.is_root());
    below_root
        .filter_map(|((app, folder), switch)| {
            if snapshot.trust.identities {
                noticed(app, folder, switch, snapshot, walked, scope)
            } else {
                supposed(app, folder, switch, snapshot, walked, moves)
            }
        })
        .partition(|decision| !matches!(decision, Decision::Stay { .. }))
}

fn detail_of(decision: &Decision) -> String {
    match decision {
        Decision::Renamed { to, .. } => format!("its folder was seen at `{to}`"),
        Decision::Stay { .. } => "its folder is back".to_owned(),
        Decision::Connect { .. }
        | Decision::Disconnect { .. }
        | Decision::Turn { .. }
        | Decision::Clear { .. }
        | Decision::Follow { .. }
        | Decision::Identify { .. } => String::new(),
    }
}

fn noticed(
    app: &AppId,
    folder: &TreePath,
    switch: &Switch,
    snapshot: &Snapshot,
    walked: &Walked,
    scope: &Scope,
) -> Option<Decision> {
    let (app, folder) = (app.clone(), folder.clone());
    let here = identity_at(&folder, snapshot, walked);
    let Some(identity) = switch.identity else {
        return here.map(|identity| Decision::Identify { app, folder, identity });
    };
    // Nobody can tell that a folder is nowhere who didn't look everywhere.
    let looked_everywhere = match scope {
        Scope::Changed => true,
        Scope::Whole(top) => top.is_root(),
        Scope::Only(_) => false,
    };
    match place_of(identity, snapshot, walked) {
        Some(to) if to == folder => {
            let back = switch.renamed_to.is_some();
            back.then_some(Decision::Stay { app, folder, identity: Some(identity) })
        }
        Some(to) if switch.renamed_to.as_ref() == Some(&to) => None,
        Some(to) => Some(Decision::Renamed { app, folder, to }),
        // Deleted and made again: the new folder is the switch's.
        None if switch.renamed_to.is_none() && looked_everywhere => {
            here.map(|identity| Decision::Identify { app, folder, identity })
        }
        None => None,
    }
}

/// Where the file system tells no folder from another, one that is missing was renamed to the new
/// folder that holds its documents.
fn supposed(
    app: &AppId,
    folder: &TreePath,
    switch: &Switch,
    snapshot: &Snapshot,
    walked: &Walked,
    moves: &Moves,
) -> Option<Decision> {
    let left = switch.renamed_to.as_ref().unwrap_or(folder);
    if !walked.missing.contains(left) {
        return None;
    }
    let mut places = moves.iter().filter_map(|((target, _), ((source, _), _))| {
        let below = source.rebase(left, &TreePath::root())?;
        without_end(target, &below)
    });
    let to = places.next()?;
    if places.any(|other| other != to) {
        return None;
    }
    let (app, folder) = (app.clone(), folder.clone());
    if to == folder {
        return Some(Decision::Stay { app, folder, identity: None });
    }
    let is_new = snapshot.known.get(&to).is_none_or(is_closed);
    is_new.then_some(Decision::Renamed { app, folder, to })
}

/// `path` without `end`, when it ends so.
fn without_end(path: &TreePath, end: &TreePath) -> Option<TreePath> {
    let mut here = path.clone();
    let mut end: Vec<&[u8]> = end.components().collect();
    while let Some(name) = end.pop() {
        if here.name() != name {
            return None;
        }
        here = here.parent()?;
    }
    Some(here)
}

fn identity_at(folder: &TreePath, snapshot: &Snapshot, walked: &Walked) -> Option<Fingerprint> {
    if let Some(visit) = walked.visited.get(folder) {
        return visit.identity;
    }
    let record = snapshot.known.get(folder)?;
    if walked.missing.contains(folder) { None } else { record.identity }
}

/// Where a folder is: as this walk saw it, else as it is known.
fn place_of(identity: Fingerprint, snapshot: &Snapshot, walked: &Walked) -> Option<TreePath> {
    let visited = walked.visited.iter().find(|(_, visit)| visit.identity == Some(identity));
    if let Some((path, _)) = visited {
        return Some(path.clone());
    }
    let known = snapshot.known.iter().find(|(path, record)| {
        record.identity == Some(identity)
            && !walked.visited.contains_key(*path)
            && !walked.missing.contains(path)
    });
    known.map(|(path, _)| path.clone())
}
