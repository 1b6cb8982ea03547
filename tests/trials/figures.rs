//! What a trial measured: one line on the terminal, one file that the documentation quotes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use facteur::adapters::clock::SystemClock;
use facteur::domain::Timestamp;
use facteur::ports::Clock as _;
use serde_json::{Map, Value};

/// The figures of one trial, in the order they were noted.
pub(crate) struct Figures {
    name: String,
    command: String,
    begun: Stopwatch,
    noted: Map<String, Value>,
}

impl Figures {
    /// Begins a trial; `command` repeats it.
    pub(crate) fn begin(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            begun: Stopwatch::start(),
            noted: Map::new(),
        }
    }

    /// Notes one.
    pub(crate) fn note(&mut self, what: &str, figure: impl Into<Value>) {
        self.noted.insert(what.to_owned(), figure.into());
    }

    /// Prints them, and writes `target/reliability/<name>.json`.
    pub(crate) fn publish(mut self) {
        let seconds = self.begun.elapsed().as_secs();
        self.note("seconds", seconds);
        self.note("seed", super::number("FACTEUR_SEED", 1));
        let told: Vec<String> =
            self.noted.iter().map(|(what, figure)| format!("{what} {figure}")).collect();
        println!("{}: {}", self.name, told.join(", "));
        let folder = folder();
        std::fs::create_dir_all(&folder).expect("target can be written to");
        let (name, command, figures) = (self.name, self.command, Value::Object(self.noted));
        let value = serde_json::json!({ "name": name, "command": command, "figures": figures });
        let text = serde_json::to_string_pretty(&value).expect("figures are JSON");
        std::fs::write(folder.join(format!("{name}.json")), text + "\n")
            .expect("target can be written to");
    }
}

/// Where figures go: those of long runs (`FACTEUR_LONG=1`) have a table of their own.
pub(crate) fn folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in target");
    let long = std::env::var_os("FACTEUR_LONG").is_some();
    target.join(if long { "reliability/long" } else { "reliability" })
}

/// Real time since a moment.
pub(crate) struct Stopwatch(Timestamp);

impl Stopwatch {
    /// From now.
    pub(crate) fn start() -> Self {
        Self(SystemClock.now())
    }

    /// So far.
    pub(crate) fn elapsed(&self) -> Duration {
        (SystemClock.now() - self.0).to_std().unwrap_or_default()
    }

    /// What is left of a limit; none when it has passed.
    pub(crate) fn left_of(&self, limit: Duration) -> Option<Duration> {
        limit.checked_sub(self.elapsed()).filter(|left| !left.is_zero())
    }
}
