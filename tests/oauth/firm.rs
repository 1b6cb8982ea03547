//! A login of a firm, its state in a temporary folder, and a clock that never waits.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use facteur::adapters::oauth::Account;
use facteur::config::{Credential, Login, OAuthConfig};
use facteur::domain::Timestamp;
use facteur::ports::Clock;

use crate::authority::{Authority, CLIENT};
use crate::smtp_server::authority_pem;

/// Who logs in.
pub(crate) const USER: &str = "quickbooks@cabinet.example";

/// A folder for the state, and a server that hands tokens out.
pub(crate) struct Firm {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) authority: Authority,
}

impl Firm {
    /// Nobody has logged in.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority_pem()).unwrap();
        Self { folder, authority: Authority::start() }
    }

    /// Somebody has logged in.
    pub(crate) async fn logged_in() -> Self {
        let firm = Self::new();
        firm.log_in().await;
        firm
    }

    /// Logs in by a code.
    pub(crate) async fn log_in(&self) {
        self.account().by_device(&Instantly::default(), |_| {}).await.unwrap().unwrap();
    }

    /// What routes.toml says of it.
    pub(crate) fn oauth(&self) -> OAuthConfig {
        let at = self.authority.address();
        OAuthConfig {
            provider: "Provider".to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: None,
            token_url: format!("{at}/token"),
            device_url: Some(format!("{at}/device")),
            authorize_url: Some(format!("{at}/authorize")),
            authorize_parameters: vec![("access_type".to_owned(), "offline".to_owned())],
            redirect_host: "127.0.0.1".to_owned(),
            scope: vec!["mail".to_owned(), "offline_access".to_owned()],
            ca_file: Some(self.folder.path().join("ca.pem")),
            directory: self.directory(),
        }
    }

    pub(crate) fn login(&self) -> Login {
        let credential = Credential::OAuth(Box::new(self.oauth()));
        Login { user: USER.to_owned(), credential }
    }

    pub(crate) fn account(&self) -> Account {
        Account::new(USER, &self.oauth()).unwrap()
    }

    /// Where logins are kept.
    pub(crate) fn directory(&self) -> PathBuf {
        self.folder.path().join("state/logins")
    }

    /// The file of the login with this ending.
    pub(crate) fn file(&self, ending: &str) -> PathBuf {
        let json = std::fs::read_dir(self.directory()).unwrap().map(|entry| entry.unwrap().path());
        let mut json = json.filter(|path| path.extension().is_some_and(|known| known == "json"));
        json.next().expect("somebody has logged in").with_extension(ending)
    }

    /// The refresh token that is kept.
    pub(crate) fn kept(&self) -> String {
        let text = std::fs::read(self.file("json")).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&text).unwrap();
        record["refresh_token"].as_str().unwrap().to_owned()
    }
}

/// A clock on which every wait is over at once, and is remembered in seconds.
#[derive(Default)]
pub(crate) struct Instantly {
    passed: Mutex<TimeDelta>,
    pub(crate) waits: Arc<Mutex<Vec<i64>>>,
}

#[async_trait::async_trait]
impl Clock for Instantly {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.passed.lock().unwrap()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let wait = until - self.now();
        self.waits.lock().unwrap().push(wait.num_seconds());
        *self.passed.lock().unwrap() += wait;
    }
}
