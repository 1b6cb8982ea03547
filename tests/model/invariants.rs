//! What must hold in every state, and what the record must have said before a second copy.

use facteur::domain::delivery::{Act, Finish, State, Step};

use crate::actors::is_being_sent;
use crate::system::{Phase, Report, System};

/// What a transition was, as far as the truth goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened<'a> {
    /// The server took the mail of this attempt.
    Taken { attempt: u32 },
    /// The record took this step.
    Stepped(&'a Step),
    /// Neither.
    Else,
}

/// Keeps the truth of a transition, and judges where it leads.
pub(crate) fn record(
    before: &System,
    mut after: System,
    happened: Happened<'_>,
) -> Result<System, String> {
    match happened {
        Happened::Taken { attempt } => take_copy(before, &mut after, attempt)?,
        Happened::Stepped(step) => note(before, &mut after, step),
        Happened::Else => {}
    }
    let said = after.delivery.events.split_off(0);
    let by_person = said.iter().any(|event| event.by.is_some());
    if rests(before.delivery.state) && !rests(after.delivery.state) && !by_person {
        return Err(format!("{} it was, and goes again by itself", before.delivery.state.as_str()));
    }
    for event in said {
        let doubts = event.what == State::InDoubt.as_str();
        after.truth.doubted |= u8::from(doubts) << event.attempt;
        after.truth.announced |= doubts || event.by.is_some();
    }
    judge(&after)?;
    Ok(after)
}

/// The server took it. A second time it must have been announced in the record.
fn take_copy(before: &System, after: &mut System, attempt: u32) -> Result<(), String> {
    let truth = &mut after.truth;
    let doubted = truth.doubted & (1 << attempt) != 0;
    if truth.copies > 0 && !truth.announced && !doubted {
        return Err("a second copy left, and the record never said so".to_owned());
    }
    truth.copies = (truth.copies + 1).min(2);
    let expected = before.delivery.state == State::Sending && before.delivery.attempt == attempt;
    if !expected && !doubted {
        return Err(format!("it left while it was {}", before.delivery.state.as_str()));
    }
    if expected {
        truth.announced = false;
    }
    Ok(())
}

fn note(before: &System, after: &mut System, step: &Step) {
    let truth = &mut after.truth;
    if after.delivery.state == State::Queued && before.delivery.state != State::Queued {
        (truth.vouched, truth.ended) = (false, false);
    }
    match step {
        Step::Person { act: Act::SettleSent, .. } | Step::Proven { .. } | Step::Witnessed(_) => {
            truth.vouched = true;
        }
        Step::Person { act: Act::Cancel, .. }
        | Step::TurnOff { .. }
        | Step::Answered(_)
        | Step::Finish { finish: Finish::Refused { .. } | Finish::Superseded { .. }, .. } => {
            truth.ended = true;
        }
        Step::Person { .. }
        | Step::Finish { .. }
        | Step::Claim
        | Step::Dot { .. }
        | Step::Recover
        | Step::Unproven { .. }
        | Step::AnswerToRead(_)
        | Step::Hold { .. } => {}
    }
}

/// Whether only a person makes it go on from there.
fn rests(state: State) -> bool {
    match state {
        State::Sent | State::Refused | State::InDoubt | State::Held | State::Cancelled => true,
        State::Queued | State::Sending | State::Deferred => false,
    }
}

fn judge(system: &System) -> Result<(), String> {
    let System { delivery, truth, .. } = system;
    let state = delivery.state;
    if delivery.leased && rests(state) {
        return Err(format!("it is {}, and its sender goes on", state.as_str()));
    }
    match state {
        State::Sent if truth.copies == 0 && !truth.vouched => {
            return Err("it is called sent, and nobody said so".to_owned());
        }
        State::Refused | State::Cancelled if truth.copies == 0 && !truth.ended => {
            return Err(format!("it is {}, and no decision ended it", state.as_str()));
        }
        State::Held if delivery.reason.is_none() => {
            return Err("it is held, and nobody knows why".to_owned());
        }
        State::Queued | State::Deferred | State::Held | State::Refused | State::Cancelled
            if truth.copies > 0 && !truth.announced =>
        {
            return Err(format!("it is {}, and the tool has it", state.as_str()));
        }
        State::Queued
        | State::Sending
        | State::Deferred
        | State::Sent
        | State::Refused
        | State::InDoubt
        | State::Held
        | State::Cancelled => {}
    }
    if system.is_up && is_being_sent(system) && !has_sender(system) {
        return Err(format!("it is {} for ever: nobody is at work on it", state.as_str()));
    }
    Ok(())
}

/// Whether the attempt that the record waits for is at work, and has not reported yet.
fn has_sender(system: &System) -> bool {
    let own = system.senders.iter().filter(|sender| sender.attempt == system.delivery.attempt);
    let sending = system.delivery.state == State::Sending;
    own.into_iter().any(|sender| match sender.phase {
        Phase::Claimed | Phase::Heard(Report::Held | Report::Superseded) => !sending,
        Phase::Marked => sending,
        Phase::Heard(
            Report::Sent
            | Report::Deferred
            | Report::Refused
            | Report::Requeued
            | Report::Expired
            | Report::Lost { .. },
        ) => true,
        Phase::Listening => false,
    })
}
