//! The ledger, in the robot's own words: whole transactions, one call and one answer each.
//!
//! Every write is durable when it returns `Ok`; [`StoreError::Unknown`] means that nobody knows
//! whether it is. Each write may be repeated with the same arguments. Reads may run beside
//! writes; what decides is compared inside the write (a company's `revision`, an `attempt`).

mod report;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::alarm::AlarmBook;
use crate::domain::company::{Company, CompanyHold, CompanyId, RootIdentity};
use crate::domain::decision::{Decision, Decisions, HistoryEntry};
use crate::domain::delivery::{Act, Delivery, DeliveryId, Finish, HeldReason, State, StepRefusal};
use crate::domain::deposit::{Cause, Content, Deposit, Fate, Verdict};
use crate::domain::directory::{DirectoryRecord, NameBytes, NameRecord, Names};
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::slug::Slug;
use crate::domain::template::Address;

pub use report::{Health, PROBLEMS_MAX, Problem, RolledExport, RoundReport};

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The company changed since `revision` was read: read again and repeat.
    #[error("the company was changed meanwhile")]
    Conflict,
    /// The delivery's state doesn't allow it.
    #[error("{0}")]
    Step(#[from] StepRefusal),
    /// The same content has another live delivery.
    #[error("the same document is already with delivery {0}")]
    Duplicate(DeliveryId),
    /// The app's limit is used up until then.
    #[error("the app's limit of mails is used up until {0}")]
    OverLimit(Timestamp),
    /// No such company, deposit or delivery.
    #[error("{0} is not in the ledger")]
    NotFound(String),
    /// A stored record that this version cannot read.
    #[error("the record `{key}` cannot be read: {problem}")]
    Unreadable {
        /// Its key.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// The disk failed in the middle: nobody knows whether the write is durable. The store takes
    /// no more writes until it is opened again.
    #[error("the store failed and must be opened again: {0}")]
    Unknown(String),
    /// An export that is damaged, or of another format.
    #[error("{0}")]
    Import(String),
}

/// The answer of a call.
pub type Stored<T> = Result<T, StoreError>;

/// Whose state it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateIdentity {
    /// Random, made once; an import keeps it. Names the state in the tree's claim, salts marks.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an export was last imported into it.
    pub imported_at: Option<Timestamp>,
}

/// A change of one company's tree: all of it durable, or nothing.
///
/// At most [`OBSERVATION_RECORDS_MAX`] names and deposits together; the pass cuts larger ones
/// and writes a directory's record (its stamp) only with its last names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// Directories to remember.
    pub directories: Vec<(TreePath, DirectoryRecord)>,
    /// Directories that are gone; their names are removed with them.
    pub forgotten: Vec<TreePath>,
    /// Names to remember (`Some`) or to free (`None`), by directory.
    pub names: Vec<(TreePath, NameChanges)>,
    /// Deposits to write; a number of 0 asks the store for the next one and writes it into the
    /// deposit and into the names that say [`DepositRef::New`] of its index.
    pub deposits: Vec<Deposit>,
    /// The company with what changed (`first_level`, `baseline`, `retake`, `after_import`,
    /// `root`); `None` leaves it. The store sets `revision`.
    pub company: Option<Company>,
}

/// Names of one directory to remember (`Some`) or to free (`None`).
pub type NameChanges = Vec<(NameBytes, Option<NameChange>)>;

/// One name to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameChange {
    /// Its record; `deposit` is overruled by the other field unless that is `Keep`.
    pub record: NameRecord,
    /// The deposit behind it.
    pub deposit: DepositRef,
}

/// Which deposit stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepositRef {
    /// What the record says.
    Keep,
    /// The deposit at this index of [`Observation::deposits`].
    New(usize),
}

/// The most names and deposits of one [`Observation`] (larger sled transactions grow without
/// bound: 9.5 GB at 2,000 records).
pub const OBSERVATION_RECORDS_MAX: usize = 128;

