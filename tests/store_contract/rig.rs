//! One ledger to try, one company, and short words for what the robot does with it.

use std::collections::BTreeMap;

use facteur::adapters::store::Ledger;
use facteur::domain::Timestamp;
use facteur::domain::company::{Company, CompanyId, RootIdentity};
use facteur::domain::decision::{Connection, Decision, HistoryEntry};
use facteur::domain::delivery::{Delivery, DeliveryId, Finish};
use facteur::domain::deposit::{Cause, Content, Deposit, Due, Fate, Origin, Verdict};
use facteur::domain::directory::Fingerprint;
use facteur::domain::path::TreePath;
use facteur::domain::profile::AppId;
use facteur::domain::slug::Slug;
use facteur::domain::template::Address;
use facteur::ports::store::{Candidate, ClaimRules, Observation, Rate, Store, StoreError, Stored};

pub(crate) const NO_LIMIT: Rate = Rate { per_hour_max: 0, per_day_max: 0 };

pub(crate) struct Rig {
    ledger: Option<Ledger>,
    directory: Option<tempfile::TempDir>,
}

impl Rig {
    pub(crate) fn in_memory() -> Self {
        Self::over(Ledger::in_memory("state", at(0)))
    }

    pub(crate) fn over(ledger: Ledger) -> Self {
        Self { ledger: Some(ledger), directory: None }
    }

