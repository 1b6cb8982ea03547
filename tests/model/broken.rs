//! The project's transition function stands every interleaving, and broken ones are caught.

use facteur::domain::delivery::{Act, Delivery, Finish, State, Step};

use crate::actors::{Senders, next};
use crate::search::{Seen, Violation, every_state};
use crate::system::{Stepping, System};
use crate::trials::figures::Figures;

fn checked(stepping: Stepping, senders: Senders) -> Result<Seen, Violation> {
    every_state(System::new(), System::key, |system| next(system, stepping, senders))
}

#[test]
fn no_interleaving_loses_a_delivery_or_sends_it_twice_in_silence() {
    for (senders, floor, name) in [
        (Senders::DieWithTheRobot, 1_000, "model_delivery"),
        (Senders::MayLiveOn, 10_000, "model_delivery_senders_live_on"),
    ] {
        let figures = Figures::begin(name, "cargo test --test model interleaving -- --nocapture");
        let seen = checked(Delivery::step, senders).unwrap_or_else(|found| panic!("{found:#?}"));
        println!("{senders:?}: {seen:?}");
        assert!(seen.states >= floor, "{seen:?}: the check has become vacuous");
        seen.publish(figures);
    }
}

/// Broken in one place each: the name, and the function.
const BROKEN: [(&str, Stepping); 11] = [
    ("a stop at the dot forgets that the tool may have it", |delivery, step, now| match step {
        Step::Recover if delivery.state == State::Sending => {
            Ok(Delivery { state: State::Queued, ..delivery.clone() })
        }
        _ => delivery.step(step, now),
    }),
    ("a lease outlives its robot", |delivery, step, now| match step {
        Step::Recover if delivery.leased => Ok(delivery.clone()),
        _ => delivery.step(step, now),
    }),
    ("nobody is in doubt after a stop", |delivery, step, now| match step {
        Step::Recover if delivery.state == State::Sending => Ok(delivery.clone()),
        _ => delivery.step(step, now),
    }),
    ("an old attempt speaks for the new one", |delivery, step, now| match step {
        Step::Finish { finish, .. } => {
            let step = Step::Finish { attempt: delivery.attempt, finish: finish.clone() };
            delivery.step(&step, now)
        }
        _ => delivery.step(step, now),
    }),
    ("the dot needs no lease", |delivery, step, now| match step {
        Step::Dot { .. } => Delivery { leased: true, ..delivery.clone() }.step(step, now),
        _ => delivery.step(step, now),
    }),
    ("attempts are not counted", |delivery, step, now| {
        let next = delivery.step(step, now)?;
        Ok(Delivery { attempt: delivery.attempt.max(1), ..next })
    }),
    ("a lost answer is tried again", |delivery, step, now| match step {
        Step::Finish { attempt, finish: Finish::InDoubt { answer } } => {
            let finish = Finish::Deferred { answer: answer.clone(), due_at: now };
            delivery.step(&Step::Finish { attempt: *attempt, finish }, now)
        }
        _ => delivery.step(step, now),
    }),
    ("a lost answer counts as sent", |delivery, step, now| match step {
        Step::Finish { attempt, finish: Finish::InDoubt { answer } } => {
            let finish = Finish::Sent { answer: answer.clone() };
            delivery.step(&Step::Finish { attempt: *attempt, finish }, now)
        }
        _ => delivery.step(step, now),
    }),
    ("a switch turned off cancels what is past its dot", |delivery, step, now| match step {
        Step::TurnOff { .. } if delivery.state == State::Sending => {
            Ok(Delivery { state: State::Cancelled, ..delivery.clone() })
        }
        _ => delivery.step(step, now),
    }),
    ("a second copy is not in the record", |delivery, step, now| {
        let mut next = delivery.step(step, now)?;
        if matches!(step, Step::Person { act: Act::Resend, .. }) {
            next.events.clear();
        }
        Ok(next)
    }),
    ("what was cancelled can be claimed", |delivery, step, now| match step {
        Step::Claim if delivery.state == State::Cancelled => {
            Delivery { state: State::Queued, ..delivery.clone() }.step(step, now)
        }
        _ => delivery.step(step, now),
    }),
];

#[test]
fn a_broken_transition_is_caught() {
    for (name, stepping) in BROKEN {
        let found = checked(stepping, Senders::DieWithTheRobot).expect_err(name);
        println!("{name}: {}, after {:?}", found.problem, found.way);
        assert!(!found.way.is_empty(), "{name}");
    }
}
