//! How long each step of a dialogue may take.

use std::time::Duration;

/// Time limits, each for a whole answer or a whole write. [`Limits::default`] gives at least what
/// RFC 5321 §4.5.3.2 asks of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Name resolution and TCP, all addresses together.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The greeting.
    pub greeting: Duration,
    /// EHLO, STARTTLS, each line of AUTH.
    pub command: Duration,
    /// MAIL.
    pub mail: Duration,
    /// RCPT.
    pub recipient: Duration,
    /// DATA, up to its 354.
    pub data: Duration,
    /// Writing one block of the body.
    pub block: Duration,
    /// The answer to the final dot: the server works on the mail meanwhile, and hanging up early
    /// makes duplicates.
    pub dot: Duration,
    /// QUIT, which nothing depends on.
    pub quit: Duration,
    /// How long a connection is kept for the next mail.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            tls: Duration::from_mins(1),
            greeting: Duration::from_mins(5),
            command: Duration::from_mins(5),
            mail: Duration::from_mins(5),
            recipient: Duration::from_mins(5),
            data: Duration::from_mins(2),
            block: Duration::from_mins(3),
            dot: Duration::from_mins(10),
            quit: Duration::from_secs(2),
            idle: Duration::from_secs(5),
        }
    }
}
