//! Commands that the robot shows for copying, in a firm whose folders are named by an enemy.

use std::fs;
use std::process::{Command, Stdio};

use crate::firm::{COMPANY, Firm};
use crate::targets::shell_words;

/// What would happen if a shell obeyed a name.
const NAMES: [&str; 7] = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "-rf --app x",
    "a\ntouch pwned\n",
    "\u{1b}[2J & touch pwned #",
];

/// The texts between backticks that call this program, of an answer as people see it.
fn commands_in(text: &str) -> Vec<String> {
    let starts = text.split("`facteur ").skip(1);
    // A backtick inside single quotes doesn't end it.
    let command = |rest: &str| {
        let mut quoted = false;
        let letters = rest.chars().take_while(|letter| {
            quoted ^= *letter == '\'';
            *letter != '`' || quoted
        });
        format!("facteur {}", letters.collect::<String>())
    };
    starts.map(command).collect()
}

/// Everything shown for one folder that was renamed under its switch.
fn shown_for(name: &str) -> (Firm, String) {
    let firm = Firm::new();
    fs::create_dir(firm.company().join(name)).unwrap();
    fs::write(firm.company().join(name).join("old.pdf"), b"%PDF old").unwrap();
    firm.json(0, &["connect", COMPANY, "quickbooks"]);
    let folder = format!("./{name}");
    firm.json(0, &["switch", "on", COMPANY, &folder, "--app", "quickbooks"]);
    fs::rename(firm.company().join(name), firm.company().join("Autre")).unwrap();
    firm.round();
    let mut text = String::new();
    for words in [
        vec!["status"],
        vec!["switch", "list"],
        vec!["documents", COMPANY],
        vec!["why", COMPANY, "Autre/old.pdf"],
        vec!["history"],
        vec!["decisions", "export", "-"],
        vec!["check"],
    ] {
        let output = firm.run(&words);
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        text.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    (firm, text)
}

#[test]
fn a_command_to_copy_does_what_it_says_and_nothing_else() {
    for name in NAMES {
        let (firm, text) = shown_for(name);
        assert!(
            !text.chars().any(|letter| letter != '\n' && crate::targets::steers(letter)),
            "{text:?}"
        );
        let commands = commands_in(&text);
        let follow = commands.iter().find(|command| command.contains("switch follow"));
        let follow = follow.unwrap_or_else(|| panic!("no command to follow in {text}"));
        assert!(shell_words(follow).is_some(), "a shell obeys {follow}");

        let script = follow.replacen("facteur", "\"$FACTEUR\" --config \"$ROUTES\"", 1);
        let ended = Command::new("sh")
            .args(["-c", &script])
            .current_dir(firm.path())
            .env("FACTEUR", env!("CARGO_BIN_EXE_facteur"))
            .env("ROUTES", firm.path().join("routes.toml"))
            .stdin(Stdio::null())
            .output()
            .unwrap();

        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{script}: {said}");
        let switches = firm.json(0, &["switch", "list"]);
        assert_eq!(switches[0]["folder"], "Autre", "{script}: {switches}");
        assert!(!firm.path().join("pwned").exists(), "{script}");
    }
}

#[test]
fn a_difference_of_decisions_is_shown_in_words_that_a_shell_takes_as_they_are() {
    let firm = Firm::new();
    firm.json(0, &["connect", COMPANY, "quickbooks"]);
    for name in NAMES {
        fs::create_dir(firm.company().join(name)).unwrap();
        let folder = format!("./{name}");
        firm.json(0, &["switch", "on", COMPANY, &folder, "--app", "quickbooks"]);
    }
    let file = firm.path().join("none.toml");
    let connections = firm.run(&["decisions", "export", "-"]).stdout;
    let connections = String::from_utf8(connections).unwrap();
    let (connections, _) = connections.split_once("[[switches]]").unwrap();
    fs::write(&file, connections).unwrap();

    let difference = firm.json(0, &["decisions", "diff", file.to_str().unwrap()]);

    let changes = difference["changes"].as_array().unwrap();
    assert_eq!(changes.len(), NAMES.len());
    for change in changes {
        let words = shell_words(change.as_str().unwrap()).unwrap();
        assert_eq!(words.len(), 6, "{change}");
    }
}
