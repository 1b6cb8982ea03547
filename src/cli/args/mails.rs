//! The words about mails that came to the collection mailbox.

use clap::{Args, Subcommand};

use super::parsers;
use crate::domain::path::TreePath;

/// Mails shown when nobody says how many.
const SHOWN: &str = "50";

/// `mails`: a list, or one of them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct MailsWords {
    /// One mail instead of a list.
    #[command(subcommand)]
    pub show: Option<MailsCommand>,
    /// Only of this mailbox
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: Option<String>,
    /// Only in this state: pending, filing, filed, tray, quarantined, dropped, …
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// At most so many, the newest first
    #[arg(long, value_name = "NUMBER", default_value = SHOWN,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// `mails show`.
#[derive(Debug, Subcommand)]
pub enum MailsCommand {
    /// Show all of one mail: what was filed where, and what was left out and why
    Show {
        /// As `facteur mails` numbers it
        number: String,
    },
}

/// `tray`.
#[derive(Debug, Subcommand)]
pub enum TrayCommand {
    /// List the mails that wait for a person
    List,
    /// File mails in a company's folder
    #[command(after_help = "Example:\n  \
        facteur tray file 12 --company dupont-maconnerie --folder Achats")]
    File {
        /// Mails, as `facteur tray list` numbers them
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<String>,
        /// Whose they are: slug or name [default: as `facteur tray list` says]
        #[arg(long)]
        company: Option<String>,
        /// Where in its folder [default: where its mails go]
        #[arg(long, value_parser = parsers::tree_path())]
        folder: Option<TreePath>,
        /// Also the files that would be left out
        #[arg(long)]
        all: bool,
    },
    /// Throw mails away: nothing of them is filed
    Drop {
        /// Mails, as `facteur tray list` numbers them
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<String>,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
}
