//! An office: the world with a robot in it.

use std::sync::Arc;

use facteur::adapters::store::{CommitPoint, Ledger};
use facteur::app::requests::{Answers as _, Ask, Outcome, Reply, Request, Selection, Turn};
use facteur::app::views::{
    ActedView, DeliveryView, DocumentView, RoundView, StatusView, SwitchedView, WhyView,
};
use facteur::app::{Answer, Ports, Robot};
use facteur::config::Config;
use serde::de::DeserializeOwned;

use crate::world::{self, World, path};

/// Who acts in the stories.
pub const LEA: &str = "lea";

/// The company of most stories.
pub const DUPONT: &str = "dupont-maconnerie";

/// A firm with its robot.
pub struct Office {
    pub world: World,
    pub robot: Robot,
    pub ledger: Arc<Ledger>,
    config: Config,
}

impl Office {
    /// A firm whose configuration was tweaked; its robot has started.
    pub async fn configured(tweak: impl FnOnce(&mut Config)) -> Self {
        Self::in_world(World::new(), world::config(tweak)).await
    }

    /// A firm as the world gives it.
    pub async fn new() -> Self {
        Self::configured(|_| ()).await
    }

    /// A robot started in a world.
    pub async fn in_world(world: World, config: Config) -> Self {
        let now = facteur::ports::Clock::now(world.clock.as_ref());
        let ledger = Ledger::in_memory_with_fault("state-of-the-firm", now, fault(&world));
        let ledger = Arc::new(ledger);
        let robot = robot(&world, &ledger, &config);
        robot.recover().await.unwrap();
        Self { world, robot, ledger, config }
    }

    /// Dupont Maçonnerie connected to quickbooks, with `Achats` switched on: what the disk holds
    /// already was there before.
    pub async fn with_achats_on() -> Self {
        let office = Self::new().await;
        office.world.disk.write("Dupont Maçonnerie/Achats/ancien.pdf", b"%PDF ancien");
        office.connect("quickbooks").await;
        office.on("Achats", "quickbooks").await;
        office
    }

    /// The robot's process ends, and starts again on what was durable.
    pub async fn restart(&mut self) {
        self.try_restart().await.unwrap();
    }

    /// The same, where the power may go again.
    pub async fn try_restart(&mut self) -> Answer<()> {
        self.ledger = Arc::new(self.ledger.reopen_with_fault(fault(&self.world)));
        self.robot = robot(&self.world, &self.ledger, &self.config);
        self.robot.recover().await
    }

    /// The same, with another configuration.
    pub async fn restart_configured(&mut self, tweak: impl FnOnce(&mut Config)) {
        tweak(&mut self.config);
        self.restart().await;
    }

    /// Asks as Léa.
    pub async fn ask(&self, ask: Ask) -> Reply {
        self.robot.answer(Request { by: LEA.to_owned(), ask }).await
    }

    /// Asks, and expects it to be done (needing a person or not).
    pub async fn done<T: DeserializeOwned>(&self, ask: Ask) -> T {
        let told = format!("{ask:?}");
        let reply = self.ask(ask).await;
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine, "{told}: {:?}", reply.outcome);
        serde_json::from_value(reply.value).unwrap()
    }

    /// Connects an app to Dupont Maçonnerie.
    pub async fn connect(&self, app: &str) {
        self.connect_company("Dupont Maçonnerie", app).await;
    }

    /// Connects an app to a company.
    pub async fn connect_company(&self, company: &str, app: &str) {
        let _: serde_json::Value = self
            .done(Ask::Connect {
                company: company.to_owned(),
                app: app.to_owned(),
                to: None,
                from: None,
                inbox: None,
            })
            .await;
    }

    /// Turns a switch of Dupont Maçonnerie on.
    pub async fn on(&self, folder: &str, app: &str) -> SwitchedView {
        self.turn(Turn::On, DUPONT, folder, app).await
    }

    /// Turns a switch of Dupont Maçonnerie off.
    pub async fn off(&self, folder: &str, app: &str) -> SwitchedView {
        self.turn(Turn::Off, DUPONT, folder, app).await
    }

    /// Turns a switch.
    pub async fn turn(&self, turn: Turn, company: &str, folder: &str, app: &str) -> SwitchedView {
        let ask = Ask::Switch {
            turn,
            company: Some(company.to_owned()),
            folder: path(folder),
            app: app.to_owned(),
            inbox: None,
            preview: false,
        };
        let mut views: Vec<SwitchedView> = self.done(ask).await;
        views.remove(0)
    }

    /// `facteur round`.
    pub async fn round(&self) -> RoundView {
        self.done(Ask::Round { dry_run: false }).await
    }

    /// A quarter of an hour passes, then a round is made.
    pub async fn next_round(&self) -> RoundView {
        self.world.clock.advance(chrono::TimeDelta::minutes(15));
        self.round().await
    }

    /// The documents of Dupont Maçonnerie.
    pub async fn documents(&self) -> Vec<DocumentView> {
        self.done(Ask::Documents { company: DUPONT.to_owned(), folder: None, state: None }).await
    }

    /// `path: state` of each document of Dupont Maçonnerie for an app, in path order.
    pub async fn states(&self, app: &str) -> Vec<String> {
        let rows = self.documents().await.into_iter();
        let rows = rows.filter(|row| row.app.as_deref() == Some(app));
        rows.map(|row| {
            let reason = row.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("{}: {}{reason}", row.path, row.state)
        })
        .collect()
    }

    /// The whole ledger.
    pub async fn deliveries(&self) -> Vec<DeliveryView> {
        self.done(Ask::Deliveries(Selection::default())).await
    }

    /// `facteur why` of a document of Dupont Maçonnerie.
    pub async fn why(&self, document: &str) -> WhyView {
        self.done(Ask::Why { company: DUPONT.to_owned(), path: path(document) }).await
    }

    /// `facteur status`.
    pub async fn status(&self) -> StatusView {
        self.done(Ask::Status).await
    }

    /// Does something to one delivery.
    pub async fn act(&self, act: facteur::domain::delivery::Act, id: &str) -> ActedView {
        let selection = Selection { ids: vec![id.to_owned()], ..Selection::default() };
        self.done(Ask::Act { act, selection, confirmed: true }).await
    }

    /// The names of the documents the mail server took, sorted.
    pub fn posted(&self) -> Vec<String> {
        self.world.post.documents()
    }
}

fn robot(world: &World, ledger: &Arc<Ledger>, config: &Config) -> Robot {
    let ports = Ports {
        clock: world.clock.clone(),
        folders: world.disk.clone(),
        store: ledger.clone(),
        transport: world.post.clone(),
        alarm_transport: None,
    };
    Robot::new(config.clone(), ports)
}

/// Each commit of the ledger is an effect of the world's power.
fn fault(world: &World) -> facteur::adapters::store::Fault {
    let effects = world.power.handle("commit");
    Box::new(move |point| match point {
        CommitPoint::Before(_) => effects.before().map_err(|stopped| stopped.to_string()),
        CommitPoint::After(_) => effects.after().map_err(|stopped| stopped.to_string()),
    })
}
