//! The main job: an invoice in a folder becomes a mail in the tool's mailbox, once.

use std::fs;

use mail_parser::MessageParser;

use crate::firm::{COMPANY, Firm, TOOL, attachments};
use crate::rig::Rig;

/// A document with every byte, bare line feeds and lines that are a dot.
fn document(mark: &str) -> Vec<u8> {
    let mut bytes = format!("%PDF-1.7 {mark}\n.\n..\r\n.\r\n\n").into_bytes();
    bytes.extend((0..=255_u8).cycle().take(70_000));
    bytes
}

#[tokio::test]
async fn a_new_invoice_reaches_the_tools_mailbox_byte_for_byte_and_an_old_one_stays() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig);
    fs::write(firm.achats("ancienne.pdf"), document("old")).unwrap();
    let firm = firm.switched_on();
    fs::write(firm.achats("Reçu d'été « n° 7 ».pdf"), document("new")).unwrap();

    let round = firm.json(0, &["round"]);

    assert_eq!((&round["deposited"], &round["sent"]), (&1.into(), &1.into()), "{round}");
    let mails = rig.mails(TOOL).await;
    let expected = vec![("Reçu d'été « n° 7 ».pdf".to_owned(), document("new"))];
    assert!(attachments(&mails) == expected, "{} mails", mails.len());
    let mail = MessageParser::default().parse(&mails[0]).unwrap();
    let sender = mail.from().and_then(|from| from.first()).unwrap();
    assert_eq!(sender.address(), Some("quickbooks+dupont-maconnerie@cabinet.example"));
    let deliveries = firm.json(0, &["deliveries"]);
    let message_id = deliveries[0]["message_id"].as_str().unwrap();
    assert_eq!(mail.message_id(), Some(message_id.trim_matches(['<', '>'])));

    let again = firm.json(0, &["round"]);

    assert_eq!(again["sent"], 0);
    assert_eq!(rig.mails(TOOL).await.len(), 1);
}

#[tokio::test]
async fn a_sent_invoice_is_marked_on_its_file_and_never_looks_changed_by_it() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig).switched_on();
    let file = firm.achats("facture.pdf");
    fs::write(&file, document("marked")).unwrap();

    firm.json(0, &["round"]);

    let mut value = vec![0; 256];
    let read = rustix::fs::getxattr(&file, "user.facteur.validated", &mut value[..]);
    match read {
        Ok(length) => {
            let mark = String::from_utf8_lossy(&value[..length]).into_owned();
            assert!(!mark.contains("quickbooks"), "R5: {mark}");
        }
        // The file system of the temporary folder has no user attributes.
        Err(error) => assert_eq!(error, rustix::io::Errno::NOTSUP),
    }
    assert_eq!(firm.json(0, &["round"])["sent"], 0);
    let documents = firm.json(0, &["documents", COMPANY]);
    assert_eq!(
        (&documents[0]["state"], &documents[0]["validated"]),
        (&"sent".into(), &true.into())
    );
}

#[tokio::test]
async fn an_address_the_server_refuses_is_shown_with_its_answer() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig);
    firm.json(0, &["connect", COMPANY, "quickbooks", "--to", "nobody@cabinet.example"]);
    firm.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
    fs::write(firm.achats("facture.pdf"), document("refused")).unwrap();

    let round = firm.json(3, &["round"]);

    assert_eq!(round["refused"], 1, "{round}");
    let why = firm.json(0, &["why", COMPANY, "Achats/facture.pdf"]);
    assert_eq!(why["stories"][0]["state"], "refused");
    assert!(why.to_string().contains("5.1.1"), "{why}");
    firm.json(3, &["status"]);
}

#[tokio::test]
async fn check_online_logs_in_and_sends_nothing() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig);

    let checked = firm.run(&["check", "--online"]);

    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{said}{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    assert!(rig.mails(TOOL).await.is_empty());
}

#[tokio::test]
async fn a_test_mail_carries_no_document() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig);
    firm.json(0, &["connect", COMPANY, "quickbooks"]);

    let sent = firm.json(0, &["send-test", COMPANY, "quickbooks"]);

    assert_eq!(sent["result"], "sent", "{sent}");
    let mails = rig.mails(TOOL).await;
    assert_eq!(mails.len(), 1);
    assert!(attachments(&mails).is_empty());
}
