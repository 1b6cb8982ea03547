//! What comes by mail: strangers' words, and what may be made of them.
//!
//! In reading order: a mail and which one it is ([`received`], [`mailbox`]), its fields
//! ([`structured`], [`address_list`]); what the bot is answered ([`report`], [`tool_answer`],
//! [`invitation`]); what clients send: whose it is ([`routing`]), who may send it ([`senders`], with
//! [`auth_results`]), which of its files are documents ([`filing`]), and who is told so
//! ([`acknowledgement`]).

pub mod acknowledgement;
pub mod address_list;
pub mod auth_results;
pub mod filing;
pub mod invitation;
pub mod mailbox;
pub mod received;
pub mod report;
pub mod routing;
pub mod senders;
pub mod structured;
pub mod tool_answer;
