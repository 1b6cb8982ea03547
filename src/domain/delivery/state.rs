//! The states of a delivery, and why it is held.

use serde::{Deserialize, Serialize};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Goes when it is due.
    Queued,
    /// Its final dot is being sent: from here on the tool may have it.
    Sending,
    /// Tried and put off; due again.
    Deferred,
    /// The server took it.
    Sent,
    /// The server, or later the tool, refused it for good.
    Refused,
    /// Nobody knows whether the tool has it.
    InDoubt,
    /// Waits for a person.
    Held,
    /// Turned off before it went, or given up by a person.
    Cancelled,
}

impl State {
    /// All of them, in the order of the straight line.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Deferred,
        Self::Sent,
        Self::Refused,
        Self::InDoubt,
        Self::Held,
        Self::Cancelled,
    ];

    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Deferred => "deferred",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::InDoubt => "in_doubt",
            Self::Held => "held",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it is on its way, waits, or is at the tool: the same content again is a duplicate
    /// (see [`super::Delivery::holds_its_content`]).
    pub fn is_live(self) -> bool {
        match self {
            Self::Queued
            | Self::Sending
            | Self::Deferred
            | Self::Sent
            | Self::InDoubt
            | Self::Held => true,
            Self::Refused | Self::Cancelled => false,
        }
    }

    /// Whether a person has to do something.
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::Refused | Self::InDoubt | Self::Held => true,
            Self::Queued | Self::Sending | Self::Deferred | Self::Sent | Self::Cancelled => false,
        }
    }
}

/// Why a delivery is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// More within the hour than `flood` allows.
    Flood,
    /// Another file under a known name.
    Replaced,
    /// Over the profile's or the server's size.
    TooLarge,
    /// Its file is gone.
    Missing,
    /// Its file cannot be read.
    Unreadable,
    /// Deferred for longer than `expire`.
    Expired,
    /// The state is older than the world.
    AfterImport,
    /// The company's root changed.
    RootChanged,
    /// Its switched folder was renamed: follow or stay.
    FolderRenamed,
    /// The profile or the configuration asks for a person.
    Rule,
}

impl HeldReason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Flood,
        Self::Replaced,
        Self::TooLarge,
        Self::Missing,
        Self::Unreadable,
        Self::Expired,
        Self::AfterImport,
        Self::RootChanged,
        Self::FolderRenamed,
        Self::Rule,
    ];

    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Replaced => "replaced",
            Self::TooLarge => "too_large",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Expired => "expired",
            Self::AfterImport => "after_import",
            Self::RootChanged => "root_changed",
            Self::FolderRenamed => "folder_renamed",
            Self::Rule => "rule",
        }
    }
}
