//! Mails that strangers send to be filed: taken apart, sifted, and sent to a company.

use std::collections::BTreeSet;

use facteur::adapters::mime;
use facteur::domain::mail::address_list::addresses;
use facteur::domain::mail::filing::{NAME_BYTES_MAX, free_name, sift};
use facteur::domain::mail::received::ReceivedMail;
use facteur::domain::mail::routing::{Addressing, Routed, slug_of};
use facteur::domain::names::is_recorded;
use facteur::domain::path::TreePath;
use facteur::domain::slug::Slug;
use facteur::domain::template::AddressTemplate;

use super::{Target, steers};

/// Mails.
pub const TARGET: Target = Target {
    name: "received",
    check,
    words: &[
        "\r\n",
        "\r\n\r\n",
        "\n--b1\n",
        "\r\n--b1--\r\n",
        "Content-Type: multipart/mixed; boundary=b1\r\n",
        "Content-Type: multipart/digest; boundary=b2\r\n",
        "Content-Type: message/rfc822\r\n\r\n",
        "Content-Type: application/zip\r\n",
        "Content-Type: application/pdf; name=",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "Content-Transfer-Encoding: x-uuencode\r\n",
        "Content-Disposition: attachment; filename=",
        "filename*=UTF-8''",
        "filename*0*=",
        "filename*1=",
        "=?utf-8?Q?",
        "?=",
        "%00",
        "%2F..",
        "../",
        "C:\\",
        "\0",
        "\u{202e}",
        "é",
        "\"",
        "%PDF-1.4",
        "JVBERi0xLjQ",
        "UEsDBAoAAAA",
        "PK\x03\x04",
        "begin 644 a.pdf\n",
        "`\nend\n",
        "\nTo: compta+dupont@cabinet.example",
        "\nDelivered-To: compta+martin@cabinet.example",
        "(",
        "<",
        ">",
        ";",
        ":",
    ],
};

fn check(bytes: &[u8]) {
    match mime::parse(bytes) {
        Ok(mail) => {
            filed(&mail);
            routed(&mail);
        }
        // Anything else would be a panic that was caught.
        Err(because) => assert_eq!(because, "it is no mail"),
    }
}

/// Each file is a document with a safe name, or left out with a reason that can be shown.
fn filed(mail: &ReceivedMail) {
    let accepts = BTreeSet::from(["pdf", "jpg", "png", "txt", "zip"].map(str::to_owned));
    let sifted = sift(mail, &accepts);
    let judged = sifted.documents.len() + sifted.left_out.len();
    assert_eq!(judged, mail.files.len() + mail.left_out.len());
    for (_, name) in &sifted.documents {
        let free = free_name(name, |taken| taken == name.as_str()).expect("one is taken");
        for name in [name, &free] {
            let name = name.as_str();
            assert!((1..=NAME_BYTES_MAX).contains(&name.len()), "{name:?}");
            assert!(!name.chars().any(steers) && !name.contains(['/', '\\']), "{name:?}");
            assert!(is_recorded(name.as_bytes(), &[]), "{name:?}");
            let path = TreePath::from_bytes(name.as_bytes()).expect("it is a path");
            assert_eq!(path.name(), name.as_bytes());
        }
    }
    for left_out in &sifted.left_out {
        assert!(!left_out.name.chars().any(steers), "{:?}", left_out.name);
        assert!(!left_out.because.chars().any(steers), "{:?}", left_out.because);
    }
}

/// A mail goes to a company only if its address stands in a header.
fn routed(mail: &ReceivedMail) {
    let template = AddressTemplate::parse("compta+{slug}@{domain}").expect("a template");
    let known = ["dupont", "martin"].map(|slug| Slug::parse(slug).expect("a slug"));
    let known = BTreeSet::from(known);
    let addressing = Addressing {
        template: &template,
        domain: "cabinet.example",
        mailbox: "documents@cabinet.example",
        known: &known,
    };
    let routed = slug_of(&mail.headers, &addressing);
    if let Some(trouble) = routed.trouble() {
        assert!(!trouble.chars().any(steers), "{trouble:?}");
    }
    if let Routed::One(slug) = routed {
        let address = format!("compta+{slug}@cabinet.example");
        let mut found = mail.headers.0.iter().flat_map(|(_, value)| addresses(value));
        assert!(found.any(|found| found.eq_ignore_ascii_case(&address)), "{:?}", mail.headers);
    }
}
