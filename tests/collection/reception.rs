//! An office with a collection mailbox, and the mails that come to it.

use std::sync::Arc;

use base64::Engine as _;
use chrono::TimeDelta;
use facteur::app::MailRoom;
use facteur::app::requests::{Ask, MailsAsk, Reply};
use facteur::app::views::{MailView, WhyView};
use facteur::config::{AfterReading, Config, Login, MailboxConfig, MailboxRole, Security};
use facteur::domain::template::Address;
use facteur::ports::mailbox::Mailbox;

use crate::office::Office;
use crate::world::mailbox::Place;
use crate::world::{self, Drawer, Letterbox, World, path};

/// The collection mailbox.
pub(crate) const BOX: &str = "compta@cabinet.example";

/// Another one.
pub(crate) const SCANS: &str = "scans@cabinet.example";

/// Where the mails of March 2026 go.
pub(crate) const MARCH: &str = "Reçus par mail/2026/03";

/// What is done with mails that were dealt with.
pub(crate) fn moved() -> Place {
    Place::Moved("Classés".to_owned())
}

/// An office with two collection mailboxes; `Dupont Maçonnerie` is connected, with a switch on
/// for all of its folders; `Martin` is connected to nothing.
pub(crate) struct Reception {
    pub(crate) office: Office,
    pub(crate) mailbox: Letterbox,
    pub(crate) scans: Letterbox,
    pub(crate) drawer: Drawer,
}

impl Reception {
    pub(crate) async fn new() -> Self {
        Self::configured(|_| ()).await
    }

    pub(crate) async fn configured(tweak: impl FnOnce(&mut Config)) -> Self {
        Self::in_world(World::new(), tweak).await
    }

    pub(crate) async fn in_world(world: World, tweak: impl FnOnce(&mut Config)) -> Self {
        let (mailbox, scans) =
            (Letterbox::new(BOX, world.power.clone()), Letterbox::new(SCANS, world.power.clone()));
        let drawer = Drawer::new(world.power.clone());
        let config = world::config(|config| {
            config.mailboxes = vec![config_of(BOX), config_of(SCANS)];
            tweak(config);
        });
        let office = Office::in_world(world, config).await;
        let mut reception = Self { office, mailbox, scans, drawer };
        reception.join().await;
        let disk = &reception.office.world.disk;
        disk.write("Dupont Maçonnerie/Achats/ancien.pdf", b"%PDF-1.4 ancien");
        disk.write("Martin/Achats/ancien.pdf", b"%PDF-1.4 ancien");
        reception.office.connect("quickbooks").await;
        reception.office.on("", "quickbooks").await;
        reception
    }

    async fn join(&mut self) {
        let mailboxes: Vec<Arc<dyn Mailbox>> =
            vec![Arc::new(self.mailbox.clone()), Arc::new(self.scans.clone())];
        let spool = Some(Arc::new(self.drawer.clone()) as _);
        let mail_room = MailRoom { mailboxes, spool, ..MailRoom::default() };
        self.office.robot = self.office.robot.clone().with_mail_room(mail_room);
        // Again, now that it can see to its kept mails.
        drop(self.office.robot.recover().await);
    }

    /// The robot's process ends, and starts again.
    pub(crate) async fn restart(&mut self) {
        drop(self.office.try_restart().await);
        self.join().await;
    }

    /// `facteur mails`, oldest first.
    pub(crate) async fn mails(&self) -> Vec<MailView> {
        let ask = MailsAsk::List { mailbox: None, state: None, limit: 1000 };
        let mut mails: Vec<MailView> = self.office.done(Ask::Mails(ask)).await;
        mails.reverse();
        mails
    }

    /// The state of each mail, oldest first.
    pub(crate) async fn states(&self) -> Vec<String> {
        self.mails().await.into_iter().map(|mail| mail.state).collect()
    }

    /// `facteur mails show`.
    pub(crate) async fn mail(&self, number: usize) -> MailView {
        self.office.done(Ask::Mails(MailsAsk::Show { number: number.to_string() })).await
    }

    /// `facteur tray list`.
    pub(crate) async fn tray(&self) -> Vec<MailView> {
        self.office.done(Ask::Mails(MailsAsk::Tray)).await
    }

    /// `facteur tray file`.
    pub(crate) async fn file(&self, number: &str, company: &str, folder: Option<&str>) -> Reply {
        let ask = MailsAsk::File {
            numbers: vec![number.to_owned()],
            company: Some(company.to_owned()),
            folder: folder.map(path),
            all: false,
        };
        self.office.ask(Ask::Mails(ask)).await
    }

    /// The files in a company's folder, those of before left out.
    pub(crate) fn files(&self, company: &str) -> Vec<String> {
        let files = self.office.world.disk.files(company).into_iter();
        files.filter(|file| !file.ends_with("ancien.pdf")).collect()
    }

    /// `facteur why` of a document.
    pub(crate) async fn why(&self, company: &str, document: &str) -> WhyView {
        self.office.done(Ask::Why { company: company.to_owned(), path: path(document) }).await
    }

    /// What the story of a document says, one word a step.
    pub(crate) async fn story(&self, company: &str, document: &str) -> Vec<String> {
        let why = self.why(company, document).await;
        why.stories[0].events.iter().map(|event| event.what.clone()).collect()
    }

    /// The messages of the alarms of a kind.
    pub(crate) async fn alarms(&self, kind: &str) -> Vec<String> {
        let alarms = self.office.status().await.alarms.into_iter();
        alarms.filter(|alarm| alarm.kind == kind).map(|alarm| alarm.message).collect()
    }
}

fn config_of(address: &str) -> MailboxConfig {
    MailboxConfig {
        address: Address::parse(address).unwrap(),
        role: MailboxRole::Collection,
        host: "imap.cabinet.example".to_owned(),
        port: 993,
        security: Security::Tls,
        ca_file: None,
        login: Login::password("robot", "secret"),
        folder: "INBOX".to_owned(),
        poll: TimeDelta::minutes(5),
        after: AfterReading::Move("Classés".to_owned()),
        silent_after: TimeDelta::minutes(30),
    }
}

/// A PDF of these words.
pub(crate) fn pdf(words: &str) -> Vec<u8> {
    format!("%PDF-1.4\n{words}\n%%EOF\n").into_bytes()
}

/// A mail to a company with files.
pub(crate) fn mail(to: &str, subject: &str, files: &[(&str, Vec<u8>)]) -> String {
    let mut text = format!(
        "Delivered-To: {to}@cabinet.example\r\nFrom: Client <client@client.example>\r\n\
         To: {to}@cabinet.example\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 08:00:00 +0000\r\n\
         Message-ID: <{subject}@client.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nBonjour.\r\n"
    );
    for (name, bytes) in files {
        let body = base64::engine::general_purpose::STANDARD.encode(bytes);
        let file = format!(
            "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n{body}\r\n"
        );
        text.push_str(&file);
    }
    text + "--b--\r\n"
}

/// A mail to Dupont Maçonnerie with one PDF.
pub(crate) fn facture(subject: &str, name: &str) -> String {
    mail("compta+dupont-maconnerie", subject, &[(name, pdf(subject))])
}
