//! Mailboxes: how far each was read, which mails are known, and what they changed.

use async_trait::async_trait;

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, DeliveryId, Step};
use crate::domain::mail::mailbox::{Cursor, MailOutcome, MailRecord, MailboxRecord};
use crate::domain::mail::received::MailIdentity;
use crate::ports::mails::{MAILS_TAKEN_MAX, MailEffect, MailLedger, TakenMail};
use crate::ports::store::{StoreError, Stored};

use super::deliveries::{self, Promotion};
use super::invitations;
use super::keys::{self, Counter};
use super::kv::{Direction, Span};
use super::ledger::Ledger;
use super::transaction::Transaction;

fn mailbox(transaction: &Transaction<'_>, address: &str, now: Timestamp) -> Stored<MailboxRecord> {
    let known = transaction.get(&keys::mailbox(address))?;
    Ok(known.unwrap_or_else(|| MailboxRecord::new(address, now)))
}

/// In place of a mail's number: several mails have this identity, and it tells none of them.
const SHARED: u64 = 0;

fn known(transaction: &Transaction<'_>, identity: &MailIdentity) -> Stored<Option<MailRecord>> {
    match transaction.get::<u64>(&keys::mail_identity(identity))? {
        Some(SHARED) | None => Ok(None),
        Some(number) => load(transaction, number).map(Some),
    }
}

/// From now on this identity tells this mail, unless it is several mails'.
fn identify(transaction: &mut Transaction<'_>, identity: &MailIdentity, number: u64) -> Stored<()> {
    let key = keys::mail_identity(identity);
    if transaction.get::<u64>(&key)? != Some(SHARED) {
        transaction.put(key, &number);
    }
    Ok(())
}

/// The mail that this one is: by its content where that is known, for two mails may be alike in
/// their headers; else by its headers, where the other's content isn't known either.
fn same(transaction: &Transaction<'_>, record: &MailRecord) -> Stored<Option<MailRecord>> {
    match &record.content {
        Some(content) => known(transaction, content),
        None => Ok(known(transaction, &record.head)?.filter(|other| other.content.is_none())),
    }
}

/// One mail that must be there.
pub(super) fn load(transaction: &Transaction<'_>, number: u64) -> Stored<MailRecord> {
    transaction.find(&keys::mail(number), format!("mail {number}"))
}

/// Writes a mail with its indexes.
pub(super) fn save(transaction: &mut Transaction<'_>, record: &MailRecord) -> Stored<()> {
    let (number, outcome) = (record.number, &record.outcome);
    transaction.put(keys::mail(number), record);
    transaction.set(keys::owed_mail(&record.mailbox, number), record.owed);
    for (index, listed) in [
        (keys::MAILS_ASIDE, outcome.is_put_aside()),
        (keys::MAILS_TO_FILE, outcome.is_to_be_filed()),
        (keys::MAILS_IN_TRAY, outcome.is_in_tray()),
    ] {
        transaction.set(keys::below(index, number), listed);
    }
    for identity in std::iter::once(&record.head).chain(&record.content) {
        identify(transaction, identity, number)?;
    }
    Ok(())
}

/// See `MailLedger::take_mails`.
fn take(
    transaction: &mut Transaction<'_>,
    address: &str,
    cursor: Cursor,
    mails: Vec<TakenMail>,
    now: Timestamp,
) -> Stored<Vec<MailRecord>> {
    let mut taken = Vec::with_capacity(mails.len());
    for mail in mails {
        taken.push(take_one(transaction, mail, now)?);
    }
    let before = mailbox(transaction, address, now)?;
    transaction.put(keys::mailbox(address), &MailboxRecord { cursor, ..before });
    Ok(taken)
}

fn take_one(
    transaction: &mut Transaction<'_>,
    mail: TakenMail,
    now: Timestamp,
) -> Stored<MailRecord> {
    let TakenMail { mut record, effect } = mail;
    if let Some(before) = same(transaction, &record)? {
        // The same mail again: only where it lies is new, and what its server is to do with it.
        let MailRecord { mailbox, place, owed, head, .. } = record;
        let owed = owed && before.outcome.is_done();
        let after = MailRecord { mailbox, place, owed, ..before.clone() };
        transaction.remove(keys::owed_mail(&before.mailbox, before.number));
        save(transaction, &after)?;
        identify(transaction, &head, after.number)?;
        return Ok(after);
    }
    if known(transaction, &record.head)?.is_some() {
        transaction.put(keys::mail_identity(&record.head), &SHARED);
    }
    record.number = transaction.next(Counter::Mail)?;
    match effect {
        Some(MailEffect::Reported(id, reported)) => {
            let step = Step::Answered(reported);
            match deliveries::change(transaction, id, &step, now, Promotion::LongestWaiting) {
                Ok(_) => {}
                Err(StoreError::Step(_)) => {
                    let because = format!("delivery {id} was never sent");
                    record.outcome = MailOutcome::Unmatched { because };
                    record.owed = false;
                }
                Err(error) => return Err(error),
            }
        }
        Some(MailEffect::Proven(id, proof)) => {
            let step = Step::Witnessed(proof);
            deliveries::change(transaction, id, &step, now, Promotion::LongestWaiting)?;
        }
        Some(MailEffect::ToRead(id, answer)) => {
            let step = Step::AnswerToRead(answer);
            deliveries::change(transaction, id, &step, now, Promotion::LongestWaiting)?;
        }
        Some(MailEffect::Invited(invited)) => {
            invitations::receive(transaction, *invited, record.number, now);
        }
        None => {}
    }
    save(transaction, &record)?;
    Ok(record)
}

