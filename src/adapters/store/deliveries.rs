//! Deliveries: their indexes, their one way from state to state, and lists of them.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::decision::Coverage;
use crate::domain::delivery::{Act, Delivery, DeliveryId, HeldReason, State, Step};
use crate::ports::store::{DeliveryFilter, StoreError, Stored};

use super::keys;
use super::kv::{Direction, PAGE_PAIRS, Span};
use super::record::encode;
use super::transaction::{Index, Transaction};
use super::{claims, decisions, deposits, marks};

/// Who comes after a delivery that gave its content free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promotion {
    /// The duplicate that waited longest and may still go.
    LongestWaiting,
    /// Nobody: the whole app was turned off.
    Nobody,
}

/// One delivery that must be there.
pub(super) fn load(transaction: &Transaction<'_>, id: DeliveryId) -> Stored<Delivery> {
    transaction.find(&keys::delivery(id), format!("delivery {id}"))
}

/// Writes a delivery with its indexes, and asks for the marks that may have to change.
pub(super) fn save(
    transaction: &mut Transaction<'_>,
    before: Option<&Delivery>,
    after: &Delivery,
) -> Stored<()> {
    transaction.reindex(&before.map(index).unwrap_or_default(), index(after));
    transaction.put(keys::delivery(after.id), after);
    let former = before.map(|before| before.state);
    if former != Some(after.state) && (former == Some(State::Sent) || ends_a_wait(after.state)) {
        marks::want(transaction, after.deposit)?;
        for (_, follower) in claims::followers(transaction, after.id)? {
            marks::want(transaction, follower.deposit)?;
        }
    }
    Ok(())
}

/// Whether a document may be validated, or not any more, by a delivery that comes to this state.
fn ends_a_wait(state: State) -> bool {
    match state {
        State::Sent | State::Refused | State::Held | State::Cancelled => true,
        State::Queued | State::Sending | State::Deferred | State::InDoubt => false,
    }
}

/// The index entries of a delivery.
pub(super) fn index(delivery: &Delivery) -> Index {
    let Delivery { id, company, app, state, .. } = delivery;
    let entry = |prefix: String, value: Vec<u8>| (keys::delivery_below(&prefix, *id), value);
    let mut index = Index::from([
        entry(keys::state(*state), encode(&())),
        entry(keys::company_state(*company, *state), encode(app)),
        (keys::message(&delivery.message_id), encode(id)),
    ]);
    if let Some(reason) = delivery.reason {
        index.extend([entry(keys::held(reason), encode(&()))]);
    }
    match state {
        State::Queued | State::Deferred if delivery.leased => {
            index.extend([entry(keys::leases(app), encode(&()))]);
        }
        State::Queued | State::Deferred => {
            index.insert(keys::due_delivery(app, delivery.due_at, *id), encode(company));
        }
        State::Sending
        | State::Sent
        | State::Refused
        | State::InDoubt
        | State::Held
        | State::Cancelled => {}
    }
    index
}

/// Takes a delivery one step on. Its content's claim goes with its state.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    id: DeliveryId,
    step: &Step,
    now: Timestamp,
    promotion: Promotion,
) -> Stored<Delivery> {
    let before = load(transaction, id)?;
    let after = before.step(step, now)?;
    if after == before {
        return Ok(after);
    }
    if after.holds_its_content() && !before.holds_its_content() {
        claims::acquire(transaction, &after)?;
    }
    save(transaction, Some(&before), &after)?;
    if before.state.is_live() && !after.state.is_live() {
        transaction.remove(keys::by_hand(id));
    }
    if before.holds_its_content() && !after.holds_its_content() {
        let freed = claims::release(transaction, &after)?;
        if freed && promotion == Promotion::LongestWaiting {
            claims::promote(transaction, &after, now)?;
        }
    }
    Ok(after)
}

/// Whether a delivery may go, as decided now. What a person queued though its switch was off
/// needs the connection alone.
pub(super) fn coverage(transaction: &Transaction<'_>, delivery: &Delivery) -> Stored<Coverage> {
    let decided = decisions::load(transaction, delivery.company)?;
    if transaction.has(&keys::by_hand(delivery.id))? {
        let connection = decided.connections.get(&delivery.app);
        let connected = connection.is_some_and(|connection| connection.connected);
        return Ok(if connected { Coverage::Covered } else { Coverage::Off });
    }
    let deposit = deposits::load(transaction, delivery.deposit)?;
    let folder = deposit.path.parent().unwrap_or_default();
    Ok(decided.coverage(&delivery.app, &folder, &delivery.cause))
}

