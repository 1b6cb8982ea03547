//! What people read, for each kind of answer.

use std::collections::BTreeMap;

use facteur::app::requests::{Ask, Selection, Turn};
use facteur::app::views::{
    ActedView, AlarmView, BackfillView, CompanyView, ConnectView, ConnectedAppView, DecidedView,
    DecisionsDiffView, DeliveryView, DocumentView, EventView, ExportView, HistoryView,
    LastRoundView, LocalTime, PlannedView, ProblemView, ReaddressView, ReaddressedView,
    RefusedView, RoundView, SendTestView, StatusView, StoryView, SwitchView, SwitchedView,
    TomlView, TreeView, WhyView,
};
use facteur::cli::render;
use facteur::domain::delivery::Act;
use facteur::domain::path::TreePath;
use serde::Serialize;

fn at(minute: u32) -> LocalTime {
    let time = format!("2026-11-21T18:{minute:02}:07+01:00");
    LocalTime::parse_from_rfc3339(&time).expect("a well-formed time")
}

fn text(word: &str) -> String {
    word.to_owned()
}

/// The answer as a file would hold it: without colours.
fn shown(ask: &Ask, view: &impl Serialize) -> String {
    let value = serde_json::to_value(view).expect("views are JSON");
    let text = render::text(ask, &value).expect("the view is the answer of this question");
    anstream::adapter::strip_str(&text).to_string()
}

fn document(path: &str, app: Option<&str>, state: &str) -> DocumentView {
    DocumentView {
        company: text("dupont-maconnerie"),
        path: text(path),
        app: app.map(text),
        state: text(state),
        reason: None,
        delivery: None,
        deposited_at: None,
        validated: false,
    }
}

fn problem(path: Option<&str>) -> ProblemView {
    ProblemView {
        company: text("dupont-maconnerie"),
        path: path.map(text),
        kind: text("unreadable"),
        message: text("the robot may not read it; give it the right to"),
    }
}

fn switch(folder: &str, on: bool) -> SwitchView {
    SwitchView {
        company: text("dupont-maconnerie"),
        folder: text(folder),
        app: text("quickbooks"),
        on,
        activated_at: at(1),
        by: text("léa"),
        inbox: None,
        renamed_to: None,
        exists: true,
    }
}

fn round_ask(dry_run: bool) -> Ask {
    Ask::Round { dry_run }
}

fn planned(path: &str, state: &str, recipient: Option<&str>) -> PlannedView {
    PlannedView {
        company: text("dupont-maconnerie"),
        path: text(path),
        app: text("quickbooks"),
        state: text(state),
        reason: (state == "held").then(|| text("flood")),
        recipient: recipient.map(text),
        because: text("the switch of `Achats` is on"),
    }
}

#[test]
fn a_round_says_what_it_did() {
    let view = RoundView {
        observed: 12,
        deposited: 4,
        queued: 3,
        sent: 2,
        held: 1,
        settling: 1,
        elapsed_ms: 1_234,
        documents: vec![
            planned("Achats/reçu été.pdf", "sent", Some("dupont-maconnerie@qbodocs.com")),
            planned("Achats/b.pdf", "held", None),
        ],
        problems: vec![problem(Some("Achats/secret.pdf"))],
        ..RoundView::default()
    };
    insta::assert_snapshot!("round", shown(&round_ask(false), &view));
}

#[test]
fn a_quiet_round_and_a_rehearsal_say_so() {
    let quiet = RoundView { observed: 1, elapsed_ms: 12, ..RoundView::default() };
    insta::assert_snapshot!("round_quiet", shown(&round_ask(false), &quiet));
    let rehearsal = RoundView {
        dry_run: true,
        observed: 12,
        documents: vec![planned("Achats/a.pdf", "queued", Some("dupont@qbodocs.com"))],
        ..RoundView::default()
    };
    insta::assert_snapshot!("round_dry_run", shown(&round_ask(true), &rehearsal));
}

