//! Views of invitations: one for each connection whose tool invites the bot.

use serde::{Deserialize, Serialize};

use super::LocalTime;

/// `invitations`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InvitationView {
    /// Slug.
    pub company: String,
    /// App.
    pub app: String,
    /// `pending`, `verified`, `opening`, `accepted`, `failed`, `expired`.
    pub state: String,
    /// In words: why it is so, and what can be done.
    pub because: String,
    /// The bot's address that is invited.
    pub sender: String,
    /// Who writes; null when no mail came.
    pub from: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// The company, as the mail calls it.
    pub names: Option<String>,
    /// When it was written, as it says.
    pub written_at: Option<LocalTime>,
    /// When it was first read.
    pub received_at: Option<LocalTime>,
    /// The domain whose signature proves its origin.
    pub signed_by: Option<String>,
    /// The link that accepts it (`show` alone; never before its origin is verified).
    pub link: Option<String>,
    /// The person who accepted it.
    pub by: Option<String>,
    /// Whether it waits for a person.
    pub needs_person: bool,
    /// How many mails of invitations came.
    pub mails: u64,
    /// Its story, oldest first (`show` alone).
    pub events: Vec<InvitationEventView>,
}

/// One step of an invitation's story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationEventView {
    /// When.
    pub at: LocalTime,
    /// What it became.
    pub state: String,
    /// In words.
    pub because: String,
    /// The person who acted.
    pub by: Option<String>,
}
