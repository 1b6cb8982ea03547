//! Commands out, replies in: one SMTP connection, with a limit on everything.

use std::fmt::Display;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use tokio::io::{
    AsyncBufRead as _, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite,
    AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf,
};
use tokio::time::timeout;

use super::trouble::{Cause, words};

/// What a dialogue runs on: TCP, TLS, or a test's own pipe.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Bytes of one line of a reply (RFC 5321 §4.5.3.1.5 gives it 512).
const REPLY_LINE_BYTES_MAX: u64 = 2048;

/// Lines of one reply.
const REPLY_LINES_MAX: usize = 100;

/// How long a reply may take that was heard to begin out of turn.
const UNASKED_LIMIT: Duration = Duration::from_secs(10);

/// One connection. Whoever sees an error, or drops a call of it, drops the connection: nobody
/// knows then which reply belongs to what.
pub(super) struct Dialogue {
    reader: BufReader<ReadHalf<Box<dyn Stream>>>,
    writer: WriteHalf<Box<dyn Stream>>,
}

impl Dialogue {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { reader: BufReader::new(reader), writer }
    }

    /// The stream again, for TLS. What the server said already belongs to no TLS session, so
    /// somebody on the line put it there: it must not be read as the server's later words.
    pub(super) fn into_stream(self) -> Result<Box<dyn Stream>, Cause> {
        if !self.reader.buffer().is_empty() {
            return Err(Cause::Lost("unencrypted text was injected behind STARTTLS".to_owned()));
        }
        Ok(self.reader.into_inner().unsplit(self.writer))
    }

    /// Sends a command and reads its reply.
    pub(super) async fn command(
        &mut self,
        command: impl Display + Send,
        limit: Duration,
    ) -> Result<Response, Cause> {
        if let Some(reply) = self.unasked().await? {
            return Ok(reply);
        }
        self.write(command.to_string().as_bytes(), limit).await?;
        self.reply(limit).await
    }

    /// Sends a part of a mail. A server that answers or hangs up meanwhile is heard at once.
    pub(super) async fn block(&mut self, block: &[u8], limit: Duration) -> Result<(), Cause> {
        let writer = &mut self.writer;
        let written = async {
            writer.write_all(block).await?;
            writer.flush().await
        };
        let written = tokio::select! {
            biased;
            written = timeout(limit, written) => Some(written),
            _ = self.reader.fill_buf() => None,
        };
        match written {
            Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(self.last_words(lost(&error)).await),
            Some(Err(_)) => Err(silent(limit)),
            None => Err(self.last_words(closed()).await),
        }
    }

    /// Sends the final dot and reads the answer; every failure is after the dot.
    pub(super) async fn dot(&mut self, limit: Duration) -> Result<Response, Cause> {
        self.write(b".\r\n", limit).await?;
        self.reply(limit).await
    }

    /// A refusal that the server sent without being asked (`421 shutting down`, `552` in the
    /// middle of a mail), if it has; never waits. Anything else unasked would be taken for the
    /// answer to what comes next, so it ends the dialogue.
    pub(super) async fn unasked(&mut self) -> Result<Option<Response>, Cause> {
        let waiting = poll_fn(|context| {
            Poll::Ready(match Pin::new(&mut self.reader).poll_fill_buf(context) {
                Poll::Pending => None,
                Poll::Ready(read) => Some(read.map(<[u8]>::len)),
            })
        });
        match waiting.await {
            None => Ok(None),
            Some(Ok(0)) => Err(closed()),
            Some(Ok(_)) => match self.last_words(closed()).await {
                Cause::Reply(reply) => Ok(Some(reply)),
                lost @ Cause::Lost(_) => Err(lost),
            },
            Some(Err(error)) => Err(lost(&error)),
        }
    }

    /// Reads one reply.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Response, Cause> {
        timeout(limit, self.reply_lines()).await.unwrap_or_else(|_| Err(silent(limit)))
    }

    /// What the server said before it hung up; `otherwise` when that was no refusal.
    async fn last_words(&mut self, otherwise: Cause) -> Cause {
        match self.reply(UNASKED_LIMIT).await {
            Ok(reply) if reply.is_positive() => {
                Cause::Lost(format!("the server spoke out of turn: {}", words(&reply)))
            }
            Ok(reply) => Cause::Reply(reply),
            Err(_) => otherwise,
        }
    }

    async fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Cause> {
        let written = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        match timeout(limit, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(&error)),
            Err(_) => Err(silent(limit)),
        }
    }

    async fn reply_lines(&mut self) -> Result<Response, Cause> {
        let mut text = String::new();
        for _ in 0..REPLY_LINES_MAX {
            let line = self.line().await?;
            text.push_str(&line);
            // RFC 5321 §4.2: the code may stand alone; lettre wants the space.
            text.push_str(if line.len() == 3 { " \r\n" } else { "\r\n" });
            let code = line.as_bytes().iter().take(3).all(u8::is_ascii_digit);
            if !code || line.as_bytes().get(3) != Some(&b'-') {
                return text.parse().map_err(|_| {
                    Cause::Lost(format!("the server's answer is no SMTP: {}", text.trim_end()))
                });
            }
        }
        Err(Cause::Lost(format!("the server's answer has more than {REPLY_LINES_MAX} lines")))
    }

    async fn line(&mut self) -> Result<String, Cause> {
        let mut line = Vec::new();
        let mut limited = (&mut self.reader).take(REPLY_LINE_BYTES_MAX);
        limited.read_until(b'\n', &mut line).await.map_err(|error| lost(&error))?;
        match line.strip_suffix(b"\n") {
            Some(text) => {
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                Ok(String::from_utf8_lossy(text).into_owned())
            }
            None if line.len() as u64 == REPLY_LINE_BYTES_MAX => {
                Err(Cause::Lost("the server's answer has an endless line".to_owned()))
            }
            None => Err(closed()),
        }
    }
}

fn closed() -> Cause {
    Cause::Lost("the server closed the connection".to_owned())
}

fn lost(error: &io::Error) -> Cause {
    Cause::Lost(format!("the connection was lost: {error}"))
}

fn silent(limit: Duration) -> Cause {
    Cause::Lost(format!("no answer within {} s", limit.as_secs()))
}
