//! One connection of the misbehaving server.

use std::future::pending;
use std::ops::ControlFlow;
use std::time::Duration;

use facteur::adapters::smtp::Stream;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::{Act, Received, Script, Server, certificates};

pub(super) struct Session<'a> {
    stream: BufReader<Box<dyn Stream>>,
    script: Script,
    server: &'a Server,
    encrypted: bool,
    mail: String,
    recipients: Vec<String>,
    /// What AUTH XOAUTH2 brought.
    token: String,
}

/// What was said, or the end of the connection.
type Said = ControlFlow<(), String>;

impl<'a> Session<'a> {
    pub(super) fn new(stream: Box<dyn Stream>, script: Script, server: &'a Server) -> Self {
        Self {
            stream: BufReader::new(stream),
            script,
            server,
            encrypted: false,
            mail: String::new(),
            recipients: Vec::new(),
            token: String::new(),
        }
    }

    pub(super) async fn run(mut self) {
        if self.script.implicit_tls {
            match self.encrypt().await {
                Some(encrypted) => self = encrypted,
                None => return,
            }
        }
        let greeting = self.script.greeting;
        let mut said = self.act(greeting, "220 mail.server.example ESMTP\r\n").await;
        while let ControlFlow::Continue(_) = said {
            let Some(line) = self.line().await else { return };
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            self.server.log.lock().unwrap().commands.push((self.encrypted, line.clone()));
            let verb = line.split(' ').next().unwrap_or_default().to_owned();
            if verb == "STARTTLS" {
                let starttls = self.script.starttls;
                said = self.act(starttls, "220 go ahead\r\n").await;
                if matches!(&said, ControlFlow::Continue(words) if words.starts_with("220")) {
                    match self.encrypt().await {
                        Some(encrypted) => self = encrypted,
                        None => return,
                    }
                }
            } else {
                said = self.command(&verb, &line).await;
            }
        }
    }

    async fn command(&mut self, verb: &str, line: &str) -> Said {
        match verb {
            "EHLO" => {
                let offers = self.script.offers.join("\r\n250-");
                let good = format!("250-mail.server.example\r\n250-{offers}\r\n250 HELP\r\n");
                self.act(self.script.hello, &good).await
            }
            "AUTH" if line == "AUTH LOGIN" && self.script.auth == Act::Good => {
                self.act(Act::Good, "334 VXNlcm5hbWU6\r\n").await
            }
            // The robot's name, in base64.
            "cm9ib3Q=" => self.act(Act::Good, "334 UGFzc3dvcmQ6\r\n").await,
            "AUTH" if line.starts_with("AUTH XOAUTH2 ") && self.script.auth == Act::Good => {
                line.rsplit(' ').next().unwrap_or_default().clone_into(&mut self.token);
                if self.token_is_good() {
                    return self.say("235 welcome\r\n").await;
                }
                self.say("334 eyJzdGF0dXMiOiI0MDEifQ==\r\n").await?;
                let empty = self.line().await.is_some_and(|line| line == b"\r\n");
                self.say(if empty { "535 5.7.3 not this token\r\n" } else { "500 what?\r\n" }).await
            }
            "MAIL" if !self.token_is_good() => self.say("530 5.7.57 not logged in\r\n").await,
            "AUTH" => {
                let good = line == "AUTH PLAIN AHJvYm90AHNlY3JldA==";
                let answer = if good { "235 welcome\r\n" } else { "535 who?\r\n" };
                self.act(self.script.auth, answer).await
            }
            "c2VjcmV0" => self.act(Act::Good, "235 welcome\r\n").await,
            "MAIL" => {
                let again = !self.mail.is_empty();
                line.clone_into(&mut self.mail);
                self.recipients.clear();
                let act = if again { self.script.mail_again } else { self.script.mail };
                self.act(act, "250 sender ok\r\n").await
            }
            "RCPT" => {
                let act = match self.recipients.len() {
                    0 => self.script.recipient,
                    _ => self.script.second_recipient,
                };
                let said = self.act(act, "250 recipient ok\r\n").await;
                if matches!(&said, ControlFlow::Continue(words) if words.starts_with('2')) {
                    self.recipients.push(line.to_owned());
                }
                said
            }
            "DATA" => self.data().await,
            "QUIT" => self.act(Act::SayAndClose("221 bye\r\n"), "").await,
            _ => self.act(Act::Good, "500 unknown\r\n").await,
        }
    }

