//! A mail server's replies: whatever it says and when, only its 2xx to the dot means sent.

use std::io;
use std::sync::{Arc, Mutex};

use facteur::adapters::smtp::{Connector, Limits, SmtpTransport, Stream};
use facteur::config::{Security, SmtpConfig};
use facteur::ports::transport::{DotGate, Outcome, Stop, Transport as _};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};

use super::letters::{document, letter};
use super::{Target, steers};

/// What the server says on connecting, then after each line of the client and after the dot, a
/// NUL between each two; then it hangs up.
pub const TARGET: Target = Target {
    name: "replies",
    check,
    words: &[
        "\0",
        "\r\n",
        "\n",
        "220 hi\r\n",
        "250 ok\r\n",
        "250-SIZE 1\r\n",
        "250-DSN\r\n",
        "250-AUTH PLAIN LOGIN\r\n",
        "250-STARTTLS\r\n",
        "354 go\r\n",
        "421 bye\r\n",
        "451 later\r\n",
        "554 no\r\n",
        "334 VXNlcm5hbWU6\r\n",
        "250",
        "250-",
        "2",
        "\x1b[2J",
        "\u{202e}",
        "\u{ff}",
        "\r",
        "354 go\r\n250 taken\r\n",
        "\0\0",
        "99",
        "250 ok\r\n250 ok\r\n",
    ],
};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime without threads");
}

fn check(bytes: &[u8]) {
    RUNTIME.with(|runtime| runtime.block_on(talk(bytes)));
}

async fn talk(bytes: &[u8]) {
    let server = Server {
        says: bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect(),
        heard: Arc::default(),
    };
    let heard = Arc::clone(&server.heard);
    let config = SmtpConfig {
        host: "mail.server.example".to_owned(),
        port: 25,
        security: Security::None,
        ca_file: None,
        login: None,
        connections: 1,
    };
    let hello = "cabinet.example";
    let transport =
        SmtpTransport::with_connector(&config, hello, Arc::new(server), Limits::default())
            .expect("it needs no certificate");
    let content = Box::new(io::Cursor::new(document()));
    let mail = letter("facture.pdf".to_owned());
    let outcome = transport.send(&mail, content, &OpenGate).await;
    drop(transport);
    judge(&outcome, &heard.lock().expect("nobody panics with it"));
}

/// What the server saw of the dot, and said to it.
#[derive(Debug, Default)]
struct Heard {
    commands: Vec<String>,
    dot: bool,
    answer: Vec<u8>,
}

fn judge(outcome: &Outcome, heard: &Heard) {
    let code = heard.answer.first_chunk::<3>().filter(|code| code.iter().all(u8::is_ascii_digit));
    let class = code.map(|code| code[0]);
    let words = match outcome {
        Outcome::Accepted { answer } => {
            assert!(heard.dot, "called sent without a dot: {heard:?}");
            assert_eq!(class, Some(b'2'), "called sent: {answer:?} {heard:?}");
            answer
        }
        Outcome::InDoubt { answer } => answer,
        Outcome::Deferred { answer } | Outcome::Refused { answer } => {
            let said_no = matches!(class, Some(b'4' | b'5'));
            assert!(!heard.dot || said_no, "sent, and not called so: {outcome:?} {heard:?}");
            answer
        }
        Outcome::Unreachable { answer } => {
            assert!(!heard.dot || class == Some(b'4'), "{outcome:?} {heard:?}");
            answer
        }
        Outcome::TooLarge { .. } | Outcome::Stopped(_) => {
            assert!(!heard.dot, "{outcome:?} {heard:?}");
            return;
        }
    };
    assert!(!words.contains(steers), "{words:?}");
    assert!(words.len() < 4_000, "{} bytes", words.len());
    for command in &heard.commands {
        let known = ["EHLO ", "MAIL FROM:<quickbooks+dupont@cabinet.example>", "DATA", "QUIT"];
        let recipient = "RCPT TO:<dupont@tool.example>";
        assert!(
            known.iter().chain([&recipient]).any(|known| command.starts_with(known)),
            "{command:?}"
        );
    }
}

struct OpenGate;

#[async_trait::async_trait]
impl DotGate for OpenGate {
    async fn open(&self, _: [u8; 32], size: u64) -> Result<(), Stop> {
        assert_eq!(size, document().len() as u64);
        Ok(())
    }
}

struct Server {
    says: Vec<Vec<u8>>,
    heard: Arc<Mutex<Heard>>,
}

#[async_trait::async_trait]
impl Connector for Server {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let (ours, theirs) = duplex(4096);
        tokio::spawn(serve(ours, self.says.clone(), Arc::clone(&self.heard)));
        Ok(Box::new(theirs))
    }
}

/// Follows its script. A line that is a dot counts once DATA was heard.
async fn serve(stream: DuplexStream, says: Vec<Vec<u8>>, heard: Arc<Mutex<Heard>>) {
    let mut stream = BufReader::new(stream);
    let mut in_mail = false;
    for words in says {
        let dotted = heard.lock().is_ok_and(|heard| heard.dot && heard.answer.is_empty());
        if dotted && let Ok(mut heard) = heard.lock() {
            heard.answer.clone_from(&words);
        }
        if stream.write_all(&words).await.is_err() {
            return;
        }
        loop {
            let mut line = Vec::new();
            if !matches!(stream.read_until(b'\n', &mut line).await, Ok(1..)) {
                return;
            }
            let Ok(mut heard) = heard.lock() else { return };
            if in_mail && line == b".\r\n" {
                heard.dot = true;
                in_mail = false;
                break;
            }
            if !in_mail || line == b"QUIT\r\n" {
                in_mail = line == b"DATA\r\n";
                heard.commands.push(String::from_utf8_lossy(&line).trim_end().to_owned());
                break;
            }
        }
    }
}
