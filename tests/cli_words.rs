//! Every command's words, and what they mean.

use std::path::PathBuf;

use clap::Parser as _;
use facteur::app::requests::{Ask, MailsAsk, Selection, Turn};
use facteur::cli::args::Words;
use facteur::cli::{Errand, LoginWay, errand};
use facteur::domain::delivery::{Act, HeldReason, State};
use facteur::domain::path::TreePath;

fn meaning(line: &[&str]) -> Errand {
    let words = Words::try_parse_from(std::iter::once("facteur").chain(line.iter().copied()));
    errand(words.unwrap_or_else(|error| panic!("{line:?}: {error}")).command)
        .expect("the words mean something")
}

/// What stops these words: clap, with its exit code 2, or their meaning.
fn complaint(line: &[&str]) -> String {
    match Words::try_parse_from(std::iter::once("facteur").chain(line.iter().copied())) {
        Err(error) => {
            assert_eq!(error.exit_code(), 2, "{line:?}: {error}");
            error.to_string()
        }
        Ok(words) => errand(words.command).expect_err(&format!("{line:?}")),
    }
}

fn text(word: &str) -> String {
    word.to_owned()
}

fn path(word: &str) -> TreePath {
    word.parse().expect("a path inside the folder")
}

fn ask(ask: Ask) -> Errand {
    Errand::Ask { ask, yes: false }
}

fn ids(ids: &[&str]) -> Selection {
    Selection { ids: ids.iter().map(|id| text(id)).collect(), ..Selection::default() }
}

fn act(act: Act, selection: Selection, yes: bool) -> Errand {
    Errand::Ask { ask: Ask::Act { act, selection, confirmed: false }, yes }
}

