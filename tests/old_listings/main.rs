//! A share that shows an old listing for some rounds, then the true one: nothing is taken for
//! deleted, nothing is sent twice, nothing is lost. On real files, behind a layer that remembers.
//!
//! `FACTEUR_OLD_SEEDS=1000..2000` tries other weeks of such a share than the first 40.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "../trials/mod.rs"]
mod trials;
#[path = "../world/mod.rs"]
mod world;

mod firm;
mod scenes;
mod share;
mod weeks;
