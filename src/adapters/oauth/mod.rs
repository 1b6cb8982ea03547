//! OAuth: access tokens in the place of a password, for the mailboxes and the mail server.
//!
//! A person logs in once, by [`Account::by_device`] or [`Account::by_browser`]. What stays is the
//! refresh token, a secret in a file of the state (`vault`). Access tokens are had for it when
//! they are needed and live in memory alone. Servers may hand out a new refresh token each time
//! and end the old one: the new one is durable before the access token beside it is used, and
//! whoever refreshes holds the file's lock, in this process or in another.

mod answers;
mod browser;
mod device;
mod redirect;
mod tokens;
mod vault;

pub use browser::Offer;
pub use device::DeviceCode;
pub(super) use tokens::{TOKENS_TRIED_MAX, Tokens};

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, RefreshToken,
    TokenResponse as _, TokenUrl,
};

use self::answers::Asked;
use self::vault::Vault;
use super::https::{Https, HttpsError, Limits, Request, Response};
use super::tls::TlsError;
use crate::config::{OAuthConfig, Secret};
use crate::domain::shell;

/// How long an access token is taken to live whose server doesn't say.
const LIFE_UNSAID: Duration = Duration::from_hours(1);

/// Bytes of a token server's answer.
const ANSWER_BYTES_MAX: u64 = 100_000;

/// Why there is no access token, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nobody has logged in yet.
    #[error("nobody has logged in as {user} yet: run `facteur login {}`", shell::word(user))]
    NobodyYet {
        /// As whom.
        user: String,
    },
    /// The server takes what is kept no more.
    #[error(
        "{provider} takes the login of {user} no more ({said}): log in again with `facteur login {}`",
        shell::word(user)
    )]
    Refused {
        /// Who refuses.
        provider: String,
        /// As whom.
        user: String,
        /// Its words.
        said: String,
    },
    /// The server wants another client, or to be asked otherwise.
    #[error("{provider} doesn't take this robot ({said}): correct `oauth` in routes.toml")]
    Misconfigured {
        /// Who refuses.
        provider: String,
        /// Its words.
        said: String,
    },
    /// The person said no, or took too long.
    #[error("nobody was logged in: {0}")]
    NotGiven(String),
    /// It may pass by itself.
    #[error("there is no access token for {user} now: {problem}")]
    Trouble {
        /// For whom.
        user: String,
        /// What happened.
        problem: String,
    },
}

/// A client that can ask for tokens.
type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// One account at one authorisation server.
#[derive(Debug)]
pub struct Account {
    user: String,
    config: OAuthConfig,
    client: Client,
    https: Https,
    vault: Vault,
    unsaved: Mutex<Option<Unsaved>>,
}

/// A refresh token that the disk didn't take, and the one whose place it has.
#[derive(Debug, Clone)]
struct Unsaved {
    old: Secret,
    new: Secret,
}

/// What a refresh gave.
struct Fresh {
    token: Secret,
    lives: Duration,
}

