//! A firm in its year: the office, its robot's lives, and what the generator remembers of them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use facteur::app::requests::{Ask, Outcome, Reply, Selection};
use facteur::app::views::{CompanyView, DeliveryView, RoundView, SwitchView};
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::chance::Chance;
use crate::office::Office;
use crate::oracle::{By, Decided, Oracle};
use crate::world::{When, World, config};

/// Tries of one request; each stop costs one.
const TRIES_MAX: usize = 10;

/// Effects of a request; a stop beyond them is not met.
const EFFECTS_LIKELY: usize = 16;

/// Everything about one seed.
pub(crate) struct Firm {
    pub(crate) office: Office,
    life: Option<Runtime>,
    pub(crate) chance: Chance,
    pub(crate) oracle: Oracle,
    /// The folder of each company, by slug.
    pub(crate) folders: BTreeMap<String, String>,
    /// Companies whose share is away.
    pub(crate) away: Vec<String>,
    /// What happened, for a person who looks for the cause.
    pub(crate) story: Vec<String>,
    /// Counts what happened.
    pub(crate) step: usize,
    /// Mails looked at already.
    pub(crate) mails_seen: usize,
    /// Copies that were with a tool when the state became older than the world.
    pub(crate) copies_before: BTreeMap<(String, Vec<u8>), usize>,
    /// When the last export was made.
    pub(crate) exported_at: Option<usize>,
    pub(crate) files: TempDir,
    pub(crate) stops_met: usize,
}

/// Names of companies, with their slugs.
const COMPANIES: [(&str, &str); 6] = [
    ("dupont-maconnerie", "Dupont Maçonnerie"),
    ("acme", "Acme"),
    ("etoile-et-fils", "Étoile & Fils"),
    ("sci-du-port", "SCI du Port"),
    ("garage-leroy", "Garage Leroy"),
    ("boulangerie", "Boulangerie"),
];

