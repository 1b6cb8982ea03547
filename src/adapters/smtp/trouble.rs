//! What went wrong at which step, and what that means for the mail.

use std::fmt;

use lettre::transport::smtp::response::Response;

use crate::domain::delivery::ANSWER_CHARS_MAX;
use crate::domain::path::is_hidden;
use crate::ports::transport::Outcome;

/// The steps of a dialogue, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Connect,
    Greeting,
    Hello,
    Tls,
    Login,
    Mail,
    Recipient,
    Witness,
    Data,
    Body,
    Dot,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::Tls => "TLS",
            Self::Login => "AUTH",
            Self::Mail => "MAIL",
            Self::Recipient => "RCPT",
            Self::Witness => "RCPT of the witness",
            Self::Data => "DATA",
            Self::Body => "body",
            Self::Dot => "final dot",
        })
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server answered, and not what the step needs. The dialogue is in step still.
    Reply(Response),
    /// Connection, time or sense was lost, in words.
    Lost(String),
}

/// A failed step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) step: Step,
    pub(super) cause: Cause,
}

impl Trouble {
    pub(super) fn lost(step: Step, words: impl fmt::Display) -> Self {
        Self { step, cause: Cause::Lost(words.to_string()) }
    }

    /// Whether a kept connection may have died of its age: the mail deserves a fresh one.
    pub(super) fn is_of_an_old_connection(&self) -> bool {
        match &self.cause {
            Cause::Lost(_) => true,
            // 503: the server counts this session as over (some limit the mails of one); the
            // others, that its login is (RFC 4954 §6): a token has its time.
            Cause::Reply(reply) => {
                matches!(u16::from(reply.code()), 421 | 503 | 530 | 534 | 535 | 538)
            }
        }
    }

    /// Whether the server refused this one thing, in turn, and goes on (RFC 5321 §3.8: a 421 ends
    /// the session).
    pub(super) fn is_a_plain_refusal(&self) -> bool {
        match &self.cause {
            Cause::Reply(reply) => {
                matches!(u16::from(reply.code()), 400..=420 | 422..=599)
            }
            Cause::Lost(_) => false,
        }
    }

    /// The server spoke in turn, so it can be told goodbye.
    pub(super) fn left_the_dialogue_in_step(&self) -> bool {
        match &self.cause {
            Cause::Reply(reply) => !reply.is_positive() && self.step != Step::Body,
            Cause::Lost(_) => false,
        }
    }

    /// What it means for the mail. Before MAIL was answered a fault is the server's; afterwards
    /// it may be this mail's own, and must not put off the whole destination; after the final
    /// dot nobody knows.
    pub(super) fn outcome(&self) -> Outcome {
        let answer = self.to_string();
        let code = match &self.cause {
            Cause::Lost(_) => return self.outcome_of_loss(answer),
            Cause::Reply(reply) => u16::from(reply.code()),
        };
        match (self.step, code) {
            (Step::Dot, 400..=499) => Outcome::Deferred { answer },
            (Step::Dot, 500..=599) => Outcome::Refused { answer },
            // A 354 here means that the dialogue is out of step.
            (Step::Dot, _) => Outcome::InDoubt { answer },
            // RFC 5321 §3.8: 421 is the server's own state, whatever was asked. RFC 4954 §6: the
            // others say that a login is missing, which no mail is to blame for.
            (_, 421) | (Step::Mail, 530 | 534 | 535 | 538) => Outcome::Unreachable { answer },
            (Step::Mail | Step::Recipient | Step::Data | Step::Body, 500..=599) => {
                Outcome::Refused { answer }
            }
            // What a server says of the witness refuses no document.
            (Step::Mail | Step::Recipient | Step::Witness | Step::Data | Step::Body, _) => {
                Outcome::Deferred { answer }
            }
            (Step::Connect | Step::Greeting | Step::Hello | Step::Tls | Step::Login, _) => {
                Outcome::Unreachable { answer }
            }
        }
    }

    fn outcome_of_loss(&self, answer: String) -> Outcome {
        match self.step {
            Step::Connect | Step::Greeting | Step::Hello | Step::Tls | Step::Login | Step::Mail => {
                Outcome::Unreachable { answer }
            }
            Step::Recipient | Step::Witness | Step::Data | Step::Body => {
                Outcome::Deferred { answer }
            }
            Step::Dot => Outcome::InDoubt { answer },
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match &self.cause {
            Cause::Reply(reply) => words(reply),
            Cause::Lost(words) => words.clone(),
        };
        formatter.write_str(&one_line(&format!("{}: {cause}", self.step)))
    }
}

/// A reply as one line of at most [`ANSWER_CHARS_MAX`] characters.
pub(super) fn words(reply: &Response) -> String {
    let lines: Vec<&str> = reply.message().collect();
    one_line(&format!("{} {}", reply.code(), lines.join(" ")))
}

fn one_line(text: &str) -> String {
    let shown = |character| if is_hidden(character) { ' ' } else { character };
    let line: String = text.chars().map(shown).take(ANSWER_CHARS_MAX).collect();
    line.trim_end().to_owned()
}
