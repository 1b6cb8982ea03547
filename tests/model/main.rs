//! Every interleaving of a delivery's life, on the project's own transition function and through
//! the ledger's own operations: nothing is lost, nothing is called sent without a word, nothing
//! leaves twice in silence. `cargo test --test model -- --nocapture` says how many states it saw.

#![expect(clippy::unwrap_used, reason = "a model that cannot go on fails")]

#[path = "../world/config.rs"]
#[allow(dead_code, unreachable_pub, reason = "the model needs the firm's apps alone")]
mod config;
#[path = "../store_contract/rig.rs"]
#[allow(dead_code, reason = "each test program uses its part of the rig")]
mod rig;
#[path = "../trials/mod.rs"]
mod trials;

mod actors;
mod broken;
mod invariants;
mod ledger;
mod search;
mod system;
