//! Content claims: one live delivery for a content, and the duplicates that follow it.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::decision::Coverage;
use crate::domain::delivery::{Delivery, DeliveryId};
use crate::domain::deposit::{Content, Deposit, Fate, Verdict};
use crate::ports::store::{Candidate, StoreError, Stored};

use super::keys::{self, Counter};
use super::transaction::Transaction;
use super::{decisions, deposits, marks, queueing};

/// A duplicate that waits: what its delivery would be made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Follower {
    pub(super) deposit: u64,
    pub(super) candidate: Candidate,
}

/// The live delivery of the same content, if there is one.
pub(super) fn holder(
    transaction: &Transaction<'_>,
    deposit: &Deposit,
    content: &Content,
    candidate: &Candidate,
) -> Stored<Option<DeliveryId>> {
    let Candidate { app, recipient, .. } = candidate;
    transaction.get(&keys::claim(deposit.company, app, recipient, &content.sha256))
}

fn key_of(delivery: &Delivery) -> String {
    keys::claim(delivery.company, &delivery.app, &delivery.recipient, &delivery.content.sha256)
}

/// Takes the claim for a delivery that becomes live by `queue`; one that is allowed as a second
/// copy leaves it where it is.
pub(super) fn take_if_free(transaction: &mut Transaction<'_>, delivery: &Delivery) -> Stored<()> {
    let key = key_of(delivery);
    if !transaction.has(&key)? {
        transaction.put(key, &delivery.id);
    }
    Ok(())
}

/// Whether another delivery has the claim that this one would need.
pub(super) fn is_taken(transaction: &Transaction<'_>, delivery: &Delivery) -> Stored<bool> {
    let holder = transaction.get::<DeliveryId>(&key_of(delivery))?;
    Ok(holder.is_some_and(|holder| holder != delivery.id))
}

/// Takes the claim for a delivery that becomes live again.
pub(super) fn acquire(transaction: &mut Transaction<'_>, delivery: &Delivery) -> Stored<()> {
    let key = key_of(delivery);
    match transaction.get::<DeliveryId>(&key)? {
        Some(holder) if holder != delivery.id => Err(StoreError::Duplicate(holder)),
        Some(_) | None => {
            transaction.put(key, &delivery.id);
            Ok(())
        }
    }
}

/// Frees the claim of a delivery that is not live any more; whether it held it.
pub(super) fn release(transaction: &mut Transaction<'_>, delivery: &Delivery) -> Stored<bool> {
    let key = key_of(delivery);
    let held = transaction.get::<DeliveryId>(&key)? == Some(delivery.id);
    if held {
        transaction.remove(key);
    }
    Ok(held)
}

/// Lets a deposit follow the delivery of the same content.
pub(super) fn follow(
    transaction: &mut Transaction<'_>,
    holder: DeliveryId,
    follower: &Follower,
) -> Stored<()> {
    let place = transaction.next(Counter::Follower)?;
    transaction.put(keys::follower(holder, place), follower);
    // The one it follows may have been sent already.
    marks::want(transaction, follower.deposit)
}

/// The deposits that follow a delivery.
pub(super) fn followers(
    transaction: &Transaction<'_>,
    holder: DeliveryId,
) -> Stored<Vec<(String, Follower)>> {
    let pairs = transaction.all(&keys::followers(holder))?;
    let read = |(key, bytes): (String, Vec<u8>)| {
        let follower = transaction.decode(&key, &bytes)?;
        Ok((key, follower))
    };
    pairs.into_iter().map(read).collect()
}

/// Makes the delivery of the follower that waited longest and may still go; the others follow
/// that one from now on.
pub(super) fn promote(
    transaction: &mut Transaction<'_>,
    freed: &Delivery,
    now: Timestamp,
) -> Stored<()> {
    let mut promoted = None;
    let mut rest = Vec::new();
    for (key, follower) in followers(transaction, freed.id)? {
        let deposit = deposits::load(transaction, follower.deposit)?;
        if deposit.verdicts.get(&freed.app) != Some(&Verdict::Duplicate(freed.id)) {
            transaction.remove(key);
        } else if promoted.is_none() && may_go(transaction, &deposit, &follower.candidate)? {
            transaction.remove(key);
            let id = queueing::start(
                transaction,
                &deposit,
                freed.content,
                follower.candidate,
                None,
                now,
            )?;
            turn(transaction, &deposit, freed, Verdict::Queued(id));
            promoted = Some(id);
        } else {
            rest.push((key, follower));
        }
    }
    let Some(promoted) = promoted else { return Ok(()) };
    for (key, follower) in rest {
        transaction.remove(key);
        let deposit = deposits::load(transaction, follower.deposit)?;
        // One that was asked for by a person too stands here twice, and may be the promoted one.
        if deposit.verdicts.get(&freed.app) == Some(&Verdict::Duplicate(freed.id)) {
            turn(transaction, &deposit, freed, Verdict::Duplicate(promoted));
            follow(transaction, promoted, &follower)?;
        }
    }
    Ok(())
}

fn turn(transaction: &mut Transaction<'_>, before: &Deposit, freed: &Delivery, verdict: Verdict) {
    let mut after = before.clone();
    after.verdicts.insert(freed.app.clone(), verdict);
    deposits::save(transaction, Some(before), &after);
}

fn may_go(transaction: &Transaction<'_>, deposit: &Deposit, candidate: &Candidate) -> Stored<bool> {
    let folder = deposit.path.parent().unwrap_or_default();
    let decided = decisions::load(transaction, deposit.company)?;
    let covered = decided.coverage(&candidate.app, &folder, &candidate.cause) == Coverage::Covered;
    Ok(covered && !deposit.gone && candidate.fate != Fate::Cancel)
}
