//! Documents for the sample firm: real PDFs and JPEGs, made here.

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};

/// A page of A4 in points.
const PAGE: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };

/// A one-page PDF with these lines, the first one larger.
pub(super) fn pdf(lines: &[&str]) -> Vec<u8> {
    let [catalog, pages, page, font, text] = [1, 2, 3, 4, 5].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut leaf = pdf.page(page);
    leaf.media_box(PAGE).parent(pages).contents(text);
    leaf.resources().fonts().pair(Name(b"F1"), font);
    leaf.finish();
    pdf.type1_font(font)
        .base_font(Name(b"Helvetica"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));
    let mut content = Content::new();
    content.begin_text();
    content.next_line(72.0, 750.0);
    for (number, line) in lines.iter().enumerate() {
        content.set_font(Name(b"F1"), if number == 0 { 20.0 } else { 12.0 });
        content.show(Str(&win_ansi(line)));
        content.next_line(0.0, -28.0);
    }
    content.end_text();
    pdf.stream(text, &content.finish());
    pdf.finish()
}

/// The text in the encoding of PDF's standard fonts (ISO 32000-1, annex D): Latin-1, but for a
/// few that French needs.
fn win_ansi(text: &str) -> Vec<u8> {
    let byte = |letter: char| match letter {
        '€' => 0x80,
        'Œ' => 0x8c,
        '’' => 0x92,
        '–' => 0x96,
        'œ' => 0x9c,
        letter => u8::try_from(u32::from(letter)).unwrap_or(b'?'),
    };
    text.chars().map(byte).collect()
}

/// Width and height of a photograph, in pixels.
const PHOTO_SIDES: (u16, u16) = (240, 320);

/// A photograph of a receipt, as a phone would take it: dark lines on pale paper.
pub(super) fn jpeg() -> Result<Vec<u8>, jpeg_encoder::EncodingError> {
    let (width, height) = PHOTO_SIDES;
    let pixels: Vec<u8> =
        (0..height).flat_map(|row| (0..width).map(move |column| shade(row, column))).collect();
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Luma)?;
    Ok(bytes)
}

fn shade(row: u16, column: u16) -> u8 {
    let on_a_line = row % 24 < 6 && (30..30 + (row * 7) % 170).contains(&column);
    if on_a_line { 40 } else { 235 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_are_what_their_names_say() {
        let pdf = pdf(&["Facture n° 12", "Béton – 1 250,00 €"]);
        assert!(pdf.starts_with(b"%PDF-1."));
        assert!(pdf.ends_with(b"%%EOF"));
        assert_eq!(win_ansi("Œuvre à 5 € 北"), b"\x8cuvre \xe0 5 \x80 ?");
        let jpeg = jpeg().unwrap();
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]));
        assert!(jpeg.ends_with(&[0xff, 0xd9]));
    }
}