fn status() -> StatusView {
    StatusView {
        counts: BTreeMap::new(),
        held: BTreeMap::new(),
        last_round: None,
        next_round: None,
        service: false,
        redirect_to: None,
        alarms: Vec::new(),
        problems: Vec::new(),
        unsupported: Vec::new(),
        settling: 0,
    }
}

#[test]
fn status_is_one_page() {
    let view = StatusView {
        counts: [("sent", 1_204), ("held", 3), ("in_doubt", 1), ("queued", 2), ("refused", 0)]
            .map(|(word, number)| (text(word), number))
            .into(),
        held: [(text("flood"), 2), (text("replaced"), 1)].into(),
        last_round: Some(LastRoundView {
            started_at: at(30),
            finished_at: at(30),
            deposited: 3,
            sent: 2,
            elapsed_ms: 412,
        }),
        next_round: Some(at(45)),
        service: true,
        redirect_to: Some(text("moi@cabinet.example")),
        alarms: vec![AlarmView {
            kind: text("held"),
            since: Some(at(15)),
            message: text("3 deliveries wait for a person: `facteur deliveries --state held`"),
        }],
        problems: vec![problem(None), problem(Some("Achats/secret.pdf"))],
        unsupported: vec![document("Achats/note.docx", Some("quickbooks"), "unsupported")],
        settling: 1,
    };
    insta::assert_snapshot!("status", shown(&Ask::Status, &view));
    insta::assert_snapshot!("status_empty", shown(&Ask::Status, &status()));
}

fn connected(inboxes: &[(&str, &str)]) -> ConnectedAppView {
    ConnectedAppView {
        app: text("quickbooks"),
        sender: text("quickbooks+dupont-maconnerie@cabinet.example"),
        recipient: inboxes.is_empty().then(|| text("dupont-maconnerie@qbodocs.com")),
        inbox: inboxes.first().map(|(name, _)| text(name)),
        inboxes: inboxes.iter().map(|(name, address)| (text(name), text(address))).collect(),
    }
}

#[test]
fn companies_are_listed_with_their_apps() {
    let company = |slug: &str, name: &str, apps: Vec<ConnectedAppView>| CompanyView {
        slug: text(slug),
        name: text(name),
        folder: text(name),
        collection: format!("compta+{slug}@cabinet.example"),
        apps,
        held: None,
    };
    let inboxes =
        connected(&[("achats", "achat.d@inqombox.com"), ("ventes", "vente.d@inqombox.com")]);
    let mut held = company("", "🍕", Vec::new());
    held.collection = String::new();
    held.held = Some(text("its name gives no slug; give it one in routes.toml"));
    let views = vec![
        company("dupont-maconnerie", "Dupont Maçonnerie", vec![connected(&[]), inboxes]),
        company("elan", "Élan", Vec::new()),
        held,
    ];
    insta::assert_snapshot!("companies", shown(&Ask::Companies, &views));
    insta::assert_snapshot!("companies_none", shown(&Ask::Companies, &Vec::<CompanyView>::new()));
}

#[test]
fn a_connection_says_what_to_do_at_the_tool() {
    let view = ConnectView {
        company: text("dupont-maconnerie"),
        connection: connected(&[]),
        steps: vec![
            text("Invite quickbooks+dupont-maconnerie@cabinet.example as a user"),
            text("Give it the right to receipts and nothing else"),
        ],
        uncertain: vec![text("newer accounts may have another domain than qbodocs.com")],
        changed: true,
        documents_before: 214,
    };
    let ask = Ask::Connect {
        company: text("dupont-maconnerie"),
        app: text("quickbooks"),
        to: None,
        from: None,
        inbox: None,
    };
    insta::assert_snapshot!("connect", shown(&ask, &view));
}

