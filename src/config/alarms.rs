//! `[alarms]`: whom to tell that something needs a person, and by which server.

use super::addresses::address;
use super::complaint::Mistake;
use super::mail;
use super::model::{AlarmsConfig, MailConfig, SmtpConfig, TransportConfig};
use super::places::Ground;
use super::section::Section;
use crate::domain::template::Address;

/// Keys that mean nothing without `host`.
const SERVER_KEYS: [&str; 8] = [
    "port",
    "security",
    "ca_file",
    "username",
    "password_file",
    "password_env",
    "password_credential",
    "oauth",
];

/// The local part of the sender where nothing better is known.
const SENDER: &str = "robot";

/// Reads `[alarms]`.
pub(super) fn alarms(
    section: Section<'_>,
    ground: &Ground<'_>,
    domain: &str,
    mail: &MailConfig,
) -> AlarmsConfig {
    let recipients = section.list("to", address).unwrap_or_default();
    let from = section.parsed("from", address).map(|typed| typed.value);
    let silent_companies = section.flag("silent_companies").unwrap_or(false);
    let own = section.has("host");
    let server = mail::server(&section, ground, own);
    let stray = SERVER_KEYS.into_iter().find(|key| section.has(key));
    if let Some(key) = stray.filter(|_| !own) {
        let remedy = "name the second mail server in `host`, or leave the key out: then alarms go by the server of [mail]";
        let mistake = Mistake::new(format!("`{key}` is there and no `host`"), remedy);
        section.sheet.missing(&section.place_of(key), mistake);
    }
    section.close();
    let server = own.then_some(server);
    let sender = from.or_else(|| login_of(server.as_ref(), mail));
    AlarmsConfig {
        recipients,
        sender: sender.unwrap_or_else(|| robot_of(domain)),
        server,
        silent_companies,
    }
}

/// Who logs in may send as itself, where its name is an address.
fn login_of(own: Option<&SmtpConfig>, mail: &MailConfig) -> Option<Address> {
    let server = match (own, &mail.transport) {
        (Some(own), _) => own,
        (None, TransportConfig::Smtp(smtp)) => smtp,
        (None, TransportConfig::Outbox(_)) => return None,
    };
    Address::parse(&server.login.as_ref()?.user).ok()
}

fn robot_of(domain: &str) -> Address {
    // A domain that was complained about is none that mail is sent from.
    Address::parse(&format!("{SENDER}@{domain}"))
        .or_else(|_| Address::parse("robot@firm.example"))
        .expect("a sample address is well-formed")
}
