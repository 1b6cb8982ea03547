//! The whole robot at each server that fails: in which state the delivery is, when it goes next,
//! how many copies the server has, and what `why` says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../smtp_rows/mod.rs"]
mod smtp_rows;
#[path = "../smtp_server/mod.rs"]
mod smtp_server;
#[path = "../world/mod.rs"]
mod world;

use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::store::Ledger;
use facteur::app::requests::{Answers as _, Ask, Outcome, Request, Selection, Turn};
use facteur::app::{Ports, Robot};
use facteur::config::{Login, Security, SmtpConfig};
use facteur::ports::Clock as _;
use facteur::ports::transport::Transport;
use serde_json::{Value, json};
use smtp_rows::Row;
use smtp_server::letters::{Authority, Kind, authority, config, document, transport};
use smtp_server::{Act, Script, Server};
use world::{World, path};

const COMPANY: &str = "dupont-maconnerie";

/// A robot that has one new document, and this server.
struct Desk {
    world: World,
    robot: Robot,
}

impl Desk {
    async fn new(transport: Arc<dyn Transport>, with_witness: bool) -> Self {
        let world = World::new();
        let store = Ledger::in_memory("state-of-the-firm", world.clock.now());
        let ports = Ports {
            clock: world.clock.clone(),
            folders: world.disk.clone(),
            store: Arc::new(store),
            transport,
            alarm_transport: None,
        };
        let witness = "quickbooks+witness@cabinet.example".to_owned();
        let config = world::config(|config| {
            config.mail.witness = with_witness.then(|| witness.try_into().unwrap());
        });
        let desk = Self { robot: Robot::new(config, ports), world };
        desk.robot.recover().await.unwrap();
        desk.world.disk.mkdir("Dupont Maçonnerie/Achats");
        let company = COMPANY.to_owned();
        let app = "quickbooks".to_owned();
        desk.ask(Ask::Connect {
            company: company.clone(),
            app: app.clone(),
            to: None,
            from: None,
            inbox: None,
        })
        .await;
        desk.ask(Ask::Switch {
            turn: Turn::On,
            company: Some(company),
            folder: path("Achats"),
            app,
            inbox: None,
            preview: false,
        })
        .await;
        desk.world.disk.write("Dupont Maçonnerie/Achats/facture.pdf", document());
        desk
    }

    async fn ask(&self, ask: Ask) -> Value {
        let reply = self.robot.answer(Request { by: "lea".to_owned(), ask }).await;
        let done = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(done, "{:?}", reply.outcome);
        reply.value
    }

    async fn round(&self) -> Value {
        self.ask(Ask::Round { dry_run: false }).await
    }

    async fn witness_alarms(&self) -> usize {
        let status = self.ask(Ask::Status).await;
        let alarms = status["alarms"].as_array().unwrap().iter();
        alarms.filter(|alarm| alarm["kind"] == "witness").count()
    }

    async fn delivery(&self) -> Value {
        self.ask(Ask::Deliveries(Selection::default())).await[0].clone()
    }

    async fn why(&self) -> String {
        let ask = Ask::Why { company: COMPANY.to_owned(), path: path("Achats/facture.pdf") };
        self.ask(ask).await["stories"][0].to_string()
    }

    /// Minutes until the delivery is due.
    fn minutes_until(&self, due_at: &Value) -> Option<i64> {
        let due_at: chrono::DateTime<chrono::FixedOffset> = due_at.as_str()?.parse().unwrap();
        Some((due_at.to_utc() - self.world.clock.now()).num_minutes())
    }
}

fn server_of(row: &Row) -> Server {
    let good = Script { implicit_tls: row.security == Security::Tls, ..Script::good() };
    Server::new(vec![row.script.clone(), good])
}

fn config_of(row: &Row, authority: &Authority) -> SmtpConfig {
    let login = row.login.then(|| Login::password("robot", "secret"));
    SmtpConfig { security: row.security, login, ..config(authority) }
}

/// The state a delivery must be in after its first attempt, and the minutes until its next.
fn expected(kind: Kind) -> (&'static str, Option<i64>) {
    match kind {
        Kind::Accepted => ("sent", None),
        Kind::Deferred => ("deferred", Some(1)),
        Kind::Unreachable => ("queued", Some(1)),
        Kind::Refused => ("refused", None),
        Kind::TooLarge => ("held", None),
        Kind::InDoubt => ("in_doubt", None),
        Kind::Stopped => unreachable!("no server stops a mail"),
    }
}

