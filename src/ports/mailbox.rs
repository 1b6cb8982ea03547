//! Mailboxes: read with a cursor, sizes before bodies, and told about nothing before it is
//! durable here.

use std::time::Duration;

use crate::domain::mail::received::{Head, ReceivedMail};

pub use super::transport::Probe;

/// Why a mailbox, or one mail of it, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The session is over: no connection, no login, time ran out, no sense in what was said.
    #[error("{0}")]
    Lost(String),
    /// This one mail cannot be read; the session goes on.
    #[error("{0}")]
    Odd(String),
    /// This one mail is not there any more.
    #[error("the mail is gone")]
    Gone,
}

/// What the server is told of a mail that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposal {
    /// Nothing.
    Leave,
    /// It is flagged.
    Flag,
    /// It is moved to this folder, which is made where it isn't there.
    Move(String),
}

/// One mailbox of the firm.
#[async_trait::async_trait]
pub trait Mailbox: Send + Sync {
    /// What it is called in the ledger: its address, with its folder where that is another than
    /// the usual one.
    fn address(&self) -> &str;
    /// Connects, logs in and opens the folder.
    async fn open(&self) -> Result<Box<dyn Session>, MailboxError>;
    /// Connects, logs in and looks at the folder; changes nothing.
    async fn probe(&self) -> Probe;
}

/// An open folder. After [`MailboxError::Lost`] it is of no use any more.
#[async_trait::async_trait]
pub trait Session: Send {
    /// Its UIDVALIDITY.
    fn validity(&self) -> u32;
    /// The UIDs behind `uid`, ascending; their numbers alone.
    async fn behind(&mut self, uid: u32) -> Result<Vec<u32>, MailboxError>;
    /// Headers and sizes; a mail that is gone is left out.
    async fn heads(&mut self, uids: &[u32]) -> Result<Vec<Head>, MailboxError>;
    /// One whole mail of at most so many bytes; leaves it unread on the server.
    async fn fetch(&mut self, uid: u32, bytes_max: u64) -> Result<ReceivedMail, MailboxError>;
    /// Tells the server of a mail. Telling it of one that is gone is fine.
    async fn dispose(&mut self, uid: u32, disposal: &Disposal) -> Result<(), MailboxError>;
    /// Returns when something came, or after `limit`; shows then that the server still lives.
    async fn wait(&mut self, limit: Duration) -> Result<(), MailboxError>;
    /// Says goodbye, which nothing depends on.
    async fn close(self: Box<Self>);
}
