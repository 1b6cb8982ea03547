//! Requests answered: one place where a request becomes a pass and its result a reply.

use serde::Serialize;
use serde_json::Value;

use super::acts::Acted;
use super::backfill::Wanted;
use super::connect::Asked;
use super::error::{Answer, Error};
use super::requests::{Answers, Ask, MailsAsk, Outcome, Reply, Request, Turn};
use super::robot::Robot;
use super::round::SecondLook;
use super::send_test;
use super::switch::{Turned, Turning};
use super::views::{ExportView, TrayView};
use super::words::count_words;
use crate::domain::path::TreePath;

#[async_trait::async_trait]
impl Answers for Robot {
    async fn answer(&self, request: Request) -> Reply {
        match self.reply(request).await {
            Ok(reply) => reply,
            Err(Error::Words(words)) => failed(Outcome::WrongWords(words)),
            Err(error) => failed(Outcome::Failed(error.with_remedy())),
        }
    }
}

fn failed(outcome: Outcome) -> Reply {
    Reply { outcome, value: Value::Null, notices: Vec::new() }
}

fn reply<T: Serialize>(outcome: Outcome, view: &T) -> Answer<Reply> {
    let value = serde_json::to_value(view)
        .map_err(|error| Error::Refused(format!("the answer cannot be written: {error}")))?;
    Ok(Reply { outcome, value, notices: Vec::new() })
}

fn done<T: Serialize>(view: &T) -> Answer<Reply> {
    reply(Outcome::Done, view)
}

/// Done, and whether something needs a person.
fn attended<T: Serialize>(needs_person: bool, view: &T) -> Answer<Reply> {
    reply(if needs_person { Outcome::NeedsPerson } else { Outcome::Done }, view)
}

/// What only counts until it is confirmed.
fn counted<T: Serialize>(confirmed: bool, question: String, view: &T) -> Answer<Reply> {
    reply(if confirmed { Outcome::Done } else { Outcome::Confirm(question) }, view)
}

fn acted(acted: Acted) -> Answer<Reply> {
    let refused = acted.view.refused.len();
    let outcome = match (acted.question, acted.failure) {
        (Some(question), _) => Outcome::Confirm(question),
        (None, Some(_)) if refused > 1 => Outcome::Failed(format!(
            "none of the {refused} deliveries fits\nhint: what stands beside each says what does"
        )),
        (None, Some(failure)) => Outcome::Failed(failure),
        (None, None) => Outcome::Done,
    };
    reply(outcome, &acted.view)
}

/// Failed where nothing could be done, with the first reason.
fn tray_reply(view: &TrayView) -> Answer<Reply> {
    let outcome = match view.refused.first() {
        Some(first) if view.mails.is_empty() => {
            Outcome::Failed(format!("mail {}: {}", first.id, first.because))
        }
        Some(_) => Outcome::NeedsPerson,
        None => Outcome::Done,
    };
    let mut reply = reply(outcome, view)?;
    let waits = view.mails.iter().filter(|mail| mail.state == "filing");
    let waits = waits.filter_map(|mail| {
        let because = mail.because.as_deref()?;
        Some(format!("mail {} is filed as soon as it can be: {because}", mail.number))
    });
    // The first is the error, where nothing was done.
    let refused = view.refused.iter().skip(usize::from(view.mails.is_empty()));
    let refused = refused.map(|one| format!("mail {}: {}", one.id, one.because));
    reply.notices = waits.chain(refused).collect();
    Ok(reply)
}

