//! The words of decisions: connections, switches, and all of them as one file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::parsers;
use crate::domain::path::TreePath;

/// `connect`.
#[derive(Debug, Args)]
pub struct ConnectWords {
    /// Slug or name
    pub company: String,
    /// The app, as named in routes.toml
    pub app: String,
    /// The company's address at the tool, where it isn't the template's
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// The bot's address, where it isn't the template's
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// The inbox for switches that name none, where the tool has several
    #[arg(long, value_name = "NAME")]
    pub inbox: Option<String>,
}

/// `readdress`.
#[derive(Debug, Args)]
pub struct ReaddressWords {
    /// The app, as named in routes.toml
    pub app: String,
    /// The new recipient, with {slug}, {domain}, {app} and {inbox} in it
    #[arg(long, value_name = "TEMPLATE")]
    pub to: String,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}

/// `switch`.
#[derive(Debug, Subcommand)]
pub enum SwitchCommand {
    /// Send what is deposited in a folder from now on
    ///
    /// On for a folder means on for its sub-folders, those created later too; the nearest
    /// decision up the tree rules. What is in the folder already stays.
    #[command(after_help = "Examples:\n  \
        facteur switch on dupont-maconnerie Achats --app quickbooks --preview\n  \
        facteur switch on dupont-maconnerie Achats --app quickbooks\n  \
        facteur switch on Achats --all-companies --app quickbooks")]
    On(TurnWords),
    /// Stop sending from a folder, also as an exception below one that is on
    Off(TurnWords),
    /// Forget a folder's own decision: it inherits again
    Clear(TurnWords),
    /// List the switches
    List {
        /// Slug or name; all companies without it
        company: Option<String>,
    },
    /// A switched folder was renamed: the switch goes with it
    Follow(CompanyAndFolder),
    /// A switched folder was renamed: the switch stays at its old place
    Stay(CompanyAndFolder),
}

/// `switch on|off|clear`.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub struct TurnWords {
    /// Slug or name
    #[arg(required_unless_present = "all_companies", conflicts_with = "all_companies")]
    pub company: Option<String>,
    /// Relative to the company's folder; `.` is the company's folder itself
    #[arg(required = true, value_parser = parsers::tree_path())]
    pub folder: TreePath,
    /// Each company that is connected and has the folder
    #[arg(long)]
    pub all_companies: bool,
    /// The app, as named in routes.toml
    #[arg(long)]
    pub app: String,
    /// Which address of the tool, where it has several
    #[arg(long, value_name = "NAME")]
    pub inbox: Option<String>,
    /// Only say how many documents stay and what is covered; changes nothing
    #[arg(long)]
    pub preview: bool,
}

/// `switch follow|stay`.
#[derive(Debug, Args)]
pub struct CompanyAndFolder {
    /// Slug or name
    pub company: String,
    /// The switch's folder (its old name), relative to the company's folder
    #[arg(value_parser = parsers::tree_path())]
    pub folder: TreePath,
}

/// `decisions`.
#[derive(Debug, Subcommand)]
pub enum DecisionsCommand {
    /// Write all connections and switches as TOML
    Export {
        /// A file that doesn't exist yet; `-` is stdout
        file: PathBuf,
    },
    /// Say what an import would change
    Diff {
        /// What `decisions export` wrote; `-` is stdin
        file: PathBuf,
    },
    /// Make the connections and switches those of the file
    Import {
        /// What `decisions export` wrote; `-` is stdin
        file: PathBuf,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
}
