//! routes.toml: what can go where and how.
//!
//! `RawConfig` is what was typed, [`Config`] what it means; every complaint is made at once, with
//! its line and its remedy.

mod model;

pub use model::*;
