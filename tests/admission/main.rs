//! Stories of collected mails before they are documents: who sent them, what the antivirus says,
//! and what their senders are told.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "../stories/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the stories of the office")]
mod office;
#[path = "../rig/mod.rs"]
mod rig;
#[path = "../world/mod.rs"]
mod world;

mod acknowledged;
mod antivirus;
mod desk;
mod forged;
mod loops;
mod senders;
