//! Names that no program likes, from the folder to the mail and back.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use mail_parser::MessageParser;

use crate::firm::{COMPANY, Firm};

/// Names as on disk, and as the tool sees them.
fn names() -> Vec<(Vec<u8>, String)> {
    let long = format!("{}.pdf", "x".repeat(251));
    let long_shown = format!("{}….pdf", "x".repeat(228));
    let accents = format!("{}.pdf", "é".repeat(125));
    let cases: [(&[u8], &str); 13] = [
        (b"a\nb.pdf", "a_b.pdf"),
        (b"a\r\nBcc: x@y.example\r\n\r\n.pdf", "a__Bcc: x@y.example____.pdf"),
        (b"\x1b[2J\x07.pdf", "_[2J_.pdf"),
        ("fdp\u{202e}exe.pdf".as_bytes(), "fdp_exe.pdf"),
        ("a\u{200f}\u{61c}b.pdf".as_bytes(), "a__b.pdf"),
        (b"quote\"s and 'apostrophes'.pdf", "quote\"s and 'apostrophes'.pdf"),
        (b"back\\slash.pdf", "back_slash.pdf"),
        (b"$(reboot);`id`|&.pdf", "$(reboot);`id`|&.pdf"),
        (b"-rf.pdf", "-rf.pdf"),
        (b"latin\xe9.pdf", "latin_xe9.pdf"),
        (b"=?utf-8?Q?=0D=0ABcc:_x=40y.example?=.pdf", "=_utf-8?Q?=0D=0ABcc:_x=40y.example?=.pdf"),
        ("🧾 reçu « n° 7 ».pdf".as_bytes(), "🧾 reçu « n° 7 ».pdf"),
        (b" leading and trailing .pdf", "leading and trailing .pdf"),
    ];
    let mut names: Vec<_> =
        cases.iter().map(|(name, shown)| (name.to_vec(), (*shown).to_owned())).collect();
    names.push((long.into_bytes(), long_shown));
    names.push((accents.clone().into_bytes(), accents));
    names
}

#[test]
fn every_odd_name_goes_once_with_its_own_content_and_is_found_again() {
    let firm = Firm::new().switched_on();
    for (number, (name, _)) in names().iter().enumerate() {
        let content = format!("%PDF {number}");
        fs::write(firm.achats().join(OsStr::from_bytes(name)), content).unwrap();
    }

    let round = firm.round();
    let again = firm.round();

    assert_eq!((&round["sent"], &again["sent"]), (&names().len().into(), &0.into()), "{round}");
    let shown = names().into_iter().enumerate();
    let mut expected: Vec<_> =
        shown.map(|(number, (_, shown))| (shown, format!("%PDF {number}").into_bytes())).collect();
    expected.sort();
    assert_eq!(firm.sent(), expected);
    let documents = firm.json(0, &["documents", COMPANY]);
    let paths: BTreeSet<&str> =
        documents.as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), names().len());
    for path in paths {
        // The spelling that is shown is the spelling that is understood.
        let why = firm.json(0, &["why", COMPANY, path]);
        assert_eq!(why["stories"][0]["state"], "sent", "{path}: {why}");
    }
}

#[test]
fn no_name_writes_a_line_of_the_mail() {
    let firm = Firm::new().switched_on();
    let name = b"a\nDocument : b\r\nSoci\xc3\xa9t\xc3\xa9 : Autre\n\nwww.x.example\n.pdf";
    fs::write(firm.achats().join(OsStr::from_bytes(name)), b"%PDF").unwrap();

    firm.round();

    let mails = firm.mails();
    let mail = MessageParser::default().parse(&mails[0]).unwrap();
    let text = mail.body_text(0).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 3, "the bot's name, the document, the company: {text}");
    assert_eq!(lines[2], "Société : Dupont Maçonnerie");
    for header in ["bcc", "cc", "reply-to"] {
        assert!(mail.header(header).is_none(), "{header}");
    }
}

#[test]
fn a_company_with_an_odd_name_gets_an_address_of_its_own() {
    let firm = Firm::new();
    for name in ["\u{1b}[2J & Fils\r\nBcc: x", "'; touch pwned; '", "-rf", "a\u{202e}b"] {
        fs::create_dir_all(firm.root().join(name).join("Achats")).unwrap();
    }

    let companies = firm.json(0, &["companies"]);
    let connected = firm.json(0, &["connect", "2j-et-fils-bcc-x", "quickbooks"]);

    let slugs: BTreeSet<&str> =
        companies.as_array().unwrap().iter().map(|row| row["slug"].as_str().unwrap()).collect();
    let expected = ["2j-et-fils-bcc-x", "a-b", "dupont-maconnerie", "rf", "touch-pwned"];
    assert_eq!(slugs, BTreeSet::from(expected));
    assert_eq!(connected["connection"]["recipient"], "2j-et-fils-bcc-x@qbodocs.com");
    for words in [&["companies"][..], &["check"], &["status"]] {
        let shown = firm.run(words).stdout;
        assert!(!String::from_utf8_lossy(&shown).contains('\u{1b}'), "{words:?}");
    }
}
