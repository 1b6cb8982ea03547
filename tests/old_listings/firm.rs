//! A firm whose documents are real files on such a share, and whose mail goes to a server in
//! memory.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::folders::DocumentTree;
use facteur::adapters::store::Ledger;
use facteur::app::requests::{Answers as _, Ask, Outcome, Request, Selection, Turn};
use facteur::app::views::{DeliveryView, DocumentView, RoundView};
use facteur::app::{Ports, Robot};
use facteur::ports::folders::Trust;
use serde::de::DeserializeOwned;

use crate::share::{COMPANY, Share};
use crate::world::{self, World, path};

/// Kinds of file systems: one whose stamps and identities can be relied on, and a share.
pub(crate) const TRUSTS: [Trust; 2] =
    [Trust { stamps: true, identities: true }, Trust { stamps: false, identities: false }];

pub(crate) struct Firm {
    base: tempfile::TempDir,
    world: World,
    pub(crate) share: Arc<Share>,
    robot: Robot,
    /// Modification times of files, each another one, as a share tells files apart.
    files: std::cell::Cell<i64>,
}

impl Firm {
    /// `Achats` is on, `Cave` is not; `Achats/ancien.pdf` was there before.
    pub(crate) async fn new(trust: Trust) -> Self {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("documents");
        let config = world::config(|config| config.documents.root.clone_from(&root));
        for folder in ["Achats/Lot", "Cave", "Banque"] {
            fs::create_dir_all(root.join(COMPANY).join(folder)).unwrap();
        }
        let tree = DocumentTree::open(root, config.documents.ignore.clone()).unwrap();
        let share = Arc::new(Share::new(tree.with_trust(trust)));
        let world = World::new();
        let ports = Ports {
            clock: world.clock.clone(),
            folders: share.clone(),
            store: Arc::new(Ledger::in_memory("state", world::at("2026-03-02T08:00:00Z"))),
            transport: world.post.clone(),
            alarm_transport: None,
        };
        let robot = Robot::new(config, ports);
        robot.recover().await.unwrap();
        let firm = Self { base, world, share, robot, files: std::cell::Cell::new(0) };
        firm.write("Achats/ancien.pdf", "ancien");
        let (company, app) = ("dupont".to_owned(), "quickbooks".to_owned());
        let connect = Ask::Connect {
            company: company.clone(),
            app: app.clone(),
            to: None,
            from: None,
            inbox: None,
        };
        let _: serde_json::Value = firm.done(connect).await;
        let (turn, company, folder) = (Turn::On, Some(company), path("Achats"));
        let switch = Ask::Switch { turn, company, folder, app, inbox: None, preview: false };
        let _: serde_json::Value = firm.done(switch).await;
        firm.rounds(2).await;
        firm
    }

    async fn done<T: DeserializeOwned>(&self, ask: Ask) -> T {
        let told = format!("{ask:?}");
        let reply = self.robot.answer(Request { by: "lea".to_owned(), ask }).await;
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine, "{told}: {:?}", reply.outcome);
        serde_json::from_value(reply.value).unwrap()
    }

    /// So many rounds, a quarter of an hour apart.
    pub(crate) async fn rounds(&self, count: usize) -> RoundView {
        let mut last = None;
        for _ in 0..count {
            self.world.clock.advance(TimeDelta::minutes(15));
            last = Some(self.done(Ask::Round { dry_run: false }).await);
        }
        last.expect("at least one")
    }

    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.base.path().join("documents").join(COMPANY).join(place)
    }

    /// A new file under a name, whatever was there.
    pub(crate) fn write(&self, place: &str, content: &str) {
        let fresh = self.base.path().join("fresh");
        fs::write(&fresh, content).unwrap();
        self.files.set(self.files.get() + 1);
        let modified = std::time::UNIX_EPOCH
            + std::time::Duration::from_secs(1_700_000_000 + self.files.get().unsigned_abs());
        let file = fs::File::options().write(true).open(&fresh).unwrap();
        file.set_modified(modified).unwrap();
        fs::rename(fresh, self.at(place)).unwrap();
    }

    /// A file that is written to while the next round looks.
    pub(crate) fn write_during_the_next_look(&self, place: &str, first: &str, whole: &str) {
        self.write(place, first);
        let (file, whole) = (self.at(place), whole.to_owned());
        self.world.clock.during_next_sleep(async move { fs::write(file, whole).unwrap() });
    }

    pub(crate) async fn release(&self, id: &str) {
        let selection = Selection { ids: vec![id.to_owned()], ..Selection::default() };
        let act = facteur::domain::delivery::Act::Release;
        let _: serde_json::Value = self.done(Ask::Act { act, selection, confirmed: true }).await;
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).unwrap();
    }

    pub(crate) fn remove(&self, place: &str) {
        fs::remove_file(self.at(place)).unwrap();
    }

    /// The contents that the tool has, sorted.
    pub(crate) fn sent(&self) -> Vec<String> {
        let delivered = self.world.post.delivered().into_iter();
        let mut contents: Vec<String> =
            delivered.map(|mail| String::from_utf8(mail.bytes).unwrap()).collect();
        contents.sort();
        contents
    }

    /// `path: state` of what the robot shows below `Achats`.
    pub(crate) async fn states(&self) -> Vec<String> {
        let ask = Ask::Documents { company: "dupont".to_owned(), folder: None, state: None };
        let rows: Vec<DocumentView> = self.done(ask).await;
        let rows = rows.into_iter().filter(|row| row.path.starts_with("Achats"));
        rows.map(|row| {
            let reason = row.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("{}: {}{reason}", row.path, row.state)
        })
        .collect()
    }

    /// The whole ledger.
    pub(crate) async fn deliveries(&self) -> Vec<DeliveryView> {
        self.done(Ask::Deliveries(Selection::default())).await
    }

    pub(crate) fn defer_the_next(&self) {
        self.world.post.next(world::Script::Defer("451 later"));
    }
}
