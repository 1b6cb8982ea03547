//! What a file is by its first bytes: names and media types of mails are often wrong.

/// Bytes within which a PDF begins: readers look no further.
const PDF_HEADER_WITHIN: usize = 1_024;

/// Bytes at both ends of an office document where its kind is looked for.
const OFFICE_BYTES: usize = 65_536;

/// A kind of file that can be told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pdf,
    Jpeg,
    Png,
    Gif,
    Tiff,
    Bmp,
    Webp,
    Heic,
    Docx,
    Xlsx,
    Pptx,
    Odt,
    Ods,
    /// Word, Excel, PowerPoint and Outlook before 2007.
    Ole,
    Rtf,
    Zip,
    /// 7z, RAR, gzip, bzip2, xz.
    OtherArchive,
    /// What a Mac keeps beside a file.
    MacNote,
}

const KINDS: [Kind; 18] = [
    Kind::Pdf,
    Kind::Jpeg,
    Kind::Png,
    Kind::Gif,
    Kind::Tiff,
    Kind::Bmp,
    Kind::Webp,
    Kind::Heic,
    Kind::Docx,
    Kind::Xlsx,
    Kind::Pptx,
    Kind::Odt,
    Kind::Ods,
    Kind::Ole,
    Kind::Rtf,
    Kind::Zip,
    Kind::OtherArchive,
    Kind::MacNote,
];

impl Kind {
    /// The kind of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let starts = |magic: &[u8]| bytes.starts_with(magic);
        let at = |offset: usize, magic: &[u8]| {
            bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic))
        };
        let first = bytes.get(..PDF_HEADER_WITHIN).unwrap_or(bytes);
        match () {
            () if starts(b"\xff\xd8\xff") => Some(Self::Jpeg),
            () if starts(b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            () if starts(b"GIF87a") || starts(b"GIF89a") => Some(Self::Gif),
            () if starts(b"II*\0") || starts(b"MM\0*") => Some(Self::Tiff),
            // The four bytes behind its size are nought.
            () if starts(b"BM") && at(6, &[0; 4]) => Some(Self::Bmp),
            () if starts(b"RIFF") && at(8, b"WEBP") => Some(Self::Webp),
            () if at(4, b"ftyp") && is_heic(bytes) => Some(Self::Heic),
            () if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Some(Self::Ole),
            () if starts(b"{\\rtf") => Some(Self::Rtf),
            () if starts(b"PK\x03\x04") => Some(office(bytes)),
            () if starts(b"PK\x05\x06") => Some(Self::Zip),
            () if is_other_archive(bytes) => Some(Self::OtherArchive),
            () if starts(&[0, 5, 0x16, 7]) || starts(&[0, 5, 0x16, 0]) => Some(Self::MacNote),
            () if contains(first, b"%PDF-") => Some(Self::Pdf),
            () => None,
        }
    }

    /// The endings of its names, the usual one first; none where it has too many.
    pub(super) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png"],
            Self::Gif => &["gif"],
            Self::Tiff => &["tif", "tiff"],
            Self::Bmp => &["bmp"],
            Self::Webp => &["webp"],
            Self::Heic => &["heic", "heif"],
            Self::Docx => &["docx", "docm", "dotx"],
            Self::Xlsx => &["xlsx", "xlsm", "xltx", "xlsb"],
            Self::Pptx => &["pptx", "ppsx"],
            Self::Odt => &["odt"],
            Self::Ods => &["ods"],
            Self::Ole => &["doc", "xls", "ppt", "msg"],
            Self::Rtf => &["rtf", "doc"],
            Self::Zip => &["zip"],
            Self::OtherArchive => &["7z", "rar", "gz", "tgz", "bz2", "xz"],
            Self::MacNote => &[],
        }
    }

    /// Whether its usual ending may be given to a file that has none.
    pub(super) fn is_told_by_content(self) -> bool {
        match self {
            Self::Ole | Self::OtherArchive | Self::MacNote => false,
            Self::Pdf
            | Self::Jpeg
            | Self::Png
            | Self::Gif
            | Self::Tiff
            | Self::Bmp
            | Self::Webp
            | Self::Heic
            | Self::Docx
            | Self::Xlsx
            | Self::Pptx
            | Self::Odt
            | Self::Ods
            | Self::Rtf
            | Self::Zip => true,
        }
    }

    pub(super) fn is_picture(self) -> bool {
        match self {
            Self::Jpeg
            | Self::Png
            | Self::Gif
            | Self::Tiff
            | Self::Bmp
            | Self::Webp
            | Self::Heic => true,
            Self::Pdf
            | Self::Docx
            | Self::Xlsx
            | Self::Pptx
            | Self::Odt
            | Self::Ods
            | Self::Ole
            | Self::Rtf
            | Self::Zip
            | Self::OtherArchive
            | Self::MacNote => false,
        }
    }
}

