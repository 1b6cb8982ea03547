//! Every interleaving of a delivery's life, on the project's own transition function and through
//! the ledger's own operations: nothing is lost, nothing is called sent without a word, nothing
//! leaves twice in silence. `cargo test --test model -- --nocapture` says how many states it saw.

#![expect(clippy::unwrap_used, reason = "a model that cannot go on fails")]

mod actors;
mod broken;
mod invariants;
mod search;
mod system;