/// The mails whose numbers stand in an index.
pub(super) fn listed(
    transaction: &Transaction<'_>,
    prefix: &str,
    direction: Direction,
    limit: usize,
) -> Stored<Vec<MailRecord>> {
    let pairs = transaction.scan(&Span::of(prefix), direction, limit)?;
    pairs.iter().map(|(key, _)| load(transaction, transaction.number_of(key)?)).collect()
}

fn of_message(transaction: &Transaction<'_>, message_id: &str) -> Stored<Option<Delivery>> {
    match transaction.get::<DeliveryId>(&keys::message(message_id))? {
        Some(id) => deliveries::load(transaction, id).map(Some),
        None => Ok(None),
    }
}

#[async_trait]
impl MailLedger for Ledger {
    async fn delivery_of_message(&self, message_id: &str) -> Stored<Option<Delivery>> {
        let message_id = message_id.to_owned();
        self.engine.read(move |ledger| of_message(ledger, &message_id)).await
    }

    async fn mailbox(&self, address: &str) -> Stored<Option<MailboxRecord>> {
        let key = keys::mailbox(address);
        self.engine.read(move |ledger| ledger.get(&key)).await
    }

    async fn known_mail(&self, identity: &MailIdentity) -> Stored<Option<MailRecord>> {
        let identity = identity.clone();
        self.engine.read(move |ledger| known(ledger, &identity)).await
    }

    async fn take_mails(
        &self,
        address: &str,
        cursor: Cursor,
        mails: Vec<TakenMail>,
        now: Timestamp,
    ) -> Stored<Vec<MailRecord>> {
        assert!(mails.len() <= MAILS_TAKEN_MAX, "at most {MAILS_TAKEN_MAX} mails at once");
        let address = address.to_owned();
        self.engine.write(move |ledger| take(ledger, &address, cursor, mails, now)).await
    }

    async fn unproven(&self, id: DeliveryId, because: &str, now: Timestamp) -> Stored<Delivery> {
        let step = Step::Unproven { because: because.to_owned() };
        self.engine
            .write(move |ledger| {
                deliveries::change(ledger, id, &step, now, Promotion::LongestWaiting)
            })
            .await
    }

    async fn mailbox_read(&self, address: &str, cursor: Cursor, now: Timestamp) -> Stored<()> {
        let address = address.to_owned();
        self.engine
            .write(move |ledger| {
                let before = mailbox(ledger, &address, now)?;
                let after = MailboxRecord { cursor, read_at: Some(now), failing: None, ..before };
                ledger.put(keys::mailbox(&address), &after);
                Ok(())
            })
            .await
    }

    async fn mailbox_failed(
        &self,
        address: &str,
        because: &str,
        uid: Option<u32>,
        now: Timestamp,
    ) -> Stored<()> {
        let (address, because) = (address.to_owned(), because.to_owned());
        self.engine
            .write(move |ledger| {
                let after = mailbox(ledger, &address, now)?.failed(&because, uid, now);
                ledger.put(keys::mailbox(&address), &after);
                Ok(())
            })
            .await
    }

    async fn owed_mails(&self, address: &str, limit: usize) -> Stored<Vec<MailRecord>> {
        let prefix = keys::owed_mails(address);
        self.engine.read(move |ledger| listed(ledger, &prefix, Direction::Forwards, limit)).await
    }

    async fn mail_disposed(&self, number: u64) -> Stored<()> {
        self.engine
            .write(move |ledger| {
                let before = load(ledger, number)?;
                save(ledger, &MailRecord { owed: false, ..before })
            })
            .await
    }

    async fn mails_put_aside(&self, limit: usize) -> Stored<Vec<MailRecord>> {
        self.engine
            .read(move |ledger| listed(ledger, keys::MAILS_ASIDE, Direction::Backwards, limit))
            .await
    }

    async fn mails(&self, limit: usize) -> Stored<Vec<MailRecord>> {
        self.engine
            .read(move |ledger| listed(ledger, keys::MAILS, Direction::Backwards, limit))
            .await
    }
}