/// A delivery to be made for one app of a deposit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The app.
    pub app: AppId,
    /// By whose decision.
    pub cause: Cause,
    /// The same in words, for the story: times as the firm reads them.
    #[serde(default = "deposited")]
    pub cause_in_words: String,
    /// The state it starts in; the store holds it as `flood` when the company and app have used
    /// up their hour, and cancels it when its switch is not on any more.
    pub fate: Fate,
    /// In words, why it is held, where it is.
    pub because: String,
    /// Envelope and header sender.
    pub sender: Address,
    /// Recipient.
    pub recipient: Address,
    /// Which of the tool's inboxes it is for.
    pub inbox: Option<String>,
    /// See [`Delivery::rehearsal`].
    pub rehearsal: bool,
    /// The part of the Message-ID behind the `@`.
    pub message_id_domain: String,
    /// The same content may go again (`duplicates = "send"`, or a person asked).
    pub duplicates_allowed: bool,
    /// Deliveries of one company and app an hour; 0: no limit.
    pub flood_per_hour_max: u32,
}

/// The cause of a candidate that was written down without its words.
fn deposited() -> String {
    "deposited".to_owned()
}

/// What may be claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimRules {
    /// The server it all goes through; nothing is claimed while it is put off, and one delivery
    /// at a time is when the pause has just ended. The same goes for each app's destination.
    pub destination: String,
    /// Apps that may send, with their mails an hour and a day (0: no limit).
    pub rates: BTreeMap<AppId, Rate>,
}

/// An app's limits; 0: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Mails in any hour.
    pub per_hour_max: u32,
    /// Mails in any day.
    pub per_day_max: u32,
}

/// How the destinations of tools behind the mail server begin.
pub const APP_DESTINATION: &str = "app:";

/// How the destination of a tool behind the mail server is called: it can be put off by itself.
pub fn app_destination(app: &AppId) -> String {
    format!("{APP_DESTINATION}{app}")
}

/// A server that cannot be used just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// `smtp:host:port`, or `app:quickbooks`.
    pub destination: String,
    /// Since when.
    pub since: Timestamp,
    /// Not before this.
    pub until: Timestamp,
    /// How many times in a row it failed.
    pub failures: u32,
    /// What it said last.
    pub answer: String,
}

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeliveryFilter {
    /// Any of these; empty: all.
    pub states: Vec<State>,
    /// Of this company.
    pub company: Option<CompanyId>,
    /// To this app.
    pub app: Option<AppId>,
    /// Held for this reason.
    pub reason: Option<HeldReason>,
}

/// A mark to be set on a document or taken away.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkWork {
    /// Which of the document's changes asks for it: [`Store::marked`] leaves a later one.
    pub change: u64,
    /// The document.
    pub deposit: Deposit,
    /// The deliveries its verdicts name.
    pub deliveries: Vec<Delivery>,
}

