//! What must be true after every telling: nothing lost, nothing twice in silence, all explained.

use facteur::app::requests::Ask;
use facteur::app::views::{DeliveryView, DocumentView, WhyView};
use facteur::domain::delivery::{Delivery, DeliveryId};
use facteur::ports::store::Store as _;
use sha2::{Digest as _, Sha256};

use crate::office::DUPONT;
use crate::story::{Expected, FOLDER, Step, Story, bytes, place};
use crate::telling::Telling;
use crate::world::path;

/// Judges a telling that has come to rest: first as the power left it, then with the doubts
/// settled by somebody who looked at the tool. Answers how many were in doubt.
pub(crate) fn judge(story: &Story, telling: &mut Telling) -> Result<usize, String> {
    telling.disarm();
    let doubtful = each_delivery(telling)?;
    for expected in &story.expected {
        let copies = copies(telling, expected);
        let doubted = doubtful.iter().any(|delivery| is_of(delivery, expected));
        let least = if doubted { 0 } else { *expected.copies.start() };
        if copies < least || copies > *expected.copies.end() {
            return Err(format!("{copies} copies of `{}` for {}", expected.content, expected.app));
        }
    }
    explained(telling)?;
    if !doubtful.is_empty() {
        telling.take(&Step::Settle);
        telling.rest();
        each_delivery(telling)?;
    }
    unexpected(story, telling)?;
    for expected in &story.expected {
        settled(telling, expected)?;
    }
    validated(telling)?;
    if telling.lives.is_empty() {
        for expected in &story.expected {
            let copies = copies(telling, expected);
            if expected.calm_copies.is_some_and(|calm| calm != copies) {
                let Expected { content, app, .. } = expected;
                return Err(format!("{copies} copies of `{content}` for {app}, undisturbed"));
            }
        }
    }
    Ok(doubtful.len())
}

/// What is true of every delivery whatever the story; answers those in doubt.
fn each_delivery(telling: &mut Telling) -> Result<Vec<DeliveryView>, String> {
    let mut doubtful = Vec::new();
    for delivery in telling.deliveries() {
        let told =
            || format!("delivery {} of `{}` is {}", delivery.id, delivery.path, delivery.state);
        let record = record(telling, &delivery);
        let server = telling.office.world.post.delivered();
        let same = server.iter().filter(|mail| mail.mail.message_id == delivery.message_id).count();
        let announced = record
            .events
            .iter()
            .filter(|event| event.what == "queued" && event.because.starts_with("resend"))
            .count();
        if same > 1 + announced {
            return Err(format!("{}, with {same} copies, {announced} of them announced", told()));
        }
        let doubted = record.events.iter().any(|event| event.what == "in_doubt");
        // The state is older than the world: that is why a person is asked.
        let doubted = doubted || delivery.reason.as_deref() == Some("after_import");
        match delivery.state.as_str() {
            "sent" if !holds(telling, &delivery) => {
                return Err(format!("{}, and the server has nothing", told()));
            }
            "queued" | "sending" | "deferred" => return Err(format!("{} at rest", told())),
            "refused" | "held" | "cancelled" if same > 0 && !doubted => {
                return Err(format!("{}, and the server has it", told()));
            }
            "in_doubt" => doubtful.push(delivery),
            _ => {}
        }
    }
    Ok(doubtful)
}

/// `documents` and `why` have an answer for each document on the disk.
fn explained(telling: &mut Telling) -> Result<(), String> {
    let company = DUPONT.to_owned();
    let rows: Vec<DocumentView> =
        telling.look(&Ask::Documents { company: company.clone(), folder: None, state: None });
    for document in telling.office.world.disk.files(FOLDER) {
        if !rows.iter().any(|row| row.path == document) {
            return Err(format!("`documents` has no row for `{document}`"));
        }
        let why: WhyView =
            telling.look(&Ask::Why { company: company.clone(), path: path(&document) });
        if why.stories.is_empty() || why.stories.iter().any(|story| story.because.is_empty()) {
            return Err(format!("`why` has no answer for `{document}`: {why:?}"));
        }
        for story in &why.stories {
            let app = &story.app;
            let current = |row: &&DocumentView| row.path == document && row.app == *app;
            if !rows.iter().filter(current).any(|row| row.state == story.state) {
                return Err(format!("`why` and `documents` disagree on `{document}`: {why:?}"));
            }
        }
    }
    Ok(())
}

