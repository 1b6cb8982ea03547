//! The configuration as meant: checked once, never doubted again.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use chrono::TimeDelta;

use super::complaint::Complaint;
use super::login::Login;
use crate::domain::limits::Retry;
use crate::domain::mail::filing::FilingTemplate;
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, FolderPattern, Profile};
use crate::domain::slug::Slug;
use crate::domain::template::{Address, AddressTemplate};

pub use crate::domain::mail::senders::{KnownSender, Senders};

/// routes.toml, checked. Paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it came from.
    pub file: PathBuf,
    /// `[firm]`.
    pub firm: Firm,
    /// `[documents]`.
    pub documents: Documents,
    /// `[state]`.
    pub state: StateConfig,
    /// `[robot]`.
    pub robot: RobotConfig,
    /// `[mail]`.
    pub mail: MailConfig,
    /// `[alarms]`.
    pub alarms: AlarmsConfig,
    /// `[log] format`.
    pub log_format: LogFormat,
    /// `[apps.*]` with their profiles, the disabled ones too.
    pub apps: BTreeMap<AppId, Profile>,
    /// `[[companies]]`.
    pub companies: Vec<CompanyOverride>,
    /// `[[mailboxes]]`.
    pub mailboxes: Vec<MailboxConfig>,
    /// `[collection]`.
    pub collection: CollectionConfig,
    /// What is allowed and probably not meant, in the order it was read.
    pub warnings: Vec<Complaint>,
}

/// Who the firm is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firm {
    /// Its name.
    pub name: String,
    /// Its mail domain.
    pub domain: String,
    /// For schedules and dates.
    pub time_zone: chrono_tz::Tz,
    /// The collection address of a company.
    pub collection: AddressTemplate,
    /// The display name of what leaves.
    pub bot_name: String,
}

/// Where the documents are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// `root/<company folder>/<folders…>/<documents>`.
    pub root: PathBuf,
    /// Names that are no documents and no folders to look into.
    pub ignore: Vec<String>,
}

/// Where the state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateConfig {
    /// The store, its lock and the control socket.
    pub directory: PathBuf,
    /// The group that may use the control socket.
    pub socket_group: Option<String>,
    /// The rolling export.
    pub export: Option<ExportConfig>,
    /// With fewer bytes left on its disk, nothing new is taken in; 0: never.
    pub free_bytes_min: u64,
}

/// The rolling export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportConfig {
    /// Where to.
    pub directory: PathBuf,
    /// How often.
    pub every: TimeDelta,
    /// How many are kept.
    pub keep: usize,
}

/// How rounds are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotConfig {
    /// When.
    pub schedule: Schedule,
    /// How long a file must stand still.
    pub settle: TimeDelta,
    /// Folders with another settle time; the first that matches rules.
    pub settle_for: Vec<(FolderPattern, TimeDelta)>,
    /// More deliveries of one company and app in an hour than this are held; 0: never.
    pub flood_per_hour_max: u32,
    /// Use the kernel's notifications as a hint.
    pub watch: bool,
}

impl RobotConfig {
    /// The settle time of the documents of one folder.
    pub fn settle_of(&self, folder: &TreePath) -> TimeDelta {
        let special = self.settle_for.iter().find(|(pattern, _)| pattern.covers(folder));
        special.map_or(self.settle, |(_, settle)| *settle)
    }
}

/// When rounds are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// A cron expression, seconds first, in the firm's time zone.
    Cron(Box<cron::Schedule>),
    /// At once when something is deposited (and every 15 minutes all the same).
    OnDeposit,
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// The way.
    pub transport: TransportConfig,
    /// A rehearsal: every mail goes there instead.
    pub redirect_to: Option<Address>,
    /// How deferred deliveries are tried again.
    pub retry: Retry,
    /// The second recipient of each delivery, in the envelope alone: proof that it left.
    pub witness: Option<Address>,
    /// How long a delivery in doubt waits for proof before its app's policy rules.
    pub proof_within: TimeDelta,
}

/// The way mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportConfig {
    /// Each mail a file in this folder.
    Outbox(PathBuf),
    /// A mail server.
    Smtp(SmtpConfig),
}

/// The firm's mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    /// Its name; also what its certificate must be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Certificates (PEM) trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whom to log in as; none: no AUTH.
    pub login: Option<Login>,
    /// Connections at once.
    pub connections: usize,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS, required.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Nothing; to this machine only.
    None,
}

