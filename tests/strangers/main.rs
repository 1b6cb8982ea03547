//! Strangers' bytes: names, addresses, replies, requests and records that nobody vouches for.
//!
//! `FACTEUR_FUZZ_SECONDS` says how long each parser of `fuzz/targets` is fed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod feeding;
#[path = "../hard_trees/firm.rs"]
mod firm;
mod shell;
mod socket;
#[path = "../../fuzz/targets/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with cargo-fuzz, which takes its own part")]
mod targets;