/// Whether an ending (in lower case) promises a content that [`Kind::of`] would know.
pub(super) fn promises_a_kind(ending: &str) -> bool {
    KINDS.iter().any(|kind| kind.endings().contains(&ending))
}

/// Whether an ending (in lower case) promises a page or a picture. (Old office files are often
/// something else, and are read all the same.)
pub(super) fn promises_a_page(ending: &str) -> bool {
    let pages = KINDS.iter().filter(|kind| **kind == Kind::Pdf || kind.is_picture());
    pages.into_iter().any(|kind| kind.endings().contains(&ending))
}

/// ISO/IEC 23008-12: the brands of still pictures.
fn is_heic(bytes: &[u8]) -> bool {
    let brand = bytes.get(8..12).unwrap_or_default();
    [b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc"]
        .iter()
        .any(|known| brand == *known)
}

fn is_other_archive(bytes: &[u8]) -> bool {
    let magics: [&[u8]; 5] =
        [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0"];
    magics.iter().any(|magic| bytes.starts_with(magic))
}

/// Office documents are archives that say in their entries' names what they are.
fn office(bytes: &[u8]) -> Kind {
    let first = bytes.get(..OFFICE_BYTES).unwrap_or(bytes);
    let last = bytes.get(bytes.len().saturating_sub(OFFICE_BYTES)..).unwrap_or_default();
    let has = |mark: &[u8]| contains(first, mark) || contains(last, mark);
    // ODF 1.3 part 2 §3.3: the media type stands at a fixed place.
    let open = bytes.get(38..).unwrap_or_default();
    if open.starts_with(b"application/vnd.oasis.opendocument.text") {
        Kind::Odt
    } else if open.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
        Kind::Ods
    } else if !has(b"[Content_Types].xml") {
        Kind::Zip
    } else if has(b"word/document") {
        Kind::Docx
    } else if has(b"xl/workbook") {
        Kind::Xlsx
    } else if has(b"ppt/presentation") {
        Kind::Pptx
    } else {
        Kind::Zip
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_kind() {
        let cases: [(&[u8], Option<Kind>); 20] = [
            (b"%PDF-1.7", Some(Kind::Pdf)),
            (b"\n\n%PDF-1.7", Some(Kind::Pdf)),
            (b"\xff\xd8\xff\xe1", Some(Kind::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(Kind::Png)),
            (b"GIF89a", Some(Kind::Gif)),
            (b"II*\0\x08", Some(Kind::Tiff)),
            (b"MM\0*", Some(Kind::Tiff)),
            (b"BM\x36\0\0\0\0\0\0\0", Some(Kind::Bmp)),
            (b"BMW 320d, 12 factures", None),
            (b"RIFF\0\0\0\0WEBP", Some(Kind::Webp)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"\0\0\0\x18ftypheic", Some(Kind::Heic)),
            (b"\0\0\0\x18ftypmp42", None),
            (b"PK\x03\x04 [Content_Types].xml xl/workbook.xml", Some(Kind::Xlsx)),
            (b"PK\x03\x04 [Content_Types].xml ppt/presentation.xml", Some(Kind::Pptx)),
            (b"PK\x03\x04 a.txt", Some(Kind::Zip)),
            (b"{\\rtf1", Some(Kind::Rtf)),
            (b"\x1f\x8b\x08\0", Some(Kind::OtherArchive)),
            (b"a;b;c", None),
            (b"", None),
        ];
        for (bytes, kind) in cases {
            assert_eq!(Kind::of(bytes), kind, "{}", bytes.escape_ascii());
        }
        let mut open = b"PK\x03\x04".to_vec();
        open.resize(30, 0);
        open.extend(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet");
        assert_eq!(Kind::of(&open), Some(Kind::Ods));
        let mut late = vec![b' '; PDF_HEADER_WITHIN];
        late.extend(b"%PDF-1.7");
        assert_eq!(Kind::of(&late), None);
    }
}
