//! The power goes before and after every effect of a story, and goes again during the recovery:
//! each document still reaches its tool once, and a second copy is never silent.
//!
//! A story is told once to its end to learn its effects; then once for every stop; then for pairs
//! of stops: all of them in a short story, 40 spread evenly in a longer one.
//! `cargo test --test power -- --nocapture` says how many were tried;
//! `FACTEUR_POWER_PAIRS=100000` tries every pair.

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
mod tales_of_changes;
mod tales_of_decisions;
mod tales_of_mail;
mod telling;
mod verdict;