/// A mailbox that the robot reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxConfig {
    /// What it is called; where mails to it go.
    pub address: Address,
    /// What it is for.
    pub role: MailboxRole,
    /// Its server's name; also what its certificate must be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Certificates (PEM) trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whom to log in as.
    pub login: Login,
    /// The folder that is read.
    pub folder: String,
    /// How often it is looked at, besides what the server says by itself.
    pub poll: TimeDelta,
    /// What becomes of a mail on the server once it was dealt with.
    pub after: AfterReading,
    /// Not read for longer than this: an alarm.
    pub silent_after: TimeDelta,
}

impl MailboxConfig {
    /// What it is called in the ledger and to people: the address, and the folder beside it where
    /// that is another than the usual one.
    pub fn name(&self) -> String {
        if self.folder.eq_ignore_ascii_case("INBOX") {
            self.address.to_string()
        } else {
            format!("{} ({})", self.address, self.folder)
        }
    }
}

/// What a mailbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxRole {
    /// The answers to what the bot sent.
    Bot,
    /// What clients and suppliers send, to be filed.
    Collection,
    /// What the server keeps of all that was sent: proof.
    Sent,
}

/// What becomes of a mail on the server once it was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterReading {
    /// Nothing.
    Leave,
    /// It is flagged.
    Flag,
    /// It is moved to this folder.
    Move(String),
}

/// A password: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Who is told that something needs a person, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmsConfig {
    /// Nobody is told by mail when there are none.
    pub recipients: Vec<Address>,
    /// Both `From` and the envelope sender.
    pub sender: Address,
    /// A mail server of their own; none: alarms go the way of all mail.
    pub server: Option<SmtpConfig>,
    /// Whether a company that used to deposit and stopped is an alarm.
    pub silent_companies: bool,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A company that differs from the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyOverride {
    /// Its folder below the root.
    pub folder: TreePath,
    /// Its slug, where it isn't the folder's.
    pub slug: Option<Slug>,
    /// Its name, where it isn't the folder's.
    pub name: Option<String>,
    /// False: this folder is no company.
    pub enabled: bool,
    /// How its collected mails are filed, where that differs.
    pub collection: CollectionOverride,
}

/// How mails of a collection mailbox become documents, for companies without an override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionConfig {
    /// The folder below the company's folder that takes what comes by mail.
    pub inbox: TreePath,
    /// Where in the company's folder a file goes: `{inbox}/{year}/{month}`, of its reception.
    pub file_in: FilingTemplate,
    /// Who may send.
    pub senders: Senders,
    /// The known senders, of every company.
    pub known_senders: Vec<KnownSender>,
    /// Servers of the firm's own whose `Authentication-Results` are believed (RFC 8601 §2.2).
    pub trusted_servers: Vec<String>,
    /// Whether a sender gets an acknowledgement.
    pub acknowledge: bool,
    /// Bytes of a mail; a larger one is put aside.
    pub mail_bytes_max: u64,
    /// The antivirus.
    pub clamd: Option<ClamdAddress>,
}

/// What differs for one company.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionOverride {
    /// See [`CollectionConfig::inbox`].
    pub inbox: Option<TreePath>,
    /// See [`CollectionConfig::file_in`].
    pub file_in: Option<FilingTemplate>,
    /// See [`CollectionConfig::senders`].
    pub senders: Option<Senders>,
    /// Known besides those of [`CollectionConfig::known_senders`].
    pub known_senders: Vec<KnownSender>,
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A Unix socket.
    Socket(PathBuf),
    /// `host:port`.
    Tcp(String),
}

impl fmt::Display for ClamdAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(formatter, "{}", path.display()),
            Self::Tcp(server) => formatter.write_str(server),
        }
    }
}

impl Default for CollectionConfig {
    fn default() -> Self {
        Self {
            inbox: "Reçus par mail".parse().expect("a folder's name"),
            file_in: FilingTemplate::parse("{inbox}/{year}/{month}").expect("a right template"),
            senders: Senders::Everyone,
            known_senders: Vec::new(),
            trusted_servers: Vec::new(),
            acknowledge: false,
            mail_bytes_max: 50_000_000,
            clamd: None,
        }
    }
}
