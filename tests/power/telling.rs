//! One telling of a story: the robot lives until its power goes, and lives again on what is
//! durable.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use facteur::app::requests::{Answers as _, Ask, Outcome, Reply, Request, Selection};
use facteur::app::views::{DeliveryView, StatusView};
use facteur::domain::delivery::Act;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::office::{LEA, Office};
use crate::story::{Meanwhile, Step, Story};
use crate::world::{Stop, World};

/// Rounds after which a story must have come to rest.
const ROUNDS_MAX: usize = 40;

/// Tries of one step; each stop costs one.
const TRIES_MAX: usize = 8;

/// A story that is being told.
pub(crate) struct Telling {
    pub(crate) office: Office,
    /// One robot's process; its tasks end with it.
    life: Option<Runtime>,
    stops: VecDeque<Stop>,
    /// The effects of each life so far, the stopped ones.
    pub(crate) lives: Vec<Vec<&'static str>>,
    files: TempDir,
    /// What is to happen beside a mail, and whether it has.
    meanwhile: Option<(Meanwhile, Arc<AtomicBool>)>,
}

impl Telling {
    /// Tells a story with these stops, each counted from the restart after the one before, until
    /// everything has come to rest.
    pub(crate) fn of(story: &Story, stops: &[Stop]) -> Self {
        let world = World::new();
        world.post.set_connections(story.connections);
        let life = runtime();
        let office = life.block_on(Office::in_world(world, story.config.clone()));
        let files = tempfile::tempdir().unwrap();
        let stops = stops.iter().copied().collect();
        let (life, lives) = (Some(life), Vec::new());
        let mut telling = Self { office, life, stops, lives, files, meanwhile: None };
        if !story.steps.iter().any(|step| matches!(step, Step::Begin)) {
            telling.arm();
        }
        for step in &story.steps {
            match step {
                Step::Round if story.impatient => telling.try_round(),
                _ => telling.take(step),
            }
        }
        telling.rest();
        telling
    }

    /// The effects since the last restart.
    pub(crate) fn effects(&self) -> Vec<&'static str> {
        self.office.world.power.effects()
    }

    /// Whether all stops were met.
    pub(crate) fn met_all_stops(&self) -> bool {
        self.stops.is_empty() && !self.office.world.power.is_armed()
    }

    /// No more stops.
    pub(crate) fn disarm(&mut self) {
        self.stops.clear();
        self.office.world.power.restore();
    }

    /// Asks until the power stays on for the answer; whether it was asked again.
    pub(crate) fn ask(&mut self, ask: &Ask) -> (Reply, bool) {
        for tries in 0..TRIES_MAX {
            let life = self.life.as_ref().unwrap();
            let reply = life.block_on(self.office.ask(ask.clone()));
            if self.office.world.power.is_on() {
                return (reply, tries > 0);
            }
            self.restart();
        }
        panic!("{ask:?} is never answered");
    }

    /// What is asked without changing anything.
    pub(crate) fn look<T: DeserializeOwned>(&mut self, ask: &Ask) -> T {
        let (reply, _) = self.ask(ask);
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine, "{ask:?}: {:?}", reply.outcome);
        serde_json::from_value(reply.value).unwrap()
    }

    /// The ledger.
    pub(crate) fn deliveries(&mut self) -> Vec<DeliveryView> {
        self.look(&Ask::Deliveries(Selection::default()))
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match step {
            Step::Begin => self.arm(),
            Step::Meanwhile(meanwhile) => {
                let happened = Arc::new(AtomicBool::new(false));
                self.meanwhile = Some((meanwhile.clone(), happened));
                self.plan_meanwhile();
            }
            Step::Outside(act) => act(&self.office.world),
            Step::Ask(ask) => self.demand(ask),
            Step::Round => {
                self.office.world.clock.advance(TimeDelta::minutes(15));
                self.demand(&Ask::Round { dry_run: false });
            }
            Step::Settle => self.settle(),
            Step::Export => {
                let file = self.files.path().join("export");
                self.demand(&Ask::Export { file });
            }
            Step::Import => {
                let file = self.files.path().join("export");
                self.demand(&Ask::Import { file, confirmed: true });
            }
        }
    }

    /// What happens beside the next mail is asked of the robot that lives then.
    fn plan_meanwhile(&self) {
        let Some((Meanwhile { phase, outside, ask }, happened)) = self.meanwhile.clone() else {
            return;
        };
        self.office.world.post.forget_happenings();
        if happened.load(Ordering::SeqCst) {
            return;
        }
        let (world, robot) = (self.office.world.clone(), self.office.robot.clone());
        self.office.world.post.at(phase, async move {
            happened.store(true, Ordering::SeqCst);
            outside(&world);
            robot.answer(Request { by: LEA.to_owned(), ask }).await;
        });
    }

    /// A round that may be cut off.
    fn try_round(&mut self) {
        self.office.world.clock.advance(TimeDelta::minutes(15));
        let life = self.life.as_ref().unwrap();
        life.block_on(self.office.ask(Ask::Round { dry_run: false }));
        if !self.office.world.power.is_on() {
            self.restart();
        }
    }

    /// Rounds until nothing happens any more.
    pub(crate) fn rest(&mut self) {
        let mut former = None;
        for _ in 0..ROUNDS_MAX {
            self.take(&Step::Round);
            let counts = self.look::<StatusView>(&Ask::Status).counts;
            let waits = ["queued", "sending", "deferred"];
            let quiet =
                waits.iter().all(|state| counts.get(*state).is_none_or(|count| *count == 0));
            let deliveries = self.deliveries();
            if quiet && former.as_ref() == Some(&deliveries) {
                return;
            }
            former = Some(deliveries);
        }
        panic!("no rest after {ROUNDS_MAX} rounds: {:#?}", self.deliveries());
    }

    /// Asks for something that must be done. Asked again after a stop, it may be done already.
    fn demand(&mut self, ask: &Ask) {
        let (reply, again) = self.ask(ask);
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine || again, "{ask:?}: {:?}", reply.outcome);
    }

    fn settle(&mut self) {
        let deliveries = self.deliveries().into_iter();
        for delivery in deliveries.filter(|delivery| delivery.state == "in_doubt") {
            let server = self.office.world.post.delivered();
            let there = server.iter().any(|mail| mail.mail.message_id == delivery.message_id);
            let act = if there { Act::SettleSent } else { Act::SettleNotSent };
            let selection = Selection { ids: vec![delivery.id], ..Selection::default() };
            self.demand(&Ask::Act { act, selection, confirmed: true });
        }
    }

    /// The old process ends with all its tasks; then the power is back, and a new one starts.
    fn restart(&mut self) {
        for _ in 0..TRIES_MAX {
            drop(self.life.take());
            self.lives.push(self.office.world.power.effects());
            self.arm();
            let life = runtime();
            let started = life.block_on(self.office.try_restart());
            self.life = Some(life);
            if self.office.world.power.is_on() {
                started.unwrap();
                self.plan_meanwhile();
                return;
            }
        }
        panic!("the robot never starts again");
    }

    fn arm(&mut self) {
        match self.stops.pop_front() {
            Some(stop) => self.office.world.power.stop_at(stop.effect, stop.when),
            None => self.office.world.power.restore(),
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
