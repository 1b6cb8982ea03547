//! Stories of answers: reports come to the bot's mailbox, and find their deliveries.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "../stories/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the stories of the office")]
mod office;
#[path = "../world/mod.rs"]
mod world;

mod answers;
mod bureau;
mod corpus;
mod forged;
mod power;
mod proof;
mod reading;
mod service;
mod subaddress;
