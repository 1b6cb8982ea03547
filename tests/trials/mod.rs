//! What the long trials share: a firm on disk with the real binary, a mail server that keeps
//! everything, chance from a seed, and figures for the documentation.

#![allow(dead_code, reason = "each trial is a program of its own and uses its part")]

pub(crate) mod books;
pub(crate) mod figures;
pub(crate) mod firm;
pub(crate) mod sink;

/// A number from the environment, or what is tried when nobody says.
pub(crate) fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => otherwise,
    }
}

/// Chance from `FACTEUR_SEED`, another row of it for each `trial`.
pub(crate) fn chance(trial: u64) -> fastrand::Rng {
    fastrand::Rng::with_seed(number("FACTEUR_SEED", 1) ^ (trial << 32))
}
