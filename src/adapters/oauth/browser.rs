//! The authorisation-code flow with PKCE (RFC 6749 §4.1, RFC 7636): a person says yes in a browser,
//! on this machine (RFC 8252 §7.3) or on another one, whose address line is pasted here.

use oauth2::{
    AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::net::TcpListener;

use super::answers::{Asked, shown};
use super::redirect::{self, Returned};
use super::{Account, TokenError};

/// Bytes of a line that is pasted.
const LINE_BYTES_MAX: u64 = 16 * 1024;

/// A login that waits for its person.
pub struct Offer<'a> {
    account: &'a Account,
    listener: TcpListener,
    address: String,
    redirect: RedirectUrl,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl Account {
    /// Begins to log in by a browser. None: the server has no such flow.
    pub async fn by_browser(&self) -> Option<Result<Offer<'_>, TokenError>> {
        let address = self.config.authorize_url.as_ref()?;
        Some(self.offer(address).await)
    }

    async fn offer(&self, address: &str) -> Result<Offer<'_>, TokenError> {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.map_err(|error| self.trouble(&error))?;
        let port = listener.local_addr().map_err(|error| self.trouble(&error))?.port();
        let redirect = RedirectUrl::new(format!("http://{}:{port}", self.config.redirect_host));
        let redirect = redirect.map_err(|error| self.trouble(&error))?;
        let address = AuthUrl::new(address.to_owned()).map_err(|error| self.trouble(&error))?;
        let client = self.client.clone().set_auth_uri(address).set_redirect_uri(redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut asked = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.config.scope.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            // The browser may be somebody else's already.
            .add_extra_param("login_hint", self.user.as_str());
        for (name, value) in &self.config.authorize_parameters {
            asked = asked.add_extra_param(name.as_str(), value.as_str());
        }
        let (address, state) = asked.url();
        Ok(Offer { account: self, listener, address: address.into(), redirect, state, verifier })
    }
}

impl Offer<'_> {
    /// The address that the person opens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the browser to come back, or for a line of `pasted`; `odd` is told of one that
    /// means nothing. The caller limits its time.
    pub async fn finish(
        self,
        pasted: impl AsyncBufRead + Send + Unpin,
        mut odd: impl FnMut(&str) + Send,
    ) -> Result<(), TokenError> {
        let state = self.state.secret();
        let returned = tokio::select! {
            returned = redirect::came_back(&self.listener, state) => {
                returned.map_err(|error| self.account.trouble(&error))?
            }
            returned = pasted_line(pasted, state, &mut odd) => returned,
        };
        match returned {
            Returned::Code(code) => self.exchange(code).await,
            Returned::Refused { error, description } => {
                let said = shown(&error, description.as_ref());
                Err(self.account.asked(&Asked::NotGiven(said), &[]))
            }
        }
    }

    async fn exchange(self, code: String) -> Result<(), TokenError> {
        let account = self.account;
        let client = account.client.clone().set_redirect_uri(self.redirect);
        let asked = client.exchange_code(AuthorizationCode::new(code));
        let asked = asked.set_pkce_verifier(self.verifier);
        let answer = asked.request_async(&|request| account.ask(request)).await;
        let answer = answer.map_err(|error| match Asked::of(&error) {
            // What is refused here is the code.
            Asked::Refused(said) => account.asked(&Asked::NotGiven(said), &[]),
            other => account.asked(&other, &[]),
        })?;
        account.keep(&answer).await
    }
}

/// The first line that means something. Never comes where nobody can type.
async fn pasted_line(
    mut pasted: impl AsyncBufRead + Send + Unpin,
    state: &str,
    odd: &mut (impl FnMut(&str) + Send),
) -> Returned {
    loop {
        let mut line = Vec::new();
        let read = (&mut pasted).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await;
        if !read.is_ok_and(|read| read > 0) {
            return std::future::pending().await;
        }
        let line = String::from_utf8_lossy(&line);
        match redirect::pasted(line.trim(), state) {
            Some(Ok(returned)) => return returned,
            Some(Err(problem)) => odd(problem),
            None => {}
        }
    }
}
