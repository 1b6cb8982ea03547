//! Mails that were made to fill memories and disks.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use facteur::adapters::mime;
use facteur::domain::mail::received::ReceivedMail;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive of files, each so many times one byte.
fn archive(files: &[(String, usize)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, length) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(&vec![b' '; *length]).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn mail_with(archive: &[u8]) -> ReceivedMail {
    let head = "Subject: x\r\nContent-Type: application/zip; name=x.zip\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n";
    mime::parse(format!("{head}{}", STANDARD.encode(archive)).as_bytes()).unwrap()
}

#[test]
fn an_entry_that_unpacks_to_thousands_of_times_its_size_is_left_out_and_its_neighbour_is_not() {
    let bomb = archive(&[("bomb.pdf".to_owned(), 20_000_000), ("a.txt".to_owned(), 100)]);
    assert!(bomb.len() < 50_000);
    let mail = mail_with(&bomb);
    let names: Vec<_> = mail.files.iter().map(|file| file.name.as_deref()).collect();
    assert_eq!(names, [Some("a.txt")]);
    assert_eq!(mail.left_out[0].name, "bomb.pdf, in x.zip");
    assert!(mail.left_out[0].because.contains("unpacks to more bytes"), "{:?}", mail.left_out);
}

#[test]
fn an_archive_that_lies_about_its_sizes_is_counted_while_it_is_unpacked() {
    let mut bomb = archive(&[("bomb.pdf".to_owned(), 20_000_000)]);
    // The sizes in the central directory (APPNOTE 4.3.12): 24 bytes behind its signature.
    let entry = bomb.windows(4).position(|mark| mark == b"PK\x01\x02").unwrap();
    bomb[entry + 24..entry + 28].copy_from_slice(&10_u32.to_le_bytes());
    let mail = mail_with(&bomb);
    assert!(mail.files.is_empty());
    assert_eq!(mail.left_out.len(), 1);
}

#[test]
fn an_archive_of_too_many_files_is_left_out_whole() {
    let names: Vec<(String, usize)> = (0..1_001).map(|number| (format!("{number}"), 1)).collect();
    let mail = mail_with(&archive(&names));
    assert_eq!((mail.files.len(), mail.left_out.len()), (0, 1));
    assert!(mail.left_out[0].because.contains("1001 files"), "{:?}", mail.left_out);
}

#[test]
fn a_mail_of_too_many_parts_says_how_many_were_not_looked_at() {
    let parts = "--b\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 one\r\n".repeat(5_000);
    let head = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    let mail = mime::parse(format!("{head}{parts}--b--").as_bytes()).unwrap();
    assert_eq!((mail.files.len(), mail.left_out.len()), (1_000, 1));
    assert_eq!(mail.left_out[0].name, "4000 more parts");
}
