//! Real mail servers for a test: Postfix and Dovecot, thrown away with the value.
//!
//! The firm's domain has a few users; every other address in the world exists, in a mailbox of
//! its own, so the tools' addresses can be read as the tools would. Nothing leaves the machine.

#![allow(
    dead_code,
    reason = "each test file takes the part it needs; `expect` would fail where all is used"
)]

mod mailbox;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The script that writes the configuration, starts the servers and ends them.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/serve");
/// How often the queue is looked at, and how many times, before a mail is called stuck.
const QUEUE_LOOK_EVERY: Duration = Duration::from_millis(10);
const QUEUE_LOOKS_MAX: usize = 3_000;
/// Where Postfix keeps what it took and hasn't handed on, in the order in which a mail passes.
const QUEUES: [&str; 4] = ["maildrop", "incoming", "active", "deferred"];

/// A running Postfix and Dovecot. They end when this is dropped, and when the test is killed.
pub(crate) struct Rig {
    script: Child,
    facts: BTreeMap<String, String>,
}

impl Rig {
    /// Starts the servers and returns once they answer (about 0.1 s).
    ///
    /// Panics where they can't run: without root, or without the packages. A test that needs
    /// real servers fails there; it isn't left out.
    pub(crate) fn start() -> Self {
        let script = Command::new(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal for the test's group (a time-out, Ctrl-C) must leave it time to tidy up.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{SCRIPT}`: {error}"));
        let mut rig = Self { script, facts: BTreeMap::new() };
        rig.read_facts();
        rig
    }

    fn read_facts(&mut self) {
        let output = self.script.stdout.take().expect("its output is piped");
        for line in BufReader::new(output).lines() {
            let line = line.expect("the script speaks UTF-8");
            if line == "ready" {
                return;
            }
            assert!(!line.starts_with("error: "), "no mail servers: {line}");
            let (key, value) = line.split_once('=').expect("a line is key=value");
            self.facts.insert(key.to_owned(), value.to_owned());
        }
        panic!("the mail servers' script ended without a word");
    }

    /// The name all its servers are reached by, and their certificate is for.
    pub(crate) fn host(&self) -> &str {
        self.fact("host")
    }

    /// The firm's domain; `robot`, `quickbooks` and `compta` are its only users.
    pub(crate) fn firm_domain(&self) -> &str {
        self.fact("firm_domain")
    }

    /// Whom to log in as for submission.
    pub(crate) fn user(&self) -> &str {
        self.fact("user")
    }

    /// The password of every mailbox and of submission.
    pub(crate) fn password(&self) -> &str {
        self.fact("password")
    }

    /// The authority behind the servers' certificate (PEM).
    pub(crate) fn ca_file(&self) -> &Path {
        Path::new(self.fact("ca_file"))
    }

    /// Submission with STARTTLS and AUTH, both required.
    pub(crate) fn submission_port(&self) -> u16 {
        self.port("submission_port")
    }

    /// Submission with TLS from the first byte, and AUTH.
    pub(crate) fn submissions_port(&self) -> u16 {
        self.port("submissions_port")
    }

    /// Reception from other servers, for the firm's own users.
    pub(crate) fn smtp_port(&self) -> u16 {
        self.port("smtp_port")
    }

    /// Where Dovecot takes mails from Postfix, and from whoever else speaks LMTP.
    pub(crate) fn lmtp_socket(&self) -> PathBuf {
        self.directory().join("lmtp")
    }

    /// IMAP with TLS from the first byte. The user is any address, without its subaddress.
    pub(crate) fn imaps_port(&self) -> u16 {
        self.port("imaps_port")
    }

    /// IMAP with STARTTLS, without which nobody is let in.
    pub(crate) fn imap_port(&self) -> u16 {
        self.port("imap_port")
    }

    /// The `[mail]` section of a routes.toml that submits here with STARTTLS.
    pub(crate) fn mail_section(&self) -> String {
        format!(
            "[mail]\ntransport = \"smtp\"\nhost = \"{}\"\nport = {}\nsecurity = \"starttls\"\n\
             ca_file = \"{}\"\nusername = \"{}\"\npassword_file = \"{}\"\n",
            self.host(),
            self.submission_port(),
            self.fact("ca_file"),
            self.user(),
            self.fact("password_file"),
        )
    }

    /// A `[[mailboxes]]` of a routes.toml that reads the mailbox of a user of the firm.
    pub(crate) fn mailbox_section(&self, user: &str) -> String {
        let address = format!("{user}@{}", self.firm_domain());
        format!(
            "[[mailboxes]]\naddress = \"{address}\"\nhost = \"{}\"\nport = {}\nca_file = \"{}\"\n\
             username = \"{address}\"\npassword_file = \"{}\"\nafter = \"move:Lus\"\n",
            self.host(),
            self.imaps_port(),
            self.fact("ca_file"),
            self.fact("password_file"),
        )
    }

    /// Every mail delivered to this address so far, oldest first, as the bytes in its mailbox.
    ///
    /// Waits until Postfix has handed on all it took, so that a mail too many is seen as well
    /// as one that is missing. `name+detail@…` gives the mails of that detail alone, `name@…`
    /// those of all. Real time: don't call it with tokio's clock paused.
    pub(crate) async fn mails(&self, address: &str) -> Vec<Vec<u8>> {
        self.until_queue_is_empty().await;
        mailbox::read(self, address).await.unwrap_or_else(|error| {
            panic!("cannot read the mailbox of {address}: {error}\n{}", self.log())
        })
    }

    async fn until_queue_is_empty(&self) {
        let mut looks = tokio::time::interval(QUEUE_LOOK_EVERY);
        for _ in 0..QUEUE_LOOKS_MAX {
            if !QUEUES.iter().any(|queue| self.holds_mail(queue)) {
                return;
            }
            looks.tick().await;
        }
        panic!("Postfix still has mail in its queue:\n{}", self.log());
    }

    fn holds_mail(&self, queue: &str) -> bool {
        let directory = self.directory().join("postfix/queue").join(queue);
        let mut entries = std::fs::read_dir(&directory)
            .unwrap_or_else(|error| panic!("cannot list {}: {error}", directory.display()));
        entries.next().is_some()
    }

    /// What both servers logged.
    pub(crate) fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.directory().join(name)).unwrap_or_default();
        read("postfix.log") + &read("dovecot.log")
    }

    fn directory(&self) -> PathBuf {
        PathBuf::from(self.fact("directory"))
    }

    fn port(&self, key: &str) -> u16 {
        self.fact(key).parse().expect("the script prints ports as numbers")
    }

    fn fact(&self, key: &str) -> &str {
        self.facts.get(key).unwrap_or_else(|| panic!("the script didn't print `{key}`"))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // The script ends its two servers, by their ids, when its input closes.
        drop(self.script.stdin.take());
        if let Err(error) = self.script.wait() {
            eprintln!("the mail servers' script can't be waited for: {error}");
        }
    }
}
