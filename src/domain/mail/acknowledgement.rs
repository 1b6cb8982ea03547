//! Whom an acknowledgement may be sent to, so that no two machines ever answer each other
//! (RFC 3834).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::received::Headers;
use super::senders::{author, sole_address};
use crate::domain::Timestamp;
use crate::domain::template::Address;

/// Acknowledgements to one address within [`DAY`]. Where two machines understand nothing of each
/// other, it ends there.
pub const A_DAY_MAX: usize = 10;

/// See [`A_DAY_MAX`].
pub const DAY: TimeDelta = TimeDelta::days(1);

/// Characters of a Message-ID that is answered.
const MESSAGE_ID_CHARS_MAX: usize = 250;

/// An acknowledgement of one mail: sent once at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who sent the mail.
    pub to: Address,
    /// The mail's Message-ID.
    pub message_id: String,
    /// When it was meant to be sent: it may have been, and is never sent again. None: the files
    /// aren't in their places yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meant_at: Option<Timestamp>,
}

impl Acknowledgement {
    /// The answer that a mail may get, by its headers as they were written. Err, in words: none.
    pub fn of(headers: &Headers) -> Result<Self, &'static str> {
        let author = author(headers)?;
        if is_automatic(headers) {
            return Err("it says that no person wrote it");
        }
        if is_a_machines(&author) {
            return Err("its sender's name is one of machines");
        }
        // RFC 3834 §4: answers go where mail servers would send theirs, and `<>` wants none. An
        // address there that isn't the author's is a list's, a forwarder's or a sending machine's.
        let path = headers.first("Return-Path").map(sole_address);
        match path {
            Some(Ok(path)) if path.as_str().eq_ignore_ascii_case(author.as_str()) => {}
            Some(_) => return Err("its envelope has another sender, or none"),
            None => return Err("no server says who its envelope's sender was"),
        }
        match headers.first("Message-ID").filter(|id| is_message_id(id)) {
            Some(id) => Ok(Self { to: author, message_id: id.to_owned(), meant_at: None }),
            None => Err("it has no Message-ID"),
        }
    }
}

/// Whether a field says that a machine or a list sent it (RFC 3834 §2 and §5, RFC 2919, and what
/// others use for it).
fn is_automatic(headers: &Headers) -> bool {
    headers.0.iter().any(|(name, value)| {
        let value = value.trim().to_ascii_lowercase();
        // `no; a-parameter=…`
        let word = value.split([';', ' ', '\t']).next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "auto-submitted" => word != "no",
            "precedence" | "x-precedence" => ["bulk", "list", "junk", "auto_reply"].contains(&word),
            "x-auto-response-suppress" => word != "none",
            "content-type" => word == "multipart/report",
            "x-loop"
            | "x-autoreply"
            | "x-autorespond"
            | "x-autoresponder"
            | "x-failed-recipients" => true,
            name => name.starts_with("list-"),
        }
    })
}

/// Names that no person reads (RFC 2142, RFC 3834 §2, and what firms call them).
fn is_a_machines(author: &Address) -> bool {
    let local = author.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    let local = local.split('+').next().unwrap_or_default().to_ascii_lowercase();
    let letters: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    let parts =
        ["mailerdaemon", "noreply", "donotreply", "nepasrepondre", "neparepondre", "noresponse"];
    let whole = [
        "postmaster",
        "daemon",
        "nobody",
        "root",
        "bounce",
        "bounces",
        "listserv",
        "majordomo",
        "mailman",
    ];
    parts.iter().any(|part| letters.contains(part))
        || whole.contains(&letters.as_str())
        || local.starts_with("owner-")
        || ["-request", "-owner", "-bounces"].iter().any(|end| local.ends_with(end))
}

/// `<left@right>`, safe in a header of ours.
fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"()\\".contains(&byte);
        inner.contains('@') && inner.bytes().all(plain) && inner.len() <= MESSAGE_ID_CHARS_MAX
    })
}

