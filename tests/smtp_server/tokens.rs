//! Which access tokens the server takes.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Good tokens of one user.
#[derive(Clone)]
pub(crate) struct Tokens {
    good: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    user: &'static str,
}

impl Tokens {
    pub(crate) fn new(
        user: &'static str,
        good: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { good: Arc::new(good), user }
    }

    /// Whether what AUTH XOAUTH2 brought is good now.
    pub(super) fn take(&self, encoded: &str) -> bool {
        let said = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        let start = format!("user={}\u{1}auth=Bearer ", self.user);
        let token = said.strip_prefix(&start).and_then(|rest| rest.strip_suffix("\u{1}\u{1}"));
        token.is_some_and(|token| (self.good)(token))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tokens")
    }
}
