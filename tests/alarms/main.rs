//! What is wrong reaches a person, once: alarms and their mails, and a mail server that is down.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "../stories/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test file uses its part of the office")]
mod office;
#[path = "../world/mod.rs"]
mod world;

mod mails;
mod server_down;
mod what;
