//! `ports::store::Store` for the ledger: each method is one request, or one batch after another.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use sha2::{Digest as _, Sha256};

use crate::domain::Timestamp;
use crate::domain::alarm::AlarmBook;
use crate::domain::company::{Company, CompanyHold, CompanyId, RootIdentity};
use crate::domain::decision::{Decision, Decisions, HistoryEntry};
use crate::domain::delivery::{Act, Delivery, DeliveryId, Finish, HeldReason, State, Step};
use crate::domain::deposit::{Content, Deposit, Verdict};
use crate::domain::directory::{DirectoryRecord, Names};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::slug::Slug;
use crate::ports::store::{
    Candidate, ClaimRules, DeliveryFilter, Health, MarkWork, Observation, PutOff, Rate,
    RolledExport, RoundReport, StateIdentity, Store, StoreError, Stored,
};

use super::consequences::Swept;
use super::deliveries::Promotion;
use super::ledger::Ledger;
use super::{
    companies, consequences, decisions, deliveries, deposits, export, exports, import, keys, marks,
    queueing, sending, tree,
};

impl Ledger {
    /// Draws the consequences that were begun for one app of a company, to their end.
    async fn sweep(&self, company: CompanyId, app: &AppId, mut all: Swept) -> Stored<Swept> {
        while !all.done {
            let app = app.clone();
            let swept =
                self.engine.write(move |ledger| consequences::go_on(ledger, company, &app)).await?;
            all.cancelled.extend(swept.cancelled);
            all.withdrawn += swept.withdrawn;
            all.done = swept.done;
        }
        Ok(all)
    }

    async fn change(&self, id: DeliveryId, step: Step, now: Timestamp) -> Stored<Delivery> {
        self.engine
            .write(move |ledger| {
                deliveries::change(ledger, id, &step, now, Promotion::LongestWaiting)
            })
            .await
    }
}

/// Digits of the state's name in a claim: 128 bits.
const CLAIM_DIGITS: usize = 32;

#[async_trait]
impl Store for Ledger {
    async fn identity(&self) -> Stored<StateIdentity> {
        let what = "the state's identity".to_owned();
        self.engine.read(|ledger| ledger.find(keys::IDENTITY, what)).await
    }

    async fn claimant(&self) -> Stored<String> {
        // R5: who reads the claim must not be able to work out what a mark says, so the state's
        // id itself stays here.
        let id = self.identity().await?.id;
        let digest = Sha256::digest(format!("facteur claim {id}").as_bytes());
        let name: String = hex::encode(digest).chars().take(CLAIM_DIGITS).collect();
        Ok(self.place.as_ref().map_or(name.clone(), |place| format!("{name} {place}")))
    }

    async fn recover(&self, now: Timestamp) -> Stored<Vec<DeliveryId>> {
        for (company, app) in self.engine.read(consequences::unfinished).await? {
            self.sweep(company, &app, Swept::default()).await?;
        }
        let mut doubtful = Vec::new();
        loop {
            let step = self.engine.write(move |ledger| sending::recover(ledger, now)).await?;
            doubtful.extend(step.0);
            if !step.1 {
                doubtful.sort_unstable();
                return Ok(doubtful);
            }
        }
    }

    async fn companies(&self) -> Stored<Vec<Company>> {
        self.engine.read(companies::all).await
    }

    async fn found(
        &self,
        folder: TreePath,
        slug: Slug,
        name: String,
        root: RootIdentity,
    ) -> Stored<Company> {
        self.engine.write(move |ledger| companies::found(ledger, folder, slug, name, root)).await
    }

    async fn hold(&self, company: CompanyId, hold: Option<CompanyHold>) -> Stored<Company> {
        self.engine.write(move |ledger| companies::hold(ledger, company, hold)).await
    }

    async fn relocate(
        &self,
        company: CompanyId,
        folder: TreePath,
        root: RootIdentity,
        retake: bool,
        entry: HistoryEntry,
    ) -> Stored<Company> {
        self.engine
            .write(move |ledger| companies::relocate(ledger, company, folder, root, retake, &entry))
            .await
    }

    async fn decisions(&self, company: CompanyId) -> Stored<Decisions> {
        self.engine.read(move |ledger| decisions::load(ledger, company)).await
    }

    async fn decide(
        &self,
        company: CompanyId,
        revision: u64,
        decision: Decision,
        entry: HistoryEntry,
    ) -> Stored<Vec<DeliveryId>> {
        let begun = self
            .engine
            .write(move |ledger| decisions::decide(ledger, company, revision, decision, &entry))
            .await?;
        match begun {
            Some((app, swept)) => Ok(self.sweep(company, &app, swept).await?.cancelled),
            None => Ok(Vec::new()),
        }
    }

