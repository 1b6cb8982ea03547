//! The ledger's part about collected mails: what becomes of each, and the places of its files.

use crate::domain::decision::HistoryEntry;
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};
use crate::domain::mail::received::MailIdentity;
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;
use crate::ports::store::Stored;

/// What becomes of a collected mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailChange {
    /// What it is now. A [`MailOutcome::Filing`] reserves the places of its files, which must be
    /// free; a place that was reserved before and isn't in it any more is given up.
    pub outcome: MailOutcome,
    /// Its server is to be told.
    pub owed: bool,
    /// With a plan: by its content, so that no other mail of the same content is filed in that
    /// company.
    pub content: Option<MailIdentity>,
    /// With a person's decision: a line of the history.
    pub entry: Option<HistoryEntry>,
}

/// What the ledger knows of collected mails.
#[async_trait::async_trait]
pub trait CollectionLedger: Send + Sync {
    /// One mail.
    async fn mail(&self, number: u64) -> Stored<Option<MailRecord>>;
    /// Mails that are to be filed, or are being filed, oldest first.
    async fn mails_to_file(&self, limit: usize) -> Stored<Vec<MailRecord>>;
    /// Mails that wait for a person, those in quarantine too, oldest first.
    async fn mails_in_tray(&self, limit: usize) -> Stored<Vec<MailRecord>>;
    /// Changes what a mail is, if it is still `before` (or the change was made already). Conflict
    /// otherwise, and when a place is another mail's or its content was filed by another mail.
    async fn mail_became(
        &self,
        number: u64,
        before: &MailOutcome,
        change: MailChange,
    ) -> Stored<MailRecord>;
    /// The mail whose file was put at a place and is no deposit (yet).
    async fn mail_of_place(&self, company: &Slug, path: &TreePath) -> Stored<Option<u64>>;
    /// All such places below a folder of a company.
    async fn places_below(&self, company: &Slug, folder: &TreePath) -> Stored<Vec<TreePath>>;
    /// The mail of this content that was filed in a company.
    async fn mail_collected(&self, company: &Slug, content: &MailIdentity) -> Stored<Option<u64>>;
}
