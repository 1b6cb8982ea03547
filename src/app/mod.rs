//! What the robot does, in order: observe, queue, deliver, mark; and what it answers.

pub mod requests;
mod robot;
pub mod views;

pub use robot::{Ports, Robot};
