//! Decisions turned on and off while rounds run.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;

use serde_json::Value;

use crate::services::terminate;
use crate::trials::books::audit;
use crate::trials::figures::Figures;
use crate::trials::firm::{APP, COMPANY, Firm, name};
use crate::trials::sink::Sink;

/// How often the switch is turned off and on again.
const TURNS: usize = 12;

/// Documents of each turn.
const DOCUMENTS: u64 = 25;

/// A delivery as `deliveries` shows it.
struct Shown {
    id: String,
    message_id: String,
    state: String,
}

#[tokio::test]
async fn nothing_leaves_by_a_switch_that_is_off_and_nothing_queued_is_swallowed() {
    let mut figures = Figures::begin("crowd_decisions", "cargo test --test crowd swallowed");
    let sink = Sink::start();
    let mut firm = Firm::new(&sink, "hold").switched_on();
    let mut service = firm.serve();
    let mut told = BTreeSet::new();
    for turn in 0..TURNS {
        firm.deposit(DOCUMENTS);
        let mut round = firm.spawn(&["round"]);
        // At another point of the round each time.
        wait_for_mails(&sink, turn % 5);
        told.extend(turned_off(&firm, &sink));
        ended_well(&mut round, &firm);
        firm.json(&["switch", "on", COMPANY, "Achats", "--app", APP]);
    }
    firm.rounds_until_quiet();

    let sent = sink.count();
    // What had not settled yet when its switch was turned off is cancelled when it has.
    let cancelled = all_accounted_for(&firm, &sink);
    assert!(told.is_subset(&cancelled), "{:?}", told.difference(&cancelled));
    figures.note("turns", TURNS);
    figures.note("documents", firm.deposited());
    figures.note("sent_while_on", sent);
    figures.note("cancelled", cancelled.len());

    // What was cancelled is not forgotten: a person sends it after all.
    if !cancelled.is_empty() {
        firm.json(&["retry", "--state", "cancelled", "--company", COMPANY, "--yes"]);
        firm.rounds_until_quiet();
    }
    terminate(service.id());
    assert_eq!(service.wait().unwrap().code(), Some(0), "{}", firm.log());
    assert_eq!(sink.count(), sent + cancelled.len(), "each of them once");
    figures.note("copies", audit(&firm, &sink).await.copies);
    figures.publish();
}

/// Turns the switch off, and sees that nothing more leaves than was past its dot then. Answers
/// what was cancelled.
fn turned_off(firm: &Firm, sink: &Sink) -> Vec<String> {
    let off = firm.json(&["switch", "off", COMPANY, "Achats", "--app", APP]);
    let shown = shown(firm);
    let words = off[0]["cancelled"].as_array().unwrap().iter();
    let cancelled: Vec<String> = words.map(|id| id.as_str().unwrap().to_owned()).collect();
    for delivery in &shown {
        let state = delivery.state.as_str();
        assert!(!matches!(state, "queued" | "deferred"), "{} is {state}", delivery.id);
    }
    // A whole round later.
    firm.json(&["round"]);
    let came = message_ids(sink);
    for delivery in &shown {
        let stopped = matches!(delivery.state.as_str(), "cancelled" | "held");
        let left = came.contains(&delivery.message_id);
        assert!(!(stopped && left), "{} was {} and left", delivery.id, delivery.state);
    }
    for message_id in &came {
        let known = shown.iter().any(|delivery| delivery.message_id == *message_id);
        assert!(known, "{message_id} was queued by a switch that was off");
    }
    cancelled
}

/// Every document was sent once, or is cancelled, or was found while its switch was off and says
/// so. Answers the cancelled deliveries.
fn all_accounted_for(firm: &Firm, sink: &Sink) -> BTreeSet<String> {
    let rows = firm.json(&["documents", COMPANY]);
    let rows: BTreeMap<&str, &Value> =
        rows.as_array().unwrap().iter().map(|row| (row["path"].as_str().unwrap(), row)).collect();
    let mails = sink.by_document();
    let mut cancelled = BTreeSet::new();
    for number in 0..firm.deposited() {
        let path = format!("Achats/{}", name(number));
        let row = rows.get(path.as_str()).unwrap_or_else(|| panic!("`{path}` is swallowed"));
        let copies = mails.get(&name(number)).map_or(0, Vec::len);
        match (row["state"].as_str().unwrap(), copies) {
            ("sent", 1) | ("switch_off" | "before_activation", 0) => {}
            ("cancelled", 0) => {
                cancelled.insert(row["delivery"].as_str().unwrap().to_owned());
            }
            (state, copies) => panic!("`{path}` is {state} and came {copies} times"),
        }
    }
    cancelled
}

fn shown(firm: &Firm) -> Vec<Shown> {
    let deliveries = firm.json(&["deliveries"]);
    let word = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = deliveries.as_array().unwrap().iter();
    rows.map(|row| Shown {
        id: word(row, "id"),
        message_id: word(row, "message_id"),
        state: word(row, "state"),
    })
    .collect()
}

fn message_ids(sink: &Sink) -> BTreeSet<String> {
    sink.by_document().into_values().flatten().map(|mail| mail.message_id).collect()
}

fn wait_for_mails(sink: &Sink, count: usize) {
    sink.skip_moments();
    for _ in 0..count {
        // Three moments a mail; a round that has nothing to send is no failure here.
        drop(sink.moment(std::time::Duration::from_secs(3)));
    }
}

fn ended_well(round: &mut Child, firm: &Firm) {
    let code = round.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 3)), "{code:?}: {}", firm.log());
}
