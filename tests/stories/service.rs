//! The service: rounds on schedule, deliveries beside them, hints, the stop, a new configuration.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use facteur::app::requests::{Answers as _, Ask, Outcome, Request};
use facteur::app::service::{Hinted, Hints};
use facteur::app::views::StatusView;
use facteur::config::{Config, Schedule};
use facteur::ports::Clock as _;
use facteur::ports::folders::CompanyFolder;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::desk::FOLDER;
use crate::office::{LEA, Office};
use crate::world::{self, Phase, Script, at};

/// Hints that the story gives.
struct Told(mpsc::UnboundedReceiver<Option<Vec<CompanyFolder>>>);

#[async_trait::async_trait]
impl Hints for Told {
    async fn changed(&mut self) -> Option<Hinted> {
        match self.0.recv().await {
            Some(hint) => hint.map(|companies| {
                companies.into_iter().map(|company| (company, BTreeSet::new())).collect()
            }),
            None => std::future::pending().await,
        }
    }
}

/// An office whose robot serves.
pub(crate) struct Service {
    pub(crate) office: Office,
    hints: mpsc::UnboundedSender<Option<Vec<CompanyFolder>>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), facteur::app::Error>>,
}

impl Service {
    pub(crate) async fn of(office: Office) -> Self {
        office.world.clock.by_hand();
        let (hints, told) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let robot = office.robot.clone();
        let serving = tokio::spawn(async move { robot.serve(Box::new(Told(told)), stopped).await });
        let service = Self { office, hints, stop, serving };
        service.rest().await;
        service
    }

    /// Lets everything happen that needs no time.
    pub(crate) async fn rest(&self) {
        // Paused time moves on when nothing else can: no task, no file that is being read.
        let moment = std::time::Duration::from_millis(1);
        let idle = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        assert!(idle.is_err());
    }

    /// Time passes up to this moment, with all that happens meanwhile.
    pub(crate) async fn until(&self, moment: &str) {
        let moment = at(moment);
        loop {
            let next = self.office.world.clock.asleep().await;
            if next > moment {
                break;
            }
            self.office.world.clock.set(next);
            self.rest().await;
        }
        self.office.world.clock.set(moment);
        self.rest().await;
    }

    pub(crate) async fn stop(self) -> Office {
        self.stop.send(true).unwrap();
        self.serving.await.unwrap().unwrap();
        self.office
    }

