//! A delivery and what happens to it, for the tests of its steps.

use super::{Delivery, DeliveryId, Finish, Reported, Source, State, Step};
use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::deposit::{Cause, Content};
use crate::domain::mail::report::ReportedFate;
use crate::domain::profile::AppId;
use crate::domain::template::Address;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(super) fn queued() -> Delivery {
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

pub(super) fn after(delivery: &Delivery, steps: &[Step]) -> Delivery {
    steps.iter().fold(delivery.clone(), |delivery, step| delivery.step(step, at(1)).unwrap())
}

pub(super) fn attempt(number: u32, finish: Finish) -> [Step; 3] {
    [Step::Claim, Step::Dot { attempt: number }, Step::Finish { attempt: number, finish }]
}

pub(super) fn accepted() -> Finish {
    Finish::Sent { answer: "250 ok".to_owned() }
}

pub(super) fn reported(fate: ReportedFate, attempt: Option<u32>) -> Step {
    let because = "550 no".to_owned();
    Step::Answered(Reported { source: Source::Server, fate, attempt, because, reporter: None })
}
