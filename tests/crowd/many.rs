//! A thousand deliveries on sixteen connections to a server that keeps failing: each exactly
//! once. Time is virtual.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::smtp::{Limits, SmtpTransport};
use facteur::adapters::store::Ledger;
use facteur::app::requests::{Answers as _, Ask, Outcome, Request, Selection, Turn};
use facteur::app::{Ports, Robot};
use facteur::config::{Security, SmtpConfig};
use facteur::domain::delivery::{Act, Delivery, State};
use facteur::ports::Clock as _;
use facteur::ports::store::{DeliveryFilter, Store as _};

use crate::flaky::Flaky;
use crate::trials::chance;
use crate::trials::figures::Figures;
use crate::trials::firm::{document, name};
use crate::world::{self, World, path};

const DELIVERIES: u64 = 1000;
const CONNECTIONS: usize = 16;

/// More rounds than it needs; a quarter of an hour passes between two.
const ROUNDS_MAX: usize = 2000;

struct Office {
    world: World,
    robot: Robot,
    ledger: Arc<Ledger>,
    server: Flaky,
}

#[tokio::test(start_paused = true)]
async fn a_thousand_deliveries_to_a_failing_server_arrive_exactly_once() {
    let mut figures = Figures::begin("crowd_many", "cargo test --test crowd thousand");
    let office = Office::new().await;
    for number in 0..DELIVERIES {
        let path = format!("Dupont Maçonnerie/Achats/{}", name(number));
        office.world.disk.write(&path, document(number));
    }
    let mut rounds = 0;
    while rounds == 0 || office.count_but_sent().await > 0 {
        rounds += 1;
        assert!(rounds <= ROUNDS_MAX, "{:?}", office.ledger.counts().await);
        office.ask(Ask::Round { dry_run: false }).await;
        office.look_after_it().await;
        office.world.clock.advance(TimeDelta::minutes(15));
    }

    let all = DeliveryFilter::default();
    let deliveries = office.ledger.deliveries(&all, None, usize::MAX).await.unwrap();
    let log = office.server.log.lock().unwrap();
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    for mail in &log.kept {
        let number = (0..DELIVERIES).find(|number| name(*number) == mail.file_name).unwrap();
        assert!(mail.document == document(number), "{} has other bytes", mail.file_name);
        *kept.entry(&mail.message_id).or_default() += 1;
    }
    for delivery in &deliveries {
        assert_eq!(kept.get(delivery.message_id.as_str()), Some(&1), "{delivery:#?}");
    }
    assert_eq!(deliveries.len() as u64, DELIVERIES);
    assert_eq!(log.kept.len() as u64, DELIVERIES);
    assert!(log.open_max >= CONNECTIONS, "all are used");
    assert!(log.failures * 4 > log.answers, "{log:?}");
    figures.note("deliveries", DELIVERIES);
    figures.note("connections", CONNECTIONS);
    figures.note("answers", log.answers);
    figures.note("failures", log.failures);
    figures.note("answers_lost_after_the_dot", log.doubtful);
    figures.note("copies", log.kept.len() as u64 - DELIVERIES);
    figures.note("rounds", rounds);
    drop(log);
    figures.publish();
}

impl Office {
    async fn new() -> Self {
        let world = World::new();
        let server = Flaky::new(chance(5));
        let smtp = SmtpConfig {
            host: "flaky.example".to_owned(),
            port: 25,
            security: Security::None,
            ca_file: None,
            login: None,
            connections: CONNECTIONS,
        };
        let connector = Arc::new(server.clone());
        let limits = Limits::default();
        let transport = Arc::new(
            SmtpTransport::with_connector(&smtp, "cabinet.example", connector, limits).unwrap(),
        );
        let ledger = Arc::new(Ledger::in_memory("state-of-the-crowd", world.clock.now()));
        let ports = Ports {
            clock: world.clock.clone(),
            folders: world.disk.clone(),
            store: ledger.clone(),
            transport,
            alarm_transport: None,
        };
        let config = world::config(|config| {
            config.robot.flood_per_hour_max = 0;
            // A server this bad would else make everything wait for hours.
            config.mail.retry.longest = TimeDelta::minutes(10);
        });
        let robot = Robot::new(config, ports);
        robot.recover().await.unwrap();
        let office = Self { world, robot, ledger, server };
        office.world.disk.mkdir("Dupont Maçonnerie/Achats");
        office.decide().await;
        office
    }

    async fn decide(&self) {
        let (company, app) = ("Dupont Maçonnerie".to_owned(), "quickbooks".to_owned());
        let connect = Ask::Connect {
            company: company.clone(),
            app: app.clone(),
            to: None,
            from: None,
            inbox: None,
        };
        self.ask(connect).await;
        let (turn, folder) = (Turn::On, path("Achats"));
        let company = Some(company);
        self.ask(Ask::Switch { turn, company, folder, app, inbox: None, preview: false }).await;
    }

    async fn ask(&self, ask: Ask) {
        let told = format!("{ask:?}");
        let reply = self.robot.answer(Request { by: "lea".to_owned(), ask }).await;
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine, "{told}: {:?}", reply.outcome);
    }

    async fn count_but_sent(&self) -> u64 {
        let counts = self.ledger.counts().await.unwrap();
        counts.iter().filter(|(state, _)| **state != State::Sent).map(|(_, count)| count).sum()
    }

    /// What a person does who can look into the tool's mailbox.
    async fn look_after_it(&self) {
        let states = vec![State::Refused, State::Held, State::InDoubt];
        let filter = DeliveryFilter { states, ..DeliveryFilter::default() };
        for delivery in self.ledger.deliveries(&filter, None, usize::MAX).await.unwrap() {
            let act = match delivery.state {
                State::Refused => Act::Retry,
                State::Held => Act::Release,
                State::InDoubt if self.came(&delivery) => Act::SettleSent,
                State::InDoubt => Act::SettleNotSent,
                state @ (State::Queued
                | State::Sending
                | State::Deferred
                | State::Sent
                | State::Cancelled) => panic!("{state:?} was not asked for"),
            };
            let ids = vec![delivery.id.to_string()];
            let selection = Selection { ids, ..Selection::default() };
            self.ask(Ask::Act { act, selection, confirmed: true }).await;
        }
    }

    fn came(&self, delivery: &Delivery) -> bool {
        let log = self.server.log.lock().unwrap();
        log.kept.iter().any(|mail| mail.message_id == delivery.message_id)
    }
}
