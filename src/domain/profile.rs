//! An app and its profile: what a bookkeeping tool takes, as data.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::mail::invitation::InvitationRule;
use super::mail::tool_answer::AnswerRule;
use super::names;
use super::path::TreePath;
use super::template::AddressTemplate;

/// The key of an app in routes.toml: lower-case letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppId(String);

impl AppId {
    /// Checks an app's key; at most 32 bytes, as it may stand in an address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
        };
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is no app: use lower-case letters, digits, `-` and `_`, at most 32"
            ))
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for AppId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<AppId> for String {
    fn from(app: AppId) -> Self {
        app.0
    }
}

/// What happens to a delivery in doubt that no proof settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InDoubtPolicy {
    /// A person settles it.
    Hold,
    /// It is sent again with the same Message-ID, announced in its story.
    Resend,
}

/// What happens when another file stands behind a known name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplacedPolicy {
    /// A person decides.
    Hold,
    /// It is sent like a deposit.
    Send,
    /// Nothing.
    Ignore,
}

/// What happens when the same content was sent to the same recipient before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicatesPolicy {
    /// It is shown as a duplicate and not sent.
    Skip,
    /// It is sent.
    Send,
}

/// What a bookkeeping tool takes and how mail reaches it: a shipped profile with the firm's
/// overrides applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// For people: `QuickBooks Dépenses Express`.
    pub name: String,
    /// False: nothing is sent to it, nothing can be connected.
    pub enabled: bool,
    /// The bot's address for a company.
    pub sender: AddressTemplate,
    /// What stands between the sender and the delivery's name in the envelope sender, where the
    /// tool takes mail whose envelope sender isn't its `From` to the letter; none: they are alike.
    pub subaddress: Option<char>,
    /// The tool's address for a company; none where only the tool can tell it (`connect --to`).
    pub recipient: Option<AddressTemplate>,
    /// A tool with several addresses a company, by kind of folder.
    pub inboxes: BTreeMap<String, AddressTemplate>,
    /// Extensions, lower-case, without the dot.
    pub accepts: Vec<String>,
    /// Bytes of the whole mail after encoding.
    pub mail_bytes_max: u64,
    /// Mails in any hour to this app, all companies together; 0: no limit known.
    pub mails_per_hour_max: u32,
    /// Mails in any day to this app; 0: no limit known.
    pub mails_per_day_max: u32,
    /// Folders it is meant for; empty: any.
    pub recommended_folders: Vec<FolderPattern>,
    /// See [`InDoubtPolicy`].
    pub in_doubt: InDoubtPolicy,
    /// See [`ReplacedPolicy`].
    pub replaced: ReplacedPolicy,
    /// See [`DuplicatesPolicy`].
    pub duplicates: DuplicatesPolicy,
    /// What the tool's own answers mean; the first rule that fits decides.
    pub answers: Vec<AnswerRule>,
    /// What a firm does on the tool's side, one step each; `{sender}`, `{recipient}`,
    /// `{bot_name}`, `{company}` are filled in.
    pub steps: Vec<String>,
    /// Where the facts come from.
    pub source: String,
    /// Which facts are not known for certain, in words.
    pub uncertain: Vec<String>,
    /// How it invites the bot; none where the bot needs no invitation, or nobody said how one
    /// looks.
    pub invitation: Option<InvitationRule>,
}

impl Profile {
    /// Whether the tool takes a document of this name.
    pub fn accepts_name(&self, name: &[u8]) -> bool {
        names::extension(name).is_some_and(|ending| self.accepts.contains(&ending))
    }

    /// Whether the tool is meant for this folder, itself or by one above it.
    pub fn recommends(&self, folder: &TreePath) -> bool {
        self.recommended_folders.is_empty()
            || self.recommended_folders.iter().any(|pattern| pattern.covers(folder))
    }
}

/// A pattern of folders: `*` within a name, `**` for any number of folders; case and accents
/// don't matter.
#[derive(Debug, Clone)]
pub struct FolderPattern {
    text: String,
    regex: regex::Regex,
}

impl PartialEq for FolderPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for FolderPattern {}

impl FolderPattern {
    /// Checks a pattern; at most 512 bytes.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 512 || text.starts_with('/') {
            return Err(format!(
                "`{text}` is no folder pattern: give one relative to the company's folder"
            ));
        }
        // A name may hold a line feed, which `.` must match too.
        let mut regex = String::from("(?s)^");
        let components: Vec<&str> = text.split('/').filter(|name| !name.is_empty()).collect();
        for (index, component) in components.iter().enumerate() {
            let last = index + 1 == components.len();
            match (*component, last) {
                // Any number of folders is none, too: `Scans/**` is `Scans` and all below it.
                ("**", true) if regex.ends_with('/') => {
                    regex.pop();
                    regex.push_str("(?:/.*)?");
                }
                ("**", true) => regex.push_str(".*"),
                ("**", false) => regex.push_str("(?:[^/]+/)*"),
                (name, _) => {
                    for part in name.split_inclusive('*') {
                        let literal = part.strip_suffix('*');
                        regex.push_str(&regex::escape(&names::fold(literal.unwrap_or(part))));
                        if literal.is_some() {
                            regex.push_str("[^/]*");
                        }
                    }
                    if !last {
                        regex.push('/');
                    }
                }
            }
        }
        regex.push('$');
        let regex = regex::Regex::new(&regex).map_err(|error| format!("`{text}`: {error}"))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether the pattern matches this folder itself.
    pub fn matches(&self, folder: &TreePath) -> bool {
        self.regex.is_match(&names::fold(&String::from_utf8_lossy(folder.as_bytes())))
    }

    /// Whether the pattern matches this folder or one above it.
    pub fn covers(&self, folder: &TreePath) -> bool {
        let mut current = Some(folder.clone());
        while let Some(folder) = current {
            if self.matches(&folder) {
                return true;
            }
            current = folder.parent();
        }
        false
    }

    /// The pattern as typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_folders_whatever_their_case_and_accents() {
        let cases = [
            ("Achats", "achats", true),
            ("Achats", "ACHATS/2026/mai", true),
            ("Achats", "Ventes/Achats", false),
            ("**/Achats", "Ventes/Achats", true),
            ("**/Achats", "Achats", true),
            ("**/Dossier comptable*/**/Achats", "Dossier Comptable 2026/Achats", true),
            ("**/Dossier comptable*/**/Achats", "Clients/Dossier comptable 2026/T1/Achats/x", true),
            ("**/Dossier comptable*/**/Achats", "Dossier/Achats", false),
            ("Dépenses*", "depenses 2026", true),
            ("Scans/**", "Scans/a/b", true),
            ("Scans/**", "Scan", false),
            ("Scans/**", "Scans", true),
            ("Scans/**", "Scans 2", false),
            ("**", "Scans", true),
            ("a/**/b", "a/b", true),
            ("a//b/", "a/b", true),
            ("Scans*/**", "Scans\\x0a2/a", true),
            ("a.b", "aXb", false),
        ];
        for (pattern, folder, covered) in cases {
            let folder: TreePath = folder.parse().unwrap();
            let pattern = FolderPattern::parse(pattern).unwrap();
            assert_eq!(pattern.covers(&folder), covered, "{} on {folder}", pattern.as_str());
        }
    }

    #[test]
    fn app_keys_are_checked() {
        for text in ["", "QuickBooks", "a b", "é", "a@b", &"a".repeat(33)] {
            assert!(AppId::parse(text).is_err(), "{text}");
        }
        assert!(AppId::parse("my-unisoft_2").is_ok());
    }
}
