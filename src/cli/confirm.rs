//! A yes before what can't be taken back: `--yes`, or a person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::render::clean;
use crate::app::requests::{Ask, MailsAsk};

/// Who answers a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// `--yes`.
    Given,
    /// A person at the terminal.
    Asked,
    /// Neither: nothing is done.
    Missing,
}

impl Consent {
    /// Whose it is in this process.
    pub(super) fn of(yes: bool) -> Self {
        match (yes, io::stdin().is_terminal()) {
            (true, _) => Self::Given,
            (false, true) => Self::Asked,
            (false, false) => Self::Missing,
        }
    }

    /// Whether the question is answered by yes. Only a person is asked it.
    pub(super) fn to(self, question: &str) -> io::Result<bool> {
        match self {
            Self::Given => Ok(true),
            Self::Asked => {
                let mut stderr = anstream::stderr().lock();
                write!(stderr, "{} [y/N] ", clean(question))?;
                stderr.flush()?;
                let mut line = String::new();
                io::stdin().lock().read_line(&mut line)?;
                Ok(is_yes(&line))
            }
            Self::Missing => Ok(false),
        }
    }
}

/// French firms answer `oui`.
fn is_yes(line: &str) -> bool {
    ["y", "yes", "o", "oui"].contains(&line.trim().to_lowercase().as_str())
}

/// The same request, with the yes.
pub(super) fn confirmed(ask: Ask) -> Ask {
    match ask {
        Ask::Readdress { app, to, .. } => Ask::Readdress { app, to, confirmed: true },
        Ask::Act { act, selection, .. } => Ask::Act { act, selection, confirmed: true },
        Ask::Backfill { company, folder, app, since, until, .. } => {
            Ask::Backfill { company, folder, app, since, until, confirmed: true }
        }
        Ask::DecisionsImport { toml, .. } => Ask::DecisionsImport { toml, confirmed: true },
        Ask::Import { file, .. } => Ask::Import { file, confirmed: true },
        Ask::Mails(MailsAsk::Drop { numbers, .. }) => {
            Ask::Mails(MailsAsk::Drop { numbers, confirmed: true })
        }
        other @ (Ask::Round { .. }
        | Ask::Status
        | Ask::Companies
        | Ask::Connect { .. }
        | Ask::Disconnect { .. }
        | Ask::Switch { .. }
        | Ask::SwitchList { .. }
        | Ask::SwitchResolve { .. }
        | Ask::Documents { .. }
        | Ask::Why { .. }
        | Ask::Deliveries(_)
        | Ask::ResendDocument { .. }
        | Ask::Invitations { .. }
        | Ask::Invitation { .. }
        | Ask::AcceptInvitation { .. }
        | Ask::History { .. }
        | Ask::DecisionsExport
        | Ask::DecisionsDiff { .. }
        | Ask::SendTest { .. }
        | Ask::Export { .. }
        | Ask::Mails(_)
        | Ask::CheckTree) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        for line in ["y\n", "Yes\n", "oui", " O \n"] {
            assert!(is_yes(line), "{line}");
        }
        for line in ["", "\n", "n\n", "yesterday\n", "non\n"] {
            assert!(!is_yes(line), "{line}");
        }
    }
}
