//! The command line: words ([`args`]), what they mean ([`Errand`]), who answers ([`control`], or
//! the robot opened here), and how answers read ([`render`]).

pub mod args;
mod check;
mod confirm;
pub mod control;
mod copies;
mod demo;
mod door;
mod errand;
mod logging;
mod login;
mod manual;
mod output;
pub mod render;
mod run;
mod service;
mod who;
mod wire;

pub use errand::{Errand, LoginWay, errand};
pub use run::main;
