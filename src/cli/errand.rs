//! From the words of the command line to what they mean; pure, so that a table can test it.

use std::path::PathBuf;

use super::args::{
    BackfillWords, ChosenWords, Command, ConnectWords, DecisionsCommand, FilterWords,
    InvitationsCommand, LoginWords, MailsCommand, MailsWords, ResendWords, SettleWords,
    SwitchCommand, TrayCommand, TurnWords,
};
use crate::app::requests::{Ask, MailsAsk, Selection, Turn};
use crate::domain::delivery::Act;
use crate::domain::path::TreePath;

/// What a command is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Errand {
    /// One question to the robot; `yes`: a question it asks back is answered already.
    Ask {
        /// The question, unconfirmed.
        ask: Ask,
        /// `--yes`.
        yes: bool,
    },
    /// The whole state to a new file.
    Export {
        /// As typed.
        file: PathBuf,
    },
    /// The whole state from a file.
    Import {
        /// As typed.
        file: PathBuf,
        /// `--yes`.
        yes: bool,
    },
    /// Connections and switches to a new file, or `-`.
    DecisionsExport {
        /// As typed.
        file: PathBuf,
    },
    /// What importing this file, or `-`, would change.
    DecisionsDiff {
        /// As typed.
        file: PathBuf,
    },
    /// Connections and switches from a file, or `-`.
    DecisionsImport {
        /// As typed.
        file: PathBuf,
        /// `--yes`.
        yes: bool,
    },
    /// Mistakes of the file and of the tree.
    Check {
        /// Also those of the mail server.
        online: bool,
    },
    /// OAuth.
    Login {
        /// A mailbox, a user, `mail` or `alarms`; none: the only one.
        name: Option<String>,
        /// `--device` or `--browser`; none: what the provider prefers.
        way: Option<LoginWay>,
    },
    /// The service.
    Run,
    /// The sample firm.
    Demo {
        /// Where.
        dir: Option<PathBuf>,
        /// Keep running.
        serve: bool,
    },
    /// Completions of a shell.
    Completions {
        /// Which.
        shell: clap_complete::Shell,
    },
    /// The manual page.
    Man,
}

/// How a person logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginWay {
    /// A code is typed in elsewhere.
    Device,
    /// A browser comes back.
    Browser,
}

/// What the words mean; or what is wrong with them, with the remedy.
pub fn errand(command: Command) -> Result<Errand, String> {
    Ok(match command {
        Command::Demo { dir, serve } => Errand::Demo { dir, serve },
        Command::Check { online } => Errand::Check { online },
        Command::Login(words) => login(words),
        Command::Run => Errand::Run,
        Command::Round { dry_run } => plain(Ask::Round { dry_run }),
        Command::Companies => plain(Ask::Companies),
        Command::Connect(words) => plain(connect(words)),
        Command::Disconnect { company, app } => plain(Ask::Disconnect { company, app }),
        Command::Readdress(words) => {
            let ask = Ask::Readdress { app: words.app, to: words.to, confirmed: false };
            Errand::Ask { ask, yes: words.yes }
        }
        Command::Invitations(command) => plain(invitations(command)),
        Command::Switch(command) => plain(switch(command)),
        Command::Documents { company, folder, state } => {
            plain(Ask::Documents { company, folder, state })
        }
        Command::Why { company, path } => plain(Ask::Why { company, path }),
        Command::Deliveries(filter) => plain(Ask::Deliveries(selection(filter))),
        Command::Retry(words) => act(Act::Retry, words)?,
        Command::Release(words) => act(Act::Release, words)?,
        Command::Cancel(words) => act(Act::Cancel, words)?,
        Command::Settle(words) => settle(words)?,
        Command::Resend(words) => resend(words)?,
        Command::Backfill(words) => backfill(words)?,
        Command::Mails(words) => plain(Ask::Mails(mails(words))),
        Command::Tray(command) => tray(command),
        Command::Status => plain(Ask::Status),
        Command::History { company } => plain(Ask::History { company }),
        Command::Export { file } => Errand::Export { file },
        Command::Import { file, yes } => Errand::Import { file, yes },
        Command::Decisions(command) => decisions(command),
        Command::SendTest { company, app, to } => plain(Ask::SendTest { company, app, to }),
        Command::Completions { shell } => Errand::Completions { shell },
        Command::Man => Errand::Man,
    })
}

fn mails(words: MailsWords) -> MailsAsk {
    let MailsWords { show, mailbox, state, limit } = words;
    match show {
        Some(MailsCommand::Show { number }) => MailsAsk::Show { number },
        None => MailsAsk::List { mailbox, state, limit: limit as usize },
    }
}

fn tray(command: TrayCommand) -> Errand {
    match command {
        TrayCommand::List => plain(Ask::Mails(MailsAsk::Tray)),
        TrayCommand::File { numbers, company, folder, all } => {
            plain(Ask::Mails(MailsAsk::File { numbers, company, folder, all }))
        }
        TrayCommand::Drop { numbers, yes } => {
            Errand::Ask { ask: Ask::Mails(MailsAsk::Drop { numbers, confirmed: false }), yes }
        }
    }
}

fn plain(ask: Ask) -> Errand {
    Errand::Ask { ask, yes: false }
}

