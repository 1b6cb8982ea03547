//! Disks that fail: damaged, full, gone. Nothing is called sent that wasn't, what can mend itself
//! does, and where it can't a person is told how.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../stories/office.rs"]
#[expect(dead_code, reason = "each test file uses its part of the office")]
mod office;
#[path = "../world/mod.rs"]
mod world;

mod damage;
