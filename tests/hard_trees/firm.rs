//! A firm on a real disk, driven through the real binary, whose mails become files.

#![allow(dead_code, reason = "each test program takes the part it needs")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::Value;

/// The company of most tests.
pub(crate) const COMPANY: &str = "dupont-maconnerie";

/// A user and a group that every Linux has, and that own nothing here.
pub(crate) const NOBODY: u32 = 65_534;

/// A routes.toml, documents, a state and an outbox in a temporary folder.
pub(crate) struct Firm {
    folder: tempfile::TempDir,
    user: Option<u32>,
}

impl Firm {
    /// With a settle time of a second, and as many deliveries in an hour as come.
    pub(crate) fn new() -> Self {
        Self::with("settle = \"1s\"\nflood = 1000000\nwatch = false", "")
    }

    /// With these lines of `[robot]` and `[state]`.
    pub(crate) fn with(robot: &str, state: &str) -> Self {
        let folder = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .unwrap();
        let firm = Self { folder, user: None };
        fs::create_dir_all(firm.company().join("Achats")).unwrap();
        fs::write(firm.path().join("routes.toml"), routes(robot, state)).unwrap();
        firm
    }

    /// The same firm, whose robot is an unprivileged user; its own files are that user's.
    pub(crate) fn run_by(mut self, user: u32) -> Self {
        self.user = Some(user);
        for folder in ["", "documents", "documents/Dupont Maçonnerie"] {
            std::os::unix::fs::chown(self.path().join(folder), Some(user), Some(user)).unwrap();
        }
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("documents")
    }

    pub(crate) fn company(&self) -> PathBuf {
        self.root().join("Dupont Maçonnerie")
    }

    pub(crate) fn achats(&self) -> PathBuf {
        self.company().join("Achats")
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_facteur");
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => as_user(program, user, user),
        };
        command.arg("--config").arg(self.path().join("routes.toml")).args(words);
        command.stdin(Stdio::null()).env_remove("FACTEUR_CONFIG").env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command that must end with this code; answers its JSON.
    pub(crate) fn json(&self, code: i32, words: &[&str]) -> Value {
        let output = self.command(words).arg("--json").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}{shown}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// A round, whatever it ends with.
    pub(crate) fn round(&self) -> Value {
        let output = self.command(&["round", "--json"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Connects quickbooks and switches `Achats` on.
    pub(crate) fn switched_on(self) -> Self {
        self.json(0, &["connect", COMPANY, "quickbooks"]);
        self.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
        self
    }

    /// The mails so far, oldest first.
    pub(crate) fn mails(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.path().join("outbox")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
            .collect();
        files.sort();
        files.iter().map(|file| fs::read(file).unwrap()).collect()
    }

    /// The name and the bytes of each document that was sent, sorted.
    pub(crate) fn sent(&self) -> Vec<(String, Vec<u8>)> {
        let mut sent: Vec<_> = self.mails().iter().map(|mail| document_of(mail)).collect();
        sent.sort();
        sent
    }

    /// How many documents are in each state.
    pub(crate) fn count(&self, state: &str) -> u64 {
        let status = self.command(&["status", "--json"]).output().unwrap();
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        status["counts"][state].as_u64().unwrap()
    }

    /// Starts the service, and waits for its first round.
    pub(crate) fn serve(&self) -> Service {
        let mut command = self.command(&["run"]);
        let mut child = command.stderr(Stdio::piped()).env("RUST_LOG", "info").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("round finished") {
            let read = log.read_line(&mut said).unwrap();
            assert!(read > 0, "the service ended: {said}");
        }
        // Read on, or the service would stand still on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Service(child)
    }
}

/// The name and the bytes of a mail's one document.
pub(crate) fn document_of(mail: &[u8]) -> (String, Vec<u8>) {
    let mail = MessageParser::default().parse(mail).unwrap();
    assert_eq!(mail.attachment_count(), 1);
    let attachment = mail.attachment(0).unwrap();
    let name = attachment.attachment_name().unwrap_or_default().to_owned();
    (name, attachment.contents().to_vec())
}

/// A service that runs; killed when the test ends.
pub(crate) struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A program run with these ids alone.
pub(crate) fn as_user(program: &str, user: u32, group: u32) -> Command {
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
    command.arg(program);
    command
}

/// Whether the test may change users and mount; says so where it may not.
pub(crate) fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("not staged, for want of root: {what}");
    }
    root
}

fn routes(robot: &str, state: &str) -> String {
    format!(
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
{state}

[robot]
schedule = "0 0 3 1 1 *"
{robot}

[mail]
transport = "outbox"
outbox = "outbox"

[apps.quickbooks]
profile = "quickbooks"
"#
    )
}