fn login(words: LoginWords) -> Errand {
    let LoginWords { mailbox: name, device, browser } = words;
    let device = device.then_some(LoginWay::Device);
    Errand::Login { name, way: device.or(browser.then_some(LoginWay::Browser)) }
}

fn connect(words: ConnectWords) -> Ask {
    let ConnectWords { company, app, to, from, inbox } = words;
    Ask::Connect { company, app, to, from, inbox }
}

fn invitations(command: InvitationsCommand) -> Ask {
    match command {
        InvitationsCommand::List { company } => Ask::Invitations { company },
        InvitationsCommand::Show { company, app } => Ask::Invitation { company, app },
        InvitationsCommand::Accept { company, app, by_hand } => {
            Ask::AcceptInvitation { company, app, by_hand }
        }
    }
}

fn switch(command: SwitchCommand) -> Ask {
    match command {
        SwitchCommand::On(words) => turn(Turn::On, words),
        SwitchCommand::Off(words) => turn(Turn::Off, words),
        SwitchCommand::Clear(words) => turn(Turn::Clear, words),
        SwitchCommand::List { company } => Ask::SwitchList { company },
        SwitchCommand::Follow(words) => {
            Ask::SwitchResolve { follow: true, company: words.company, folder: words.folder }
        }
        SwitchCommand::Stay(words) => {
            Ask::SwitchResolve { follow: false, company: words.company, folder: words.folder }
        }
    }
}

fn turn(turn: Turn, words: TurnWords) -> Ask {
    let TurnWords { company, folder, all_companies: _, app, inbox, preview } = words;
    Ask::Switch { turn, company, folder, app, inbox, preview }
}

fn selection(filter: FilterWords) -> Selection {
    let FilterWords { company, app, state, reason } = filter;
    Selection { ids: Vec::new(), company, app, state, reason }
}

fn act(act: Act, words: ChosenWords) -> Result<Errand, String> {
    let selection = Selection { ids: words.ids, ..selection(words.filter) };
    check_choice(act, &selection)?;
    Ok(Errand::Ask { ask: Ask::Act { act, selection, confirmed: false }, yes: words.yes })
}

fn settle(words: SettleWords) -> Result<Errand, String> {
    act(if words.sent { Act::SettleSent } else { Act::SettleNotSent }, words.chosen)
}

/// `resend 12 13` names deliveries; `resend COMPANY PATH --app APP` a document, even when the
/// company and the document are called by numbers.
fn resend(words: ResendWords) -> Result<Errand, String> {
    let ResendWords { what, filter, yes } = words;
    let filters_alone = filter.company.is_none() && filter.state.is_none();
    match (<[String; 2]>::try_from(what), &filter.app) {
        (Ok([company, path]), Some(app)) if filters_alone && filter.reason.is_none() => {
            let path = path.parse::<TreePath>().map_err(|error| error.to_string())?;
            Ok(plain(Ask::ResendDocument { company, path, app: app.clone() }))
        }
        (Ok(two), _) => act(Act::Resend, ChosenWords { ids: two.into(), filter, yes }),
        (Err(ids), _) => act(Act::Resend, ChosenWords { ids, filter, yes }),
    }
}

fn check_choice(act: Act, selection: &Selection) -> Result<(), String> {
    let command = act.as_str();
    let filters = Selection { ids: Vec::new(), ..selection.clone() };
    if selection.ids.is_empty() && filters == Selection::default() {
        return Err(format!(
            "`{command}` needs to know which deliveries\nhint: give their IDs (`facteur \
             deliveries` lists them), or --company, --app, --state or --reason"
        ));
    }
    if !selection.ids.is_empty() && filters != Selection::default() {
        return Err(format!(
            "`{command}` takes IDs or filters, not both\nhint: leave out the IDs, or --company, \
             --app, --state and --reason"
        ));
    }
    match selection.ids.iter().find(|id| id.parse::<u64>().is_err()) {
        None => Ok(()),
        Some(word) => Err(no_delivery(act, word)),
    }
}

fn no_delivery(act: Act, word: &str) -> String {
    let remedy = match act {
        Act::Resend => "; for a document: `facteur resend COMPANY PATH --app APP`",
        Act::Retry | Act::Release | Act::Cancel | Act::SettleSent | Act::SettleNotSent => {
            "; for a whole company: --company COMPANY"
        }
    };
    let word = word.escape_debug();
    format!(
        "`{word}` is no delivery\nhint: IDs are the numbers that `facteur deliveries` shows{remedy}"
    )
}

fn backfill(words: BackfillWords) -> Result<Errand, String> {
    let BackfillWords { company, folder, app, since, until, yes } = words;
    if let (Some(first), Some(last)) = (since, until)
        && first > last
    {
        return Err(format!(
            "--since {first} is after --until {last}\nhint: exchange the two days"
        ));
    }
    let ask = Ask::Backfill { company, folder, app, since, until, confirmed: false };
    Ok(Errand::Ask { ask, yes })
}

fn decisions(command: DecisionsCommand) -> Errand {
    match command {
        DecisionsCommand::Export { file } => Errand::DecisionsExport { file },
        DecisionsCommand::Diff { file } => Errand::DecisionsDiff { file },
        DecisionsCommand::Import { file, yes } => Errand::DecisionsImport { file, yes },
    }
}
