//! clamd, ClamAV's antivirus: its INSTREAM dialogue, with a limit on every step.
//!
//! One connection a question, as clamd's own client does. Nothing but its whole `OK` to bytes
//! that were all sent means clean.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::smtp::Stream;
use crate::config::ClamdAddress;
use crate::ports::scanner::{Scan, Scanner};
use crate::ports::transport::Probe;

/// Bytes sent at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of an answer; clamd's are a line.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// Characters kept of what it found.
const FOUND_CHARS_MAX: usize = 200;

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect: Duration,
    /// To take one chunk.
    pub chunk: Duration,
    /// To answer; it looks for two minutes at most (clamd's `MaxScanTime`).
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            chunk: Duration::from_secs(30),
            answer: Duration::from_mins(5),
        }
    }
}

/// An antivirus behind a socket.
pub struct Clamd {
    address: ClamdAddress,
    limits: Limits,
}

impl Clamd {
    /// Where it listens.
    pub fn new(address: ClamdAddress) -> Self {
        Self::with_limits(address, Limits::default())
    }

    /// The same with other limits: for tests.
    pub fn with_limits(address: ClamdAddress, limits: Limits) -> Self {
        Self { address, limits }
    }

    /// Asks, sends bytes where there are some, and returns the answer; in words what failed.
    async fn ask(&self, command: &[u8], bytes: Option<&[u8]>) -> Result<String, String> {
        let stream = within(self.limits.connect, "connect", connect(&self.address)).await?;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let sent = self.send(&mut writer, command, bytes).await;
        // It may have said why, and hung up, before it took everything.
        let limit = if sent.is_ok() { self.limits.answer } else { self.limits.chunk };
        let answer = within(limit, "answer", read_answer(&mut reader)).await;
        match (sent, answer) {
            (Ok(()), Ok(answer)) => Ok(answer),
            (Err(_), Ok(answer)) if !answer.ends_with(" OK") => Ok(answer),
            (Err(problem), Ok(_) | Err(_)) | (Ok(()), Err(problem)) => Err(problem),
        }
    }

    async fn send(
        &self,
        writer: &mut (impl tokio::io::AsyncWrite + Unpin),
        command: &[u8],
        bytes: Option<&[u8]>,
    ) -> Result<(), String> {
        let limit = self.limits.chunk;
        within(limit, "command", writer.write_all(command)).await?;
        let Some(bytes) = bytes else { return Ok(()) };
        for chunk in bytes.chunks(CHUNK_BYTES) {
            let size = u32::try_from(chunk.len()).expect("a chunk is small");
            let sent = async {
                writer.write_all(&size.to_be_bytes()).await?;
                writer.write_all(chunk).await
            };
            within(limit, "sending", sent).await?;
        }
        let end = async {
            writer.write_all(&0_u32.to_be_bytes()).await?;
            writer.flush().await
        };
        within(limit, "sending", end).await
    }
}

#[async_trait::async_trait]
impl Scanner for Clamd {
    async fn scan(&self, bytes: &[u8]) -> Result<Scan, String> {
        let answer = self.ask(b"zINSTREAM\0", Some(bytes)).await;
        let answer = answer.map_err(|problem| format!("the antivirus cannot say: {problem}"))?;
        if answer.contains("size limit exceeded") {
            let because = "it is larger than the antivirus looks at (clamd's StreamMaxLength)";
            return Ok(Scan::TooLarge(because.to_owned()));
        }
        match answer.strip_prefix("stream: ") {
            Some("OK") => Ok(Scan::Clean),
            said => match said.and_then(|said| said.strip_suffix(" FOUND")) {
                Some(name) => Ok(Scan::Infected(name.chars().take(FOUND_CHARS_MAX).collect())),
                None => Err(format!("the antivirus says: {answer}")),
            },
        }
    }

    async fn probe(&self) -> Probe {
        let result = match self.ask(b"zPING\0", None).await.as_deref() {
            Ok("PONG") => self.ask(b"zVERSION\0", None).await,
            Ok(other) => Err(format!("it is no clamd: it says `{other}`")),
            Err(problem) => Err(problem.to_owned()),
        };
        Probe { destination: self.address.to_string(), result }
    }
}

async fn connect(address: &ClamdAddress) -> io::Result<Box<dyn Stream>> {
    Ok(match address {
        ClamdAddress::Socket(path) => Box::new(UnixStream::connect(path).await?),
        ClamdAddress::Tcp(server) => Box::new(TcpStream::connect(server).await?),
    })
}

/// What it says up to the NUL that ends an answer; cut off, it means nothing.
async fn read_answer(reader: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut reader = reader.take(ANSWER_BYTES_MAX);
    loop {
        if reader.read_buf(&mut bytes).await? == 0 {
            return Err(io::Error::other("it hung up in the middle of its answer"));
        }
        if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
            bytes.truncate(end);
            let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
            return Ok(String::from_utf8_lossy(&bytes).chars().map(plain).collect());
        }
    }
}

async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, String> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(format!("{step}: {error}")),
        Err(_) => Err(format!("{step}: nothing within {} s", limit.as_secs())),
    }
}
