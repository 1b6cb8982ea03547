//! What a copy does to a delivery, state by state.

use super::super::sample::{at, queued};
use super::super::{Act, Finish, IN_DOUBT_POLICY, Reported, Source, Step};
use super::*;
use crate::domain::mail::report::ReportedFate;

fn after(steps: &[Step]) -> Delivery {
    steps.iter().fold(queued(), |delivery, step| delivery.step(step, at(1)).unwrap())
}

fn marked(attempt: u32) -> Vec<Step> {
    vec![Step::Claim, Step::Dot { attempt }]
}

fn ended(attempt: u32, finish: Finish) -> Vec<Step> {
    [marked(attempt), vec![Step::Finish { attempt, finish }]].concat()
}

fn taken() -> Finish {
    Finish::Sent { answer: "250 ok".to_owned() }
}

fn lost() -> Finish {
    Finish::InDoubt { answer: "lost".to_owned() }
}

fn person(act: Act) -> Vec<Step> {
    vec![Step::Person { act, by: "lea".to_owned() }]
}

fn sent_back(attempt: u32) -> Vec<Step> {
    let because = "550 no".to_owned();
    let attempt = Some(attempt);
    let reported = Reported {
        source: Source::Server,
        fate: ReportedFate::Failed,
        attempt,
        because,
        reporter: None,
    };
    vec![Step::Answered(reported)]
}

fn copy(attempt: Option<u32>) -> Vec<Step> {
    let by = "a copy in bot@cabinet.example".to_owned();
    vec![Step::Witnessed(Proof { by, attempt, at: at(2) })]
}

/// What happened, of which attempt the copy is, and what the delivery is then: its state, and the
/// last word of its story.
type Row = (&'static str, Vec<Step>, Option<u32>, State, &'static str);

#[test]
fn a_copy_settles_what_was_in_doubt_and_nothing_that_is_known() {
    let put_off = Finish::Deferred { answer: "450 later".to_owned(), due_at: at(0) };
    let refused = Finish::Refused { answer: "554 no".to_owned() };
    let held = Step::Hold { reason: HeldReason::Flood, because: String::new() };
    let imported = Step::Hold { reason: HeldReason::AfterImport, because: String::new() };
    let doubt = || ended(1, lost());
    let again = |then: Vec<Step>| [doubt(), person(Act::Resend), then].concat();
    let sent_again = |then: Vec<Step>| [ended(1, taken()), person(Act::Resend), then].concat();
    let retried = [ended(1, taken()), sent_back(1), person(Act::Retry), ended(2, lost())].concat();
    let lost_after = vec![Step::Finish { attempt: 1, finish: lost() }];
    let back_early = [marked(1), sent_back(1), lost_after].concat();
    let rows: Vec<Row> = vec![
        ("in doubt", doubt(), None, State::Sent, "sent"),
        ("in doubt, named", doubt(), Some(1), State::Sent, "sent"),
        ("sent", ended(1, taken()), None, State::Sent, "sent"),
        ("to be sent again by doubt", again(vec![]), None, State::Sent, "sent"),
        (
            "settled as not sent",
            [doubt(), person(Act::SettleNotSent)].concat(),
            Some(1),
            State::Sent,
            "sent",
        ),
        ("held before its second copy", again(vec![held.clone()]), None, State::Sent, "sent"),
        ("claimed for its second copy", again(vec![Step::Claim]), None, State::Sent, "sent"),
        ("older than the world", vec![imported], None, State::Sent, "sent"),
        ("a second copy wanted", sent_again(vec![]), Some(1), State::Queued, "queued"),
        ("a second copy in doubt", sent_again(ended(2, lost())), Some(2), State::Sent, "sent"),
        ("put off at the dot", ended(1, put_off), None, State::Deferred, "copy_found"),
        ("refused at the dot", ended(1, refused), None, State::Refused, "copy_found"),
        ("sent back", [ended(1, taken()), sent_back(1)].concat(), None, State::Refused, "refused"),
        ("sent back once, now in doubt", retried.clone(), None, State::InDoubt, "copy_found"),
        ("the copy that was sent back", retried.clone(), Some(1), State::InDoubt, "copy_found"),
        ("the copy after that", retried, Some(2), State::Sent, "sent"),
        ("back before its doubt", back_early, None, State::Refused, "copy_found"),
    ];
    for (name, steps, attempt, state, last) in rows {
        let next = after(&[steps, copy(attempt)].concat());
        assert_eq!((next.state, next.leased), (state, false), "{name}");
        assert_eq!(next.events.last().unwrap().what, last, "{name}: {:?}", next.events);
    }
}

