//! The private seam below the ledger: ordered keys, atomic batches, durable when synced.

use std::collections::BTreeMap;
use std::io::ErrorKind;

/// Puts (`Some`) and deletes (`None`) that are applied together or not at all.
pub(super) type Batch = BTreeMap<String, Option<Vec<u8>>>;

/// Keys with their values, in the order asked for.
pub(super) type Pairs = Vec<(String, Vec<u8>)>;

/// What a whole new content is made from, one pair after the other.
pub(super) type PairSource<'a> = &'a mut dyn Iterator<Item = Result<(String, Vec<u8>), KvError>>;

/// Pairs read at once where a whole range is walked.
pub(super) const PAGE_PAIRS: usize = 1000;

/// Why something could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KvError {
    /// The system refused: a full disk, a read-only one. What is stored is as it was.
    #[error("{0}")]
    System(String),
    /// What is stored isn't what was.
    #[error("{0}")]
    Content(String),
}

impl From<std::io::Error> for KvError {
    fn from(error: std::io::Error) -> Self {
        // sled repeats an error of the system by its kind alone, with a text for programmers.
        let repeated = matches!(
            error.kind(),
            ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        );
        match error.raw_os_error() {
            Some(_) => Self::System(error.to_string()),
            None if repeated => Self::System(error.kind().to_string()),
            None => Self::Content(error.to_string()),
        }
    }
}

/// Which end of a span comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Smallest key first.
    Forwards,
    /// Greatest key first.
    Backwards,
}

/// Keys from `start` (included) up to `end` (left out).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: String,
    pub(super) end: String,
}

impl Span {
    /// All keys that begin with `prefix`, which ends in an ASCII character.
    pub(super) fn of(prefix: &str) -> Self {
        let mut end = prefix.to_owned();
        if let Some(last) = end.pop() {
            end.push(char::from_u32(u32::from(last) + 1).unwrap_or(char::MAX));
        } else {
            end.push(char::MAX);
        }
        Self { start: prefix.to_owned(), end }
    }

    /// What is left of it behind `key`.
    pub(super) fn after(self, key: &str) -> Self {
        Self { start: self.start.max(format!("{key}\0")), ..self }
    }

    /// What is left of it up to `key`, which is included.
    pub(super) fn up_to(self, key: &str) -> Self {
        Self { end: self.end.min(format!("{key}\0")), ..self }
    }

    /// What is left of it before `key`.
    pub(super) fn before(self, key: &str) -> Self {
        Self { end: self.end.min(key.to_owned()), ..self }
    }

    /// Whether no key can be in it.
    pub(super) fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// Ordered keys and their values.
pub(super) trait Kv: Send + Sync {
    /// One value.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError>;
    /// At most `limit` pairs of a span.
    fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Result<Pairs, KvError>;
    /// Applies all of a batch or nothing. Durable after the next `sync`.
    fn apply(&self, batch: Batch) -> Result<(), KvError>;
    /// Returns once what was applied survives a loss of power.
    fn sync(&self) -> Result<(), KvError>;
    /// Replaces everything: durable when it returns, and the former content stands whole if it
    /// fails or the power goes before.
    fn replace(&self, pairs: PairSource<'_>) -> Result<(), KvError>;
    /// Bytes it takes.
    fn bytes(&self) -> u64;
    /// Bytes that are left where it is; none where nobody can say.
    fn free_bytes(&self) -> Option<u64>;
}

/// Walks all of `kv` in key order, a page at a time.
pub(super) fn walk(
    kv: &dyn Kv,
    mut visit: impl FnMut(&str, &[u8]) -> Result<(), KvError>,
) -> Result<(), KvError> {
    let mut rest = Span::of("");
    loop {
        let page = kv.scan(&rest, Direction::Forwards, PAGE_PAIRS)?;
        for (key, value) in &page {
            visit(key, value)?;
        }
        match page.last() {
            Some((key, _)) if page.len() == PAGE_PAIRS => rest = rest.after(key),
            Some(_) | None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_refused_is_told_from_content_that_is_wrong() {
        let repeated = std::io::Error::new(ErrorKind::ReadOnlyFilesystem, "Os { code: 30 }");
        let KvError::System(told) = KvError::from(repeated) else { panic!("it is the system's") };
        assert!(!told.contains("Os {"), "{told}");
        let odd = std::io::Error::new(ErrorKind::InvalidData, "no record");
        assert_eq!(KvError::from(odd), KvError::Content("no record".to_owned()));
    }
}
