//! The mail of a delivery: what the tool sees of the firm.

use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::deposit::Deposit;
use crate::domain::mail::acknowledgement::Acknowledgement;
use crate::domain::mail::mailbox::{Filing, MailRecord};
use crate::domain::mail::received::LeftOut;
use crate::domain::names;
use crate::domain::path::spell;
use crate::domain::template::Address;
use crate::ports::transport::{Attachment, Mail};

/// The longest subject in characters; longer document names are cut in it.
const SUBJECT_CHARS_MAX: usize = 120;

/// Files named in an acknowledgement under one title; the rest is counted.
const NAMED_MAX: usize = 30;

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
        subject: shortened(&file_name),
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

/// What the sender of a mail is told of it. Nobody answers it, no server and no robot: its envelope
/// has no sender, and it says what it is (RFC 3834).
pub(super) fn of_acknowledgement(
    config: &Config,
    company_name: &str,
    sender: Address,
    mail: &MailRecord,
    filing: &Filing,
    answer: &Acknowledgement,
) -> Mail {
    let date = answer.meant_at.unwrap_or(mail.at);
    let day = mail.at.with_timezone(&config.firm.time_zone).format("%d/%m/%Y");
    let company = one_line(company_name);
    let mut text = format!(
        "{}\n\nVotre message du {day} pour {company} est bien arrivé.\n",
        config.firm.bot_name
    );
    let filed = filing.files.iter().map(|file| one_line(&file_name(file.path.name())));
    list(&mut text, "Documents enregistrés", filed);
    let left_out = filing.left_out.iter().filter_map(|file| {
        let reason = reason(file)?;
        Some(format!("{} : {reason}", one_line(&file.name)))
    });
    list(&mut text, "Pièces non reprises", left_out);
    text.push_str("\nCeci est un accusé de réception : il n'appelle pas de réponse.\n");
    Mail {
        message_id: format!("<recu.{}.{}@{}>", mail.number, date.timestamp(), config.firm.domain),
        date,
        sender,
        return_path: None,
        sender_name: config.firm.bot_name.clone(),
        recipient: config.mail.redirect_to.clone().unwrap_or_else(|| answer.to.clone()),
        witness: None,
        in_reply_to: Some(answer.message_id.clone()),
        subject: shortened(&format!("Bien reçu — {company}")),
        text,
        envelope_id: format!("recu-{}", mail.number),
        attachment: None,
    }
}

/// Names one on a line; the rest is counted.
fn list(text: &mut String, title: &str, names: impl Iterator<Item = String>) {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return;
    }
    let mut lines = vec![format!("\n{title} :")];
    lines.extend(names.iter().take(NAMED_MAX).map(|name| format!("- {}", shortened(name))));
    if names.len() > NAMED_MAX {
        lines.push(format!("- et {} de plus", names.len() - NAMED_MAX));
    }
    text.push_str(&lines.join("\n"));
    text.push('\n');
}

/// Why a file was left out, for who sent it. None: it is no document to anybody, such as a logo.
fn reason(file: &LeftOut) -> Option<&'static str> {
    let because = file.because.as_str();
    let says = |words: &[&str]| words.iter().any(|word| because.contains(word));
    if says(&["small", "logo", "signature of", "appointment", "visiting card", "Mac's note"]) {
        None
    } else if says(&["password", "encrypted", "signed as a whole"]) {
        Some("protégée ou chiffrée")
    } else if says(&["damaged", "is empty"]) {
        Some("endommagée ou vide")
    } else if says(&["no app takes", "isn't opened", "can't be opened", "nobody can tell"]) {
        Some("type de fichier non accepté")
    } else if says(&["more bytes", "files, more than", "deeper than", "may have"]) {
        Some("trop volumineuse ou trop imbriquée")
    } else {
        Some("illisible")
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= SUBJECT_CHARS_MAX {
        return name.to_owned();
    }
    let kept: String = name.chars().take(SUBJECT_CHARS_MAX - 1).collect();
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
