//! What the mail server does with a mail, as the test plans it.

use facteur::ports::transport::Outcome;

/// What the server does with a mail; the texts are its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// 250.
    Accept,
    /// 4xx to the recipient: nothing was sent.
    Defer(&'static str),
    /// 5xx to the recipient: nothing was sent.
    Refuse(&'static str),
    /// 4xx in answer to the final dot.
    DeferAtDot(&'static str),
    /// 5xx in answer to the final dot.
    RefuseAtDot(&'static str),
    /// No connection.
    Unreachable(&'static str),
    /// Takes mails up to this many bytes.
    SizeLimit(u64),
    /// The connection dies while the content is sent.
    DropBeforeDot,
    /// The connection dies after the final dot: the server has the mail, the robot no answer.
    DropAfterDot,
    /// The same, and the server has nothing.
    DropAfterDotNotKept,
}

/// How far a mail comes, and what the robot hears.
pub(super) enum Reply {
    NoConnection(Outcome),
    BeforeDot(Outcome),
    AtDot { kept: bool, outcome: Outcome },
}

impl Script {
    pub(super) fn reply(self, size_bytes: u64) -> Reply {
        let accepted = Outcome::Accepted { answer: "250 2.0.0 Ok".to_owned() };
        let deferred = |text: &str| Outcome::Deferred { answer: text.to_owned() };
        let refused = |text: &str| Outcome::Refused { answer: text.to_owned() };
        let lost = in_doubt("the connection was closed after the final dot");
        match self {
            Self::Unreachable(text) => {
                Reply::NoConnection(Outcome::Unreachable { answer: text.to_owned() })
            }
            Self::Defer(text) => Reply::BeforeDot(deferred(text)),
            Self::Refuse(text) => Reply::BeforeDot(refused(text)),
            Self::SizeLimit(limit_bytes) if size_bytes > limit_bytes => {
                Reply::BeforeDot(Outcome::TooLarge { limit_bytes })
            }
            // A drop costs this mail an attempt, and not the destination a pause: a mail that
            // makes its server drop it must not block all others.
            Self::DropBeforeDot => {
                Reply::BeforeDot(deferred("the connection was closed before the final dot"))
            }
            Self::Accept | Self::SizeLimit(_) => Reply::AtDot { kept: true, outcome: accepted },
            Self::DeferAtDot(text) => Reply::AtDot { kept: false, outcome: deferred(text) },
            Self::RefuseAtDot(text) => Reply::AtDot { kept: false, outcome: refused(text) },
            Self::DropAfterDot => Reply::AtDot { kept: true, outcome: lost },
            Self::DropAfterDotNotKept => Reply::AtDot { kept: false, outcome: lost },
        }
    }
}

pub(super) fn in_doubt(seen: &str) -> Outcome {
    Outcome::InDoubt { answer: seen.to_owned() }
}
