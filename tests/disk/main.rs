//! Disks that fail: damaged, full, gone. Nothing is called sent that wasn't, what can mend itself
//! does, and where it can't a person is told how.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../end_to_end/firm.rs"]
#[allow(dead_code, reason = "each test file uses its part of the firm")]
mod firm;
#[path = "../rig/mod.rs"]
mod rig;
#[path = "../trials/mod.rs"]
mod trials;
#[path = "../world/mod.rs"]
mod world;

mod damage;
mod exports;
mod full;
mod gone;
mod mounted;
mod office;
mod read_only;
