//! Mails to send to the server, and what is asked and said of them.

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use facteur::adapters::smtp::{Limits, SmtpTransport};
use facteur::config::{Security, SmtpConfig};
use facteur::domain::Timestamp;
use facteur::domain::template::Address;
use facteur::ports::transport::{Attachment, DotGate, Mail, Outcome, Stop};

use super::{Server, authority_pem};

pub(crate) const DOCUMENT_BYTES: usize = 300_000;

pub(crate) fn document() -> Vec<u8> {
    (0..DOCUMENT_BYTES).map(|index| (index * 31).to_le_bytes()[0]).collect()
}

pub(crate) fn content() -> Box<dyn Read + Send> {
    Box::new(std::io::Cursor::new(document()))
}

pub(crate) fn mail(number: u32) -> Mail {
    Mail {
        message_id: format!("<{number}@cabinet.example>"),
        date: Timestamp::from_timestamp(1_790_000_000, 0).unwrap(),
        sender: Address::parse("quickbooks+dupont@cabinet.example").unwrap(),
        return_path: Some(Address::parse("quickbooks+dupont@cabinet.example").unwrap()),
        sender_name: "Cabinet Exemple".to_owned(),
        recipient: Address::parse("dupont@tool.example").unwrap(),
        witness: None,
        in_reply_to: None,
        subject: "Facture".to_owned(),
        text: "Bonjour,\n.\n..deux points\n".to_owned(),
        envelope_id: format!("d{number}"),
        attachment: Some(Attachment {
            file_name: "facture.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size: DOCUMENT_BYTES as u64,
        }),
    }
}

/// Remembers what it was asked.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) asked: Mutex<Vec<([u8; 32], u64)>>,
    pub(crate) unwitnessed: Mutex<Vec<String>>,
    pub(crate) stop: Option<Stop>,
}

#[async_trait::async_trait]
impl DotGate for Gate {
    async fn open(&self, sha256: [u8; 32], size: u64) -> Result<(), Stop> {
        self.asked.lock().unwrap().push((sha256, size));
        self.stop.clone().map_or(Ok(()), Err)
    }

    fn unwitnessed(&self, because: &str) {
        self.unwitnessed.lock().unwrap().push(because.to_owned());
    }
}

pub(crate) struct Authority {
    _folder: tempfile::TempDir,
    pub(crate) file: PathBuf,
}

pub(crate) fn authority() -> Authority {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority_pem()).unwrap();
    Authority { _folder: folder, file }
}

pub(crate) fn config(authority: &Authority) -> SmtpConfig {
    SmtpConfig {
        host: "mail.server.example".to_owned(),
        port: 25,
        security: Security::None,
        ca_file: Some(authority.file.clone()),
        login: None,
        connections: 4,
    }
}

pub(crate) fn transport(server: &Server, config: &SmtpConfig) -> SmtpTransport {
    let connector = Arc::new(server.clone());
    SmtpTransport::with_connector(config, "cabinet.example", connector, Limits::default()).unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Accepted,
    Deferred,
    Unreachable,
    Refused,
    TooLarge,
    Stopped,
    InDoubt,
}

/// The kind of an outcome, and its words.
pub(crate) fn kind(outcome: &Outcome) -> (Kind, String) {
    match outcome {
        Outcome::Accepted { answer } => (Kind::Accepted, answer.clone()),
        Outcome::Deferred { answer } => (Kind::Deferred, answer.clone()),
        Outcome::Unreachable { answer } => (Kind::Unreachable, answer.clone()),
        Outcome::Refused { answer } => (Kind::Refused, answer.clone()),
        Outcome::TooLarge { limit_bytes } => (Kind::TooLarge, limit_bytes.to_string()),
        Outcome::Stopped(stop) => (Kind::Stopped, format!("{stop:?}")),
        Outcome::InDoubt { answer } => (Kind::InDoubt, answer.clone()),
    }
}