fn turned(changed: bool, preview: bool) -> SwitchedView {
    SwitchedView {
        company: text("dupont-maconnerie"),
        folder: text("Achats"),
        app: text("quickbooks"),
        on: true,
        changed,
        ruled_by: Some(text("Achats")),
        preview,
        documents_before: 14,
        folders_covered: 3,
        exceptions: vec![switch("Achats/Perso", false)],
        being_written: vec![text("Achats/scan.pdf")],
        cancelled: Vec::new(),
        warnings: vec![text("`Ventes` is outside the folders recommended for quickbooks")],
    }
}

fn switch_ask(turn: Turn) -> Ask {
    Ask::Switch {
        turn,
        company: None,
        folder: TreePath::root(),
        app: text("quickbooks"),
        inbox: None,
        preview: false,
    }
}

#[test]
fn a_switch_says_what_stays_and_what_goes() {
    let views = [turned(true, false), turned(true, true), turned(false, false)];
    insta::assert_snapshot!("switch_on", shown(&switch_ask(Turn::On), &views));
    let off = SwitchedView {
        on: false,
        folder: String::new(),
        cancelled: vec![text("12"), text("13")],
        exceptions: Vec::new(),
        warnings: Vec::new(),
        ..turned(true, false)
    };
    insta::assert_snapshot!("switch_off", shown(&switch_ask(Turn::Off), &[off]));
    let cleared = SwitchedView {
        folder: text("Achats/Perso"),
        exceptions: Vec::new(),
        warnings: Vec::new(),
        being_written: Vec::new(),
        ..turned(true, false)
    };
    insta::assert_snapshot!("switch_clear", shown(&switch_ask(Turn::Clear), &[cleared]));
    let none: [SwitchedView; 0] = [];
    insta::assert_snapshot!("switch_none", shown(&switch_ask(Turn::On), &none));
}

#[test]
fn switches_are_listed_with_what_is_odd_about_them() {
    let renamed = SwitchView { renamed_to: Some(text("Achats 2025")), ..switch("Achats", true) };
    let missing = SwitchView { exists: false, ..switch("Frais", true) };
    let views = [switch("", true), switch("Achats/Perso", false), renamed, missing];
    insta::assert_snapshot!("switch_list", shown(&Ask::SwitchList { company: None }, &views));
    let none: [SwitchView; 0] = [];
    insta::assert_snapshot!("switch_list_none", shown(&Ask::SwitchList { company: None }, &none));
}

#[test]
fn decisions_are_said_in_words() {
    let view = DecidedView {
        company: text("dupont-maconnerie"),
        what: text("quickbooks is disconnected, and its 2 switches ended"),
        changed: true,
        cancelled: vec![text("12")],
    };
    let ask = Ask::Disconnect { company: text("dupont-maconnerie"), app: text("quickbooks") };
    insta::assert_snapshot!("disconnect", shown(&ask, &view));
    let view = ReaddressView {
        app: text("quickbooks"),
        count: 1,
        companies: vec![ReaddressedView {
            company: text("dupont-maconnerie"),
            from: Some(text("old@qbodocs.com")),
            to: text("new@qbodocs.com"),
        }],
    };
    let ask = Ask::Readdress { app: text("quickbooks"), to: text("x"), confirmed: true };
    insta::assert_snapshot!("readdress", shown(&ask, &view));
    let history = [HistoryView {
        at: at(2),
        by: text("léa"),
        what: text("switch on"),
        company: Some(text("dupont-maconnerie")),
        folder: Some(text("Achats")),
        app: Some(text("quickbooks")),
        detail: text("14 documents stay"),
    }];
    insta::assert_snapshot!("history", shown(&Ask::History { company: None }, &history));
    let diff = |count, imported| DecisionsDiffView {
        count,
        changes: vec![text("dupont-maconnerie: switch on `Achats` for quickbooks")],
        imported,
    };
    let ask = Ask::DecisionsDiff { toml: String::new() };
    insta::assert_snapshot!("decisions_diff", shown(&ask, &diff(1, false)));
    insta::assert_snapshot!("decisions_diff_none", shown(&ask, &diff(0, false)));
    insta::assert_snapshot!("decisions_import", shown(&ask, &diff(1, true)));
    let toml = TomlView { toml: text("[[connections]]\ncompany = \"dupont\"\n") };
    assert_eq!(shown(&Ask::DecisionsExport, &toml), toml.toml);
}

