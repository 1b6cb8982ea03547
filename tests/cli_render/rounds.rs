//! Rounds, the status, copies of the state.

use std::collections::BTreeMap;

use facteur::app::requests::Ask;
use facteur::app::views::{
    AlarmView, ExportView, LastRoundView, PlannedView, RoundView, SendTestView, StatusView,
    TreeView,
};

use super::{at, document, problem, shown, text};

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
