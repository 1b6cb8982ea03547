//! From a settled deposit's due verdicts to deliveries: claims, floods, fates.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};

use crate::domain::Timestamp;
use crate::domain::decision::Coverage;
use crate::domain::delivery::{Delivery, DeliveryId, HeldReason, State};
use crate::domain::deposit::{Cause, Content, Deposit, Due, Fate, Origin, Verdict};
use crate::domain::limits::RateWindow;
use crate::domain::profile::AppId;
use crate::ports::store::{Candidate, StateIdentity, Stored};

use super::claims::{self, Follower};
use super::consequences::RENAMED;
use super::keys::{self, Counter};
use super::transaction::Transaction;
use super::{decisions, deliveries, deposits, marks};

/// See `Store::queue`.
pub(super) fn queue(
    transaction: &mut Transaction<'_>,
    number: u64,
    content: Content,
    candidates: Vec<Candidate>,
    proof: Option<&str>,
    now: Timestamp,
) -> Stored<BTreeMap<AppId, Verdict>> {
    let before = deposits::load(transaction, number)?;
    let mut after = before.clone();
    after.content = Some(content);
    after.settled = true;
    for candidate in candidates {
        let app = candidate.app.clone();
        let Some(Verdict::Due(due)) = before.verdicts.get(&app) else { continue };
        let verdict = verdict(transaction, &after, due, candidate, proof, now)?;
        after.verdicts.insert(app, verdict);
    }
    if after != before {
        deposits::save(transaction, Some(&before), &after);
    }
    Ok(after.verdicts)
}

fn verdict(
    transaction: &mut Transaction<'_>,
    deposit: &Deposit,
    due: &Due,
    mut candidate: Candidate,
    proof: Option<&str>,
    now: Timestamp,
) -> Stored<Verdict> {
    let content = deposit.content.expect("its content was just set");
    candidate.fate = strictest(due.fate, candidate.fate);
    if let Some(verdict) = taken_over(transaction, deposit, &content, &candidate)? {
        return Ok(verdict);
    }
    let holder = claims::holder(transaction, deposit, &content, &candidate)?;
    if let Some(holder) = holder.filter(|_| !candidate.duplicates_allowed) {
        let follower = Follower { deposit: deposit.number, candidate };
        claims::follow(transaction, holder, &follower)?;
        return Ok(Verdict::Duplicate(holder));
    }
    start(transaction, deposit, content, candidate, proof, now).map(Verdict::Queued)
}

/// What was decided since the candidate was made counts, and so does what its maker knows.
fn strictest(due: Fate, candidate: Fate) -> Fate {
    match (due, candidate) {
        (Fate::Cancel, _) | (_, Fate::Cancel) => Fate::Cancel,
        (Fate::Hold(reason), Fate::Queue) | (_, Fate::Hold(reason)) => Fate::Hold(reason),
        (Fate::Queue, Fate::Queue) => Fate::Queue,
    }
}

/// The verdict of the deposit that was there before, when only the file was made anew: nothing
/// happened to the document.
fn taken_over(
    transaction: &mut Transaction<'_>,
    deposit: &Deposit,
    content: &Content,
    candidate: &Candidate,
) -> Stored<Option<Verdict>> {
    let Origin::Replaced { earlier: Some(earlier) } = deposit.origin else { return Ok(None) };
    let earlier = deposits::load(transaction, earlier)?;
    if earlier.content != Some(*content) {
        return Ok(None);
    }
    match earlier.verdicts.get(&candidate.app) {
        Some(Verdict::Queued(id)) => {
            deliveries::hand_over(transaction, *id, deposit.number)?;
            marks::want(transaction, deposit.number)?;
            Ok(Some(Verdict::Queued(*id)))
        }
        Some(Verdict::Duplicate(id)) => {
            let follower = Follower { deposit: deposit.number, candidate: candidate.clone() };
            claims::follow(transaction, *id, &follower)?;
            Ok(Some(Verdict::Duplicate(*id)))
        }
        Some(Verdict::Skipped(skip)) => {
            marks::want(transaction, deposit.number)?;
            Ok(Some(Verdict::Skipped(*skip)))
        }
        Some(Verdict::Due(_)) | None => Ok(None),
    }
}

/// The state a delivery begins in.
enum Birth {
    Queued,
    Held(HeldReason, String),
    Cancelled(String),
    Sent(String),
}

