//! What tells two states of the model apart: times, answers, counts and the words of stories decide
//! nothing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use facteur::domain::delivery::{Act, Delivery, Event, IN_DOUBT_POLICY, State};
use facteur::domain::deposit::Deposit;

use super::books::Told;
use super::office::{Office, Sight, Wish};

/// A state, as far as anything depends on it.
pub(crate) type Key = (u64, u64);

/// Records that nothing depends on: histories, marks, mails, windows of limits that are not set.
const TOLD_ONLY: [&str; 12] = [
    "history",
    "company-history",
    "counter/history",
    "counter/change",
    "counter/follower",
    "counter/mail",
    "flood",
    "rate",
    "mark",
    "mail",
    "mail-identity",
    "mailbox",
];

pub(crate) fn key(office: &Office) -> Key {
    let (mut one, mut other) = (DefaultHasher::new(), DefaultHasher::new());
    other.write_u8(1);
    for hasher in [&mut one, &mut other] {
        for digest in office.records.values().filter_map(|record| record.digest) {
            hasher.write_u64(digest);
        }
        office.is_up.hash(hasher);
        office.disk.hash(hasher);
        office.senders.hash(hasher);
        office.truth.hash(hasher);
        (office.is_app_off, office.events_left).hash(hasher);
        at_work(office).hash(hasher);
    }
    (one.finish(), other.finish())
}

/// What was read and is not written yet.
fn at_work(office: &Office) -> String {
    let chosen = office.chosen.as_ref().map(|chosen| format!("{chosen:?}"));
    let wish = office.wish.as_ref().map(|wish| match wish {
        Wish::Read(deposit) => essence_of_deposit(deposit),
        Wish::Due(number) => number.to_string(),
    });
    let sight = office.sight.as_ref().map(|sight| essence_of_sight(office, sight));
    format!("{sight:?} {chosen:?} {wish:?}")
}

/// What was seen at an older revision of the company will be refused whatever it was.
fn essence_of_sight(office: &Office, sight: &Sight) -> String {
    if office.books.company.revision != sight.books.company.revision {
        return "overtaken".to_owned();
    }
    let deposits: Vec<String> =
        sight.books.deposits.iter().map(|deposit| essence_of_deposit(deposit)).collect();
    format!("{:?} {deposits:?} {}", sight.disk, sight.is_app_off)
}

/// What of a record tells states apart, where something does.
pub(crate) fn digest(key: &str, value: &[u8], told: &Told) -> Option<u64> {
    let kind = key.split('/').next().unwrap_or_default();
    if TOLD_ONLY.contains(&kind) || TOLD_ONLY.contains(&key) {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    match told {
        Told::Company(company) => (kind, company.hold.is_some()).hash(&mut hasher),
        Told::Delivery(delivery) => (key, essence_of_delivery(delivery)).hash(&mut hasher),
        Told::Deposit(deposit) => (key, essence_of_deposit(deposit)).hash(&mut hasher),
        // Only their order matters.
        Told::Else if kind == "follower" => {
            (key.rsplit_once('/').map(|parts| parts.0), value).hash(&mut hasher);
        }
        Told::Decisions(_) | Told::Names(..) | Told::Else => (key, value).hash(&mut hasher),
    }
    Some(hasher.finish())
}

fn essence_of_deposit(deposit: &Deposit) -> String {
    let Deposit { number, path, settled, content, verdicts, .. } = deposit;
    format!("{number} {path} {settled} {} {verdicts:?}", content.is_some())
}

/// Of its story, what the robot itself looks at.
fn essence_of_delivery(delivery: &Delivery) -> String {
    let Delivery { id, deposit, state, reason, attempt, leased, recipient, cause, .. } = delivery;
    let not_sent = Act::SettleNotSent.as_str();
    let turns = delivery.events.iter().filter_map(|event| {
        let known = [State::Sent, State::InDoubt, State::Refused, State::Cancelled];
        let known = known.iter().any(|state| state.as_str() == event.what);
        let told = known || event.what.starts_with("report_") || event.what == "no_proof";
        if event.because.starts_with(not_sent) {
            Some(("not_sent", event.attempt))
        } else {
            told.then_some((event.what.as_str(), event.attempt))
        }
    });
    let turns: Vec<_> = turns.collect();
    let last = delivery.events.last().map(|event| &event.what);
    let was_sent = delivery.was_sent();
    let proofs: Vec<_> = delivery.proofs.iter().map(|proof| proof.attempt).collect();
    let by_policy = |event: &Event| event.by.as_deref() == Some(IN_DOUBT_POLICY);
    let by_policy = delivery.events.iter().any(by_policy);
    format!(
        "{id} {deposit} {state:?} {reason:?} {attempt} {leased} {recipient:?} {cause:?} {turns:?} {last:?} {was_sent} {proofs:?} {by_policy}"
    )
}