impl Robot {
    async fn reply(&self, request: Request) -> Answer<Reply> {
        let by = request.by.as_str();
        match request.ask {
            Ask::Round { dry_run } => self.round_reply(dry_run).await,
            Ask::Status => {
                let view = self.status().await?;
                attended(!view.alarms.is_empty() || !view.problems.is_empty(), &view)
            }
            Ask::Companies => done(&self.companies_view().await?),
            Ask::Connect { company, app, to, from, inbox } => {
                let asked = Asked { to, from, inbox };
                done(&self.connect(&company, &app, &asked, by).await?)
            }
            Ask::Disconnect { company, app } => done(&self.disconnect(&company, &app, by).await?),
            Ask::Readdress { app, to, confirmed } => {
                let view = self.readdress(&app, &to, confirmed, by).await?;
                let number = count_words(view.count, "connection", "connections");
                let question = format!("re-address {number} of {app}?");
                counted(confirmed || view.count == 0, question, &view)
            }
            Ask::Switch { turn, company, folder, app, inbox, preview } => {
                let (app, profile) = self.app_named(&app)?;
                let turning = Turning { turn, folder, app, profile, inbox, exactly: false };
                self.switch_reply(company.as_deref(), &turning, preview, by).await
            }
            Ask::SwitchList { company } => done(&self.switches(company.as_deref()).await?),
            Ask::SwitchResolve { follow, company, folder } => {
                let view = self.resolve_rename(follow, &company, &folder, by).await?;
                self.shared.poke();
                done(&view)
            }
            Ask::Mails(ask) => self.mails_reply(ask, by).await,
            ask @ (Ask::Documents { .. }
            | Ask::Why { .. }
            | Ask::Deliveries(_)
            | Ask::History { .. }
            | Ask::Invitations { .. }
            | Ask::Invitation { .. }
            | Ask::DecisionsExport
            | Ask::DecisionsDiff { .. }
            | Ask::CheckTree) => self.look_up(ask).await,
            ask @ (Ask::Act { .. }
            | Ask::ResendDocument { .. }
            | Ask::Backfill { .. }
            | Ask::DecisionsImport { .. }
            | Ask::SendTest { .. }
            | Ask::AcceptInvitation { .. }
            | Ask::Export { .. }
            | Ask::Import { .. }) => self.act_on(ask, by).await,
        }
    }

    async fn mails_reply(&self, ask: MailsAsk, by: &str) -> Answer<Reply> {
        match ask {
            MailsAsk::List { mailbox, state, limit } => {
                done(&self.mail_views(mailbox.as_deref(), state.as_deref(), limit).await?)
            }
            MailsAsk::Show { number } => done(&self.mail_view(&number).await?),
            MailsAsk::Tray => {
                let views = self.tray_views().await?;
                attended(!views.is_empty(), &views)
            }
            MailsAsk::File { numbers, company, folder, all } => {
                let view =
                    self.tray_file(&numbers, company.as_deref(), folder.as_ref(), all, by).await?;
                tray_reply(&view)
            }
            MailsAsk::Drop { numbers, confirmed: false } => {
                let view = self.tray_count(&numbers).await?;
                let number = count_words(view.count, "mail", "mails");
                let question = format!("throw {number} of the tray away?");
                counted(false, question, &view)
            }
            MailsAsk::Drop { numbers, confirmed: true } => {
                tray_reply(&self.tray_drop(&numbers, by).await?)
            }
        }
    }

    /// Requests that change nothing.
    async fn look_up(&self, ask: Ask) -> Answer<Reply> {
        match ask {
            Ask::Documents { company, folder, state } => {
                let views = self.documents(&company, folder.as_ref(), state.as_deref()).await?;
                let mut reply = done(&views)?;
                if let Some(folder) = folder.filter(|_| views.is_empty()) {
                    reply.notices.extend(self.missing_folder(&company, &folder).await?);
                }
                Ok(reply)
            }
            Ask::Why { company, path } => done(&self.why(&company, &path).await?),
            Ask::Deliveries(selection) => done(&self.deliveries(&selection).await?),
            Ask::History { company } => done(&self.history_view(company.as_deref()).await?),
            Ask::Invitations { company } => {
                let views = self.invitations(company.as_deref()).await?;
                attended(views.iter().any(|view| view.needs_person), &views)
            }
            Ask::Invitation { company, app } => done(&self.invitation(&company, &app).await?),
            Ask::DecisionsExport => done(&self.decisions_export().await?),
            Ask::DecisionsDiff { toml } => done(&self.decisions_import(&toml, false, "").await?),
            Ask::CheckTree => {
                let view = self.check_tree().await?;
                attended(!view.mistakes.is_empty(), &view)
            }
            other => Err(Error::Refused(format!("{other:?} is no look-up"))),
        }
    }

