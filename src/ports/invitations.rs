//! The ledger's part about invitations: each of them by its mail, and what becomes of it.

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::decision::HistoryEntry;
use crate::domain::mail::invitation::{Invitation, InvitationKey, InvitationStep, Refusal};
use crate::domain::mail::mailbox::MailRecord;
use crate::domain::profile::AppId;
use crate::domain::template::Address;
use crate::ports::store::Stored;

/// What the ledger knows of invitations; a mail brings one
/// ([`MailEffect::Invited`](super::mails::MailEffect::Invited)).
#[async_trait::async_trait]
pub trait InvitationLedger: Send + Sync {
    /// All of them, by company and app, in the order of their mails.
    async fn invitations(&self) -> Stored<Vec<Invitation>>;
    /// Those of one connection, in the order of their mails.
    async fn invitations_of(&self, company: CompanyId, app: &AppId) -> Stored<Vec<Invitation>>;
    /// The mail that brought one.
    async fn invitation_mail(&self, key: &InvitationKey) -> Stored<MailRecord>;
    /// One step of one invitation, with its line in the history where a person took it. The inner
    /// error: its state doesn't allow the step.
    async fn step_invitation(
        &self,
        key: &InvitationKey,
        step: InvitationStep,
        entry: Option<HistoryEntry>,
        now: Timestamp,
    ) -> Stored<Result<Invitation, Refusal>>;
    /// A person says that the bot is a user, though no mail of an invitation came.
    async fn invited_by_hand(
        &self,
        company: CompanyId,
        app: &AppId,
        sender: Address,
        entry: HistoryEntry,
        now: Timestamp,
    ) -> Stored<Invitation>;
}
