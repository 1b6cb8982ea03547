//! Which copies of a document the tool has or may have, as its delivery's story tells.

use super::answered::told_as;
use super::{Act, Delivery, Event, Source, State};
use crate::domain::mail::report::ReportedFate;

impl Delivery {
    /// Whether some server may have it, or once had it.
    pub fn was_sent(&self) -> bool {
        let sent = [State::Sent.as_str(), State::InDoubt.as_str(), State::Sending.as_str()];
        self.events.iter().any(|event| sent.contains(&event.what.as_str()))
    }

    /// Whether the same content of another document would be a second copy: it is on its way, or
    /// the tool has or may have it, even if a further copy was refused.
    pub fn holds_its_content(&self) -> bool {
        self.state.is_live() || self.last_copy().is_some()
    }

    /// The last copy that the tool has or may have, as far as anybody knows: its attempt, and
    /// whether it is sent or in doubt.
    pub(super) fn last_copy(&self) -> Option<(u32, State)> {
        let not_sent = format!("{} by ", Act::SettleNotSent.as_str());
        for event in self.events.iter().rev() {
            if event.because.starts_with(&not_sent) || event.what == State::Cancelled.as_str() {
                return None;
            }
            let state = [State::Sent, State::InDoubt]
                .into_iter()
                .find(|state| state.as_str() == event.what)
                .filter(|_| !self.came_back(event.attempt));
            if let Some(state) = state {
                return Some((event.attempt, state));
            }
        }
        None
    }

    /// Whether the copy of an attempt is not with the tool any more.
    pub(super) fn came_back(&self, attempt: u32) -> bool {
        let refused = State::Refused.as_str();
        let refused = |event: &Event| event.attempt == attempt && event.what == refused;
        self.was_sent_back(attempt) || self.events.iter().any(refused)
    }

    /// Whether a report said of an attempt that it failed when nothing could be undone.
    pub(super) fn was_sent_back(&self, attempt: u32) -> bool {
        let failed = [Source::Server, Source::Tool].map(|by| told_as(by, ReportedFate::Failed));
        self.events.iter().any(|event| event.attempt == attempt && failed.contains(&event.what))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{accepted, after, attempt, queued, reported};
    use super::super::{Act, Finish, Step};
    use super::*;

    #[test]
    fn a_content_is_held_until_every_copy_came_back() {
        let again = Step::Person { act: Act::Resend, by: "lea".to_owned() };
        let back = |attempt| reported(ReportedFate::Failed, attempt);
        let refused = Finish::Refused { answer: "550 again?".to_owned() };
        for first in [accepted(), Finish::InDoubt { answer: "lost".to_owned() }] {
            let once = after(&queued(), &attempt(1, first));
            let asked = after(&once, std::slice::from_ref(&again));
            let refused = after(&asked, &attempt(2, refused.clone()));
            assert_eq!((refused.state, refused.holds_its_content()), (State::Refused, true));
            assert!(!after(&refused, &[back(Some(1))]).holds_its_content());
            let twice = after(&asked, &attempt(2, accepted()));
            for (one, other) in [(Some(1), Some(2)), (Some(2), Some(1)), (None, None)] {
                let half = after(&twice, &[back(one)]);
                assert!(half.holds_its_content(), "{one:?}");
                let all = after(&half, &[back(other)]);
                assert_eq!((all.state, all.holds_its_content()), (State::Refused, false));
            }
        }
        let refused = after(&queued(), &attempt(1, refused));
        assert!(!refused.holds_its_content());
    }

    #[test]
    fn the_last_copy_is_the_last_that_left_and_not_the_last_attempt() {
        let sent = after(&queued(), &attempt(1, accepted()));
        let person = |act| Step::Person { act, by: "lea".to_owned() };
        let withdrawn = [person(Act::Resend), Step::Claim, person(Act::Cancel)];
        let withdrawn = after(&sent, &withdrawn);
        assert_eq!((withdrawn.state, withdrawn.attempt), (State::Sent, 2));
        let back = after(&withdrawn, &[reported(ReportedFate::Failed, Some(1))]);
        assert_eq!((back.state, back.holds_its_content()), (State::Refused, false));
    }

    #[test]
    fn what_a_person_knows_not_to_be_there_is_no_copy_any_more() {
        let doubtful = after(&queued(), &attempt(1, Finish::InDoubt { answer: "lost".to_owned() }));
        let not_sent = Step::Person { act: Act::SettleNotSent, by: "lea".to_owned() };
        let refused = Finish::Refused { answer: "550 no".to_owned() };
        let refused = after(&after(&doubtful, &[not_sent]), &attempt(2, refused));
        assert_eq!((refused.state, refused.holds_its_content()), (State::Refused, false));
    }

    #[test]
    fn a_second_copy_that_is_cancelled_is_not_called_sent_when_the_first_came_back() {
        let sent = after(&queued(), &attempt(1, accepted()));
        let person = |act| Step::Person { act, by: "lea".to_owned() };
        let back = reported(ReportedFate::Failed, Some(1));
        let cancelled = after(&sent, &[person(Act::Resend), back, person(Act::Cancel)]);
        assert_eq!(cancelled.state, State::Cancelled);
    }
}
