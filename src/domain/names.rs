//! Which names are documents at all, and how names are compared.

use unicode_normalization::UnicodeNormalization as _;

/// Endings of files that some program has not finished writing.
const UNFINISHED_ENDINGS: [&str; 9] =
    ["part", "partial", "tmp", "temp", "crdownload", "download", "filepart", "swp", "lock"];

/// Names that systems leave in folders, folded.
const SYSTEM_NAMES: [&str; 3] = ["thumbs.db", "desktop.ini", "ehthumbs.db"];

/// Whether a name is recorded at all: not unfinished (`.part`, `~$…`, `…~`), private (dot-files),
/// a system's own (`Thumbs.db`), or on the configured `ignore` list (exact names, folded).
///
/// What is not recorded and is later renamed into place is a deposit then.
pub fn is_recorded(name: &[u8], ignore: &[String]) -> bool {
    if name.starts_with(b".") || name.starts_with(b"~$") || name.ends_with(b"~") {
        return false;
    }
    let folded = fold(&String::from_utf8_lossy(name));
    if SYSTEM_NAMES.contains(&folded.as_str()) || ignore.iter().any(|other| fold(other) == folded) {
        return false;
    }
    !extension(name).is_some_and(|ending| UNFINISHED_ENDINGS.contains(&ending.as_str()))
}

/// The last extension, lower-cased; none when there is no dot inside the name.
pub fn extension(name: &[u8]) -> Option<String> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
    let ending = name.get(dot + 1..).filter(|ending| !ending.is_empty())?;
    Some(String::from_utf8_lossy(ending).to_lowercase())
}

/// Folds case and accents, so that `Dossier Comptable` and `dossier comptable` are one.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|character| !unicode_normalization::char::is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The media type of a document by its extension; `application/octet-stream` when unknown.
pub fn media_type(name: &[u8]) -> &'static str {
    match extension(name).as_deref() {
        Some("pdf") => "application/pdf",
        Some("jpg" | "jpeg" | "jpe") => "image/jpeg",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("tif" | "tiff") => "image/tiff",
        Some("bmp") => "image/bmp",
        Some("webp") => "image/webp",
        Some("heic") => "image/heic",
        Some("xml") => "application/xml",
        Some("csv") => "text/csv",
        Some("txt") => "text/plain",
        Some("zip") => "application/zip",
        Some("doc") => "application/msword",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xls") => "application/vnd.ms-excel",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("odt") => "application/vnd.oasis.opendocument.text",
        Some("ods") => "application/vnd.oasis.opendocument.spreadsheet",
        Some("rtf") => "application/rtf",
        Some("html" | "htm") => "text/html",
        Some("eml") => "message/rfc822",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_private_and_system_names_are_not_recorded() {
        let ignore = vec!["@eaDir".to_owned(), "lost+found".to_owned()];
        let left_out = [
            "scan.pdf.part",
            "x.TMP",
            "facture.pdf.crdownload",
            "~$devis.docx",
            ".hidden",
            "Thumbs.db",
            "DESKTOP.INI",
            "@eadir",
            "lost+found",
            "notes.pdf~",
            "..",
            ".",
        ];
        for name in left_out {
            assert!(!is_recorded(name.as_bytes(), &ignore), "{name}");
        }
        for name in ["facture.pdf", "party.pdf", "tmp", "Facture é.PDF", "part", "~devis.pdf"] {
            assert!(is_recorded(name.as_bytes(), &ignore), "{name}");
        }
        assert!(is_recorded(b"facture\xe9.pdf", &ignore));
    }

    #[test]
    fn extensions_are_lower_case() {
        assert_eq!(extension(b"a.b.PDF"), Some("pdf".to_owned()));
        assert_eq!(extension(b".pdf"), None);
        assert_eq!(extension(b"pdf"), None);
        assert_eq!(extension(b"a."), None);
        assert_eq!(media_type(b"x.JPEG"), "image/jpeg");
    }

    #[test]
    fn case_and_accents_fold() {
        assert_eq!(fold("Dépenses É"), fold("de\u{301}penses e\u{301}"));
        assert_eq!(fold("ACHATS"), "achats");
    }
}
