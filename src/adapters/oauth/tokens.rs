//! Access tokens of one account in memory, as they are needed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Account, TokenError};
use crate::config::Secret;

/// An access token is replaced so long before its end: what is begun with it may take a while.
const MARGIN: Duration = Duration::from_mins(2);

/// Tokens that a server is shown for one login.
pub(in crate::adapters) const TOKENS_TRIED_MAX: u32 = 2;

/// Has one when there is none, and keeps it while it lives.
#[derive(Debug)]
pub(in crate::adapters) struct Tokens {
    account: Arc<Account>,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    token: Secret,
    until: Instant,
}

/// An access token.
#[derive(Debug)]
pub(in crate::adapters) struct Access {
    pub(in crate::adapters) token: Secret,
    /// It was had just now: if a server refuses it, another one won't do better.
    pub(in crate::adapters) is_fresh: bool,
}

impl Tokens {
    pub(in crate::adapters) fn new(account: Account) -> Self {
        Self { account: Arc::new(account), current: Mutex::default() }
    }

    /// The one that still lives, or a fresh one.
    pub(in crate::adapters) async fn access(&self) -> Result<Access, TokenError> {
        let mut current = self.current.lock().await;
        if let Some(living) = current.as_ref().filter(|current| Instant::now() < current.until) {
            return Ok(Access { token: living.token.clone(), is_fresh: false });
        }
        let account = Arc::clone(&self.account);
        let fresh = tokio::task::spawn_blocking(move || account.refresh()).await;
        let fresh = fresh.unwrap_or_else(|died| Err(self.account.trouble(&died)))?;
        let until = Instant::now() + fresh.lives.saturating_sub(MARGIN);
        *current = Some(Current { token: fresh.token.clone(), until });
        Ok(Access { token: fresh.token, is_fresh: true })
    }

    /// A server refused it: the next one will be fresh.
    pub(in crate::adapters) async fn forget(&self, access: &Access) {
        let mut current = self.current.lock().await;
        current.take_if(|current| current.token == access.token);
    }
}
