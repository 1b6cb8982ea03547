//! The web: the link of a verified invitation, opened over HTTPS and nothing else.

use std::sync::OnceLock;
use std::time::Duration;

use super::https::{Https, Limits, Request};
use crate::ports::web::{Web, WebAnswer};

/// A page that has more bytes is no page of an invitation.
const PAGE_BYTES_MAX: u64 = 10_000_000;

/// Characters of a page that are handed on.
const TEXT_CHARS_MAX: usize = 200_000;

/// How long one address may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the tool sees of us: nothing that names the robot's maker (R15).
const USER_AGENT: &str = "Mozilla/5.0";

/// The web as this machine sees it.
#[derive(Default)]
pub struct Browser {
    /// Made when it is first needed: a firm that opens nothing needs no certificates.
    client: OnceLock<Result<Https, String>>,
}

impl Browser {
    /// One that trusts what this client trusts.
    pub fn over(client: Https) -> Self {
        Self { client: OnceLock::from(Ok(client)) }
    }

    fn client(&self) -> Result<&Https, String> {
        let made = self.client.get_or_init(|| {
            let limits = Limits {
                whole: ANSWER_WITHIN,
                body_bytes_max: PAGE_BYTES_MAX,
                ..Limits::default()
            };
            Https::new(None, limits).map_err(|error| error.to_string())
        });
        made.as_ref().map_err(Clone::clone)
    }
}

#[async_trait::async_trait]
impl Web for Browser {
    async fn get(&self, address: &str) -> Result<WebAnswer, String> {
        // No proxy reads a fragment, and no server is sent one (RFC 9110 §4.2.5).
        let address = address.split('#').next().unwrap_or_default();
        if !address.starts_with("https://") {
            return Err("only https is opened".to_owned());
        }
        let request = ::http::Request::get(address)
            .header("User-Agent", USER_AGENT)
            .header("Accept", "text/html,*/*;q=0.1")
            .body(Vec::new());
        let request: Request = request.map_err(|_| "the address can't be asked for".to_owned())?;
        let answer = self.client()?.ask(request).await.map_err(|error| error.to_string())?;
        let location = answer.headers().get("Location");
        let location = location.and_then(|location| location.to_str().ok());
        let text = String::from_utf8_lossy(answer.body());
        Ok(WebAnswer {
            status: answer.status().as_u16(),
            location: location.map(str::to_owned),
            text: text.chars().take(TEXT_CHARS_MAX).collect(),
        })
    }
}