    pub(crate) async fn status(&self) -> StatusView {
        self.office.status().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_round_is_made_at_the_start_and_every_quarter_of_an_hour() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/avant.pdf");
    office.world.clock.set(at("2026-03-02T08:07:00Z"));
    let service = Service::of(office).await;
    let last = async || service.status().await.last_round.unwrap().started_at.to_utc();
    assert_eq!(last().await, at("2026-03-02T08:07:00Z"));
    let status = service.status().await;
    assert_eq!(status.next_round.unwrap().to_utc(), at("2026-03-02T08:15:00Z"));
    assert!(status.service);
    service.until("2026-03-02T08:15:00Z").await;
    assert_eq!(last().await, at("2026-03-02T08:15:00Z"));
    service.until("2026-03-02T08:16:00Z").await;
    assert_eq!(service.office.posted(), ["avant.pdf"]);
    service.office.drop("Achats/pendant.pdf");
    service.until("2026-03-02T08:46:00Z").await;
    assert_eq!(service.office.posted(), ["avant.pdf", "pendant.pdf"]);
    let office = service.stop().await;
    assert_eq!(office.status().await.next_round, None);
}

#[tokio::test(start_paused = true)]
async fn a_hint_makes_a_deposit_seen_at_once_and_sent_by_the_next_round() {
    let service = Service::of(Office::with_achats_on().await).await;
    service.office.drop("Achats/un.pdf");
    service.hints.send(Some(vec![world::path(FOLDER)])).unwrap();
    service.rest().await;
    assert_eq!(
        service.office.states("quickbooks").await,
        ["Achats/ancien.pdf: before_activation", "Achats/un.pdf: settling"]
    );
    service.until("2026-03-02T08:15:00Z").await;
    assert_eq!(service.office.posted(), ["un.pdf"]);
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn on_deposit_a_hint_sends_at_once() {
    let mut office = Office::with_achats_on().await;
    office.restart_configured(|config| config.robot.schedule = Schedule::OnDeposit).await;
    let service = Service::of(office).await;
    service.office.drop("Achats/un.pdf");
    service.hints.send(None).unwrap();
    service.rest().await;
    service.until("2026-03-02T08:00:06Z").await;
    assert_eq!(service.office.posted(), ["un.pdf"]);
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ten_requests_for_a_round_neither_overlap_nor_double() {
    let service = Service::of(Office::with_achats_on().await).await;
    for number in 0..5 {
        service.office.drop(&format!("Achats/{number}.pdf"));
    }
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let robot = service.office.robot.clone();
            let ask = Ask::Round { dry_run: false };
            tokio::spawn(async move { robot.answer(Request { by: LEA.to_owned(), ask }).await })
        })
        .collect();
    service.rest().await;
    service.until("2026-03-02T08:10:00Z").await;
    let mut deposited = 0;
    for asked in asked {
        let reply = asked.await.unwrap();
        assert_eq!(reply.outcome, Outcome::Done);
        deposited += reply.value["deposited"].as_u64().unwrap();
    }
    assert_eq!(deposited, 5);
    assert_eq!(service.office.posted().len(), 5);
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_stops_no_round_and_no_other_mail() {
    let office = Office::with_achats_on().await;
    office.world.post.at(Phase::BeforeDot, std::future::pending());
    office.drop("Achats/muet.pdf");
    let service = Service::of(office).await;
    service.until("2026-03-02T08:15:00Z").await;
    assert_eq!(service.office.states("quickbooks").await[1], "Achats/muet.pdf: sending");
    // A person asks for a round meanwhile.
    let robot = service.office.robot.clone();
    let ask = Ask::Round { dry_run: false };
    let asked =
        tokio::spawn(async move { robot.answer(Request { by: LEA.to_owned(), ask }).await });
    service.rest().await;
    service.office.drop("Achats/un.pdf");
    service.until("2026-03-02T08:46:00Z").await;
    let last = service.status().await.last_round.unwrap().started_at.to_utc();
    assert_eq!(last, at("2026-03-02T08:45:00Z"));
    assert_eq!(service.office.posted(), ["un.pdf"]);
    asked.abort();
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_sender_wakes_when_something_is_due() {
    let office = Office::with_achats_on().await;
    office.world.post.next(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    let service = Service::of(office).await;
    service.until("2026-03-02T08:15:30Z").await;
    assert_eq!(service.office.state("Achats/un.pdf").await, "deferred");
    service.until("2026-03-02T08:16:10Z").await;
    assert_eq!(service.office.posted(), ["un.pdf"]);
    // What a person queues goes at once.
    service.office.act_on(facteur::domain::delivery::Act::Resend, "Achats/un.pdf").await;
    service.rest().await;
    assert_eq!(service.office.posted(), ["un.pdf", "un.pdf"]);
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_mail_under_way_end_and_begins_no_other() {
    let office = Office::with_achats_on().await;
    office.world.post.set_connections(1);
    for number in 0..5 {
        office.drop(&format!("Achats/{number}.pdf"));
    }
    let service = Service::of(office).await;
    let (go_on, waits) = tokio::sync::oneshot::channel::<()>();
    service.office.world.post.at(Phase::BeforeDot, async move { drop(waits.await) });
    service.until("2026-03-02T08:15:00Z").await;
    service.stop.send(true).unwrap();
    service.rest().await;
    go_on.send(()).unwrap();
    let office = service.stop().await;
    assert_eq!(office.posted().len(), 1);
    let queued = office.deliveries().await.into_iter().filter(|row| row.state == "queued");
    assert_eq!(queued.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_a_silent_server_no_longer_than_it_may() {
    let office = Office::with_achats_on().await;
    office.world.post.at(Phase::BeforeDot, std::future::pending());
    office.drop("Achats/muet.pdf");
    let service = Service::of(office).await;
    service.until("2026-03-02T08:15:00Z").await;
    let mut office = service.stop().await;
    office.restart().await;
    assert_eq!(office.state("Achats/muet.pdf").await, "in_doubt");
}

#[tokio::test(start_paused = true)]
async fn a_round_that_never_ends_raises_an_alarm_and_a_rare_schedule_does_not() {
    let rare = |config: &mut Config| {
        config.robot.schedule = Schedule::Cron(Box::new("0 0 6 * * *".parse().unwrap()));
    };
    let mut office = Office::with_achats_on().await;
    office.restart_configured(rare).await;
    let service = Service::of(office).await;
    service.until("2026-03-02T12:00:00Z").await;
    let kinds = async || -> Vec<String> {
        service.status().await.alarms.into_iter().map(|alarm| alarm.kind).collect()
    };
    assert_eq!(kinds().await, Vec::<String>::new());
    // The clock of a robot that hangs goes on, and nothing else does.
    service.serving.abort();
    service.office.world.clock.advance(TimeDelta::hours(30));
    assert_eq!(kinds().await, ["no_round"]);
    assert!(service.office.world.clock.now() > at("2026-03-03T12:00:00Z"));
}

#[tokio::test(start_paused = true)]
async fn a_running_service_takes_no_import() {
    let service = Service::of(Office::with_achats_on().await).await;
    let ask = Ask::Import { file: "/nowhere".into(), confirmed: true };
    let words = service.office.refused(ask).await;
    assert!(words.starts_with("the service is running on this state"), "{words}");
    service.stop().await;
}
