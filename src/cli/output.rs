//! Results on stdout, everything else on stderr, for people or as one JSON document.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use serde_json::Value;

use super::render::{self, clean};
use crate::app::requests::{Ask, Outcome, Reply};

/// How a command's answer is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// `--json`.
    pub(super) json: bool,
}

impl Output {
    /// Writes an answer: its value on stdout, its notices on stderr. The outcome is left to
    /// [`Output::end`].
    pub(super) fn reply(self, ask: &Ask, reply: &Reply) -> anyhow::Result<()> {
        for notice in &reply.notices {
            self.note(notice);
        }
        if reply.value.is_null() {
            return Ok(());
        }
        if self.json {
            self.text(&render::json(&reply.value));
        } else {
            self.text(&render::text(ask, &reply.value)?);
        }
        Ok(())
    }

    /// A result: for people, or (with `--json`) the value.
    pub(super) fn result(self, text: &str, value: &Value) {
        self.text(&if self.json { render::json(value) } else { text.to_owned() });
    }

    /// Text on stdout as it is; a reader that went away (`| head`) is no mistake.
    #[expect(clippy::unused_self, reason = "all that is written is written through one value")]
    pub(super) fn text(self, text: &str) {
        let mut stdout = anstream::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            say("error", &format!("cannot write to stdout: {error}"));
        }
    }

    /// Something worth knowing, on stderr.
    #[expect(clippy::unused_self, reason = "all that is written is written through one value")]
    pub(super) fn note(self, text: &str) {
        say("note", text);
    }

    /// What a person is waited for, on stderr as it is; [`clean`] it first.
    #[expect(clippy::unused_self, reason = "all that is written is written through one value")]
    pub(super) fn prompt(self, text: &str) {
        // Nobody is left to be asked that stderr is closed.
        drop(anstream::stderr().lock().write_all(text.as_bytes()));
    }

    /// Says on stderr why it was not done, and gives the exit code. With `--json` and no value
    /// printed before, what went wrong is the one document.
    pub(super) fn end(self, outcome: &Outcome, printed: bool) -> ExitCode {
        match outcome {
            Outcome::Done | Outcome::NeedsPerson => {}
            Outcome::Failed(text) | Outcome::WrongWords(text) | Outcome::Confirm(text) => {
                say("error", text);
                if self.json && !printed {
                    let (error, hint) = split(text);
                    self.text(&render::json(&serde_json::json!({ "error": error, "hint": hint })));
                }
            }
        }
        ExitCode::from(outcome.exit_code())
    }
}

fn say(what: &str, text: &str) {
    let (text, hint) = split(text);
    let bold = anstyle::Style::new().bold();
    let mut lines = format!("{bold}{what}:{bold:#} {}\n", clean(&text));
    if let Some(hint) = hint {
        lines.push_str("hint: ");
        lines.push_str(&clean(&hint));
        lines.push('\n');
    }
    // Nobody is left to be told that stderr is closed.
    drop(anstream::stderr().lock().write_all(lines.as_bytes()));
}

/// What went wrong, and what to do: the two parts of our errors.
fn split(text: &str) -> (String, Option<String>) {
    match text.split_once("\nhint: ") {
        Some((error, hint)) => (error.to_owned(), Some(hint.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// An error with all its causes; its hint, wherever it stands in the chain, comes last.
pub(super) fn with_causes(error: &anyhow::Error) -> String {
    let mut hints = Vec::new();
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain() {
        let (cause, hint) = split(&cause.to_string());
        hints.extend(hint);
        if !causes.last().is_some_and(|above| above.contains(&cause)) {
            causes.push(cause);
        }
    }
    let text = causes.join(": ");
    match hints.pop() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn the_hint_comes_after_all_causes() {
        let error = Err::<(), _>(std::io::Error::other("no space left"))
            .context("cannot write `x`\nhint: make room")
            .unwrap_err();
        assert_eq!(with_causes(&error), "cannot write `x`: no space left\nhint: make room");
    }
}
