//! The antivirus: a real clamd where it is installed, and one that misbehaves at each step.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod real;
mod scripted;
#[path = "../trials/mod.rs"]
mod trials;

/// The file that every antivirus finds and that harms nobody; put together here, so that none
/// finds it in this text.
fn eicar() -> Vec<u8> {
    let halves = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];
    halves.concat().into_bytes()
}
