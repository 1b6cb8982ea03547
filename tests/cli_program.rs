//! The program itself: exit codes, streams, and the demonstration on real files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program, away from anybody's environment, with no terminal.
fn facteur(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    command.args(words).current_dir(directory).stdin(Stdio::null());
    for variable in ["FACTEUR_CONFIG", "RUST_LOG", "SUDO_USER", "CLICOLOR_FORCE", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(output), stderr(output)))
}

/// A firm without documents yet, in a folder of its own.
fn firm(routes: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(directory.path().join("documents/Dupont/Achats")).expect("folders");
    fs::write(directory.path().join("routes.toml"), routes).expect("routes.toml");
    directory
}

const ROUTES: &str = "\
[firm]\nname = \"Cabinet Exemple\"\ndomain = \"cabinet.example\"\n\
[documents]\nroot = \"documents\"\n\
[state]\ndirectory = \"state\"\n\
[robot]\nsettle = \"1s\"\n\
[mail]\ntransport = \"outbox\"\noutbox = \"outbox\"\n\
[apps.quickbooks]\nprofile = \"quickbooks\"\n";

#[test]
fn wrong_words_exit_2_and_leave_stdout_empty() {
    let directory = tempfile::tempdir().unwrap();
    for words in [&["rund"][..], &["retry"], &["deliveries", "--state", "flying"], &[]] {
        let output = facteur(directory.path(), words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert_eq!(stdout(&output), "", "{words:?}");
    }
}

#[test]
fn help_and_version_exit_0() {
    let directory = tempfile::tempdir().unwrap();
    for words in [&["--help"][..], &["--version"], &["help", "switch", "on"], &["man"]] {
        let output = facteur(directory.path(), words);
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert!(stdout(&output).contains("facteur"), "{words:?}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let output = facteur(directory.path(), &["completions", shell]);
        assert!(stdout(&output).contains("in_doubt"), "{shell}");
    }
}

#[test]
fn a_configuration_that_is_not_there_exits_2_with_a_hint() {
    let directory = tempfile::tempdir().unwrap();
    let output = facteur(directory.path(), &["status", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("hint: "), "{}", stderr(&output));
    assert!(json(&output)["error"].as_str().is_some());
}

#[test]
fn check_prints_every_mistake_with_its_line_and_makes_nothing() {
    let directory = firm(&ROUTES.replace("domain", "domaine").replace("settle", "setle"));
    let output = facteur(directory.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stdout(&output);
    assert!(text.contains("routes.toml:3: ") && text.contains("routes.toml:9: "), "{text}");
    let output = facteur(directory.path(), &["check", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let lines: Vec<u64> = json(&output)["file"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|mistake| mistake["line"].as_u64())
        .collect();
    assert!(lines.contains(&3) && lines.contains(&9), "{lines:?}");
    assert!(!directory.path().join("state").exists());
}

#[test]
fn check_of_a_good_firm_is_clean_and_makes_no_state() {
    let directory = firm(ROUTES);
    let output = facteur(directory.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("1 company"), "{}", stdout(&output));
    let mut names: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["documents", "routes.toml"]);
}

#[test]
fn two_folders_with_one_slug_are_a_mistake_of_the_tree() {
    let directory = firm(ROUTES);
    fs::create_dir(directory.path().join("documents/DUPONT")).unwrap();
    let output = facteur(directory.path(), &["check"]);
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn what_needs_a_yes_is_counted_and_not_done_without_one() {
    let directory = firm(ROUTES);
    let old = directory.path().join("documents/Dupont/Achats/old.pdf");
    fs::write(old, "%PDF-1.7 old").unwrap();
    let done = |words: &[&str]| {
        let output = facteur(directory.path(), words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
        json(&output)
    };
    done(&["connect", "dupont", "quickbooks", "--json"]);
    let backfill = ["backfill", "dupont", "Achats", "--app", "quickbooks", "--json"];
    let output = facteur(directory.path(), &backfill);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["count"], 1);
    assert!(stderr(&output).contains("hint: add --yes"), "{}", stderr(&output));
    assert_eq!(done(&["deliveries", "--json"]), Value::Array(Vec::new()));
    assert!(stderr(&output).contains("send 1 older document to"), "{}", stderr(&output));
    let given = facteur(directory.path(), &[&backfill[..], &["--yes"]].concat());
    assert_eq!(given.status.code(), Some(0), "{}", stderr(&given));
    assert_eq!(stderr(&given), "");
    done(&["round", "--json"]);
    assert_eq!(done(&["deliveries", "--json"])[0]["state"], "sent");
}

#[test]
fn what_does_not_fit_is_said_once() {
    let directory = firm(ROUTES);
    fs::write(directory.path().join("documents/Dupont/Achats/old.pdf"), "%PDF-1.7 old").unwrap();
    for words in [
        &["connect", "dupont", "quickbooks"][..],
        &["backfill", "dupont", "Achats", "--app", "quickbooks", "--yes"],
        &["round"],
    ] {
        let output = facteur(directory.path(), words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
    }
    let deliveries = json(&facteur(directory.path(), &["deliveries", "--json"]));
    let id = deliveries[0]["id"].as_str().unwrap();
    let output = facteur(directory.path(), &["cancel", id]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert_eq!(stderr(&output).matches("it is sent").count(), 1, "{}", stderr(&output));
}

#[test]
fn a_folder_or_mailbox_that_is_not_there_is_told() {
    let directory = firm(ROUTES);
    let run = |words: &[&str]| facteur(directory.path(), words);
    assert_eq!(run(&["connect", "dupont", "quickbooks"]).status.code(), Some(0));
    let output = run(&["documents", "dupont", "Achat"]);
    assert_eq!(output.status.code(), Some(0));
    let expected = "Dupont has no folder `Achat`; did you mean `Achats`?";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    assert_eq!(stderr(&run(&["documents", "dupont", "Achats"])), "");
    let output = run(&["switch", "on", "dupont", "Achat", "--app", "quickbooks"]);
    assert!(stderr(&output).contains("did you mean `Achats`?"), "{}", stderr(&output));
    let output = run(&["mails", "--mailbox", "nobody@x.example"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no mailbox `nobody@x.example`"), "{}", stderr(&output));
    let output = run(&["mails", "--state", "foo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("to_read, invited"), "{}", stderr(&output));
    assert_eq!(run(&["mails", "--state", "unread"]).status.code(), Some(0));
}

#[test]
fn who_decided_is_remembered() {
    let directory = firm(ROUTES);
    let words = ["connect", "dupont", "quickbooks", "--as", "léa"];
    assert_eq!(facteur(directory.path(), &words).status.code(), Some(0));
    let history = json(&facteur(directory.path(), &["history", "--json"]));
    assert_eq!(history[0]["by"], "léa");
}

#[test]
fn commands_at_the_same_moment_wait_for_each_other() {
    let directory = firm(ROUTES);
    let at_once: Vec<_> = (0..6)
        .map(|_| {
            let directory = directory.path().to_owned();
            std::thread::spawn(move || facteur(&directory, &["status", "--json"]))
        })
        .collect();
    for command in at_once {
        let output = command.join().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn an_export_is_never_written_over_a_file() {
    let directory = firm(ROUTES);
    let file = directory.path().join("backup");
    fs::write(&file, "mine").unwrap();
    let output = facteur(directory.path(), &["export", "backup"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert_eq!(facteur(directory.path(), &["export", "copy"]).status.code(), Some(0));
    let output = facteur(directory.path(), &["import", "copy"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let output = facteur(directory.path(), &["import", "copy", "--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn decisions_go_to_a_file_and_back() {
    let directory = firm(ROUTES);
    let run = |words: &[&str]| {
        let output = facteur(directory.path(), words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
        output
    };
    run(&["connect", "dupont", "quickbooks"]);
    run(&["switch", "on", "dupont", "Achats", "--app", "quickbooks"]);
    run(&["decisions", "export", "decisions.toml"]);
    let text = fs::read_to_string(directory.path().join("decisions.toml")).unwrap();
    assert_eq!(stdout(&run(&["decisions", "export", "-"])), text);
    run(&["switch", "off", "dupont", "Achats", "--app", "quickbooks"]);
    assert_ne!(json(&run(&["decisions", "diff", "decisions.toml", "--json"]))["count"], 0);
    run(&["decisions", "import", "decisions.toml", "--yes"]);
    assert_eq!(json(&run(&["switch", "list", "--json"]))[0]["on"], true);
}

#[test]
fn the_demonstration_shows_the_whole_job() {
    let directory = tempfile::tempdir().unwrap();
    let output = facteur(directory.path(), &["demo", "--dir", "firm", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = json(&output);
    assert_eq!(told["mails"].as_array().unwrap().len(), 4);
    let routes = directory.path().join("firm/routes.toml");
    let routes = routes.to_str().unwrap();
    let documents = facteur(
        directory.path(),
        &["--config", routes, "documents", "Dupont Maçonnerie", "--json"],
    );
    let documents = json(&documents);
    let state = |path: &str| {
        let rows = documents.as_array().unwrap();
        let row = rows.iter().find(|row| row["path"] == path).unwrap_or(&Value::Null);
        row["state"].as_str().map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(state("Achats/Reçu péage août.jpg"), "sent");
    assert_eq!(state("Achats/Scan facture gaz.pdf"), "sent");
    assert_eq!(state("Achats/2025/Facture ciment été 2025.pdf"), "before_activation");
    assert_eq!(state("Achats/Devis à relire.docx"), "unsupported");
    assert_eq!(state("Ventes/Facture F-2026-007.pdf"), "switch_off");
    assert!(documents.as_array().unwrap().iter().any(|row| row["state"] == "duplicate"));
}

#[test]
fn the_demonstration_is_plain_text_where_nobody_sees_colours_and_again_on_the_same_folder() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = facteur(directory.path(), &["demo", "--dir", "firm"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("Try next"), "{text}");
    }
    let output = facteur(directory.path(), &["demo", "--dir", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("hint: give a new folder"), "{}", stderr(&output));
}
