//! Switched folders that were renamed: noticed before anything below them gets its verdict.

use super::walk::{Scope, Walked};
use super::{Robot, Snapshot};
use crate::app::entries::ROBOT;
use crate::app::error::Answer;
use crate::domain::decision::{Decision, Switch};
use crate::domain::directory::Fingerprint;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;

impl Robot {
    /// Makes durable what the walk shows of the switches' folders; answers whether anything
    /// changed.
    pub(super) async fn notice_renames(
        &self,
        snapshot: &Snapshot,
        walked: &Walked,
        scope: &Scope,
    ) -> Answer<bool> {
        let mut changed = false;
        for ((app, folder), switch) in &snapshot.decisions.switches {
            if folder.is_root() {
                continue;
            }
            let Some(decision) = noticed(app, folder, switch, snapshot, walked, scope) else {
                continue;
            };
            let company = self.company_by_id(snapshot.company.id).await?;
            let entry = self.decision_entry(&company, ROBOT, &decision, detail_of(&decision));
            self.ports().store.decide(company.id, company.revision, decision, entry).await?;
            changed = true;
        }
        Ok(changed)
    }
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