/// Makes the delivery of one candidate.
pub(super) fn start(
    transaction: &mut Transaction<'_>,
    deposit: &Deposit,
    content: Content,
    candidate: Candidate,
    proof: Option<&str>,
    now: Timestamp,
) -> Stored<DeliveryId> {
    let birth = match proof {
        Some(proof) => Birth::Sent(format!("proven by {proof}")),
        None => birth(transaction, deposit, &candidate, now)?,
    };
    let id = DeliveryId(transaction.next(Counter::Delivery)?);
    let domain = candidate.message_id_domain.clone();
    let (state, reason, because) = match birth {
        Birth::Queued => (State::Queued, None, None),
        Birth::Held(reason, because) => (State::Held, Some(reason), Some(because)),
        Birth::Cancelled(because) => (State::Cancelled, None, Some(because)),
        Birth::Sent(because) => (State::Sent, None, Some(because)),
    };
    let told = candidate.cause_in_words;
    let mut delivery = Delivery {
        id,
        company: deposit.company,
        deposit: deposit.number,
        app: candidate.app,
        cause: candidate.cause,
        sender: candidate.sender,
        recipient: candidate.recipient,
        inbox: candidate.inbox,
        rehearsal: candidate.rehearsal && proof.is_none(),
        message_id: String::new(),
        content,
        state,
        reason,
        attempt: 0,
        leased: false,
        failures: 0,
        queued_at: now,
        fresh_at: now,
        due_at: now,
        last_answer: None,
        events: Vec::new(),
        proofs: Vec::new(),
    };
    delivery.message_id = message_id(transaction, &delivery, &domain)?;
    match because {
        None => delivery.tell(state.as_str(), &told, now),
        Some(because) => {
            delivery.tell("deposited", &told, now);
            delivery.tell(state.as_str(), &because, now);
        }
    }
    if state.is_live() {
        claims::take_if_free(transaction, &delivery)?;
    }
    deliveries::save(transaction, None, &delivery)?;
    Ok(id)
}

fn birth(
    transaction: &mut Transaction<'_>,
    deposit: &Deposit,
    candidate: &Candidate,
    now: Timestamp,
) -> Stored<Birth> {
    let folder = deposit.path.parent().unwrap_or_default();
    let decided = decisions::load(transaction, deposit.company)?;
    let coverage = decided.coverage(&candidate.app, &folder, &candidate.cause);
    let because = |otherwise: &str| match candidate.because.as_str() {
        "" => otherwise.to_owned(),
        because => because.to_owned(),
    };
    match (coverage, candidate.fate) {
        (_, Fate::Cancel) => Ok(Birth::Cancelled(because(
            "its switch, connection or app was turned off before it had settled",
        ))),
        (Coverage::Off, _) => Ok(Birth::Cancelled(
            "its switch or connection was turned off before it was queued".to_owned(),
        )),
        // Who says where the switch belongs has not looked at this very document.
        (Coverage::Renamed | Coverage::Covered, Fate::Hold(reason)) => {
            Ok(Birth::Held(reason, because(reason.as_str())))
        }
        (Coverage::Renamed, Fate::Queue) => {
            Ok(Birth::Held(HeldReason::FolderRenamed, RENAMED.to_owned()))
        }
        (Coverage::Covered, Fate::Queue) => flood(transaction, deposit, candidate, now),
    }
}

/// Counts what switches queue by themselves; what goes beyond an hour's measure waits.
fn flood(
    transaction: &mut Transaction<'_>,
    deposit: &Deposit,
    candidate: &Candidate,
    now: Timestamp,
) -> Stored<Birth> {
    match candidate.cause {
        Cause::Backfill { .. } => return Ok(Birth::Queued),
        Cause::Switch { .. } => {}
    }
    let limit = candidate.flood_per_hour_max;
    let key = keys::flood(deposit.company, &candidate.app);
    let mut window = transaction.get::<RateWindow>(&key)?.unwrap_or_default();
    if limit > 0 && window.within(TimeDelta::hours(1), now) >= limit {
        let because = format!("more than {limit} deliveries within an hour: release them by hand");
        return Ok(Birth::Held(HeldReason::Flood, because));
    }
    window.count(now);
    transaction.put(key, &window);
    Ok(Birth::Queued)
}

/// Hexadecimal digits of a Message-ID: 128 bits.
const MESSAGE_ID_DIGITS: usize = 32;

/// The Message-ID of a delivery: from what it carries, to whom, and its own number.
pub(super) fn message_id(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    domain: &str,
) -> Stored<String> {
    let state: StateIdentity =
        transaction.find(keys::IDENTITY, "the state's identity".to_owned())?;
    let parts = [
        state.id,
        delivery.company.0.to_string(),
        delivery.app.to_string(),
        delivery.recipient.to_string(),
        hex::encode(delivery.content.sha256),
        delivery.id.to_string(),
    ];
    let digits = hex::encode(Sha256::digest(parts.join("\n").as_bytes()));
    let digits: String = digits.chars().take(MESSAGE_ID_DIGITS).collect();
    Ok(format!("<{digits}@{domain}>"))
}
