//! What the robot does, in order: observe, queue, deliver, mark; and what it answers.

pub mod requests;
pub mod views;
