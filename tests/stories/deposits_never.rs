//! What must never be sent.

use chrono::TimeDelta;
use facteur::app::requests::Turn;

use crate::office::Office;
use crate::world::at;

#[tokio::test]
async fn old_documents_touched_chmodded_or_renamed_stay() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    let ancien = "Dupont Maçonnerie/Achats/ancien.pdf";
    disk.touch(ancien, at("2026-03-02T09:00:00Z"));
    office.next_round().await;
    disk.chmod_unreadable(ancien);
    office.next_round().await;
    disk.chmod_readable(ancien);
    office.next_round().await;
    disk.rename(ancien, "Dupont Maçonnerie/Achats/renommé.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.states("quickbooks").await, ["Achats/renommé.pdf: before_activation"]);
}

#[tokio::test]
async fn an_old_document_that_nobody_could_read_at_first_stays() {
    let office = Office::new().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/secret.pdf", b"secret");
    disk.chmod_unreadable("Dupont Maçonnerie/Achats/secret.pdf");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.next_round().await;
    disk.chmod_readable("Dupont Maçonnerie/Achats/secret.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.states("quickbooks").await, ["Achats/secret.pdf: before_activation"]);
}

#[tokio::test]
async fn old_documents_of_a_folder_that_could_not_be_listed_at_first_stay() {
    let office = Office::new().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/caisse/fermé.pdf", b"vieux");
    disk.chmod_unreadable("Dupont Maçonnerie/Achats/caisse");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.next_round().await;
    disk.chmod_readable("Dupont Maçonnerie/Achats/caisse");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.states("quickbooks").await, ["Achats/caisse/fermé.pdf: before_activation"]);
}

#[tokio::test]
async fn unfinished_private_and_empty_files_are_never_sent() {
    let office = Office::with_achats_on().await;
    let names =
        ["x.pdf.part", "x.pdf.crdownload", "~$devis.pdf", ".caché.pdf", "Thumbs.db", "x.pdf~"];
    for name in names {
        office.world.disk.write(&format!("Dupont Maçonnerie/Achats/{name}"), name);
    }
    office.world.disk.write("Dupont Maçonnerie/Achats/@eaDir/x.pdf", b"x");
    office.world.disk.create_empty("Dupont Maçonnerie/Achats/vide.pdf");
    office.next_round().await;
    let round = office.next_round().await;
    assert_eq!((round.deposited, round.settling), (0, 0));
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.states("quickbooks").await, ["Achats/ancien.pdf: before_activation"]);
    for name in names {
        let why = office.why(&format!("Achats/{name}")).await;
        assert!(why.stories[0].because.contains("unfinished, private or ignored"), "{name}");
    }
}

#[tokio::test]
async fn the_same_content_again_is_a_duplicate_and_is_marked_with_the_first() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/un.pdf", b"pareil");
    disk.write("Dupont Maçonnerie/Achats/un (1).pdf", b"pareil");
    office.next_round().await;
    disk.copy_preserving("Dupont Maçonnerie/Achats/un.pdf", "Dupont Maçonnerie/Achats/un bis.pdf");
    disk.write("Dupont Maçonnerie/Achats/encore.pdf", b"pareil");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted().len(), 1);
    let mut states = office.states("quickbooks").await;
    states.sort_by_key(|state| state.ends_with("sent"));
    assert_eq!(states.iter().filter(|state| state.ends_with(": duplicate")).count(), 3);
    assert!(states[4].ends_with(": sent"), "{states:?}");
    let marked = ["encore", "un (1)", "un bis", "un"]
        .map(|name| format!("Dupont Maçonnerie/Achats/{name}.pdf"));
    assert_eq!(disk.marked(), marked);
}

#[tokio::test]
async fn the_same_content_goes_to_each_company_that_has_it() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.mkdir("Garage Martin/Achats");
    office.connect_company("Garage Martin", "quickbooks").await;
    office.turn(Turn::On, "garage-martin", "Achats", "quickbooks").await;
    for company in ["Dupont Maçonnerie", "Garage Martin"] {
        disk.write(&format!("{company}/Achats/edf.pdf"), b"la facture d'un voisin");
    }
    office.next_round().await;
    let post = &office.world.post;
    assert_eq!(post.documents_to("dupont-maconnerie@qbodocs.com"), ["edf.pdf"]);
    assert_eq!(post.documents_to("garage-martin@qbodocs.com"), ["edf.pdf"]);
}

#[tokio::test]
async fn what_was_deleted_before_it_settled_is_never_sent_and_why_says_so() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/erreur.pdf", b"erreur");
    let office_life = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        office_life.disk.remove("Dupont Maçonnerie/Achats/erreur.pdf");
    });
    office.next_round().await;
    for _ in 0..8 {
        office.next_round().await;
    }
    assert_eq!(office.posted(), Vec::<String>::new());
    let why = office.why("Achats/erreur.pdf").await;
    assert!(why.stories[0].because.contains("vanished before it was sent"), "{why:?}");
    let status = office.status().await;
    assert_eq!(status.settling, 0, "nothing waits any more");
    assert_eq!(status.problems, [], "and nobody is called");
}

#[tokio::test]
async fn what_was_deleted_after_it_settled_calls_nobody_for_ever() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/erreur.pdf", b"erreur");
    disk.fail_reads("Dupont Maçonnerie/Achats/erreur.pdf");
    office.next_round().await;
    assert_eq!(office.status().await.problems.len(), 1);
    disk.remove("Dupont Maçonnerie/Achats/erreur.pdf");
    for _ in 0..3 {
        office.next_round().await;
    }
    assert_eq!(office.status().await.problems, []);
    let why = office.why("Achats/erreur.pdf").await;
    assert!(why.stories[0].because.contains("vanished before it was sent"), "{why:?}");
}

#[tokio::test]
async fn a_deleted_name_that_comes_back_is_a_deposit() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"fausse");
    let office_life = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        office_life.disk.remove("Dupont Maçonnerie/Achats/facture.pdf");
    });
    for _ in 0..3 {
        office.next_round().await;
    }
    disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"la bonne");
    office.next_round().await;
    assert_eq!(office.world.post.delivered()[0].bytes, b"la bonne");
}

#[tokio::test]
async fn a_switch_turned_off_and_on_again_starts_afresh() {
    let office = Office::with_achats_on().await;
    office.off("Achats", "quickbooks").await;
    office.world.disk.write("Dupont Maçonnerie/Achats/entre.pdf", b"entre");
    office.on("Achats", "quickbooks").await;
    office.world.disk.write("Dupont Maçonnerie/Achats/apres.pdf", b"apres");
    office.next_round().await;
    office.world.clock.advance(TimeDelta::days(1));
    office.round().await;
    assert_eq!(office.posted(), ["apres.pdf"]);
    assert_eq!(
        office.states("quickbooks").await,
        [
            "Achats/ancien.pdf: before_activation",
            "Achats/apres.pdf: sent",
            "Achats/entre.pdf: before_activation",
        ]
    );
}
