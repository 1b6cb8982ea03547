//! A mail server in memory of which every third answer, by chance, is a failure.

use std::io;
use std::sync::{Arc, Mutex};

use facteur::adapters::smtp::{Connector, Stream};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

use crate::trials::sink::Kept;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// 4xx.
    Later,
    /// 5xx.
    Never,
    /// 421, and it hangs up.
    Busy,
    /// It hangs up without a word.
    Gone,
    /// It says nothing any more.
    Silent,
    /// It says what is no SMTP.
    Nonsense,
}

/// What the server did so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Mails that it is responsible for: their dot came and was not refused.
    pub(crate) kept: Vec<Kept>,
    /// Answers given or withheld.
    pub(crate) answers: u64,
    /// Those that were failures.
    pub(crate) failures: u64,
    /// Mails kept whose answer was a failure that leaves a doubt.
    pub(crate) doubtful: u64,
    /// Connections now.
    open: usize,
    /// The most at one time; one that was given up is noticed a moment later.
    pub(crate) open_max: usize,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Flaky {
    chance: Arc<Mutex<fastrand::Rng>>,
    pub(crate) log: Arc<Mutex<Log>>,
}

impl Flaky {
    /// A server whose faults come from `chance`.
    pub(crate) fn new(chance: fastrand::Rng) -> Self {
        Self { chance: Arc::new(Mutex::new(chance)), log: Arc::default() }
    }

    /// One answer in three fails.
    fn fault(&self) -> Option<Fault> {
        const FAULTS: [Fault; 6] =
            [Fault::Later, Fault::Never, Fault::Busy, Fault::Gone, Fault::Silent, Fault::Nonsense];
        let mut chance = self.chance.lock().unwrap();
        let mut log = self.log.lock().unwrap();
        log.answers += 1;
        let fault = (chance.u8(0..3) == 0).then(|| FAULTS[chance.usize(0..FAULTS.len())]);
        log.failures += u64::from(fault.is_some());
        fault
    }

    async fn serve(&self, stream: DuplexStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        self.answer(&mut stream, "220 flaky.example ESMTP\r\n").await?;
        loop {
            let line = line(&mut stream).await?;
            let text = String::from_utf8_lossy(&line).into_owned();
            match text.split([' ', '\r']).next().unwrap_or_default() {
                "EHLO" => {
                    self.answer(&mut stream, "250-flaky.example\r\n250 8BITMIME\r\n").await?;
                }
                "DATA" => {
                    if self.answer(&mut stream, "354 go on\r\n").await? {
                        self.mail(&mut stream).await?;
                    }
                }
                "QUIT" => return stream.write_all(b"221 bye\r\n").await,
                _ => {
                    self.answer(&mut stream, "250 ok\r\n").await?;
                }
            }
        }
    }

    /// Takes a mail up to its dot. Where its answer gets lost, chance says whether it was kept.
    async fn mail(&self, stream: &mut BufReader<DuplexStream>) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            let line = line(stream).await?;
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let fault = self.fault();
        let keeps = match fault {
            None => true,
            Some(Fault::Later | Fault::Never | Fault::Busy) => false,
            Some(Fault::Gone | Fault::Silent | Fault::Nonsense) => {
                self.chance.lock().unwrap().bool()
            }
        };
        if keeps {
            let mut log = self.log.lock().unwrap();
            log.doubtful += u64::from(fault.is_some());
            log.kept.push(Kept::parse(bytes));
        }
        say(stream, fault, "250 2.0.0 kept\r\n").await.map(drop)
    }

    /// Whether it was the good answer.
    async fn answer(&self, stream: &mut BufReader<DuplexStream>, good: &str) -> io::Result<bool> {
        say(stream, self.fault(), good).await
    }
}

async fn say(
    stream: &mut BufReader<DuplexStream>,
    fault: Option<Fault>,
    good: &str,
) -> io::Result<bool> {
    let words = match fault {
        None => good,
        Some(Fault::Later) => "451 later\r\n",
        Some(Fault::Never) => "550 never\r\n",
        Some(Fault::Nonsense) => "what?\r\n",
        Some(Fault::Busy) => {
            stream.write_all(b"421 busy\r\n").await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Some(Fault::Gone) => return Err(io::ErrorKind::ConnectionAborted.into()),
        Some(Fault::Silent) => {
            // Whatever comes, until the other side has had enough.
            tokio::io::copy(stream, &mut tokio::io::sink()).await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    };
    stream.write_all(words.as_bytes()).await?;
    Ok(fault.is_none())
}

async fn line(stream: &mut BufReader<DuplexStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    if line.ends_with(b"\n") { Ok(line) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[async_trait::async_trait]
impl Connector for Flaky {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let (ours, theirs) = tokio::io::duplex(16 * 1024);
        let server = self.clone();
        {
            let mut log = self.log.lock().unwrap();
            log.open += 1;
            log.open_max = log.open_max.max(log.open);
        }
        tokio::spawn(async move {
            // However it ends, it hangs up.
            drop(server.serve(ours).await);
            server.log.lock().unwrap().open -= 1;
        });
        Ok(Box::new(theirs))
    }
}
