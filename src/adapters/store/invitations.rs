//! Invitations: each a record of its own, so that no mail takes the place of another.

use async_trait::async_trait;

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::decision::HistoryEntry;
use crate::domain::mail::invitation::{
    Invitation, InvitationKey, InvitationStep, Invited, Refusal,
};
use crate::domain::mail::mailbox::MailRecord;
use crate::domain::profile::AppId;
use crate::domain::template::Address;
use crate::ports::invitations::InvitationLedger;
use crate::ports::store::Stored;

use super::companies;
use super::keys;
use super::ledger::Ledger;
use super::transaction::{Transaction, readable};

/// A mail brought one.
pub(super) fn receive(
    transaction: &mut Transaction<'_>,
    invited: Invited,
    mail: u64,
    now: Timestamp,
) {
    let invitation = Invitation::received(invited, mail, now);
    transaction.put(keys::invitation(&invitation.key), &invitation);
}

fn load(transaction: &Transaction<'_>, key: &InvitationKey) -> Stored<Invitation> {
    let what = format!("the invitation of {} by mail {}", key.app, key.mail);
    transaction.find(&keys::invitation(key), what)
}

/// One that cannot be read is told of by `health`, and hides no other.
fn listed(transaction: &Transaction<'_>, prefix: &str) -> Stored<Vec<Invitation>> {
    let mut found = Vec::new();
    for (key, bytes) in transaction.all(prefix)? {
        found.extend(readable(transaction.decode(&key, &bytes))?);
    }
    Ok(found)
}

#[async_trait]
impl InvitationLedger for Ledger {
    async fn invitations(&self) -> Stored<Vec<Invitation>> {
        self.engine.read(|ledger| listed(ledger, keys::INVITATIONS)).await
    }

    async fn invitations_of(&self, company: CompanyId, app: &AppId) -> Stored<Vec<Invitation>> {
        let prefix = keys::invitations(company, app);
        self.engine.read(move |ledger| listed(ledger, &prefix)).await
    }

    async fn invitation_mail(&self, key: &InvitationKey) -> Stored<MailRecord> {
        let (key, what) = (keys::mail(key.mail), format!("mail {}", key.mail));
        self.engine.read(move |ledger| ledger.find(&key, what)).await
    }

    async fn step_invitation(
        &self,
        key: &InvitationKey,
        step: InvitationStep,
        entry: Option<HistoryEntry>,
        now: Timestamp,
    ) -> Stored<Result<Invitation, Refusal>> {
        let key = key.clone();
        self.engine
            .write(move |ledger| {
                let before = load(ledger, &key)?;
                let after = match before.step(step, now) {
                    Ok(after) => after,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                if after != before {
                    ledger.put(keys::invitation(&key), &after);
                }
                if let Some(entry) = &entry {
                    companies::record(ledger, Some(key.company), entry)?;
                }
                Ok(Ok(after))
            })
            .await
    }

    async fn invited_by_hand(
        &self,
        company: CompanyId,
        app: &AppId,
        sender: Address,
        entry: HistoryEntry,
        now: Timestamp,
    ) -> Stored<Invitation> {
        let key = InvitationKey { company, app: app.clone(), mail: 0 };
        self.engine
            .write(move |ledger| {
                let after = Invitation::by_hand(key.clone(), sender, &entry.by, now);
                ledger.put(keys::invitation(&key), &after);
                companies::record(ledger, Some(company), &entry)?;
                Ok(after)
            })
            .await
    }
}
