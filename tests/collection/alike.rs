//! Mails that look alike from outside: each is told by what it holds.

use facteur::app::requests::Outcome;

use crate::reception::{MARCH, Reception, facture, mail, moved, pdf};
use crate::world::mailbox::{Fault, Place};

/// A mail as a scanner sends it whose clock stands still: its headers are always the same.
fn scan(words: &str) -> String {
    mail("compta+dupont-maconnerie", "scan", &[("scan.pdf", pdf(words))])
}

#[tokio::test]
async fn a_scanner_with_one_message_id_loses_nothing() {
    let reception = Reception::new().await;
    // Two in one page, the third later.
    reception.mailbox.receive(scan("page 1"));
    reception.mailbox.receive(scan("page 2"));
    reception.office.next_round().await;
    reception.mailbox.receive(scan("page 3"));
    reception.office.next_round().await;
    let expected = ["scan (2).pdf", "scan (3).pdf", "scan.pdf"];
    let expected = expected.map(|name| format!("{MARCH}/{name}"));
    assert_eq!(reception.files("Dupont Maçonnerie"), expected);
    reception.office.next_round().await;
    assert_eq!(reception.office.posted().len(), 3);
    assert_eq!(reception.mailbox.places(), [moved(), moved(), moved()]);
    assert_eq!(reception.drawer.count(), 0);
}

#[tokio::test]
async fn scans_of_one_size_without_a_message_id_are_told_apart() {
    let reception = Reception::new().await;
    for words in ["page 1", "page 2"] {
        reception.mailbox.receive(scan(words).replace("Message-ID: <scan@client.example>\r\n", ""));
        reception.office.next_round().await;
    }
    assert_eq!(reception.files("Dupont Maçonnerie").len(), 2);
}

#[tokio::test]
async fn alike_mails_on_a_replaced_server_are_done_with_each_for_itself() {
    let reception = Reception::new().await;
    reception.mailbox.receive(scan("page 1"));
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "scan", &[]));
    reception.mailbox.fail_next(Fault::Refuse);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filed", "tray"]);
    reception.mailbox.replace_server();
    reception.office.next_round().await;
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filed", "tray"]);
    assert_eq!(reception.mailbox.places(), [Place::Inbox, moved()], "what waits stays");
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/scan.pdf")]);
}

#[tokio::test]
async fn a_mail_sent_on_to_another_company_is_that_ones_too() {
    let reception = Reception::new().await;
    let bare = facture("mars", "a.pdf")
        .replace("Delivered-To: compta+dupont-maconnerie@cabinet.example\r\n", "");
    reception.mailbox.receive(&bare);
    reception.office.next_round().await;
    reception.mailbox.receive(format!("Resent-To: compta+martin@cabinet.example\r\n{bare}"));
    reception.mailbox.receive(bare.replace("To: compta+dupont-maconnerie", "To: compta+autre"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
    assert_eq!(reception.files("Martin"), [format!("{MARCH}/a.pdf")]);
    assert_eq!(reception.states().await, ["filed", "filed", "tray"]);
}

#[tokio::test]
async fn what_is_put_back_into_the_folder_is_the_same_mail() {
    let reception = Reception::new().await;
    for _ in 0..3 {
        reception.mailbox.receive(scan("page 1"));
        reception.office.next_round().await;
    }
    assert_eq!(reception.states().await, ["filed"]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/scan.pdf")]);
    assert_eq!(reception.drawer.count(), 0);
}

#[tokio::test]
async fn a_mail_that_is_not_kept_any_more_is_kept_again_when_it_is_put_back() {
    let reception = Reception::new().await;
    let lost = mail("compta+duponnt", "mars", &[("a.pdf", pdf("a"))]);
    reception.mailbox.receive(&lost);
    reception.office.next_round().await;
    reception.drawer.lose_all();
    let refused = reception.file("1", "dupont-maconnerie", None).await;
    assert_ne!(refused.outcome, Outcome::Done);
    reception.mailbox.receive(&lost);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["tray"]);
    assert_eq!(reception.file("1", "dupont-maconnerie", None).await.outcome, Outcome::Done);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
}

#[tokio::test]
async fn a_mail_too_large_beside_one_like_it_is_put_aside_and_not_done() {
    let reception = Reception::configured(|config| config.collection.mail_bytes_max = 1_000).await;
    reception.mailbox.receive(scan("page 1"));
    reception.office.next_round().await;
    reception.mailbox.receive(scan(&"x".repeat(2_000)));
    reception.office.next_round().await;
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filed", "odd"]);
    assert_eq!(reception.mailbox.places(), [moved(), Place::Inbox]);
}

#[tokio::test]
async fn mails_of_like_headers_in_two_mailboxes_are_both_filed() {
    let reception = Reception::new().await;
    let bare = |words: &str| {
        scan(words).replace("Delivered-To: compta+dupont-maconnerie@cabinet.example\r\n", "")
    };
    reception.mailbox.receive(bare("page 1"));
    reception.office.next_round().await;
    reception.scans.receive(bare("page 2"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie").len(), 2);
}

#[tokio::test]
async fn a_mail_that_could_not_be_had_is_filed_when_it_comes_again() {
    let reception = Reception::new().await;
    let refused = reception.mailbox.receive(scan("page 1"));
    reception.mailbox.refuse(refused);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["odd"]);
    reception.mailbox.receive(scan("page 1"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/scan.pdf")]);
    assert_eq!(reception.mailbox.places(), [Place::Inbox, moved()]);
}

#[tokio::test]
async fn a_copy_of_a_mail_that_was_planned_and_never_filed_is_filed() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    let text = facture("mars", "a.pdf");
    reception.mailbox.receive(&text);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filing"]);
    reception.drawer.lose_all();
    reception.office.world.disk.set_full(false);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["tray"]);

    reception.scans.receive(text.replace("Delivered-To: compta", "Delivered-To: scans"));
    reception.office.next_round().await;

    assert_eq!(reception.states().await, ["tray", "filed"]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
}

#[tokio::test]
async fn a_copy_is_done_with_only_when_its_like_is_filed() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    let text = facture("mars", "a.pdf");
    reception.mailbox.receive(&text);
    reception.office.next_round().await;
    reception.scans.receive(text.replace("Delivered-To: compta", "Delivered-To: scans"));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filing", "pending"]);
    assert_eq!(reception.scans.places(), [Place::Inbox]);

    reception.office.world.disk.set_full(false);
    for _ in 0..2 {
        reception.office.next_round().await;
    }

    assert_eq!(reception.states().await, ["filed", "filed"]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
}
