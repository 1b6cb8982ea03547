//! From nothing to a server that is ready for mail: TCP, greeting, EHLO, TLS, AUTH.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Quit, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::dialogue::{Dialogue, Stream};
use super::limits::Limits;
use super::trouble::{Cause, Step, Trouble, words};
use crate::adapters::identity::{Identity, Proof, xoauth2};
use crate::adapters::oauth::{TOKENS_TRIED_MAX, Tokens};
use crate::adapters::tls::Tls;
use crate::config::{Secret, Security};

/// Opens connections to the mail server; the tests put a pipe here.
#[async_trait::async_trait]
pub trait Connector: Send + Sync {
    /// A new connection, nothing said yet.
    async fn connect(&self) -> io::Result<Box<dyn Stream>>;
}

/// TCP.
pub(in crate::adapters) struct Tcp {
    pub(in crate::adapters) host: String,
    pub(in crate::adapters) port: u16,
    /// Refuse any address that isn't this machine's.
    pub(in crate::adapters) loopback_only: bool,
}

/// How long one of several addresses may keep the next from being tried.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

#[async_trait::async_trait]
impl Connector for Tcp {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let mut last = io::Error::other(format!("`{}` has no address", self.host));
        for address in lookup_host((self.host.as_str(), self.port)).await? {
            if self.loopback_only && !address.ip().is_loopback() {
                let problem = "an unencrypted connection may only go to this machine";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
            }
            match timeout(ADDRESS_LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Nagle's algorithm costs 40 ms a command.
                    stream.set_nodelay(true)?;
                    return Ok(Box::new(stream));
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }
}

/// All that is needed to open a connection.
pub(super) struct Setup {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) security: Security,
    pub(super) tls: Option<Tls>,
    pub(super) identity: Option<Identity>,
    pub(super) hello: ClientId,
    pub(super) limits: Limits,
}

/// A server that has let us in.
pub(super) struct Connection {
    pub(super) dialogue: Dialogue,
    pub(super) offers: Offers,
    /// Mails it has taken.
    pub(super) mails: u32,
    /// Its words on who we are.
    pub(super) welcome: Response,
}

/// What the server's EHLO offers; of what came encrypted, where anything does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Offers {
    pub(super) starttls: bool,
    /// RFC 3461.
    pub(super) dsn: bool,
    /// RFC 1870; `Some(0)`: offered without a limit.
    pub(super) size_bytes_max: Option<u64>,
    /// The best way to log in by a password that both sides know.
    mechanism: Option<Mechanism>,
    xoauth2: bool,
}

impl Offers {
    fn of(reply: &Response) -> Self {
        let mut offers = Self::default();
        // The first line is a greeting.
        for line in reply.message().skip(1) {
            // `AUTH=LOGIN` is an old spelling that some servers still use alone.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => offers.starttls = true,
                Some("DSN") => offers.dsn = true,
                Some("SIZE") => {
                    let limit = words.next().and_then(|text| text.parse().ok());
                    offers.size_bytes_max = Some(limit.unwrap_or(0));
                }
                Some("AUTH") => {
                    for word in words {
                        offers.mechanism = match word {
                            "PLAIN" => Some(Mechanism::Plain),
                            "LOGIN" => offers.mechanism.or(Some(Mechanism::Login)),
                            "XOAUTH2" => {
                                offers.xoauth2 = true;
                                offers.mechanism
                            }
                            _ => offers.mechanism,
                        };
                    }
                }
                Some(_) | None => {}
            }
        }
        offers
    }
}

impl Connection {
    /// Connects and logs in.
    pub(super) async fn open(setup: &Setup) -> Result<Self, Trouble> {
        let limit = setup.limits.command;
        let Some(Identity { user, proof }) = &setup.identity else {
            return Self::connect(setup).await;
        };
        match proof {
            Proof::Password(password) => {
                let mut connection = Self::connect(setup).await?;
                connection.welcome = connection.log_in(user, password, limit).await?;
                Ok(connection)
            }
            Proof::Tokens(tokens) => Self::open_by_tokens(setup, user, tokens).await,
        }
    }

    /// A token that a server refuses may have ended before its time: a fresh one is tried, once.
    async fn open_by_tokens(setup: &Setup, user: &str, tokens: &Tokens) -> Result<Self, Trouble> {
        let mut tried = 0;
        loop {
            tried += 1;
            let access = tokens.access().await;
            let access = access.map_err(|error| Trouble::lost(Step::Login, error))?;
            let mut connection = Self::connect(setup).await?;
            let reply = connection.xoauth2(user, &access.token, setup.limits.command).await?;
            if reply.has_code(235) {
                connection.welcome = reply;
                return Ok(connection);
            }
            if !is_permanent(&reply) {
                return Err(Trouble::lost(Step::Login, refusal(&reply, "", &access.token)));
            }
            tokens.forget(&access).await;
            if access.is_fresh || tried == TOKENS_TRIED_MAX {
                let said = refusal(&reply, "", &access.token);
                let because = format!(
                    "{said} (the token is fresh: is it {user} who logged in, and may they send by \
                     SMTP?)"
                );
                return Err(Trouble::lost(Step::Login, because));
            }
        }
    }

