//! An IMAP server that misbehaves as it is told, and remembers what it was asked.

#![allow(dead_code, reason = "each test crate uses its own part of it")]

mod xoauth2;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use facteur::adapters::smtp::{Connector, Stream};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

pub(crate) use xoauth2::Tokens;

/// What the server does at one step. `{tag}` in its words is the command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// What a good server does.
    Good,
    /// Says this instead.
    Say(&'static str),
    /// Says this and hangs up.
    SayAndClose(&'static str),
    /// Hangs up.
    Close,
    /// Neither speaks nor reads any more, and doesn't hang up.
    Silence,
    /// Repeats this until the other side hangs up.
    Flood(&'static str),
    /// Goes on as if it hadn't heard.
    Ignore,
}

/// The steps of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// On connecting.
    Greeting,
    /// LOGIN.
    Login,
    /// AUTHENTICATE.
    Authenticate,
    /// CAPABILITY.
    Capability,
    /// SELECT.
    Select,
    /// UID SEARCH.
    Search,
    /// Headers.
    Heads,
    /// A whole mail.
    Fetch,
    /// UID MOVE.
    Move,
    /// CREATE.
    Create,
    /// IDLE.
    Idle,
    /// DONE.
    Done,
    /// Anything else.
    Other,
}

/// The mail in the box, under UID 7.
pub(crate) const MAIL: &str = "From: a@b.example\r\nSubject: report\r\n\r\nbody\r\n";

/// The server; the nth step that is listed misbehaves once, or always.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    faults: Vec<(Step, Act)>,
    asked: Arc<Mutex<Vec<String>>>,
    tokens: Option<Tokens>,
}

impl Server {
    /// A server with these faults.
    pub(crate) fn new(faults: &[(Step, Act)]) -> Self {
        Self { faults: faults.to_vec(), asked: Arc::default(), tokens: None }
    }

    /// The same for people who log in by XOAUTH2 with a token that is good.
    pub(crate) fn with_tokens(self, tokens: Tokens) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Listens on a loopback port of its own.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("it listens");
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(Box::new(stream)));
            }
        });
        address
    }

    /// The commands so far, without their tags.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }

    fn act(&self, step: Step) -> Act {
        let fault = self.faults.iter().find(|(known, _)| *known == step);
        fault.map_or(Act::Good, |(_, act)| *act)
    }

    async fn serve(self, stream: Box<dyn Stream>) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        if !self.answer(&mut stream, Step::Greeting, "", "* OK ready\r\n").await? {
            return Ok(());
        }
        let mut idle = String::new();
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 {
            let command = line.trim_end().to_owned();
            line.clear();
            let (tag, words) = command.split_once(' ').unwrap_or((idle.as_str(), "DONE"));
            let tag = tag.to_owned();
            self.asked.lock().expect("nobody panics with it").push(words.to_owned());
            let (step, good) = self.good(words);
            if step == Step::Idle {
                idle.clone_from(&tag);
            }
            if self.has_ended(step) {
                stream.write_all(b"* BYE session expired\r\n").await?;
                return Ok(());
            }
            if step == Step::Authenticate && self.act(step) == Act::Good {
                self.authenticate(&mut stream, &tag, words).await?;
                continue;
            }
            if !self.answer(&mut stream, step, &tag, &good).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether the session goes on.
    async fn answer(
        &self,
        stream: &mut BufReader<Box<dyn Stream>>,
        step: Step,
        tag: &str,
        good: &str,
    ) -> io::Result<bool> {
        let (words, goes_on) = match self.act(step) {
            Act::Good => (good, true),
            Act::Say(words) => (words, true),
            Act::SayAndClose(words) => (words, false),
            Act::Close => ("", false),
            Act::Ignore => ("", true),
            Act::Silence => std::future::pending().await,
            Act::Flood(words) => loop {
                stream.write_all(words.as_bytes()).await?;
                stream.flush().await?;
            },
        };
        stream.write_all(words.replace("{tag}", tag).as_bytes()).await?;
        stream.flush().await?;
        Ok(goes_on)
    }

    fn good(&self, words: &str) -> (Step, String) {
        match (words, &self.tokens) {
            ("CAPABILITY", Some(tokens)) => (Step::Capability, tokens.capability()),
            _ => good(words),
        }
    }
}

/// What a good server says to a command.
fn good(words: &str) -> (Step, String) {
    let ok = "{tag} OK done\r\n";
    let (step, before) = match words {
        words if words.starts_with("LOGIN") => (Step::Login, String::new()),
        words if words.starts_with("AUTHENTICATE") => (Step::Authenticate, String::new()),
        "CAPABILITY" => {
            (Step::Capability, "* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\n".to_owned())
        }
        words if words.starts_with("SELECT") || words.starts_with("EXAMINE") => {
            (Step::Select, "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] valid\r\n".to_owned())
        }
        words if words.starts_with("UID SEARCH") => (Step::Search, "* SEARCH 7\r\n".to_owned()),
        words if words.contains("HEADER") => {
            let head = MAIL.split_inclusive("\r\n\r\n").next().expect("a head");
            let answer = format!(
                "* 1 FETCH (UID 7 RFC822.SIZE {} BODY[HEADER]<0> {{{}}}\r\n{head})\r\n",
                MAIL.len(),
                head.len()
            );
            (Step::Heads, answer)
        }
        words if words.starts_with("UID FETCH") => {
            let answer = format!("* 1 FETCH (UID 7 BODY[]<0> {{{}}}\r\n{MAIL})\r\n", MAIL.len());
            (Step::Fetch, answer)
        }
        words if words.starts_with("UID MOVE") => (Step::Move, String::new()),
        words if words.starts_with("CREATE") => (Step::Create, String::new()),
        "IDLE" => return (Step::Idle, "+ idling\r\n".to_owned()),
        "DONE" => (Step::Done, String::new()),
        _ => (Step::Other, String::new()),
    };
    (step, before + ok)
}

/// Connections in memory, for paused time.
#[async_trait::async_trait]
impl Connector for Server {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let (ours, theirs) = tokio::io::duplex(16 * 1024);
        tokio::spawn(self.clone().serve(Box::new(ours)));
        Ok(Box::new(theirs))
    }
}
