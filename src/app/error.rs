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

impl Error {
    /// A failure in words, with what to do about it.
    pub fn with_remedy(&self) -> String {
        let told = self.to_string();
        if told.contains("\nhint: ") {
            return told;
        }
        let remedy = match self {
            Self::Folder(FolderError::Missing(_)) => "the path is relative to the company's folder",
            Self::Folder(FolderError::Denied(_)) => "let the robot's user read it",
            Self::Folder(FolderError::Outside(_) | FolderError::Changed(_)) => {
                "look at what is there now"
            }
            Self::Folder(FolderError::Io { .. }) => "look at the disk or the share, then ask again",
            Self::Folder(FolderError::Unwritable { .. }) => {
                "make room, or let the robot's user write there, then ask again"
            }
            Self::Store(StoreError::Import(_)) => "give a whole file that `facteur export` wrote",
            Self::Store(StoreError::Unknown(_)) => {
                "once the disk of the state has room and can be written to, restart the robot; what it answered before is kept"
            }
            Self::Store(StoreError::Unreadable { .. }) => "`facteur status` lists such records",
            Self::Store(
                StoreError::Conflict
                | StoreError::Step(_)
                | StoreError::Duplicate(_)
                | StoreError::OverLimit(_)
                | StoreError::NotFound(_),
            )
            | Self::Words(_)
            | Self::Refused(_) => "ask again; if it stays so, the robot's journal says more",
            Self::Task(_) => "look at the robot's journal, and report it",
        };
        format!("{told}\nhint: {remedy}")
    }
}

/// The answer of a pass.
pub type Answer<T> = Result<T, Error>;
