//! One pass over one mailbox: what is new, headers before bodies, durable before it is disposed of.

use super::super::collection::Retried;
use super::super::error::Answer;
use super::super::robot::Robot;
use crate::config::{AfterReading, MailboxConfig, MailboxRole};
use crate::domain::mail::mailbox::{Cursor, MailOutcome, MailRecord, MailboxRecord};
use crate::domain::mail::received::{Head, Headers, MailIdentity};
use crate::ports::mailbox::{Disposal, MailboxError, Session};
use crate::ports::mails::{MAILS_TAKEN_MAX, MailEffect, TakenMail};

/// Mails that a server is told of in one pass, of those that an earlier pass left.
const OWED_MAX: usize = 1_000;

/// Characters kept of a header.
const SHOWN_CHARS_MAX: usize = 200;

/// A pass that could not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Broken {
    pub(in crate::app) because: String,
    /// The mail that was being read, where it may be to blame.
    pub(in crate::app) uid: Option<u32>,
}

/// One mail as it was found to be.
pub(in crate::app) struct Found {
    pub(in crate::app) outcome: MailOutcome,
    pub(in crate::app) content: Option<MailIdentity>,
    pub(in crate::app) effect: Option<MailEffect>,
}

/// None: it went away meanwhile. Err: the pass is over.
pub(in crate::app) type Looked = Result<Option<Found>, Broken>;

impl Found {
    pub(in crate::app) fn plain(outcome: MailOutcome) -> Self {
        Self { outcome, content: None, effect: None }
    }

    pub(in crate::app) fn odd(because: impl Into<String>) -> Self {
        Self::plain(MailOutcome::Odd { because: because.into() })
    }
}

/// What is read now.
struct Reading<'a> {
    config: &'a MailboxConfig,
    before: MailboxRecord,
    session: &'a mut dyn Session,
    cursor: Cursor,
}

impl Robot {
    /// Reads what is new to the end.
    pub(super) async fn read_new(
        &self,
        config: &MailboxConfig,
        session: &mut dyn Session,
    ) -> Answer<Result<(), Broken>> {
        let address = &config.name();
        let store = &self.ports().store;
        let before = store.mailbox(address).await?;
        let before = before.unwrap_or_else(|| MailboxRecord::new(address, self.now()));
        let validity = session.validity();
        // Another validity: every UID means something else, and each mail is told by itself.
        let known = before.cursor.validity == validity;
        let uid = if known { before.cursor.uid } else { 0 };
        let cursor = Cursor { validity, uid };
        let mut reading = Reading { config, before, session, cursor };
        if let Err(broken) = self.dispose_of_owed(&mut reading).await? {
            return Ok(Err(broken));
        }
        if let Err(broken) = self.read_pages(&mut reading).await? {
            return Ok(Err(broken));
        }
        match config.role {
            MailboxRole::Bot => {
                let Reading { cursor, session, .. } = &mut reading;
                if let Err(broken) = self.recheck_invitations(address, *cursor, *session).await? {
                    return Ok(Err(broken));
                }
            }
            MailboxRole::Collection => {
                self.file_mails(Retried::Fresh).await?;
                if let Err(broken) = self.dispose_of_owed(&mut reading).await? {
                    return Ok(Err(broken));
                }
            }
            MailboxRole::Sent => {}
        }
        // What was left for the next start may be the very copy that a doubt waits for.
        if !self.shared.is_stopping() {
            store.mailbox_read(address, reading.cursor, self.now()).await?;
        }
        Ok(Ok(()))
    }

