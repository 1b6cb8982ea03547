//! Values and rules: no IO, no clock, nothing here can fail at IO.
//!
//! In reading order: what things are called ([`slug`], [`path`], [`names`], [`shell`]), what may go where
//! ([`template`], [`profile`], [`company`], [`decision`]), what is found ([`directory`],
//! [`deposit`]), what is sent ([`delivery`], [`limits`]), what comes by mail ([`received`],
//! [`report`], [`tool_answer`], [`mailbox`], [`invitation`], [`address_list`], [`routing`], [`filing`]), who may send it
//! ([`senders`], with [`auth_results`] and [`structured`]) and who is answered ([`acknowledgement`]), and what is wrong ([`alarm`]).

pub mod acknowledgement;
pub mod address_list;
pub mod alarm;
pub mod auth_results;
pub mod company;
pub mod comparison;
pub mod decision;
pub mod delivery;
pub mod deposit;
pub mod directory;
pub mod filing;
pub mod invitation;
pub mod limits;
pub mod mailbox;
pub mod names;
pub mod path;
pub mod profile;
pub mod received;
pub mod report;
pub mod routing;
pub mod senders;
pub mod shell;
pub mod slug;
pub mod structured;
pub mod template;
pub mod tool_answer;
pub mod verdict;

/// A moment in UTC; handed in everywhere, read only by `adapters::clock`.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
