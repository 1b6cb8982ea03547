//! AUTHENTICATE XOAUTH2 (Google's and Microsoft's SASL mechanism): an access token for a password.

use async_imap::error::Error;
use async_imap::imap_proto::{Capability, Response, Status};
use async_imap::{Authenticator, Client, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::connect::{Setup, discreet, within};
use super::dialogue::lost;
use super::metered::Metered;
use crate::adapters::identity::xoauth2;
use crate::config::Secret;
use crate::ports::mailbox::MailboxError;

/// Why there is no session.
pub(super) enum Refusal {
    /// The server is there, and refuses the token, in these words.
    Token(String),
    /// Anything else.
    Lost(MailboxError),
}

/// What a server offers before the login.
#[derive(Debug, Clone, Copy, Default)]
struct Offers {
    xoauth2: bool,
    /// A command may have its answer in it (SASL-IR, RFC 4959).
    at_once: bool,
}

/// Logs in by a token.
pub(super) async fn authenticate(
    mut client: Client<Metered>,
    user: &str,
    token: &Secret,
    setup: &Setup,
) -> Result<Session<Metered>, Refusal> {
    let limit = setup.limits.command;
    let offers = within(limit, "CAPABILITY", offers(&mut client)).await.map_err(Refusal::Lost)?;
    if !offers.xoauth2 {
        return Err(Refusal::Lost(lost("login", "the server doesn't offer AUTH=XOAUTH2")));
    }
    let words = xoauth2(user, token);
    let (command, said) = if offers.at_once {
        (format!("XOAUTH2 {}", STANDARD.encode(&words)), true)
    } else {
        ("XOAUTH2".to_owned(), false)
    };
    let secret = Secret::new(STANDARD.encode(&words));
    let answer = timeout(limit, client.authenticate(command, Speech { words, said })).await;
    match answer {
        Ok(Ok(session)) => Ok(session),
        Ok(Err((error @ (Error::No(_) | Error::Bad(_)), _))) => {
            let repeats = error.to_string().contains(secret.reveal());
            let said = discreet(&error, token);
            Err(Refusal::Token(if repeats { "the login was refused".to_owned() } else { said }))
        }
        Ok(Err((error, _))) => Err(Refusal::Lost(lost("login", discreet(&error, token)))),
        Err(_) => Err(Refusal::Lost(lost("login", "no answer in time"))),
    }
}

/// What is said at the server's bidding: the token, once. To anything more it is the empty answer
/// that lets the server end its refusal.
struct Speech {
    words: String,
    said: bool,
}

impl Authenticator for Speech {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        if std::mem::replace(&mut self.said, true) { String::new() } else { self.words.clone() }
    }
}

/// async-imap asks for capabilities after a login only.
async fn offers(client: &mut Client<Metered>) -> std::io::Result<Offers> {
    const TAG: &str = "C0";
    let stream = client.get_mut();
    stream.write_all(format!("{TAG} CAPABILITY\r\n").as_bytes()).await?;
    stream.flush().await?;
    let mut offers = Offers::default();
    while let Some(answer) = client.read_response().await? {
        match answer.parsed() {
            Response::Capabilities(known) => {
                offers.xoauth2 |= known.iter().any(|known| is(known, "XOAUTH2"));
                offers.at_once |= known.iter().any(|known| is(known, "SASL-IR"));
            }
            Response::Done { tag, status: Status::Ok, .. } if tag.0 == TAG => {
                return Ok(offers);
            }
            Response::Done { .. } => break,
            _ => {}
        }
    }
    Err(std::io::Error::other("the server doesn't say what it offers"))
}

fn is(capability: &Capability<'_>, name: &str) -> bool {
    match capability {
        Capability::Imap4rev1 => false,
        Capability::Auth(known) | Capability::Atom(known) => known.eq_ignore_ascii_case(name),
    }
}
