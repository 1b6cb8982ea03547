//! The ledger behind `ports::store`: its operations once, over sled on disk or over memory.
//!
//! In reading order: the seam (`kv`) with its two implementations (`memory`, `disk`); what
//! records look like (`record`, `keys`); one request's view of them (`transaction`); who
//! runs requests and makes them durable (`engine`, `opening`); then what is asked, by
//! subject, from `companies` to `import`; and `ledger`, which is the port itself.

mod claims;
mod collected;
mod companies;
mod consequences;
mod decisions;
mod deliveries;
mod deposits;
mod disk;
mod engine;
mod export;
mod exports;
mod fault;
mod import;
mod invitations;
mod keys;
mod kv;
mod ledger;
mod mails;
mod marks;
mod memory;
mod opening;
mod port;
mod queueing;
mod readdress;
mod record;
mod sending;
mod transaction;
mod tree;
mod watermark;

pub use exports::newest_export;
pub use fault::{CommitPoint, Fault};
pub use import::check_export;
pub use ledger::Ledger;
pub use opening::OpenError;
pub(super) use opening::{check_owner, make_directory};
