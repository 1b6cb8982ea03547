//! The document tree, as the robot sees it: opaque stamps and fingerprints, never inodes.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::company::RootIdentity;
use crate::domain::comparison::Seen;
use crate::domain::directory::{Fingerprint, Stamp};
use crate::domain::path::TreePath;

/// The name of a company's folder: one component below the root, raw bytes.
pub type CompanyFolder = TreePath;

/// What is behind a name in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder to go into.
    Directory,
    /// A regular file.
    File,
    /// A link, socket, device…: never followed, never a document.
    Other,
}

/// One name of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name as on disk, one component.
    pub name: Vec<u8>,
    /// What is behind it.
    pub kind: EntryKind,
    /// What was seen of it. None when it could not be looked at (vanished, or no permission).
    pub look: Option<Look>,
}

/// What one look at a file (or folder) shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Which file this is; on a trusted file system it survives renames, touch and chmod.
    pub fingerprint: Fingerprint,
    /// The same whatever is written into the file, its size too; none where the file system
    /// can't tell files apart. A folder's fingerprint is its identity.
    pub identity: Option<Fingerprint>,
    /// Bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970; compared with itself and displayed, never
    /// compared with a clock.
    pub modified_ns: i128,
    /// Whether this user may read it, as far as a look can tell.
    pub readable: bool,
}

impl Look {
    /// What is compared with what is known.
    pub fn seen(&self) -> Seen {
        let Self { fingerprint, identity, size, modified_ns, readable: _ } = *self;
        Seen { fingerprint, size, modified_ns, identity }
    }
}

/// A directory as it stood: the stamp was taken before the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Taken before listing.
    pub stamp: Stamp,
    /// All names, in no order; `.` and `..` left out.
    pub entries: Vec<Entry>,
}

/// What a company's file system can be relied on for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// A directory whose stamp is unchanged may be skipped (after the second look).
    pub stamps: bool,
    /// Fingerprints are inode, birth time and size: the same file keeps its own through a rename,
    /// and `touch` does not change it. Else size and modification time.
    pub identities: bool,
}

/// The mark on a validated document: extended attribute `user.facteur.validated`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When it was validated.
    pub at: Timestamp,
    /// Opaque: names neither app nor recipient (R5).
    pub token: String,
}

/// Whether a mark could be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It is on the file now.
    Done,
    /// The file system or its permissions don't allow it, or another file is there: not tried
    /// again. A disk that is full or read-only is an error, which may pass.
    Impossible,
}

/// What became of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is in its place, durable.
    Done,
    /// Something of that name is there; it was left as it is.
    Taken,
}

/// Why something in the tree could not be done.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// No such file or folder.
    #[error("`{0}` is not there")]
    Missing(String),
    /// It exists and this user may not look at it.
    #[error("permission denied on `{0}`")]
    Denied(String),
    /// It is a link, or leads out of the company's folder.
    #[error("`{0}` leads out of the company's folder")]
    Outside(String),
    /// Another file than the one asked for is behind the name.
    #[error("`{0}` is another file now")]
    Changed(String),
    /// Anything else the disk said.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// What was tried on.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing can be written there: a full disk, a read-only one, a file where a folder is to be.
    #[error("cannot write `{path}`: {source}")]
    Unwritable {
        /// What was tried on.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The document tree. Every call is blocking and opens relative to the company's folder, never
/// through a link out of it.
pub trait Folders: Send + Sync {
    /// The folders directly below the root, in name order: one a company. Ignored names and files
    /// are left out. Errs when the root itself cannot be listed.
    fn companies(&self) -> Result<Vec<CompanyFolder>, FolderError>;
    /// Which folder this is (file system and inode, never a device number alone), to notice that
    /// something else is mounted there.
    fn identity(&self, company: &CompanyFolder) -> Result<RootIdentity, FolderError>;
    /// What the company's file system can be relied on for.
    fn trust(&self, company: &CompanyFolder) -> Result<Trust, FolderError>;
    /// The stamp of one directory, without listing it.
    fn stamp(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Stamp, FolderError>;
    /// One directory: its stamp, then its names, each looked at.
    fn list(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Listing, FolderError>;
    /// One look at a file.
    fn look(&self, company: &CompanyFolder, file: &TreePath) -> Result<Look, FolderError>;
    /// Opens a file for reading if it is still the one `expected` describes (fingerprint).
    fn open(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
    ) -> Result<Box<dyn Read + Send>, FolderError>;
    /// Reads the mark of a file, if it bears one that can be read.
    fn mark(&self, company: &CompanyFolder, file: &TreePath) -> Result<Option<Mark>, FolderError>;
    /// Sets the mark on the file `expected` describes, or takes it away (`None`).
    fn set_mark(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
        mark: Option<&Mark>,
    ) -> Result<Marked, FolderError>;
    /// Puts a new file where none is, with the folders above it that are not there (the company's
    /// own must be). It is written beside under a hidden name and then renamed, never over
    /// another file; it and its folders are durable when this answers. A call that was cut off
    /// leaves at most the hidden file, which the same call takes away. Where `root` is given, and
    /// another folder is in the company's place, it is [`FolderError::Changed`].
    fn put(
        &self,
        company: &CompanyFolder,
        root: Option<&RootIdentity>,
        file: &TreePath,
        bytes: &[u8],
    ) -> Result<Put, FolderError>;
    /// Claims the whole tree for the state named `state_id` by a small dot-file in the root; says
    /// whose it is. A tree that cannot be written to is not claimed: `Ok(None)`.
    fn claim(&self, state_id: &str) -> Result<Option<String>, FolderError>;
    /// Makes the tree this state's, whosever it was: a person imported an export into it. A tree
    /// that cannot be written to stays as it is.
    fn take_over(&self, state_id: &str) -> Result<(), FolderError>;
}
