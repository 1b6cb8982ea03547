//! A mail server that misbehaves as it is told, and remembers what it got.

#![allow(dead_code, reason = "each test crate uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod certificates;
pub(crate) mod letters;
mod session;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use facteur::adapters::smtp::{Connector, Stream};
use tokio::net::TcpListener;
use tokio::sync::Notify;

pub(crate) use certificates::{Certificate, authority_pem};
pub(crate) use tokens::Tokens;

/// What the server does at one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// What a good server does.
    Good,
    /// Says this instead, as it is: line ends included.
    Say(&'static str),
    /// Says this after a while.
    SayAfter(Duration, &'static str),
    /// Says this and hangs up.
    SayAndClose(&'static str),
    /// Hangs up.
    Close,
    /// Neither speaks nor reads any more, and doesn't hang up.
    Silence,
    /// Repeats this until the other side hangs up.
    Flood(&'static str),
}

/// What the server does at each step of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// False: the connection is refused.
    pub(crate) listens: bool,
    /// TLS from the first byte.
    pub(crate) implicit_tls: bool,
    /// What the server shows as its certificate.
    pub(crate) certificate: Certificate,
    /// On connecting.
    pub(crate) greeting: Act,
    /// At EHLO.
    pub(crate) hello: Act,
    /// The lines of a good EHLO.
    pub(crate) offers: Vec<String>,
    /// At STARTTLS.
    pub(crate) starttls: Act,
    /// Instead of the TLS handshake.
    pub(crate) handshake: Act,
    /// At AUTH.
    pub(crate) auth: Act,
    /// Which tokens are good at AUTH XOAUTH2, and stay so until MAIL.
    pub(crate) tokens: Option<Tokens>,
    /// At MAIL.
    pub(crate) mail: Act,
    /// At MAIL, from the connection's second mail on.
    pub(crate) mail_again: Act,
    /// At RCPT.
    pub(crate) recipient: Act,
    /// At the second RCPT of a mail.
    pub(crate) second_recipient: Act,
    /// At DATA.
    pub(crate) data: Act,
    /// After the first line of the mail.
    pub(crate) body: Act,
    /// At the final dot.
    pub(crate) dot: Act,
    /// How fast it reads a mail, in bytes a second; none: as fast as it comes.
    pub(crate) reads_per_second: Option<u32>,
}

impl Script {
    /// A server without fault.
    pub(crate) fn good() -> Self {
        Self {
            listens: true,
            implicit_tls: false,
            certificate: Certificate::Good,
            greeting: Act::Good,
            hello: Act::Good,
            offers: ["SIZE 50000000", "STARTTLS", "AUTH PLAIN LOGIN", "8BITMIME"]
                .map(str::to_owned)
                .to_vec(),
            starttls: Act::Good,
            handshake: Act::Good,
            auth: Act::Good,
            tokens: None,
            mail: Act::Good,
            mail_again: Act::Good,
            recipient: Act::Good,
            second_recipient: Act::Good,
            data: Act::Good,
            body: Act::Good,
            dot: Act::Good,
            reads_per_second: None,
        }
    }
}

/// A mail that got its final dot and wasn't refused there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    /// The MAIL line.
    pub(crate) mail: String,
    /// The RCPT lines.
    pub(crate) recipients: Vec<String>,
    /// The mail, dots unstuffed.
    pub(crate) bytes: Vec<u8>,
}

/// What happened so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// Mails, in the order of their dots.
    pub(crate) mails: Vec<Received>,
    /// Command lines of all connections, each with whether it came encrypted.
    pub(crate) commands: Vec<(bool, String)>,
    /// Connections so far.
    pub(crate) connections: usize,
    /// Connections now.
    pub(crate) open: usize,
    /// The most at one time.
    pub(crate) open_max: usize,
}

/// The server. The nth connection follows the nth script; the last script repeats.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    scripts: Arc<Vec<Script>>,
    log: Arc<Mutex<Log>>,
    hang_up: Arc<Notify>,
    hung_up: Arc<Notify>,
}

impl Server {
    /// A server that nobody is connected to.
    pub(crate) fn new(scripts: Vec<Script>) -> Self {
        Self {
            scripts: Arc::new(scripts),
            log: Arc::default(),
            hang_up: Arc::default(),
            hung_up: Arc::default(),
        }
    }

    /// Listens on a loopback port of its own.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = server.next_script();
                tokio::spawn(server.clone().serve(Box::new(stream), script));
            }
        });
        address
    }

    /// What happened so far.
    pub(crate) fn log(&self) -> Log {
        self.log.lock().unwrap().clone()
    }

    /// Hangs up in the middle of the mail that one connection sends just now.
    pub(crate) async fn hang_up(&self) {
        self.hang_up.notify_one();
        self.hung_up.notified().await;
    }

    fn next_script(&self) -> Script {
        let mut log = self.log.lock().unwrap();
        let index = log.connections.min(self.scripts.len() - 1);
        log.connections += 1;
        self.scripts[index].clone()
    }

    async fn serve(self, stream: Box<dyn Stream>, script: Script) {
        {
            let mut log = self.log.lock().unwrap();
            log.open += 1;
            log.open_max = log.open_max.max(log.open);
        }
        session::Session::new(stream, script, &self).run().await;
        self.log.lock().unwrap().open -= 1;
    }
}

/// Connections in memory, for paused time: no kernel between, so nothing is ever "idle" by chance.
#[async_trait::async_trait]
impl Connector for Server {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let script = self.next_script();
        if !script.listens {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = tokio::io::duplex(16 * 1024);
        tokio::spawn(self.clone().serve(Box::new(ours), script));
        Ok(Box::new(theirs))
    }
}
