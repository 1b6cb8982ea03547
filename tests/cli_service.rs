//! The service as a process of its own, and commands that talk to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const ROUTES: &str = "\
[firm]\nname = \"Cabinet Exemple\"\ndomain = \"cabinet.example\"\n\
[documents]\nroot = \"documents\"\n\
[state]\ndirectory = \"state\"\n\
[robot]\nsettle = \"1s\"\n\
[mail]\ntransport = \"outbox\"\noutbox = \"outbox\"\n\
[apps.quickbooks]\nprofile = \"quickbooks\"\n";

fn program(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    command.args(words).current_dir(directory).stdin(Stdio::null());
    for variable in ["FACTEUR_CONFIG", "SUDO_USER", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        command.env_remove(variable);
    }
    command.env("RUST_LOG", "info");
    command
}

/// A running service; it is stopped when the test ends, however that ends.
struct Service {
    process: Child,
    log: Lines<BufReader<ChildStderr>>,
    directory: PathBuf,
}

impl Service {
    fn start(directory: &Path) -> Self {
        fs::create_dir_all(directory.join("documents/Dupont/Achats")).expect("folders");
        fs::write(directory.join("routes.toml"), ROUTES).expect("routes.toml");
        let mut command = program(directory, &["run"]);
        let mut process = command.stderr(Stdio::piped()).spawn().expect("the service starts");
        let log = BufReader::new(process.stderr.take().expect("its stderr is ours")).lines();
        let mut service = Self { process, log, directory: directory.to_owned() };
        service.wait_for("the service is ready");
        service
    }

    /// Reads the log until a line has these words.
    fn wait_for(&mut self, words: &str) {
        let found = self.log.by_ref().map_while(Result::ok).any(|line| line.contains(words));
        assert!(found, "the service ended and never said `{words}`");
    }

    fn ask(&self, words: &[&str]) -> Output {
        program(&self.directory, words).output().expect("the program starts")
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.ask(&[words, &["--json"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{words:?}: {stderr}");
        serde_json::from_slice(&output.stdout).expect("one JSON document")
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("it runs");
    }

    fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait_for("the service has stopped");
        self.process.wait().expect("it was started")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn commands_talk_to_the_service_and_it_stops_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path());
    assert_eq!(service.json(&["status"])["service"], true);
    service.json(&["connect", "dupont", "quickbooks"]);
    service.json(&["switch", "on", "dupont", "Achats", "--app", "quickbooks"]);
    let document = directory.path().join("documents/Dupont/Achats/facture.pdf");
    fs::write(document, "%PDF-1.7 facture").unwrap();
    service.json(&["round"]);
    assert_eq!(service.json(&["deliveries"])[0]["state"], "sent");
    let state = directory.path().join("state");
    assert!(state.join("control.sock").exists());
    assert!(service.stop().success());
    assert!(!state.join("control.sock").exists());
}

#[test]
fn a_second_service_and_an_import_are_refused_while_one_runs() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path());
    for words in [&["run"][..], &["import", "routes.toml", "--yes"]] {
        let output = service.ask(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("hint: "), "{words:?}: {stderr}");
    }
    assert!(service.stop().success());
}

#[test]
fn an_export_of_a_running_service_is_handed_over() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path());
    let view = service.json(&["export", "backup"]);
    let file = directory.path().canonicalize().unwrap().join("backup");
    assert_eq!(view["file"], file.display().to_string());
    assert!(fs::metadata(&file).unwrap().len() > 0);
    let left = fs::read_dir(directory.path().join("state")).unwrap();
    let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with("handover")), "{names:?}");
    assert!(service.stop().success());
}

#[test]
fn a_changed_configuration_is_taken_and_one_with_mistakes_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut service = Service::start(directory.path());
    let routes = directory.path().join("routes.toml");
    fs::write(&routes, ROUTES.replace("1s", "2s")).unwrap();
    service.signal(Signal::HUP);
    service.wait_for("was changed and taken");
    fs::write(&routes, ROUTES.replace("settle", "setle")).unwrap();
    service.signal(Signal::HUP);
    service.wait_for("was changed and not taken");
    fs::write(&routes, ROUTES).unwrap();
    assert_eq!(service.json(&["status"])["service"], true);
    assert!(service.stop().success());
}
