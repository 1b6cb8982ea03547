//! Whether a mail may become documents at all: who sent it, and what the antivirus says.

use super::Trouble;
use super::places::Place;
use super::plan::Next;
use crate::app::robot::Robot;
use crate::domain::mail::mailbox::MailOutcome;
use crate::domain::mail::received::{Headers, ReceivedMail};
use crate::domain::mail::senders::Permission;
use crate::ports::scanner::Scan;

impl Robot {
    /// Whether a mail's sender may send to a company, in words how that is known; else what
    /// becomes of the mail.
    pub(super) async fn admit(
        &self,
        received: &ReceivedMail,
        place: &Place,
    ) -> Result<String, Next> {
        let config = self.config();
        let rules = config.sender_rules(&place.folder);
        let headers = Headers::as_written(&received.raw);
        let mut permission = rules.may_send(&headers, None);
        if permission == Permission::NeedsSigners {
            let signers = self.signers(received).await.map_err(|because| {
                Next::Later(Trouble(format!("who sent it cannot be verified: {because}")))
            })?;
            permission = rules.may_send(&headers, Some(&signers));
        }
        match permission {
            Permission::Yes(how) => Ok(how),
            Permission::No(because) => Err(Next::tray(because)),
            Permission::NeedsSigners => unreachable!("its signers are known"),
        }
    }

    async fn signers(&self, received: &ReceivedMail) -> Result<Vec<String>, String> {
        match &self.mail_room().origins {
            Some(origins) => origins.signers(&received.raw).await,
            None => Err("nothing here verifies signatures".to_owned()),
        }
    }

    /// Whether nothing in a mail is known to the antivirus, where there is one; else what becomes
    /// of the mail. Both the mail and each file are looked at: a scanner may take a mail apart
    /// otherwise than we do, and then sees another file than the one that is filed.
    pub(super) async fn scan(&self, received: &ReceivedMail) -> Result<(), Next> {
        let Some(scanner) = &self.mail_room().scanner else {
            // Put into routes.toml while the robot runs.
            let wanted = self.config().collection.clamd.is_some();
            let because = "the antivirus is asked after a restart of the robot";
            return if wanted { Err(Next::Later(Trouble(because.to_owned()))) } else { Ok(()) };
        };
        let files = received.files.iter().map(|file| (file.name.as_deref(), &file.bytes));
        for (name, bytes) in std::iter::once((None, &received.raw)).chain(files) {
            let said = scanner.scan(bytes).await;
            let said = said.map_err(|because| Next::Later(Trouble(because)))?;
            let what = || name.map_or("the mail".to_owned(), |name| format!("{name:?}"));
            match said {
                Scan::Clean => {}
                Scan::Infected(found) => {
                    let because = format!("the antivirus found {found} in {}", what());
                    return Err(Next::Aside(MailOutcome::Quarantined { because, company: None }));
                }
                Scan::TooLarge(because) => {
                    return Err(Next::tray(format!("{} is not scanned: {because}", what())));
                }
            }
        }
        Ok(())
    }
}
