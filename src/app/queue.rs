//! Queue: settled documents are hashed, and what is due becomes deliveries.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::error::{Answer, Error};
use super::mail::{self, Envelope};
use super::marks;
use super::robot::Robot;
use super::words::{local_words, size_words};
use crate::config::Config;
use crate::domain::company::Company;
use crate::domain::decision::Decisions;
use crate::domain::delivery::HeldReason;
use crate::domain::deposit::{Cause, Content, Deposit, Due, Fate, Verdict};
use crate::domain::profile::{AppId, DuplicatesPolicy, Profile};
use crate::ports::folders::FolderError;
use crate::ports::store::{Candidate, Problem};

/// Deposits queued in one go, so that a burst doesn't fill memory.
const QUEUE_PAGE: usize = 256;

/// What a queue pass did.
#[derive(Debug, Default)]
pub(super) struct Queued {
    /// The deposits that got their verdicts, as they are now.
    pub(super) deposits: Vec<Deposit>,
    /// Documents that could not be read.
    pub(super) problems: Vec<Problem>,
}

/// As long as any Message-ID the store makes, for computing a mail's size.
const MESSAGE_ID_SAMPLE: &str =
    "<00000000000000000000000000000000@00000000000000000000000000000000.example>";

/// Blocks of a document read at once.
const READ_BYTES: usize = 128 * 1024;

impl Robot {
    /// Queues everything of a company that has settled.
    pub(super) async fn queue(&self, company: &Company) -> Answer<Queued> {
        let store = &self.ports().store;
        let mut queued = Queued::default();
        let mut unread: Vec<u64> = Vec::new();
        loop {
            let page = store.to_queue(company.id, QUEUE_PAGE + unread.len()).await?;
            let fresh: Vec<Deposit> =
                page.into_iter().filter(|deposit| !unread.contains(&deposit.number)).collect();
            if fresh.is_empty() {
                return Ok(queued);
            }
            let decisions = store.decisions(company.id).await?;
            for deposit in fresh {
                match self.queue_one(company, &decisions, &deposit).await? {
                    None => queued.deposits.extend(store.deposit(deposit.number).await?),
                    Some(problem) => {
                        unread.push(deposit.number);
                        queued.problems.push(problem);
                    }
                }
            }
        }
    }

    /// Queues one deposit, or says why its file can't be read now: it is looked at again by the
    /// next observation.
    async fn queue_one(
        &self,
        company: &Company,
        decisions: &Decisions,
        deposit: &Deposit,
    ) -> Answer<Option<Problem>> {
        let content = match self.hash(company, deposit).await {
            Ok(content) => content,
            Err(Error::Folder(error)) => return Ok(Some(problem_of(company, deposit, &error))),
            Err(error) => return Err(error),
        };
        let config = self.config();
        let (proven, proof) = self.proof(company, deposit, &content, decisions).await?;
        let candidates = deposit
            .verdicts
            .iter()
            .filter_map(|(app, verdict)| match verdict {
                Verdict::Due(due) => candidate(&config, decisions, company, deposit, app, due),
                Verdict::Queued(_) | Verdict::Duplicate(_) | Verdict::Skipped(_) => None,
            })
            .map(|candidate| self.with_size(candidate, company, deposit));
        let (there, others): (Vec<_>, Vec<_>) =
            candidates.partition(|candidate| proven.contains(&candidate.app));
        let store = &self.ports().store;
        if !there.is_empty() {
            store.queue(deposit.number, content, there, Some(proof), self.now()).await?;
        }
        store.queue(deposit.number, content, others, None, self.now()).await?;
        Ok(None)
    }

    /// Hashes a settled document; another file, or other bytes than the look promised, is an
    /// error.
    pub(super) async fn hash(&self, company: &Company, deposit: &Deposit) -> Answer<Content> {
        let folders = Arc::clone(&self.ports().folders);
        let (folder, path) = (company.folder.clone(), deposit.path.clone());
        let (fingerprint, size) = (deposit.fingerprint, deposit.size);
        tokio::task::spawn_blocking(move || {
            let mut file = folders.open(&folder, &path, fingerprint)?;
            let content = digest(&mut file)
                .map_err(|source| FolderError::Io { path: path.to_string(), source })?;
            let after = folders.look(&folder, &path)?;
            if content.size != size || after.fingerprint != fingerprint {
                return Err(Error::Folder(FolderError::Changed(path.to_string())));
            }
            Ok(content)
        })
        .await?
    }

