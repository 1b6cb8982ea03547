//! An open folder: numbers, headers, mails, and what becomes of them on the server.

use std::collections::BTreeMap;
use std::time::Duration;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode};

use super::connect::{Setup, log_in};
use super::dialogue::{Dialogue, Ended, lost};
use super::limits::{ANSWER_BYTES_MAX, FRAME_BYTES_MAX, HEAD_BYTES_MAX, LIST_BYTES_MAX};
use crate::adapters::mime;
use crate::domain::mail::received::{Head, ReceivedMail};
use crate::ports::mailbox::{Disposal, MailboxError, Session};

/// An open folder.
pub(super) struct ImapSession {
    dialogue: Dialogue,
    validity: u32,
    mails: u32,
    folder: String,
    /// The server knows MOVE (RFC 6851) and UIDPLUS (RFC 4315).
    moves: bool,
    expunges_one: bool,
}

impl ImapSession {
    /// Logs in and opens the folder by `verb`: SELECT, or EXAMINE, which changes nothing.
    pub(super) async fn open(setup: &Setup, verb: &str) -> Result<Self, MailboxError> {
        let mut dialogue = log_in(setup).await?;
        let (mut moves, mut expunges_one) = (false, false);
        let limit = dialogue.limits.command;
        let note = |answer: &Response<'_>| {
            if let Response::Capabilities(capabilities) = answer {
                let knows = |name: &str| {
                    capabilities.iter().any(|known| {
                        matches!(known, async_imap::imap_proto::Capability::Atom(atom)
                            if atom.eq_ignore_ascii_case(name))
                    })
                };
                (moves, expunges_one) = (knows("MOVE"), knows("UIDPLUS"));
            }
        };
        dialogue.command("CAPABILITY", ANSWER_BYTES_MAX, limit, note).await?.done("CAPABILITY")?;
        let (mut validity, mut mails) = (None, 0);
        let command = format!("{verb} {}", quoted(&setup.folder)?);
        let note = |answer: &Response<'_>| match answer {
            Response::Data { outcome, .. } => {
                if let Some(ResponseCode::UidValidity(number)) = outcome.code {
                    validity = Some(number);
                }
            }
            Response::MailboxData(MailboxDatum::Exists(number)) => mails = *number,
            _ => {}
        };
        match dialogue.command(&command, ANSWER_BYTES_MAX, limit, note).await? {
            Ended::Done => {}
            Ended::Refused(said) => {
                return Err(lost(verb, format!("the folder `{}`: {said}", setup.folder)));
            }
        }
        let validity = validity.ok_or_else(|| lost(verb, "the server gives no UIDVALIDITY"))?;
        let folder = setup.folder.clone();
        Ok(Self { dialogue, validity, mails, folder, moves, expunges_one })
    }

    /// What was found, for people.
    pub(super) fn welcome(&self) -> String {
        let noun = if self.mails == 1 { "mail" } else { "mails" };
        format!("logged in; {} {noun} in `{}`", self.mails, self.folder)
    }

    async fn copy(&mut self, uid: u32, folder: &str) -> Result<Ended, MailboxError> {
        if self.moves {
            return self.dialogue.short(&format!("UID MOVE {uid} {folder}")).await;
        }
        let copied = self.dialogue.short(&format!("UID COPY {uid} {folder}")).await?;
        if copied != Ended::Done {
            return Ok(copied);
        }
        let deleted = format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)");
        let marked = self.dialogue.short(&deleted).await?;
        if marked != Ended::Done {
            return Ok(marked);
        }
        if self.expunges_one {
            self.dialogue.short(&format!("UID EXPUNGE {uid}")).await?.done("EXPUNGE")?;
        }
        // Without UIDPLUS an EXPUNGE would take along what other people deleted: it stays marked.
        Ok(Ended::Done)
    }
}

#[async_trait::async_trait]
impl Session for ImapSession {
    fn validity(&self) -> u32 {
        self.validity
    }

