//! What a delivery report does to the delivery it is about.

use super::{Act, Delivery, DeliveryId, Event, State, StepRefusal};
use crate::domain::Timestamp;
use crate::domain::report::ReportedFate;
use crate::domain::template::Address;

/// Characters of the Message-ID in an ENVID: nobody guesses them who never saw the mail.
const ENVELOPE_TOKEN_CHARS: usize = 16;

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
    /// The ENVID of this attempt (RFC 3461 §4.4): `<delivery>-<attempt>-<token>`, xtext-safe.
    pub fn envelope_id(&self) -> String {
        format!("{}-{}-{}", self.id, self.attempt, self.envelope_token())
    }

    /// Where answers of mail servers to this attempt go: the sender, with the ENVID as a detail
    /// where a separator is given and the address doesn't get too long by it.
    pub fn return_path(&self, separator: Option<char>) -> Address {
        let named =
            separator.and_then(|separator| self.sender.with_detail(separator, &self.envelope_id()));
        named.unwrap_or_else(|| self.sender.clone())
    }

    /// The attempt that an ENVID names, if it is one of this delivery's.
    pub fn attempt_of(&self, envelope_id: &str) -> Option<u32> {
        let (id, attempt, token) = parts(envelope_id)?;
        let ours = id == self.id && (1..=self.attempt).contains(&attempt);
        (ours && token.eq_ignore_ascii_case(&self.envelope_token())).then_some(attempt)
    }

    fn envelope_token(&self) -> String {
        let letters = self.message_id.chars().filter(char::is_ascii_alphanumeric);
        letters.take(ENVELOPE_TOKEN_CHARS).collect()
    }

    /// Whether some server may have it, or once had it.
    pub fn was_sent(&self) -> bool {
        let sent = [State::Sent.as_str(), State::InDoubt.as_str(), State::Sending.as_str()];
        self.events.iter().any(|event| sent.contains(&event.what.as_str()))
    }

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

