//! Odd mails: what becomes of each of their files.
//!
//! The mails were written for this test; the archives in them were packed by Python's `zipfile`.
//! Documents are shown as `name = word`, the word that follows `%PDF-1.4` in them, or their size.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bombs;
mod laws;
mod rows;

use std::collections::BTreeSet;
use std::path::PathBuf;

use facteur::adapters::mime;
use facteur::domain::mail::filing::{Sifted, sift};
use facteur::domain::mail::received::ReceivedMail;

use self::rows::ROWS;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/odd_mails")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.eml"))).unwrap()
}

fn mail(name: &str) -> ReceivedMail {
    mime::parse(&bytes(name)).unwrap_or_else(|because| panic!("{name}: {because}"))
}

fn sifted(mail: &ReceivedMail) -> Sifted {
    let accepts = ["pdf", "jpg", "jpeg", "png", "docx"].map(str::to_owned);
    sift(mail, &BTreeSet::from(accepts))
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.split_once("%PDF-1.4 ") {
        Some((_, rest)) => rest.chars().take_while(char::is_ascii_alphabetic).collect(),
        None => format!("{} bytes", bytes.len()),
    }
}

#[test]
fn every_odd_mail_becomes_what_its_row_says() {
    for (name, documents, left_out) in ROWS {
        let mail = mail(name);
        let sifted = sifted(&mail);
        let found: Vec<String> = sifted
            .documents
            .iter()
            .map(|(index, name)| format!("{name} = {}", shown(&mail.files[*index].bytes)))
            .collect();
        assert_eq!(found, *documents, "{name}: {:?}", sifted.left_out);
        assert_eq!(sifted.left_out.len(), left_out.len(), "{name}: {:?}", sifted.left_out);
        for (found, expected) in sifted.left_out.iter().zip(*left_out) {
            let found = format!("{}: {}", found.name, found.because);
            assert!(found.starts_with(expected), "{name}: {found} is not {expected}");
        }
    }
}

#[test]
fn every_file_has_its_row() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let rows: BTreeSet<String> = ROWS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(files, rows);
    assert!(rows.len() >= 60);
}

#[test]
fn names_come_as_the_sender_wrote_them() {
    for (odd, name, inside) in [
        ("name_climbs_out", "../../../etc/cron.d/x.pdf", vec![]),
        ("name_has_nul_and_line_ends", "Fac\0ture\r\nBcc: x\ty.pdf", vec![]),
        ("name_decomposed", "Facture e\u{301}te\u{301}.pdf", vec![]),
        ("zip_in_zip", "a.pdf", vec!["scans.zip", "in.zip"]),
        ("forwarded_twice", "Facture 12.pdf", vec!["TR: Votre facture", "Votre facture"]),
        ("eml_as_octet_stream", "Facture 12.pdf", vec!["courrier.eml"]),
    ] {
        let file = &mail(odd).files[0];
        assert_eq!(
            (file.name.as_deref(), &file.inside),
            (Some(name), &inside.iter().map(|label| (*label).to_owned()).collect()),
            "{odd}"
        );
    }
    assert_eq!(mail("name_missing").files[0].name, None);
}

#[test]
fn pictures_of_the_text_are_marked_and_nothing_else_is() {
    let inline = |odd: &str| mail(odd).files.iter().map(|file| file.inline).collect::<Vec<bool>>();
    assert_eq!(inline("related_picture_without_disposition"), [true, false]);
    assert_eq!(inline("related_signature_and_pdf"), [true, false]);
    assert_eq!(inline("photo_from_a_phone"), [true]);
    assert_eq!(inline("mixed"), [false]);
}
