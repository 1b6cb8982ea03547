//! Which files of a mail are documents, and why the others aren't.

use std::collections::BTreeSet;

use super::kind::{Kind, promises_a_kind, promises_a_page};
use super::name::{SafeName, first_safe_name, split};
use super::{pdf, picture, refusal};
use crate::domain::mail::received::{LeftOut, ReceivedFile, ReceivedMail};
use crate::domain::names::media_type;

/// The files of a mail, sifted. Each of them, and each that was left out when the mail was taken
/// apart, is in one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sifted {
    /// Which of [`ReceivedMail::files`] are documents, and what they are called; two may have one
    /// name.
    pub documents: Vec<(usize, SafeName)>,
    /// The others, each with its reason.
    pub left_out: Vec<LeftOut>,
}

/// Sifts the files of a mail. `accepts`: the endings (in lower case, without dots) that any
/// enabled profile takes.
///
/// What a file is, its first bytes say, then its name, then its media type. PDFs count however
/// small they are, and wherever they stand; pictures do unless they look like decoration.
pub fn sift(mail: &ReceivedMail, accepts: &BTreeSet<String>) -> Sifted {
    let mut sifted = Sifted { documents: Vec::new(), left_out: mail.left_out.clone() };
    let subject = subject(mail);
    for (index, file) in mail.files.iter().enumerate() {
        match judge(file, &subject, accepts) {
            Ok(name) => sifted.documents.push((index, name)),
            Err(because) => {
                let name = file.name.as_deref();
                let left_out = LeftOut::new(name, &file.media_type, &file.inside, because);
                sifted.left_out.push(left_out);
            }
        }
    }
    sifted
}

/// The name of a document. Err, in words: it is none.
fn judge(
    file: &ReceivedFile,
    subject: &str,
    accepts: &BTreeSet<String>,
) -> Result<SafeName, String> {
    if file.bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    let kind = Kind::of(&file.bytes);
    let (stem, ending) = stem_and_ending(file, kind, accepts);
    let lower = ending.to_ascii_lowercase();
    if !accepts.contains(&lower) {
        return Err(refusal::because(file, kind, &lower));
    }
    if let Some(because) = unreadable(file, kind, &lower) {
        return Err(because);
    }
    let container = file.inside.last().map(|container| split(container).0);
    Ok(first_safe_name(&[stem, container.unwrap_or(subject), subject], &ending))
}

/// Why no app could read an accepted file, in words.
fn unreadable(file: &ReceivedFile, kind: Option<Kind>, ending: &str) -> Option<String> {
    match kind {
        Some(Kind::MacNote) => Some(refusal::MAC_NOTE.to_owned()),
        kind if promises_a_page(ending)
            && !kind.is_some_and(|kind| kind.endings().contains(&ending)) =>
        {
            Some(format!("it is damaged: it is called a .{ending} file and is none"))
        }
        Some(Kind::Pdf) if pdf::is_locked(&file.bytes) => {
            Some("it is a PDF protected by a password; ask for one without".to_owned())
        }
        // MS-OFFCRYPTO §2.3.4: an encrypted document is wrapped in the old format.
        Some(Kind::Ole) if matches!(ending, "docx" | "docm" | "xlsx" | "xlsm" | "pptx") => {
            Some("it is protected by a password; ask for one without".to_owned())
        }
        Some(kind) if kind.is_picture() => picture::decoration(file, kind),
        Some(_) | None => None,
    }
}

/// The name without its ending, and the ending that its content deserves.
fn stem_and_ending<'f>(
    file: &'f ReceivedFile,
    kind: Option<Kind>,
    accepts: &BTreeSet<String>,
) -> (&'f str, String) {
    let name = file.name.as_deref().unwrap_or_default().trim();
    let (stem, spelled) = split(name);
    let lower = spelled.to_ascii_lowercase();
    let Some(kind) = kind.filter(|kind| kind.is_told_by_content()) else {
        let is_known = !spelled.is_empty();
        return if is_known { (stem, spelled.to_owned()) } else { (stem, of_media_type(file)) };
    };
    let endings = kind.endings();
    let usual = endings.iter().find(|ending| accepts.contains(**ending)).or(endings.first());
    let usual = usual.copied().unwrap_or_default().to_owned();
    if endings.contains(&lower.as_str()) {
        let keeps = accepts.contains(&lower) || !accepts.contains(&usual);
        (stem, if keeps { spelled.to_owned() } else { usual })
    } else if is_known_ending(&lower) {
        // `facture.pdf.part`
        let (before, ending) = split(stem);
        let is_usual = endings.contains(&ending.to_ascii_lowercase().as_str());
        if is_usual { (before, ending.to_owned()) } else { (stem, usual) }
    } else {
        // A dot within the name: `Facture n°1.5`.
        (name, usual)
    }
}

