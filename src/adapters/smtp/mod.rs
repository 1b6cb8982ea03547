//! SMTP: mails to the firm's server, one recipient each, with a limit on every step.
//!
//! The dialogue is our own, made of lettre's commands and replies: lettre's connection keeps what
//! was said before STARTTLS, doesn't say at which step it failed, and a dropped `send` of its
//! pool leaves a connection behind whose next answer belongs to the mail before. Here a
//! connection belongs to the call that uses it: an error or a dropped call ends it, and only one
//! whose last mail was accepted is kept, for a few seconds.

mod connect;
mod dialogue;
mod limits;
mod pool;
mod transaction;
mod trouble;

pub use connect::Connector;
pub use dialogue::Stream;
pub use limits::Limits;

pub(super) use connect::Tcp;

use std::io::Read;
use std::sync::Arc;

use lettre::transport::smtp::extension::ClientId;
use tokio::sync::OwnedSemaphorePermit;

use self::connect::{Connection, Setup};
use self::pool::Pool;
use self::transaction::Failure;
use self::trouble::{Step, words};
use super::compose::compose;
use super::identity::Identity;
use super::tls::{Tls, TlsError};
use crate::config::{Security, SmtpConfig};
use crate::ports::transport::{DotGate, Mail, Outcome, Probe, Transport};

/// The firm's mail server.
pub struct SmtpTransport {
    host: String,
    port: u16,
    connections: usize,
    setup: Setup,
    pool: Arc<Pool>,
}

/// Mails on one connection; servers that allow fewer are heard (421, 503).
const MAILS_PER_CONNECTION_MAX: u32 = 50;

impl SmtpTransport {
    /// Sets up the way to the server, reading certificates and connecting nowhere. `hello` is the
    /// domain that EHLO names: the firm's.
    pub fn new(config: &SmtpConfig, hello: &str) -> Result<Self, TlsError> {
        let connector = Tcp {
            host: config.host.clone(),
            port: config.port,
            loopback_only: config.security == Security::None,
        };
        Self::with_connector(config, hello, Arc::new(connector), Limits::default())
    }

    /// The same over connections made otherwise, and with other limits: for tests.
    pub fn with_connector(
        config: &SmtpConfig,
        hello: &str,
        connector: Arc<dyn Connector>,
        limits: Limits,
    ) -> Result<Self, TlsError> {
        let connections = config.connections.max(1);
        let setup = Setup {
            connector,
            security: config.security,
            tls: Tls::new(&config.host, config.security, config.ca_file.as_deref())?,
            identity: config.login.as_ref().map(Identity::new).transpose()?,
            hello: ClientId::Domain(hello.to_owned()),
            limits,
        };
        Ok(Self {
            host: config.host.clone(),
            port: config.port,
            connections,
            setup,
            pool: Pool::new(connections, limits),
        })
    }

    /// A connection on which MAIL was answered: a kept one if there is one that still lives.
    async fn begin(&self, mail: &Mail, size: u64) -> Result<Connection, Outcome> {
        while let Some(mut connection) = self.pool.take().await {
            if let Some(limit_bytes) = connection.limit_below(size) {
                self.pool.keep(connection);
                return Err(Outcome::TooLarge { limit_bytes });
            }
            match connection.begin(mail, size, &self.setup.limits).await {
                Ok(()) => return Ok(connection),
                Err(trouble) if trouble.is_of_an_old_connection() => {}
                Err(trouble) => return Err(trouble.outcome()),
            }
        }
        let mut connection =
            Connection::open(&self.setup).await.map_err(|trouble| trouble.outcome())?;
        if let Some(limit_bytes) = connection.limit_below(size) {
            self.pool.keep(connection);
            return Err(Outcome::TooLarge { limit_bytes });
        }
        match connection.begin(mail, size, &self.setup.limits).await {
            Ok(()) => Ok(connection),
            Err(trouble) => Err(trouble.outcome()),
        }
    }

    /// Keeps, leaves or drops the connection by what became of its mail.
    fn conclude(
        &self,
        finished: Result<String, Failure>,
        connection: Connection,
        place: OwnedSemaphorePermit,
    ) -> Outcome {
        match finished {
            Ok(answer) => {
                if connection.mails < MAILS_PER_CONNECTION_MAX {
                    self.pool.keep(connection);
                } else {
                    self.pool.farewell(connection, place);
                }
                Outcome::Accepted { answer }
            }
            Err(Failure::Stopped(stop)) => Outcome::Stopped(stop),
            Err(Failure::Trouble(trouble)) => {
                if trouble.left_the_dialogue_in_step() {
                    self.pool.farewell(connection, place);
                }
                trouble.outcome()
            }
        }
    }
}

#[async_trait::async_trait]
impl Transport for SmtpTransport {
    fn destination(&self) -> String {
        format!("smtp:{}:{}", self.host, self.port)
    }

    fn connections(&self) -> usize {
        self.connections
    }

    fn size_of(&self, mail: &Mail) -> u64 {
        compose(mail).size()
    }

    async fn send(
        &self,
        mail: &Mail,
        content: Box<dyn Read + Send>,
        gate: &dyn DotGate,
    ) -> Outcome {
        let place = self.pool.place().await;
        let composed = compose(mail);
        let limits = &self.setup.limits;
        let mut witness = mail.witness.as_ref().filter(|witness| **witness != mail.recipient);
        let (finished, connection) = loop {
            let mut connection = match self.begin(mail, composed.size()).await {
                Ok(connection) => connection,
                Err(outcome) => return outcome,
            };
            match connection.recipients(mail, witness, gate, limits).await {
                Ok(()) => {
                    break (connection.finish(&composed, content, gate, limits).await, connection);
                }
                // No document waits for its witness: once more, without it. Nothing was sent.
                Err(trouble) if trouble.step == Step::Witness => {
                    gate.unwitnessed(&trouble.to_string());
                    witness = None;
                }
                Err(trouble) => break (Err(Failure::Trouble(trouble)), connection),
            }
        };
        self.conclude(finished, connection, place)
    }

    async fn probe(&self) -> Probe {
        let _place = self.pool.place().await;
        let result = match Connection::open(&self.setup).await {
            Ok(connection) => {
                let welcome = words(&connection.welcome);
                connection.quit(self.setup.limits.quit).await;
                Ok(welcome)
            }
            Err(trouble) => Err(trouble.to_string()),
        };
        Probe { destination: format!("{}:{}", self.host, self.port), result }
    }
}