    /// After an import: the document's own mark, if it is ours and for this very content, proves
    /// to which apps it was sent; with the proof in words.
    async fn proof<'a>(
        &self,
        company: &Company,
        deposit: &Deposit,
        content: &Content,
        decisions: &'a Decisions,
    ) -> Answer<(BTreeSet<&'a AppId>, String)> {
        let identity = self.ports().store.identity().await?;
        let nothing = (BTreeSet::new(), String::new());
        if identity.imported_at.is_none() {
            return Ok(nothing);
        }
        let mark = self.ports().folders.mark(&company.folder, &deposit.path).unwrap_or_default();
        let Some(mark) = mark else { return Ok(nothing) };
        let apps = decisions.connections.keys();
        let proven = marks::proven(&mark, &identity.id, company.id, content, apps);
        let at = local_words(&self.config(), mark.at);
        Ok((proven, format!("the document's own mark of {at}")))
    }

    /// Over the app's size: held with the reason before anything is sent.
    fn with_size(
        &self,
        mut candidate: Candidate,
        company: &Company,
        deposit: &Deposit,
    ) -> Candidate {
        let config = self.config();
        let Some(profile) = config.apps.get(&candidate.app) else { return candidate };
        let envelope = Envelope {
            sender: &candidate.sender,
            return_path: candidate.sender.clone(),
            recipient: &candidate.recipient,
            witness: None,
            message_id: MESSAGE_ID_SAMPLE,
            envid: String::new(),
        };
        let sample = mail::of_document(&config, &company.name, envelope, deposit, self.now());
        let size = self.ports().transport.size_of(&sample);
        if size > profile.mail_bytes_max && candidate.fate != Fate::Cancel {
            candidate.fate = Fate::Hold(HeldReason::TooLarge);
            candidate.because = format!(
                "the mail would have {}, and {} takes {} at most",
                size_words(size),
                profile.name,
                size_words(profile.mail_bytes_max)
            );
        }
        candidate
    }
}

/// SHA-256 and size of everything a reader gives.
pub(super) fn digest(reader: &mut dyn Read) -> std::io::Result<Content> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut size = 0;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(Content { sha256: hasher.finalize().into(), size }),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        size += count as u64;
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}

/// A delivery to be made of a due verdict; none when its app was never connected.
pub(super) fn candidate(
    config: &Config,
    decisions: &Decisions,
    company: &Company,
    deposit: &Deposit,
    app: &AppId,
    due: &Due,
) -> Option<Candidate> {
    let profile = config.apps.get(app);
    let connection = decisions.connections.get(app)?;
    let tools = connection.recipient_for(due.inbox.as_deref());
    let recipient = config.mail.redirect_to.as_ref().or(tools);
    let (fate, because) = match (due.fate, recipient) {
        (Fate::Cancel, _) => {
            (Fate::Cancel, "its switch was turned off before it settled".to_owned())
        }
        (_, None) => (
            Fate::Hold(HeldReason::Rule),
            format!(
                "no address is known for this inbox of {app}: `facteur connect {} {app} --to ADDRESS`",
                company.slug
            ),
        ),
        (Fate::Hold(reason), Some(_)) => (due.fate, held_because(reason, deposit)),
        (Fate::Queue, Some(_)) => (Fate::Queue, String::new()),
    };
    let flood_applies = matches!(due.cause, Cause::Switch { .. });
    Some(Candidate {
        app: app.clone(),
        cause: due.cause.clone(),
        cause_in_words: cause_in_words(config, &due.cause),
        fate,
        because,
        sender: connection.sender.clone(),
        // Held for want of an address: the bot's own stands in, and is never sent to.
        recipient: recipient.unwrap_or(&connection.sender).clone(),
        rehearsal: config.mail.redirect_to.is_some(),
        inbox: due.inbox.clone(),
        message_id_domain: config.firm.domain.clone(),
        duplicates_allowed: allows_duplicates(profile),
        flood_per_hour_max: if flood_applies { config.robot.flood_per_hour_max } else { 0 },
    })
}

fn cause_in_words(config: &Config, cause: &Cause) -> String {
    match cause {
        Cause::Switch { folder, at, by, activation: _ } => {
            let at = local_words(config, *at);
            if folder.is_root() {
                format!("deposited in the company's folder, switched on {at} by {by}")
            } else {
                format!("deposited in `{folder}`, switched on {at} by {by}")
            }
        }
        Cause::Backfill { by } => format!("an older document, asked for by {by}"),
    }
}

fn allows_duplicates(profile: Option<&Profile>) -> bool {
    profile.is_some_and(|profile| match profile.duplicates {
        DuplicatesPolicy::Skip => false,
        DuplicatesPolicy::Send => true,
    })
}

fn held_because(reason: HeldReason, deposit: &Deposit) -> String {
    match reason {
        HeldReason::Replaced => format!(
            "another file was found under the known name `{}`: is it a new document, or the old one corrected?",
            deposit.path
        ),
        HeldReason::AfterImport => {
            "found after an import: it may have been sent after that export".to_owned()
        }
        HeldReason::FolderRenamed => {
            "its switched folder was renamed: `facteur switch follow` or `switch stay` decides"
                .to_owned()
        }
        HeldReason::Flood
        | HeldReason::TooLarge
        | HeldReason::Missing
        | HeldReason::Unreadable
        | HeldReason::Expired
        | HeldReason::RootChanged
        | HeldReason::Rule => reason.as_str().replace('_', " "),
    }
}

fn problem_of(company: &Company, deposit: &Deposit, error: &FolderError) -> Problem {
    Problem {
        company: company.slug.to_string(),
        path: Some(deposit.path.clone()),
        kind: "unreadable".to_owned(),
        message: format!("{error}; it is tried again in the next round"),
    }
}