impl Account {
    /// Sets it up; asks nobody.
    pub fn new(user: &str, config: &OAuthConfig) -> Result<Self, TlsError> {
        let address = &config.token_url;
        let token_url = TokenUrl::new(address.clone());
        let token_url = token_url.map_err(|_| TlsError::Host(address.clone()))?;
        let id = ClientId::new(config.client_id.clone());
        // Every server takes it there; some take it nowhere else.
        let mut client = BasicClient::new(id).set_auth_type(AuthType::RequestBody);
        if let Some(secret) = &config.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.reveal().to_owned()));
        }
        let limits = Limits { body_bytes_max: ANSWER_BYTES_MAX, ..Limits::default() };
        Ok(Self {
            user: user.to_owned(),
            client: client.set_token_uri(token_url),
            https: Https::new(config.ca_file.as_deref(), limits)?,
            vault: Vault::new(&config.directory, user, address, &config.client_id),
            config: config.clone(),
            unsaved: Mutex::default(),
        })
    }

    /// Whether somebody has logged in; whether that still works only its server knows.
    pub fn is_kept(&self) -> Result<bool, TokenError> {
        let kept = self.vault.read().map_err(|error| self.trouble(&error))?;
        Ok(kept.is_some())
    }

    /// Has an access token for what is kept, and keeps what comes back before it answers. Runs to
    /// its end once begun: a new refresh token must not be lost with whoever asked.
    fn refresh(&self) -> Result<Fresh, TokenError> {
        let nobody_yet = || TokenError::NobodyYet { user: self.user.clone() };
        if !self.is_kept()? {
            // Nothing is made for a look.
            return Err(nobody_yet());
        }
        let mut vault = self.vault.lock().map_err(|error| self.trouble(&error))?;
        let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = vault.read().map_err(|error| self.trouble(&error))?;
        let mut kept = kept.ok_or_else(nobody_yet)?;
        // Unless somebody logged in anew meanwhile.
        if let Some(Unsaved { new, .. }) = unsaved.take_if(|unsaved| unsaved.old == kept) {
            kept = self.save(&mut vault, &mut unsaved, kept, new)?;
        }
        let refresh = RefreshToken::new(kept.reveal().to_owned());
        let asked = self.client.exchange_refresh_token(&refresh);
        let answer = asked.request(&|request| answered(self.https.ask_blocking(request)));
        let answer = answer.map_err(|error| self.asked(&Asked::of(&error), &[&kept]))?;
        let token = Secret::new(answer.access_token().secret().clone());
        let lives = answer.expires_in().unwrap_or(LIFE_UNSAID);
        if let Some(new) = answer.refresh_token().filter(|new| new.secret() != kept.reveal()) {
            let new = Secret::new(new.secret().clone());
            self.save(&mut vault, &mut unsaved, kept, new)?;
        }
        Ok(Fresh { token, lives })
    }

    /// Puts `new` in the place of `old`; what the disk doesn't take is tried again next time.
    fn save(
        &self,
        vault: &mut vault::Locked,
        unsaved: &mut Option<Unsaved>,
        old: Secret,
        new: Secret,
    ) -> Result<Secret, TokenError> {
        if let Err(error) = vault.write(&new) {
            *unsaved = Some(Unsaved { old, new });
            return Err(self.trouble(&error));
        }
        Ok(new)
    }

    /// Keeps what a person's login gave.
    async fn keep(&self, answer: &BasicTokenResponse) -> Result<(), TokenError> {
        let Some(refresh) = answer.refresh_token() else {
            let said = "it gave no refresh token: the scope must ask for one".to_owned();
            return Err(self.asked(&Asked::Misconfigured(said), &[]));
        };
        let (vault, refresh) = (self.vault.clone(), Secret::new(refresh.secret().clone()));
        let kept = tokio::task::spawn_blocking(move || vault.lock()?.write(&refresh)).await;
        match kept {
            Ok(kept) => kept.map_err(|error| self.trouble(&error)),
            Err(died) => Err(self.trouble(&died)),
        }
    }

    /// Asks on a thread that may wait, as both flows do.
    async fn ask(&self, request: Request) -> Result<Response, HttpsError> {
        answered(self.https.ask(request).await)
    }

    fn trouble(&self, problem: &impl ToString) -> TokenError {
        TokenError::Trouble { user: self.user.clone(), problem: problem.to_string() }
    }

    /// What a server's answer means. Its words are left out where they repeat a secret.
    fn asked(&self, asked: &Asked, secrets: &[&Secret]) -> TokenError {
        let secrets = secrets.iter().copied().chain(&self.config.client_secret);
        let mut secrets = secrets.map(Secret::reveal).filter(|secret| !secret.is_empty());
        let said = asked.words().to_owned();
        let repeats = secrets.any(|secret| said.contains(secret));
        let said = if repeats { "it repeats a secret".to_owned() } else { said };
        let (provider, user) = (self.config.provider.clone(), self.user.clone());
        match asked {
            Asked::Refused(_) => TokenError::Refused { provider, user, said },
            Asked::Misconfigured(_) => TokenError::Misconfigured { provider, said },
            Asked::NotGiven(_) => TokenError::NotGiven(said),
            Asked::Trouble(_) => TokenError::Trouble { user, problem: said },
        }
    }
}

/// An answer that makes sense to OAuth; a server in trouble is none.
fn answered(response: Result<Response, HttpsError>) -> Result<Response, HttpsError> {
    let response = response?;
    let status = response.status();
    if status.is_server_error() || status == ::http::StatusCode::TOO_MANY_REQUESTS {
        let host = "the authorisation server".to_owned();
        return Err(HttpsError::Failed { host, problem: format!("it answers {status}") });
    }
    Ok(response)
}