#[test]
fn documents_are_listed_with_their_states_in_plain_words() {
    let ask = Ask::Documents { company: text("dupont-maconnerie"), folder: None, state: None };
    let sent = DocumentView {
        delivery: Some(text("12")),
        deposited_at: Some(at(3)),
        validated: true,
        ..document("Achats/Reçu été.pdf", Some("quickbooks"), "sent")
    };
    let held = DocumentView {
        reason: Some(text("replaced")),
        delivery: Some(text("13")),
        ..document("Achats/b.pdf", Some("quickbooks"), "held")
    };
    let views = [
        sent,
        held,
        document("Achats/old.pdf", Some("quickbooks"), "before_activation"),
        document("Divers/x\\xe9.pdf", None, "not_connected"),
    ];
    insta::assert_snapshot!("documents", shown(&ask, &views));
    let none: [DocumentView; 0] = [];
    insta::assert_snapshot!("documents_none", shown(&ask, &none));
}

#[test]
fn why_tells_the_whole_story() {
    let event =
        |minute: Option<u32>, what: &str, because: &str, answer: Option<&str>, by: Option<&str>| {
            EventView {
                at: minute.map(at),
                what: text(what),
                because: text(because),
                answer: answer.map(text),
                by: by.map(text),
            }
        };
    let view = WhyView {
        company: text("dupont-maconnerie"),
        path: text("Achats/Reçu été.pdf"),
        stories: vec![
            StoryView {
                app: Some(text("quickbooks")),
                state: text("sent"),
                because: text("léa turned the switch of `Achats` on before it was deposited"),
                events: vec![
                    event(None, "found", "", None, None),
                    event(Some(3), "queued", "the switch of `Achats` is on", None, None),
                    event(
                        Some(4),
                        "sent",
                        "the mail server took it",
                        Some("250 2.0.0 Ok: queued as 4XyZ"),
                        None,
                    ),
                    event(Some(9), "queued", "sent once more", None, Some("marie")),
                ],
            },
            StoryView {
                app: Some(text("inqom")),
                state: text("switch_off"),
                because: text("no switch was on for `Achats` when it was deposited"),
                events: Vec::new(),
            },
        ],
    };
    let ask = Ask::Why { company: text("d"), path: TreePath::root() };
    insta::assert_snapshot!("why", shown(&ask, &view));
}

#[test]
fn the_ledger_is_a_table() {
    let view = DeliveryView {
        id: text("12"),
        company: text("dupont-maconnerie"),
        path: text("Achats/Reçu été.pdf"),
        app: text("quickbooks"),
        state: text("deferred"),
        reason: None,
        message_id: text("<x@cabinet.example>"),
        sender: text("quickbooks+dupont-maconnerie@cabinet.example"),
        recipient: text("dupont-maconnerie@qbodocs.com"),
        sha256: "0".repeat(64),
        size: 12_345,
        attempts: 1,
        last_answer: Some(text("451 4.7.1 try again later")),
        queued_at: at(3),
        due_at: Some(at(13)),
        rehearsal: false,
    };
    let ask = Ask::Deliveries(Selection::default());
    insta::assert_snapshot!("deliveries", shown(&ask, &[view]));
    let none: [DeliveryView; 0] = [];
    insta::assert_snapshot!("deliveries_none", shown(&ask, &none));
}