/// The expectation of one document, once nothing is in doubt any more.
fn settled(telling: &mut Telling, expected: &Expected) -> Result<(), String> {
    let copies = copies(telling, expected);
    let Expected { path, app, content, states, .. } = expected;
    if !expected.copies.contains(&copies) {
        return Err(format!("{copies} copies of `{content}` for {app} after all was settled"));
    }
    let Some(document) = path else { return Ok(()) };
    let company = DUPONT.to_owned();
    let rows: Vec<DocumentView> =
        telling.look(&Ask::Documents { company, folder: None, state: None });
    let shown = |row: &&DocumentView| row.path == *document && row.app.as_deref() == Some(app);
    let shown: Vec<&str> = rows.iter().filter(shown).map(|row| row.state.as_str()).collect();
    if !shown.iter().any(|state| states.contains(state)) {
        return Err(format!("`{document}` is {shown:?} for {app}, not {states:?}"));
    }
    Ok(())
}

/// Nothing is with a tool that the story doesn't speak of.
fn unexpected(story: &Story, telling: &Telling) -> Result<(), String> {
    for mail in telling.office.world.post.delivered() {
        let known = |expected: &&Expected| {
            bytes(&expected.content) == mail.bytes
                && is_to(mail.mail.recipient.as_str(), expected.app)
        };
        if !story.expected.iter().any(|expected| known(&expected)) {
            let to = &mail.mail.recipient;
            return Err(format!("`{}` was sent to {to}", mail.file_name()));
        }
    }
    Ok(())
}

/// What `documents` calls validated bears its mark, and nothing else does.
fn validated(telling: &mut Telling) -> Result<(), String> {
    let company = DUPONT.to_owned();
    let rows: Vec<DocumentView> =
        telling.look(&Ask::Documents { company, folder: None, state: None });
    for document in telling.office.world.disk.files(FOLDER) {
        let marked = telling.office.world.disk.mark_of(&place(&document)).is_some();
        let last = rows.iter().rfind(|row| row.path == document);
        let validated = last.is_some_and(|row| row.validated);
        if marked != validated {
            return Err(format!("`{document}`: marked is {marked}, validated {validated}"));
        }
    }
    Ok(())
}

fn record(telling: &Telling, delivery: &DeliveryView) -> Delivery {
    let id = DeliveryId(delivery.id.parse().unwrap());
    futures::executor::block_on(telling.office.ledger.delivery(id)).unwrap().unwrap()
}

fn copies(telling: &Telling, expected: &Expected) -> usize {
    let server = telling.office.world.post.delivered().into_iter();
    server
        .filter(|mail| mail.bytes == bytes(&expected.content))
        .filter(|mail| is_to(mail.mail.recipient.as_str(), expected.app))
        .count()
}

fn holds(telling: &Telling, delivery: &DeliveryView) -> bool {
    let server = telling.office.world.post.delivered();
    server.iter().any(|mail| {
        mail.mail.recipient.as_str() == delivery.recipient
            && hex::encode(Sha256::digest(&mail.bytes)) == delivery.sha256
    })
}

fn is_of(delivery: &DeliveryView, expected: &Expected) -> bool {
    let sha256 = hex::encode(Sha256::digest(bytes(&expected.content)));
    delivery.sha256 == sha256 && delivery.app == expected.app
}

fn is_to(recipient: &str, app: &str) -> bool {
    recipient.ends_with(if app == "dext" { "@dext.cc" } else { "@qbodocs.com" })
}