fn is_known_ending(ending: &str) -> bool {
    promises_a_kind(ending)
        || media_type(format!("x.{ending}").as_bytes()) != "application/octet-stream"
        || matches!(ending, "dat" | "bin" | "tmp" | "part" | "exe" | "php" | "aspx" | "download")
}

/// The ending of what has none, by its media type; empty: nobody knows.
fn of_media_type(file: &ReceivedFile) -> String {
    let known = ["txt", "csv", "xml", "html", "doc", "xls", "rtf", "odt", "ods"];
    let is_of_type = |ending: &&&str| {
        media_type(format!("x.{ending}").as_bytes()) == file.media_type
            || file.media_type == "text/xml" && **ending == "xml"
    };
    known.iter().find(is_of_type).map_or_else(String::new, |ending| (*ending).to_owned())
}

/// The subject without what answering and forwarding put before it.
fn subject(mail: &ReceivedMail) -> String {
    let mut subject = mail.headers.first("Subject").unwrap_or_default();
    while let Some((before, rest)) = subject.split_once(':')
        && ["re", "ré", "fw", "fwd", "tr", "rv", "aw", "wg"]
            .contains(&before.trim().to_lowercase().as_str())
    {
        subject = rest.trim_start();
    }
    subject.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.4";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0";

    fn named(name: Option<&str>, media_type: &str, bytes: &[u8], accepts: &[&str]) -> String {
        let mut bytes = bytes.to_vec();
        bytes.resize(2_500, b' ');
        let file = ReceivedFile {
            name: name.map(str::to_owned),
            media_type: media_type.to_owned(),
            inline: false,
            inside: Vec::new(),
            bytes,
        };
        let accepts = accepts.iter().map(|ending| (*ending).to_owned()).collect();
        match judge(&file, "Facture mars", &accepts) {
            Ok(name) => name.to_string(),
            Err(because) => because,
        }
    }

    #[test]
    fn the_ending_is_one_that_the_apps_take() {
        for (name, bytes, accepts, expected) in [
            ("a.jpeg", JPEG, &["jpg", "jpeg"][..], "a.jpeg"),
            ("a.JPEG", JPEG, &["jpg"], "a.jpg"),
            ("a.jfif", JPEG, &["jpeg"], "a.jpeg"),
            ("a.png", JPEG, &["jpg", "png"], "a.jpg"),
            ("a.PDF", PDF, &["pdf"], "a.PDF"),
            ("a.pdf", PDF, &["jpg"], "no app takes .pdf files"),
            ("a.pdf.exe", PDF, &["pdf"], "a.pdf"),
            ("Facture 12.03", PDF, &["pdf"], "Facture 12.03.pdf"),
            ("a.xls", b"<table>", &["xls"], "a.xls"),
            ("a.doc", b"{\\rtf1", &["doc"], "a.doc"),
            (
                "a.pdf",
                b"Rar!\x1a\x07",
                &["pdf"],
                "it is damaged: it is called a .pdf file and is none",
            ),
        ] {
            assert_eq!(named(Some(name), "", bytes, accepts), expected, "{name}");
        }
    }

    #[test]
    fn what_has_no_name_gets_one() {
        for (media_type, bytes, expected) in [
            ("application/octet-stream", PDF, "Facture mars.pdf"),
            ("text/csv", b"a;b", "Facture mars.csv"),
            ("text/xml", b"<a/>", "Facture mars.xml"),
            ("image/jpeg", JPEG, "Facture mars.jpg"),
        ] {
            let name = named(None, media_type, bytes, &["pdf", "jpg", "csv", "xml"]);
            assert_eq!(name, expected, "{media_type}");
        }
    }
}
