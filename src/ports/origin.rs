//! Who really sent a mail: what its signatures prove.

/// Verifies signatures (DKIM, RFC 6376).
#[async_trait::async_trait]
pub trait Origins: Send + Sync {
    /// The domains (`d=`, lower-case) whose signature of this whole mail is right and covers its
    /// `From`. Err, in words: nobody can say just now (the name service doesn't answer).
    async fn signers(&self, raw: &[u8]) -> Result<Vec<String>, String>;
}