impl Firm {
    /// A firm with a few companies and some documents from before.
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut chance = Chance::from_seed(seed);
        let world = World::new();
        world.post.set_connections(1 + chance.below(4));
        if chance.percent(30) {
            world.disk.reuse_inodes();
        }
        let flood = *chance.one(&[0, 4, 200]);
        let resends = chance.percent(20);
        let config = config(|config| {
            config.robot.flood_per_hour_max = flood;
            for profile in config.apps.values_mut().filter(|_| resends) {
                profile.in_doubt = facteur::domain::profile::InDoubtPolicy::Resend;
            }
        });
        let companies = 1 + chance.below(companies_max());
        let folders = COMPANIES.iter().cycle().take(companies).enumerate().map(named).collect();
        let life = runtime();
        let office = life.block_on(Office::in_world(world, config));
        Self {
            office,
            life: Some(life),
            chance,
            oracle: Oracle::default(),
            folders,
            away: Vec::new(),
            story: Vec::new(),
            step: 0,
            mails_seen: 0,
            copies_before: BTreeMap::new(),
            exported_at: None,
            files: tempfile::tempdir().unwrap(),
            stops_met: 0,
        }
    }

    /// A line for who looks for the cause.
    pub(crate) fn tell(&mut self, what: impl std::fmt::Display) {
        let now = facteur::ports::Clock::now(self.office.world.clock.as_ref());
        self.story.push(format!("{}, {now}: {what}", self.step));
    }

    /// Asks; now and then the power goes meanwhile, and the question is asked again.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Reply {
        let power = self.office.world.power.clone();
        if self.chance.percent(25) {
            let when = if self.chance.percent(50) { When::Before } else { When::After };
            power.stop_at(self.chance.below(EFFECTS_LIKELY), when);
        }
        for _ in 0..TRIES_MAX {
            let life = self.life.as_ref().unwrap();
            let reply = life.block_on(self.office.ask(ask.clone()));
            if power.is_on() {
                power.restore();
                return reply;
            }
            self.tell(format!("the power went during {ask:?} after {:?}", power.effects()));
            self.stops_met += 1;
            self.restart();
        }
        panic!("{ask:?} is never answered");
    }

    /// Asks for something that is done, unless it is refused for a reason a person understands.
    pub(crate) fn demand(&mut self, ask: &Ask) -> Option<Reply> {
        let reply = self.ask(ask);
        self.tell(format!("{ask:?}: {:?}", reply.outcome));
        matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson).then_some(reply)
    }

    /// What is asked without changing anything, and without the power going.
    pub(crate) fn look<T: DeserializeOwned>(&mut self, ask: &Ask) -> T {
        let reply = self.life.as_ref().unwrap().block_on(self.office.ask(ask.clone()));
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine, "{ask:?}: {:?}", reply.outcome);
        serde_json::from_value(reply.value).unwrap()
    }

    /// The ledger.
    pub(crate) fn deliveries(&mut self) -> Vec<DeliveryView> {
        self.look(&Ask::Deliveries(Selection::default()))
    }

    /// What is decided now, as the firm sees it.
    pub(crate) fn read_decisions(&mut self) {
        let companies: Vec<CompanyView> = self.look(&Ask::Companies);
        let switches: Vec<SwitchView> = self.look(&Ask::SwitchList { company: None });
        let connected = companies.into_iter().flat_map(|company| {
            let apps = company.apps.into_iter();
            apps.map(move |connected| (company.slug.clone(), connected.app))
        });
        let switches = switches.into_iter().map(|switch| {
            ((switch.company, switch.app, switch.folder), (switch.on, switch.renamed_to))
        });
        self.oracle.decided =
            Decided { connected: connected.collect(), switches: switches.collect() };
    }

    /// One round; what it surely observed is judged by the decisions of this moment.
    pub(crate) fn round(&mut self) -> Result<(), String> {
        let reply = self.ask(&Ask::Round { dry_run: false });
        if !matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson) {
            return Err(format!("the round failed: {:?}", reply.outcome));
        }
        let view: RoundView = serde_json::from_value(reply.value).unwrap();
        // A renamed folder may have been noticed by it.
        let former = self.oracle.decided.clone();
        self.read_decisions();
        let decided = self.oracle.decided.clone();
        self.oracle.relax(|(slug, _, _)| !former.is_same_for(slug, &decided));
        let unseen: Vec<&str> = view
            .problems
            .iter()
            .filter(|problem| problem.path.is_none() && problem.kind != "folder_renamed")
            .map(|problem| problem.company.as_str())
            .collect();
        self.tell(format!(
            "round: {} sent, {} queued, held up: {unseen:?}",
            view.sent, view.queued
        ));
        let known: Vec<String> = self.oracle.known.iter().cloned().collect();
        for slug in known.iter().filter(|slug| !unseen.contains(&slug.as_str())) {
            self.oracle.observed(slug, "", By::Round);
        }
        Ok(())
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: TimeDelta) {
        self.office.world.clock.advance(time);
    }

    /// The old process ends with all its tasks; a new one starts.
    pub(crate) fn restart(&mut self) {
        let power = self.office.world.power.clone();
        for _ in 0..TRIES_MAX {
            drop(self.life.take());
            power.restore();
            if self.chance.percent(10) {
                power.stop_at(self.chance.below(3), When::After);
            }
            let life = runtime();
            let started = life.block_on(self.office.try_restart());
            self.life = Some(life);
            if power.is_on() {
                started.unwrap();
                power.restore();
                return;
            }
        }
        panic!("the robot never starts again");
    }
}

/// How many companies a firm may have.
fn companies_max() -> usize {
    let asked = std::env::var("FACTEUR_YEAR_COMPANIES").ok();
    asked.map_or(3, |text| text.parse().expect("FACTEUR_YEAR_COMPANIES is a number"))
}

/// The company at a place; beyond the known names they are numbered.
fn named((place, (slug, folder)): (usize, &(&str, &str))) -> (String, String) {
    match place / COMPANIES.len() {
        0 => ((*slug).to_owned(), (*folder).to_owned()),
        round => (format!("{slug}-{round}"), format!("{folder} {round}")),
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
