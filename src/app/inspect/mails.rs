//! `mails` and `tray list`; and the mail with which a document's story begins.

use std::collections::BTreeSet;

use super::why::Told;
use crate::app::error::{Answer, Error};
use crate::app::robot::Robot;
use crate::app::views::{EventView, LeftOutView, MailFileView, MailView, ReceivedView};
use crate::domain::deposit::{Deposit, Origin};
use crate::domain::mail::mailbox::{FiledFile, MailOutcome, MailRecord};
use crate::domain::mail::received::LeftOut;
use crate::domain::path::{TreePath, spell};
use crate::domain::slug::Slug;
use crate::ports::store::Stored;

/// Mails looked through for one answer.
const MAILS_READ_MAX: usize = 100_000;

/// The states in the interface.
const STATES: [&str; 13] = [
    "answered",
    "copy",
    "to_read",
    "invited",
    "unmatched",
    "odd",
    "unread",
    "pending",
    "filing",
    "filed",
    "tray",
    "quarantined",
    "dropped",
];

impl Robot {
    /// The newest mails.
    pub(in crate::app) async fn mail_views(
        &self,
        mailbox: Option<&str>,
        state: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<MailView>> {
        let mut mails = self.ports().store.mails(MAILS_READ_MAX).await?;
        if let Some(state) = state.filter(|state| !STATES.contains(state)) {
            return Err(Error::Words(format!(
                "no mail has the state `{}`\nhint: there are {}",
                state.escape_debug(),
                STATES.join(", ")
            )));
        }
        if let Some(mailbox) = mailbox {
            self.check_mailbox(mailbox, &mails)?;
        }
        mails.retain(|mail| {
            mailbox.is_none_or(|mailbox| mail.mailbox.eq_ignore_ascii_case(mailbox))
                && state.is_none_or(|state| mail.outcome.as_str() == state)
        });
        Ok(mails.iter().take(limit).map(|mail| self.view_of_mail(mail)).collect())
    }

    /// A mailbox that is configured, or was: its mails are known still.
    fn check_mailbox(&self, typed: &str, mails: &[MailRecord]) -> Answer<()> {
        let config = self.config();
        let configured = config.mailboxes.iter().map(|mailbox| mailbox.address.to_string());
        let known: BTreeSet<String> =
            configured.chain(mails.iter().map(|mail| mail.mailbox.clone())).collect();
        if known.iter().any(|known| known.eq_ignore_ascii_case(typed)) {
            return Ok(());
        }
        let remedy = if known.is_empty() {
            "a mailbox is a section [[mailboxes]] of routes.toml".to_owned()
        } else {
            format!("known are {}", known.into_iter().collect::<Vec<_>>().join(", "))
        };
        let typed = typed.escape_debug();
        Err(Error::Words(format!("there is no mailbox `{typed}`\nhint: {remedy}")))
    }

    /// One mail, with what is in it where it is kept.
    pub(in crate::app) async fn mail_view(&self, number: &str) -> Answer<MailView> {
        let mail = self.mail_numbered(number).await?;
        Ok(self.opened_view(&mail).await)
    }

    /// The tray, oldest first.
    pub(in crate::app) async fn tray_views(&self) -> Answer<Vec<MailView>> {
        let mut views = Vec::new();
        for mail in self.ports().store.mails_in_tray(usize::MAX).await? {
            views.push(self.opened_view(&mail).await);
        }
        Ok(views)
    }

    /// A mail by its number as typed.
    pub(in crate::app) async fn mail_numbered(&self, words: &str) -> Answer<MailRecord> {
        let unknown = || {
            Error::Words(format!(
                "there is no mail `{}`\nhint: `facteur mails` lists them by their numbers",
                words.escape_debug()
            ))
        };
        let number: u64 = words.parse().map_err(|_| unknown())?;
        self.ports().store.mail(number).await?.ok_or_else(unknown)
    }

    /// A mail as the ledger knows it.
    pub(in crate::app) fn view_of_mail(&self, mail: &MailRecord) -> MailView {
        let filing = mail.outcome.filing();
        let by = if let MailOutcome::Dropped { by } = &mail.outcome {
            Some(by.clone())
        } else {
            filing.and_then(|filing| filing.by.clone())
        };
        let acknowledgement = filing.and_then(|filing| filing.acknowledgement.as_ref());
        let meant_at = acknowledgement.and_then(|answer| answer.meant_at);
        let files = filing.iter().flat_map(|filing| &filing.files);
        let left_out = filing.iter().flat_map(|filing| &filing.left_out);
        MailView {
            number: mail.number.to_string(),
            mailbox: mail.mailbox.clone(),
            state: mail.outcome.as_str().to_owned(),
            because: mail.outcome.because().map(str::to_owned),
            received_at: self.local(mail.at),
            from: mail.from.clone(),
            date: mail.date.clone(),
            subject: mail.subject.clone(),
            message_id: mail.message_id.clone(),
            size: mail.size,
            company: mail.outcome.company().map(ToString::to_string),
            by,
            admitted: filing.and_then(|filing| filing.admitted.clone()),
            acknowledged_at: meant_at.map(|at| self.local(at)),
            delivery: mail.outcome.delivery().map(|id| id.to_string()),
            files: files.map(file_view).collect(),
            left_out: left_out.map(left_out_view).collect(),
        }
    }

    /// The same, with the files of one that isn't filed yet.
    async fn opened_view(&self, mail: &MailRecord) -> MailView {
        let mut view = self.view_of_mail(mail);
        if mail.outcome.filing().is_none()
            && let Some((files, left_out)) = self.files_of_kept(mail).await
        {
            view.files = files;
            view.left_out = left_out.iter().map(left_out_view).collect();
        }
        view
    }

    /// The beginning of a deposit's story, if it came by mail.
    pub(super) async fn received(
        &self,
        company: &Slug,
        path: &TreePath,
        deposit: Option<&Deposit>,
    ) -> Stored<Option<Told>> {
        let store = &self.ports().store;
        let number = match deposit.map(|deposit| &deposit.origin) {
            Some(Origin::Received { mail }) => Some(*mail),
            Some(Origin::Moved { from }) => store.mail_of_place(company, from).await?,
            Some(Origin::Backfill { .. }) | None => store.mail_of_place(company, path).await?,
            Some(Origin::Found | Origin::Replaced { .. }) => None,
        };
        let Some(number) = number else { return Ok(None) };
        let mail = store.mail(number).await?;
        let event = |mail: MailRecord| EventView {
            at: Some(self.local(mail.at)),
            what: "received".to_owned(),
            because: format!(
                "it came by mail from {}, `{}` (mail {number})",
                mail.from, mail.subject
            ),
            answer: None,
            by: mail.outcome.filing().and_then(|filing| filing.by.clone()),
            received: Some(ReceivedView {
                mail: number.to_string(),
                from: mail.from,
                subject: mail.subject,
                message_id: mail.message_id,
            }),
        };
        Ok(mail.map(|mail| (Some(mail.at), event(mail))))
    }
}

fn file_view(file: &FiledFile) -> MailFileView {
    MailFileView {
        name: spell(file.path.name()),
        path: Some(file.path.to_string()),
        size: file.content.size,
        sha256: hex::encode(file.content.sha256),
    }
}

fn left_out_view(file: &LeftOut) -> LeftOutView {
    LeftOutView { name: file.name.clone(), because: file.because.clone() }
}