    pub(crate) fn on_disk() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&directory.path().join("state"), at(0)).unwrap();
        Self { ledger: Some(ledger), directory: Some(directory) }
    }

    pub(crate) fn store(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    pub(crate) fn reopen(&mut self) {
        let former = self.ledger.take().unwrap();
        self.ledger = Some(match &self.directory {
            None => former.reopen(),
            Some(directory) => {
                drop(former);
                Ledger::open(&directory.path().join("state"), at(0)).unwrap()
            }
        });
    }

    /// A company with quickbooks connected and its switch on for `Achats`.
    pub(crate) async fn company(&self) -> Company {
        let company = self.found("Dupont").await;
        self.decide(company.id, connect("quickbooks")).await.unwrap();
        self.decide(company.id, turn("Achats", true)).await.unwrap();
        self.company_of(company.id).await
    }

    pub(crate) async fn found(&self, name: &str) -> Company {
        let slug = Slug::from_name(name).unwrap();
        let root = RootIdentity("disk 1".to_owned());
        self.store().found(path(name), slug, name.to_owned(), root).await.unwrap()
    }

    pub(crate) async fn company_of(&self, id: CompanyId) -> Company {
        let companies = self.store().companies().await.unwrap();
        companies.into_iter().find(|company| company.id == id).unwrap()
    }

    /// Decides at the present revision.
    pub(crate) async fn decide(
        &self,
        id: CompanyId,
        decision: Decision,
    ) -> Stored<Vec<DeliveryId>> {
        let revision = self.company_of(id).await.revision;
        self.store().decide(id, revision, decision, entry("switch")).await
    }

    /// The cause a document in `folder` would be deposited with now.
    pub(crate) async fn cause(&self, id: CompanyId, folder: &str) -> Cause {
        use facteur::domain::decision::Ruling;
        let decisions = self.store().decisions(id).await.unwrap();
        match decisions.ruling(&app("quickbooks"), &path(folder)) {
            Ruling::On(place, switch) | Ruling::Renamed(place, switch) => Cause::Switch {
                folder: place.clone(),
                activation: switch.activation,
                at: switch.at,
                by: switch.by.clone(),
            },
            Ruling::Off | Ruling::NotConnected => panic!("nothing is on for `{folder}`"),
        }
    }

    /// A settled document that is due to quickbooks by the switch of its folder.
    pub(crate) async fn deposit(&self, id: CompanyId, place: &str) -> u64 {
        let folder = path(place).parent().unwrap().to_string();
        let cause = self.cause(id, &folder).await;
        self.deposit_by(id, place, cause).await
    }

    pub(crate) async fn deposit_by(&self, id: CompanyId, place: &str, cause: Cause) -> u64 {
        self.observe(id, deposit(id, place, Origin::Found, cause)).await
    }

    /// Writes one deposit as an observation would.
    pub(crate) async fn observe(&self, id: CompanyId, deposit: Deposit) -> u64 {
        let revision = self.company_of(id).await.revision;
        let seen = Observation { deposits: vec![deposit], ..Observation::default() };
        self.store().observe(id, revision, seen).await.unwrap().0[0]
    }

    pub(crate) async fn verdict(&self, number: u64) -> Verdict {
        let deposit = self.store().deposit(number).await.unwrap().unwrap();
        deposit.verdicts[&app("quickbooks")].clone()
    }

    /// Queues a deposit with these bytes.
    pub(crate) async fn queue(&self, number: u64, bytes: &str) -> Verdict {
        self.queue_as(number, bytes, |_| {}).await
    }

    pub(crate) async fn queue_as(
        &self,
        number: u64,
        bytes: &str,
        change: impl FnOnce(&mut Candidate),
    ) -> Verdict {
        let Verdict::Due(due) = self.verdict(number).await else { panic!("it is not due") };
        let mut candidate = candidate(due.cause);
        change(&mut candidate);
        let verdicts =
            self.store().queue(number, content(bytes), vec![candidate], None, at(0)).await.unwrap();
        verdicts[&app("quickbooks")].clone()
    }

    /// A document deposited and queued.
    pub(crate) async fn queued(&self, id: CompanyId, place: &str) -> DeliveryId {
        let number = self.deposit(id, place).await;
        match self.queue(number, place).await {
            Verdict::Queued(id) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn delivery(&self, id: DeliveryId) -> Delivery {
        self.store().delivery(id).await.unwrap().unwrap()
    }

    pub(crate) async fn claim(&self, seconds: i64) -> Vec<Delivery> {
        self.store().claim(&rules(), 10, at(seconds)).await.unwrap()
    }

    pub(crate) async fn claim_one(&self, seconds: i64) -> Delivery {
        let mut claimed = self.claim(seconds).await;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        claimed.remove(0)
    }

    pub(crate) async fn dot(&self, delivery: &Delivery) -> Stored<()> {
        self.store().dot(delivery.id, delivery.attempt, NO_LIMIT, at(0)).await
    }

    pub(crate) async fn finish(&self, delivery: &Delivery, finish: Finish) -> Stored<Delivery> {
        self.store().finish(delivery.id, delivery.attempt, finish, at(0)).await
    }

    /// Claims the only delivery that is due and has it answered with 250.
    pub(crate) async fn send_one(&self) -> DeliveryId {
        let delivery = self.claim_one(0).await;
        self.dot(&delivery).await.unwrap();
        self.finish(&delivery, sent()).await.unwrap().id
    }

    /// Claims the only delivery that is due and has it refused.
    pub(crate) async fn refuse_one(&self) -> DeliveryId {
        let delivery = self.claim_one(0).await;
        self.finish(&delivery, Finish::Refused { answer: "550 no".to_owned() }).await.unwrap().id
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(crate) fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

pub(crate) fn app(text: &str) -> AppId {
    AppId::parse(text).unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn content(bytes: &str) -> Content {
    use sha2::Digest as _;
    Content { sha256: sha2::Sha256::digest(bytes).into(), size: bytes.len() as u64 }
}

pub(crate) fn rules() -> ClaimRules {
    rules_of(NO_LIMIT)
}

pub(crate) fn rules_of(rate: Rate) -> ClaimRules {
    ClaimRules {
        destination: "outbox".to_owned(),
        rates: BTreeMap::from([(app("quickbooks"), rate)]),
    }
}

pub(crate) fn entry(what: &str) -> HistoryEntry {
    HistoryEntry {
        at: at(0),
        by: "lea".to_owned(),
        what: what.to_owned(),
        company: None,
        folder: None,
        app: None,
        detail: String::new(),
    }
}

pub(crate) fn connect(to: &str) -> Decision {
    let connection = Connection {
        connected: true,
        sender: address("quickbooks+dupont@cabinet.example"),
        recipient: Some(address("dupont@tool.example")),
        inbox: None,
        inboxes: BTreeMap::new(),
        at: at(0),
        by: "lea".to_owned(),
    };
    Decision::Connect { app: app(to), connection }
}

pub(crate) fn turn(folder: &str, on: bool) -> Decision {
    Decision::Turn { app: app("quickbooks"), folder: path(folder), on, inbox: None, identity: None }
}

pub(crate) fn deposit(company: CompanyId, place: &str, origin: Origin, cause: Cause) -> Deposit {
    let due = Due { cause, inbox: None, fate: Fate::Queue };
    Deposit {
        number: 0,
        company,
        path: path(place),
        origin,
        observed_at: at(0),
        modified_ns: 0,
        size: 1,
        fingerprint: Fingerprint(1),
        settled: true,
        gone: false,
        content: None,
        verdicts: BTreeMap::from([(app("quickbooks"), Verdict::Due(due))]),
        events: Vec::new(),
    }
}

pub(crate) fn candidate(cause: Cause) -> Candidate {
    Candidate {
        app: app("quickbooks"),
        cause,
        cause_in_words: "by a switch".to_owned(),
        fate: Fate::Queue,
        because: String::new(),
        sender: address("quickbooks+dupont@cabinet.example"),
        recipient: address("dupont@tool.example"),
        inbox: None,
        rehearsal: false,
        message_id_domain: "cabinet.example".to_owned(),
        duplicates_allowed: false,
        flood_per_hour_max: 0,
    }
}

pub(crate) fn backfill() -> Cause {
    Cause::Backfill { by: "lea".to_owned() }
}

pub(crate) fn sent() -> Finish {
    Finish::Sent { answer: "250 ok".to_owned() }
}

pub(crate) fn step_refused<T: std::fmt::Debug>(answer: Stored<T>) -> String {
    match answer {
        Err(StoreError::Step(refusal)) => refusal.to_string(),
        other => panic!("{other:?}"),
    }
}
