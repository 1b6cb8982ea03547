//! The same mail again is filed once, wherever and under whatever number it lies.

use crate::reception::{MARCH, Reception, facture, mail, moved, pdf};
use crate::world::mailbox::Fault;

#[tokio::test]
async fn a_mail_in_two_mailboxes_is_filed_once_and_both_are_done_with() {
    let reception = Reception::new().await;
    let text = facture("mars", "a.pdf");
    reception.mailbox.receive(&text);
    reception.scans.receive(text.replace("Delivered-To: compta", "Delivered-To: scans"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
    assert_eq!(reception.states().await, ["filed", "filed"]);
    let told: Vec<_> = reception.mails().await.into_iter().flat_map(|mail| mail.left_out).collect();
    assert!(told.len() == 1 && told[0].because.contains("is the same one"), "{told:?}");
    assert_eq!(
        (reception.mailbox.places(), reception.scans.places()),
        (vec![moved()], vec![moved()])
    );
    assert_eq!(reception.drawer.count(), 0);
}

#[tokio::test]
async fn a_mail_to_two_companies_is_filed_for_each() {
    let reception = Reception::new().await;
    let text = facture("mars", "a.pdf");
    reception.mailbox.receive(&text);
    reception.mailbox.receive(
        text.replace("Delivered-To: compta+dupont-maconnerie", "Delivered-To: compta+martin"),
    );
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
    assert_eq!(reception.files("Martin"), [format!("{MARCH}/a.pdf")]);
}

#[tokio::test]
async fn a_replaced_server_gives_nothing_twice() {
    let reception = Reception::new().await;
    // What has no document stays where it is, and is met again.
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "texte", &[]));
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.mailbox.fail_next(Fault::Refuse);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["tray", "filed"]);
    reception.mailbox.replace_server();
    reception.mailbox.given();
    reception.office.next_round().await;
    let (heads, fetched) = reception.mailbox.given();
    assert_eq!((heads.len(), fetched.len()), (2, 0), "the server had refused to move it");
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["tray", "filed"]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
    assert_eq!(reception.mailbox.places().iter().filter(|place| **place == moved()).count(), 1);
}

#[tokio::test]
async fn the_same_document_in_another_mail_is_filed_and_not_sent_twice() {
    let reception = Reception::new().await;
    let files = [("a.pdf", pdf("the same"))];
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "one", &files));
    reception.office.next_round().await;
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "reminder", &files));
    reception.office.next_round().await;
    let expected = [format!("{MARCH}/a (2).pdf"), format!("{MARCH}/a.pdf")];
    assert_eq!(reception.files("Dupont Maçonnerie"), expected);
    assert_eq!(reception.office.posted(), ["a.pdf"]);
}

#[tokio::test]
async fn after_an_import_a_mail_that_is_read_again_is_filed_where_it_is() {
    let leave = |config: &mut facteur::config::Config| {
        for mailbox in &mut config.mailboxes {
            mailbox.after = facteur::config::AfterReading::Leave;
        }
    };
    let mut reception = Reception::configured(leave).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let export = facteur::app::requests::Ask::Export { file: file.clone() };
    let _: serde_json::Value = reception.office.done(export).await;
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;

    let import = facteur::app::requests::Ask::Import { file, confirmed: true };
    let _: serde_json::Value = reception.office.done(import).await;
    reception.restart().await;
    assert_eq!(reception.states().await, Vec::<String>::new(), "it is not known any more");
    reception.office.next_round().await;

    assert_eq!(reception.states().await, ["filed"]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
    reception.office.next_round().await;
    assert_eq!(reception.office.posted().len(), 1);
}
