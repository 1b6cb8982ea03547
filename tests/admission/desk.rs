//! An office whose collection mailbox is read, with an antivirus and somebody who verifies
//! signatures.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use facteur::app::MailRoom;
use facteur::config::{
    AfterReading, Config, KnownSender, Login, MailboxConfig, MailboxRole, Security,
};
use facteur::domain::mail::mailbox::{MailOutcome, MailRecord};
use facteur::domain::template::Address;
use facteur::ports::origin::Origins;
use facteur::ports::scanner::{Scan, Scanner};
use facteur::ports::transport::{Mail, Probe};

use crate::office::Office;
use crate::world::{self, Drawer, Letterbox, World};

/// The collection mailbox.
pub(crate) const BOX: &str = "compta@cabinet.example";
/// Where clients send to.
pub(crate) const TO: &str = "compta+dupont-maconnerie@cabinet.example";
/// What the antivirus knows.
pub(crate) const VIRUS: &str = "%PDF-1.4 a virus";
/// Too much for the antivirus.
pub(crate) const HUGE: &str = "%PDF-1.4 huge";

/// An office and what its mail is read with.
pub(crate) struct Desk {
    pub(crate) office: Office,
    pub(crate) mailbox: Letterbox,
    pub(crate) drawer: Drawer,
    pub(crate) antivirus: Option<Antivirus>,
    pub(crate) origins: Verifier,
}

impl Desk {
    pub(crate) async fn new(tweak: impl FnOnce(&mut Config)) -> Self {
        let world = World::new();
        let (mailbox, drawer) =
            (Letterbox::new(BOX, world.power.clone()), Drawer::new(world.power.clone()));
        let config = world::config(|config| {
            config.mailboxes.push(config_of());
            tweak(config);
        });
        let office = Office::in_world(world, config).await;
        office.world.disk.write("Dupont Maçonnerie/Achats/ancien.pdf", b"%PDF-1.4 ancien");
        office.connect("quickbooks").await;
        let mut desk =
            Self { office, mailbox, drawer, antivirus: None, origins: Verifier::default() };
        desk.join();
        desk
    }

    pub(crate) async fn with_antivirus() -> (Self, Antivirus) {
        let mut desk = Self::new(|_| ()).await;
        let antivirus = Antivirus::default();
        desk.antivirus = Some(antivirus.clone());
        desk.restart().await;
        (desk, antivirus)
    }

    fn join(&mut self) {
        let mail_room = MailRoom {
            mailboxes: vec![Arc::new(self.mailbox.clone())],
            spool: Some(Arc::new(self.drawer.clone())),
            origins: Some(Arc::new(self.origins.clone())),
            scanner: self.antivirus.clone().map(|antivirus| Arc::new(antivirus) as _),
            web: None,
        };
        self.office.robot = self.office.robot.clone().with_mail_room(mail_room);
    }

    pub(crate) async fn restart(&mut self) {
        self.office.restart().await;
        self.join();
    }

    /// A mail comes and is worked off; answers what became of it.
    pub(crate) async fn take(&self, mail: &str) -> MailOutcome {
        self.mailbox.receive(mail);
        self.office.next_round().await;
        self.mails().await.remove(0).outcome
    }

    /// The mails, newest first.
    pub(crate) async fn mails(&self) -> Vec<MailRecord> {
        self.office.robot.ports().store.mails(100).await.unwrap()
    }

    /// The documents that came by mail.
    pub(crate) fn filed(&self) -> Vec<String> {
        let files = self.office.world.disk.files("Dupont Maçonnerie");
        files.into_iter().filter(|file| file.contains("par mail")).collect()
    }

    /// The mails without an attachment that left.
    pub(crate) fn told(&self) -> Vec<Mail> {
        let delivered = self.office.world.post.delivered().into_iter().map(|sent| sent.mail);
        delivered.filter(|mail| mail.attachment.is_none()).collect()
    }
}

/// Who is known to the office.
pub(crate) fn known(text: &str) -> KnownSender {
    match text.strip_prefix('@') {
        Some(domain) => KnownSender::Domain(domain.to_owned()),
        None => KnownSender::Address(Address::parse(text).unwrap()),
    }
}

/// A person's mail with one document.
pub(crate) fn mail(number: u32, from: &str, document: &str) -> String {
    let address = from.rsplit('<').next().unwrap().trim_end_matches('>');
    format!(
        "Return-Path: <{address}>\r\nDelivered-To: {TO}\r\n\
         Received: from a by mail.cabinet.example with ESMTPS id {number}\r\nFrom: {from}\r\n\
         To: {TO}\r\nSubject: Facture {number}\r\nMessage-ID: <{number}@client.example>\r\n\
         Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nBonjour\r\n\
         --b\r\nContent-Type: application/pdf; name=\"facture {number}.pdf\"\r\n\
         Content-Disposition: attachment\r\n\r\n{document} {number}\r\n--b--\r\n"
    )
}

fn config_of() -> MailboxConfig {
    MailboxConfig {
        address: Address::parse(BOX).unwrap(),
        role: MailboxRole::Collection,
        host: "imap.cabinet.example".to_owned(),
        port: 993,
        security: Security::Tls,
        ca_file: None,
        login: Login::password("robot", "secret"),
        folder: "INBOX".to_owned(),
        poll: TimeDelta::minutes(5),
        after: AfterReading::Leave,
        silent_after: TimeDelta::minutes(30),
    }
}

/// An antivirus that knows one thing; away when it is told to be.
#[derive(Clone, Default)]
pub(crate) struct Antivirus {
    away: Arc<Mutex<bool>>,
    forgetful: Arc<Mutex<bool>>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Antivirus {
    pub(crate) fn set_away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    /// From now on it knows nothing.
    pub(crate) fn forget(&self) {
        *self.forgetful.lock().unwrap() = true;
    }

    /// All that it looked at.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Scanner for Antivirus {
    async fn scan(&self, bytes: &[u8]) -> Result<Scan, String> {
        if *self.away.lock().unwrap() {
            return Err("the antivirus cannot say: connect: refused".to_owned());
        }
        self.seen.lock().unwrap().push(bytes.to_vec());
        // It takes no mail apart.
        let forgetful = *self.forgetful.lock().unwrap();
        let holds = |what: &str| !forgetful && bytes.starts_with(what.as_bytes());
        Ok(match (holds(VIRUS), holds(HUGE)) {
            (true, _) => Scan::Infected("Test.Virus".to_owned()),
            (false, true) => Scan::TooLarge("it is larger than it looks at".to_owned()),
            (false, false) => Scan::Clean,
        })
    }

    async fn probe(&self) -> Probe {
        Probe { destination: "antivirus".to_owned(), result: Ok("PONG".to_owned()) }
    }
}

/// Says which domains signed a mail: what it was told to say.
#[derive(Clone, Default)]
pub(crate) struct Verifier(Arc<Mutex<Option<Vec<String>>>>);

impl Verifier {
    /// None: the name service is away.
    pub(crate) fn say(&self, signers: Option<&[&str]>) {
        let signers = signers.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        *self.0.lock().unwrap() = signers;
    }
}

#[async_trait::async_trait]
impl Origins for Verifier {
    async fn signers(&self, _raw: &[u8]) -> Result<Vec<String>, String> {
        self.0.lock().unwrap().clone().ok_or_else(|| "the name service is too slow".to_owned())
    }
}
