//! The command line: words ([`args`]), what they mean ([`Errand`]), who answers ([`control`], or
//! the robot itself), and how answers read.

pub mod args;
pub mod control;
mod errand;
pub mod render;

pub use errand::{Errand, errand};