    /// True as well where no token is asked for.
    fn token_is_good(&self) -> bool {
        self.script.tokens.as_ref().is_none_or(|tokens| tokens.take(&self.token))
    }

    async fn data(&mut self) -> Said {
        let said = self.act(self.script.data, "354 go on\r\n").await;
        if !matches!(&said, ControlFlow::Continue(words) if words.starts_with("354")) {
            return said;
        }
        let mut bytes = Vec::new();
        let hang_up = self.server.hang_up.clone();
        let mut first = true;
        loop {
            let line = tokio::select! {
                line = self.line() => line,
                () = hang_up.notified() => None,
            };
            let Some(line) = line else {
                self.stream.shutdown().await.ok();
                self.server.hung_up.notify_one();
                return ControlFlow::Break(());
            };
            if line == b".\r\n" {
                break;
            }
            if let Some(rate) = self.script.reads_per_second {
                let pause = Duration::from_secs(1) * u32::try_from(line.len()).unwrap() / rate;
                timeout(pause, pending::<()>()).await.ok();
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            if first {
                first = false;
                self.act(self.script.body, "").await?;
            }
        }
        self.dot(bytes).await
    }

    /// A good server is responsible for the mail before it says so.
    async fn dot(&mut self, bytes: Vec<u8>) -> Said {
        let refused = match self.script.dot {
            Act::Say(words) | Act::SayAfter(_, words) | Act::SayAndClose(words) => {
                words.starts_with(['4', '5'])
            }
            Act::Good | Act::Close | Act::Silence | Act::Flood(_) => false,
        };
        if !refused {
            let recipients = self.recipients.clone();
            let received = Received { mail: self.mail.clone(), recipients, bytes };
            self.server.log.lock().unwrap().mails.push(received);
        }
        self.act(self.script.dot, "250 2.0.0 taken as 4711\r\n").await
    }

    async fn act(&mut self, act: Act, good: &str) -> Said {
        match act {
            Act::Good => self.say(good).await,
            Act::Say(words) => self.say(words).await,
            Act::SayAfter(wait, words) => {
                timeout(wait, pending::<()>()).await.ok();
                self.say(words).await
            }
            Act::SayAndClose(words) => {
                self.say(words).await?;
                self.stream.shutdown().await.ok();
                ControlFlow::Break(())
            }
            Act::Close => ControlFlow::Break(()),
            Act::Silence => pending().await,
            Act::Flood(words) => {
                while let ControlFlow::Continue(_) = self.say(words).await {}
                ControlFlow::Break(())
            }
        }
    }

    async fn say(&mut self, words: &str) -> Said {
        let said = async {
            self.stream.write_all(words.as_bytes()).await?;
            self.stream.flush().await
        };
        match said.await {
            Ok(()) => ControlFlow::Continue(words.to_owned()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line).await {
            Ok(read) if read > 0 => Some(line),
            Ok(_) | Err(_) => None,
        }
    }

    async fn encrypt(mut self) -> Option<Session<'a>> {
        if self.script.handshake != Act::Good {
            let handshake = self.script.handshake;
            return match self.act(handshake, "").await {
                ControlFlow::Continue(_) => Some(self),
                ControlFlow::Break(()) => None,
            };
        }
        let acceptor = TlsAcceptor::from(certificates::server(self.script.certificate));
        let stream = acceptor.accept(self.stream.into_inner()).await.ok()?;
        self.stream = BufReader::new(Box::new(stream));
        self.encrypted = true;
        Some(self)
    }
}
