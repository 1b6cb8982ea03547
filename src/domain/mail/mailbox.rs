//! What is remembered of mailboxes and of the mails in them.

use serde::{Deserialize, Serialize};

use super::acknowledgement::Acknowledgement;
use super::received::{LeftOut, MailIdentity};
use super::report::ReportedFate;
use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::delivery::DeliveryId;
use crate::domain::deposit::Content;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::slug::Slug;

/// How far a folder was read (RFC 3501 §2.3.1.1): UIDs mean something within a validity alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// UIDVALIDITY.
    pub validity: u32,
    /// Every mail up to this UID was dealt with; 0: none.
    pub uid: u32,
}

/// What is remembered of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxRecord {
    /// Its address.
    pub address: String,
    /// How far it was read.
    pub cursor: Cursor,
    /// When it was first tried.
    pub known_since: Timestamp,
    /// When it was last read to its end.
    pub read_at: Option<Timestamp>,
    /// What stops it from being read.
    pub failing: Option<Failing>,
}

/// A mailbox that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Since when.
    pub since: Timestamp,
    /// In words.
    pub because: String,
    /// The first mail that wasn't dealt with, where one was being read.
    pub uid: Option<u32>,
    /// Passes in a row that ended at this very mail.
    pub times: u32,
}

/// A mail that kills this many passes in a row is put aside.
pub const FAILURES_OF_ONE_MAIL_MAX: u32 = 3;

impl MailboxRecord {
    /// A mailbox that was never read.
    pub fn new(address: &str, now: Timestamp) -> Self {
        Self {
            address: address.to_owned(),
            cursor: Cursor::default(),
            known_since: now,
            read_at: None,
            failing: None,
        }
    }

    /// Since when nothing is known of what came into it.
    pub fn silent_since(&self) -> Timestamp {
        self.read_at.unwrap_or(self.known_since)
    }

    /// Whether the mail with this UID has ended enough passes.
    pub fn gives_up_on(&self, uid: u32) -> bool {
        self.failing.as_ref().is_some_and(|failing| {
            failing.uid == Some(uid) && failing.times >= FAILURES_OF_ONE_MAIL_MAX
        })
    }

    /// The record after a pass that failed, at this mail.
    #[must_use]
    pub fn failed(&self, because: &str, uid: Option<u32>, now: Timestamp) -> Self {
        let before = self.failing.as_ref();
        let same = before.filter(|failing| uid.is_some() && failing.uid == uid);
        let failing = Failing {
            since: before.map_or(now, |failing| failing.since),
            because: because.to_owned(),
            uid,
            times: same.map_or(1, |failing| failing.times.saturating_add(1)),
        };
        Self { failing: Some(failing), ..self.clone() }
    }
}

/// What a mail turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailOutcome {
    /// A delivery report; its delivery was changed, or has a line more in its story.
    Answered {
        /// Which.
        delivery: DeliveryId,
        /// What the report says.
        fate: ReportedFate,
    },
    /// A copy of a mail of ours: proof that it left.
    Copy {
        /// Of which delivery.
        delivery: DeliveryId,
    },
    /// An answer about a delivery that no rule understands: a person reads it, where it lies.
    ToRead {
        /// Which.
        delivery: DeliveryId,
    },
    /// An invitation of the bot, which stays where it lies.
    Invited {
        /// To the books of this company.
        company: CompanyId,
        /// By this app.
        app: AppId,
    },
    /// A delivery report that belongs to nothing that was sent: forged, or not ours.
    Unmatched {
        /// In words.
        because: String,
    },
    /// Nobody can read it.
    Odd {
        /// In words.
        because: String,
    },
    /// No report: an answer that waits for a person, where it lies.
    Unread,
    /// A mail of a collection mailbox that is kept here and not dealt with yet.
    Pending {
        /// What keeps it from being dealt with, in words; none before the first try.
        trouble: Option<String>,
    },
    /// Its files are being put into their places.
    Filing(Filing),
    /// Its files are in their places.
    Filed(Filing),
    /// Nobody but a person can say where its files go.
    Tray {
        /// In words.
        because: String,
        /// Whose it is, where its address told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company: Option<Slug>,
    },
    /// It holds what the antivirus knows.
    Quarantined {
        /// What it found.
        because: String,
        /// Whose it is, where its address told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company: Option<Slug>,
    },
    /// A person threw it away.
    Dropped {
        /// Who.
        by: String,
    },
}

/// Where the files of a mail go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// Whose it is.
    pub slug: Slug,
    /// The company's folder below the root, when it was planned.
    pub company: TreePath,
    /// Its documents, each with its place; none where the same mail was filed before.
    pub files: Vec<FiledFile>,
    /// What became no document.
    pub left_out: Vec<LeftOut>,
    /// The person who said so, for one from the tray.
    pub by: Option<String>,
    /// What kept the last try from ending, in words.
    pub trouble: Option<String>,
    /// How its sender was known to be one who may send, in words; none where a person filed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted: Option<String>,
    /// What its sender is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
}

