//! What can be asked of the robot: the same words from the command line and over the control
//! socket, answered by the same code.

use serde::{Deserialize, Serialize};

use crate::domain::delivery::{Act, HeldReason, State};
use crate::domain::path::TreePath;

/// One request, with who makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Who: the peer's user, `SUDO_USER` behind sudo, or `--as NAME`.
    pub by: String,
    /// What.
    pub ask: Ask,
}

/// A person has seen the count and said yes (`--yes`, or at the terminal).
pub type Confirmed = bool;

/// What is asked. Companies are named by slug or name; ids and apps as typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// One round now ([`super::views::RoundView`]); `dry_run` changes nothing.
    Round {
        /// Only say what it would do.
        dry_run: bool,
    },
    /// One snapshot ([`super::views::StatusView`]).
    Status,
    /// All companies ([`super::views::CompanyView`] list).
    Companies,
    /// R3 ([`super::views::ConnectView`]).
    Connect {
        /// Slug or name.
        company: String,
        /// The app.
        app: String,
        /// Recipient typed in.
        to: Option<String>,
        /// Sender typed in.
        from: Option<String>,
        /// The inbox for switches that name none.
        inbox: Option<String>,
    },
    /// Ends a connection and its switches ([`super::views::DecidedView`]).
    Disconnect {
        /// Slug or name.
        company: String,
        /// The app.
        app: String,
    },
    /// New recipients for all companies of an app ([`super::views::ReaddressView`]).
    Readdress {
        /// The app.
        app: String,
        /// An address template.
        to: String,
        /// See [`Confirmed`].
        confirmed: Confirmed,
    },
    /// R4 ([`super::views::SwitchedView`]).
    Switch {
        /// What to do.
        turn: Turn,
        /// Slug or name; none for all companies.
        company: Option<String>,
        /// Relative to the company's folder.
        folder: TreePath,
        /// The app.
        app: String,
        /// Which address of the tool.
        inbox: Option<String>,
        /// Only say what it would mean.
        preview: bool,
    },
    /// All switches ([`super::views::SwitchView`] list).
    SwitchList {
        /// Slug or name; none for all.
        company: Option<String>,
    },
    /// A switched folder was renamed: the switch goes with it, or stays
    /// ([`super::views::DecidedView`]).
    SwitchResolve {
        /// True: it follows.
        follow: bool,
        /// Slug or name.
        company: String,
        /// The switch's folder.
        folder: TreePath,
    },
    /// Documents with their state for each app ([`super::views::DocumentView`] list).
    Documents {
        /// Slug or name.
        company: String,
        /// Below this folder.
        folder: Option<TreePath>,
        /// A delivery's state or a verdict.
        state: Option<String>,
    },
    /// A document's whole story ([`super::views::WhyView`]).
    Why {
        /// Slug or name.
        company: String,
        /// The document.
        path: TreePath,
    },
    /// The ledger ([`super::views::DeliveryView`] list).
    Deliveries(Selection),
    /// What a person does to deliveries ([`super::views::ActedView`]).
    Act {
        /// What.
        act: Act,
        /// To which.
        selection: Selection,
        /// See [`Confirmed`]; needed for a selection without ids.
        confirmed: Confirmed,
    },
    /// Sends one document (a duplicate too) once more ([`super::views::ActedView`]).
    ResendDocument {
        /// Slug or name.
        company: String,
        /// The document.
        path: TreePath,
        /// The app.
        app: String,
    },
    /// R13 ([`super::views::BackfillView`]).
    Backfill {
        /// Slug or name.
        company: String,
        /// The folder, with its sub-folders.
        folder: TreePath,
        /// The app.
        app: String,
        /// First day, by modification date in the firm's time zone.
        since: Option<chrono::NaiveDate>,
        /// Last day, included.
        until: Option<chrono::NaiveDate>,
        /// See [`Confirmed`].
        confirmed: Confirmed,
    },
    /// Invitations of the bot ([`super::views::InvitationView`] list).
    Invitations {
        /// Slug or name; none for all.
        company: Option<String>,
    },
    /// One of them, with its link and its story ([`super::views::InvitationView`]).
    Invitation {
        /// Slug or name.
        company: String,
        /// The app.
        app: String,
    },
    /// R11 ([`super::views::InvitationView`]).
    AcceptInvitation {
        /// Slug or name.
        company: String,
        /// The app.
        app: String,
        /// A person did it in a browser; else the robot opens the link.
        by_hand: bool,
    },
    /// Who decided what, when ([`super::views::HistoryView`] list).
    History {
        /// Slug or name; none for all.
        company: Option<String>,
    },
    /// Connections and switches as TOML ([`super::views::TomlView`]).
    DecisionsExport,
    /// What an import would change ([`super::views::DecisionsDiffView`]).
    DecisionsDiff {
        /// The TOML text.
        toml: String,
    },
    /// Makes the decisions those of the file ([`super::views::DecisionsDiffView`]).
    DecisionsImport {
        /// The TOML text.
        toml: String,
        /// See [`Confirmed`].
        confirmed: Confirmed,
    },
    /// One harmless mail ([`super::views::SendTestView`]).
    SendTest {
        /// Slug or name.
        company: String,
        /// The app.
        app: String,
        /// Another recipient than the connection's.
        to: Option<String>,
    },
    /// The whole state to a new file ([`super::views::ExportView`]).
    Export {
        /// Absolute.
        file: std::path::PathBuf,
    },
    /// Replaces the whole state by an export ([`super::views::ExportView`]); not of a running
    /// service.
    Import {
        /// Absolute.
        file: std::path::PathBuf,
        /// See [`Confirmed`].
        confirmed: Confirmed,
    },
    /// Mails that were dealt with, and the tray.
    Mails(MailsAsk),
    /// Looks at the tree as `check` does ([`super::views::TreeView`]).
    CheckTree,
}

