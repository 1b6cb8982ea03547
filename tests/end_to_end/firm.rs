//! A firm on disk with the real binary, and the mail servers it sends to.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::Value;

use crate::rig::Rig;

/// The company of most tests.
pub(crate) const COMPANY: &str = "dupont-maconnerie";

/// The tool's address for it.
pub(crate) const TOOL: &str = "dupont-maconnerie@qbodocs.com";

/// A routes.toml, documents and a state in a temporary folder.
pub(crate) struct Firm {
    folder: tempfile::TempDir,
}

impl Firm {
    /// A firm whose mail goes by this `[mail]` section.
    pub(crate) fn new(mail: &str) -> Self {
        let firm = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(firm.company().join("Achats")).unwrap();
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
schedule = "0 */15 * * * *"
settle = "1s"

{mail}

[apps.quickbooks]
profile = "quickbooks"
"#
        );
        fs::write(firm.routes(), routes).unwrap();
        firm
    }

    /// A firm whose mail goes to a rig's Postfix.
    pub(crate) fn mailing(rig: &Rig) -> Self {
        Self::new(&rig.mail_section())
    }

    /// The same, and the bot's mailbox is read; what was dealt with is moved to `Lus`.
    pub(crate) fn answered(rig: &Rig) -> Self {
        let firm = Self::mailing(rig);
        let routes = fs::read_to_string(firm.routes()).unwrap();
        fs::write(firm.routes(), routes + &rig.mailbox_section("quickbooks")).unwrap();
        firm
    }

    pub(crate) fn routes(&self) -> PathBuf {
        self.folder.path().join("routes.toml")
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn company(&self) -> PathBuf {
        self.folder.path().join("documents/Dupont Maçonnerie")
    }

    /// A file in `Achats`.
    pub(crate) fn achats(&self, name: &str) -> PathBuf {
        self.company().join("Achats").join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
        command.arg("--config").arg(self.routes()).args(words).stdin(Stdio::null());
        command.env_remove("FACTEUR_CONFIG").env("NO_COLOR", "1");
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command that must end with this code; answers its JSON.
    pub(crate) fn json(&self, code: i32, words: &[&str]) -> Value {
        let output = self.command(words).arg("--json").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Connects quickbooks and switches `Achats` on.
    pub(crate) fn switched_on(self) -> Self {
        self.json(0, &["connect", COMPANY, "quickbooks"]);
        self.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
        self
    }

    /// Starts the service, and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Service {
        let mut child =
            self.command(&["run"]).stderr(Stdio::piped()).env("RUST_LOG", "info").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let read = log.read_line(&mut line).unwrap();
            assert!(read > 0, "the service ended: {said}");
            said.push_str(&line);
            if line.contains("round finished") {
                break;
            }
        }
        Service { child, log: Some(log) }
    }
}

/// A service that runs; killed when the test ends.
pub(crate) struct Service {
    child: Child,
    log: Option<BufReader<ChildStderr>>,
}

impl Service {
    /// SIGHUP: it looks at routes.toml now. Waits for a line of the log with these words.
    pub(crate) fn reload(&mut self, words: &str) {
        self.signal(rustix::process::Signal::HUP);
        let log = self.log.as_mut().unwrap();
        let mut said = String::new();
        while !said.contains(words) {
            assert!(log.read_line(&mut said).unwrap() > 0, "the service ended: {said}");
        }
    }

    /// SIGTERM; answers how it ended.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        // Read on, or the service would stand still on a full pipe.
        let mut log = self.log.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().unwrap().code()
    }

    /// Waits until it ends by itself; answers how.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already where the test ended well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The name and the bytes of each attachment of some mails, sorted by name.
pub(crate) fn attachments(mails: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let mut attachments = Vec::new();
    for mail in mails {
        let mail = MessageParser::default().parse(mail).unwrap();
        for attachment in mail.attachments() {
            let name = attachment.attachment_name().unwrap_or_default().to_owned();
            attachments.push((name, attachment.contents().to_vec()));
        }
    }
    attachments.sort();
    attachments
}
