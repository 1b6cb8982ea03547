//! Stories of invitations: a tool invites the bot, strangers pretend to, and one is accepted once.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "../stories/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the stories of the office")]
mod office;
#[path = "../world/mod.rs"]
mod world;

mod accepting;
mod bureau;
mod forged;
mod pending;
mod power;
mod tool;
