//! What holds for any mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use facteur::adapters::mime;
use facteur::domain::mail::filing::NAME_BYTES_MAX;
use facteur::domain::mail::received::ReceivedMail;
use facteur::domain::names::is_recorded;
use facteur::domain::path::{TreePath, is_hidden};
use proptest::prelude::*;

use super::rows::ROWS;
use super::{bytes, sifted};

/// What must hold of a mail, however it came about.
fn holds(mail: &ReceivedMail) {
    let sifted = sifted(mail);
    let judged = sifted.documents.len() + sifted.left_out.len();
    assert_eq!(judged, mail.files.len() + mail.left_out.len(), "each file is in one of the two");
    for (index, name) in &sifted.documents {
        let (name, folder) = (name.as_str(), TreePath::root());
        assert!(!mail.files[*index].bytes.is_empty());
        assert!(name.len() <= NAME_BYTES_MAX && !name.chars().any(is_hidden), "{name:?}");
        assert!(is_recorded(name.as_bytes(), &[]), "{name:?}");
        let path = TreePath::from_bytes(name.as_bytes()).unwrap();
        assert_eq!((path.parent(), path.name()), (Some(folder), name.as_bytes()), "{name:?}");
    }
    for left_out in &sifted.left_out {
        assert!(!left_out.because.is_empty());
        assert!(!left_out.name.is_empty() && !left_out.name.chars().any(is_hidden));
    }
}

/// A tree of parts, and how many PDFs are its leaves.
#[derive(Debug, Clone)]
enum Tree {
    Pdf,
    Text,
    Multipart(&'static str, Vec<Tree>),
    Mail(Box<Tree>),
    MailInBase64(Box<Tree>),
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaves = prop_oneof![Just(Tree::Pdf), Just(Tree::Text)];
    leaves.prop_recursive(4, 24, 4, |inner| {
        let kinds = prop::sample::select(vec!["mixed", "related", "alternative", "report", "x"]);
        prop_oneof![
            (kinds, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(kind, parts)| Tree::Multipart(kind, parts)),
            inner.clone().prop_map(|mail| Tree::Mail(Box::new(mail))),
            inner.prop_map(|mail| Tree::MailInBase64(Box::new(mail))),
        ]
    })
}

impl Tree {
    /// As mail; `number` counts its boundaries, `pdfs` its PDFs.
    fn write(&self, number: &mut u32, pdfs: &mut u32) -> String {
        match self {
            Self::Pdf => {
                *pdfs += 1;
                let pdf = STANDARD.encode(format!("%PDF-1.4 {pdfs}"));
                format!(
                    "Content-Type: application/pdf; name=\"{pdfs}.pdf\"\r\n\
                     Content-Transfer-Encoding: base64\r\n\r\n{pdf}"
                )
            }
            Self::Text => "Content-Type: text/plain\r\n\r\nBonjour".to_owned(),
            Self::Multipart(kind, parts) => {
                *number += 1;
                let boundary = format!("b{number}");
                let parts = parts.iter().map(|part| part.write(number, pdfs));
                let parts: Vec<String> =
                    parts.map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
                let parts = parts.concat();
                format!(
                    "Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n"
                )
            }
            Self::Mail(mail) => {
                let mail = mail.write(number, pdfs);
                format!("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n{mail}")
            }
            Self::MailInBase64(mail) => {
                let mail = STANDARD.encode(format!("Subject: x\r\n{}", mail.write(number, pdfs)));
                format!(
                    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{mail}"
                )
            }
        }
    }
}

proptest! {
    #[test]
    fn every_pdf_of_any_tree_is_a_document(tree in trees()) {
        let mut pdfs = 0;
        let text = format!("Subject: x\r\n{}", tree.write(&mut 0, &mut pdfs));
        let mail = mime::parse(text.as_bytes()).unwrap();
        holds(&mail);
        let found: Vec<String> =
            sifted(&mail).documents.iter().map(|(_, name)| name.to_string()).collect();
        let expected: Vec<String> = (1..=pdfs).map(|number| format!("{number}.pdf")).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_laws_hold_for_any_damaged_mail(
        which in 0..ROWS.len(),
        at in 0_usize..3_000,
        length in 0_usize..80,
        with in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let whole = bytes(ROWS[which].0);
        let damaged: Vec<u8> =
            whole.iter().take(at).chain(&with).chain(whole.iter().skip(at + length)).copied().collect();
        match mime::parse(&damaged) {
            Ok(mail) => holds(&mail),
            Err(because) => prop_assert_eq!(because, "it is no mail"),
        }
    }

    #[test]
    fn the_laws_hold_for_any_name(name in "\\PC{0,80}|(\\.|/|\\\\|%[0-9A-F]{2}|\\*0\\*=|;|'|é|=\\?utf-8\\?Q\\?|\\?=|\"){0,40}") {
        let text = format!(
            "Subject: x\r\nContent-Type: application/pdf; name=\"{name}\"\r\n\
             Content-Disposition: attachment; filename*=UTF-8''{name}\r\n\r\n%PDF-1.4 one"
        );
        let mail = mime::parse(text.as_bytes()).unwrap();
        holds(&mail);
        prop_assert_eq!(sifted(&mail).documents.len(), 1);
    }
}