    async fn behind(&mut self, uid: u32) -> Result<Vec<u32>, MailboxError> {
        let Some(first) = uid.checked_add(1) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let limit = self.dialogue.limits.command;
        self.dialogue.forget_news();
        let note = |answer: &Response<'_>| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = answer {
                found.extend_from_slice(uids);
            }
        };
        let command = format!("UID SEARCH UID {first}:*");
        self.dialogue.command(&command, LIST_BYTES_MAX, limit, note).await?.done("SEARCH")?;
        // RFC 3501 §6.4.8: `N:*` names the last mail even when its UID is below N.
        found.retain(|found| *found >= first);
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    async fn heads(&mut self, uids: &[u32]) -> Result<Vec<Head>, MailboxError> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let set: Vec<String> = uids.iter().map(u32::to_string).collect();
        let command = format!(
            "UID FETCH {} (UID RFC822.SIZE BODY.PEEK[HEADER]<0.{HEAD_BYTES_MAX}>)",
            set.join(",")
        );
        let bytes_max = FRAME_BYTES_MAX + uids.len() as u64 * (HEAD_BYTES_MAX + 1_000);
        let mut heads = BTreeMap::new();
        let note = |answer: &Response<'_>| {
            if let Some(head) = head(answer).filter(|head| uids.contains(&head.uid)) {
                heads.insert(head.uid, head);
            }
        };
        let limit = self.dialogue.limits.fetch;
        self.dialogue.command(&command, bytes_max, limit, note).await?.done("FETCH")?;
        Ok(heads.into_values().collect())
    }

    async fn fetch(&mut self, uid: u32, bytes_max: u64) -> Result<ReceivedMail, MailboxError> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{bytes_max}>)");
        let mut body = None;
        let note = |answer: &Response<'_>| {
            if let Some(bytes) = section(answer, uid) {
                body = Some(bytes.to_vec());
            }
        };
        let (asked_for, bytes_max) = (bytes_max, bytes_max + FRAME_BYTES_MAX);
        let limit = self.dialogue.limits.fetch;
        match self.dialogue.command(&command, bytes_max, limit, note).await? {
            Ended::Done => {}
            Ended::Refused(said) => {
                return Err(MailboxError::Odd(format!("the server doesn't give it: {said}")));
            }
        }
        let body = body.ok_or(MailboxError::Gone)?;
        // The size that the server said was too small, and the end may be missing.
        if body.len() as u64 >= asked_for {
            let because = format!("it has {asked_for} bytes or more, whatever its server says");
            return Err(MailboxError::Odd(because));
        }
        let parsed = tokio::task::spawn_blocking(move || mime::parse(&body)).await;
        match parsed {
            Ok(parsed) => parsed.map_err(MailboxError::Odd),
            Err(died) => Err(MailboxError::Odd(died.to_string())),
        }
    }

    async fn dispose(&mut self, uid: u32, disposal: &Disposal) -> Result<(), MailboxError> {
        match disposal {
            Disposal::Leave => Ok(()),
            Disposal::Flag => {
                let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Flagged \\Seen)");
                refused(self.dialogue.short(&command).await?)
            }
            Disposal::Move(folder) => {
                let folder = quoted(folder)?;
                if self.copy(uid, &folder).await? == Ended::Done {
                    return Ok(());
                }
                // It may only be missing; whether it could be made shows at the second try.
                self.dialogue.short(&format!("CREATE {folder}")).await?;
                refused(self.copy(uid, &folder).await?)
            }
        }
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), MailboxError> {
        let limit = limit.min(self.dialogue.limits.idle);
        self.dialogue.idle(limit).await
    }

    async fn close(mut self: Box<Self>) {
        let limit = self.dialogue.limits.logout;
        // Nothing depends on it.
        drop(self.dialogue.command("LOGOUT", ANSWER_BYTES_MAX, limit, |_| {}).await);
    }
}

/// A server that refuses something of one mail; others may be fine.
fn refused(ended: Ended) -> Result<(), MailboxError> {
    match ended {
        Ended::Done => Ok(()),
        Ended::Refused(said) => Err(MailboxError::Odd(said)),
    }
}

fn head(answer: &Response<'_>) -> Option<Head> {
    let Response::Fetch(_, attributes) = answer else { return None };
    let (mut uid, mut size, mut headers) = (None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Some(*number),
            AttributeValue::Rfc822Size(bytes) => size = Some(u64::from(*bytes)),
            AttributeValue::BodySection { data: Some(bytes), .. } => {
                headers = Some(mime::headers(bytes));
            }
            _ => {}
        }
    }
    Some(Head { uid: uid?, size: size?, headers: headers.unwrap_or_default() })
}

fn section<'a>(answer: &'a Response<'_>, wanted: u32) -> Option<&'a [u8]> {
    let Response::Fetch(_, attributes) = answer else { return None };
    let is_it = attributes.contains(&AttributeValue::Uid(wanted));
    let mut bodies = attributes.iter().filter_map(|attribute| match attribute {
        AttributeValue::BodySection { section: None, data: Some(bytes), .. } => Some(&**bytes),
        _ => None,
    });
    bodies.next().filter(|_| is_it)
}

/// A folder's name as IMAP takes it (RFC 3501 §5.1.3: modified UTF-7), in quotes.
fn quoted(folder: &str) -> Result<String, MailboxError> {
    let unusable = |letter: char| letter.is_control() || !letter.is_ascii();
    if folder.contains(unusable) {
        let because = format!("the folder `{folder}`: write its name in ASCII, as IMAP spells it");
        return Err(lost("folder", because));
    }
    Ok(format!("\"{}\"", folder.replace('\\', "\\\\").replace('"', "\\\"")))
}
