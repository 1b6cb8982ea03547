//! An office whose bot has a mailbox.

use std::sync::Arc;

use chrono::TimeDelta;
use facteur::app::MailRoom;
use facteur::config::{AfterReading, Config, Login, MailboxConfig, MailboxRole, Security};
use facteur::domain::template::Address;
use facteur::ports::mailbox::Mailbox;
use facteur::ports::origin::Origins;

use crate::office::Office;
use crate::world::{self, Letterbox, World};

/// The bot's mailbox.
pub(crate) const BOT: &str = "quickbooks@cabinet.example";

/// The second recipient of each mail.
pub(crate) const WITNESS: &str = "quickbooks+witness@cabinet.example";

/// The tool's address for Dupont Maçonnerie.
pub(crate) const TOOL: &str = "dupont-maconnerie@qbodocs.com";

/// An office and its bot's mailbox.
pub(crate) struct Bureau {
    pub(crate) office: Office,
    pub(crate) mailbox: Letterbox,
    /// Where the server keeps what was sent.
    pub(crate) sent: Option<Letterbox>,
    /// Who verifies signatures.
    pub(crate) origins: Option<Arc<dyn Origins>>,
}

impl Bureau {
    /// `Achats` is on, and `a.pdf` was sent from it.
    pub(crate) async fn with_one_sent() -> Self {
        let bureau = Self::new(AfterReading::Move("Lus".to_owned())).await;
        bureau.send("a.pdf").await;
        bureau
    }

    /// `Achats` is on.
    pub(crate) async fn new(after: AfterReading) -> Self {
        let world = World::new();
        let mailbox = Letterbox::new(BOT, world.power.clone());
        let config = world::config(|config| config.mailboxes.push(config_of(after)));
        let bureau = Self {
            office: Office::in_world(world, config).await,
            mailbox,
            sent: None,
            origins: None,
        }
        .joined();
        bureau.office.world.disk.write("Dupont Maçonnerie/Achats/ancien.pdf", b"%PDF ancien");
        bureau.office.connect("quickbooks").await;
        bureau.office.on("Achats", "quickbooks").await;
        bureau
    }

    fn joined(mut self) -> Self {
        self.join();
        self
    }

    fn join(&mut self) {
        let boxes = std::iter::once(&self.mailbox).chain(&self.sent);
        let mailboxes = boxes.map(|one| Arc::new(one.clone()) as Arc<dyn Mailbox>).collect();
        let origins = self.origins.clone();
        let mail_room = MailRoom { mailboxes, origins, ..MailRoom::default() };
        self.office.robot = self.office.robot.clone().with_mail_room(mail_room);
    }

    /// The robot's process ends, and starts again.
    pub(crate) async fn restart(&mut self) {
        self.office.restart().await;
        self.join();
    }

    /// The same, with another configuration.
    pub(crate) async fn restart_configured(&mut self, tweak: impl FnOnce(&mut Config)) {
        self.office.restart_configured(tweak).await;
        self.join();
    }

    /// From now on each mail has a witness, in the bot's mailbox.
    pub(crate) async fn with_witness(mut self) -> Self {
        let witness = Address::parse(WITNESS).unwrap();
        self.restart_configured(|config| config.mail.witness = Some(witness)).await;
        self
    }

    /// From now on the folder is read in which the server keeps what was sent.
    pub(crate) async fn with_sent_folder(mut self) -> Self {
        let mut config = config_of(AfterReading::Leave);
        (config.role, config.folder) = (MailboxRole::Sent, "Sent".to_owned());
        self.sent = Some(Letterbox::new(&config.name(), self.office.world.power.clone()));
        self.restart_configured(|all| all.mailboxes.push(config)).await;
        self
    }

    /// The mail that left as number `index`, as a server keeps a copy of it.
    pub(crate) fn copy(&self, index: usize) -> String {
        let mail = self.office.world.post.delivered()[index].mail.clone();
        format!(
            "From: \"Cabinet Exemple\" <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\n\
             Message-ID: {}\r\nAuto-Submitted: auto-generated\r\n\r\n(a document)\r\n",
            mail.sender,
            mail.recipient,
            mail.subject,
            mail.date.to_rfc2822(),
            mail.message_id,
        )
    }

    /// The copy that its witness gets, as the firm's server delivers it.
    pub(crate) fn witnessed(&self, index: usize) -> String {
        let mail = self.office.world.post.delivered()[index].mail.clone();
        let path = mail.return_path.unwrap();
        format!(
            "Return-Path: <{path}>\r\nDelivered-To: {WITNESS}\r\n\
             Received: from robot by mail.cabinet.example with ESMTP id {index}\r\n{}",
            self.copy(index)
        )
    }

    /// A document is deposited in `Achats`, and nobody hears what became of its mail.
    pub(crate) async fn doubt(&self, name: &str) {
        self.office.world.post.next(world::Script::DropAfterDot);
        let path = format!("Dupont Maçonnerie/Achats/{name}");
        self.office.world.disk.write(&path, format!("%PDF {name}").as_bytes());
        assert_eq!(self.office.next_round().await.in_doubt, 1);
    }

    /// A document is deposited in `Achats` and sent.
    pub(crate) async fn send(&self, name: &str) {
        let path = format!("Dupont Maçonnerie/Achats/{name}");
        self.office.world.disk.write(&path, format!("%PDF {name}").as_bytes());
        assert_eq!(self.office.next_round().await.sent, 1);
    }

    /// The delivery with this number, counted from 0.
    pub(crate) async fn message_id(&self, index: usize) -> String {
        self.office.deliveries().await[index].message_id.clone()
    }

    /// The states of all deliveries.
    pub(crate) async fn states(&self) -> Vec<String> {
        self.office.deliveries().await.into_iter().map(|delivery| delivery.state).collect()
    }

    /// What the story of a document says, one word a step.
    pub(crate) async fn story(&self, name: &str) -> Vec<String> {
        let why = self.office.why(&format!("Achats/{name}")).await;
        why.stories[0].events.iter().map(|event| event.what.clone()).collect()
    }

    /// The marked documents' names.
    pub(crate) fn marked(&self) -> Vec<String> {
        let marked = self.office.world.disk.marked().into_iter();
        marked.map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The alarms of a kind.
    pub(crate) async fn alarms(&self, kind: &str) -> Vec<String> {
        let alarms = self.office.status().await.alarms.into_iter();
        alarms.filter(|alarm| alarm.kind == kind).map(|alarm| alarm.message).collect()
    }
}

fn config_of(after: AfterReading) -> MailboxConfig {
    MailboxConfig {
        address: Address::parse(BOT).unwrap(),
        role: MailboxRole::Bot,
        host: "imap.cabinet.example".to_owned(),
        port: 993,
        security: Security::Tls,
        ca_file: None,
        login: Login::password("robot", "secret"),
        folder: "INBOX".to_owned(),
        poll: TimeDelta::minutes(5),
        after,
        silent_after: TimeDelta::minutes(30),
    }
}

/// A report as RFC 3464 asks, about the mail with this Message-ID.
pub(crate) fn report(action: &str, recipient: &str, message_id: &str, envelope: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.tool.example\r\nTo: {BOT}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
         Message-ID: <{action}.{}@mx.tool.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.tool.example\r\n{envelope}\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such company\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n",
        message_id.trim_matches(['<', '>']).replace('@', ".")
    )
}

/// What a person would write.
pub(crate) fn letter(subject: &str) -> String {
    format!(
        "From: support@tool.example\r\nTo: {BOT}\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@tool.example>\r\n\r\nHello.\r\n"
    )
}
