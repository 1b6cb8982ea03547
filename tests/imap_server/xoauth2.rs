//! AUTHENTICATE XOAUTH2 as servers do it: with and without SASL-IR, and a refusal in two steps.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use facteur::adapters::smtp::Stream;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::{Server, Step};

/// Which tokens are good, and for whom.
#[derive(Clone)]
pub(crate) struct Tokens {
    good: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    user: &'static str,
    /// SASL-IR is offered.
    at_once: bool,
    /// The token of the last session that was let in.
    let_in: Arc<Mutex<Option<String>>>,
}

impl Tokens {
    pub(crate) fn new(
        user: &'static str,
        at_once: bool,
        good: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { good: Arc::new(good), user, at_once, let_in: Arc::default() }
    }

    pub(super) fn capability(&self) -> String {
        let at_once = if self.at_once { " SASL-IR" } else { "" };
        let ok = "{tag} OK done\r\n";
        format!("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2{at_once} IDLE MOVE UIDPLUS\r\n{ok}")
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tokens")
    }
}

impl Server {
    /// Whether the token of the session has come to its end meanwhile.
    pub(super) fn has_ended(&self, step: Step) -> bool {
        let Some(tokens) = &self.tokens else { return false };
        let let_in = tokens.let_in.lock().expect("nobody panics with it");
        let before = matches!(step, Step::Capability | Step::Authenticate | Step::Login);
        !before && let_in.as_ref().is_some_and(|token| !(tokens.good)(token))
    }

    pub(super) async fn authenticate(
        &self,
        stream: &mut BufReader<Box<dyn Stream>>,
        tag: &str,
        words: &str,
    ) -> io::Result<()> {
        let tokens = self.tokens.as_ref().expect("XOAUTH2 is offered with tokens alone");
        let said = match words.split(' ').nth(2) {
            Some(said) if tokens.at_once => said.to_owned(),
            Some(_) => return say(stream, &format!("{tag} BAD no SASL-IR here\r\n")).await,
            None => {
                say(stream, "+ \r\n").await?;
                self.line(stream).await?
            }
        };
        let said = STANDARD.decode(said).map_err(io::Error::other)?;
        let said = String::from_utf8(said).map_err(io::Error::other)?;
        let start = format!("user={}\u{1}auth=Bearer ", tokens.user);
        let token = said.strip_prefix(&start).and_then(|rest| rest.strip_suffix("\u{1}\u{1}"));
        if let Some(token) = token.filter(|token| (tokens.good)(token)) {
            *tokens.let_in.lock().expect("nobody panics with it") = Some(token.to_owned());
            return say(stream, &format!("{tag} OK welcome\r\n")).await;
        }
        let why = STANDARD.encode("{\"status\":\"401\",\"schemes\":\"bearer\"}");
        say(stream, &format!("+ {why}\r\n")).await?;
        let empty = self.line(stream).await?.is_empty();
        let end = if empty { "NO [AUTHENTICATIONFAILED] not this token" } else { "BAD what?" };
        say(stream, &format!("{tag} {end}\r\n")).await
    }

    /// What comes without a tag; it is remembered as nothing, for it is a secret.
    async fn line(&self, stream: &mut BufReader<Box<dyn Stream>>) -> io::Result<String> {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        Ok(line.trim_end().to_owned())
    }
}

async fn say(stream: &mut BufReader<Box<dyn Stream>>, words: &str) -> io::Result<()> {
    stream.write_all(words.as_bytes()).await?;
    stream.flush().await
}
