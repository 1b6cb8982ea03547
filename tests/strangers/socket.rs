//! The control socket of the real service: whom the kernel lets in, and whom the service.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Command, Output, Stdio};

use crate::firm::{Firm, NOBODY, as_user, is_root};

/// A group that every Debian has, and whose number.
const GROUP: (&str, u32) = ("daemon", 1);

/// Asks the service of a firm as somebody else.
fn ask_as(firm: &Firm, user: u32, group: u32, words: &[&str]) -> Output {
    let mut command: Command = as_user(env!("CARGO_BIN_EXE_facteur"), user, group);
    command.arg("--config").arg(firm.path().join("routes.toml")).args(words);
    command.env_remove("FACTEUR_CONFIG").stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_stranger_is_refused_by_the_sockets_mode_and_the_owner_is_not() {
    if !is_root("another user at the control socket") {
        return;
    }
    let firm = Firm::new();
    let _service = firm.serve();
    // The way to the socket is open, so it is the socket itself that refuses.
    fs::set_permissions(firm.path().join("state"), fs::Permissions::from_mode(0o755)).unwrap();

    let stranger = ask_as(&firm, NOBODY, NOBODY, &["status"]);

    assert_eq!(stranger.status.code(), Some(1), "{}", said(&stranger));
    assert!(said(&stranger).contains("you may not talk to the service"), "{}", said(&stranger));
    assert!(stranger.stdout.is_empty());
    assert_eq!(firm.json(0, &["status"])["service"], true);
    let socket = fs::symlink_metadata(firm.path().join("state/control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o660);
}

#[test]
fn the_members_of_the_configured_group_are_served_and_signed_by_the_kernel() {
    if !is_root("a group at the control socket") {
        return;
    }
    let (name, group) = GROUP;
    let firm = Firm::with("settle = \"1s\"\nwatch = false", &format!("socket_group = \"{name}\""));
    let _service = firm.serve();
    let socket = fs::symlink_metadata(firm.path().join("state/control.sock")).unwrap();
    assert_eq!((socket.gid(), socket.permissions().mode() & 0o777), (group, 0o660));

    let words = ["--as", "root", "connect", "dupont-maconnerie", "quickbooks"];
    let member = ask_as(&firm, NOBODY, group, &words);
    let stranger = ask_as(&firm, NOBODY, NOBODY, &["status"]);

    assert_eq!(member.status.code(), Some(0), "{}", said(&member));
    assert_eq!(stranger.status.code(), Some(1), "{}", said(&stranger));
    let history = firm.json(0, &["history"]);
    let by: Vec<&str> =
        history.as_array().unwrap().iter().filter_map(|row| row["by"].as_str()).collect();
    assert_eq!(by, ["nobody (as root)"]);
    // The group comes to the socket, and not to the ledger.
    for file in ["state", "state/ledger"] {
        let mode = fs::metadata(firm.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{file}");
    }
    let ledger = fs::metadata(firm.path().join("state/ledger")).unwrap();
    assert_eq!(ledger.permissions().mode() & 0o070, 0, "nobody but the owner");
}

#[test]
fn a_peer_let_in_by_the_mode_alone_is_refused_by_the_service() {
    if !is_root("a socket whose mode was changed") {
        return;
    }
    let firm = Firm::new();
    let _service = firm.serve();
    for (file, mode) in [("state", 0o755), ("state/control.sock", 0o666)] {
        fs::set_permissions(firm.path().join(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    let stranger = ask_as(&firm, NOBODY, NOBODY, &["companies"]);

    assert_eq!(stranger.status.code(), Some(1));
    assert!(said(&stranger).contains("you may not talk to the service"), "{}", said(&stranger));
    assert!(stranger.stdout.is_empty());
}
