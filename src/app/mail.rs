//! The mail of a delivery: what the tool sees of the firm.

use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::deposit::Deposit;
use crate::domain::names;
use crate::domain::path::spell;
use crate::domain::template::Address;
use crate::ports::transport::{Attachment, Mail};

/// The longest subject in characters; longer document names are cut in it.
const SUBJECT_CHARS_MAX: usize = 120;

/// Who sends what to whom.
pub(super) struct Envelope<'a> {
    pub(super) sender: &'a Address,
    /// Where mail servers answer to.
    pub(super) return_path: Address,
    pub(super) recipient: &'a Address,
    /// Who gets a copy that proves it.
    pub(super) witness: Option<Address>,
    pub(super) message_id: &'a str,
    /// The ENVID (RFC 3461 §4.4).
    pub(super) envid: String,
}

/// One document, one attachment; nothing names the robot, the path or another company (R15).
pub(super) fn of_document(
    config: &Config,
    company_name: &str,
    envelope: Envelope<'_>,
    deposit: &Deposit,
    now: Timestamp,
) -> Mail {
    let file_name = file_name(deposit.path.name());
    let (document, company) = (one_line(&file_name), one_line(company_name));
    let text = format!("{}\n\nDocument : {document}\nSociété : {company}\n", config.firm.bot_name);
    Mail {
        message_id: envelope.message_id.to_owned(),
        date: now,
        sender: envelope.sender.clone(),
        return_path: Some(envelope.return_path),
        sender_name: config.firm.bot_name.clone(),
        recipient: envelope.recipient.clone(),
        witness: envelope.witness,
        in_reply_to: None,
        subject: subject(&file_name),
        text,
        envelope_id: envelope.envid,
        attachment: Some(Attachment {
            file_name,
            media_type: names::media_type(deposit.path.name()).to_owned(),
            size: deposit.content.map_or(deposit.size, |content| content.size),
        }),
    }
}

/// One harmless mail without a document.
pub(super) fn of_test(
    config: &Config,
    company_name: &str,
    sender: Address,
    recipient: Address,
    token: &str,
    now: Timestamp,
) -> Mail {
    Mail {
        message_id: format!("<test.{token}@{}>", config.firm.domain),
        date: now,
        return_path: Some(sender.clone()),
        sender,
        sender_name: config.firm.bot_name.clone(),
        recipient,
        witness: None,
        in_reply_to: None,
        subject: format!("Test — {company_name}"),
        text: format!(
            "{}\n\nCeci est un message d'essai pour {company_name}. Il ne contient aucun document.\n",
            config.firm.bot_name
        ),
        envelope_id: format!("test-{token}"),
        attachment: None,
    }
}

fn subject(file_name: &str) -> String {
    if file_name.chars().count() <= SUBJECT_CHARS_MAX {
        return file_name.to_owned();
    }
    let kept: String = file_name.chars().take(SUBJECT_CHARS_MAX - 1).collect();
    format!("{kept}…")
}

/// A name as part of a text: no name begins a line of its own there.
fn one_line(name: &str) -> String {
    name.replace(|letter: char| letter.is_control(), " ")
}

/// A document's name for its reader: a name that is UTF-8 as it is, else as the interface
/// spells it.
fn file_name(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(text) => text.to_owned(),
        Err(_) => spell(name),
    }
}
