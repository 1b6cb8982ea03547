//! A deposit: a document first observed after the baseline, and its verdict for each app.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::company::CompanyId;
use super::delivery::{Delivery, DeliveryId, HeldReason, State};
use super::directory::Fingerprint;
use super::path::TreePath;
use super::profile::AppId;

/// One document of one company, from its first observation to the end of its story.
///
/// It keeps its number when its file is renamed or moved inside the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// Counts the deposits of the state; order is the order of the store.
    pub number: u64,
    /// Whose it is.
    pub company: CompanyId,
    /// Where it is now, as last observed.
    pub path: TreePath,
    /// How it came.
    pub origin: Origin,
    /// When it was first observed; for display.
    pub observed_at: Timestamp,
    /// Modification time when last observed, nanoseconds since 1970; for display.
    pub modified_ns: i128,
    /// Bytes when last observed.
    pub size: u64,
    /// Which file it is.
    pub fingerprint: Fingerprint,
    /// Its file stood still for the settle time.
    pub settled: bool,
    /// Its name is gone.
    pub gone: bool,
    /// What it holds, once hashed.
    pub content: Option<Content>,
    /// One for each app that was ever connected when it was observed.
    pub verdicts: BTreeMap<AppId, Verdict>,
    /// Its story until deliveries take over: found, moved, replaced…, oldest first.
    pub events: Vec<DepositEvent>,
}

/// How a deposit came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A name first observed.
    Found,
    /// The same, put there by the robot: a file of a collected mail.
    Received {
        /// The mail's number.
        mail: u64,
    },
    /// A document of the baseline that moved to a place covered by another switch.
    Moved {
        /// Where it was.
        from: TreePath,
    },
    /// Another file under a known name.
    Replaced {
        /// The deposit that was there; none for one of the baseline.
        earlier: Option<u64>,
    },
    /// An older document the firm asked for (R13).
    Backfill {
        /// Who asked.
        by: String,
    },
}

/// The bytes of a document, identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// SHA-256 of all its bytes.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: u64,
}

/// What a deposit means for one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It goes once it has settled (shown as `settling`).
    Due(Due),
    /// It has a delivery.
    Queued(DeliveryId),
    /// The same content has a live delivery; this one follows its fate.
    Duplicate(DeliveryId),
    /// It doesn't go.
    Skipped(Skip),
}

/// A delivery to be made when its document has settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// By what it goes.
    pub cause: Cause,
    /// The inbox its switch names.
    pub inbox: Option<String>,
    /// In which state its delivery starts.
    pub fate: Fate,
}

/// In which state a delivery starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Queued.
    Queue,
    /// Held for a person.
    Hold(HeldReason),
    /// Cancelled: its switch, connection or app was turned off before it settled (R14).
    Cancel,
}

/// By whose decision a delivery goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A switch.
    Switch {
        /// Its folder.
        folder: TreePath,
        /// Which turning-on of it.
        activation: u64,
        /// When it was turned on.
        at: Timestamp,
        /// Who turned it on.
        by: String,
    },
    /// A back-fill.
    Backfill {
        /// Who asked.
        by: String,
    },
}

/// Why a document doesn't go to an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It was there before the switch was turned on (or before the first observation).
    BeforeActivation,
    /// No switch was on for its folder when it was deposited.
    SwitchOff,
    /// The app was not connected when it was deposited.
    NotConnected,
    /// The app doesn't take its type.
    Unsupported,
}

impl Skip {
    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeActivation => "before_activation",
            Self::SwitchOff => "switch_off",
            Self::NotConnected => "not_connected",
            Self::Unsupported => "unsupported",
        }
    }
}

/// One step of a deposit's own story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositEvent {
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
}

/// Events kept for one deposit; a file renamed more often forgets the middle.
pub const DEPOSIT_EVENTS_MAX: usize = 64;

impl Deposit {
    /// Adds a step to its story.
    pub fn tell(&mut self, at: Timestamp, what: impl Into<String>) {
        if self.events.len() >= DEPOSIT_EVENTS_MAX {
            self.events.remove(DEPOSIT_EVENTS_MAX / 2);
        }
        self.events.push(DepositEvent { at, what: what.into() });
    }

    /// Whether some app still waits for it to settle. Nobody waits for what is gone.
    pub fn is_due(&self) -> bool {
        !self.gone && self.verdicts.values().any(|verdict| matches!(verdict, Verdict::Due(_)))
    }

    /// The deliveries its verdicts name, its own or the one it follows.
    pub fn deliveries(&self) -> impl Iterator<Item = DeliveryId> {
        self.verdicts.values().filter_map(|verdict| match verdict {
            Verdict::Queued(id) | Verdict::Duplicate(id) => Some(*id),
            Verdict::Due(_) | Verdict::Skipped(_) => None,
        })
    }

    /// Whether it is validated (R9): each app that was owed it has it, and at least one was.
    /// A cancelled delivery is owed no more; `deliveries` are those of [`Deposit::deliveries`].
    pub fn is_validated(&self, deliveries: &[Delivery]) -> bool {
        let settled = deliveries
            .iter()
            .all(|delivery| matches!(delivery.state, State::Sent | State::Cancelled));
        let sent =
            deliveries.iter().any(|delivery| delivery.state == State::Sent && !delivery.rehearsal);
        !self.is_due() && settled && sent
    }
}
