//! The real binary on a real tree, a real store and real mail servers: what it promises, end to
//! end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../rig/mod.rs"]
mod rig;

mod answers;
mod collection;
#[allow(dead_code, reason = "other test programs use the rest of it")]
mod firm;
mod main_job;
mod proof;
mod service;
mod stops;
