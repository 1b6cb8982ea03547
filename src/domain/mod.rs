//! Values and rules: no IO, no clock, nothing here can fail at IO.
//!
//! In reading order: what things are called ([`slug`], [`path`], [`names`], [`shell`]), what may go
//! where ([`template`], [`profile`], [`company`], [`decision`]), what is found ([`directory`],
//! [`comparison`], [`deposit`]), what that means ([`verdict`]), what is sent ([`delivery`],
//! [`limits`]), what comes by mail ([`mail`]), and what is wrong ([`alarm`]).

pub mod alarm;
pub mod company;
pub mod comparison;
pub mod decision;
pub mod delivery;
pub mod deposit;
pub mod directory;
pub mod limits;
pub mod mail;
pub mod names;
pub mod path;
pub mod profile;
pub mod shell;
pub mod slug;
pub mod template;
pub mod verdict;

/// A moment in UTC; handed in everywhere, read only by `adapters::clock`.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
