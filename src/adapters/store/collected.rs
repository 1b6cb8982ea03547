//! Collected mails: what becomes of each, and the places that are reserved for its files.

use async_trait::async_trait;

use crate::domain::company::Company;
use crate::domain::deposit::{Deposit, Origin};
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};
use crate::domain::mail::received::MailIdentity;
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;
use crate::ports::collected::{CollectionLedger, MailChange};
use crate::ports::store::{StoreError, Stored};

use super::kv::Direction;
use super::ledger::Ledger;
use super::transaction::Transaction;
use super::{companies, keys, mails};

/// See `CollectionLedger::mail_became`.
fn became(
    transaction: &mut Transaction<'_>,
    number: u64,
    before: &MailOutcome,
    change: MailChange,
) -> Stored<MailRecord> {
    let record = mails::load(transaction, number)?;
    if record.outcome == change.outcome {
        return Ok(record);
    }
    if record.outcome != *before {
        return Err(StoreError::Conflict);
    }
    let MailChange { outcome, owed, content, entry } = change;
    reserve(transaction, number, before, &outcome)?;
    if let (Some(content), MailOutcome::Filing(filing)) = (content, &outcome) {
        let key = keys::collected(&filing.slug, &content);
        if let Some(other) = transaction.get::<u64>(&key)?.filter(|other| *other != number)
            && mails::load(transaction, other)?.outcome.filing().is_some()
        {
            return Err(StoreError::Conflict);
        }
        transaction.put(key, &number);
    }
    if let Some(entry) = entry {
        let companies = companies::all(transaction)?;
        let company = companies.iter().find(|known| Some(&known.slug) == entry.company.as_ref());
        companies::record(transaction, company.map(|known| known.id), &entry)?;
    }
    let after = MailRecord { outcome, owed, ..record };
    mails::save(transaction, &after)?;
    Ok(after)
}

/// Gives up the places that are planned no more, and takes those that are planned anew. Once its
/// files are in their places, a mail keeps them until they are deposits.
fn reserve(
    transaction: &mut Transaction<'_>,
    number: u64,
    before: &MailOutcome,
    after: &MailOutcome,
) -> Stored<()> {
    let (former, next) = (places(before), places(after));
    for key in former.iter().filter(|key| !next.contains(key)) {
        if transaction.get::<u64>(key)? == Some(number) {
            transaction.remove(key.clone());
        }
    }
    for key in next.into_iter().filter(|key| !former.contains(key)) {
        if transaction.get::<u64>(&key)?.is_some_and(|other| other != number) {
            return Err(StoreError::Conflict);
        }
        transaction.put(key, &number);
    }
    Ok(())
}

fn places(outcome: &MailOutcome) -> Vec<String> {
    let Some(filing) = outcome.filing() else { return Vec::new() };
    filing.files.iter().map(|file| keys::filed(&filing.slug, &file.path)).collect()
}

/// The story of a deposit begins with the mail that it came by: where a file of one was put, and
/// nothing says that this is another, the place is given up for it.
pub(super) fn receive(
    transaction: &mut Transaction<'_>,
    company: &Company,
    deposit: &mut Deposit,
) -> Stored<()> {
    let key = keys::filed(&company.slug, &deposit.path);
    let Some(number) = transaction.get::<u64>(&key)? else { return Ok(()) };
    let record = mails::load(transaction, number)?;
    let filing = record.outcome.filing();
    let mut files = filing.iter().flat_map(|filing| &filing.files);
    let Some(file) = files.find(|file| file.path == deposit.path && file.put) else {
        // Another file came to the place before the mail's own.
        return Ok(());
    };
    if deposit.origin == Origin::Found && deposit.size == file.content.size {
        deposit.origin = Origin::Received { mail: number };
    }
    transaction.remove(key);
    Ok(())
}

fn below(
    transaction: &Transaction<'_>,
    company: &Slug,
    folder: &TreePath,
) -> Stored<Vec<TreePath>> {
    let all = keys::all_filed(company);
    let prefix = if folder.is_root() { all.clone() } else { format!("{all}{folder}/") };
    let path = |key: &str| key.strip_prefix(&all)?.strip_suffix('\t')?.parse().ok();
    let pairs = transaction.all(&prefix)?;
    Ok(pairs.iter().filter_map(|(key, _)| path(key)).collect())
}

#[async_trait]
impl CollectionLedger for Ledger {
    async fn mail(&self, number: u64) -> Stored<Option<MailRecord>> {
        self.engine.read(move |ledger| ledger.get(&keys::mail(number))).await
    }

    async fn mails_to_file(&self, limit: usize) -> Stored<Vec<MailRecord>> {
        let list = move |ledger: &Transaction<'_>| {
            mails::listed(ledger, keys::MAILS_TO_FILE, Direction::Forwards, limit)
        };
        self.engine.read(list).await
    }

    async fn mails_in_tray(&self, limit: usize) -> Stored<Vec<MailRecord>> {
        let list = move |ledger: &Transaction<'_>| {
            mails::listed(ledger, keys::MAILS_IN_TRAY, Direction::Forwards, limit)
        };
        self.engine.read(list).await
    }

    async fn mail_became(
        &self,
        number: u64,
        before: &MailOutcome,
        change: MailChange,
    ) -> Stored<MailRecord> {
        let before = before.clone();
        self.engine.write(move |ledger| became(ledger, number, &before, change)).await
    }

    async fn mail_of_place(&self, company: &Slug, path: &TreePath) -> Stored<Option<u64>> {
        let key = keys::filed(company, path);
        self.engine.read(move |ledger| ledger.get(&key)).await
    }

    async fn places_below(&self, company: &Slug, folder: &TreePath) -> Stored<Vec<TreePath>> {
        let (company, folder) = (company.clone(), folder.clone());
        self.engine.read(move |ledger| below(ledger, &company, &folder)).await
    }

    async fn mail_collected(&self, company: &Slug, content: &MailIdentity) -> Stored<Option<u64>> {
        let key = keys::collected(company, content);
        self.engine.read(move |ledger| ledger.get(&key)).await
    }
}
