//! An office whose bot is invited to the books of Dupont Maçonnerie.

use std::sync::Arc;

use chrono::TimeDelta;
use facteur::app::MailRoom;
use facteur::app::requests::{Ask, Outcome};
use facteur::app::views::{CompanyView, InvitationView};
use facteur::config::{AfterReading, Config, Login, MailboxConfig, MailboxRole, Security};
use facteur::domain::mail::invitation::{Acceptance, HostName, InvitationRule, Pattern};
use facteur::domain::template::Address;

use crate::office::{DUPONT, Office};
use crate::tool::{Letter, Pages, Signed};
use crate::world::{self, Letterbox, World};

/// An office, its bot's mailbox, and the tool's side.
pub(crate) struct Bureau {
    pub(crate) office: Office,
    pub(crate) mailbox: Letterbox,
    pub(crate) signed: Signed,
    pub(crate) pages: Pages,
}

impl Bureau {
    /// Invitations are accepted by the robot, where the stories don't say otherwise.
    pub(crate) async fn new() -> Self {
        Self::accepting(Acceptance::Robot).await
    }

    /// Dupont Maçonnerie is connected.
    pub(crate) async fn accepting(accept: Acceptance) -> Self {
        Self::configured(|config| rule_of(config).accept = accept).await
    }

    pub(crate) async fn configured(tweak: impl FnOnce(&mut Config)) -> Self {
        let world = World::new();
        let mailbox = Letterbox::new("quickbooks@cabinet.example", world.power.clone());
        let (signed, pages) = (Signed::default(), Pages::new(world.power.clone()));
        let config = world::config(|config| {
            config.mailboxes.push(mailbox_config());
            config.apps.get_mut(&world::app("quickbooks")).unwrap().invitation = Some(rule());
            tweak(config);
        });
        world.disk.write("Dupont Maçonnerie/Achats/ancien.pdf", b"%PDF ancien");
        world.disk.write("Garage Martin/Achats/ancien.pdf", b"%PDF ancien");
        let office = Office::in_world(world, config).await;
        let mut bureau = Self { office, mailbox, signed, pages };
        bureau.join();
        bureau.office.connect("quickbooks").await;
        bureau
    }

    fn join(&mut self) {
        let mail_room = MailRoom {
            mailboxes: vec![Arc::new(self.mailbox.clone())],
            origins: Some(Arc::new(self.signed.clone())),
            web: Some(Arc::new(self.pages.clone())),
            ..MailRoom::default()
        };
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

    /// A mail comes, and a round is made.
    pub(crate) async fn receive(&self, letter: &Letter) {
        self.mailbox.receive(letter.mail());
        self.office.next_round().await;
    }

    /// How the invitation of Dupont Maçonnerie stands.
    pub(crate) async fn invitation(&self) -> InvitationView {
        self.office.done(show()).await
    }

    /// Its state alone.
    pub(crate) async fn state(&self) -> String {
        self.invitation().await.state
    }

    /// The state of its connection.
    pub(crate) async fn connection(&self) -> String {
        let companies: Vec<CompanyView> = self.office.done(Ask::Companies).await;
        let company = companies.into_iter().find(|company| company.slug == DUPONT).unwrap();
        company.apps[0].state.clone()
    }

    /// Léa accepts it.
    pub(crate) async fn accept(&self, by_hand: bool) -> Outcome {
        self.office.ask(accept(by_hand)).await.outcome
    }

    /// The alarms of a kind.
    pub(crate) async fn alarms(&self, kind: &str) -> Vec<String> {
        let alarms = self.office.status().await.alarms.into_iter();
        alarms.filter(|alarm| alarm.kind == kind).map(|alarm| alarm.message).collect()
    }
}

pub(crate) fn show() -> Ask {
    Ask::Invitation { company: DUPONT.to_owned(), app: "quickbooks".to_owned() }
}

pub(crate) fn accept(by_hand: bool) -> Ask {
    Ask::AcceptInvitation { company: DUPONT.to_owned(), app: "quickbooks".to_owned(), by_hand }
}

/// The rule of the stories, to be changed.
pub(crate) fn rule_of(config: &mut Config) -> &mut InvitationRule {
    let app = config.apps.get_mut(&world::app("quickbooks")).unwrap();
    app.invitation.as_mut().unwrap()
}

pub(crate) fn host(name: &str) -> HostName {
    HostName::parse(name).unwrap()
}

fn rule() -> InvitationRule {
    InvitationRule {
        from: vec![host("tool.example")],
        signed_by: vec![host("tool.example")],
        subject: Pattern::parse("invited you").unwrap(),
        text: Some(Pattern::parse(r"books of\s+(?<company>[^.]+?)\s*\.").unwrap()),
        hosts: vec![host("accounts.tool.example"), host("www.tool.example")],
        link: None,
        accepted: None,
        accept: Acceptance::Robot,
        valid_for: TimeDelta::days(30),
    }
}

fn mailbox_config() -> MailboxConfig {
    MailboxConfig {
        address: Address::parse("quickbooks@cabinet.example").unwrap(),
        role: MailboxRole::Bot,
        host: "imap.cabinet.example".to_owned(),
        port: 993,
        security: Security::Tls,
        ca_file: None,
        login: Login::password("robot", "secret"),
        folder: "INBOX".to_owned(),
        poll: TimeDelta::minutes(5),
        after: AfterReading::Move("Lus".to_owned()),
        silent_after: TimeDelta::minutes(30),
    }
}
