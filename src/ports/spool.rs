//! Mails kept beside the ledger, whole, until they are dealt with.

use crate::domain::mail::received::{MailIdentity, ReceivedMail};

/// Why a kept mail could not be kept, read or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpoolError {
    /// It isn't there (another machine's state, or somebody removed it).
    #[error("the mail is not kept here")]
    Missing,
    /// It is there, and nobody can take it apart.
    #[error("{0}")]
    Odd(String),
    /// What the disk said.
    #[error("{0}")]
    Disk(String),
}

/// Whole mails on this machine, by the identity of their content.
#[async_trait::async_trait]
pub trait Spool: Send + Sync {
    /// Keeps a mail's bytes; durable when it returns. Keeping the same mail again is fine.
    async fn keep(&self, identity: &MailIdentity, raw: &[u8]) -> Result<(), SpoolError>;
    /// A kept mail, taken apart.
    async fn open(&self, identity: &MailIdentity) -> Result<ReceivedMail, SpoolError>;
    /// Removes a mail; one that isn't there is fine.
    async fn remove(&self, identity: &MailIdentity) -> Result<(), SpoolError>;
    /// All that is kept, to find what nobody waits for any more.
    async fn kept(&self) -> Result<Vec<MailIdentity>, SpoolError>;
}