#[test]
fn acts_say_what_they_changed_and_what_did_not_fit() {
    let ask = |act| Ask::Act { act, selection: Selection::default(), confirmed: true };
    let view = ActedView {
        count: 2,
        changed: vec![text("12"), text("13")],
        refused: vec![RefusedView { id: text("14"), because: text("it is sent") }],
    };
    insta::assert_snapshot!("release", shown(&ask(Act::Release), &view));
    let counted = ActedView { count: 40, changed: Vec::new(), refused: Vec::new() };
    insta::assert_snapshot!("cancel_counted", shown(&ask(Act::Cancel), &counted));
    let none = ActedView { count: 0, ..counted };
    insta::assert_snapshot!("retry_none", shown(&ask(Act::Retry), &none));
}

#[test]
fn a_backfill_is_counted_before_and_after() {
    let view = |confirmed| BackfillView {
        company: text("dupont-maconnerie"),
        app: text("quickbooks"),
        count: 7,
        bytes: 3_400_000,
        already: 2,
        unsupported: 1,
        sample: (1..=7).map(|number| format!("Achats/{number}.pdf")).collect(),
        confirmed,
    };
    let ask = Ask::Backfill {
        company: text("d"),
        folder: TreePath::root(),
        app: text("quickbooks"),
        since: None,
        until: None,
        confirmed: true,
    };
    insta::assert_snapshot!("backfill_counted", shown(&ask, &view(false)));
    insta::assert_snapshot!("backfill", shown(&ask, &view(true)));
}

#[test]
fn tests_and_copies_say_how_they_went() {
    let view = SendTestView {
        sender: text("quickbooks+d@cabinet.example"),
        recipient: text("d@qbodocs.com"),
        result: text("refused"),
        answer: text("550 5.1.1 no such user"),
    };
    let ask = Ask::SendTest { company: text("d"), app: text("quickbooks"), to: None };
    insta::assert_snapshot!("send_test", shown(&ask, &view));
    let copy = ExportView { file: text("/srv/backup"), records: 1 };
    insta::assert_snapshot!("export", shown(&Ask::Export { file: "/srv/backup".into() }, &copy));
    let ask = Ask::Import { file: "/srv/backup".into(), confirmed: true };
    insta::assert_snapshot!("import", shown(&ask, &copy));
    let tree = TreeView { companies: 3, mistakes: vec![problem(None)] };
    insta::assert_snapshot!("check_tree", shown(&Ask::CheckTree, &tree));
}

#[test]
fn no_name_and_no_answer_steers_the_terminal() {
    let evil = "x\u{1b}[2J\u{9b}31m\r\u{202e}\u{7}y\nz";
    let documents = [document(evil, Some(evil), evil)];
    let ask = Ask::Documents { company: text("d"), folder: None, state: None };
    let story = StoryView {
        app: Some(text(evil)),
        state: text(evil),
        because: text(evil),
        events: vec![EventView {
            at: None,
            what: text(evil),
            because: text(evil),
            answer: Some(text(evil)),
            by: Some(text(evil)),
        }],
    };
    let why = WhyView { company: text(evil), path: text(evil), stories: vec![story] };
    let why_ask = Ask::Why { company: text("d"), path: TreePath::root() };
    for (ask, value) in [
        (ask, serde_json::to_value(documents).unwrap()),
        (why_ask, serde_json::to_value(&why).unwrap()),
    ] {
        let coloured = render::text(&ask, &value).unwrap();
        let text = anstream::adapter::strip_str(&coloured).to_string();
        for printed in [&text, &render::json(&value)] {
            let steers =
                |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
            assert!(!printed.contains(steers), "{}", printed.escape_debug());
        }
        assert!(text.contains("x\\x1b[2J\\xc2\\x9b31m\\x0d\\xe2\\x80\\xae\\x07y z"), "{text}");
        assert!(!coloured.contains("\u{1b}[2J"));
    }
}

#[test]
fn an_answer_of_another_kind_is_an_error() {
    let error = render::text(&Ask::Status, &serde_json::json!({"counts": 1})).unwrap_err();
    assert!(error.to_string().contains("restart it"), "{error}");
}
