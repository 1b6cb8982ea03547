//! The seams between the robot and the world: clock, folders, store, transport, and what mail
//! is read with.
//!
//! `app` speaks only to these; `adapters` implement them, and the tests' `World` scripts them.

pub mod collected;
pub mod folders;
pub mod invitations;
pub mod mailbox;
pub mod mails;
pub mod origin;
pub mod scanner;
pub mod spool;
pub mod store;
pub mod transport;
pub mod web;

use crate::domain::Timestamp;

/// Reads the time and waits. The only clock of the robot.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    /// Now, in UTC. May jump in both directions: what decides never compares it with file stamps.
    fn now(&self) -> Timestamp;
    /// Returns once `until` has passed (at once if it has already).
    async fn sleep_until(&self, until: Timestamp);
}
