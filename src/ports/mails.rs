//! The ledger's part about mailboxes: what was read, and what it changed, in one transaction.

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, DeliveryId, Proof, Reported, UnreadAnswer};
use crate::domain::mail::invitation::Invited;
use crate::domain::mail::mailbox::{Cursor, MailRecord, MailboxRecord};
use crate::domain::mail::received::MailIdentity;
use crate::ports::store::Stored;

/// The most mails of one [`MailLedger::take_mails`].
pub const MAILS_TAKEN_MAX: usize = 50;

/// One mail that was dealt with, and what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenMail {
    /// What is remembered of it; the store sets its number.
    pub record: MailRecord,
    /// What it changes.
    pub effect: Option<MailEffect>,
}

/// What a mail changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailEffect {
    /// A report about a delivery.
    Reported(DeliveryId, Reported),
    /// A copy of a delivery's mail.
    Proven(DeliveryId, Proof),
    /// An answer about a delivery, for a person: a line in its story.
    ToRead(DeliveryId, UnreadAnswer),
    /// An invitation of the bot.
    Invited(Box<Invited>),
}

/// What the ledger knows of mailboxes.
#[async_trait::async_trait]
pub trait MailLedger: Send + Sync {
    /// The delivery whose mail has this Message-ID.
    async fn delivery_of_message(&self, message_id: &str) -> Stored<Option<Delivery>>;
    /// What is remembered of a mailbox.
    async fn mailbox(&self, address: &str) -> Stored<Option<MailboxRecord>>;
    /// The mail that is this one, if it was dealt with before, in whichever mailbox.
    async fn known_mail(&self, identity: &MailIdentity) -> Stored<Option<MailRecord>>;
    /// Remembers mails, changes their deliveries and sets the cursor to `cursor`, all in one
    /// transaction. A mail that is known already changes nothing but its place. A delivery that
    /// doesn't allow its report's step makes the mail an unmatched one. Answers the records.
    async fn take_mails(
        &self,
        address: &str,
        cursor: Cursor,
        mails: Vec<TakenMail>,
        now: Timestamp,
    ) -> Stored<Vec<MailRecord>>;
    /// Says in the story of a delivery in doubt that its time for proof is over; once for each
    /// attempt.
    async fn unproven(&self, id: DeliveryId, because: &str, now: Timestamp) -> Stored<Delivery>;
    /// A pass came to the end of the mailbox.
    async fn mailbox_read(&self, address: &str, cursor: Cursor, now: Timestamp) -> Stored<()>;
    /// A pass failed, at this mail where one was being read.
    async fn mailbox_failed(
        &self,
        address: &str,
        because: &str,
        uid: Option<u32>,
        now: Timestamp,
    ) -> Stored<()>;
    /// Mails of a mailbox that its server is still to be told of, oldest first.
    async fn owed_mails(&self, address: &str, limit: usize) -> Stored<Vec<MailRecord>>;
    /// The server was told.
    async fn mail_disposed(&self, number: u64) -> Stored<()>;
    /// Mails put aside for a person, newest first.
    async fn mails_put_aside(&self, limit: usize) -> Stored<Vec<MailRecord>>;
    /// All mails dealt with, newest first.
    async fn mails(&self, limit: usize) -> Stored<Vec<MailRecord>>;
}
