//! Documents, their stories and their deliveries.

use facteur::app::requests::{Ask, Selection};
use facteur::app::views::{
    ActedView, BackfillView, DeliveryView, DocumentView, EventView, RefusedView, StoryView, WhyView,
};
use facteur::cli::render;
use facteur::domain::delivery::Act;
use facteur::domain::path::TreePath;

use super::{at, document, shown, text};

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
    let state = Some(text("sent"));
    let filtered = Ask::Documents { company: text("dupont"), folder: None, state };
    assert!(shown(&filtered, &none).starts_with("No document fits."));
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
                received: None,
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
        answers_to_read: 0,
        queued_at: at(3),
        due_at: Some(at(13)),
        rehearsal: false,
    };
    let ask = Ask::Deliveries(Selection::default());
    insta::assert_snapshot!("deliveries", shown(&ask, &[view]));
    let none: [DeliveryView; 0] = [];
    insta::assert_snapshot!("deliveries_none", shown(&ask, &none));
    let filtered = Selection { app: Some(text("inqom")), ..Selection::default() };
    let nothing = shown(&Ask::Deliveries(filtered), &none);
    assert_eq!(nothing, "No delivery fits. `facteur deliveries` lists them all.\n");
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
    let refused = vec![RefusedView { id: text("14"), because: text("it is sent") }];
    let said_by_the_error = ActedView { refused, ..none };
    assert_eq!(shown(&ask(Act::Cancel), &said_by_the_error), "");
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
            received: None,
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
