//! What comes from outside: documents, the server's moods, stops, people, decisions, reports.

use facteur::domain::company::{CompanyHold, CompanyHoldReason};
use facteur::domain::decision::{Connection, Coverage, Decision};
use facteur::domain::delivery::{Act, Delivery, IN_DOUBT_POLICY, Proof, Reported, Source, State};
use facteur::domain::deposit::{Deposit, Due, Fate, Verdict};
use facteur::domain::mail::mailbox::{Cursor, MailOutcome, MailRecord};
use facteur::domain::mail::received::{Head, Headers, MailIdentity};
use facteur::domain::mail::report::ReportedFate;
use facteur::ports::mails::{MailEffect, MailLedger as _, TakenMail};
use facteur::ports::store::Store as _;

use super::books::{COMPANY, verdict};
use super::judge::{Happened, record};
use super::office::{ASIDE, Office, PLACES, Wish};
use super::search::Step;
use crate::rig::{address, app, at, connect, entry, path, turn};
use crate::system::{Phase, Report};

/// What is tried on every delivery.
const ACTS: [Act; 6] =
    [Act::Retry, Act::Release, Act::Cancel, Act::SettleSent, Act::SettleNotSent, Act::Resend];

/// Everything that may come next from outside.
pub(crate) fn steps(office: &Office, steps: &mut Vec<Step>) {
    if let Some(place) = PLACES.get(office.disk.len()) {
        let mut after = office.clone();
        after.disk.push(path(place));
        steps.push(record("another arrives", false, office, after, Happened::Else));
    }
    let Some(disturbed) = office.disturbed() else { return };
    let mut outside = Outside { office, disturbed, steps };
    outside.of_disk();
    if office.is_up {
        outside.of_server();
        outside.of_people();
        outside.of_decisions();
        outside.of_reports();
        outside.stop();
    }
}

struct Outside<'a> {
    office: &'a Office,
    /// The same, with one thing less that may come.
    disturbed: Office,
    steps: &'a mut Vec<Step>,
}

