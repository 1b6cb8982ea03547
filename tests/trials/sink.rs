//! A mail server on loopback that takes everything and keeps every mail that got its final dot.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use mail_parser::{MessageParser, MimeHeaders as _};

/// What the server has just seen or said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A mail begins.
    Begun,
    /// The mail with this Message-ID got its final dot: it is kept, and not answered yet.
    Dotted(String),
    /// The 250 for it is on its way.
    Answered,
}

/// A mail that got its final dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// With its angle brackets.
    pub(crate) message_id: String,
    /// The name of its one attachment.
    pub(crate) file_name: String,
    /// The bytes of its one attachment.
    pub(crate) document: Vec<u8>,
    /// The mail as it came, dots unstuffed.
    pub(crate) bytes: Vec<u8>,
}

/// The server; it ends with the test's process, and never before.
pub(crate) struct Sink {
    port: u16,
    kept: Arc<Mutex<Vec<Kept>>>,
    moments: Mutex<Receiver<Moment>>,
}

type Witness = Arc<dyn Fn(&Moment) + Send + Sync>;

impl Sink {
    /// Listens on a port of its own.
    pub(crate) fn start() -> Self {
        Self::watched_by(|_| ())
    }

    /// Listens; `witness` is told of each moment before the server goes on.
    pub(crate) fn watched_by(witness: impl Fn(&Moment) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, moments) = channel();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (own, witness): (_, Witness) = (Arc::clone(&kept), Arc::new(witness));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let session = Session {
                    kept: Arc::clone(&own),
                    moments: sender.clone(),
                    witness: Arc::clone(&witness),
                };
                // A robot that was killed breaks off anywhere: that ends its session, no more.
                std::thread::spawn(move || session.run(stream).ok());
            }
        });
        Self { port, kept, moments: Mutex::new(moments) }
    }

    /// The `[mail]` section of a routes.toml that sends here.
    pub(crate) fn mail_section(&self, connections: usize) -> String {
        format!(
            "[mail]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
             connections = {connections}\nretry = {{ first = \"1s\", longest = \"2s\" }}\n",
            self.port
        )
    }

    /// All mails so far, by the name of their document.
    pub(crate) fn by_document(&self) -> BTreeMap<String, Vec<Kept>> {
        let mut found: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
        for mail in self.kept.lock().unwrap().iter() {
            found.entry(mail.file_name.clone()).or_default().push(mail.clone());
        }
        found
    }

    /// How many mails so far.
    pub(crate) fn count(&self) -> usize {
        self.kept.lock().unwrap().len()
    }

    /// Waits for the next moment; none when `limit` passes without one.
    pub(crate) fn moment(&self, limit: std::time::Duration) -> Option<Moment> {
        self.moments.lock().unwrap().recv_timeout(limit).ok()
    }

    /// Forgets the moments that nobody waited for.
    pub(crate) fn skip_moments(&self) {
        self.moments.lock().unwrap().try_iter().for_each(drop);
    }
}

struct Session {
    kept: Arc<Mutex<Vec<Kept>>>,
    moments: Sender<Moment>,
    witness: Witness,
}

impl Session {
    fn run(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut writer = stream.try_clone()?;
        let mut reader = BufReader::new(stream);
        writer.write_all(b"220 sink.example ESMTP\r\n")?;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let verb = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => writer.write_all(b"250-sink.example\r\n250 8BITMIME\r\n")?,
                "DATA" => {
                    self.tell(Moment::Begun);
                    writer.write_all(b"354 go on\r\n")?;
                    let kept = Kept::parse(read_mail(&mut reader)?);
                    let moment = Moment::Dotted(kept.message_id.clone());
                    self.kept.lock().unwrap().push(kept);
                    self.tell(moment);
                    writer.write_all(b"250 2.0.0 kept\r\n")?;
                    self.tell(Moment::Answered);
                }
                "QUIT" => return writer.write_all(b"221 bye\r\n"),
                _ => writer.write_all(b"250 ok\r\n")?,
            }
        }
    }

    fn tell(&self, moment: Moment) {
        (self.witness)(&moment);
        // The test may have ended.
        drop(self.moments.send(moment));
    }
}

/// Up to the final dot, which counts only with the whole line.
fn read_mail(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        if line == b".\r\n" {
            return Ok(mail);
        }
        if !line.ends_with(b"\r\n") {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

impl Kept {
    /// Reads a mail that the robot sent.
    pub(crate) fn parse(bytes: Vec<u8>) -> Self {
        let mail = MessageParser::default().parse(&bytes).expect("the robot sends mails");
        let attachment = mail.attachments().next().expect("a mail carries its document");
        let message_id = format!("<{}>", mail.message_id().unwrap_or_default());
        let file_name = attachment.attachment_name().unwrap_or_default().to_owned();
        let document = attachment.contents().to_vec();
        Self { message_id, file_name, document, bytes }
    }
}