    /// Requests about deliveries, documents and the whole state.
    async fn act_on(&self, ask: Ask, by: &str) -> Answer<Reply> {
        match ask {
            Ask::Act { act, selection, confirmed } => {
                acted(self.act(act, &selection, confirmed, by).await?)
            }
            Ask::ResendDocument { company, path, app } => {
                acted(self.resend_document(&company, &path, &app, by).await?)
            }
            Ask::Backfill { company, folder, app, since, until, confirmed } => {
                let wanted = Wanted { folder, since, until };
                let view = self.backfill(&company, &app, &wanted, confirmed, by).await?;
                let number = count_words(view.count, "older document", "older documents");
                let question = format!("send {number} to {app}?");
                counted(confirmed || view.count == 0, question, &view)
            }
            Ask::DecisionsImport { toml, confirmed } => {
                let view = self.decisions_import(&toml, confirmed, by).await?;
                let number = count_words(view.count, "change", "changes");
                let question = format!("make {number}?");
                counted(confirmed || view.count == 0, question, &view)
            }
            Ask::SendTest { company, app, to } => {
                let view = self.send_test(&company, &app, to.as_deref()).await?;
                let mut reply = done(&view)?;
                if let Some(failure) = send_test::failure(&view) {
                    reply.outcome = Outcome::Failed(failure);
                }
                Ok(reply)
            }
            Ask::AcceptInvitation { company, app, by_hand } => {
                done(&self.accept_invitation(&company, &app, by_hand, by).await?)
            }
            Ask::Export { file } => {
                let records = self.ports().store.export(&file).await?;
                done(&ExportView { file: file.display().to_string(), records })
            }
            Ask::Import { file, confirmed } => self.import_reply(&file, confirmed).await,
            other => Err(Error::Refused(format!("{other:?} is no act"))),
        }
    }

    async fn import_reply(&self, file: &std::path::Path, confirmed: bool) -> Answer<Reply> {
        let view = |records| ExportView { file: file.display().to_string(), records };
        if self.shared.serving_since().is_some() {
            return Err(Error::Refused(
                "the service is running on this state\nhint: stop it, import, start it again"
                    .to_owned(),
            ));
        }
        if !confirmed {
            let question = "replace the whole state by this export?".to_owned();
            return counted(false, question, &view(0));
        }
        let records = self.ports().store.import(file, self.now()).await?;
        // Whoever imports has seen to it that the state of before is not at work any more.
        let claimant = self.ports().store.claimant().await?;
        let mut reply = done(&view(records))?;
        if let Err(error) = self.ports().folders.take_over(&claimant) {
            reply.notices.push(format!(
                "the documents' root could not be claimed ({error}): before the next round, delete the file `.facteur` in it"
            ));
        }
        Ok(reply)
    }

    async fn round_reply(&self, dry_run: bool) -> Answer<Reply> {
        let rounded = if dry_run {
            let rehearsal = self.rehearsal().await?;
            let rounded = rehearsal.look_round(SecondLook::Wait).await?;
            return done(&rehearsal.planned_round(rounded).await?);
        } else {
            self.claim_tree().await?;
            self.full_round().await?
        };
        let view = self.round_view(rounded).await?;
        let needs_person =
            view.held + view.refused + view.in_doubt > 0 || !view.problems.is_empty();
        attended(needs_person, &view)
    }

    async fn switch_reply(
        &self,
        company: Option<&str>,
        turning: &Turning,
        preview: bool,
        by: &str,
    ) -> Answer<Reply> {
        if company.is_none()
            && turning.folder == TreePath::root()
            && turning.turn == Turn::On
            && !preview
        {
            tracing::info!("a switch is turned on for whole companies");
        }
        let Turned { mut views, left_out } = if preview {
            self.rehearsal().await?.switch(company, turning, by).await?
        } else {
            self.switch(company, turning, by).await?
        };
        for view in &mut views {
            view.preview = preview;
        }
        self.shared.poke();
        let mut reply = attended(!left_out.is_empty(), &views)?;
        let warnings = views.iter().flat_map(|view| {
            view.warnings.iter().map(|warning| format!("{}: {warning}", view.company))
        });
        reply.notices = warnings.collect();
        if views.is_empty() && left_out.is_empty() {
            reply
                .notices
                .push(format!("no company is connected to {} and has this folder", turning.app));
        }
        reply.notices.extend(left_out);
        Ok(reply)
    }
}
