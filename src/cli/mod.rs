//! The command line: words ([`args`]), what they mean ([`errand`]), and how answers read.

pub mod args;
mod errand;

pub use errand::{Errand, errand};
