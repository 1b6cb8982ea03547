//! IMAP: a mailbox of the firm, with a limit on every step and on every answer's bytes.
//!
//! async-imap reads and writes the lines; what is asked, in which order and for how long is our
//! own: its fetches take a NO for an empty answer, its IDLE takes a dead server for an
//! interruption, and it knows no time limits.

mod connect;
mod dialogue;
mod limits;
mod metered;
mod session;
mod xoauth2;

pub use limits::Limits;

use std::sync::Arc;

use self::connect::Setup;
use self::session::ImapSession;
use super::identity::Identity;
use super::smtp::{Connector, Tcp};
use super::tls::{Tls, TlsError};
use crate::config::{MailboxConfig, Security};
use crate::ports::mailbox::{Mailbox, MailboxError, Probe, Session};

/// A mailbox on an IMAP server.
pub struct ImapMailbox {
    address: String,
    setup: Setup,
}

impl ImapMailbox {
    /// Sets up the way to the server, reading certificates and connecting nowhere.
    pub fn new(config: &MailboxConfig) -> Result<Self, TlsError> {
        let connector = Tcp {
            host: config.host.clone(),
            port: config.port,
            loopback_only: config.security == Security::None,
        };
        Self::with_connector(config, Arc::new(connector), Limits::default())
    }

    /// The same over connections made otherwise, and with other limits: for tests.
    pub fn with_connector(
        config: &MailboxConfig,
        connector: Arc<dyn Connector>,
        limits: Limits,
    ) -> Result<Self, TlsError> {
        let setup = Setup {
            connector,
            security: config.security,
            tls: Tls::new(&config.host, config.security, config.ca_file.as_deref())?,
            identity: Identity::new(&config.login)?,
            server: format!("{}:{}", config.host, config.port),
            folder: config.folder.clone(),
            limits,
        };
        Ok(Self { address: config.name(), setup })
    }
}

#[async_trait::async_trait]
impl Mailbox for ImapMailbox {
    fn address(&self) -> &str {
        &self.address
    }

    async fn open(&self) -> Result<Box<dyn Session>, MailboxError> {
        Ok(Box::new(ImapSession::open(&self.setup, "SELECT").await?))
    }

    async fn probe(&self) -> Probe {
        let result = match ImapSession::open(&self.setup, "EXAMINE").await {
            Ok(session) => {
                let found = session.welcome();
                Box::new(session).close().await;
                Ok(found)
            }
            Err(error) => Err(error.to_string()),
        };
        Probe { destination: format!("{} at {}", self.address, self.setup.server), result }
    }
}
