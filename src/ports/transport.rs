//! The way a mail leaves: SMTP, or the embedded outbox.

use std::io::Read;

use crate::domain::Timestamp;
use crate::domain::template::Address;

/// A mail without its attachment's bytes, which are streamed at the moment of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// `Message-ID`, with its angle brackets; fixed for the delivery's life.
    pub message_id: String,
    /// `Date`; fixed for the delivery's life too, so that a second attempt has the same bytes
    /// (and, in the outbox, the same file).
    pub date: Timestamp,
    /// `From`.
    pub sender: Address,
    /// The envelope sender, where answers of mail servers go; none: the empty one, which nobody
    /// answers (RFC 5321 §4.5.5).
    pub return_path: Option<Address>,
    /// The display name of `From`: the firm's name for its bot.
    pub sender_name: String,
    /// The one recipient.
    pub recipient: Address,
    /// A second recipient, in the envelope alone: a mailbox of the firm's own, where a copy proves
    /// that the mail left. A way without envelopes has none.
    pub witness: Option<Address>,
    /// The Message-ID it answers; such a mail is `auto-replied` (RFC 3834 §5).
    pub in_reply_to: Option<String>,
    /// `Subject`; compose encodes it.
    pub subject: String,
    /// The short plain-text body.
    pub text: String,
    /// ENVID where the server takes it (RFC 3461 §4.4); xtext-safe.
    pub envelope_id: String,
    /// The attachment; none in a test mail.
    pub attachment: Option<Attachment>,
}

/// What is known of an attachment before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The document's name for the reader; any Unicode, no path. Compose makes it safe.
    pub file_name: String,
    /// `application/pdf`, ….
    pub media_type: String,
    /// Bytes before encoding.
    pub size: u64,
}

/// What became of one attempt. Nothing else than `Accepted` means sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 250 after the final dot (or the `.eml` is durable in the outbox).
    Accepted {
        /// The server's words.
        answer: String,
    },
    /// A transient refusal of this mail (4xx, RFC 5321 §4.2.1).
    Deferred {
        /// The server's words.
        answer: String,
    },
    /// The server itself cannot be used now: no connection, no greeting, 421, authentication or
    /// TLS failed. Costs the destination a pause, not each document an attempt.
    Unreachable {
        /// What failed, in words.
        answer: String,
    },
    /// A permanent refusal of this mail (5xx).
    Refused {
        /// The server's words.
        answer: String,
    },
    /// Larger than the server's SIZE: nothing was sent.
    TooLarge {
        /// The server's limit in bytes.
        limit_bytes: u64,
    },
    /// The gate did not open, or the file could not be read whole: the connection was dropped
    /// before the final dot, nothing was left with the server.
    Stopped(Stop),
    /// The connection died, or time ran out, after the final dot and before the answer.
    InDoubt {
        /// What was seen last.
        answer: String,
    },
}

/// Why a mail was stopped before its final dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The bytes read were not those that were hashed when the document settled.
    Changed,
    /// Reading failed in the middle.
    Unreadable(String),
    /// The store refused the mark at the dot (cancelled meanwhile, an old attempt, over a limit).
    Gate(String),
}

/// Asked when everything but the final dot is with the server.
#[async_trait::async_trait]
pub trait DotGate: Send + Sync {
    /// May the mail whose attachment had these bytes be finished? Durable before it returns `Ok`.
    /// `sha256` and `size` are of what was really streamed (of no bytes for a mail without
    /// attachment).
    async fn open(&self, sha256: [u8; 32], size: u64) -> Result<(), Stop>;

    /// The mail goes on without its witness, which the server refused in these words.
    fn unwitnessed(&self, _because: &str) {}
}

/// Where a login was tried, for `check --online`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// `smtp.cabinet.example:587`, or the outbox's folder.
    pub destination: String,
    /// What the server said to who we are, or what failed.
    pub result: Result<String, String>,
}

/// Sends one mail at a time per call; calls may run side by side.
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// The name under which an unreachable server is put off: `smtp:host:port` or `outbox`.
    fn destination(&self) -> String;
    /// How many calls of `send` may run at once.
    fn connections(&self) -> usize;
    /// The size in bytes of the whole mail after encoding, computed without reading the document.
    fn size_of(&self, mail: &Mail) -> u64;
    /// Sends `mail` with the bytes of `content`; asks `gate` just before the final dot.
    async fn send(&self, mail: &Mail, content: Box<dyn Read + Send>, gate: &dyn DotGate)
    -> Outcome;
    /// Connects and logs in, sends nothing.
    async fn probe(&self) -> Probe;
}