/// What the story calls a report that changes no state.
fn told_as(source: Source, fate: ReportedFate) -> String {
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

/// Which delivery an ENVID names, whoever wrote it.
pub fn delivery_of_envelope(envelope_id: &str) -> Option<DeliveryId> {
    parts(envelope_id).map(|(id, _, _)| id)
}

/// The ENVID in the local part of an address, whatever stands around it: servers that forward
/// write an address of theirs around it (SRS, VERP).
pub fn envelope_in(address: &str) -> Option<&str> {
    let (local, _) = address.rsplit_once('@')?;
    let mut before = None;
    for (at, letter) in local.char_indices() {
        let begins = letter.is_ascii_digit() && !before.is_some_and(char::is_alphanumeric);
        before = Some(letter);
        let rest = local.get(at..).filter(|_| begins);
        if let Some(found) = rest.and_then(leading_envelope) {
            return Some(found);
        }
    }
    None
}

fn leading_envelope(text: &str) -> Option<&str> {
    let id = text.split('-').next()?;
    let attempt = text.get(id.len() + 1..)?.split('-').next()?;
    let token_at = id.len() + attempt.len() + 2;
    let token = text.get(token_at..)?;
    let token_bytes = token.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let found = text.get(..token_at + token_bytes)?;
    (token_bytes == ENVELOPE_TOKEN_CHARS && parts(found).is_some()).then_some(found)
}

fn parts(envelope_id: &str) -> Option<(DeliveryId, u32, &str)> {
    let mut parts = envelope_id.trim().splitn(3, '-');
    let id = parts.next()?.parse().ok()?;
    let attempt = parts.next()?.parse().ok()?;
    Some((DeliveryId(id), attempt, parts.next()?))
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
    use super::super::{Finish, Step};
    use super::*;
    use crate::domain::company::CompanyId;
    use crate::domain::deposit::{Cause, Content};
    use crate::domain::profile::AppId;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn queued() -> Delivery {
        Delivery {
            id: DeliveryId(12),
            company: CompanyId(1),
            deposit: 1,
            app: AppId::parse("quickbooks").unwrap(),
            cause: Cause::Backfill { by: "lea".to_owned() },
            sender: Address::parse("a@cabinet.example").unwrap(),
            recipient: Address::parse("b@tool.example").unwrap(),
            inbox: None,
            rehearsal: false,
            message_id: "<0123456789abcdef0123456789abcdef@cabinet.example>".to_owned(),
            content: Content { sha256: [0; 32], size: 1 },
            state: State::Queued,
            reason: None,
            attempt: 0,
            leased: false,
            failures: 0,
            queued_at: at(0),
            fresh_at: at(0),
            due_at: at(0),
            last_answer: None,
            events: Vec::new(),
            proofs: Vec::new(),
        }
    }

    fn after(delivery: &Delivery, steps: &[Step]) -> Delivery {
        steps.iter().fold(delivery.clone(), |delivery, step| delivery.step(step, at(1)).unwrap())
    }

    fn attempt(number: u32, finish: Finish) -> [Step; 3] {
        [Step::Claim, Step::Dot { attempt: number }, Step::Finish { attempt: number, finish }]
    }

    fn accepted() -> Finish {
        Finish::Sent { answer: "250 ok".to_owned() }
    }

    fn reported(fate: ReportedFate, attempt: Option<u32>) -> Step {
        let because = "550 no".to_owned();
        Step::Answered(Reported { source: Source::Server, fate, attempt, because, reporter: None })
    }

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

    #[test]
    fn an_envelope_id_names_its_attempt_and_cannot_be_guessed() {
        let sent = after(&queued(), &attempt(1, accepted()));
        assert_eq!(sent.envelope_id(), "12-1-0123456789abcdef");
        assert_eq!(delivery_of_envelope(&sent.envelope_id()), Some(DeliveryId(12)));
        assert_eq!(sent.attempt_of("12-1-0123456789ABCDEF"), Some(1));
        for wrong in [
            "12-1",
            "12-1-",
            "12-2-0123456789abcdef",
            "12-0-0123456789abcdef",
            "13-1-0123456789abcdef",
            "12-1-0123456789abcde",
            "x",
        ] {
            assert_eq!(sent.attempt_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_return_path_names_its_attempt_unless_it_gets_too_long() {
        let sent = after(&queued(), &attempt(1, accepted()));
        let plain = sent.return_path(None);
        assert_eq!(plain, sent.sender);
        let named = sent.return_path(Some('+'));
        assert_eq!(named.as_str(), "a+12-1-0123456789abcdef@cabinet.example");
        assert_eq!(envelope_in(named.as_str()), Some("12-1-0123456789abcdef"));
        let sender = Address::parse(&format!("{}@cabinet.example", "a".repeat(60))).unwrap();
        let long = Delivery { sender: sender.clone(), ..sent };
        assert_eq!(long.return_path(Some('+')), sender);
    }

    #[test]
    fn an_envelope_id_is_found_whatever_stands_around_it() {
        let id = "12-1-0123456789abcdef";
        for (local, found) in [
            (format!("quickbooks+dupont+{id}"), true),
            (format!("quickbooks-dupont-2-{id}"), true),
            (format!("SRS0=xY3=4B=cabinet.example=quickbooks+dupont+{id}"), true),
            (format!("{id}=tool.example"), true),
            (format!("quickbooks+dupont+x{id}"), false),
            (format!("quickbooks+dupont+{id}0"), false),
            ("quickbooks+dupont+12-1".to_owned(), false),
            ("quickbooks+dupont-2026-1".to_owned(), false),
            ("é12-1-0123456789abcdef".to_owned(), false),
            (String::new(), false),
        ] {
            let expected = found.then_some(id);
            assert_eq!(envelope_in(&format!("{local}@cabinet.example")), expected, "{local}");
        }
        assert_eq!(envelope_in(id), None);
    }
}
