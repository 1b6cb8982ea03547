//! From one typed word to a value, or to what is wrong with it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use chrono::NaiveDate;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};

use crate::domain::delivery::{HeldReason, State};
use crate::domain::deposit::Skip;
use crate::domain::path::TreePath;

/// The longest name of a person, in characters.
const PERSON_CHARS_MAX: usize = 64;

/// A folder or document inside a company's folder, in the interface's spelling or as raw bytes.
pub(super) fn tree_path() -> impl TypedValueParser<Value = TreePath> {
    OsStringValueParser::new().try_map(|typed: OsString| {
        if typed.is_empty() {
            return Err("it is empty: `.` names the company's folder itself".to_owned());
        }
        match typed.to_str() {
            Some(text) => text.parse(),
            None => TreePath::from_bytes(typed.as_bytes()),
        }
        .map_err(|error| error.to_string())
    })
}

/// A delivery's state, by its word in the interface.
pub(super) fn state() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::as_str)).map(|word| {
        let state = State::ALL.into_iter().find(|state| state.as_str() == word);
        state.expect("only the words of states are possible")
    })
}

/// A reason of `held`, by its word in the interface.
pub(super) fn reason() -> impl TypedValueParser<Value = HeldReason> {
    PossibleValuesParser::new(HeldReason::ALL.map(HeldReason::as_str)).map(|word| {
        let reason = HeldReason::ALL.into_iter().find(|reason| reason.as_str() == word);
        reason.expect("only the words of reasons are possible")
    })
}

/// A delivery's state, or the verdict of a document without a delivery.
pub(super) fn state_or_verdict() -> impl TypedValueParser<Value = String> {
    let verdicts = [
        Skip::BeforeActivation.as_str(),
        Skip::SwitchOff.as_str(),
        Skip::NotConnected.as_str(),
        Skip::Unsupported.as_str(),
        "duplicate",
        "settling",
    ];
    PossibleValuesParser::new(State::ALL.map(State::as_str).into_iter().chain(verdicts))
}

/// A day as in ISO 8601.
pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| "write a day as year-month-day, such as 2026-11-21".to_owned())
}

/// The name of a person, as the history will show it.
pub(super) fn person(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > PERSON_CHARS_MAX {
        return Err(format!("a name has 1 to {PERSON_CHARS_MAX} characters"));
    }
    if name.chars().any(char::is_control) {
        return Err("a name has no control characters".to_owned());
    }
    Ok(name.to_owned())
}
