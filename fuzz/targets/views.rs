//! What people read on a terminal: no text of an answer, wherever it comes from, steers it.

use facteur::app::requests::{Ask, Selection, Turn};
use facteur::cli::render;
use facteur::domain::delivery::Act;
use facteur::domain::path::TreePath;
use serde_json::{Value, json};

use super::{Target, steers};

/// The text that stands in every field of every answer.
pub const TARGET: Target = Target {
    name: "views",
    check,
    words: &[
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x1b]8;;http://x.example\x1b\\",
        "\u{9b}31m",
        "\n",
        "\r",
        "\t",
        "\x08",
        "\u{202e}",
        "\u{61c}",
        "\u{2028}",
        "\u{feff}",
        "\\x1b",
        "\\",
        "\u{e0041}",
        "\0",
        "\u{7f}",
        "$(reboot)",
        "e\u{301}",
        "北",
    ],
};

/// Stands for the text, in values and in names.
const TEXT: &str = "TEXT";

fn check(bytes: &[u8]) {
    // Never a word that is known, which would have a look of its own.
    let text = format!("x{}", String::from_utf8_lossy(bytes));
    // A quarter of the answers each time.
    let first = usize::from(bytes.first().copied().unwrap_or_default()) % 4;
    for (ask, view) in answers().into_iter().skip(first).step_by(4) {
        let plain = render::text(&ask, &filled(&view, "x")).expect("a well-formed answer");
        let odd = render::text(&ask, &filled(&view, &text)).expect("a well-formed answer");
        let is_toml = matches!(ask, Ask::DecisionsExport);
        // The looks are ours: as many as with a harmless text, and nothing else steers.
        let escapes = |text: &str| text.matches('\u{1b}').count();
        assert_eq!(escapes(&odd), escapes(&plain), "{ask:?}: {odd:?}");
        let rest = odd.chars().filter(|letter| !matches!(letter, '\n' | '\u{1b}'));
        assert!(!rest.clone().any(steers), "{ask:?}: {odd:?}");
        // And a name never begins a line of its own.
        let lines = |text: &str| text.lines().count();
        assert!(is_toml || lines(&odd) == lines(&plain), "{ask:?}: {odd:?}");
        let document = render::json(&filled(&view, &text));
        assert!(!document.chars().any(|letter| letter != '\n' && steers(letter)), "{document:?}");
        let read: Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(read, filled(&view, &text));
    }
    let cleaned = render::clean(&text);
    assert!(!cleaned.chars().any(|letter| letter != '\n' && steers(letter)), "{cleaned:?}");
}