/// The ledger.
#[async_trait::async_trait]
pub trait Store:
    super::mails::MailLedger + super::invitations::InvitationLedger + super::collected::CollectionLedger
{
    /// Whose state it is.
    async fn identity(&self) -> Stored<StateIdentity>;
    /// The name under which this very state claims its tree: begins with its id, and on disk goes
    /// on with what a copy of it hasn't.
    async fn claimant(&self) -> Stored<String>;
    /// At the start of the only process: what was `sending` is in doubt, leases are void, no
    /// round is running. Answers the deliveries now in doubt.
    async fn recover(&self, now: Timestamp) -> Stored<Vec<DeliveryId>>;

    // Companies and decisions.

    /// All companies that have, or had, a connection, by id.
    async fn companies(&self) -> Stored<Vec<Company>>;
    /// Makes a company known; answers the one that has this folder if there is one.
    async fn found(
        &self,
        folder: TreePath,
        slug: Slug,
        name: String,
        root: RootIdentity,
    ) -> Stored<Company>;
    /// Holds a company or ends its hold; the same hold twice keeps the first `since`.
    async fn hold(&self, company: CompanyId, hold: Option<CompanyHold>) -> Stored<Company>;
    /// Gives a company that was renamed its new folder, or a new root that a person accepted
    /// (which sets `retake`), with a line in the history.
    async fn relocate(
        &self,
        company: CompanyId,
        folder: TreePath,
        root: RootIdentity,
        retake: bool,
        entry: HistoryEntry,
    ) -> Stored<Company>;
    /// All decisions of a company.
    async fn decisions(&self, company: CompanyId) -> Stored<Decisions>;
    /// One decision with all its consequences, if the company is still at `revision`:
    /// what no ruling covers any more is cancelled (queued, deferred, held deliveries, and the
    /// `Due` verdicts of unsettled deposits get [`Fate::Cancel`]); `Renamed` holds what is queued
    /// at both places (`folder_renamed`), `Follow` and `Stay` release it at the place that stays
    /// covered and cancel it at the other. `Disconnect` ends all switches of the app and cancels
    /// its back-fills too. Answers the deliveries that were cancelled.
    async fn decide(
        &self,
        company: CompanyId,
        revision: u64,
        decision: Decision,
        entry: HistoryEntry,
    ) -> Stored<Vec<DeliveryId>>;
    /// Cancels everything of an app that the configuration turned off; answers how many.
    async fn turn_app_off(&self, app: &AppId, because: &str, now: Timestamp) -> Stored<u64>;
    /// The history, newest first, of one company or of all.
    async fn history(&self, company: Option<CompanyId>, limit: usize) -> Stored<Vec<HistoryEntry>>;

    // The tree.

    /// All directories known of a company.
    async fn directories(&self, company: CompanyId) -> Stored<Vec<(TreePath, DirectoryRecord)>>;
    /// The names known of one directory.
    async fn names(&self, company: CompanyId, directory: &TreePath) -> Stored<Names>;
    /// The names known of a whole company, by directory.
    async fn all_names(&self, company: CompanyId) -> Stored<BTreeMap<TreePath, Names>>;
    /// One change of the tree, if the company is still at `revision`. Answers the numbers of its
    /// deposits, in their order, and the new revision.
    async fn observe(
        &self,
        company: CompanyId,
        revision: u64,
        observation: Observation,
    ) -> Stored<(Vec<u64>, u64)>;

    // Deposits.

    /// One deposit.
    async fn deposit(&self, number: u64) -> Stored<Option<Deposit>>;
    /// The deposits that are or were at this path of a company, newest first.
    async fn deposits_at(&self, company: CompanyId, path: &TreePath) -> Stored<Vec<Deposit>>;
    /// All deposits of a company, oldest first.
    async fn deposits(&self, company: CompanyId) -> Stored<Vec<Deposit>>;
    /// Settled deposits with a verdict that is due, oldest first.
    async fn to_queue(&self, company: CompanyId, limit: usize) -> Stored<Vec<Deposit>>;
    /// Deposits with a verdict that is due but not settled yet.
    async fn settling(&self, company: CompanyId) -> Stored<Vec<Deposit>>;
    /// Newest deposits with an `unsupported` verdict.
    async fn unsupported(&self, limit: usize) -> Stored<Vec<Deposit>>;
    /// Turns the due verdicts of a deposit into deliveries, in one transaction: its content, the
    /// content claims, the flood count, the verdicts. A verdict that is not due any more is left
    /// (so the call can be repeated). A replaced document whose content is that of the earlier
    /// deposit takes over its verdicts. `proof`: the document bears our own mark for this very
    /// content: its deliveries begin as sent (proven by the mark). Answers the verdicts.
    async fn queue(
        &self,
        deposit: u64,
        content: Content,
        candidates: Vec<Candidate>,
        proof: Option<String>,
        now: Timestamp,
    ) -> Stored<BTreeMap<AppId, Verdict>>;

    // Deliveries.

    /// One delivery.
    async fn delivery(&self, id: DeliveryId) -> Stored<Option<Delivery>>;
    /// Deliveries by id, after `after`, at most `limit`.
    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Stored<Vec<Delivery>>;
    /// How many there are in each state.
    async fn counts(&self) -> Stored<BTreeMap<State, u64>>;
    /// How many there are in one state.
    async fn count(&self, state: State) -> Stored<u64>;
    /// How many are held, by reason.
    async fn held_counts(&self) -> Stored<BTreeMap<HeldReason, u64>>;
    /// Claims up to `limit` due deliveries for senders, oldest due first: leased, attempt
    /// counted. Those of held companies and of apps over their limit are passed over. One whose
    /// connection was re-addressed since it was queued goes to the new address (and no rehearsal
    /// does): new recipient, Message-ID and content claim.
    async fn claim(
        &self,
        rules: &ClaimRules,
        limit: usize,
        now: Timestamp,
    ) -> Stored<Vec<Delivery>>;
    /// When the next delivery could be claimed; none when nothing waits.
    async fn next_due(&self, rules: &ClaimRules, now: Timestamp) -> Stored<Option<Timestamp>>;
    /// The mark just before the final dot: counts the mail for its app's limits and makes
    /// `sending` durable, if it is still this attempt, its company is not held, its app may send
    /// and its switch is on.
    async fn dot(&self, id: DeliveryId, attempt: u32, rate: Rate, now: Timestamp) -> Stored<()>;
    /// What became of an attempt. A refusal promotes the duplicate that waited longest.
    async fn finish(
        &self,
        id: DeliveryId,
        attempt: u32,
        finish: Finish,
        now: Timestamp,
    ) -> Stored<Delivery>;
    /// What a person does. Queuing needs the content's claim ([`StoreError::Duplicate`]); a
    /// cancellation promotes the duplicate that waited longest.
    async fn act(&self, id: DeliveryId, act: Act, by: &str, now: Timestamp) -> Stored<Delivery>;
    /// Holds a delivery that is queued or deferred (another file stands behind its name, …).
    async fn hold_delivery(
        &self,
        id: DeliveryId,
        reason: HeldReason,
        because: &str,
        now: Timestamp,
    ) -> Stored<Delivery>;
    /// Proof came that the tool's server has a delivery that is held or in doubt; `by` says which.
    async fn prove(&self, id: DeliveryId, by: &str, now: Timestamp) -> Stored<Delivery>;
    /// Puts a server off, or (`None`) says that it works again.
    async fn put_off(&self, destination: &str, put_off: Option<PutOff>) -> Stored<()>;
    /// The servers put off now.
    async fn put_offs(&self) -> Stored<Vec<PutOff>>;

    // Marks.

    /// Documents whose mark may have to change, oldest first.
    async fn marks(&self, limit: usize) -> Stored<Vec<MarkWork>>;
    /// The mark of a document is as `work` wanted it (or can't be). A change that came meanwhile
    /// keeps it among [`Store::marks`].
    async fn marked(&self, work: &MarkWork) -> Stored<()>;

    // Rounds.

    /// Keeps the report of a round.
    async fn keep_round(&self, report: &RoundReport) -> Stored<()>;
    /// The last round.
    async fn last_round(&self) -> Stored<Option<RoundReport>>;

    // Alarms.

    /// What is wrong, as it was last kept, and what the firm was told of it.
    async fn alarm_book(&self) -> Stored<AlarmBook>;
    /// Keeps the book of alarms.
    async fn keep_alarm_book(&self, book: &AlarmBook) -> Stored<()>;

    // The whole state.

    /// A copy in memory, for a rehearsal that must change nothing.
    async fn fork(&self) -> Stored<std::sync::Arc<dyn Store>>;
    /// Writes everything to a new file: checksummed, durable, renamed into place.
    async fn export(&self, file: &Path) -> Stored<u64>;
    /// Replaces everything by an export that was checked first. It may be older than the world:
    /// every company is then `after_import`, what was on its way is held (`after_import`), what
    /// was at its final dot is in doubt. Answers the number of records.
    async fn import(&self, file: &Path, now: Timestamp) -> Stored<u64>;
    /// One more export into a folder of exports, named after its time; then the oldest of this
    /// state's beyond `keep` are removed. Files that bear no name of ours are left alone.
    async fn roll_export(&self, folder: &Path, keep: usize, now: Timestamp)
    -> Stored<RolledExport>;
    /// When the newest of this state's exports in a folder was written.
    async fn last_export(&self, folder: &Path) -> Stored<Option<Timestamp>>;
    /// How the store is.
    async fn health(&self) -> Stored<Health>;
}
