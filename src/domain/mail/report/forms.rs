//! Reports in prose: Exchange, Gmail, qmail, Exim and others, told by tables.
//!
//! A row is what a server writes, in lower case. Prose proves nothing by itself: the report must
//! still name a mail of ours and its recipient.

use super::words::{addresses, message_ids, one_line, without_tags};
use super::{Report, ReportedFate, ReportedRecipient};
use crate::domain::delivery::ANSWER_CHARS_MAX;
use crate::domain::mail::received::{Headers, ReceivedMail};

/// Local parts of senders that are machines.
const MACHINES: [&str; 8] = [
    "mailer-daemon",
    "mailerdaemon",
    "postmaster",
    "mail-daemon",
    "mdaemon",
    "microsoftexchange",
    "mail delivery",
    "maildelivery",
];

/// Beginnings of subjects of reports.
const SUBJECTS: [&str; 14] = [
    "undeliver",
    "non remis",
    "delivery status notification",
    "delivery failure",
    "mail delivery failed",
    "mail delivery failure",
    "returned mail",
    "failure notice",
    "returned to sender",
    "warning: message",
    "delivery delayed",
    "échec de la remise",
    "non remis",
    "notification d'état de remise",
];

/// What prose says, and what that means. The first row that is found rules: a warning that
/// threatens with failure is a warning.
const PHRASES: [(&str, ReportedFate); 34] = [
    ("this is a warning message only", ReportedFate::Delayed),
    ("you do not need to resend", ReportedFate::Delayed),
    ("delivery attempts will continue", ReportedFate::Delayed),
    ("has been delayed", ReportedFate::Delayed),
    ("has not yet been delivered", ReportedFate::Delayed),
    ("will retry for", ReportedFate::Delayed),
    ("remise retardée", ReportedFate::Delayed),
    ("n'a pas encore été remis", ReportedFate::Delayed),
    ("this is a permanent error", ReportedFate::Failed),
    ("i've given up on this message", ReportedFate::Failed),
    ("i'm afraid i wasn't able to deliver", ReportedFate::Failed),
    ("permanent fatal errors", ReportedFate::Failed),
    ("could not be delivered", ReportedFate::Failed),
    ("couldn't be delivered", ReportedFate::Failed),
    ("was not delivered", ReportedFate::Failed),
    ("wasn't delivered", ReportedFate::Failed),
    ("has not been delivered", ReportedFate::Failed),
    ("did not reach", ReportedFate::Failed),
    ("delivery has failed", ReportedFate::Failed),
    ("failed permanently", ReportedFate::Failed),
    ("delivery to the following recipient", ReportedFate::Failed),
    ("unable to deliver your message", ReportedFate::Failed),
    ("unable to deliver message", ReportedFate::Failed),
    ("address not found", ReportedFate::Failed),
    ("message blocked", ReportedFate::Failed),
    ("message not delivered", ReportedFate::Failed),
    ("undeliverable", ReportedFate::Failed),
    ("user unknown", ReportedFate::Failed),
    ("n'a pas pu être remis", ReportedFate::Failed),
    ("échec de la remise", ReportedFate::Failed),
    ("impossible de remettre", ReportedFate::Failed),
    ("n'a pas pu être délivré", ReportedFate::Failed),
    ("successfully delivered", ReportedFate::Delivered),
    ("was relayed", ReportedFate::Relayed),
];

/// Lines behind which the mail itself is given back.
const COPY_MARKS: [&str; 9] = [
    "below this line is a copy of the message",
    "this is a copy of the message",
    "original message headers",
    "----- original message",
    "-----original message",
    "original message follows",
    "en-têtes de message d'origine",
    "--- returned message",
    "message headers follow",
];

/// Whether its headers look like those of a machine that reports.
pub(super) fn is_of_a_machine(headers: &Headers) -> bool {
    let lower = |name| headers.first(name).unwrap_or_default().to_lowercase();
    let from = lower("From");
    let subject = lower("Subject");
    headers.first("X-Failed-Recipients").is_some()
        || lower("Return-Path") == "<>"
        || MACHINES.iter().any(|name| from.contains(name))
        || SUBJECTS.iter().any(|beginning| subject.starts_with(beginning))
}

