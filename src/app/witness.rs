//! The witness as the mail server treats it: refused once it is a word in the story, refused again
//! and again it is an alarm. No document waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::robot::{Robot, Shared};
use crate::domain::Timestamp;
use crate::domain::alarm::{Alarm, AlarmKind};
use crate::ports::transport::Outcome;

/// Mails in a row that left without their witness before it is an alarm.
const REFUSALS_MIN: u32 = 3;

/// Mails that left without their witness, since the last one that had it. For display: the
/// stories keep each refusal.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Option<Refused>>);

struct Refused {
    since: Timestamp,
    mails: u32,
    because: String,
}

impl Refusals {
    fn get(&self) -> MutexGuard<'_, Option<Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// What became of a mail that was to have a witness.
    pub(super) fn note_witness(&self, outcome: &Outcome, refusal: Option<&str>, now: Timestamp) {
        match outcome {
            Outcome::Accepted { .. } | Outcome::InDoubt { .. } => {}
            Outcome::Deferred { .. }
            | Outcome::Unreachable { .. }
            | Outcome::Refused { .. }
            | Outcome::TooLarge { .. }
            | Outcome::Stopped(_) => return,
        }
        let mut refusals = self.witness_refusals.get();
        *refusals = refusal.map(|because| {
            tracing::warn!(because, "a mail left without its witness");
            let before = refusals.take();
            Refused {
                since: before.as_ref().map_or(now, |before| before.since),
                mails: before.map_or(1, |before| before.mails.saturating_add(1)),
                because: because.to_owned(),
            }
        });
    }
}

impl Robot {
    /// A witness that the server takes no mail for.
    pub(super) fn witness_alarm(&self) -> Option<Alarm> {
        let config = self.config();
        let witness = config.mail.witness.as_ref()?;
        let refusals = self.shared.witness_refusals.get();
        let refused = refusals.as_ref().filter(|refused| refused.mails >= REFUSALS_MIN)?;
        let message = format!(
            "the last {} mails left without their witness {witness} (`witness` of [mail]), and \
             nothing will prove them: {}",
            refused.mails, refused.because
        );
        let subject = witness.to_string();
        Some(Alarm { kind: AlarmKind::Witness, subject, since: Some(refused.since), message })
    }
}

/// The server's words, and what it said of the witness where it refused it.
pub(super) fn with_refusal(outcome: Outcome, refusal: Option<String>) -> Outcome {
    let Some(refusal) = refusal else { return outcome };
    let with = |answer: String| format!("{answer} (without the witness: {refusal})");
    match outcome {
        Outcome::Accepted { answer } => Outcome::Accepted { answer: with(answer) },
        Outcome::InDoubt { answer } => Outcome::InDoubt { answer: with(answer) },
        Outcome::Deferred { .. }
        | Outcome::Unreachable { .. }
        | Outcome::Refused { .. }
        | Outcome::TooLarge { .. }
        | Outcome::Stopped(_) => outcome,
    }
}
