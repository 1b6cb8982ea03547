//! What people and scripts see: the JSON of the interface, one struct each.
//!
//! Ids are texts, times RFC 3339 with the firm's offset, paths spelled as in the interface.

mod decisions;
mod invitations;
mod mails;

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

pub use decisions::{
    CompanyView, ConnectView, ConnectedAppView, DecidedView, DecisionsDiffView, HistoryView,
    ReaddressView, ReaddressedView, SwitchView, SwitchedView, TomlView,
};
pub use invitations::{InvitationEventView, InvitationView};

pub use mails::{LeftOutView, MailFileView, MailView, ReceivedView, TrayView};

/// A time with the firm's offset.
pub type LocalTime = DateTime<FixedOffset>;

/// `round`: of this round only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundView {
    /// Documents looked at, or known to be unchanged.
    pub observed: u64,
    /// First observed.
    pub deposited: u64,
    /// Deliveries queued.
    pub queued: u64,
    /// Taken by the mail server.
    pub sent: u64,
    /// Put off by the mail server, or the server is out of reach.
    pub deferred: u64,
    /// Refused for good.
    pub refused: u64,
    /// Held for a person.
    pub held: u64,
    /// Nobody knows.
    pub in_doubt: u64,
    /// Cancelled before they went.
    pub cancelled: u64,
    /// The same content again.
    pub duplicates: u64,
    /// Still being written.
    pub settling: u64,
    /// Milliseconds.
    pub elapsed_ms: u64,
    /// True: nothing was changed or sent.
    pub dry_run: bool,
    /// What would be sent (`--dry-run`), or was newly queued.
    pub documents: Vec<PlannedView>,
    /// What a person should know.
    pub problems: Vec<ProblemView>,
}

/// One document a round queued, or would queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedView {
    /// Slug.
    pub company: String,
    /// Path.
    pub path: String,
    /// App.
    pub app: String,
    /// State or verdict.
    pub state: String,
    /// Reason of `held`.
    pub reason: Option<String>,
    /// Recipient, when it goes.
    pub recipient: Option<String>,
    /// In words.
    pub because: String,
}

/// Something in the tree that a person should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemView {
    /// Slug, or the folder's name.
    pub company: String,
    /// Path, where it is about one.
    pub path: Option<String>,
    /// `unreadable`, `never_settling`, ….
    pub kind: String,
    /// In words, with the remedy.
    pub message: String,
}

/// `documents`: one row for each app connected now or ever, else one with `app` null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentView {
    /// Slug.
    pub company: String,
    /// Path.
    pub path: String,
    /// App.
    pub app: Option<String>,
    /// A delivery's state, or a verdict.
    pub state: String,
    /// Reason of `held`.
    pub reason: Option<String>,
    /// Delivery id.
    pub delivery: Option<String>,
    /// When it was first observed; null for the baseline.
    pub deposited_at: Option<LocalTime>,
    /// Each app that was owed it has it.
    pub validated: bool,
}

/// `why`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhyView {
    /// Slug.
    pub company: String,
    /// Path.
    pub path: String,
    /// One for each app.
    pub stories: Vec<StoryView>,
}

/// A document's story for one app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryView {
    /// App; null when none was ever connected.
    pub app: Option<String>,
    /// A delivery's state, or a verdict.
    pub state: String,
    /// In words: why it is so, and what can be done.
    pub because: String,
    /// Oldest first.
    pub events: Vec<EventView>,
}

/// One step of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    /// When; null where only the order is known.
    pub at: Option<LocalTime>,
    /// What.
    pub what: String,
    /// Why.
    pub because: String,
    /// The mail server's words.
    pub answer: Option<String>,
    /// The person who acted.
    pub by: Option<String>,
    /// The mail it came by, where that is what happened.
    #[serde(flatten)]
    pub received: Option<ReceivedView>,
}

/// `deliveries`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Id.
    pub id: String,
    /// Slug.
    pub company: String,
    /// Where the document is now.
    pub path: String,
    /// App.
    pub app: String,
    /// State.
    pub state: String,
    /// Reason of `held`.
    pub reason: Option<String>,
    /// Message-ID.
    pub message_id: String,
    /// The bot's address.
    pub sender: String,
    /// The tool's address.
    pub recipient: String,
    /// Lower-case hex.
    pub sha256: String,
    /// Bytes of the document.
    pub size: u64,
    /// Times a sender took it.
    pub attempts: u32,
    /// The mail server's last words.
    pub last_answer: Option<String>,
    /// Answers of the tool that a person has to read; `why` shows them.
    pub answers_to_read: usize,
    /// First queued.
    pub queued_at: LocalTime,
    /// Not before this, when queued or deferred.
    pub due_at: Option<LocalTime>,
    /// Sent to `redirect_to`.
    pub rehearsal: bool,
}

/// `retry`, `release`, `cancel`, `settle`, `resend`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActedView {
    /// How many were (or would be) changed.
    pub count: u64,
    /// Ids changed.
    pub changed: Vec<String>,
    /// Those that couldn't be, with the reason.
    pub refused: Vec<RefusedView>,
}

/// One delivery that an act didn't fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedView {
    /// Id.
    pub id: String,
    /// Why.
    pub because: String,
}

/// `backfill`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackfillView {
    /// Slug.
    pub company: String,
    /// App.
    pub app: String,
    /// Documents that go (or would go).
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Left out: sent already, or on their way.
    pub already: u64,
    /// Left out: not taken by the app.
    pub unsupported: u64,
    /// The first paths.
    pub sample: Vec<String>,
    /// True: they were deposited for it.
    pub confirmed: bool,
}

/// `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// Deliveries by state.
    pub counts: BTreeMap<String, u64>,
    /// Held ones by reason.
    pub held: BTreeMap<String, u64>,
    /// Null before the first.
    pub last_round: Option<LastRoundView>,
    /// When the service makes the next; null when none runs.
    pub next_round: Option<LocalTime>,
    /// Whether a service answered.
    pub service: bool,
    /// A rehearsal: every mail goes there.
    pub redirect_to: Option<String>,
    /// What is wrong now.
    pub alarms: Vec<AlarmView>,
    /// Unreadable, never settling….
    pub problems: Vec<ProblemView>,
    /// Documents that no profile takes, newest first.
    pub unsupported: Vec<DocumentView>,
    /// Documents still being written.
    pub settling: u64,
}

/// The last round in `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRoundView {
    /// Began.
    pub started_at: LocalTime,
    /// Ended.
    pub finished_at: LocalTime,
    /// First observed.
    pub deposited: u64,
    /// Taken by the mail server.
    pub sent: u64,
    /// Milliseconds.
    pub elapsed_ms: u64,
}

/// Something is wrong now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmView {
    /// `no_round`, `held`, `in_doubt`, `refused`, `put_off`, `company_held`, `folder_renamed`, ….
    pub kind: String,
    /// Since when, where known.
    pub since: Option<LocalTime>,
    /// In words, with the remedy.
    pub message: String,
}

/// `send-test`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendTestView {
    /// From.
    pub sender: String,
    /// To.
    pub recipient: String,
    /// `sent`, `deferred`, `refused`, `unreachable`, `in_doubt`.
    pub result: String,
    /// The mail server's words.
    pub answer: String,
}

/// `export`, `import`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportView {
    /// Where.
    pub file: String,
    /// Records.
    pub records: u64,
}

/// The tree, as `check` sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeView {
    /// Companies found.
    pub companies: u64,
    /// Mistakes of the tree.
    pub mistakes: Vec<ProblemView>,
}
