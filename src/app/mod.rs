//! What the robot does, in order: observe, queue, deliver, mark; and what it answers.

mod companies;
mod deliver;
mod entries;
mod error;
mod mail;
mod marks;
mod observe;
mod queue;
pub mod requests;
mod robot;
mod round;
pub mod views;

pub use robot::{Ports, Robot};
