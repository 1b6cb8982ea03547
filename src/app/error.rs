//! Why a pass could not go on.

use crate::ports::folders::FolderError;
use crate::ports::store::StoreError;

/// What a pass or a request fails with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The document tree.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The words of a request are wrong: what, and the remedy.
    #[error("{0}")]
    Words(String),
    /// It can't be done as things are: why, and the remedy.
    #[error("{0}")]
    Refused(String),
    /// A blocking task died.
    #[error("a task of the robot died: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The answer of a pass.
pub type Answer<T> = Result<T, Error>;
