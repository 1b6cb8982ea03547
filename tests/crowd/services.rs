//! Several processes at once: services, copies of them, and terminals that ask for rounds.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;

use crate::trials::books::audit;
use crate::trials::figures::Figures;
use crate::trials::firm::{Firm, said};
use crate::trials::sink::Sink;

/// A process ends within this when it must.
const ENDING_WAIT_MAX: Duration = Duration::from_secs(30);

/// Services that are started at once.
const SERVICES: usize = 4;

/// Terminals that ask at once.
const TERMINALS: usize = 10;

#[test]
fn of_services_started_at_once_on_one_state_one_runs() {
    let sink = Sink::start();
    let firm = Firm::new(&sink, "hold").switched_on();
    let services: Vec<Child> = (0..SERVICES).map(|_| spawn(&mut firm.command(&["run"]))).collect();

    // All but one end by themselves, in whatever order.
    let mut running: BTreeSet<u32> = services.iter().map(Child::id).collect();
    let (sender, endings) = channel();
    for service in services {
        let sender = sender.clone();
        std::thread::spawn(move || {
            sender.send((service.id(), service.wait_with_output().unwrap()))
        });
    }
    while running.len() > 1 {
        let (id, output) = endings.recv_timeout(ENDING_WAIT_MAX).expect("the others are refused");
        running.remove(&id);
        assert_refused(&output);
    }

    // It answers, so it listens to signals too.
    firm.json(&["status"]);
    running.into_iter().for_each(terminate);
    let (_, last) = endings.recv_timeout(ENDING_WAIT_MAX).expect("a service ends when asked to");
    assert_eq!(last.status.code(), Some(0), "{}", said(&last));
}

#[test]
fn a_command_waits_for_another_one_that_has_the_state() {
    let sink = Sink::start();
    let mut firm = Firm::new(&sink, "hold").switched_on();
    firm.deposit(5);

    let rounds: Vec<Child> =
        (0..3).map(|_| spawn(&mut firm.command(&["round", "--json"]))).collect();
    firm.json(&["status"]);

    for round in rounds {
        let output = round.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert_eq!(sink.count(), 5);
}

#[test]
fn a_copy_of_tree_and_state_started_elsewhere_is_refused() {
    let sink = Sink::start();
    let mut firm = Firm::new(&sink, "hold").switched_on();
    firm.deposit(3);
    firm.rounds_until_quiet();
    firm.deposit(2);
    let elsewhere = tempfile::tempdir().unwrap();
    copy(firm.path(), elsewhere.path());

    for words in [["round"], ["run"]] {
        let refused = Command::new(env!("CARGO_BIN_EXE_facteur"))
            .arg("--config")
            .arg(elsewhere.path().join("routes.toml"))
            .args(words)
            .output();
        assert_refused(&refused.unwrap());
    }

    assert_eq!(sink.count(), 3, "the copy sent nothing");
    firm.rounds_until_quiet();
    assert_eq!(sink.count(), 5, "the first one goes on");
}

#[test]
fn a_copy_of_the_state_beside_the_same_tree_is_refused() {
    let sink = Sink::start();
    let mut firm = Firm::new(&sink, "hold").switched_on();
    firm.deposit(2);
    copy(&firm.state(), &firm.path().join("copy"));
    let routes = std::fs::read_to_string(firm.path().join("routes.toml")).unwrap();
    let other = firm.path().join("other.toml");
    std::fs::write(&other, routes.replace("\"state\"", "\"copy\"")).unwrap();

    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    assert_refused(&command.arg("--config").arg(other).arg("round").output().unwrap());

    assert_eq!(sink.count(), 0);
}

#[tokio::test]
async fn rounds_asked_for_from_ten_terminals_send_each_document_once() {
    let mut figures = Figures::begin("crowd_terminals", "cargo test --test crowd terminals");
    let sink = Sink::start();
    let mut firm = Firm::new(&sink, "hold").switched_on();
    let mut service = firm.serve();
    firm.deposit(200);

    let terminals: Vec<Child> =
        (0..TERMINALS).map(|_| spawn(&mut firm.command(&["round", "--json"]))).collect();
    firm.deposit(100);
    let reports: Vec<Value> = terminals
        .into_iter()
        .map(|terminal| {
            let output = terminal.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            serde_json::from_slice(&output.stdout).unwrap()
        })
        .collect();
    firm.rounds_until_quiet();
    terminate(service.id());
    assert_eq!(service.wait().unwrap().code(), Some(0), "{}", firm.log());

    let told =
        |what: &str| reports.iter().map(|report| report[what].as_u64().unwrap()).sum::<u64>();
    assert!(told("deposited") <= firm.deposited(), "{reports:#?}");
    assert!(told("sent") <= firm.deposited(), "{reports:#?}");
    let found = audit(&firm, &sink).await;
    assert!(found.wrongs.is_empty() && found.in_doubt.is_empty(), "{found:#?}");
    assert_eq!((found.mails, found.copies), (firm.deposited(), 0));
    figures.note("terminals", TERMINALS);
    figures.note("documents", found.documents);
    figures.note("copies", found.copies);
    figures.publish();
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn assert_refused(output: &Output) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("hint:"), "{said}");
}

/// SIGTERM to a child that was not waited for yet.
pub(crate) fn terminate(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

/// `cp -a`, which keeps dates and marks.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg("-T").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}
