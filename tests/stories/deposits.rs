//! What is a deposit, however it came, and what never is.

use chrono::TimeDelta;

use crate::office::Office;
use crate::world::at;

#[tokio::test]
async fn old_documents_stay_and_new_ones_go() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/nouveau.pdf", b"%PDF nouveau");
    let round = office.next_round().await;
    assert_eq!((round.deposited, round.queued, round.sent), (1, 1, 1));
    assert_eq!(office.posted(), ["nouveau.pdf"]);
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/ancien.pdf: before_activation", "Achats/nouveau.pdf: sent"]
    );
    assert_eq!(office.world.disk.marked(), ["Dupont Maçonnerie/Achats/nouveau.pdf"]);
    let again = office.next_round().await;
    assert_eq!((again.deposited, again.sent), (0, 0));
    assert_eq!(office.posted().len(), 1);
}

#[tokio::test]
async fn a_document_moved_in_with_an_old_date_is_sent() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/À trier/vieux.pdf", b"%PDF vieux");
    disk.touch("Dupont Maçonnerie/À trier/vieux.pdf", at("2019-01-01T00:00:00Z"));
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    disk.rename("Dupont Maçonnerie/À trier/vieux.pdf", "Dupont Maçonnerie/Achats/vieux.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["vieux.pdf"]);
}

#[tokio::test]
async fn a_rename_inside_a_switched_folder_sends_nothing() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/nouveau.pdf", b"%PDF nouveau");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/nouveau.pdf", "Dupont Maçonnerie/Achats/2026-03.pdf");
    disk.rename("Dupont Maçonnerie/Achats/ancien.pdf", "Dupont Maçonnerie/Achats/très ancien.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["nouveau.pdf"]);
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/2026-03.pdf: sent", "Achats/très ancien.pdf: before_activation"]
    );
}

#[tokio::test]
async fn a_file_left_alone_goes_in_the_round_that_first_sees_it_and_one_that_grows_waits() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/scan.pdf", b"page 1");
    let scanner = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        scanner.disk.append("Dupont Maçonnerie/Achats/scan.pdf", b"page 2");
    });
    let round = office.next_round().await;
    assert_eq!((round.settling, round.sent), (1, 0));
    let round = office.next_round().await;
    assert_eq!(round.sent, 1);
    assert_eq!(office.world.post.delivered()[0].bytes, b"page 1page 2");
}

#[tokio::test]
async fn a_clock_set_back_an_hour_loses_nothing() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/un.pdf", b"un");
    office.next_round().await;
    office.world.clock.advance(TimeDelta::minutes(-60));
    office.world.disk.write("Dupont Maçonnerie/Achats/deux.pdf", b"deux");
    office.round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
}
