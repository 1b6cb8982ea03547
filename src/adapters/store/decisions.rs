//! Connections and switches: one decision, its line in the history, and who must be swept.

use crate::domain::company::CompanyId;
use crate::domain::decision::{Decision, Decisions, HistoryEntry, Ruling, Switch};
use crate::domain::directory::Fingerprint;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::ports::store::{StoreError, Stored};

use super::companies;
use super::consequences::{self, Swept};
use super::keys::{self, Counter};
use super::kv::{Direction, Span};
use super::transaction::Transaction;

/// All decisions of a company.
pub(super) fn load(transaction: &Transaction<'_>, company: CompanyId) -> Stored<Decisions> {
    Ok(transaction.get(&keys::decisions(company))?.unwrap_or_default())
}

/// Makes a decision durable with its first consequences. Answers what they were, and the app
/// whose sweep must go on if they are not done; none when nothing changed.
pub(super) fn decide(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    revision: u64,
    decision: Decision,
    entry: &HistoryEntry,
) -> Stored<Option<(AppId, Swept)>> {
    let mut company = companies::load_at(transaction, company, revision)?;
    let before = load(transaction, company.id)?;
    let mut after = before.clone();
    // The robot's own note, not a decision of the firm.
    let told = !matches!(decision, Decision::Identify { .. });
    let app = apply(transaction, &mut after, decision, entry)?;
    if after == before {
        return Ok(None);
    }
    company.revision += 1;
    companies::save(transaction, &company);
    transaction.put(keys::decisions(company.id), &after);
    if told {
        companies::record(transaction, Some(company.id), entry)?;
    }
    consequences::begin(transaction, company.id, &app, entry);
    let swept = consequences::go_on(transaction, company.id, &app)?;
    Ok(Some((app, swept)))
}

fn apply(
    transaction: &mut Transaction<'_>,
    decisions: &mut Decisions,
    decision: Decision,
    entry: &HistoryEntry,
) -> Stored<AppId> {
    match decision {
        Decision::Connect { app, connection } => {
            decisions.connections.insert(app.clone(), connection);
            Ok(app)
        }
        Decision::Disconnect { app } => {
            let connection = decisions
                .connections
                .get_mut(&app)
                .ok_or_else(|| StoreError::NotFound(format!("a connection to `{app}`")))?;
            if connection.connected {
                connection.connected = false;
                connection.at = entry.at;
                connection.by.clone_from(&entry.by);
            }
            decisions.switches.retain(|(owner, _), _| *owner != app);
            Ok(app)
        }
        Decision::Turn { app, folder, on, inbox, identity } => {
            turn(transaction, decisions, &app, folder, on, inbox, identity, entry)?;
            Ok(app)
        }
        Decision::Clear { app, folder } => {
            decisions.switches.remove(&(app.clone(), folder));
            Ok(app)
        }
        Decision::Renamed { app, folder, to } => {
            find(decisions, &app, &folder)?.renamed_to = Some(to);
            Ok(app)
        }
        Decision::Follow { app, folder } => {
            follow(decisions, &app, &folder)?;
            Ok(app)
        }
        Decision::Stay { app, folder, identity } => {
            let switch = find(decisions, &app, &folder)?;
            if switch.renamed_to.take().is_some() {
                switch.identity = identity;
            }
            Ok(app)
        }
        Decision::Identify { app, folder, identity } => {
            find(decisions, &app, &folder)?.identity = Some(identity);
            Ok(app)
        }
    }
}

fn find<'a>(
    decisions: &'a mut Decisions,
    app: &AppId,
    folder: &TreePath,
) -> Stored<&'a mut Switch> {
    decisions
        .switches
        .get_mut(&(app.clone(), folder.clone()))
        .ok_or_else(|| StoreError::NotFound(format!("a switch of `{app}` for `{folder}`")))
}

#[expect(clippy::too_many_arguments, reason = "the parts of one decision, unpacked once")]
fn turn(
    transaction: &mut Transaction<'_>,
    decisions: &mut Decisions,
    app: &AppId,
    folder: TreePath,
    on: bool,
    inbox: Option<String>,
    identity: Option<Fingerprint>,
    entry: &HistoryEntry,
) -> Stored<()> {
    // R4: what is on already, by itself or by inheritance, stays as it is.
    let changes = match decisions.ruling(app, &folder) {
        Ruling::NotConnected if on => {
            return Err(StoreError::NotFound(format!("a connection to `{app}`")));
        }
        Ruling::On(_, switch) if on => switch.inbox != inbox,
        Ruling::NotConnected | Ruling::Off | Ruling::On(..) | Ruling::Renamed(..) => true,
    };
    let place = (app.clone(), folder);
    let former = decisions.switches.get(&place);
    if !changes || (!on && former.is_some_and(|switch| !switch.on)) {
        return Ok(());
    }
    let stays_on = former.filter(|former| on && former.on && former.renamed_to.is_none());
    if let Some(former) = stays_on {
        // Another inbox is no new turning-on: what waits goes where it was deposited for.
        let switch = Switch { inbox, ..former.clone() };
        decisions.switches.insert(place, switch);
        return Ok(());
    }
    let activation = match former {
        _ if on => transaction.next(Counter::Activation)?,
        Some(switch) => switch.activation,
        None => 0,
    };
    let (at, by) = (entry.at, entry.by.clone());
    let switch = Switch { on, activation, inbox, at, by, identity, renamed_to: None };
    decisions.switches.insert(place, switch);
    Ok(())
}

/// The switch and its exceptions below go where their folder went.
fn follow(decisions: &mut Decisions, app: &AppId, folder: &TreePath) -> Stored<()> {
    let Some(to) = find(decisions, app, folder)?.renamed_to.clone() else { return Ok(()) };
    let places: Vec<TreePath> = decisions
        .switches_of(app)
        .map(|(place, _)| place.clone())
        .filter(|place| place.is_within(folder))
        .collect();
    for place in places {
        let Some(moved_to) = place.rebase(folder, &to) else { continue };
        let Some(mut switch) = decisions.switches.remove(&(app.clone(), place)) else { continue };
        if switch.renamed_to.as_ref() == Some(&moved_to) {
            switch.renamed_to = None;
        }
        decisions.switches.insert((app.clone(), moved_to), switch);
    }
    Ok(())
}

/// See `Store::history`.
pub(super) fn history(
    transaction: &Transaction<'_>,
    company: Option<CompanyId>,
    limit: usize,
) -> Stored<Vec<HistoryEntry>> {
    let Some(company) = company else {
        let pairs = transaction.scan(&Span::of(keys::HISTORY), Direction::Backwards, limit)?;
        return pairs.iter().map(|(key, bytes)| transaction.decode(key, bytes)).collect();
    };
    let span = Span::of(&keys::company_history(company));
    let pairs = transaction.scan(&span, Direction::Backwards, limit)?;
    let entry = |key: &str| {
        let number = transaction.number_of(key)?;
        transaction.find(&keys::history(number), format!("line {number} of the history"))
    };
    pairs.iter().map(|(key, _)| entry(key)).collect()
}