/// See `Store::act`.
pub(super) fn act(
    transaction: &mut Transaction<'_>,
    id: DeliveryId,
    act: Act,
    by: &str,
    now: Timestamp,
) -> Stored<Delivery> {
    let queues = match act {
        Act::Retry | Act::Release | Act::SettleNotSent | Act::Resend => true,
        Act::Cancel | Act::SettleSent => false,
    };
    let before = load(transaction, id)?;
    let step = Step::Person { act, by: by.to_owned() };
    let after = change(transaction, id, &step, now, Promotion::LongestWaiting)?;
    if queues && coverage(transaction, &before)? != Coverage::Covered {
        let decided = decisions::load(transaction, before.company)?;
        if !decided.connections.get(&before.app).is_some_and(|connection| connection.connected) {
            if act == Act::SettleNotSent {
                let because = "it was not sent, and its connection is ended".to_owned();
                let step = Step::TurnOff { because };
                return change(transaction, id, &step, now, Promotion::LongestWaiting);
            }
            return Err(StoreError::NotFound(format!("a connection to `{}`", before.app)));
        }
        transaction.set(keys::by_hand(id), true);
    }
    Ok(after)
}

/// Gives a delivery to another deposit of the same bytes.
pub(super) fn hand_over(
    transaction: &mut Transaction<'_>,
    id: DeliveryId,
    deposit: u64,
) -> Stored<()> {
    let before = load(transaction, id)?;
    let after = Delivery { deposit, ..before.clone() };
    save(transaction, Some(&before), &after)
}

/// See `Store::deliveries`.
pub(super) fn list(
    transaction: &Transaction<'_>,
    filter: &DeliveryFilter,
    after: Option<DeliveryId>,
    limit: usize,
) -> Stored<Vec<Delivery>> {
    let mut found = BTreeMap::new();
    for prefix in prefixes(filter) {
        let mut rest = Span::of(&prefix);
        if let Some(after) = after {
            rest = rest.after(&keys::delivery_below(&prefix, after));
        }
        let mut matching = 0;
        loop {
            let page = transaction.scan(&rest, Direction::Forwards, limit.min(PAGE_PAIRS))?;
            for (key, _) in &page {
                let delivery = load(transaction, DeliveryId(transaction.number_of(key)?))?;
                if matching < limit && matches(filter, &delivery) {
                    matching += 1;
                    found.insert(delivery.id, delivery);
                }
            }
            match page.last() {
                Some((key, _)) if matching < limit => rest = rest.after(key),
                Some(_) | None => break,
            }
        }
    }
    Ok(found.into_values().take(limit).collect())
}

/// The indexes that hold what a filter may find.
fn prefixes(filter: &DeliveryFilter) -> Vec<String> {
    if let Some(reason) = filter.reason {
        return vec![keys::held(reason)];
    }
    let states = if filter.states.is_empty() { &State::ALL[..] } else { &filter.states };
    match filter.company {
        Some(company) => states.iter().map(|state| keys::company_state(company, *state)).collect(),
        None if filter.states.is_empty() => vec![keys::DELIVERIES.to_owned()],
        None => states.iter().map(|state| keys::state(*state)).collect(),
    }
}

fn matches(filter: &DeliveryFilter, delivery: &Delivery) -> bool {
    let DeliveryFilter { states, company, app, reason } = filter;
    (states.is_empty() || states.contains(&delivery.state))
        && company.is_none_or(|company| company == delivery.company)
        && app.as_ref().is_none_or(|app| *app == delivery.app)
        && reason.is_none_or(|reason| delivery.reason == Some(reason))
}

/// See `Store::counts`.
pub(super) fn counts(transaction: &Transaction<'_>) -> Stored<BTreeMap<State, u64>> {
    State::ALL
        .into_iter()
        .map(|state| Ok((state, transaction.count(&keys::state(state))?)))
        .collect()
}

/// See `Store::held_counts`.
pub(super) fn held_counts(transaction: &Transaction<'_>) -> Stored<BTreeMap<HeldReason, u64>> {
    let mut counts = BTreeMap::new();
    for reason in HeldReason::ALL {
        let count = transaction.count(&keys::held(reason))?;
        if count > 0 {
            counts.insert(reason, count);
        }
    }
    Ok(counts)
}

/// Which of these companies are held, looked up once each.
#[derive(Default)]
pub(super) struct HeldCompanies(BTreeMap<CompanyId, bool>);

impl HeldCompanies {
    /// Whether a company is held.
    pub(super) fn contains(
        &mut self,
        transaction: &Transaction<'_>,
        company: CompanyId,
    ) -> Stored<bool> {
        if let Some(known) = self.0.get(&company) {
            return Ok(*known);
        }
        let held = super::companies::load(transaction, company)?.hold.is_some();
        self.0.insert(company, held);
        Ok(held)
    }
}
