//! From nothing to a server that has let us in: TCP, greeting, TLS, LOGIN or XOAUTH2.

use std::sync::Arc;
use std::time::Duration;

use async_imap::imap_proto::{Response, Status};
use async_imap::{Client, Session};
use tokio::time::timeout;

use super::dialogue::{Dialogue, lost, said, words};
use super::limits::{ANSWER_BYTES_MAX, Limits};
use super::metered::{Allowance, Metered};
use super::xoauth2::{self, Refusal};
use crate::adapters::identity::{Identity, Proof};
use crate::adapters::oauth::{TOKENS_TRIED_MAX, Tokens};
use crate::adapters::smtp::{Connector, Stream};
use crate::adapters::tls::Tls;
use crate::config::{Secret, Security};
use crate::ports::mailbox::MailboxError;

/// All that is needed to open a connection.
pub(super) struct Setup {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) security: Security,
    pub(super) tls: Option<Tls>,
    pub(super) identity: Identity,
    pub(super) server: String,
    pub(super) folder: String,
    pub(super) limits: Limits,
}

/// Connects and logs in.
pub(super) async fn log_in(setup: &Setup) -> Result<Dialogue, MailboxError> {
    let Identity { user, proof } = &setup.identity;
    let allowance = Allowance::default();
    let session = match proof {
        Proof::Password(password) => {
            by_password(connect(setup, &allowance).await?, user, password, setup).await?
        }
        Proof::Tokens(tokens) => by_tokens(tokens, setup, &allowance).await?,
    };
    Ok(Dialogue::new(session, allowance, setup.limits))
}

/// To a server that waits for a login.
async fn connect(setup: &Setup, allowance: &Allowance) -> Result<Client<Metered>, MailboxError> {
    let limits = &setup.limits;
    let stream = within(limits.connect, "connect", setup.connector.connect()).await?;
    allowance.grant(ANSWER_BYTES_MAX);
    let wrap = |stream| Client::new(Metered::new(stream, allowance.clone()));
    match setup.security {
        Security::Tls => greeted(wrap(encrypt(setup, stream).await?), limits.greeting).await,
        Security::None => greeted(wrap(stream), limits.greeting).await,
        Security::StartTls => {
            let mut client = greeted(wrap(stream), limits.greeting).await?;
            let asked = client.run_command_and_check_ok("STARTTLS", None);
            let asked = async { asked.await.map_err(|error| said(&error)) };
            within(limits.command, "STARTTLS", asked).await?;
            // What was said before is not believed: it goes with the client that read it.
            Ok(wrap(encrypt(setup, client.into_inner().into_stream()).await?))
        }
    }
}

/// async-imap leaves the greeting to be read.
async fn greeted(
    mut client: Client<Metered>,
    limit: Duration,
) -> Result<Client<Metered>, MailboxError> {
    let greeting = within(limit, "greeting", client.read_response()).await?;
    let greeting = greeting.ok_or_else(|| lost("greeting", "the server hung up"))?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok | Status::PreAuth, .. } => Ok(client),
        Response::Data { outcome, .. } => Err(lost("greeting", words(outcome))),
        _ => Err(lost("greeting", "this is no IMAP server")),
    }
}

async fn by_password(
    client: Client<Metered>,
    user: &str,
    password: &Secret,
    setup: &Setup,
) -> Result<Session<Metered>, MailboxError> {
    match timeout(setup.limits.command, client.login(user, password.reveal())).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err((error, _))) => Err(lost("login", discreet(&error, password))),
        Err(_) => Err(lost("login", "no answer in time")),
    }
}

/// A token that a server refuses may have ended before its time: a fresh one is tried, once.
async fn by_tokens(
    tokens: &Tokens,
    setup: &Setup,
    allowance: &Allowance,
) -> Result<Session<Metered>, MailboxError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let access = tokens.access().await.map_err(|error| lost("login", error))?;
        let client = connect(setup, allowance).await?;
        match xoauth2::authenticate(client, &setup.identity.user, &access.token, setup).await {
            Ok(session) => return Ok(session),
            Err(Refusal::Lost(error)) => return Err(error),
            Err(Refusal::Token(said)) => {
                tokens.forget(&access).await;
                if access.is_fresh || tried == TOKENS_TRIED_MAX {
                    let user = &setup.identity.user;
                    let because = format!(
                        "{said} (the token is fresh: is it {user} who logged in, and may they use IMAP?)"
                    );
                    return Err(lost("login", because));
                }
            }
        }
    }
}

/// A server's words, unless it repeats what it was told.
pub(super) fn discreet(error: &async_imap::error::Error, secret: &Secret) -> String {
    let said = said(error);
    if said.contains(secret.reveal()) { "the login was refused".to_owned() } else { said }
}

async fn encrypt(setup: &Setup, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, MailboxError> {
    let tls = setup.tls.as_ref().expect("a connection that is encrypted has its TLS set up");
    within(setup.limits.tls, "TLS", tls.wrap(stream)).await
}

pub(super) async fn within<T, E: std::fmt::Display>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, MailboxError> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(lost(step, error)),
        Err(_) => Err(lost(step, format!("no answer within {} s", limit.as_secs()))),
    }
}