    async fn turn_app_off(&self, app: &AppId, because: &str, now: Timestamp) -> Stored<u64> {
        let mut count = 0;
        for company in self.companies().await? {
            let (own, because) = (app.clone(), because.to_owned());
            let begun = self
                .engine
                .write(move |ledger| {
                    consequences::begin_app_off(ledger, company.id, &own, &because, now)
                })
                .await?;
            let swept = self.sweep(company.id, app, begun).await?;
            count += swept.cancelled.len() as u64 + swept.withdrawn;
        }
        Ok(count)
    }

    async fn history(&self, company: Option<CompanyId>, limit: usize) -> Stored<Vec<HistoryEntry>> {
        self.engine.read(move |ledger| decisions::history(ledger, company, limit)).await
    }

    async fn directories(&self, company: CompanyId) -> Stored<Vec<(TreePath, DirectoryRecord)>> {
        self.engine.read(move |ledger| tree::directories(ledger, company)).await
    }

    async fn names(&self, company: CompanyId, directory: &TreePath) -> Stored<Names> {
        let directory = directory.clone();
        self.engine.read(move |ledger| tree::names(ledger, company, &directory)).await
    }

    async fn all_names(&self, company: CompanyId) -> Stored<BTreeMap<TreePath, Names>> {
        self.engine.read(move |ledger| tree::all_names(ledger, company)).await
    }

    async fn observe(
        &self,
        company: CompanyId,
        revision: u64,
        observation: Observation,
    ) -> Stored<(Vec<u64>, u64)> {
        tree::assert_size(&observation);
        self.engine.write(move |ledger| tree::observe(ledger, company, revision, observation)).await
    }

    async fn deposit(&self, number: u64) -> Stored<Option<Deposit>> {
        self.engine.read(move |ledger| ledger.get(&keys::deposit(number))).await
    }

    async fn deposits_at(&self, company: CompanyId, path: &TreePath) -> Stored<Vec<Deposit>> {
        let path = path.clone();
        self.engine.read(move |ledger| deposits::at(ledger, company, &path)).await
    }

    async fn deposits(&self, company: CompanyId) -> Stored<Vec<Deposit>> {
        self.engine.read(move |ledger| deposits::of_company(ledger, company)).await
    }

    async fn to_queue(&self, company: CompanyId, limit: usize) -> Stored<Vec<Deposit>> {
        self.engine.read(move |ledger| deposits::ready(ledger, company, limit)).await
    }

    async fn settling(&self, company: CompanyId) -> Stored<Vec<Deposit>> {
        self.engine.read(move |ledger| deposits::settling(ledger, company)).await
    }

    async fn unsupported(&self, limit: usize) -> Stored<Vec<Deposit>> {
        self.engine.read(move |ledger| deposits::unsupported(ledger, limit)).await
    }

    async fn queue(
        &self,
        deposit: u64,
        content: Content,
        candidates: Vec<Candidate>,
        proof: Option<String>,
        now: Timestamp,
    ) -> Stored<BTreeMap<AppId, Verdict>> {
        self.engine
            .write(move |ledger| {
                queueing::queue(ledger, deposit, content, candidates, proof.as_deref(), now)
            })
            .await
    }

