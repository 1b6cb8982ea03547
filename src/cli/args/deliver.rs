//! The words about deliveries: which ones, and what to do to them.

use chrono::NaiveDate;
use clap::Args;

use super::parsers;
use crate::domain::delivery::{HeldReason, State};
use crate::domain::path::TreePath;

pub(super) const CHOICE_EXAMPLES: &str = "\
Give IDs as `facteur deliveries` shows them, or filters; what filters choose is counted and
confirmed first (`--yes` answers for you).";

/// Which deliveries: all that match.
#[derive(Debug, Args, Default)]
pub struct FilterWords {
    /// Only of this company: slug or name
    #[arg(long)]
    pub company: Option<String>,
    /// Only to this app
    #[arg(long)]
    pub app: Option<String>,
    /// Only in this state
    #[arg(long, value_parser = parsers::state())]
    pub state: Option<State>,
    /// Only held for this reason
    #[arg(long, value_parser = parsers::reason())]
    pub reason: Option<HeldReason>,
}

/// `retry`, `release`, `cancel`: IDs or filters.
#[derive(Debug, Args)]
pub struct ChosenWords {
    /// Deliveries, as `facteur deliveries` numbers them
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Or all that match.
    #[command(flatten)]
    pub filter: FilterWords,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}

/// `settle`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("answer").required(true))]
pub struct SettleWords {
    /// Which.
    #[command(flatten)]
    pub chosen: ChosenWords,
    /// The tool has them
    #[arg(long, group = "answer")]
    pub sent: bool,
    /// The tool doesn't have them: queue them again
    #[arg(long, group = "answer")]
    pub not_sent: bool,
}

/// `resend`: deliveries like the others, or a company's document.
#[derive(Debug, Args)]
#[command(override_usage = "facteur resend [OPTIONS] ID...\n       \
                            facteur resend [OPTIONS] COMPANY PATH --app APP\n       \
                            facteur resend [--company COMPANY] [--app APP] [--state STATE]")]
pub struct ResendWords {
    /// Deliveries by their IDs; or one document, with --app
    #[arg(value_name = "ID | COMPANY PATH")]
    pub what: Vec<String>,
    /// Or all that match.
    #[command(flatten)]
    pub filter: FilterWords,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}

/// `backfill`.
#[derive(Debug, Args)]
pub struct BackfillWords {
    /// Slug or name
    pub company: String,
    /// Relative to the company's folder, with its sub-folders
    #[arg(value_parser = parsers::tree_path())]
    pub folder: TreePath,
    /// The app, as named in routes.toml
    #[arg(long)]
    pub app: String,
    /// First day, by the documents' modification date
    #[arg(long, value_name = "DATE", value_parser = parsers::day)]
    pub since: Option<NaiveDate>,
    /// Last day, included
    #[arg(long, value_name = "DATE", value_parser = parsers::day)]
    pub until: Option<NaiveDate>,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}