    /// To a server that waits for a login, or for mail.
    async fn connect(setup: &Setup) -> Result<Self, Trouble> {
        let stream = match timeout(setup.limits.connect, setup.connector.connect()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Trouble::lost(Step::Connect, error)),
            Err(_) => return Err(Trouble::lost(Step::Connect, "no connection in time")),
        };
        match setup.security {
            Security::Tls => Self::greeted(encrypt(setup, stream).await?, setup).await,
            Security::StartTls => Self::greeted(stream, setup).await?.starttls(setup).await,
            Security::None => Self::greeted(stream, setup).await,
        }
    }

    /// Says goodbye, which nothing depends on.
    pub(super) async fn quit(mut self, limit: Duration) {
        self.dialogue.command(Quit, limit).await.ok();
    }

    async fn greeted(stream: Box<dyn Stream>, setup: &Setup) -> Result<Self, Trouble> {
        let mut dialogue = Dialogue::new(stream);
        let greeting = dialogue.reply(setup.limits.greeting).await;
        expect(Step::Greeting, greeting, 220)?;
        Self::hello(dialogue, setup).await
    }

    async fn hello(mut dialogue: Dialogue, setup: &Setup) -> Result<Self, Trouble> {
        let hello = Ehlo::new(setup.hello.clone());
        let reply = dialogue.command(hello, setup.limits.command).await;
        let welcome = expect(Step::Hello, reply, 250)?;
        Ok(Self { dialogue, offers: Offers::of(&welcome), mails: 0, welcome })
    }

    async fn starttls(mut self, setup: &Setup) -> Result<Self, Trouble> {
        if !self.offers.starttls {
            return Err(Trouble::lost(Step::Tls, "the server doesn't offer STARTTLS"));
        }
        let reply = self.dialogue.command(Starttls, setup.limits.command).await;
        expect(Step::Tls, reply, 220)?;
        let stream =
            self.dialogue.into_stream().map_err(|cause| Trouble { step: Step::Tls, cause })?;
        // RFC 3207 §4.2: nothing that was said before is believed.
        Self::hello(Dialogue::new(encrypt(setup, stream).await?), setup).await
    }

    async fn log_in(
        &mut self,
        user: &str,
        password: &Secret,
        limit: Duration,
    ) -> Result<Response, Trouble> {
        let lost = |words: &str| Trouble::lost(Step::Login, words);
        let mechanism = self
            .offers
            .mechanism
            .ok_or_else(|| lost("the server offers neither AUTH PLAIN nor AUTH LOGIN"))?;
        let credentials = Credentials::new(user.to_owned(), password.reveal().to_owned());
        let unusual = |_| lost("the server asks for something else than a name and a password");
        let mut command = Auth::new(mechanism, credentials.clone(), None).map_err(unusual)?;
        // LOGIN asks for the name, then for the password.
        for _ in 0..3 {
            let reply = self.dialogue.command(&command, limit).await;
            let reply = reply.map_err(|cause| Trouble { step: Step::Login, cause })?;
            if reply.has_code(235) {
                return Ok(reply);
            }
            if !reply.has_code(334) {
                return Err(lost(&refusal(&reply, &command.to_string(), password)));
            }
            command =
                Auth::new_from_response(mechanism, credentials.clone(), &reply).map_err(unusual)?;
        }
        Err(lost("the server asks and asks"))
    }

    /// The server's last word on a token.
    async fn xoauth2(
        &mut self,
        user: &str,
        token: &Secret,
        limit: Duration,
    ) -> Result<Response, Trouble> {
        if !self.offers.xoauth2 {
            return Err(Trouble::lost(Step::Login, "the server doesn't offer AUTH XOAUTH2"));
        }
        let failed = |cause| Trouble { step: Step::Login, cause };
        let words = STANDARD.encode(xoauth2(user, token));
        let command = format!("AUTH XOAUTH2 {words}\r\n");
        let reply = self.dialogue.command(command, limit).await.map_err(failed)?;
        if !reply.has_code(334) {
            return Ok(reply);
        }
        // It tells why in base64, and wants an empty line before it refuses.
        self.dialogue.command("\r\n", limit).await.map_err(failed)
    }
}

/// RFC 5321 §4.2.1: the same again will be refused again.
fn is_permanent(reply: &Response) -> bool {
    u16::from(reply.code()) >= 500
}

/// What a refused login says; without the server's words where they repeat what was sent.
fn refusal(reply: &Response, sent: &str, password: &Secret) -> String {
    let said = words(reply);
    let sent = sent.split_ascii_whitespace().last().unwrap_or_default();
    let repeats = |secret: &str| !secret.is_empty() && said.contains(secret);
    if repeats(password.reveal()) || repeats(sent) {
        return format!("the login was refused: {}", reply.code());
    }
    format!("the login was refused: {said}")
}

async fn encrypt(setup: &Setup, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Trouble> {
    let tls = setup.tls.as_ref().expect("a connection that is encrypted has its TLS set up");
    match timeout(setup.limits.tls, tls.wrap(stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Trouble::lost(Step::Tls, error)),
        Err(_) => Err(Trouble::lost(Step::Tls, "no handshake in time")),
    }
}

/// The reply, if it has the code that the step needs.
pub(super) fn expect(
    step: Step,
    reply: Result<Response, Cause>,
    code: u16,
) -> Result<Response, Trouble> {
    match reply {
        Ok(reply) if reply.has_code(code) => Ok(reply),
        Ok(reply) => Err(Trouble { step, cause: Cause::Reply(reply) }),
        Err(cause) => Err(Trouble { step, cause }),
    }
}
