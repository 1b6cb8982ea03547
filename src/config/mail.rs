//! `[mail]`: how mail leaves.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::addresses::address;
use super::complaint::Mistake;
use super::model::{MailConfig, Security, SmtpConfig, TransportConfig};
use super::places::{Ground, check_folder};
use super::secret;
use super::section::Section;
use super::sheet::Typed;
use crate::domain::limits::Retry;

const CONNECTIONS_DEFAULT: u32 = 4;
const CONNECTIONS_MAX: u32 = 64;
const RETRY_RANGE: RangeInclusive<TimeDelta> = TimeDelta::seconds(1)..=TimeDelta::days(60);

/// Bytes of a file of certificates.
const CA_FILE_BYTES_MAX: u64 = 4_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Outbox,
    Smtp,
}

/// Reads `[mail]`. The keys of the way that isn't chosen may stay in the file; only their types
/// are checked.
pub(super) fn mail(section: Section<'_>, ground: &Ground<'_>) -> MailConfig {
    let way = section.choice("transport", &[("outbox", Way::Outbox), ("smtp", Way::Smtp)]);
    let way = way.unwrap_or(Way::Outbox);
    let outbox = ground.path(&section, "outbox", "outbox");
    if way == Way::Smtp {
        section.require("host", "name the firm's mail server: host = \"smtp.cabinet.example\"");
    }
    let connections = section.number("connections", 1..=CONNECTIONS_MAX);
    let server = SmtpConfig {
        connections: connections.unwrap_or(CONNECTIONS_DEFAULT) as usize,
        ..server(&section, ground, way == Way::Smtp)
    };
    let redirect_to = section.parsed("redirect_to", address);
    if let Some(redirect) = &redirect_to {
        let problem = format!(
            "a rehearsal: every mail goes to {} instead, and nothing is marked",
            redirect.value
        );
        section
            .sheet
            .warn(&redirect.place, Mistake::new(problem, "leave the key out to send in earnest"));
    }
    let witness = section.parsed("witness", address);
    let proof_within =
        section.duration("proof_within", &(TimeDelta::minutes(1)..=TimeDelta::days(5)));
    let retry = retry(section.section("retry"));
    if way == Way::Outbox && ground.environment.checks_machine() {
        check_folder(section.sheet, &outbox);
    }
    section.close();
    MailConfig {
        transport: match way {
            Way::Outbox => TransportConfig::Outbox(outbox.value),
            Way::Smtp => TransportConfig::Smtp(server),
        },
        redirect_to: redirect_to.map(|typed| typed.value),
        retry,
        witness: witness.map(|typed| typed.value),
        proof_within: proof_within.unwrap_or(TimeDelta::hours(1)),
    }
}

/// Reads the keys of a mail server, for one connection at once; unless `chosen`, only their types
/// are checked.
pub(super) fn server(section: &Section<'_>, ground: &Ground<'_>, chosen: bool) -> SmtpConfig {
    let host = section.parsed("host", host).map_or_else(String::new, |typed| typed.value);
    let security = section.choice(
        "security",
        &[("starttls", Security::StartTls), ("tls", Security::Tls), ("none", Security::None)],
    );
    let security = security.unwrap_or(Security::StartTls);
    if security == Security::None && chosen && !host.is_empty() && !is_loopback(&host) {
        let problem =
            format!("documents would go to `{host}` in clear: \"none\" is for this machine alone");
        let mistake = Mistake::new(problem, "write \"starttls\" (port 587) or \"tls\" (port 465)");
        section.sheet.complain(&section.place_of("security"), mistake);
    }
    let port = section.number("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let ca_file = section.parsed("ca_file", |text| ground.absolute(text));
    let ca_file = ca_file.map(|typed| check_certificates(section, &typed, ground, chosen));
    SmtpConfig {
        host,
        port: port.unwrap_or(default_port(security)),
        security,
        ca_file,
        login: secret::login(section, ground, chosen),
        connections: 1,
    }
}

fn default_port(security: Security) -> u16 {
    match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::None => 25,
    }
}

pub(super) fn host(text: &str) -> Result<String, Mistake> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_name = text.len() <= 253 && text.trim_end_matches('.').split('.').all(label);
    if bare.parse::<IpAddr>().is_ok() || is_name {
        return Ok(bare.to_owned());
    }
    // The text isn't repeated: an address of the kind `smtp://user:password@host` holds a secret.
    Err(Mistake::new(
        "this is no name of a machine",
        "write the name alone, such as \"smtp.cabinet.example\": no `smtp://`, no port, no user",
    ))
}

pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

pub(super) fn check_certificates(
    section: &Section<'_>,
    file: &Typed<PathBuf>,
    ground: &Ground<'_>,
    chosen: bool,
) -> PathBuf {
    if chosen
        && ground.environment.checks_machine()
        && let Err(problem) = certificates(&file.value)
    {
        let remedy = "name a file with the certificate that signs the server's, in PEM form (-----BEGIN CERTIFICATE-----)";
        section.sheet.complain(&file.place, Mistake::new(problem, remedy));
    }
    file.value.clone()
}

fn certificates(file: &Path) -> Result<(), String> {
    let shown = file.display();
    let bytes = super::read_limited(file, CA_FILE_BYTES_MAX)
        .map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let mut found = 0_u32;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        certificate.map_err(|error| format!("`{shown}` holds a broken certificate: {error}"))?;
        found += 1;
    }
    if found == 0 { Err(format!("`{shown}` holds no certificate")) } else { Ok(()) }
}

fn retry(section: Section<'_>) -> Retry {
    let first = section.duration("first", &RETRY_RANGE).unwrap_or(TimeDelta::minutes(1));
    let longest = section.duration("longest", &RETRY_RANGE).unwrap_or(TimeDelta::hours(4));
    let expire = section.duration("expire", &RETRY_RANGE).unwrap_or(TimeDelta::days(5));
    let order: [(&str, bool, &str); 2] = [
        ("first", first > longest, "`first` is longer than `longest`"),
        ("longest", longest > expire, "`longest` is longer than `expire`"),
    ];
    for (key, wrong, problem) in order {
        if wrong {
            let place = section.place_of(key);
            let remedy = "keep first <= longest <= expire (defaults: 1m, 4h, 5d)";
            section.sheet.complain(&place, Mistake::new(problem, remedy));
        }
    }
    section.close();
    Retry { first, longest, expire }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["127.evil.example", "localhost.example", "10.0.0.1", "::2", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_a_number() {
        for text in ["smtp.cabinet.example", "127.0.0.1", "::1", "[::1]", "mail", "my_host"] {
            assert!(host(text).is_ok(), "{text}");
        }
        for text in ["", "smtp://a", "a:25", "user:pass@host", "a b", "-a", "a..b", "é.fr"] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
