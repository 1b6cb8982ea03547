//! What a part is, where that decides whether it can be opened.

use super::entity::Entity;
use super::headers::headers;

/// The mail's text, in the ways programs write it side by side.
const TEXT_TYPES: [&str; 6] = [
    "text/plain",
    "text/html",
    "text/enriched",
    "text/richtext",
    "text/x-amp-html",
    "text/watch-html",
];

const ARCHIVE_TYPES: [&str; 4] =
    ["application/zip", "application/x-zip-compressed", "application/x-zip", "multipart/x-zip"];

/// Endings behind which an archive is opened; other formats that are archives inside are left
/// whole.
const ARCHIVE_ENDINGS: [&str; 8] = ["zip", "pdf", "jpg", "jpeg", "png", "dat", "bin", "tmp"];

/// First entries of office documents, which are archives too.
const OFFICE_ENTRIES: [&[u8]; 6] =
    [b"[Content_Types].xml", b"_rels/", b"mimetype", b"docProps/", b"word/", b"xl/"];

/// Fields of which every mail has one.
const MAIL_FIELDS: [&str; 5] = ["From", "Date", "Received", "Message-ID", "MIME-Version"];

/// Whether an entity is the text of its mail, and no file.
pub(super) fn is_text(entity: &Entity<'_>, in_alternative: bool) -> bool {
    let bare = entity.name.is_none() && !entity.is_attachment;
    TEXT_TYPES.contains(&entity.media_type.as_str())
        && (bare || in_alternative && !entity.is_attachment)
}

/// Why nobody here can open an entity of this type, in words.
pub(super) fn sealed(entity: &Entity<'_>, in_encrypted: bool) -> Option<&'static str> {
    let smime = entity.smime_type.as_deref();
    match entity.media_type.as_str() {
        "application/pgp-encrypted" => Some(PGP),
        _ if in_encrypted => Some(PGP),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some(match smime {
            Some("signed-data") => {
                "it is signed as a whole (S/MIME) and can't be opened; ask the sender to sign it \
                 in the clear, or not at all"
            }
            Some("certs-only") => "it holds nothing but certificates",
            Some("enveloped-data" | "authenveloped-data") => {
                "it is encrypted (S/MIME); ask the sender to send it without encryption"
            }
            Some(_) | None => {
                "it is encrypted, or signed as a whole (S/MIME); ask the sender to send the file \
                 itself"
            }
        }),
        "message/partial" => Some(
            "it is a piece of a mail that was sent in several; ask the sender to send it in one",
        ),
        "message/external-body" => Some("it is not in the mail, which only says where it lies"),
        kind if kind.starts_with("multipart/") => {
            Some("its parts cannot be told apart: the mail is damaged")
        }
        _ => None,
    }
}

pub(super) const PGP: &str =
    "it is encrypted (OpenPGP); ask the sender to send it without encryption";

/// What Outlook wraps its attachments in, and nobody else.
pub(super) const TNEF: &str = "it is in a format of Outlook's own that can't be \
     opened; ask the sender to send the mail as HTML or plain text instead of Rich Text";

pub(super) fn is_tnef(name: Option<&str>, media_type: &str, bytes: &[u8]) -> bool {
    let named = name.is_some_and(|name| {
        name.eq_ignore_ascii_case("winmail.dat") || name.eq_ignore_ascii_case("win.dat")
    });
    // MS-OXTNEF §2.1.3.1: the signature, little-endian.
    named
        || bytes.starts_with(&[0x78, 0x9f, 0x3e, 0x22])
        || matches!(media_type, "application/ms-tnef" | "application/vnd.ms-tnef")
}

/// Whether a file is a mail that was attached as such.
pub(super) fn is_mail(name: Option<&str>, media_type: &str, bytes: &[u8]) -> bool {
    if matches!(media_type, "message/rfc822" | "message/global") {
        return true;
    }
    let named = name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".eml"));
    named && {
        let headers = headers(bytes);
        MAIL_FIELDS.iter().any(|field| headers.first(field).is_some())
    }
}

/// Whether a file is an archive whose files were meant, and no office document.
pub(super) fn is_archive(name: Option<&str>, media_type: &str, bytes: &[u8]) -> bool {
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let is_meant = match ending {
        Some(ending) => ARCHIVE_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)),
        None => true,
    };
    let is_typed = ARCHIVE_TYPES.contains(&media_type);
    super::archive::is_archive(bytes) && (is_meant || is_typed) && !is_office(bytes)
}

/// By the name of the first entry (APPNOTE 4.3.7: it stands 30 bytes behind the beginning).
fn is_office(bytes: &[u8]) -> bool {
    let name = bytes.get(30..).unwrap_or_default();
    OFFICE_ENTRIES.iter().any(|entry| name.starts_with(entry))
}

/// Whether a file that its mail may have cut off lacks the end that its kind must have.
pub(super) fn ends_early(bytes: &[u8]) -> bool {
    let last = bytes.get(bytes.len().saturating_sub(1_024)..).unwrap_or_default();
    let has = |mark: &[u8]| last.windows(mark.len()).any(|window| window == mark);
    if bytes.starts_with(b"%PDF-") {
        !has(b"%%EOF")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        !has(b"\xff\xd9")
    } else if bytes.starts_with(b"\x89PNG") {
        !has(b"IEND")
    } else {
        bytes.starts_with(b"PK\x03\x04") && !has(b"PK\x05\x06")
    }
}

/// The pictures that a page shows from its own mail (RFC 2392): `cid:…`, in lower case.
pub(super) fn pictures(page: &str) -> impl Iterator<Item = String> {
    let ends = |sign: char| sign.is_whitespace() || "\"'<>)&".contains(sign);
    let page = page.to_ascii_lowercase();
    let found: Vec<String> = page
        .split("cid:")
        .skip(1)
        .filter_map(|rest| rest.split(ends).next())
        .map(|id| id.replace("%40", "@"))
        .collect();
    found.into_iter()
}
