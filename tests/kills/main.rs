//! The real binary killed at random moments, again and again, beside a mail server that keeps
//! every mail: nothing is lost, and nothing goes twice but what was shown as in doubt.
//!
//! `FACTEUR_KILLS` sets how many kills, `FACTEUR_DOCUMENTS` how many documents, `FACTEUR_SEED`
//! which ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../trials/mod.rs"]
mod trials;

mod opening;
mod sending;
