//! Why a file that no app takes is none, in words that help.

use super::kind::Kind;
use crate::domain::mail::received::ReceivedFile;

/// Media types and endings that are told apart, and what is said of them.
const KNOWN: [(&[&str], &[&str], &str); 7] = [
    (
        &[
            "application/pkcs7-signature",
            "application/x-pkcs7-signature",
            "application/pgp-signature",
            "application/pgp-keys",
        ],
        &["p7s", "sig"],
        "it is a signature of the mail, or a key",
    ),
    (
        &["text/calendar", "application/ics"],
        &["ics", "ifb", "vcs"],
        "it is an appointment for a calendar",
    ),
    (&["text/vcard", "text/x-vcard", "text/directory"], &["vcf"], "it is a visiting card"),
    (
        &["message/delivery-status", "message/disposition-notification", "text/rfc822-headers"],
        &[],
        "it is what a mail server reports",
    ),
    (
        &["application/pgp-encrypted"],
        &["p7m", "pgp", "gpg", "asc"],
        "it is encrypted or signed as a whole; ask the sender to send the file itself",
    ),
    (
        &["application/vnd.ms-outlook"],
        &["msg"],
        "it is a mail saved by Outlook, which isn't opened here; ask the sender to forward it, or \
         to send its attachments",
    ),
    (
        &[],
        &["7z", "rar", "gz", "tgz", "tar", "bz2", "xz", "cab", "ace", "iso"],
        "it is an archive of a kind that isn't opened here; ask for the files themselves, or a ZIP",
    ),
];

pub(super) const MAC_NOTE: &str = "it is a Mac's note about another file";

/// Why a file with this ending (in lower case) is no document.
pub(super) fn because(file: &ReceivedFile, kind: Option<Kind>, ending: &str) -> String {
    let media_type = file.media_type.as_str();
    let of_type = KNOWN.iter().find(|(types, ..)| types.contains(&media_type));
    let of_ending = || KNOWN.iter().find(|(_, endings, _)| endings.contains(&ending));
    if let Some((.., words)) = of_type.or_else(of_ending) {
        return (*words).to_owned();
    }
    match kind {
        Some(Kind::MacNote) => MAC_NOTE.to_owned(),
        Some(Kind::OtherArchive) => KNOWN[KNOWN.len() - 1].2.to_owned(),
        Some(_) | None if ending.is_empty() => {
            "nobody can tell what it is: it has neither a known name nor a known content".to_owned()
        }
        Some(_) | None => format!("no app takes .{ending} files"),
    }
}
