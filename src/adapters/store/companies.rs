//! Companies: made known, held, relocated.

use crate::domain::company::{Company, CompanyHold, CompanyId, RootIdentity};
use crate::domain::decision::HistoryEntry;
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;
use crate::ports::store::{StoreError, Stored};

use super::keys::{self, Counter};
use super::transaction::Transaction;

/// One company.
pub(super) fn load(transaction: &Transaction<'_>, company: CompanyId) -> Stored<Company> {
    transaction.find(&keys::company(company), format!("company {}", company.0))
}

/// Writes a company.
pub(super) fn save(transaction: &mut Transaction<'_>, company: &Company) {
    transaction.put(keys::company(company.id), company);
}

/// One company, if it is still at `revision`.
pub(super) fn load_at(
    transaction: &Transaction<'_>,
    company: CompanyId,
    revision: u64,
) -> Stored<Company> {
    let company = load(transaction, company)?;
    if company.revision == revision { Ok(company) } else { Err(StoreError::Conflict) }
}

/// All of them, by id.
pub(super) fn all(transaction: &Transaction<'_>) -> Stored<Vec<Company>> {
    let pairs = transaction.all(keys::COMPANIES)?;
    pairs.iter().map(|(key, bytes)| transaction.decode(key, bytes)).collect()
}

/// See `Store::found`.
pub(super) fn found(
    transaction: &mut Transaction<'_>,
    folder: TreePath,
    slug: Slug,
    name: String,
    root: RootIdentity,
) -> Stored<Company> {
    if let Some(known) = transaction.get(&keys::folder(&folder))? {
        return load(transaction, known);
    }
    let number = transaction.next(Counter::Company)?;
    let id = CompanyId(u32::try_from(number).expect("a firm has fewer than 2^32 companies"));
    let company = Company {
        id,
        folder,
        slug,
        name,
        root,
        first_level: Vec::new(),
        revision: 0,
        baseline: false,
        retake: false,
        after_import: false,
        hold: None,
    };
    transaction.put(keys::folder(&company.folder), &id);
    save(transaction, &company);
    Ok(company)
}

/// See `Store::hold`.
pub(super) fn hold(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    hold: Option<CompanyHold>,
) -> Stored<Company> {
    let mut company = load(transaction, company)?;
    let first = company.hold.take();
    company.hold = hold.map(|hold| match first {
        Some(first) if first.reason == hold.reason => CompanyHold { since: first.since, ..hold },
        Some(_) | None => hold,
    });
    save(transaction, &company);
    Ok(company)
}

/// See `Store::relocate`.
pub(super) fn relocate(
    transaction: &mut Transaction<'_>,
    company: CompanyId,
    folder: TreePath,
    root: RootIdentity,
    retake: bool,
    entry: &HistoryEntry,
) -> Stored<Company> {
    let before = load(transaction, company)?;
    let owner = transaction.get::<CompanyId>(&keys::folder(&folder))?;
    if owner.is_some_and(|owner| owner != company) {
        return Err(StoreError::Conflict);
    }
    let after = Company {
        folder,
        root,
        retake: before.retake || retake,
        revision: before.revision + 1,
        ..before.clone()
    };
    transaction.remove(keys::folder(&before.folder));
    transaction.put(keys::folder(&after.folder), &company);
    save(transaction, &after);
    record(transaction, Some(company), entry)?;
    Ok(after)
}

/// Adds a line to the history.
pub(super) fn record(
    transaction: &mut Transaction<'_>,
    company: Option<CompanyId>,
    entry: &HistoryEntry,
) -> Stored<()> {
    let number = transaction.next(Counter::History)?;
    transaction.put(keys::history(number), entry);
    if let Some(company) = company {
        transaction.set(keys::company_history_entry(company, number), true);
    }
    Ok(())
}
