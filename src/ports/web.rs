//! The web, for the one thing the robot opens there: the link of a verified invitation.

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAnswer {
    /// The status code (RFC 9110 §15).
    pub status: u16,
    /// Where it sends us instead (`Location`), where it does.
    pub location: Option<String>,
    /// The beginning of the body, as text.
    pub text: String,
}

/// Opens links.
#[async_trait::async_trait]
pub trait Web: Send + Sync {
    /// GETs an `https:` address; follows nothing. Err, in words: no answer.
    async fn get(&self, address: &str) -> Result<WebAnswer, String>;
}
