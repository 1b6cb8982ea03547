//! The words of the command line, as typed; [`super::errand`] says what they mean.

mod decide;
mod deliver;
mod invite;
mod mails;
mod parsers;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use decide::{
    CompanyAndFolder, ConnectWords, DecisionsCommand, ReaddressWords, SwitchCommand, TurnWords,
};
pub use deliver::{BackfillWords, ChosenWords, FilterWords, ResendWords, SettleWords};
pub use invite::InvitationsCommand;
pub use mails::{MailsCommand, MailsWords, TrayCommand};

/// The robot between a firm's folders and its bookkeeping apps.
///
/// Facteur watches the folders of an accounting firm's companies. Where the firm has turned a
/// switch on, each newly deposited document goes by mail to the company's address at the app,
/// once, and is shown as validated. What was in a folder before its switch was turned on stays.
#[derive(Debug, Parser)]
#[command(
    name = "facteur",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Start with `facteur demo`: a sample firm, and what the robot does with it.",
    after_long_help = FIRST_STEPS
)]
pub struct Words {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  facteur demo                                      a sample firm, and what happens in it
  facteur check                                     is routes.toml right?
  facteur companies                                 who is there
  facteur connect dupont-maconnerie quickbooks      authorise an app for a company
  facteur switch on dupont-maconnerie Achats --app quickbooks
  facteur round                                     one round now
  facteur status                                    what happened, what needs a person
  facteur why dupont-maconnerie Achats/facture.pdf  was it sent, and why (not)?

Exit codes: 0 done; 1 it failed; 2 the words or the configuration are wrong;
3 done, and something needs a person.";

/// Whom to log in, and how.
#[derive(Debug, Args)]
pub struct LoginWords {
    /// A mailbox's address, a user name, `mail` or `alarms` [default: the only one]
    pub mailbox: Option<String>,
    /// By a code that is typed in on any machine [default, where the provider can]
    #[arg(long, conflicts_with = "browser")]
    pub device: bool,
    /// By a browser, here or on another machine, whose last address is pasted here
    #[arg(long)]
    pub browser: bool,
}

/// Options of every command, before or after its name.
#[derive(Debug, Args)]
pub struct Global {
    /// The configuration [default: ./routes.toml]
    #[arg(long, global = true, value_name = "FILE", env = "FACTEUR_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print one JSON document and nothing else on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Who decides [default: your user name, or SUDO_USER behind sudo]
    #[arg(long = "as", global = true, value_name = "NAME", value_parser = parsers::person)]
    pub by: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole job on a fresh sample firm
    ///
    /// Makes three companies with folders and documents, connects an app, turns a switch on,
    /// deposits new documents, makes rounds, and says in plain words what happened and what to
    /// try next. Every mail becomes an .eml file; nothing leaves this machine.
    Demo {
        /// Where to set the firm up [default: a fresh temporary folder]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Keep running afterwards, as `run` does
        #[arg(long)]
        serve: bool,
    },
    /// Find every mistake in routes.toml and in the tree of folders
    Check {
        /// Also log in to the mail server and the mailboxes (sends nothing)
        #[arg(long)]
        online: bool,
    },
    /// Log in where a mailbox or the mail server wants OAuth in the place of a password
    ///
    /// Once for each account: the refresh token is kept in the state directory, and the service
    /// uses it at once. Works while the service runs; as the robot's own user.
    #[command(after_help = "Examples:\n  facteur login quickbooks@cabinet.example\n  \
                            facteur login mail --browser")]
    Login(LoginWords),
    /// Run the service: rounds on schedule, until SIGTERM
    ///
    /// While it runs, every other command talks to it over its control socket in the state
    /// directory.
    Run,
    /// Make one round now
    ///
    /// Looks for new documents, queues what is owed to the apps and delivers what is due.
    Round {
        /// Only say what it would send and why; changes nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// List the companies with their folders, addresses and connected apps
    Companies,
    /// Authorise an app for a company and fix its addresses
    ///
    /// Prints what to do on the tool's side. Nothing is sent before a switch is turned on.
    #[command(after_help = "Example:\n  facteur connect dupont-maconnerie quickbooks")]
    Connect(ConnectWords),
    /// End a connection and its switches
    Disconnect {
        /// Slug or name
        company: String,
        /// The app, as named in routes.toml
        app: String,
    },
    /// Give all connections of an app a new recipient
    #[command(
        after_help = "Example:\n  facteur readdress quickbooks --to '{slug}@qbodocs.com' --yes"
    )]
    Readdress(ReaddressWords),
    /// Invitations by the tools: is the bot a user there?
    ///
    /// Sending doesn't wait for them. Nothing of an invitation is opened before its signature
    /// proves that it comes from the tool.
    #[command(subcommand)]
    Invitations(InvitationsCommand),
    /// Turn sending on or off, folder by folder
    #[command(subcommand)]
    Switch(SwitchCommand),
    /// List a company's documents with their state for each app
    #[command(
        after_help = "Example:\n  facteur documents dupont-maconnerie Achats --state unsupported"
    )]
    Documents {
        /// Slug or name
        company: String,
        /// Only below this folder, relative to the company's folder
        #[arg(value_parser = parsers::tree_path())]
        folder: Option<crate::domain::path::TreePath>,
        /// Only in this state
        #[arg(long, value_name = "STATE", value_parser = parsers::state_or_verdict())]
        state: Option<String>,
    },
    /// Tell a document's whole story: sent, when, where, by whom; or why not
    #[command(after_help = "Example:\n  facteur why dupont-maconnerie Achats/facture.pdf")]
    Why {
        /// Slug or name
        company: String,
        /// The document, relative to the company's folder
        #[arg(value_parser = parsers::tree_path())]
        path: crate::domain::path::TreePath,
    },
    /// List the ledger: every delivery with its state
    Deliveries(FilterWords),
    /// Queue deliveries again that were deferred, refused or cancelled
    #[command(after_help = deliver::CHOICE_EXAMPLES)]
    Retry(ChosenWords),
    /// Let held deliveries go
    #[command(after_help = "Examples:\n  \
        facteur release 12 13\n  \
        facteur release --reason flood --yes\n  \
        facteur release --company dupont-maconnerie --reason root_changed")]
    Release(ChosenWords),
    /// Cancel deliveries that are queued, deferred or held, or close refused ones
    #[command(after_help = deliver::CHOICE_EXAMPLES)]
    Cancel(ChosenWords),
    /// Say whether deliveries in doubt were sent
    ///
    /// Look at the tool's side first: is the document there? With `--not-sent` it is queued
    /// again, under the same Message-ID.
    #[command(after_help = "Examples:\n  facteur settle 12 --sent\n  \
                            facteur settle --app quickbooks --not-sent")]
    Settle(SettleWords),
    /// Send a second copy of deliveries, or of one document
    #[command(after_help = "Examples:\n  facteur resend 12 13\n  \
        facteur resend dupont-maconnerie Achats/facture.pdf --app quickbooks")]
    Resend(ResendWords),
    /// Send older documents of a folder, counted and confirmed first
    #[command(
        after_help = "Example:\n  facteur backfill dupont-maconnerie Achats --app quickbooks --since 2026-10-01"
    )]
    Backfill(BackfillWords),
    /// List the mails that the mailboxes gave, newest first, and what became of each
    #[command(after_help = "Examples:\n  facteur mails --state filed\n  facteur mails show 12")]
    Mails(MailsWords),
    /// Empty the tray: collected mails of which only a person can say where they belong
    #[command(subcommand)]
    Tray(TrayCommand),
    /// Show the last and next round, counts, alarms and what needs a person
    Status,
    /// Show who decided what, when
    History {
        /// Only of this company: slug or name
        #[arg(long)]
        company: Option<String>,
    },
    /// Write the whole state to a new file (a backup, also of a running robot)
    Export {
        /// A file that doesn't exist yet
        file: PathBuf,
    },
    /// Replace the whole state by an export (not while the service runs)
    Import {
        /// What `export` wrote
        file: PathBuf,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Export, compare or import the connections and switches, as TOML
    #[command(subcommand)]
    Decisions(DecisionsCommand),
    /// Send one harmless mail, and show what the server answered
    SendTest {
        /// Slug or name
        company: String,
        /// The app, as named in routes.toml
        app: String,
        /// Another recipient than the connection's
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  facteur completions bash > \
                            /etc/bash_completion.d/facteur")]
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  facteur man > /usr/local/share/man/man1/facteur.1")]
    Man,
}