fn filled(view: &Value, text: &str) -> Value {
    match view {
        Value::String(word) if word == TEXT => text.into(),
        Value::Array(items) => items.iter().map(|item| filled(item, text)).collect(),
        Value::Object(fields) => {
            let named = |key: &String| if key == TEXT { text.to_owned() } else { key.clone() };
            fields.iter().map(|(key, value)| (named(key), filled(value, text))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => view.clone(),
    }
}

/// Every question with an answer that has all its fields.
fn answers() -> Vec<(Ask, Value)> {
    let folder = TreePath::root;
    let company = || "acme".to_owned();
    let app = || "dext".to_owned();
    let turn = |turn| Ask::Switch {
        turn,
        company: None,
        folder: folder(),
        app: app(),
        inbox: None,
        preview: true,
    };
    let act = |act| Ask::Act { act, selection: Selection::default(), confirmed: true };
    vec![
        (Ask::Round { dry_run: false }, round()),
        (Ask::Status, status()),
        (Ask::Companies, companies()),
        (
            Ask::Connect { company: company(), app: app(), to: None, from: None, inbox: None },
            connect(),
        ),
        (Ask::Disconnect { company: company(), app: app() }, decided()),
        (
            Ask::Readdress { app: app(), to: company(), confirmed: true },
            json!({ "app": TEXT, "count": 1, "companies": [{ "company": TEXT, "from": TEXT, "to": TEXT }] }),
        ),
        (turn(Turn::On), switched()),
        (turn(Turn::Clear), switched()),
        (Ask::SwitchList { company: None }, json!([switch()])),
        (Ask::SwitchResolve { follow: true, company: company(), folder: folder() }, decided()),
        (Ask::Documents { company: company(), folder: None, state: None }, json!([document()])),
        (Ask::Why { company: company(), path: folder() }, why()),
        (Ask::Deliveries(Selection::default()), deliveries()),
        (act(Act::Release), acted()),
        (act(Act::Cancel), acted()),
        (
            Ask::Backfill {
                company: company(),
                folder: folder(),
                app: app(),
                since: None,
                until: None,
                confirmed: true,
            },
            backfill(),
        ),
        (Ask::Invitations { company: None }, json!([invitation()])),
        (Ask::Invitation { company: company(), app: app() }, invitation()),
        (Ask::History { company: None }, history()),
        (Ask::DecisionsExport, json!({ "toml": TEXT })),
        (
            Ask::DecisionsDiff { toml: String::new() },
            json!({ "count": 1, "changes": [TEXT], "imported": false }),
        ),
        (
            Ask::SendTest { company: company(), app: app(), to: None },
            json!({ "sender": TEXT, "recipient": TEXT, "result": TEXT, "answer": TEXT }),
        ),
        (Ask::Export { file: "/x".into() }, json!({ "file": TEXT, "records": 1 })),
        (Ask::Import { file: "/x".into(), confirmed: true }, json!({ "file": TEXT, "records": 1 })),
        (Ask::CheckTree, json!({ "companies": 1, "mistakes": [problem()] })),
    ]
}

const AT: &str = "2026-11-21T18:40:00+01:00";

fn problem() -> Value {
    json!({ "company": TEXT, "path": TEXT, "kind": TEXT, "message": TEXT })
}

fn document() -> Value {
    json!({
        "company": TEXT, "path": TEXT, "app": TEXT, "state": TEXT, "reason": TEXT,
        "delivery": TEXT, "deposited_at": AT, "validated": false
    })
}

fn switch() -> Value {
    json!({
        "company": TEXT, "folder": TEXT, "app": TEXT, "on": true, "activated_at": AT, "by": TEXT,
        "inbox": TEXT, "renamed_to": TEXT, "exists": true
    })
}

fn switched() -> Value {
    json!([{
        "company": TEXT, "folder": TEXT, "app": TEXT, "on": true, "changed": true,
        "ruled_by": TEXT, "preview": true, "documents_before": 2, "folders_covered": 2,
        "exceptions": [switch()], "being_written": [TEXT], "cancelled": [TEXT], "warnings": [TEXT]
    }])
}

fn round() -> Value {
    json!({
        "observed": 1, "deposited": 1, "queued": 1, "sent": 1, "deferred": 1, "refused": 1,
        "held": 1, "in_doubt": 1, "cancelled": 1, "duplicates": 1, "settling": 1, "elapsed_ms": 1,
        "dry_run": false, "problems": [problem()],
        "documents": [{
            "company": TEXT, "path": TEXT, "app": TEXT, "state": TEXT, "reason": TEXT,
            "recipient": TEXT, "because": TEXT
        }]
    })
}

fn status() -> Value {
    json!({
        "counts": { "held": 2, TEXT: 1 }, "held": { TEXT: 2 }, "next_round": AT, "service": true,
        "last_round": {
            "started_at": AT, "finished_at": AT, "deposited": 1, "sent": 1, "elapsed_ms": 1
        },
        "redirect_to": TEXT, "alarms": [{ "kind": TEXT, "since": AT, "message": TEXT }],
        "problems": [problem()], "unsupported": [document()], "settling": 1
    })
}

fn connected() -> Value {
    json!({
        "app": TEXT, "sender": TEXT, "recipient": TEXT, "inbox": TEXT, "inboxes": { TEXT: TEXT },
        "state": TEXT
    })
}

fn invitation() -> Value {
    json!({
        "company": TEXT, "app": TEXT, "state": TEXT, "because": TEXT, "sender": TEXT, "from": TEXT,
        "subject": TEXT, "names": TEXT, "written_at": AT, "received_at": AT, "signed_by": TEXT,
        "link": TEXT, "by": TEXT, "needs_person": true, "mails": 1,
        "events": [{ "at": AT, "state": TEXT, "because": TEXT, "by": TEXT }]
    })
}

fn companies() -> Value {
    json!([{
        "slug": TEXT, "name": TEXT, "folder": TEXT, "collection": TEXT, "apps": [connected()],
        "held": TEXT
    }])
}

fn connect() -> Value {
    json!({
        "company": TEXT, "connection": connected(), "steps": [TEXT], "uncertain": [TEXT],
        "changed": true, "documents_before": 1
    })
}

fn decided() -> Value {
    json!({ "company": TEXT, "what": TEXT, "changed": true, "cancelled": [TEXT] })
}

fn why() -> Value {
    let event = json!({ "at": AT, "what": "sent", "because": TEXT, "answer": TEXT, "by": "y" });
    json!({
        "company": TEXT, "path": TEXT,
        "stories": [{ "app": TEXT, "state": TEXT, "because": TEXT, "events": [event] }]
    })
}

fn deliveries() -> Value {
    json!([{
        "id": TEXT, "company": TEXT, "path": TEXT, "app": TEXT, "state": TEXT, "reason": TEXT,
        "message_id": TEXT, "sender": TEXT, "recipient": TEXT, "sha256": TEXT, "size": 1,
        "attempts": 1, "last_answer": TEXT, "answers_to_read": 2, "queued_at": AT, "due_at": AT,
        "rehearsal": true
    }])
}

fn acted() -> Value {
    json!({ "count": 1, "changed": [TEXT], "refused": [{ "id": TEXT, "because": TEXT }] })
}

fn backfill() -> Value {
    json!({
        "company": TEXT, "app": TEXT, "count": 1, "bytes": 1, "already": 1, "unsupported": 1,
        "sample": [TEXT], "confirmed": true
    })
}

fn history() -> Value {
    json!([{
        "at": AT, "by": TEXT, "what": TEXT, "company": TEXT, "folder": TEXT, "app": TEXT,
        "detail": TEXT
    }])
}