#[test]
fn commands_without_an_object_mean_what_they_say() {
    let cases: Vec<(&[&str], Errand)> = vec![
        (&["run"], Errand::Run),
        (&["man"], Errand::Man),
        (&["demo"], Errand::Demo { dir: None, serve: false }),
        (
            &["demo", "--dir", "d", "--serve"],
            Errand::Demo { dir: Some(PathBuf::from("d")), serve: true },
        ),
        (&["check"], Errand::Check { online: false }),
        (&["check", "--online"], Errand::Check { online: true }),
        (&["login"], Errand::Login { name: None, way: None }),
        (
            &["login", "mail", "--device"],
            Errand::Login { name: Some(text("mail")), way: Some(LoginWay::Device) },
        ),
        (
            &["login", "--browser", "a@b.example"],
            Errand::Login { name: Some(text("a@b.example")), way: Some(LoginWay::Browser) },
        ),
        (&["round"], ask(Ask::Round { dry_run: false })),
        (&["round", "--dry-run"], ask(Ask::Round { dry_run: true })),
        (&["companies"], ask(Ask::Companies)),
        (&["status"], ask(Ask::Status)),
        (&["invitations", "list"], ask(Ask::Invitations { company: None })),
        (
            &["invitations", "list", "dupont"],
            ask(Ask::Invitations { company: Some(text("dupont")) }),
        ),
        (
            &["invitations", "show", "dupont", "quickbooks"],
            ask(Ask::Invitation { company: text("dupont"), app: text("quickbooks") }),
        ),
        (
            &["invitations", "accept", "dupont", "quickbooks", "--by-hand"],
            ask(Ask::AcceptInvitation {
                company: text("dupont"),
                app: text("quickbooks"),
                by_hand: true,
            }),
        ),
        (&["history"], ask(Ask::History { company: None })),
        (&["history", "--company", "dupont"], ask(Ask::History { company: Some(text("dupont")) })),
        (&["completions", "bash"], Errand::Completions { shell: clap_complete::Shell::Bash }),
        (&["export", "a"], Errand::Export { file: "a".into() }),
        (&["import", "a", "--yes"], Errand::Import { file: "a".into(), yes: true }),
        (&["decisions", "export", "-"], Errand::DecisionsExport { file: "-".into() }),
        (&["decisions", "diff", "d.toml"], Errand::DecisionsDiff { file: "d.toml".into() }),
        (
            &["decisions", "import", "d.toml"],
            Errand::DecisionsImport { file: "d.toml".into(), yes: false },
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(meaning(line), expected, "{line:?}");
    }
}

#[test]
fn connections_are_made_ended_and_readdressed() {
    let connect = Ask::Connect {
        company: text("Dupont Maçonnerie"),
        app: text("inqom"),
        to: Some(text("a@b.example")),
        from: Some(text("c@d.example")),
        inbox: Some(text("achats")),
    };
    let line = ["connect", "Dupont Maçonnerie", "inqom", "--to", "a@b.example"];
    let rest = ["--from", "c@d.example", "--inbox", "achats"];
    assert_eq!(meaning(&[&line[..], &rest[..]].concat()), ask(connect));
    assert_eq!(
        meaning(&["disconnect", "dupont", "inqom"]),
        ask(Ask::Disconnect { company: text("dupont"), app: text("inqom") })
    );
    let readdress =
        Ask::Readdress { app: text("inqom"), to: text("{slug}@x.example"), confirmed: false };
    assert_eq!(
        meaning(&["readdress", "inqom", "--to", "{slug}@x.example", "--yes"]),
        Errand::Ask { ask: readdress, yes: true }
    );
}

fn switched(turn: Turn, company: Option<&str>, folder: &str) -> Errand {
    ask(Ask::Switch {
        turn,
        company: company.map(text),
        folder: path(folder),
        app: text("q"),
        inbox: None,
        preview: false,
    })
}

#[test]
fn switches_are_turned_for_one_company_or_for_all() {
    let cases: Vec<(&[&str], Errand)> = vec![
        (
            &["switch", "on", "dupont", "Achats", "--app", "q"],
            switched(Turn::On, Some("dupont"), "Achats"),
        ),
        (
            &["switch", "off", "--app", "q", "dupont", "./Achats/2026/"],
            switched(Turn::Off, Some("dupont"), "Achats/2026"),
        ),
        (
            &["switch", "clear", "dupont", ".", "--app", "q"],
            switched(Turn::Clear, Some("dupont"), ""),
        ),
        (
            &["switch", "on", "Achats", "--all-companies", "--app", "q"],
            switched(Turn::On, None, "Achats"),
        ),
        (
            &["switch", "off", "--all-companies", "Achats", "--app", "q"],
            switched(Turn::Off, None, "Achats"),
        ),
        (&["switch", "list"], ask(Ask::SwitchList { company: None })),
        (&["switch", "list", "dupont"], ask(Ask::SwitchList { company: Some(text("dupont")) })),
        (
            &["switch", "follow", "dupont", "Achats"],
            ask(Ask::SwitchResolve {
                follow: true,
                company: text("dupont"),
                folder: path("Achats"),
            }),
        ),
        (
            &["switch", "stay", "dupont", "Achats"],
            ask(Ask::SwitchResolve {
                follow: false,
                company: text("dupont"),
                folder: path("Achats"),
            }),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(meaning(line), expected, "{line:?}");
    }
    let line = ["switch", "on", "d", "Achats", "--app", "q", "--inbox", "ventes", "--preview"];
    let Errand::Ask { ask: Ask::Switch { inbox, preview, .. }, .. } = meaning(&line) else {
        panic!("a switch is turned by {line:?}");
    };
    assert_eq!((inbox, preview), (Some(text("ventes")), true));
}

#[test]
fn documents_are_listed_and_explained_by_the_interfaces_spelling() {
    let cases: Vec<(&[&str], Errand)> = vec![
        (
            &["documents", "dupont"],
            ask(Ask::Documents { company: text("dupont"), folder: None, state: None }),
        ),
        (
            &["documents", "dupont", "Achats", "--state", "before_activation"],
            ask(Ask::Documents {
                company: text("dupont"),
                folder: Some(path("Achats")),
                state: Some(text("before_activation")),
            }),
        ),
        (
            &["why", "dupont", "Achats/facture\\xe9.pdf"],
            ask(Ask::Why {
                company: text("dupont"),
                path: TreePath::from_bytes(b"Achats/facture\xe9.pdf").unwrap(),
            }),
        ),
        (
            &["send-test", "dupont", "q", "--to", "a@b.example"],
            ask(Ask::SendTest {
                company: text("dupont"),
                app: text("q"),
                to: Some(text("a@b.example")),
            }),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(meaning(line), expected, "{line:?}");
    }
}

#[test]
fn a_name_that_is_no_unicode_can_be_given_as_it_is() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let raw = OsStr::from_bytes(b"Achats/re\xe7u.pdf");
    let line = [OsStr::new("facteur"), OsStr::new("why"), OsStr::new("dupont"), raw];
    let words = Words::try_parse_from(line).unwrap();
    let Errand::Ask { ask: Ask::Why { path, .. }, .. } = errand(words.command).unwrap() else {
        panic!("`why` asks why");
    };
    assert_eq!(path.as_bytes(), b"Achats/re\xe7u.pdf");
}

#[test]
fn deliveries_are_chosen_by_ids_or_by_filters() {
    let flood = Selection {
        company: Some(text("dupont")),
        app: Some(text("q")),
        state: Some(State::Held),
        reason: Some(HeldReason::Flood),
        ids: Vec::new(),
    };
    let filters =
        ["--company", "dupont", "--app", "q", "--state", "held", "--reason", "flood", "--yes"];
    let root_changed = Selection {
        company: Some(text("C")),
        reason: Some(HeldReason::RootChanged),
        ..Selection::default()
    };
    let cases: Vec<(Vec<&str>, Errand)> = vec![
        (vec!["deliveries"], ask(Ask::Deliveries(Selection::default()))),
        (
            vec!["deliveries", "--state", "in_doubt"],
            ask(Ask::Deliveries(Selection { state: Some(State::InDoubt), ..Selection::default() })),
        ),
        (vec!["retry", "12", "13"], act(Act::Retry, ids(&["12", "13"]), false)),
        (vec!["cancel", "12", "--yes"], act(Act::Cancel, ids(&["12"]), true)),
        ([&["release"], &filters[..]].concat(), act(Act::Release, flood, true)),
        (
            vec!["release", "--company", "C", "--reason", "root_changed"],
            act(Act::Release, root_changed, false),
        ),
        (vec!["settle", "--sent", "7"], act(Act::SettleSent, ids(&["7"]), false)),
        (vec!["settle", "7", "--not-sent"], act(Act::SettleNotSent, ids(&["7"]), false)),
    ];
    for (line, expected) in cases {
        assert_eq!(meaning(&line), expected, "{line:?}");
    }
}

#[test]
fn resend_tells_deliveries_from_a_document() {
    let document = |company: &str, document: &str| {
        ask(Ask::ResendDocument { company: text(company), path: path(document), app: text("q") })
    };
    let of_app = Selection { app: Some(text("q")), ..Selection::default() };
    let cases: Vec<(&[&str], Errand)> = vec![
        (&["resend", "12", "13"], act(Act::Resend, ids(&["12", "13"]), false)),
        (&["resend", "12"], act(Act::Resend, ids(&["12"]), false)),
        (&["resend", "--app", "q"], act(Act::Resend, of_app, false)),
        (&["resend", "dupont", "Achats/a.pdf", "--app", "q"], document("dupont", "Achats/a.pdf")),
        (&["resend", "12", "13", "--app", "q"], document("12", "13")),
    ];
    for (line, expected) in cases {
        assert_eq!(meaning(line), expected, "{line:?}");
    }
}

#[test]
fn a_backfill_has_days() {
    let line = ["backfill", "dupont", "Achats", "--app", "q", "--since", "2026-01-01"];
    let Errand::Ask { ask, yes } =
        meaning(&[&line[..], &["--until", "2026-01-31", "--yes"]].concat())
    else {
        panic!("a back-fill asks");
    };
    let expected = Ask::Backfill {
        company: text("dupont"),
        folder: path("Achats"),
        app: text("q"),
        since: chrono::NaiveDate::from_ymd_opt(2026, 1, 1),
        until: chrono::NaiveDate::from_ymd_opt(2026, 1, 31),
        confirmed: false,
    };
    assert_eq!((ask, yes), (expected, true));
}

#[test]
fn options_of_every_command_stand_before_or_after_it() {
    for line in [
        ["facteur", "--config", "r.toml", "--json", "--as", "léa", "status"],
        ["facteur", "status", "--as", "léa", "--json", "--config", "r.toml"],
    ] {
        let global = Words::try_parse_from(line).unwrap().global;
        assert_eq!(global.config, Some(PathBuf::from("r.toml")), "{line:?}");
        assert!(global.json, "{line:?}");
        assert_eq!(global.by.as_deref(), Some("léa"), "{line:?}");
    }
}

#[test]
fn wrong_words_are_refused_with_a_remedy() {
    let cases: &[(&[&str], &str)] = &[
        (&["frobnicate"], "unrecognized subcommand"),
        (&["rund"], "similar"),
        (&["deliveries", "--state", "flying"], "queued, sending, deferred, sent"),
        (&["documents", "d", "--state", "bifore_activation"], "before_activation"),
        (&["release", "--reason", "flod"], "flood"),
        (&["why", "dupont"], "PATH"),
        (&["why", "dupont", "/etc/passwd"], "relative to it"),
        (&["why", "dupont", "../x"], "leaves the company's folder"),
        (&["why", "dupont", "a\\q"], "backslash"),
        (&["switch", "on", "dupont", "", "--app", "q"], "`.` names the company's folder"),
        (&["switch", "on", "dupont", "--app", "q"], "COMPANY"),
        (&["switch", "on", "dupont", "Achats"], "--app"),
        (&["switch", "on", "d", "Achats", "--all-companies", "--app", "q"], "cannot be used with"),
        (&["settle", "12"], "--sent"),
        (&["settle", "12", "--sent", "--not-sent"], "cannot be used with"),
        (&["retry"], "give their IDs"),
        (&["cancel", "--yes"], "give their IDs"),
        (&["retry", "12", "--app", "q"], "not both"),
        (&["release", "dupont"], "--company COMPANY"),
        (&["resend", "dupont", "a.pdf"], "resend COMPANY PATH --app APP"),
        (&["resend", "dupont", "../a.pdf", "--app", "q"], "leaves the company's folder"),
        (&["backfill", "d", "A", "--app", "q", "--since", "21/11/2026"], "year-month-day"),
        (
            &["backfill", "d", "A", "--app", "q", "--since", "2026-02-01", "--until", "2026-01-01"],
            "exchange the two days",
        ),
        (&["--as", " ", "status"], "1 to 64 characters"),
        (&["--as", "l\u{1b}[31m", "status"], "control characters"),
        (&["completions", "cmd.exe"], "bash"),
    ];
    for (line, expected) in cases {
        let complaint = complaint(line);
        assert!(complaint.contains(expected), "{line:?} says: {complaint}");
    }
}

#[test]
fn every_command_and_option_has_a_help() {
    use clap::CommandFactory as _;
    fn visit(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{} has no help", command.get_name());
        for argument in command.get_arguments() {
            let name = argument.get_id();
            assert!(argument.get_help().is_some(), "{} {name} has no help", command.get_name());
        }
        command.get_subcommands().for_each(visit);
    }
    Words::command().debug_assert();
    visit(&Words::command());
}

#[test]
fn mails_are_listed_shown_filed_and_dropped() {
    let mails = |ask: MailsAsk| Errand::Ask { ask: Ask::Mails(ask), yes: false };
    let list = |mailbox: Option<&str>, state: Option<&str>, limit| {
        mails(MailsAsk::List { mailbox: mailbox.map(text), state: state.map(text), limit })
    };
    assert_eq!(meaning(&["mails"]), list(None, None, 50));
    let words = ["mails", "--mailbox", "a@b.example", "--state", "filed", "--limit", "9"];
    assert_eq!(meaning(&words), list(Some("a@b.example"), Some("filed"), 9));
    let show = MailsAsk::Show { number: text("12") };
    assert_eq!(meaning(&["mails", "show", "12"]), mails(show));
    assert_eq!(meaning(&["tray", "list"]), mails(MailsAsk::Tray));
    let file = |folder: Option<&str>, all| {
        let (numbers, company) = (vec![text("1"), text("2")], Some(text("dupont")));
        mails(MailsAsk::File { numbers, company, folder: folder.map(path), all })
    };
    let words = ["tray", "file", "1", "2", "--company", "dupont"];
    assert_eq!(meaning(&words), file(None, false));
    let more = [&words[..], &["--folder", "Achats/2026", "--all"]].concat();
    assert_eq!(meaning(&more), file(Some("Achats/2026"), true));
    let (numbers, company) = (vec![text("1")], None);
    let by_address = mails(MailsAsk::File { numbers, company, folder: None, all: false });
    assert_eq!(meaning(&["tray", "file", "1"]), by_address);
    let drop = Ask::Mails(MailsAsk::Drop { numbers: vec![text("3")], confirmed: false });
    assert_eq!(meaning(&["tray", "drop", "3", "--yes"]), Errand::Ask { ask: drop, yes: true });

    for (line, complained) in [
        (&["tray"][..], "Usage"),
        (&["tray", "file"], "NUMBER"),
        (&["tray", "drop"], "NUMBER"),
        (&["mails", "--limit", "0"], "--limit"),
        (&["mails", "show"], "NUMBER"),
    ] {
        assert!(complaint(line).contains(complained), "{line:?}: {}", complaint(line));
    }
}
