//! A firm on disk with the real binary, whose documents are numbered.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::sink::Sink;

/// The firm's one company.
pub(crate) const COMPANY: &str = "dupont-maconnerie";

/// The firm's one app.
pub(crate) const APP: &str = "quickbooks";

/// The document that was there before the switch: it never goes.
const BASELINE: &str = "ancienne.pdf";

/// A routes.toml, documents and a state in a temporary folder.
pub(crate) struct Firm {
    folder: tempfile::TempDir,
    deposited: u64,
}

impl Firm {
    /// A firm that mails to a sink, makes a round each second while its service runs, and does
    /// this with what is in doubt. Its `Achats` is there, and nothing is decided yet.
    pub(crate) fn new(sink: &Sink, in_doubt: &str) -> Self {
        let firm = Self { folder: tempfile::tempdir().unwrap(), deposited: 0 };
        fs::create_dir_all(firm.achats()).unwrap();
        fs::write(firm.achats().join(BASELINE), b"%PDF from before").unwrap();
        let mail = sink.mail_section(4);
        let routes = format!(
            r#"[firm]
name = "Cabinet Exemple"
domain = "cabinet.example"
time_zone = "Europe/Paris"
collection = "compta+{{slug}}@{{domain}}"
bot_name = "Cabinet Exemple"

[documents]
root = "documents"

[state]
directory = "state"

[robot]
schedule = "* * * * * *"
settle = "1s"
flood = 1000000

{mail}
[apps.{APP}]
profile = "{APP}"
in_doubt = "{in_doubt}"
"#
        );
        fs::write(firm.path().join("routes.toml"), routes).unwrap();
        firm
    }

    /// Connects the app and switches `Achats` on.
    pub(crate) fn switched_on(self) -> Self {
        self.json(&["connect", COMPANY, APP]);
        self.json(&["switch", "on", COMPANY, "Achats", "--app", APP]);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    pub(crate) fn achats(&self) -> PathBuf {
        self.path().join("documents/Dupont Maçonnerie/Achats")
    }

    /// The binary with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
        command.arg("--config").arg(self.path().join("routes.toml")).args(words);
        command.stdin(Stdio::null()).env_remove("FACTEUR_CONFIG").env("NO_COLOR", "1");
        command
    }

    /// Starts the binary with its words written to the firm's log.
    pub(crate) fn spawn(&self, words: &[&str]) -> Child {
        self.spawn_as(self.command(words))
    }

    /// Starts a command with its words written to the firm's log.
    pub(crate) fn spawn_as(&self, mut command: Command) -> Child {
        command.stdout(Stdio::null()).stderr(self.open_log()).spawn().unwrap()
    }

    /// Starts the service, and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Child {
        let mut command = self.command(&["run"]);
        command.env("RUST_LOG", "info").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut service = command.spawn().unwrap();
        let mut said = BufReader::new(service.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("the service is ready") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the service ended");
        }
        let mut log = self.open_log();
        // Read on, or the service would stand still on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut log));
        service
    }

    fn open_log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.path().join("log")).unwrap()
    }

    /// What the spawned ones said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    /// Runs a command to its end, which must be good (0, or 3: something needs a person).
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.command(words).arg("--json").output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{words:?}: {}\n{}",
            said(&output),
            self.log()
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// How many documents were deposited.
    pub(crate) fn deposited(&self) -> u64 {
        self.deposited
    }

    /// Deposits some more documents, each with a content of its own.
    pub(crate) fn deposit(&mut self, count: u64) {
        for _ in 0..count {
            let number = self.deposited;
            self.deposited += 1;
            fs::write(self.achats().join(name(number)), document(number)).unwrap();
        }
    }

    /// Rounds until nothing waits any more.
    pub(crate) fn rounds_until_quiet(&self) {
        for _ in 0..ROUNDS_MAX {
            let round = self.json(&["round"]);
            let counts = self.json(&["status"])["counts"].clone();
            let waits = |state| counts[state].as_u64().unwrap_or(0);
            let busy = ["queued", "sending", "deferred"].into_iter().map(waits).sum::<u64>()
                + ["deposited", "queued", "settling"]
                    .into_iter()
                    .map(|what| round[what].as_u64().unwrap_or(0))
                    .sum::<u64>();
            if busy == 0 {
                return;
            }
        }
        panic!("still busy after {ROUNDS_MAX} rounds: {}\n{}", self.json(&["status"]), self.log());
    }
}

/// More rounds than any trial needs to come to rest.
const ROUNDS_MAX: usize = 20;

/// The file name of a numbered document.
pub(crate) fn name(number: u64) -> String {
    format!("facture {number:05}.pdf")
}

/// The bytes of a numbered document.
pub(crate) fn document(number: u64) -> Vec<u8> {
    let mut bytes = format!("%PDF-1.7 facture {number}\n.\n\n").into_bytes();
    bytes.extend((0..=255_u8).cycle().take(1_000 + usize::try_from(number % 7).unwrap() * 999));
    bytes
}

/// What a command wrote on stderr.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
