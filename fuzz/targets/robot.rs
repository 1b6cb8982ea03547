//! A small firm with a robot in memory, for the targets that need one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use facteur::adapters::folders::DocumentTree;
use facteur::adapters::outbox::Outbox;
use facteur::adapters::store::Ledger;
use facteur::app::requests::{Answers as _, Ask, Outcome, Reply, Request, Turn};
use facteur::app::{Ports, Robot};
use facteur::config::{Config, Environment};
use facteur::domain::Timestamp;
use facteur::ports::Clock;

/// The company's slug.
pub const COMPANY: &str = "dupont-maconnerie";

const ROUTES: &str = r#"
[firm]
name = "Cabinet Exemple"
domain = "cabinet.example"
time_zone = "Europe/Paris"
collection = "compta+{slug}@{domain}"
bot_name = "Cabinet Exemple"
[documents]
root = "documents"
[state]
directory = "state"
[robot]
settle = "1s"
[mail]
transport = "outbox"
outbox = "outbox"
[apps.quickbooks]
profile = "quickbooks"
[apps.inqom]
profile = "inqom"
[apps.inqom.inboxes]
achats = "achat.{slug}@inqombox.com"
"#;

/// A temporary folder, in memory where there is a file system for that.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// A robot over documents in `folder`, with its ledger in memory.
pub fn robot(folder: &Path) -> Robot {
    let achats = folder.join("documents/Dupont Maçonnerie/Achats");
    std::fs::create_dir_all(&achats).expect("a folder to write to");
    std::fs::write(achats.join("ancienne.pdf"), b"%PDF old").expect("a file");
    let environment = Environment::new(folder).without_machine();
    let routes = folder.join("routes.toml");
    let config = Config::parse(ROUTES, &routes, &environment).expect("a right configuration");
    let clock = Arc::new(Hasty::default());
    let ports = Ports {
        folders: Arc::new(
            DocumentTree::open(config.documents.root.clone(), Vec::new()).expect("a tree"),
        ),
        store: Arc::new(Ledger::in_memory("fuzz", clock.now())),
        transport: Arc::new(Outbox::new(folder.join("outbox"))),
        alarm_transport: None,
        clock,
    };
    Robot::new(config, ports)
}

/// A life with a bit of everything: sent, held, cancelled, a duplicate, an unsupported document.
pub async fn live(robot: &Robot, folder: &Path) {
    let achats = folder.join("documents/Dupont Maçonnerie/Achats");
    robot.recover().await.expect("a fresh robot starts");
    let app = || "quickbooks".to_owned();
    let company = || COMPANY.to_owned();
    ask(robot, Ask::Connect { company: company(), app: app(), to: None, from: None, inbox: None })
        .await;
    let turn = |folder: &str, turn| Ask::Switch {
        turn,
        company: Some(company()),
        folder: folder.parse().expect("a folder"),
        app: app(),
        inbox: None,
        preview: false,
    };
    ask(robot, turn("Achats", Turn::On)).await;
    for (name, content) in [("a.pdf", "%PDF a"), ("b.pdf", "%PDF a"), ("c.exe", "MZ")] {
        std::fs::write(achats.join(name), content).expect("a file");
    }
    ask(robot, Ask::Round { dry_run: false }).await;
    std::fs::remove_file(achats.join("a.pdf")).expect("it is there");
    std::fs::write(achats.join("a.pdf"), b"%PDF another").expect("a file");
    ask(robot, Ask::Round { dry_run: false }).await;
    ask(robot, turn("Achats/2026", Turn::Off)).await;
}

/// Asks what must not fail.
pub async fn ask(robot: &Robot, ask: Ask) -> Reply {
    let reply = robot.answer(Request { by: "léa".to_owned(), ask: ask.clone() }).await;
    let done = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
    assert!(done, "{ask:?}: {:?}", reply.outcome);
    reply
}

/// A clock in a hurry: a sleeper finds the time come.
#[derive(Default)]
struct Hasty(AtomicI64);

#[async_trait::async_trait]
impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        let millis = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_timestamp_millis(1_790_000_000_000 + millis).expect("a time")
    }

    async fn sleep_until(&self, until: Timestamp) {
        self.0.fetch_max(until.timestamp_millis() - 1_790_000_000_000, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// Records by key, as an export holds them.
pub type Records = BTreeMap<String, Vec<u8>>;

/// The records of an export's text.
pub fn records_of(export: &str) -> Records {
    let lines = export.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let record = |line: Line| {
        let bytes = match (line.v, line.hex) {
            (Some(json), None) => json.get().as_bytes().to_vec(),
            (None, Some(digits)) => hex::decode(digits).expect("an export's own digits"),
            other => panic!("an export's line has one value: {other:?}"),
        };
        (line.k, bytes)
    };
    lines.map(record).collect()
}

/// An export's text with these records.
pub fn export_of(records: &Records) -> String {
    use sha2::{Digest as _, Sha256};
    let mut text = "{\"format\":\"facteur-export\",\"version\":1}\n".to_owned();
    for (key, value) in records {
        let line = serde_json::json!({ "k": key, "hex": hex::encode(value) });
        text.extend([line.to_string(), "\n".to_owned()]);
    }
    let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
    let last = serde_json::json!({ "records": records.len(), "sha256": sha256 });
    format!("{text}{last}\n")
}

#[derive(serde::Deserialize)]
struct Line {
    k: String,
    #[serde(default)]
    v: Option<Box<serde_json::value::RawValue>>,
    #[serde(default)]
    hex: Option<String>,
}
