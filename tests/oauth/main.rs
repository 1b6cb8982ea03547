//! OAuth in the place of a password: logins, refresh tokens that rotate, and what mail servers and
//! authorisation servers refuse.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

#[path = "../authority/mod.rs"]
mod authority;
mod firm;
#[path = "../imap_server/mod.rs"]
mod imap_server;
mod logging_in;
mod mail_servers;
mod program;
mod renewing;
#[path = "../smtp_server/mod.rs"]
mod smtp_server;
