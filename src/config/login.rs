//! Whom to log in as, and what proves it: a password, or OAuth.

use std::path::PathBuf;

use super::model::Secret;

/// A login at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// What proves it.
    pub credential: Credential,
}

/// What proves a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A password.
    Password(Secret),
    /// An access token of an authorisation server (XOAUTH2).
    OAuth(Box<OAuthConfig>),
}

impl Login {
    /// A name with its password.
    pub fn password(user: &str, password: &str) -> Self {
        let credential = Credential::Password(Secret::new(password.to_owned()));
        Self { user: user.to_owned(), credential }
    }

    /// How tokens are had, where they are.
    pub fn oauth(&self) -> Option<&OAuthConfig> {
        match &self.credential {
            Credential::OAuth(oauth) => Some(oauth),
            Credential::Password(_) => None,
        }
    }
}

/// How access tokens are had of an authorisation server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthConfig {
    /// Whose server it is, for people.
    pub provider: String,
    /// What the server calls this robot.
    pub client_id: String,
    /// What it wants besides, of some clients.
    pub client_secret: Option<Secret>,
    /// Where tokens are had.
    pub token_url: String,
    /// Where the device flow begins (RFC 8628).
    pub device_url: Option<String>,
    /// Where the authorisation-code flow begins (RFC 6749 §4.1).
    pub authorize_url: Option<String>,
    /// What it wants to be told there besides.
    pub authorize_parameters: Vec<(String, String)>,
    /// What this machine is called where a browser on it is sent back (RFC 8252 §7.3).
    pub redirect_host: String,
    /// What is asked for.
    pub scope: Vec<String>,
    /// Certificates (PEM) trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Where the refresh token is kept.
    pub directory: PathBuf,
}
