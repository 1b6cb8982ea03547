//! Whom to log in as, and what proves it: a password, or OAuth.

use std::path::PathBuf;

use super::model::{Config, Secret, TransportConfig};

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

/// One login that a person makes: all the places of routes.toml that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthLogin {
    /// As whom.
    pub user: String,
    /// Where, asking for all that its places need.
    pub oauth: OAuthConfig,
    /// Addresses of mailboxes, `mail` and `alarms`.
    pub places: Vec<String>,
}

impl OAuthLogin {
    /// What `[mail]` is called.
    pub const MAIL: &str = "mail";
    /// What `[alarms]` is called.
    pub const ALARMS: &str = "alarms";

    /// Whether a place is one of its own.
    pub fn serves(&self, place: &str) -> bool {
        self.places.iter().any(|known| known.eq_ignore_ascii_case(place))
    }

    /// One login is kept for each user, server and client.
    fn is_of(&self, login: &Login, oauth: &OAuthConfig) -> bool {
        (&self.user, &self.oauth.token_url, &self.oauth.client_id)
            == (&login.user, &oauth.token_url, &oauth.client_id)
    }
}

impl Config {
    /// The logins that people must make, in the order of the file's sections.
    pub fn oauth_logins(&self) -> Vec<OAuthLogin> {
        let mail = match &self.mail.transport {
            TransportConfig::Smtp(smtp) => smtp.login.as_ref(),
            TransportConfig::Outbox(_) => None,
        };
        let alarms = self.alarms.server.as_ref().and_then(|server| server.login.as_ref());
        let mailboxes = self.mailboxes.iter();
        let mailboxes = mailboxes.map(|known| (known.address.to_string(), Some(&known.login)));
        let servers = [(OAuthLogin::MAIL, mail), (OAuthLogin::ALARMS, alarms)];
        let servers = servers.map(|(place, login)| (place.to_owned(), login));
        let mut logins: Vec<OAuthLogin> = Vec::new();
        for (place, login) in servers.into_iter().chain(mailboxes) {
            let Some((login, oauth)) = login.and_then(|login| Some((login, login.oauth()?))) else {
                continue;
            };
            let known = logins.iter_mut().find(|known| known.is_of(login, oauth));
            let Some(known) = known else {
                let (user, oauth) = (login.user.clone(), oauth.clone());
                logins.push(OAuthLogin { user, oauth, places: vec![place] });
                continue;
            };
            known.places.push(place);
            for scope in &oauth.scope {
                if !known.oauth.scope.contains(scope) {
                    known.oauth.scope.push(scope.clone());
                }
            }
        }
        logins
    }
}
