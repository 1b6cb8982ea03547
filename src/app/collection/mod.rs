//! Collection: mails of clients and suppliers become documents in their companies' folders.
//!
//! A mail is kept here, whole and durable, before the ledger knows it (`keep`). What becomes of it
//! is decided afterwards, as often as it takes (`pass`, `admit`, `plan`): where its files go is durable
//! before any of them is written, each is written beside and renamed into place (`put`), and only
//! then is its server told. Nobody observes the tree meanwhile, so what was put is known as such
//! before it is found.

mod acknowledge;
mod admit;
mod alarms;
mod keep;
mod pass;
mod places;
mod plan;
mod put;
mod tray;

pub(super) use self::pass::Retried;
use crate::ports::folders::FolderError;

/// What passes, in words: a mail is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble(String);

impl From<&FolderError> for Trouble {
    fn from(error: &FolderError) -> Self {
        Self(error.to_string())
    }
}
