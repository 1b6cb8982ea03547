//! The ledger held against the mail server's box: what was lost, what went twice, what is in
//! doubt.

use std::collections::{BTreeMap, BTreeSet};

use facteur::adapters::clock::SystemClock;
use facteur::adapters::store::Ledger;
use facteur::domain::delivery::{Delivery, State};
use facteur::ports::Clock as _;
use facteur::ports::store::{DeliveryFilter, Store as _};

use super::firm::{Firm, document, name};
use super::sink::{Kept, Sink};

/// What a firm's books say of all its documents.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Documents deposited.
    pub(crate) documents: u64,
    /// Mails that the server kept.
    pub(crate) mails: u64,
    /// Mails beyond the first of a document.
    pub(crate) copies: u64,
    /// Deliveries that were ever in doubt.
    pub(crate) doubted: u64,
    /// Deliveries in doubt now, with whether the server has the mail.
    pub(crate) in_doubt: BTreeMap<String, bool>,
    /// What must not be, in words.
    pub(crate) wrongs: Vec<String>,
}

/// Audits a firm whose robot has stopped.
pub(crate) async fn audit(firm: &Firm, sink: &Sink) -> Audit {
    let ledger = Ledger::open(&firm.state(), SystemClock.now()).unwrap();
    let company = ledger.companies().await.unwrap().remove(0).id;
    let deposits = ledger.deposits(company).await.unwrap();
    let all = DeliveryFilter::default();
    let mut by_path: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    for delivery in ledger.deliveries(&all, None, usize::MAX).await.unwrap() {
        let deposit = deposits.iter().find(|deposit| deposit.number == delivery.deposit).unwrap();
        by_path.entry(deposit.path.to_string()).or_default().push(delivery);
    }
    let mut mails = sink.by_document();
    let mut audit = Audit { documents: firm.deposited(), ..Audit::default() };
    audit.mails = mails.values().map(|copies| copies.len() as u64).sum();
    for number in 0..firm.deposited() {
        let deliveries = by_path.remove(&format!("Achats/{}", name(number))).unwrap_or_default();
        let copies = mails.remove(&name(number)).unwrap_or_default();
        match &deliveries[..] {
            [delivery] => audit.delivery(number, delivery, &copies),
            [] => audit.wrong(number, "has no delivery"),
            [_, _, ..] => audit.wrong(number, "has more than one delivery"),
        }
    }
    audit.wrongs.extend(mails.keys().map(|name| format!("`{name}` should not have gone")));
    audit.wrongs.extend(by_path.keys().map(|path| format!("`{path}` should have no delivery")));
    audit
}

impl Audit {
    fn wrong(&mut self, number: u64, what: &str) {
        self.wrongs.push(format!("`{}` {what}", name(number)));
    }

    fn delivery(&mut self, number: u64, delivery: &Delivery, copies: &[Kept]) {
        let doubts = delivery.events.iter().filter(|event| event.what == "in_doubt").count();
        self.doubted += u64::from(doubts > 0);
        self.copies += copies.len().saturating_sub(1) as u64;
        match delivery.state {
            State::Sent if copies.is_empty() => self.wrong(number, "is `sent` and never came"),
            State::Sent => {}
            State::InDoubt => {
                self.in_doubt.insert(delivery.id.to_string(), !copies.is_empty());
            }
            state @ (State::Queued
            | State::Sending
            | State::Deferred
            | State::Refused
            | State::Held
            | State::Cancelled) => self.wrong(number, &format!("is {}", state.as_str())),
        }
        if copies.len() > 1 + doubts {
            let came = format!("came {} times after {doubts} doubts", copies.len());
            self.wrong(number, &came);
        }
        if copies.iter().any(|copy| copy.document != document(number)) {
            self.wrong(number, "came with other bytes");
        }
        let mails: BTreeSet<&[u8]> = copies.iter().map(|copy| &copy.bytes[..]).collect();
        if mails.len() > 1 {
            self.wrong(number, "has copies that differ");
        }
        if copies.iter().any(|copy| copy.message_id != delivery.message_id) {
            self.wrong(number, "came under another Message-ID");
        }
    }

    /// The numbers of the deliveries in doubt whose mail the server has, or hasn't.
    pub(crate) fn doubts(&self, came: bool) -> Vec<&str> {
        let found = self.in_doubt.iter().filter(|(_, there)| **there == came);
        found.map(|(id, _)| id.as_str()).collect()
    }
}