/// What is asked about mails; numbers as typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailsAsk {
    /// The newest ([`super::views::MailView`] list).
    List {
        /// The mailbox's address; none for all.
        mailbox: Option<String>,
        /// A mail's state.
        state: Option<String>,
        /// At most so many.
        limit: usize,
    },
    /// All of one ([`super::views::MailView`]).
    Show {
        /// Which.
        number: String,
    },
    /// Those that wait for a person ([`super::views::MailView`] list).
    Tray,
    /// Files mails of the tray ([`super::views::TrayView`]).
    File {
        /// Which.
        numbers: Vec<String>,
        /// Slug or name; none: each mail's own, where its address told.
        company: Option<String>,
        /// Relative to the company's folder; none: where its mails go.
        folder: Option<TreePath>,
        /// What would be left out, too.
        all: bool,
    },
    /// Throws mails of the tray away ([`super::views::TrayView`]).
    Drop {
        /// Which.
        numbers: Vec<String>,
        /// See [`Confirmed`].
        confirmed: Confirmed,
    },
}

/// What to do with a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// On from now on, never for what is there already.
    On,
    /// Off, also as an exception below one that is on.
    Off,
    /// Back to inheriting.
    Clear,
}

/// Which deliveries: those named, or all that match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Selection {
    /// Delivery ids as typed.
    pub ids: Vec<String>,
    /// Slug or name.
    pub company: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// The state.
    pub state: Option<State>,
    /// The reason they are held for.
    pub reason: Option<HeldReason>,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// One JSON document: what `--json` prints.
    pub value: serde_json::Value,
    /// Warnings and hints for people, on stderr.
    pub notices: Vec<String>,
}

/// How a request ended; the exit code of the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Exit 0.
    Done,
    /// Exit 1: what failed, and a hint.
    Failed(String),
    /// Exit 2: the words are wrong: what and the remedy.
    WrongWords(String),
    /// Exit 3: done, and something needs a person.
    NeedsPerson,
    /// Nothing was done: asks for a yes; `value` holds the count.
    Confirm(String),
}

impl Outcome {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed(_) => 1,
            Self::WrongWords(_) | Self::Confirm(_) => 2,
            Self::NeedsPerson => 3,
        }
    }
}

/// Answers requests: the robot itself, or the one behind the control socket.
#[async_trait::async_trait]
pub trait Answers: Send + Sync {
    /// Answers one request. Failures are outcomes of the reply.
    async fn answer(&self, request: Request) -> Reply;
}
