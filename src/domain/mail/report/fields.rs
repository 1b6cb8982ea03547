//! RFC 3464: `message/delivery-status`, and the ways in which servers write it otherwise.

use super::words::{message_ids, one_line, typed_address, xtext};
use super::{Report, ReportedFate, ReportedRecipient};
use crate::domain::delivery::ANSWER_CHARS_MAX;
use crate::domain::mail::received::{Headers, Part, ReceivedMail};

/// Names of the part that says what became of the mail (RFC 6533 has the second).
const STATUS_TYPES: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];

/// Names of the part that gives the mail or its headers back.
const RETURNED_TYPES: [&str; 4] =
    ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"];

/// Fields that a recipient's block begins with or holds.
const RECIPIENT_FIELDS: [&str; 3] = ["Final-Recipient", "Original-Recipient", "Action"];

/// The report of a mail with such a part.
pub(super) fn read(mail: &ReceivedMail) -> Option<Report> {
    let status = mail.parts.iter().find(|part| STATUS_TYPES.contains(&part.media_type.as_str()))?;
    let blocks = blocks(&status.text);
    let of_message = |name: &str| blocks.iter().find_map(|block| block.first(name));
    let report = Report {
        envelope_id: of_message("Original-Envelope-Id").map(xtext),
        reporter: of_message("Reporting-MTA").map(|name| typed(name).to_owned()),
        returned_id: returned_id(&mail.parts),
        delivered_to: Vec::new(),
        references: Vec::new(),
        recipients: blocks.iter().filter_map(recipient).collect(),
    };
    if report.recipients.is_empty() { None } else { Some(report) }
}

/// The Message-ID of what was given back.
fn returned_id(parts: &[Part]) -> Option<String> {
    let returned = parts.iter().filter(|part| RETURNED_TYPES.contains(&part.media_type.as_str()));
    let mut ids = returned.filter_map(|part| {
        let headers = Headers::read(&part.text);
        message_ids(headers.first("Message-ID")?).into_iter().next()
    });
    ids.next()
}

/// Blocks of fields, apart by empty lines.
fn blocks(text: &str) -> Vec<Headers> {
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            blocks.push(String::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push_str(line);
            block.push('\n');
        }
    }
    let read = blocks.iter().map(|block| Headers::read(block));
    read.filter(|block| !block.0.is_empty()).collect()
}

/// What a block says of a recipient. Some servers write message and recipient as one block.
fn recipient(block: &Headers) -> Option<ReportedRecipient> {
    if !RECIPIENT_FIELDS.iter().any(|name| block.first(name).is_some()) {
        return None;
    }
    let status = block.first("Status").unwrap_or_default();
    let fate = match block.first("Action") {
        Some(action) => action_of(action)?,
        None => status_of(status)?,
    };
    let diagnostic = block.first("Diagnostic-Code").map(typed).unwrap_or_default();
    let because = if diagnostic.is_empty() { status } else { diagnostic };
    let named = ["Original-Recipient", "Final-Recipient"];
    let addresses = named.iter().filter_map(|name| block.first(name)).flat_map(typed_address);
    Some(ReportedRecipient {
        addresses: addresses.collect(),
        fate,
        because: one_line(because, ANSWER_CHARS_MAX),
    })
}

/// What stands behind the type: `dns; mx.tool.example`, `smtp; 550 5.1.1 …`.
fn typed(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.contains(char::is_whitespace) => rest.trim(),
        Some(_) | None => value.trim(),
    }
}

fn action_of(text: &str) -> Option<ReportedFate> {
    let word: String = text.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" => Some(ReportedFate::Failed),
        "delayed" => Some(ReportedFate::Delayed),
        "delivered" => Some(ReportedFate::Delivered),
        "relayed" | "expanded" => Some(ReportedFate::Relayed),
        _ => None,
    }
}

/// RFC 3463 §3.1, for servers that leave Action out.
fn status_of(status: &str) -> Option<ReportedFate> {
    match status.trim().chars().next() {
        Some('5') => Some(ReportedFate::Failed),
        Some('4') => Some(ReportedFate::Delayed),
        Some('2') => Some(ReportedFate::Delivered),
        Some(_) | None => None,
    }
}
