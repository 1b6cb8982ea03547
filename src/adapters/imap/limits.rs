//! How long each step of an IMAP session may take, and how many bytes it may bring.

use std::time::Duration;

/// Time limits, each for a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Name resolution and TCP, all addresses together.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The greeting.
    pub greeting: Duration,
    /// LOGIN, SELECT and other commands with short answers.
    pub command: Duration,
    /// Headers of a page, or one mail.
    pub fetch: Duration,
    /// The longest IDLE: servers hang up after 30 minutes (RFC 2177).
    pub idle: Duration,
    /// LOGOUT, which nothing depends on.
    pub logout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            tls: Duration::from_secs(30),
            greeting: Duration::from_mins(1),
            command: Duration::from_mins(1),
            fetch: Duration::from_mins(5),
            idle: Duration::from_mins(20),
            logout: Duration::from_secs(2),
        }
    }
}

/// Bytes a short answer may bring.
pub(super) const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// Bytes the list of all UIDs may bring: a million mails.
pub(super) const LIST_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Bytes asked for of one mail's headers.
pub(super) const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// What an answer may bring besides what was asked for.
pub(super) const FRAME_BYTES_MAX: u64 = 64 * 1024;
