//! Many at once: deliveries on many connections to a server that keeps failing, services, copies
//! of services, terminals that ask for rounds, and decisions that are turned meanwhile.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../trials/mod.rs"]
mod trials;
#[path = "../world/mod.rs"]
mod world;

mod decisions;
mod flaky;
mod many;
mod services;
