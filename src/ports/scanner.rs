//! An antivirus, asked about everything that strangers sent.

/// What a scanner says of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// It knows nothing against them.
    Clean,
    /// It names what it found.
    Infected(String),
    /// It won't look at them, now or later: why, in words. Nobody knows what they hold.
    TooLarge(String),
}

/// An antivirus.
#[async_trait::async_trait]
pub trait Scanner: Send + Sync {
    /// Looks at bytes. Err, in words: it can't say now, and nothing may be taken for clean.
    async fn scan(&self, bytes: &[u8]) -> Result<Scan, String>;
    /// Whether it answers, for `check --online`.
    async fn probe(&self) -> super::transport::Probe;
}
