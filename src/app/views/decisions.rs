//! Views of what the firm decided: companies, connections, switches, history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LocalTime;

/// `companies`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompanyView {
    /// Slug; empty where the name gives none.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Folder below the root.
    pub folder: String,
    /// Collection address; empty without a slug.
    pub collection: String,
    /// Connected apps.
    pub apps: Vec<ConnectedAppView>,
    /// Why it is held as a whole.
    pub held: Option<String>,
}

/// A connected app of a company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectedAppView {
    /// App.
    pub app: String,
    /// The bot's address.
    pub sender: String,
    /// The tool's address; null where each inbox has its own.
    pub recipient: Option<String>,
    /// The inbox named at the connection.
    pub inbox: Option<String>,
    /// Addresses by inbox.
    pub inboxes: BTreeMap<String, String>,
    /// Whether the bot is a user there: `pending`, `verified` (its invitation comes from the
    /// tool), `active`. Sending doesn't wait for it.
    pub state: String,
}

/// `connect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectView {
    /// Slug.
    pub company: String,
    /// What is connected now.
    pub connection: ConnectedAppView,
    /// What to do on the tool's side, with this company's addresses.
    pub steps: Vec<String>,
    /// What isn't known for certain of this tool.
    pub uncertain: Vec<String>,
    /// False: it was connected so already.
    pub changed: bool,
    /// Documents that were there before and stay.
    pub documents_before: u64,
}

/// `disconnect`, `switch follow|stay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedView {
    /// Slug.
    pub company: String,
    /// What was decided, in words.
    pub what: String,
    /// False: it was so already.
    pub changed: bool,
    /// Deliveries that were cancelled by it.
    pub cancelled: Vec<String>,
}

/// `readdress`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReaddressView {
    /// App.
    pub app: String,
    /// How many connections change.
    pub count: u64,
    /// Each.
    pub companies: Vec<ReaddressedView>,
}

/// One re-addressed connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReaddressedView {
    /// Slug.
    pub company: String,
    /// Before.
    pub from: Option<String>,
    /// After.
    pub to: String,
}

/// `switch on|off|clear`, with `--preview` too: one for each company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SwitchedView {
    /// Slug.
    pub company: String,
    /// Folder.
    pub folder: String,
    /// App.
    pub app: String,
    /// Whether the folder is on for the app now (or would be).
    pub on: bool,
    /// False: it was so already, by itself or by inheritance.
    pub changed: bool,
    /// The folder whose decision rules here.
    pub ruled_by: Option<String>,
    /// True: nothing was changed.
    pub preview: bool,
    /// Documents in the folder now: they were there before and stay.
    pub documents_before: u64,
    /// Sub-folders covered.
    pub folders_covered: u64,
    /// Sub-folders with a decision of their own.
    pub exceptions: Vec<SwitchView>,
    /// Documents being written just now: they were there before.
    pub being_written: Vec<String>,
    /// Deliveries that were cancelled by it.
    pub cancelled: Vec<String>,
    /// Outside the recommended folders, a folder that doesn't exist yet, ….
    pub warnings: Vec<String>,
}

/// `switch list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SwitchView {
    /// Slug.
    pub company: String,
    /// Folder.
    pub folder: String,
    /// App.
    pub app: String,
    /// On, or an exception.
    pub on: bool,
    /// When it was turned.
    pub activated_at: LocalTime,
    /// By whom.
    pub by: String,
    /// Which address of the tool.
    pub inbox: Option<String>,
    /// Where its folder was renamed to, until `switch follow` or `switch stay`.
    pub renamed_to: Option<String>,
    /// Whether the folder is there.
    pub exists: bool,
}

/// `history`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryView {
    /// When.
    pub at: LocalTime,
    /// Who.
    pub by: String,
    /// What.
    pub what: String,
    /// Slug.
    pub company: Option<String>,
    /// Folder.
    pub folder: Option<String>,
    /// App.
    pub app: Option<String>,
    /// More, in words.
    pub detail: String,
}

/// `decisions export`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TomlView {
    /// The text.
    pub toml: String,
}

/// `decisions diff|import`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionsDiffView {
    /// How many decisions change.
    pub count: u64,
    /// Each, in words.
    pub changes: Vec<String>,
    /// True: they were made.
    pub imported: bool,
}