/// The report of a mail in prose.
pub(super) fn read(mail: &ReceivedMail) -> Option<Report> {
    if !is_of_a_machine(&mail.headers) {
        return None;
    }
    let text = prose(mail);
    let folded = text.to_lowercase().replace('’', "'");
    let words = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    let (said, copy) = divided(&text);
    let fate = fate(&mail.headers, &words)?;
    let named = recipients(&mail.headers, said);
    let recipients = named.into_iter().map(|address| ReportedRecipient {
        because: because(said, &address),
        addresses: vec![address],
        fate,
    });
    let recipients: Vec<_> = recipients.collect();
    if recipients.is_empty() {
        return None;
    }
    Some(Report {
        envelope_id: None,
        reporter: mail.headers.first("From").map(|from| one_line(from, ANSWER_CHARS_MAX)),
        returned_id: returned_id(mail, copy),
        delivered_to: Vec::new(),
        references: Vec::new(),
        recipients,
    })
}

/// What its parts say to people; pages only where there is no plain text.
fn prose(mail: &ReceivedMail) -> String {
    let of = |kind: &str| -> Vec<&str> {
        let parts = mail.parts.iter().filter(|part| part.media_type == kind);
        parts.map(|part| part.text.as_str()).collect()
    };
    let plain = of("text/plain");
    if plain.iter().any(|text| !text.trim().is_empty()) {
        plain.join("\n")
    } else {
        without_tags(&of("text/html").join("\n"))
    }
}

fn fate(headers: &Headers, words: &str) -> Option<ReportedFate> {
    let subject = headers.first("Subject").unwrap_or_default().to_lowercase();
    if subject.contains("(delay)") || subject.contains("delayed") {
        return Some(ReportedFate::Delayed);
    }
    let said = PHRASES.iter().find(|(phrase, _)| words.contains(phrase));
    let failed = headers.first("X-Failed-Recipients").map(|_| ReportedFate::Failed);
    said.map(|(_, fate)| *fate).or(failed)
}

fn recipients(headers: &Headers, said: &str) -> Vec<String> {
    let listed: Vec<String> = headers.all("X-Failed-Recipients").flat_map(addresses).collect();
    if listed.is_empty() { addresses(said) } else { listed }
}

/// What a server says before the copy of the mail, and the copy.
fn divided(text: &str) -> (&str, &str) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let folded = line.to_lowercase();
        if COPY_MARKS.iter().any(|mark| folded.contains(mark)) {
            return text.split_at(at);
        }
        at += line.len();
    }
    (text, "")
}

/// The words behind the address they are about.
fn because(said: &str, address: &str) -> String {
    let behind = said.split_once(address).map_or(said, |(_, behind)| behind);
    one_line(behind.trim_start_matches(['>', ':', ')', '.', ',', ' ']), ANSWER_CHARS_MAX)
}

/// The Message-ID of the copy: a part of its own, or lines at the end of the text.
fn returned_id(mail: &ReceivedMail, copy: &str) -> Option<String> {
    let attached = mail.parts.iter().filter(|part| {
        ["message/rfc822", "text/rfc822-headers"].contains(&part.media_type.as_str())
    });
    let attached = attached.map(|part| part.text.as_str());
    let mut ids = attached.chain([copy]).filter_map(|text| {
        let field = |line: &&str| line.trim().to_lowercase().starts_with("message-id:");
        let mut lines = text.lines().map(|line| line.trim_start_matches(['>', ' ', '|']));
        let found = lines.by_ref().find(field)?;
        // Folded behind the colon, as long ones are.
        let next = lines.next().unwrap_or_default();
        message_ids(found).into_iter().chain(message_ids(next)).next()
    });
    ids.next()
}
