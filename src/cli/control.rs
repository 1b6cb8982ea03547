//! The control socket: one JSON line asks, one JSON line answers, and the kernel says who asks.

mod client;
mod peer;
mod place;
mod server;

pub use client::{ask, listens};
pub use server::{Listener, serve};

use std::time::Duration;

/// The socket's name in the state directory.
pub const SOCKET_NAME: &str = "control.sock";

/// How the name of an export begins that the service writes for a peer, in the state directory.
pub const HANDOVER_PREFIX: &str = "handover-";

/// The longest request, with its line feed, in bytes.
pub const REQUEST_BYTES_MAX: u64 = 1_000_000;

/// The longest answer, with its line feed, in bytes.
pub const REPLY_BYTES_MAX: u64 = 256_000_000;

/// Requests being answered at once; others wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 32;

/// How long a peer may take to send its request.
pub const REQUEST_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long a peer may take to read its answer.
pub const REPLY_WAIT_MAX: Duration = Duration::from_mins(1);

/// How long requests being answered may take to end when the service stops.
pub const STOP_WAIT_MAX: Duration = Duration::from_secs(5);
