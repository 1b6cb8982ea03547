//! What the robot does, in order.