/// Whether an address got enough within a day, of those that were meant for anybody.
pub fn is_one_too_many<'a>(
    to: &Address,
    meant: impl IntoIterator<Item = &'a Acknowledgement>,
    now: Timestamp,
) -> bool {
    let same = meant.into_iter().filter(|other| {
        let lately = other.meant_at.is_some_and(|at| now - at < DAY);
        lately && other.to.as_str().eq_ignore_ascii_case(to.as_str())
    });
    same.take(A_DAY_MAX).count() == A_DAY_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mail that a person wrote.
    const PERSONS: &str = "Return-Path: <anne@client.example>\nFrom: Anne <Anne@client.example>\n\
        Message-ID: <1.a@client.example>\nSubject: Facture\nAuto-Submitted: no\n";

    fn of(text: &str) -> Result<String, &'static str> {
        Acknowledgement::of(&Headers::read(text))
            .map(|found| format!("{} {}", found.to, found.message_id))
    }

    #[test]
    fn a_person_is_answered() {
        assert_eq!(of(PERSONS).unwrap(), "Anne@client.example <1.a@client.example>");
        for more in
            ["X-Auto-Response-Suppress: None", "Precedence: normal", "Auto-Submitted: No (x)"]
        {
            assert!(of(&format!("{PERSONS}{more}\n")).is_ok(), "{more}");
        }
    }

    #[test]
    fn machines_and_lists_never_are() {
        for more in [
            "Auto-Submitted: auto-generated",
            "auto-submitted: Auto-Replied; x=no",
            "Auto-Submitted: auto-notified",
            "Auto-Submitted:",
            "Auto-Submitted: no-way",
            "Precedence: bulk",
            "Precedence: List",
            "precedence: junk",
            "Precedence: auto_reply",
            "List-Id: <news.client.example>",
            "List-Unsubscribe: <mailto:x@client.example>",
            "list-post: NO",
            "X-Auto-Response-Suppress: All",
            "X-Auto-Response-Suppress: DR, OOF, AutoReply",
            "X-Loop: anne@client.example",
            "X-Autoreply: yes",
            "X-Failed-Recipients: a@b.example",
            "Content-Type: multipart/report; report-type=delivery-status",
        ] {
            assert!(of(&format!("{PERSONS}{more}\n")).is_err(), "{more}");
        }
        for name in [
            "MAILER-DAEMON",
            "postmaster",
            "noreply",
            "no-reply",
            "No_Reply",
            "do-not-reply",
            "donotreply+x",
            "ne-pas-repondre",
            "noreply-factures",
            "factures.noreply",
            "bounces",
            "owner-liste",
            "liste-request",
            "liste-bounces",
            "root",
            "nobody",
            "postmaster+a",
        ] {
            let text =
                PERSONS.replace("anne@", &format!("{name}@")).replace("Anne@", &format!("{name}@"));
            assert!(of(&text).is_err(), "{name}");
        }
    }

    #[test]
    fn who_cannot_be_known_is_not_answered() {
        let path = "Return-Path: <anne@client.example>\n";
        for (text, because) in [
            (PERSONS.replace(path, "Return-Path: <>\n"), "an empty one"),
            (PERSONS.replace(path, ""), "none"),
            (PERSONS.replace(path, "Return-Path: <bounce+1@client.example>\n"), "another one"),
            (PERSONS.replace(path, "Return-Path: <eve@evil.example>\n"), "a stranger's"),
            (format!("Return-Path: <>\n{PERSONS}"), "the topmost is the server's"),
            (PERSONS.replace("From: Anne", "From: x@y.example, Anne"), "two authors"),
            (PERSONS.replace("From:", "X-From:"), "no author"),
            (PERSONS.replace("<1.a@client.example>", "1.a@client.example"), "no Message-ID"),
            (PERSONS.replace("Message-ID:", "X-ID:"), "no Message-ID"),
            (PERSONS.replace("<1.a@", "<1 a@"), "no Message-ID"),
        ] {
            assert!(of(&text).is_err(), "{because}");
        }
    }

    #[test]
    fn one_address_gets_only_so_many_a_day() {
        let now = Timestamp::from_timestamp(1_790_000_000, 0).unwrap();
        let to = Address::parse("anne@client.example").unwrap();
        let meant = |hours_ago: i64, to: &str| Acknowledgement {
            to: Address::parse(to).unwrap(),
            message_id: "<a@b>".to_owned(),
            meant_at: Some(now - TimeDelta::hours(hours_ago)),
        };
        let mut some = vec![meant(1, "Anne@Client.example"); A_DAY_MAX - 1];
        some.extend(vec![meant(24, "anne@client.example"); 20]);
        some.extend(vec![meant(1, "bernard@client.example"); 20]);
        some.push(Acknowledgement { meant_at: None, ..meant(1, "anne@client.example") });
        assert!(!is_one_too_many(&to, &some, now));
        some.push(meant(23, "anne@client.example"));
        assert!(is_one_too_many(&to, &some, now));
    }
}