    async fn read_pages(&self, reading: &mut Reading<'_>) -> Answer<Result<(), Broken>> {
        let uids = match reading.session.behind(reading.cursor.uid).await {
            Ok(uids) => uids,
            Err(error) => return Ok(Err(error.into())),
        };
        // Where one mail ended the last pass, they are taken one by one to find it.
        let failing = reading.before.failing.as_ref();
        let alone = failing.is_some_and(|failing| failing.uid.is_some());
        let alone_to = if alone { uids.len().min(MAILS_TAKEN_MAX) } else { 0 };
        let (one_by_one, rest) = uids.split_at(alone_to);
        for page in one_by_one.chunks(1).chain(rest.chunks(MAILS_TAKEN_MAX)) {
            if self.shared.is_stopping() {
                break;
            }
            if let Err(broken) = self.read_page(reading, page).await? {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    async fn read_page(
        &self,
        reading: &mut Reading<'_>,
        page: &[u32],
    ) -> Answer<Result<(), Broken>> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(Ok(())) };
        let mut mails = Vec::new();
        let mut broken = None;
        if page.len() == 1 && reading.before.gives_up_on(*first) {
            mails.push(self.given_up(reading, *first));
        } else {
            let heads = match reading.session.heads(page).await {
                Ok(heads) => heads,
                Err(error) => return Ok(Err(Broken::at(&error, *first))),
            };
            for head in heads {
                match self.look(reading, &head).await? {
                    Ok(Some(found)) => mails.push(self.taken(reading, &head, found)),
                    Ok(None) => {}
                    Err(error) => {
                        broken = Some(error);
                        break;
                    }
                }
            }
            if broken.is_none() {
                broken = withheld(reading, page, &mails).await;
            }
        }
        let done_to = match (&broken, ungiven(page, &mails).first()) {
            (Some(_), Some(uid)) => uid.saturating_sub(1),
            (Some(_) | None, _) => *last,
        };
        reading.cursor.uid = reading.cursor.uid.max(done_to);
        let address = &reading.config.name();
        let store = &self.ports().store;
        let taken = store.take_mails(address, reading.cursor, mails, self.now()).await?;
        if taken.iter().any(|mail| mail.outcome.is_done()) {
            self.shared.poke();
        }
        if let Some(broken) = broken {
            return Ok(Err(broken));
        }
        for mail in taken.iter().filter(|mail| mail.owed) {
            if let Err(broken) = self.dispose_of(reading, mail).await? {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// What a mail is, by its mailbox's role.
    async fn look(&self, reading: &mut Reading<'_>, head: &Head) -> Answer<Looked> {
        match reading.config.role {
            MailboxRole::Bot | MailboxRole::Sent => {
                let copy = self.look_for_copy(reading.config, head).await?;
                if copy.is_some() {
                    return Ok(Ok(copy));
                }
            }
            MailboxRole::Collection => {}
        }
        let identity = identity(reading.config.role, head);
        let known = self.ports().store.known_mail(&identity).await?;
        if let Some(known) = known.filter(|known| !self.may_be_another(reading, known, head)) {
            let MailRecord { outcome, content, .. } = known;
            return Ok(Ok(Some(Found { outcome, content, effect: None })));
        }
        match reading.config.role {
            MailboxRole::Bot => self.look_at_answer(reading.session, head).await,
            // Only the copies in it say something.
            MailboxRole::Sent => Ok(Ok(Some(Found::plain(MailOutcome::Unread)))),
            MailboxRole::Collection => self.look_at_document(reading.session, head).await,
        }
    }

    /// Whether a mail with the headers of one that is known may hold something else: its content
    /// tells then. Two in mailboxes as they are now are two, and a scanner may give all of its own
    /// one Message-ID and date; what a new server gives is the same unless its size says otherwise.
    fn may_be_another(&self, reading: &Reading<'_>, known: &MailRecord, head: &Head) -> bool {
        let is_beside = if known.mailbox == reading.config.name() {
            known.place.validity == reading.cursor.validity && known.place.uid != head.uid
        } else {
            self.config().mailboxes.iter().any(|mailbox| mailbox.name() == known.mailbox)
        };
        // Nobody has seen what an odd one holds.
        let is_telling =
            known.content.is_some() || matches!(known.outcome, MailOutcome::Odd { .. });
        is_telling && (is_beside || known.size != head.size)
    }

    fn taken(&self, reading: &Reading<'_>, head: &Head, found: Found) -> TakenMail {
        let shown = |name| shown(&head.headers, name);
        let is_copy = matches!(found.outcome, MailOutcome::Copy { .. });
        let record = MailRecord {
            number: 0,
            mailbox: reading.config.name(),
            place: Cursor { uid: head.uid, ..reading.cursor },
            head: if is_copy {
                MailIdentity::of_copy(head)
            } else {
                identity(reading.config.role, head)
            },
            content: found.content,
            size: head.size,
            from: shown("From"),
            date: shown("Date"),
            subject: shown("Subject"),
            message_id: shown("Message-ID"),
            owed: found.outcome.is_done() && disposal(reading.config) != Disposal::Leave,
            outcome: found.outcome,
            at: self.now(),
        };
        TakenMail { record, effect: found.effect }
    }

    /// A mail at which pass after pass ended.
    fn given_up(&self, reading: &Reading<'_>, uid: u32) -> TakenMail {
        let failing = reading.before.failing.as_ref();
        let because = failing.map_or_else(String::new, |failing| failing.because.clone());
        let head = Head { uid, size: 0, headers: Headers::default() };
        let mut mail = self.taken(reading, &head, Found::odd(because));
        let Cursor { validity, .. } = reading.cursor;
        mail.record.head = MailIdentity::of_place(&reading.config.name(), validity, uid);
        mail
    }

    /// What an earlier pass left undone on the server. Mails of another validity are met again
    /// when the folder is read anew.
    async fn dispose_of_owed(&self, reading: &mut Reading<'_>) -> Answer<Result<(), Broken>> {
        let address = &reading.config.name();
        for mail in self.ports().store.owed_mails(address, OWED_MAX).await? {
            if mail.place.validity != reading.cursor.validity {
                continue;
            }
            if let Err(broken) = self.dispose_of(reading, &mail).await? {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// Tells the server. One that refuses is asked again in the next pass.
    async fn dispose_of(
        &self,
        reading: &mut Reading<'_>,
        mail: &MailRecord,
    ) -> Answer<Result<(), Broken>> {
        match reading.session.dispose(mail.place.uid, &disposal(reading.config)).await {
            Ok(()) | Err(MailboxError::Gone) => {
                self.ports().store.mail_disposed(mail.number).await?;
            }
            Err(MailboxError::Odd(because)) => {
                tracing::warn!(mail = mail.number, because, "a mail dealt with stays where it is");
            }
            Err(error @ MailboxError::Lost(_)) => return Ok(Err(error.into())),
        }
        Ok(Ok(()))
    }
}

/// The first mail of a page that the server said nothing of, and has still. One that is gone is
/// nobody's loss; one that is passed over would be.
async fn withheld(reading: &mut Reading<'_>, page: &[u32], mails: &[TakenMail]) -> Option<Broken> {
    let missing = ungiven(page, mails);
    let first = *missing.first()?;
    let there = match reading.session.behind(first.saturating_sub(1)).await {
        Ok(there) => there,
        Err(error) => return Some(Broken::at(&error, first)),
    };
    let uid = missing.into_iter().find(|uid| there.contains(uid))?;
    let because = "the server lists this mail, and doesn't give it".to_owned();
    Some(Broken { because, uid: Some(uid) })
}

/// The mails of a page that nothing is known of yet.
fn ungiven(page: &[u32], mails: &[TakenMail]) -> Vec<u32> {
    let is_given = |uid: &u32| mails.iter().any(|mail| mail.record.place.uid == *uid);
    page.iter().filter(|uid| !is_given(uid)).copied().collect()
}

impl Broken {
    /// At this mail.
    pub(in crate::app) fn at(error: &MailboxError, uid: u32) -> Self {
        Self { because: error.to_string(), uid: Some(uid) }
    }

    /// At no mail: what is wrong is wrong here, and passes.
    pub(in crate::app) fn here(because: impl Into<String>) -> Self {
        Self { because: because.into(), uid: None }
    }
}

fn disposal(config: &MailboxConfig) -> Disposal {
    match &config.after {
        AfterReading::Leave => Disposal::Leave,
        AfterReading::Flag => Disposal::Flag,
        AfterReading::Move(folder) => Disposal::Move(folder.clone()),
    }
}

/// One mail to two companies is two mails to a collection mailbox.
fn identity(role: MailboxRole, head: &Head) -> MailIdentity {
    let identity = MailIdentity::of_head(head);
    match role {
        MailboxRole::Bot | MailboxRole::Sent => identity,
        MailboxRole::Collection => identity.as_delivered(&head.headers),
    }
}

/// A header on one line, cut.
pub(super) fn shown(headers: &Headers, name: &str) -> String {
    let value = headers.first(name).unwrap_or_default();
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    value.chars().map(plain).take(SHOWN_CHARS_MAX).collect()
}
