//! Trees that make trouble: the real binary on real files, with everything that offices, disks
//! and strangers do to folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod figures;
mod firm;
mod links;
mod mounts;
mod names;
mod renamed;
mod rights;
mod sizes;