async fn try_row(row: &Row, authority: &Authority) -> Value {
    let server = server_of(row);
    let transport = Arc::new(transport(&server, &config_of(row, authority)));
    let desk = Desk::new(transport, row.witness.is_some()).await;
    desk.round().await;
    let delivery = desk.delivery().await;
    let (state, wait) = expected(row.expected);
    let copies = server.log().mails.len();
    let name = row.name;
    assert_eq!(delivery["state"], state, "{name}: {delivery}");
    assert_eq!(desk.minutes_until(&delivery["due_at"]), wait, "{name}: {delivery}");
    assert_eq!(copies, row.copies, "{name}");
    let why = desk.why().await;
    let says = match row.expected {
        Kind::TooLarge => "300 kB",
        Kind::Accepted
        | Kind::Deferred
        | Kind::Unreachable
        | Kind::Refused
        | Kind::Stopped
        | Kind::InDoubt => row.says,
    };
    assert!(why.contains(says), "{name}: {why}");
    let refused = row.witness == Some(false);
    assert_eq!(why.contains("without the witness: RCPT"), refused, "{name}: {why}");
    let next = row.expected == Kind::Deferred || row.expected == Kind::Unreachable;
    let finally = if next { after_its_recovery(&desk, &server, row).await } else { copies };
    json!({
        "fault": name, "state": state, "next_minutes": wait, "copies": copies,
        "copies_at_the_end": finally,
    })
}

/// The server is in its right mind again: the document goes once, by itself.
async fn after_its_recovery(desk: &Desk, server: &Server, row: &Row) -> usize {
    desk.world.clock.advance(TimeDelta::minutes(2));
    desk.round().await;
    let (delivery, copies) = (desk.delivery().await, server.log().mails.len());
    assert_eq!((&delivery["state"], copies), (&"sent".into(), 1), "{}: {delivery}", row.name);
    copies
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_state_its_next_attempt_and_its_words() {
    let authority = authority();
    let mut rows = Vec::new();
    for row in smtp_rows::all() {
        rows.push(try_row(&row, &authority).await);
    }
    assert!(rows.len() >= 40, "{}", rows.len());
    let doubled = rows.iter().filter(|row| row["copies_at_the_end"].as_u64() > Some(1));
    assert_eq!(doubled.count(), 0);
    report("server_faults", &json!({ "rows": rows }));
}

#[tokio::test(start_paused = true)]
async fn a_witness_refused_again_and_again_is_an_alarm_until_it_is_taken() {
    let authority = authority();
    let refusing = Script { second_recipient: Act::Say("550 no such user\r\n"), ..Script::good() };
    let server = Server::new(vec![refusing, Script::good()]);
    let row = smtp_rows::all().remove(0);
    let transport = Arc::new(transport(&server, &config_of(&row, &authority)));
    let desk = Desk::new(transport, true).await;
    let mut alarms = Vec::new();
    for name in ["deux.pdf", "trois.pdf", "quatre.pdf"] {
        desk.round().await;
        alarms.push(desk.witness_alarms().await);
        let path = format!("Dupont Maçonnerie/Achats/{name}");
        desk.world.disk.write(&path, name.as_bytes());
    }
    assert_eq!(alarms, [0, 0, 1], "three mails in a row");
    // The connection is not kept that long: the next one meets another mind.
    tokio::time::timeout(std::time::Duration::from_mins(1), std::future::pending::<()>())
        .await
        .unwrap_err();
    desk.round().await;
    assert_eq!(desk.witness_alarms().await, 0);
    assert_eq!(server.log().mails.len(), 4);
}

/// For docs/reliability.md, which is made from what the tests print.
fn report(name: &str, figures: &Value) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/reliability");
    std::fs::create_dir_all(&folder).unwrap();
    let report = json!({
        "name": name, "command": "cargo nextest run --test robot_and_servers", "figures": figures,
    });
    std::fs::write(folder.join(format!("{name}.json")), format!("{report:#}\n")).unwrap();
}