impl Outside<'_> {
    fn go(&mut self, name: &str, after: Office, happened: Happened) {
        self.steps.push(record(name, false, self.office, after, happened));
    }

    fn of_disk(&mut self) {
        if self.office.disk.first() != Some(&path(ASIDE)) {
            let mut after = self.disturbed.clone();
            after.disk[0] = path(ASIDE);
            self.go("moved aside", after, Happened::Else);
        }
    }

    fn stop(&mut self) {
        let (sight, chosen, wish) = (None, None, None);
        let senders = Vec::new();
        let after = Office { is_up: false, sight, chosen, wish, senders, ..self.disturbed.clone() };
        self.go("crash", after, Happened::Else);
    }

    fn of_server(&mut self) {
        for index in 0..self.office.senders.len() {
            let sender = self.office.senders[index].clone();
            let mut hear = |report: Report, happened: Happened| {
                let after = self.disturbed.with_sender(index, Some(Phase::Heard(report)));
                self.go(&format!("{}: {report:?}", sender.delivery), after, happened);
            };
            match sender.phase {
                Phase::Claimed => {
                    for report in Report::BEFORE_THE_DOT {
                        hear(report, Happened::Else);
                    }
                }
                Phase::Marked => {
                    hear(Report::Lost { taken: true }, Happened::Taken(sender.delivery));
                    hear(Report::Lost { taken: false }, Happened::Else);
                    for report in Report::AT_THE_DOT {
                        hear(report, Happened::Else);
                    }
                }
                Phase::Heard(_) | Phase::Listening => {}
            }
        }
    }

    fn of_people(&mut self) {
        for delivery in &self.office.books.deliveries {
            for act in ACTS {
                self.act(delivery, act);
            }
            self.prove(delivery);
            self.resend_by_policy(delivery);
        }
        for deposit in &self.office.books.deposits {
            // Not while the pass goes that would be interrupted: one wish at a time.
            let duplicate = matches!(verdict(deposit), Some(Verdict::Duplicate(_)));
            if duplicate && self.office.wish.is_none() && self.may_send() {
                let cause = crate::rig::backfill();
                let due = Due { cause, inbox: None, fate: Fate::Queue };
                let mut wished = Deposit::clone(deposit);
                wished.verdicts.insert(app("quickbooks"), Verdict::Due(due));
                let wish = Some(Wish::Read(Box::new(wished)));
                let after = Office { wish, ..self.disturbed.clone() };
                self.go(&format!("a wish for {}", deposit.path), after, Happened::Else);
            }
        }
    }

    /// Whether people are let to queue something: what the service asks before the ledger.
    fn may_send(&self) -> bool {
        !self.office.is_app_off && self.office.books.is_connected()
    }

    fn act(&mut self, delivery: &Delivery, act: Act) {
        let sends = match act {
            Act::Retry | Act::Release | Act::Resend => true,
            Act::SettleNotSent | Act::Cancel | Act::SettleSent => false,
        };
        if !act.applies_to(delivery.state) || (sends && !self.may_send()) {
            return;
        }
        let id = delivery.id;
        let (acted, after) =
            self.disturbed.ask(async |ledger| ledger.act(id, act, "lea", at(0)).await);
        if acted.is_ok() {
            self.go(&format!("{} {id}", act.as_str()), after, Happened::Acted(id, act));
        }
    }

    /// What the app's policy does with a doubt, once.
    fn resend_by_policy(&mut self, delivery: &Delivery) {
        let id = delivery.id;
        let mut signed = delivery.events.iter().filter_map(|event| event.by.as_deref());
        let done = signed.any(|by| by == IN_DOUBT_POLICY);
        if done || delivery.state != State::InDoubt || !self.may_send() {
            return;
        }
        if self.office.books.coverage(delivery) != Coverage::Covered {
            return;
        }
        let (acted, after) = self
            .disturbed
            .ask(async |ledger| ledger.act(id, Act::Resend, IN_DOUBT_POLICY, at(0)).await);
        if acted.is_ok() {
            self.go(&format!("policy resends {id}"), after, Happened::Acted(id, Act::Resend));
        }
    }

    fn prove(&mut self, delivery: &Delivery) {
        let id = delivery.id;
        let is_there = self.office.truth.get(&id).is_some_and(|truth| !truth.copies.is_empty());
        if !is_there || !matches!(delivery.state, State::InDoubt | State::Held) {
            return;
        }
        let (proven, after) =
            self.disturbed.ask(async |ledger| ledger.prove(id, "a witness", at(0)).await);
        if proven.is_ok() {
            self.go(&format!("proof of {id}"), after, Happened::Proven(id));
        }
    }

    fn of_decisions(&mut self) {
        let connection = &self.office.books.decisions.connections[&app("quickbooks")];
        if connection.connected {
            for folder in ["Achats", "Frais"] {
                let place = (app("quickbooks"), path(folder));
                let switch = self.office.books.decisions.switches.get(&place);
                let is_on = switch.is_some_and(|switch| switch.on);
                let word = if is_on { "off" } else { "on" };
                self.decide(&format!("{folder} {word}"), turn(folder, !is_on));
            }
            self.decide("disconnect", Decision::Disconnect { app: app("quickbooks") });
            let elsewhere =
                Connection { recipient: Some(address("other@tool.example")), ..connection.clone() };
            if *connection != elsewhere {
                let connection = elsewhere;
                let decision = Decision::Connect { app: app("quickbooks"), connection };
                self.decide("readdress", decision);
            }
        } else {
            self.decide("connect", connect("quickbooks"));
        }
        self.hold();
        self.turn_app();
    }

    fn decide(&mut self, name: &str, decision: Decision) {
        let revision = self.office.books.company.revision;
        let (decided, after) = self
            .disturbed
            .ask(async |ledger| ledger.decide(COMPANY, revision, decision, entry(name)).await);
        if decided.is_ok() {
            self.go(name, after, Happened::Decided);
        }
    }

    fn hold(&mut self) {
        let hold = match &self.office.books.company.hold {
            Some(_) => None,
            None => Some(CompanyHold {
                reason: CompanyHoldReason::RootChanged,
                since: at(0),
                message: "another root".to_owned(),
            }),
        };
        let name = if hold.is_some() { "hold the company" } else { "release the company" };
        let (held, after) = self.disturbed.ask(async |ledger| ledger.hold(COMPANY, hold).await);
        held.unwrap();
        self.go(name, after, Happened::Else);
    }

    fn turn_app(&mut self) {
        if self.office.is_app_off {
            let after = Office { is_app_off: false, ..self.disturbed.clone() };
            self.go("app on", after, Happened::Else);
            return;
        }
        let (turned, after) = self.disturbed.ask(async |ledger| {
            ledger.turn_app_off(&app("quickbooks"), "turned off in routes.toml", at(0)).await
        });
        turned.unwrap();
        self.go("app off", Office { is_app_off: true, ..after }, Happened::Else);
    }

    /// The tool sends back what it has.
    fn of_reports(&mut self) {
        for delivery in &self.office.books.deliveries {
            let id = delivery.id;
            let Some(truth) = self.office.truth.get(&id).cloned() else { continue };
            if let Some(attempt) = truth.copies.last() {
                let (fate, because) = (ReportedFate::Failed, "550 no".to_owned());
                let (source, attempt) = (Source::Server, Some(*attempt));
                let reported = Reported { source, fate, attempt, because, reporter: None };
                let outcome = MailOutcome::Answered { delivery: id, fate };
                let effect = MailEffect::Reported(id, reported);
                self.take(&format!("{id} comes back"), outcome, effect, Happened::SentBack(id));
            }
            let unseen = truth.taken.iter().find(|attempt| !truth.witnessed.contains(attempt));
            if let Some(attempt) = unseen.copied() {
                let by = "a copy in the bot's mailbox".to_owned();
                let proof = Proof { by, attempt: Some(attempt), at: at(0) };
                let effect = MailEffect::Proven(id, proof);
                let happened = Happened::Witnessed(id, attempt);
                self.take(&format!("a copy of {id}"), MailOutcome::Unread, effect, happened);
            }
        }
    }

    /// A mail in the bot's mailbox is read.
    fn take(&mut self, name: &str, outcome: MailOutcome, effect: MailEffect, happened: Happened) {
        let mail = mail(name, self.office.events_left, outcome, effect);
        let (taken, after) = self.disturbed.ask(async |ledger| {
            ledger.take_mails("bot@cabinet.example", Cursor::default(), vec![mail], at(0)).await
        });
        if taken.is_ok() {
            self.go(name, after, happened);
        }
    }
}

fn mail(name: &str, number: u8, outcome: MailOutcome, effect: MailEffect) -> TakenMail {
    let headers = Headers(vec![("Subject".to_owned(), format!("{name} {number}"))]);
    let record = MailRecord {
        number: 0,
        mailbox: "bot@cabinet.example".to_owned(),
        place: Cursor::default(),
        head: MailIdentity::of_head(&Head { uid: 1, size: 1, headers }),
        content: None,
        size: 1,
        from: String::new(),
        date: String::new(),
        subject: String::new(),
        message_id: String::new(),
        outcome,
        at: at(0),
        owed: false,
    };
    TakenMail { record, effect: Some(effect) }
}
