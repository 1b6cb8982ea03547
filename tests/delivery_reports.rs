//! Delivery reports as servers write them, and what each says of one recipient of ours.

use std::collections::BTreeSet;
use std::path::PathBuf;

use facteur::adapters::mime;
use facteur::domain::mail::report::{Report, ReportedFate, may_be_report};
use proptest::prelude::*;

/// The Message-ID of the mail that most reports are about.
const MAIL: &str = "<0123456789abcdef0123456789abcdef@cabinet.example>";

/// Whom it went to.
const TOOL: &str = "dupont@tool.example";

/// A file, whom it is asked about, and what it says: the fate and a piece of the words; none: it
/// is no report.
type Row = (&'static str, &'static str, Option<(ReportedFate, &'static str)>);

fn rows() -> Vec<Row> {
    use ReportedFate::{Delayed, Delivered, Failed, Relayed};
    let mut rows = vec![
        ("postfix_failed", TOOL, Some((Failed, "550 5.1.1 no such company"))),
        ("postfix_delayed", TOOL, Some((Delayed, "Connection refused"))),
        ("postfix_expired", TOOL, Some((Failed, "connection timed out"))),
        ("postfix_success", TOOL, Some((Delivered, "250 2.0.0 ok"))),
        ("postfix_relayed", TOOL, Some((Relayed, "250 ok"))),
        ("expanded_to_a_list", TOOL, Some((Relayed, "250 ok"))),
        ("status_without_action", TOOL, Some((Failed, "sender not registered"))),
        ("action_against_status", TOOL, Some((Failed, "550 rejected"))),
        ("one_block_only", TOOL, Some((Failed, "no such company"))),
        ("no_type_before_the_address", TOOL, Some((Failed, "5.1.1"))),
        ("brackets_around_the_address", TOOL, Some((Failed, "550 no"))),
        ("another_letter_case", TOOL, Some((Failed, "5.1.1"))),
        ("xtext_in_the_original_recipient", "dupont+achats@tool.example", Some((Failed, "full"))),
        ("forwarded_inside_the_tool", TOOL, Some((Failed, "no such bill box"))),
        ("two_recipients_one_of_them_ours", TOOL, Some((Failed, "no such company"))),
        ("folded_diagnostic", TOOL, Some((Failed, "550-5.7.1 refused by 550 5.7.1 our policy"))),
        ("whole_mail_given_back", TOOL, Some((Failed, "no such company"))),
        ("nothing_given_back", TOOL, Some((Failed, "no such company"))),
        ("status_in_base64", TOOL, Some((Failed, "no such company"))),
        ("utf8_report_of_rfc_6533", TOOL, Some((Failed, "5.1.1"))),
        ("bare_line_feeds", TOOL, Some((Failed, "no such company"))),
        ("empty_lines_within_the_blocks", TOOL, Some((Failed, "no such company"))),
    ];
    rows.extend([
        ("exchange_online", TOOL, Some((Failed, "RecipientNotFound"))),
        ("exchange_in_prose_only", TOOL, Some((Failed, "couldn't be found"))),
        ("exchange_in_french", TOOL, Some((Failed, "introuvable"))),
        ("gmail_failure", TOOL, Some((Failed, "does not exist"))),
        ("gmail_delay_in_prose", TOOL, Some((Delayed, "retry"))),
        ("gmail_old_style", TOOL, Some((Failed, "not a registered user"))),
        ("qmail", TOOL, Some((Failed, "unknown company"))),
        ("qmail_delay", TOOL, Some((Delayed, "SMTP connection"))),
        ("exim", TOOL, Some((Failed, "no such company"))),
        ("exim_warning", TOOL, Some((Delayed, ""))),
        ("sendmail_old", TOOL, Some((Failed, "User unknown"))),
        ("no_report_vacation", TOOL, None),
        ("no_report_person_who_quotes_one", TOOL, None),
        ("no_report_read_receipt", TOOL, None),
        ("no_report_status_without_recipient", TOOL, None),
        ("no_report_unknown_action", TOOL, None),
        ("no_report_newsletter_of_a_postmaster", TOOL, None),
    ]);
    rows
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reports")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.eml"))).expect("a row has its file")
}

#[test]
fn every_report_says_what_its_server_meant() {
    for (name, recipient, expected) in rows() {
        let bytes = bytes(name);
        let mail = mime::parse(&bytes).expect("a mail");
        let report = Report::of(&mail);
        let Some((fate, words)) = expected else {
            assert_eq!(report, None, "{name}");
            continue;
        };
        assert!(may_be_report(&mail.headers), "{name}: by its headers alone");
        let report = report.unwrap_or_else(|| panic!("{name} is a report: {mail:?}"));
        let found = report.of_recipient(recipient).unwrap_or_else(|| panic!("{name}: {report:?}"));
        assert_eq!(found.fate, fate, "{name}");
        assert!(found.because.contains(words), "{name}: {found:?}");
        let named = report.returned_id.iter().chain(&report.references).any(|id| id == MAIL);
        let enveloped = report.envelope_id.as_deref() == Some("12-1-0123456789abcdef");
        assert!(named || enveloped, "{name} names no mail: {report:?}");
        assert_eq!(report.of_recipient("martin@tool.example"), None, "{name}");
    }
}

#[test]
fn every_file_has_its_row() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the reports can be listed")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let rows: BTreeSet<String> = rows().iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(files, rows);
    assert!(rows.len() >= 30);
}

proptest! {
    #[test]
    fn no_damaged_report_panics(
        which in 0_usize..39,
        at in 0_usize..3_000,
        length in 0_usize..60,
        with in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (name, ..) = rows()[which];
        let whole = bytes(name);
        let damaged: Vec<u8> =
            whole.iter().take(at).chain(&with).chain(whole.iter().skip(at + length)).copied().collect();
        if let Ok(mail) = mime::parse(&damaged) {
            drop(Report::of(&mail));
        }
    }

    #[test]
    fn no_text_panics(text in "(Action|Status|:|;|<|>|@|\\+2|failed|rfc822|é|\r|\n| |\\PC){0,200}") {
        let mail = format!(
            "From: mailer-daemon@x.example\r\nSubject: undeliverable{text}\r\n\
             Content-Type: message/delivery-status\r\n\r\n{text}"
        );
        if let Ok(mail) = mime::parse(mail.as_bytes()) {
            drop(Report::of(&mail));
        }
    }
}
