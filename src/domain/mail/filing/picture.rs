//! Pictures: which are documents (a photographed receipt), and which are only decoration.

use super::kind::Kind;
use crate::domain::mail::received::ReceivedFile;
use crate::domain::names::fold;

/// Bytes below which no picture is a document.
const PICTURE_BYTES_MIN: usize = 2_000;

/// Bytes below which a picture in a mail's text is decoration, if it isn't large otherwise.
const SHOWN_PICTURE_BYTES_MIN: usize = 30_000;

/// Pixels of the longer side from which a picture is a page or a photo, however well it packs.
const PAGE_PIXELS_MIN: u32 = 1_000;

/// Pixels of the shorter side below which nobody can read an invoice.
const SHORT_SIDE_PIXELS_MIN: u32 = 200;

/// A picture in a mail's text that is this many times wider than high is a banner. (Till receipts
/// are higher than wide.)
const BANNER_RATIO: u32 = 3;

/// Names of decoration, folded, without digits and punctuation. Outlook and others give them.
const DECORATION: [&str; 22] = [
    "image",
    "noname",
    "unnamed",
    "att",
    "outlook",
    "signature",
    "banner",
    "bandeau",
    "banniere",
    "header",
    "footer",
    "icon",
    "icone",
    "spacer",
    "pixel",
    "facebook",
    "linkedin",
    "twitter",
    "instagram",
    "youtube",
    "whatsapp",
    "x",
];

/// Why a picture is no document, in words; none: it is one.
pub(super) fn decoration(file: &ReceivedFile, kind: Kind) -> Option<String> {
    let length = file.bytes.len();
    if length < PICTURE_BYTES_MIN {
        return Some(format!("it is too small: a picture of {length} bytes"));
    }
    let name = fold(file.name.as_deref().unwrap_or_default());
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let mut words = stem.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty());
    if words.clone().any(|word| word == "logo" || word == "logos") {
        return Some("it is a logo, by its name".to_owned());
    }
    let first = words.next();
    let is_named = first.is_some_and(|word| DECORATION.contains(&word)) && words.next().is_none();
    if !file.inline && !is_named {
        return None;
    }
    let size = size(&file.bytes, kind);
    let is_small = match size {
        Some((width, height)) => {
            width.min(height) < SHORT_SIDE_PIXELS_MIN
                || width / height.max(1) >= BANNER_RATIO
                || length < SHOWN_PICTURE_BYTES_MIN && width.max(height) < PAGE_PIXELS_MIN
        }
        None => length < SHOWN_PICTURE_BYTES_MIN,
    };
    let pixels = size.map(|(width, height)| format!(" of {width} x {height} pixels"));
    let pixels = pixels.unwrap_or_else(|| format!(" of {length} bytes"));
    is_small.then(|| format!("it is a small picture{pixels}, as logos and signatures are"))
}

/// Width and height in pixels, where they are easily read.
fn size(bytes: &[u8], kind: Kind) -> Option<(u32, u32)> {
    let wide = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let little =
        |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    match kind {
        Kind::Png => Some((wide(16)?, wide(20)?)),
        Kind::Gif => Some((little(6)?, little(8)?)),
        Kind::Jpeg => jpeg_size(bytes),
        Kind::Pdf
        | Kind::Tiff
        | Kind::Bmp
        | Kind::Webp
        | Kind::Heic
        | Kind::Docx
        | Kind::Xlsx
        | Kind::Pptx
        | Kind::Odt
        | Kind::Ods
        | Kind::Ole
        | Kind::Rtf
        | Kind::Zip
        | Kind::OtherArchive
        | Kind::MacNote => None,
    }
}

/// ITU T.81 §B.2.2: the frame header, behind segments that each say their length.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let mut at = 2;
    loop {
        let marker = number(at)?;
        match marker {
            0xffc0..=0xffc3 | 0xffc5..=0xffc7 | 0xffc9..=0xffcb | 0xffcd..=0xffcf => {
                return Some((u32::from(number(at + 7)?), u32::from(number(at + 5)?)));
            }
            0xffff => at += 1,
            0xff01 | 0xffd0..=0xffd8 => at += 2,
            0xff00.. => at += 2 + usize::from(number(at + 2)?.max(2)),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, bytes: usize) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.resize(bytes, 0);
        png
    }

    fn jpeg(width: u16, height: u16, bytes: usize) -> Vec<u8> {
        let mut jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0\0\x11\x08".to_vec();
        jpeg.extend(height.to_be_bytes());
        jpeg.extend(width.to_be_bytes());
        jpeg.resize(bytes, 0);
        jpeg
    }

    fn because(name: &str, inline: bool, bytes: Vec<u8>) -> Option<String> {
        let kind = Kind::of(&bytes).unwrap();
        let name = Some(name.to_owned());
        let media_type = String::new();
        decoration(&ReceivedFile { name, media_type, inline, inside: Vec::new(), bytes }, kind)
    }

    #[test]
    fn photographed_receipts_are_documents_wherever_they_stand() {
        for (name, inline, bytes) in [
            ("IMG_0042.jpeg", true, jpeg(3024, 4032, 900_000)),
            ("image001.png", true, png(1654, 2339, 25_000)),
            ("ticket.jpg", true, jpeg(400, 1800, 60_000)),
            ("ticket.jpg", false, jpeg(90, 90, 5_000)),
            ("noname.jpg", false, jpeg(1200, 1600, 200_000)),
            ("image0.jpeg", true, b"\xff\xd8\xff\xe0 no frame".repeat(5_000)),
            ("Facture Xavier.png", false, png(100, 100, 5_000)),
        ] {
            assert_eq!(because(name, inline, bytes), None, "{name}");
        }
    }

    #[test]
    fn decoration_is_told_by_its_size_its_place_and_its_name() {
        for (name, inline, bytes, reason) in [
            ("ticket.jpg", false, jpeg(300, 300, 1_999), "too small"),
            ("logo.png", false, png(1600, 1600, 500_000), "a logo"),
            ("Logo_Garage-2026.PNG", true, png(1600, 1600, 500_000), "a logo"),
            ("image001.png", true, png(180, 90, 12_000), "180 x 90"),
            ("image001.png", false, png(180, 90, 12_000), "180 x 90"),
            ("bandeau.jpg", true, jpeg(1200, 200, 80_000), "1200 x 200"),
            ("image002.jpg", true, jpeg(400, 300, 20_000), "400 x 300"),
            ("noname", false, b"\xff\xd8\xff\xe0 no frame".repeat(500), "bytes"),
        ] {
            let because = because(name, inline, bytes).unwrap_or_default();
            assert!(because.contains(reason), "{name}: {because}");
        }
    }
}
