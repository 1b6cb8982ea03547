//! Everything that can happen next: senders, the server, a crash, people, switches, proofs.

use facteur::domain::delivery::{Act, Finish, HeldReason, Proof, State, Step};

use crate::invariants::{Happened, record};
use crate::search::Next;
use crate::system::{ATTEMPTS_MAX, Phase, Report, Sender, Stepping, System, now};

/// Whether senders of a crashed robot may live on, as on another machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Senders {
    DieWithTheRobot,
    MayLiveOn,
}

/// Every step out of a state.
pub(crate) fn next(system: &System, stepping: Stepping, senders: Senders) -> Vec<Next<System>> {
    let model = Model { stepping, senders };
    let mut next = Vec::new();
    for index in 0..system.senders.len() {
        model.of_sender(system, index, &mut next);
    }
    if system.is_up {
        model.of_robot(system, &mut next);
        model.of_people(system, &mut next);
    } else {
        let recovered = System { is_up: true, ..system.clone() };
        model.take(&recovered, "recover", &Step::Recover, &mut next);
    }
    next
}

struct Model {
    stepping: Stepping,
    senders: Senders,
}

impl Model {
    fn of_robot(&self, system: &System, next: &mut Vec<Next<System>>) {
        if system.delivery.attempt < ATTEMPTS_MAX {
            let claimed = (self.stepping)(&system.delivery, &Step::Claim, now());
            if let Ok(delivery) = claimed {
                let mut after = System { delivery, ..system.clone() };
                let attempt = after.delivery.attempt;
                after.senders.push(Sender { attempt, phase: Phase::Claimed });
                after.senders.sort_unstable();
                next.push(("claim".to_owned(), record(system, after, Happened::Else)));
            }
        }
        let off = Step::TurnOff { because: "its switch was turned off".to_owned() };
        self.take(system, "switch off", &off, next);
        let hold = Step::Hold { reason: HeldReason::FolderRenamed, because: "renamed".to_owned() };
        self.take(system, "hold", &hold, next);
        if system.truth.copies > 0 {
            self.take(system, "proof", &Step::Proven { by: "a mark".to_owned() }, next);
            if system.delivery.proofs.len() < usize::from(system.truth.copies) {
                let proof = Proof { by: "a copy".to_owned(), attempt: None, at: now() };
                self.take(system, "copy", &Step::Witnessed(proof), next);
            }
        }
        let crashed = System { is_up: false, senders: Vec::new(), ..system.clone() };
        next.push(("crash".to_owned(), record(system, crashed, Happened::Else)));
        if self.senders == Senders::MayLiveOn && !system.senders.is_empty() {
            let crashed = System { is_up: false, ..system.clone() };
            next.push((
                "crash, its senders live".to_owned(),
                record(system, crashed, Happened::Else),
            ));
        }
    }

    fn of_people(&self, system: &System, next: &mut Vec<Next<System>>) {
        let acts = [
            Act::Retry,
            Act::Release,
            Act::Cancel,
            Act::SettleSent,
            Act::SettleNotSent,
            Act::Resend,
        ];
        for act in acts {
            let step = Step::Person { act, by: "lea".to_owned() };
            self.take(system, act.as_str(), &step, next);
        }
    }

    fn of_sender(&self, system: &System, index: usize, next: &mut Vec<Next<System>>) {
        let Sender { attempt, phase } = system.senders[index];
        let mut go = |name: &str, phase: Phase, happened: Happened| {
            let after = system.with_sender(index, Some(phase));
            next.push((format!("attempt {attempt}: {name}"), record(system, after, happened)));
        };
        match phase {
            Phase::Claimed => {
                for report in Report::BEFORE_THE_DOT {
                    go(&format!("{report:?}"), Phase::Heard(report), Happened::Else);
                }
                next.push(self.dot(system, index));
            }
            Phase::Marked => {
                let taken = Happened::Taken { attempt };
                go("250", Phase::Heard(Report::Sent), taken);
                go("taken, no answer", Phase::Heard(Report::Lost { taken: true }), taken);
                let lost = Phase::Heard(Report::Lost { taken: false });
                go("not taken, no answer", lost, Happened::Else);
                for report in Report::AT_THE_DOT {
                    go(&format!("{report:?} at the dot"), Phase::Heard(report), Happened::Else);
                }
            }
            Phase::Heard(report) => {
                let listens = report == Report::Lost { taken: true };
                let phase = listens.then_some(Phase::Listening);
                next.push(self.report(system, index, report, phase));
            }
            Phase::Listening => {
                next.push(self.report(system, index, Report::Sent, None));
                let after = system.with_sender(index, None);
                let name = format!("attempt {attempt}: hangs up");
                next.push((name, record(system, after, Happened::Else)));
            }
        }
    }

    fn dot(&self, system: &System, index: usize) -> Next<System> {
        let attempt = system.senders[index].attempt;
        let Ok(delivery) = (self.stepping)(&system.delivery, &Step::Dot { attempt }, now()) else {
            // The gate stays shut, and the sender says so.
            let after = system.with_sender(index, Some(Phase::Heard(Report::Requeued)));
            let name = format!("attempt {attempt}: no dot");
            return (name, record(system, after, Happened::Else));
        };
        let after = System { delivery, ..system.with_sender(index, Some(Phase::Marked)) };
        (format!("attempt {attempt}: dot"), record(system, after, Happened::Else))
    }

    /// A report that is refused changes nothing; the sender is done all the same.
    fn report(
        &self,
        system: &System,
        index: usize,
        report: Report,
        phase: Option<Phase>,
    ) -> Next<System> {
        let attempt = system.senders[index].attempt;
        let step = Step::Finish { attempt, finish: finish(report) };
        let reported = (self.stepping)(&system.delivery, &step, now());
        let done = system.with_sender(index, phase);
        let name = format!("attempt {attempt} reports {report:?}");
        match reported {
            Ok(delivery) => {
                let after = System { delivery, ..done };
                (name, record(system, after, Happened::Stepped(&step)))
            }
            Err(_) => (format!("{name}, in vain"), record(system, done, Happened::Else)),
        }
    }

    fn take(&self, system: &System, name: &str, step: &Step, next: &mut Vec<Next<System>>) {
        if let Ok(delivery) = (self.stepping)(&system.delivery, step, now()) {
            let after = System { delivery, ..system.clone() };
            next.push((name.to_owned(), record(system, after, Happened::Stepped(step))));
        }
    }
}

/// What a sender writes of it.
pub(crate) fn finish(report: Report) -> Finish {
    let (answer, because) = ("what was said".to_owned(), "what was seen".to_owned());
    match report {
        Report::Sent => Finish::Sent { answer },
        Report::Deferred => Finish::Deferred { answer, due_at: now() },
        Report::Refused => Finish::Refused { answer },
        Report::Held => Finish::Held { reason: HeldReason::Unreadable, because },
        Report::Expired => Finish::Held { reason: HeldReason::Expired, because },
        Report::Superseded => Finish::Superseded { because },
        Report::Requeued => Finish::Requeued { because, due_at: now() },
        Report::Lost { .. } => Finish::InDoubt { answer },
    }
}

/// Whether a delivery waits for its sender, which must come.
pub(crate) fn is_being_sent(system: &System) -> bool {
    system.delivery.state == State::Sending || system.delivery.leased
}
