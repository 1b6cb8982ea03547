//! A profile's rule for a tool's own answers: who writes, which words, and what they mean.

use super::ToolAnswer;
use crate::domain::delivery::ANSWER_CHARS_MAX;
use crate::domain::mail::invitation::{HostName, Pattern};
use crate::domain::mail::report::ReportedFate;
use crate::domain::mail::senders::is_within;
use crate::domain::path::is_hidden;
use crate::domain::template::Address;

/// The group of a pattern that holds the reason.
const REASON_GROUP: &str = "reason";

/// How a tool answers. Of a profile's rules the first that fits says what an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRule {
    /// Who writes.
    pub from: Vec<Writer>,
    /// `Subject` holds this.
    pub subject: Option<Pattern>,
    /// Its own text, without quotes, holds this.
    pub text: Option<Pattern>,
    /// What that means.
    pub means: Meaning,
    /// Why, in words, where no pattern's group `reason` says it.
    pub because: Option<String>,
}

/// Who may write an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// This address.
    Address(Address),
    /// Everyone of a domain, or of one below it.
    Domain(HostName),
}

/// What an answer means for its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The tool doesn't take the document.
    Refused,
    /// It has it.
    Processed,
    /// It hasn't looked at it yet.
    Delayed,
    /// A person reads it, whatever later rules say.
    Read,
}

impl Meaning {
    /// What became of the mail; none where a person says.
    pub fn fate(self) -> Option<ReportedFate> {
        match self {
            Self::Refused => Some(ReportedFate::Failed),
            Self::Processed => Some(ReportedFate::Delivered),
            Self::Delayed => Some(ReportedFate::Delayed),
            Self::Read => None,
        }
    }
}

impl Writer {
    fn is(&self, author: &Address) -> bool {
        match self {
            Self::Address(known) => known.as_str().eq_ignore_ascii_case(author.as_str()),
            Self::Domain(known) => known.covers(author.domain()),
        }
    }

    fn domain(&self) -> &str {
        match self {
            Self::Address(known) => known.domain(),
            Self::Domain(known) => known.as_str(),
        }
    }
}

impl AnswerRule {
    /// Whether it is about what this author writes.
    pub fn is_about(&self, author: &Address) -> bool {
        self.from.iter().any(|writer| writer.is(author))
    }

    /// Whether an answer fits.
    pub fn fits(&self, answer: &ToolAnswer) -> bool {
        let finds = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.finds(text))
        };
        answer.author.as_ref().is_some_and(|author| self.is_about(author))
            && finds(&self.subject, &answer.subject)
            && finds(&self.text, &answer.text)
    }

    /// Why, in words: what the tool says, else what the rule says, else the subject.
    pub fn reason(&self, answer: &ToolAnswer) -> String {
        let said = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().and_then(|pattern| pattern.group(text, REASON_GROUP))
        };
        let found = said(&self.text, &answer.text).or_else(|| said(&self.subject, &answer.subject));
        let reason = found.or_else(|| self.because.clone());
        one_line(&reason.unwrap_or_else(|| answer.subject.clone()))
    }

    /// Whether signatures of these domains prove that the author wrote it: one of the rule's own
    /// domain, or below it, that speaks for the author's (RFC 7489 §3.1.1, relaxed).
    pub fn is_proven(&self, author: &Address, signers: &[String]) -> bool {
        self.from.iter().filter(|writer| writer.is(author)).any(|writer| {
            signers.iter().any(|signer| {
                let speaks =
                    is_within(author.domain(), signer) || is_within(signer, author.domain());
                is_within(signer, writer.domain()) && speaks
            })
        })
    }
}

fn one_line(text: &str) -> String {
    let plain = |letter: char| if is_hidden(letter) { ' ' } else { letter };
    let visible: String = text.chars().map(plain).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ").chars().take(ANSWER_CHARS_MAX).collect()
}
