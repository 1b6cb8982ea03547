//! What people read, for each kind of answer.

use facteur::app::requests::Ask;
use facteur::app::views::{DocumentView, LocalTime, ProblemView};
use facteur::cli::render;
use serde::Serialize;

mod documents;
mod firm;
mod invited;
mod mails;
mod rounds;

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
