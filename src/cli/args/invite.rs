//! The words of invitations.

use clap::Subcommand;

/// `invitations`.
#[derive(Debug, Subcommand)]
pub enum InvitationsCommand {
    /// List the connections whose tool invites the bot, and how each invitation stands
    List {
        /// Only of this company: slug or name
        company: Option<String>,
    },
    /// Show one whole; its link too, once it is certain that it comes from the tool
    Show {
        /// Slug or name
        company: String,
        /// The app, as named in routes.toml
        app: String,
    },
    /// Accept one: the robot opens its link, if it leads to a host that the profile lists
    #[command(after_help = "Examples:\n  \
        facteur invitations accept dupont-maconnerie quickbooks\n  \
        facteur invitations accept dupont-maconnerie quickbooks --by-hand")]
    Accept {
        /// Slug or name
        company: String,
        /// The app, as named in routes.toml
        app: String,
        /// You accepted it in a browser, or know that the bot is a user there: nothing is opened
        #[arg(long)]
        by_hand: bool,
    },
}
