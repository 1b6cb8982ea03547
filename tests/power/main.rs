//! The power goes before and after every effect of a story, and goes again during the recovery:
//! each document still reaches its tool once, and a second copy is never silent.
//!
//! A story is told once to its end to learn its effects; then once for every stop; then for pairs
//! of stops. `cargo test --test power -- --nocapture` says how many were tried.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the office is shared with the stories, and this program uses its part of it"
)]

#[path = "../stories/office.rs"]
mod office;
#[path = "../world/mod.rs"]
mod world;

mod stops;
mod story;
mod tales;
mod telling;
mod verdict;
