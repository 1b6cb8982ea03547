//! From nothing to a server that has let us in: TCP, greeting, TLS, LOGIN.

use std::sync::Arc;
use std::time::Duration;

use async_imap::imap_proto::{Response, Status};
use async_imap::{Client, Session};
use tokio::time::timeout;

use super::dialogue::{Dialogue, lost, words};
use super::limits::{ANSWER_BYTES_MAX, Limits};
use super::metered::{Allowance, Metered};
use crate::adapters::smtp::{Connector, Stream};
use crate::adapters::tls::Tls;
use crate::config::{Secret, Security};
use crate::ports::mailbox::MailboxError;

/// All that is needed to open a connection.
pub(super) struct Setup {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) security: Security,
    pub(super) tls: Option<Tls>,
    pub(super) login: (String, Secret),
    pub(super) server: String,
    pub(super) folder: String,
    pub(super) limits: Limits,
}

/// Connects and logs in.
pub(super) async fn log_in(setup: &Setup) -> Result<Dialogue, MailboxError> {
    let limits = &setup.limits;
    let stream = within(limits.connect, "connect", setup.connector.connect()).await?;
    let allowance = Allowance::default();
    allowance.grant(ANSWER_BYTES_MAX);
    let wrap = |stream| Client::new(Metered::new(stream, allowance.clone()));
    let client = match setup.security {
        Security::Tls => greeted(wrap(encrypt(setup, stream).await?), limits.greeting).await?,
        Security::None => greeted(wrap(stream), limits.greeting).await?,
        Security::StartTls => {
            let mut client = greeted(wrap(stream), limits.greeting).await?;
            let asked = client.run_command_and_check_ok("STARTTLS", None);
            within(limits.command, "STARTTLS", asked).await?;
            // What was said before is not believed: it goes with the client that read it.
            wrap(encrypt(setup, client.into_inner().into_stream()).await?)
        }
    };
    let session = authenticated(client, setup).await?;
    Ok(Dialogue::new(session, allowance, *limits))
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

async fn authenticated(
    client: Client<Metered>,
    setup: &Setup,
) -> Result<Session<Metered>, MailboxError> {
    let (user, password) = &setup.login;
    let answer = timeout(setup.limits.command, client.login(user, password.reveal())).await;
    match answer {
        Ok(Ok(session)) => Ok(session),
        Ok(Err((error, _))) => {
            let said = error.to_string();
            // A server that repeats what it was told must not make us tell it.
            let repeats = said.contains(password.reveal());
            let said = if repeats { "the login was refused" } else { said.as_str() };
            Err(lost("login", said))
        }
        Err(_) => Err(lost("login", "no answer in time")),
    }
}

async fn encrypt(setup: &Setup, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, MailboxError> {
    let tls = setup.tls.as_ref().expect("a connection that is encrypted has its TLS set up");
    within(setup.limits.tls, "TLS", tls.wrap(stream)).await
}

async fn within<T, E: std::fmt::Display>(
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