    async fn delivery(&self, id: DeliveryId) -> Stored<Option<Delivery>> {
        self.engine.read(move |ledger| ledger.get(&keys::delivery(id))).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Stored<Vec<Delivery>> {
        let filter = filter.clone();
        self.engine.read(move |ledger| deliveries::list(ledger, &filter, after, limit)).await
    }

    async fn counts(&self) -> Stored<BTreeMap<State, u64>> {
        self.engine.read(deliveries::counts).await
    }

    async fn count(&self, state: State) -> Stored<u64> {
        self.engine.read(move |ledger| ledger.count(&keys::state(state))).await
    }

    async fn held_counts(&self) -> Stored<BTreeMap<HeldReason, u64>> {
        self.engine.read(deliveries::held_counts).await
    }

    async fn claim(
        &self,
        rules: &ClaimRules,
        limit: usize,
        now: Timestamp,
    ) -> Stored<Vec<Delivery>> {
        let rules = rules.clone();
        self.engine.write(move |ledger| sending::claim(ledger, &rules, limit, now)).await
    }

    async fn next_due(&self, rules: &ClaimRules, now: Timestamp) -> Stored<Option<Timestamp>> {
        let rules = rules.clone();
        self.engine.read(move |ledger| sending::next_due(ledger, &rules, now)).await
    }

    async fn dot(&self, id: DeliveryId, attempt: u32, rate: Rate, now: Timestamp) -> Stored<()> {
        self.engine.write(move |ledger| sending::dot(ledger, id, attempt, rate, now)).await
    }

    async fn finish(
        &self,
        id: DeliveryId,
        attempt: u32,
        finish: Finish,
        now: Timestamp,
    ) -> Stored<Delivery> {
        self.change(id, Step::Finish { attempt, finish }, now).await
    }

    async fn act(&self, id: DeliveryId, act: Act, by: &str, now: Timestamp) -> Stored<Delivery> {
        let by = by.to_owned();
        self.engine.write(move |ledger| deliveries::act(ledger, id, act, &by, now)).await
    }

    async fn hold_delivery(
        &self,
        id: DeliveryId,
        reason: HeldReason,
        because: &str,
        now: Timestamp,
    ) -> Stored<Delivery> {
        self.change(id, Step::Hold { reason, because: because.to_owned() }, now).await
    }

    async fn prove(&self, id: DeliveryId, by: &str, now: Timestamp) -> Stored<Delivery> {
        self.change(id, Step::Proven { by: by.to_owned() }, now).await
    }

    async fn put_off(&self, destination: &str, put_off: Option<PutOff>) -> Stored<()> {
        let destination = destination.to_owned();
        self.engine
            .write(move |ledger| sending::put_off(ledger, &destination, put_off.as_ref()))
            .await
    }

    async fn put_offs(&self) -> Stored<Vec<PutOff>> {
        self.engine.read(sending::put_offs).await
    }

    async fn marks(&self, limit: usize) -> Stored<Vec<MarkWork>> {
        self.engine.read(move |ledger| marks::wanted(ledger, limit)).await
    }

    async fn marked(&self, work: &MarkWork) -> Stored<()> {
        let (deposit, change) = (work.deposit.number, work.change);
        self.engine.write(move |ledger| marks::marked(ledger, deposit, change)).await
    }

    async fn keep_round(&self, report: &RoundReport) -> Stored<()> {
        let report = report.clone();
        self.engine
            .write(move |ledger| {
                ledger.put(keys::ROUND.to_owned(), &report);
                Ok(())
            })
            .await
    }

    async fn last_round(&self) -> Stored<Option<RoundReport>> {
        self.engine.read(|ledger| ledger.get(keys::ROUND)).await
    }

    async fn alarm_book(&self) -> Stored<AlarmBook> {
        Ok(self.engine.read(|ledger| ledger.get(keys::ALARMS)).await?.unwrap_or_default())
    }

    async fn keep_alarm_book(&self, book: &AlarmBook) -> Stored<()> {
        let book = book.clone();
        self.engine
            .write(move |ledger| {
                ledger.put(keys::ALARMS.to_owned(), &book);
                Ok(())
            })
            .await
    }

    async fn fork(&self) -> Stored<Arc<dyn Store>> {
        Ok(Arc::new(self.copy().await?))
    }

    async fn export(&self, file: &Path) -> Stored<u64> {
        let file = file.to_owned();
        self.engine.view(move |kv, _| export::write(kv, &file)).await
    }

    async fn import(&self, file: &Path, now: Timestamp) -> Stored<u64> {
        let file = file.to_owned();
        self.engine.exclusive(move |kv, unreadable| import::read(kv, unreadable, &file, now)).await
    }

    async fn roll_export(
        &self,
        folder: &Path,
        keep: usize,
        now: Timestamp,
    ) -> Stored<RolledExport> {
        let (folder, id) = (folder.to_owned(), self.identity().await?.id);
        self.engine.view(move |kv, _| exports::roll(kv, &folder, &id, keep, now)).await
    }

    async fn last_export(&self, folder: &Path) -> Stored<Option<Timestamp>> {
        let (folder, id) = (folder.to_owned(), self.identity().await?.id);
        let newest = tokio::task::spawn_blocking(move || exports::newest(&folder, Some(&id))).await;
        let newest = newest.map_err(|died| StoreError::Unknown(died.to_string()))?;
        Ok(newest?.map(|found| found.at))
    }

    async fn health(&self) -> Stored<Health> {
        let core = self.engine.core();
        let (disk_bytes, free_bytes, unreadable) = core.condition();
        Ok(Health { writable: core.is_open(), disk_bytes, free_bytes, unreadable })
    }
}
