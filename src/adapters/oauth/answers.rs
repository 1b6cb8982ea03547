//! What an authorisation server's answer means.

use std::error::Error;

use oauth2::basic::{BasicErrorResponse, BasicErrorResponseType};
use oauth2::{
    DeviceCodeErrorResponse, DeviceCodeErrorResponseType, ErrorResponse, RequestTokenError,
};

/// Characters of a server's words that are shown.
const WORDS_CHARS_MAX: usize = 300;

/// What a failed request means, with words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// What was handed in is worth nothing any more.
    Refused(String),
    /// The client, or what it asks for, isn't what the server expects.
    Misconfigured(String),
    /// A person said no, or took too long.
    NotGiven(String),
    /// It may pass.
    Trouble(String),
}

impl Asked {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Refused(words)
            | Self::Misconfigured(words)
            | Self::NotGiven(words)
            | Self::Trouble(words) => words,
        }
    }

    /// Of a request for tokens.
    pub(super) fn of<E: Error + 'static>(error: &RequestTokenError<E, BasicErrorResponse>) -> Self {
        match error {
            RequestTokenError::ServerResponse(said) => {
                Self::basic(said.error(), shown(said.error().as_ref(), said.error_description()))
            }
            other => Self::Trouble(unspoken(other)),
        }
    }

    /// Of a poll for a person's answer (RFC 8628 §3.5).
    pub(super) fn of_poll<E: Error + 'static>(
        error: &RequestTokenError<E, DeviceCodeErrorResponse>,
    ) -> Self {
        let RequestTokenError::ServerResponse(said) = error else {
            return Self::Trouble(unspoken(error));
        };
        let words = shown(said.error().as_ref(), said.error_description());
        match said.error() {
            DeviceCodeErrorResponseType::AccessDenied => Self::NotGiven(words),
            DeviceCodeErrorResponseType::ExpiredToken => {
                Self::NotGiven("the code was not typed in in time".to_owned())
            }
            DeviceCodeErrorResponseType::Basic(basic) => Self::basic(basic, words),
            // Both only make the library wait.
            DeviceCodeErrorResponseType::AuthorizationPending
            | DeviceCodeErrorResponseType::SlowDown => Self::Trouble(words),
        }
    }

    fn basic(error: &BasicErrorResponseType, words: String) -> Self {
        match error {
            BasicErrorResponseType::InvalidGrant => Self::Refused(words),
            BasicErrorResponseType::InvalidClient
            | BasicErrorResponseType::InvalidRequest
            | BasicErrorResponseType::InvalidScope
            | BasicErrorResponseType::UnauthorizedClient
            | BasicErrorResponseType::UnsupportedGrantType => Self::Misconfigured(words),
            BasicErrorResponseType::Extension(name) => match name.as_str() {
                "temporarily_unavailable" | "server_error" => Self::Trouble(words),
                "access_denied" => Self::NotGiven(words),
                // What else a server has (Microsoft: `interaction_required`) is for a person.
                _ => Self::Refused(words),
            },
        }
    }
}

/// The name of an error, and what the server adds to it, on one line.
pub(super) fn shown(error: &str, description: Option<&String>) -> String {
    let text = match description {
        Some(description) => format!("{error}: {description}"),
        None => error.to_owned(),
    };
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(plain).take(WORDS_CHARS_MAX).collect()
}

/// A failure without the server's words: an answer that makes no sense may hold a token.
fn unspoken<E: Error + 'static, R: ErrorResponse + 'static>(
    error: &RequestTokenError<E, R>,
) -> String {
    match error {
        RequestTokenError::Request(error) => error.to_string(),
        RequestTokenError::ServerResponse(_)
        | RequestTokenError::Parse(..)
        | RequestTokenError::Other(_) => {
            "the authorisation server's answer makes no sense".to_owned()
        }
    }
}
