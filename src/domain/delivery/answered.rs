//! What a delivery report does to the delivery it is about.

use super::{Delivery, State, StepRefusal};
use crate::domain::Timestamp;
use crate::domain::mail::report::ReportedFate;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A mail server on the way, of the mail.
    Server,
    /// The tool itself, of the document.
    Tool,
}

/// What a mail server, or the tool itself, reports of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Who answers.
    pub source: Source,
    /// What became of the mail.
    pub fate: ReportedFate,
    /// Which attempt the report is about, where it says so (by its ENVID).
    pub attempt: Option<u32>,
    /// The server's words.
    pub because: String,
    /// Who says so.
    pub reporter: Option<String>,
}

impl Delivery {
    /// Sent, and refused by a report; everything else it may say adds a line to the story.
    pub(super) fn answer(&self, reported: &Reported, now: Timestamp) -> Result<Self, StepRefusal> {
        if !self.was_sent() {
            return Err(StepRefusal::State { state: self.state });
        }
        // A second copy that was claimed and withdrawn counted an attempt, and is no copy.
        let last_copy = self.last_copy().map_or(self.attempt, |(attempt, _)| attempt);
        let of_an_earlier_copy = reported.attempt.is_some_and(|attempt| attempt != last_copy);
        let undone = match self.state {
            State::Sent | State::InDoubt => !of_an_earlier_copy,
            State::Queued
            | State::Sending
            | State::Deferred
            | State::Refused
            | State::Held
            | State::Cancelled => false,
        };
        let mut next = if reported.fate == ReportedFate::Failed && undone {
            self.enter(State::Refused, &undoing(reported), now)
        } else {
            let copy = if of_an_earlier_copy { " of an earlier copy" } else { "" };
            let mut next = self.clone();
            let what = told_as(reported.source, reported.fate);
            next.tell(&what, &told(reported, copy), now);
            next
        };
        // Which copy came back matters while another one stands.
        if let Some(event) = next.events.last_mut() {
            event.attempt = reported.attempt.unwrap_or(last_copy);
        }
        if next.state == self.state {
            next.quote(&reported.because);
        } else {
            next.hear(&reported.because);
        }
        Ok(next)
    }
}

/// What the story calls a report that changes no state.
pub(super) fn told_as(source: Source, fate: ReportedFate) -> String {
    let word = match source {
        Source::Server => return format!("report_{}", fate.as_str()),
        Source::Tool => match fate {
            ReportedFate::Failed => "refused",
            ReportedFate::Delayed => "delayed",
            ReportedFate::Delivered | ReportedFate::Relayed => "processed",
        },
    };
    format!("tool_{word}")
}

/// How the story puts that a document came back.
fn undoing(reported: &Reported) -> String {
    match (reported.source, reported.reporter.as_deref()) {
        (Source::Server, reporter) => {
            format!("sent back by {}", reporter.unwrap_or("a mail server"))
        }
        (Source::Tool, reporter) => format!("refused by {}", reporter.unwrap_or("the tool")),
    }
}

/// The story's words for what changes no state.
fn told(reported: &Reported, copy: &str) -> String {
    let reporter = reported.reporter.as_deref();
    match reported.source {
        Source::Server => {
            let said = match reported.fate {
                ReportedFate::Failed => "it could not be delivered",
                ReportedFate::Delayed => "not delivered yet; the server tries on",
                ReportedFate::Delivered => "delivered",
                ReportedFate::Relayed => "handed on to a server that reports nothing",
            };
            format!("{} reports{copy}: {said}", reporter.unwrap_or("a mail server"))
        }
        Source::Tool => {
            let said = match reported.fate {
                ReportedFate::Failed => "it refused the document",
                ReportedFate::Delayed => "it hasn't dealt with the document yet",
                ReportedFate::Delivered | ReportedFate::Relayed => "it has the document",
            };
            format!("{} answers{copy}: {said}", reporter.unwrap_or("the tool"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{accepted, after, at, attempt, queued, reported};
    use super::super::{Act, Finish, Proof, Step};
    use super::*;

    #[test]
    fn only_a_failure_of_the_last_copy_undoes_what_was_sent() {
        use ReportedFate::{Delayed, Delivered, Failed, Relayed};
        let sent = after(&queued(), &attempt(1, accepted()));
        let doubtful = after(&queued(), &attempt(1, Finish::InDoubt { answer: "lost".to_owned() }));
        let person = |act| Step::Person { act, by: "lea".to_owned() };
        let again = after(&sent, &[person(Act::Resend)]);
        let twice = after(&again, &attempt(2, accepted()));
        let rows = [
            (&sent, Failed, None, State::Refused),
            (&sent, Failed, Some(1), State::Refused),
            (&sent, Delayed, None, State::Sent),
            (&sent, Delivered, None, State::Sent),
            (&sent, Relayed, None, State::Sent),
            (&doubtful, Failed, None, State::Refused),
            (&doubtful, Delivered, None, State::InDoubt),
            (&again, Failed, Some(1), State::Queued),
            (&again, Failed, None, State::Queued),
            (&twice, Failed, Some(1), State::Sent),
            (&twice, Failed, Some(2), State::Refused),
            (&twice, Failed, None, State::Refused),
        ];
        for (before, fate, attempt, state) in rows {
            let next = after(before, &[reported(fate, attempt)]);
            assert_eq!(next.state, state, "{:?} {fate:?} {attempt:?}", before.state);
            assert_eq!(next.events.len(), before.events.len() + 1);
            let last = next.events.last().unwrap();
            assert_eq!(last.answer.as_deref(), Some("550 no"));
            let kept = before.last_answer == next.last_answer;
            assert_eq!(kept, state == before.state, "the transport's own last words");
        }
    }

    #[test]
    fn a_report_may_be_faster_than_its_250() {
        let back = reported(ReportedFate::Failed, Some(1));
        let [claim, dot, finish] = attempt(1, accepted());
        let before = after(&queued(), &[claim, dot, back]);
        assert_eq!(before.state, State::Sending, "its own sender comes first");
        let refused = after(&before, std::slice::from_ref(&finish));
        assert_eq!(refused.state, State::Refused);
        assert_eq!(refused.step(&finish, at(2)).as_ref(), Ok(&refused), "it may repeat itself");
    }

    #[test]
    fn what_came_back_before_its_answer_was_lost_is_refused_whatever_copy_is_found() {
        let [claim, dot, finish] = attempt(1, Finish::InDoubt { answer: "lost".to_owned() });
        let back = reported(ReportedFate::Failed, Some(1));
        let copy = Proof { by: "a copy".to_owned(), attempt: Some(1), at: at(0) };
        let before = after(&queued(), &[claim, dot, back, Step::Witnessed(copy)]);
        let refused = after(&before, std::slice::from_ref(&finish));
        assert_eq!(refused.state, State::Refused);
        assert_eq!(refused.step(&finish, at(2)).as_ref(), Ok(&refused), "it may repeat itself");
        assert_eq!(after(&before, &[Step::Recover]).state, State::Refused);
    }

    #[test]
    fn what_was_never_sent_cannot_come_back() {
        let refused = after(
            &queued(),
            &[
                Step::Claim,
                Step::Finish { attempt: 1, finish: Finish::Refused { answer: String::new() } },
            ],
        );
        for never in [queued(), refused] {
            assert!(never.step(&reported(ReportedFate::Failed, None), at(2)).is_err());
        }
    }
}
