//! The world behind the ports: clock, folders, store, mail.

pub mod clamd;
pub mod clock;
pub mod compose;
pub mod folders;
pub mod https;
mod identity;
pub mod imap;
pub mod mime;
pub mod oauth;
pub mod origin;
pub mod outbox;
pub mod replaceable;
pub mod smtp;
pub mod spool;
pub mod store;
pub mod systemd;
pub mod tls;
pub mod watcher;
pub mod web;
