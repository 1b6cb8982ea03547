//! A delivery that has not left goes to its connection's address of today.

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, DeliveryId};
use crate::ports::store::Stored;

use super::transaction::Transaction;
use super::{claims, decisions, deliveries, queueing};

/// Whether a delivery is on its way to its connection's address of today (no rehearsal is).
pub(super) fn is_current(transaction: &Transaction<'_>, delivery: &Delivery) -> Stored<bool> {
    let decided = decisions::load(transaction, delivery.company)?;
    let connection = decided.connections.get(&delivery.app);
    let today = connection.and_then(|found| found.recipient_for(delivery.inbox.as_deref()));
    Ok(delivery.rehearsal || today == Some(&delivery.recipient))
}

/// Re-addresses a delivery that is about to be claimed, where its connection was re-addressed
/// since it was queued: other addresses, another Message-ID, another content claim. One whose
/// content is with another delivery at the new address stays as it is, for a person.
pub(super) fn to_connection(
    transaction: &mut Transaction<'_>,
    id: DeliveryId,
    now: Timestamp,
) -> Stored<()> {
    let before = deliveries::load(transaction, id)?;
    let decided = decisions::load(transaction, before.company)?;
    let connection = decided.connections.get(&before.app).filter(|found| found.connected);
    let Some(connection) = connection.filter(|_| !before.rehearsal) else { return Ok(()) };
    let Some(recipient) = connection.recipient_for(before.inbox.as_deref()) else { return Ok(()) };
    if *recipient == before.recipient && connection.sender == before.sender {
        return Ok(());
    }
    let mut after = Delivery {
        sender: connection.sender.clone(),
        recipient: recipient.clone(),
        ..before.clone()
    };
    let domain = before.message_id.trim_end_matches('>').rsplit('@').next().unwrap_or_default();
    after.message_id = queueing::message_id(transaction, &after, domain)?;
    if claims::is_taken(transaction, &after)? {
        return Ok(());
    }
    claims::release(transaction, &before)?;
    claims::take_if_free(transaction, &after)?;
    let because = format!("re-addressed from {} to {recipient}", before.recipient);
    after.tell("readdressed", &because, now);
    deliveries::save(transaction, Some(&before), &after)
}
