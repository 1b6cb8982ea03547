//! An attachment on its way out: read, hashed, counted and encoded in blocks, beside the runtime.

use std::io::{self, Read};
use std::mem;
use std::time::Duration;

use email_encoding::body::base64;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Composed;

/// Bytes of a document read at once: whole lines of base64 (57 bytes make 76 characters), small
/// enough that a slow line moves one within the time limit of a block.
pub(super) const BLOCK_BYTES: usize = 57 * 2048;

/// How long one block may take the disk (a share that hangs must not hold a connection for ever).
const READ_LIMIT: Duration = Duration::from_mins(3);

/// Why a document could not be streamed to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It has more bytes than it had when it was hashed; one more was read, and no further.
    #[error("the document has grown")]
    Grown,
    /// Reading failed.
    #[error("{0}")]
    Unreadable(String),
}

/// The bytes of an attachment. The next block is read while the last one is being sent.
pub struct Content {
    state: State,
    digest: ([u8; 32], u64),
}

enum State {
    Reading(JoinHandle<(Reading, Result<String, ContentError>)>),
    Finished,
}

impl Content {
    /// The content of a composed mail; `content` isn't read when it has no attachment.
    pub fn of(composed: &Composed, content: Box<dyn Read + Send>) -> Self {
        match composed.attachment_bytes {
            Some(bytes) => Self::new(content, bytes),
            None => Self { state: State::Finished, digest: (Sha256::digest(b"").into(), 0) },
        }
    }

    /// Begins to read; `bytes_max` is what the document had when it was hashed.
    pub(super) fn new(content: Box<dyn Read + Send>, bytes_max: u64) -> Self {
        let reading = Reading {
            content: content.take(bytes_max.saturating_add(1)),
            hash: Sha256::new(),
            bytes: 0,
            bytes_max,
            at_end: false,
        };
        Self { state: reading.ahead(), digest: ([0; 32], 0) }
    }

    /// The next base64 lines, with the CRLF that divides them from the block before; none at the
    /// end.
    pub async fn next(&mut self) -> Result<Option<String>, ContentError> {
        let State::Reading(block) = mem::replace(&mut self.state, State::Finished) else {
            return Ok(None);
        };
        let unreadable = |problem: String| Err(ContentError::Unreadable(problem));
        let (reading, encoded) = match timeout(READ_LIMIT, block).await {
            Ok(Ok(done)) => done,
            Ok(Err(panicked)) => return unreadable(format!("reading failed: {panicked}")),
            Err(_) => {
                return unreadable(format!("reading took more than {} s", READ_LIMIT.as_secs()));
            }
        };
        let encoded = encoded?;
        if reading.at_end {
            self.digest = (reading.hash.finalize().into(), reading.bytes);
        } else {
            self.state = reading.ahead();
        }
        Ok(Some(encoded))
    }

    /// SHA-256 and number of the bytes that were read, once [`Content::next`] has answered none.
    pub fn digest(&self) -> ([u8; 32], u64) {
        self.digest
    }
}

struct Reading {
    content: io::Take<Box<dyn Read + Send>>,
    hash: Sha256,
    bytes: u64,
    bytes_max: u64,
    at_end: bool,
}

impl Reading {
    fn ahead(mut self) -> State {
        State::Reading(tokio::task::spawn_blocking(move || {
            let encoded = self.block();
            (self, encoded)
        }))
    }

    fn block(&mut self) -> Result<String, ContentError> {
        let mut raw = Vec::with_capacity(BLOCK_BYTES);
        let read = (&mut self.content).take(BLOCK_BYTES as u64).read_to_end(&mut raw);
        read.map_err(|error| ContentError::Unreadable(error.to_string()))?;
        let first = self.bytes == 0;
        self.at_end = raw.len() < BLOCK_BYTES;
        self.bytes += raw.len() as u64;
        if self.bytes > self.bytes_max {
            return Err(ContentError::Grown);
        }
        self.hash.update(&raw);
        let mut encoded = String::with_capacity(base64::encoded_len(raw.len()) + 2);
        if !first && !raw.is_empty() {
            encoded.push_str("\r\n");
        }
        base64::encode(&raw, &mut encoded).expect("writing to a String cannot fail");
        Ok(encoded)
    }
}