/// One document of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledFile {
    /// Where it is put, relative to the company's folder.
    pub path: TreePath,
    /// Which of [`ReceivedMail::files`](super::received::ReceivedMail::files) it is.
    pub index: usize,
    /// What it holds.
    pub content: Content,
    /// It was put there, and may have been moved since: it is never put again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub put: bool,
}

impl MailOutcome {
    /// Whether a person should look at it.
    pub fn is_put_aside(&self) -> bool {
        match self {
            Self::Unmatched { .. } | Self::Odd { .. } | Self::ToRead { .. } => true,
            Self::Answered { .. }
            | Self::Copy { .. }
            | Self::Invited { .. }
            | Self::Unread
            | Self::Pending { .. }
            | Self::Filing(_)
            | Self::Filed(_)
            | Self::Tray { .. }
            | Self::Quarantined { .. }
            | Self::Dropped { .. } => false,
        }
    }

    /// Whether its files are to be put into their places.
    pub fn is_to_be_filed(&self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Filing(_))
    }

    /// Whether a person is to say what becomes of it.
    pub fn is_in_tray(&self) -> bool {
        matches!(self, Self::Tray { .. } | Self::Quarantined { .. })
    }

    /// Where its files are, or are being put.
    pub fn filing(&self) -> Option<&Filing> {
        let (Self::Filing(filing) | Self::Filed(filing)) = self else { return None };
        Some(filing)
    }

    /// Whose it is, as far as anybody knows.
    pub fn company(&self) -> Option<&Slug> {
        match self {
            Self::Filing(filing) | Self::Filed(filing) => Some(&filing.slug),
            Self::Tray { company, .. } | Self::Quarantined { company, .. } => company.as_ref(),
            Self::Answered { .. }
            | Self::ToRead { .. }
            | Self::Copy { .. }
            | Self::Unmatched { .. }
            | Self::Odd { .. }
            | Self::Unread
            | Self::Invited { .. }
            | Self::Pending { .. }
            | Self::Dropped { .. } => None,
        }
    }

    /// Why it waits, or is where it is; none where nothing is to be said.
    pub fn because(&self) -> Option<&str> {
        match self {
            Self::Unmatched { because }
            | Self::Odd { because }
            | Self::Tray { because, .. }
            | Self::Quarantined { because, .. } => Some(because),
            Self::Pending { trouble } => trouble.as_deref(),
            Self::Filing(filing) => filing.trouble.as_deref(),
            Self::Answered { .. }
            | Self::Copy { .. }
            | Self::ToRead { .. }
            | Self::Unread
            | Self::Invited { .. }
            | Self::Filed(_)
            | Self::Dropped { .. } => None,
        }
    }

    /// The delivery it is about.
    pub fn delivery(&self) -> Option<DeliveryId> {
        let (Self::Answered { delivery, .. } | Self::Copy { delivery } | Self::ToRead { delivery }) =
            self
        else {
            return None;
        };
        Some(*delivery)
    }

    /// The word in the interface.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Answered { .. } => "answered",
            Self::ToRead { .. } => "to_read",
            Self::Copy { .. } => "copy",
            Self::Unmatched { .. } => "unmatched",
            Self::Odd { .. } => "odd",
            Self::Unread => "unread",
            Self::Invited { .. } => "invited",
            Self::Pending { .. } => "pending",
            Self::Filing(_) => "filing",
            Self::Filed(_) => "filed",
            Self::Tray { .. } => "tray",
            Self::Quarantined { .. } => "quarantined",
            Self::Dropped { .. } => "dropped",
        }
    }

    /// Whether it is done with, so that the server may be told.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Answered { .. } | Self::Copy { .. } | Self::Filed(_) | Self::Dropped { .. } => {
                true
            }
            Self::Invited { .. }
            | Self::ToRead { .. }
            | Self::Unmatched { .. }
            | Self::Odd { .. }
            | Self::Unread
            | Self::Pending { .. }
            | Self::Filing(_)
            | Self::Tray { .. }
            | Self::Quarantined { .. } => false,
        }
    }
}

/// One mail that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRecord {
    /// Counts the mails of the state.
    pub number: u64,
    /// The mailbox's address.
    pub mailbox: String,
    /// Where it was last seen.
    pub place: Cursor,
    /// By its headers.
    pub head: MailIdentity,
    /// By its content, where that was fetched.
    pub content: Option<MailIdentity>,
    /// Bytes, as the server says.
    pub size: u64,
    /// `From`, cut.
    pub from: String,
    /// `Date`, as it stands there, cut.
    pub date: String,
    /// `Subject`, cut.
    pub subject: String,
    /// `Message-ID`, cut.
    #[serde(default)]
    pub message_id: String,
    /// What it turned out to be.
    pub outcome: MailOutcome,
    /// When that was.
    pub at: Timestamp,
    /// The server is still to be told (moved, flagged).
    pub owed: bool,
}
