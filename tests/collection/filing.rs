//! A mail's documents are filed, sent, and tell their story from the mail on.

use facteur::app::views::EventView;
use facteur::config::CollectionOverride;
use facteur::domain::mail::filing::FilingTemplate;

use crate::reception::{MARCH, Reception, facture, mail, moved, pdf};
use crate::world::path;

#[tokio::test]
async fn a_mail_is_filed_sent_marked_and_told_of_from_its_beginning() {
    let reception = Reception::new().await;
    reception.mailbox.receive(facture("mars", "Facture été.pdf"));

    let round = reception.office.next_round().await;

    assert_eq!((round.deposited, round.sent), (1, 1));
    let place = format!("{MARCH}/Facture été.pdf");
    assert_eq!(reception.files("Dupont Maçonnerie"), [place.as_str()]);
    assert_eq!(reception.office.posted(), ["Facture été.pdf"]);
    assert_eq!(reception.office.world.disk.marked(), [format!("Dupont Maçonnerie/{place}")]);
    assert_eq!(reception.mailbox.places(), [moved()]);
    assert_eq!(reception.drawer.count(), 0);
    let why = reception.why("dupont-maconnerie", &place).await;
    let words: Vec<&str> = why.stories[0].events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(words.first(), Some(&"received"), "{words:?}");
    assert_eq!(words.last(), Some(&"sent"), "{words:?}");
    let EventView { at, because, received, .. } = &why.stories[0].events[0];
    assert!(at.is_some() && because.contains("client@client.example") && because.contains("mars"));
    let received = received.as_ref().unwrap();
    assert_eq!(
        (received.mail.as_str(), received.message_id.as_str()),
        ("1", "<mars@client.example>")
    );
    let json = serde_json::to_value(&why.stories[0].events[0]).unwrap();
    assert_eq!((&json["what"], &json["subject"]), (&"received".into(), &"mars".into()));
    let again: EventView = serde_json::from_value(json).unwrap();
    assert_eq!(&again, &why.stories[0].events[0]);
}

#[tokio::test]
async fn a_moved_document_keeps_the_mail_it_came_by() {
    let reception = Reception::new().await;
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    let disk = &reception.office.world.disk;
    let from = format!("Dupont Maçonnerie/{MARCH}/a.pdf");
    disk.rename(&from, "Dupont Maçonnerie/Achats/Facture mars.pdf");
    reception.office.next_round().await;
    let story = reception.story("dupont-maconnerie", "Achats/Facture mars.pdf").await;
    assert_eq!(story.first().map(String::as_str), Some("received"), "{story:?}");
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), ["Achats/Facture mars.pdf"]);
    assert_eq!(reception.office.posted().len(), 1);
}

#[tokio::test]
async fn a_company_without_an_app_gets_its_documents_and_their_story_too() {
    let reception = Reception::new().await;
    reception.mailbox.receive(mail("compta+martin", "avril", &[("a.pdf", pdf("avril"))]));
    reception.office.next_round().await;
    let place = format!("{MARCH}/a.pdf");
    assert_eq!(reception.files("Martin"), [place.as_str()]);
    assert_eq!(reception.story("martin", &place).await, ["received"]);

    reception.office.connect_company("Martin", "quickbooks").await;
    reception.office.next_round().await;

    assert_eq!(reception.office.posted(), [""; 0], "it was there before");
    assert_eq!(reception.story("martin", &place).await, ["received", "known"]);
    reception.mailbox.receive(mail("compta+martin", "mai", &[("a.pdf", pdf("mai"))]));
    reception.office.next_round().await;
    let second = format!("{MARCH}/a (2).pdf");
    assert_eq!(reception.files("Martin"), [second.as_str(), place.as_str()]);
    assert_eq!(reception.story("martin", &second).await, ["received", "document"]);
}

#[tokio::test]
async fn equal_names_are_told_apart_in_one_mail_and_in_the_folder() {
    let reception = Reception::new().await;
    let disk = &reception.office.world.disk;
    disk.write(&format!("Dupont Maçonnerie/{MARCH}/FACTURE.pdf"), b"%PDF-1.4 of the office");
    let files = [("facture.pdf", pdf("one")), ("facture.pdf", pdf("two"))];
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "deux", &files));
    reception.office.next_round().await;
    let names = ["FACTURE.pdf", "facture (2).pdf", "facture (3).pdf"];
    let expected = names.map(|name| format!("{MARCH}/{name}"));
    assert_eq!(reception.files("Dupont Maçonnerie"), expected);
    assert_eq!(disk.read(&format!("Dupont Maçonnerie/{}", expected[1])), pdf("one"));
}

#[tokio::test]
async fn a_name_that_is_gone_is_not_given_to_another_document() {
    let reception = Reception::new().await;
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    reception.office.world.disk.remove(&format!("Dupont Maçonnerie/{MARCH}/a.pdf"));
    for _ in 0..3 {
        reception.office.next_round().await;
    }
    reception.mailbox.receive(facture("avril", "a.pdf"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a (2).pdf")]);
    assert_eq!(reception.office.posted(), ["a (2).pdf", "a.pdf"]);
}

#[tokio::test]
async fn a_folder_that_is_spelled_a_little_otherwise_is_taken() {
    let reception = Reception::new().await;
    reception.office.world.disk.mkdir("Dupont Maçonnerie/reçus Par Mail");
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), ["reçus Par Mail/2026/03/a.pdf"]);
}

#[tokio::test]
async fn a_company_files_where_it_is_configured_to() {
    let reception = Reception::configured(|config| {
        config.companies.push(facteur::config::CompanyOverride {
            folder: path("Dupont Maçonnerie"),
            slug: None,
            name: None,
            enabled: true,
            collection: CollectionOverride {
                inbox: Some(path("Achats")),
                file_in: Some(FilingTemplate::parse("{inbox}").unwrap()),
                ..CollectionOverride::default()
            },
        });
    })
    .await;
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont Maçonnerie"), ["Achats/a.pdf"]);
}

#[tokio::test]
async fn what_is_left_out_is_told_in_the_mails_record() {
    let reception = Reception::new().await;
    let files = [("a.pdf", pdf("a")), ("macro.exe", b"MZ".to_vec()), ("vide.pdf", Vec::new())];
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "mixte", &files));
    reception.office.next_round().await;
    let mail = reception.mail(1).await;
    assert_eq!(
        (mail.state.as_str(), mail.company.as_deref()),
        ("filed", Some("dupont-maconnerie"))
    );
    assert_eq!(mail.files.len(), 1);
    assert_eq!(mail.files[0].path, Some(format!("{MARCH}/a.pdf")));
    let names: Vec<&str> = mail.left_out.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["macro.exe", "vide.pdf"]);
    assert!(mail.left_out.iter().all(|file| !file.because.is_empty()));
}