#[test]
fn a_copy_that_is_faster_than_the_answer_waits_for_it() {
    let early = [marked(1), copy(None)].concat();
    assert_eq!(after(&early).state, State::Sending);
    for end in [
        vec![Step::Finish { attempt: 1, finish: lost() }],
        vec![Step::Recover],
        vec![Step::Finish { attempt: 1, finish: taken() }],
    ] {
        let next = after(&[early.clone(), end].concat());
        assert_eq!(next.state, State::Sent, "{:?}", next.events);
    }
    let refused = Finish::Refused { answer: "554 no".to_owned() };
    let end = vec![Step::Finish { attempt: 1, finish: refused }];
    assert_eq!(after(&[early, end].concat()).state, State::Refused);
}

#[test]
fn proof_that_comes_after_a_second_copy_left_says_so_once() {
    let twice = [ended(1, lost()), person(Act::Resend), ended(2, taken())].concat();
    let late = after(&[twice.clone(), copy(Some(1))].concat());
    let last = late.events.last().unwrap();
    assert!(last.what == "copy_found" && last.because.contains("second copy"), "{last:?}");
    let nameless = after(&[twice.clone(), copy(None)].concat());
    assert_eq!(nameless.events.last().unwrap().what, "sent", "one copy of two");
    let both = after(&[twice.clone(), copy(None), copy(None)].concat());
    assert_eq!(both.events.last().unwrap().what, "copy_found");
    let own = after(&[twice, copy(Some(2))].concat());
    assert_eq!(own.events.last().unwrap().what, "sent");
    let doubted = [ended(1, lost()), person(Act::Resend), ended(2, lost())].concat();
    let proven = after(&[doubted.clone(), copy(Some(1))].concat());
    assert!(proven.events.last().unwrap().because.ends_with("of an earlier copy"));
    let both = after(&[doubted, copy(Some(1)), copy(Some(2))].concat());
    assert_eq!(both.events.last().unwrap().what, "copy_found");
}

#[test]
fn the_end_of_the_wait_is_said_once_for_each_attempt() {
    let over = Step::Unproven { because: "no proof".to_owned() };
    let doubt = after(&[ended(1, lost()), vec![over.clone(), over.clone()]].concat());
    let said = doubt.events.iter().filter(|event| event.what == "no_proof").count();
    assert_eq!((doubt.state, said, doubt.is_unproven()), (State::InDoubt, 1, true));
    let again = [ended(1, lost()), vec![over.clone()], person(Act::Resend), ended(2, lost())];
    assert!(!after(&again.concat()).is_unproven());
    assert!(queued().step(&over, at(1)).is_err());
}

#[test]
fn a_policy_sends_nothing_again_that_was_proven_meanwhile() {
    let policy = |by: &str| Step::Person { act: Act::Resend, by: by.to_owned() };
    let doubt = after(&ended(1, lost()));
    assert!(doubt.step(&policy(IN_DOUBT_POLICY), at(3)).is_ok());
    let proven = after(&[ended(1, lost()), copy(None)].concat());
    assert!(proven.step(&policy(IN_DOUBT_POLICY), at(3)).is_err());
    assert!(proven.step(&policy("lea"), at(3)).is_ok(), "a person may want a second copy");
}
