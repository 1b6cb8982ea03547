//! What is told of a round, of an export and of the store itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::path::TreePath;

/// What one round did; the last one is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoundReport {
    /// When it began and ended.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Documents looked at or known to be unchanged.
    pub observed: u64,
    /// First observed.
    pub deposited: u64,
    /// Deliveries by the state they came to in this round.
    pub queued: u64,
    /// See `queued`.
    pub sent: u64,
    /// See `queued`.
    pub deferred: u64,
    /// See `queued`.
    pub refused: u64,
    /// See `queued`.
    pub held: u64,
    /// See `queued`.
    pub in_doubt: u64,
    /// See `queued`.
    pub cancelled: u64,
    /// Found to be the same content as another.
    pub duplicates: u64,
    /// Still being written, or not looked at twice yet.
    pub settling: u64,
    /// How long it took, milliseconds.
    pub elapsed_ms: u64,
    /// What a person should know: unreadable, never settling, vanished; at most
    /// [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
}

/// Problems kept of a round.
pub const PROBLEMS_MAX: usize = 500;

/// Something in the tree that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The company's slug, or its folder's name where it has none.
    pub company: String,
    /// Where.
    pub path: Option<TreePath>,
    /// `unreadable`, `never_settling`, `folder_vanished`, `root_changed`, `slug_taken`,
    /// `folder_renamed`.
    pub kind: String,
    /// In words, with the remedy.
    pub message: String,
}

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// It takes writes.
    pub writable: bool,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Bytes left to it on its disk; none where nobody can say.
    pub free_bytes: Option<u64>,
    /// Records that cannot be read.
    pub unreadable: Vec<String>,
}

/// An export written into a folder of exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledExport {
    /// The new file.
    pub file: PathBuf,
    /// Its records.
    pub records: u64,
    /// Older ones that were removed.
    pub removed: usize,
}
