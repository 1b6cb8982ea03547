//! What is a deposit, however it came: each is found, and goes once.

use chrono::TimeDelta;
use facteur::domain::profile::FolderPattern;
use facteur::ports::Clock as _;

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
async fn a_copy_is_sent_with_its_new_date_or_its_old_one() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/À trier/un.pdf", b"un");
    disk.write("Dupont Maçonnerie/À trier/deux.pdf", b"deux");
    disk.touch("Dupont Maçonnerie/À trier/deux.pdf", at("2019-01-01T00:00:00Z"));
    office.next_round().await;
    disk.copy("Dupont Maçonnerie/À trier/un.pdf", "Dupont Maçonnerie/Achats/un.pdf");
    disk.copy_preserving("Dupont Maçonnerie/À trier/deux.pdf", "Dupont Maçonnerie/Achats/deux.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
    assert_eq!(office.why("Achats/deux.pdf").await.stories[0].state, "sent");
}

#[tokio::test]
async fn a_copy_that_bears_the_mark_of_another_document_is_sent() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/mars.pdf", b"mars");
    office.next_round().await;
    disk.mkdir("Dupont Maçonnerie/À trier");
    disk.copy_preserving(
        "Dupont Maçonnerie/Achats/mars.pdf",
        "Dupont Maçonnerie/À trier/avril.pdf",
    );
    disk.truncate_and_write("Dupont Maçonnerie/À trier/avril.pdf", b"avril");
    assert!(disk.mark_of("Dupont Maçonnerie/À trier/avril.pdf").is_some());
    disk.copy_preserving(
        "Dupont Maçonnerie/À trier/avril.pdf",
        "Dupont Maçonnerie/Achats/avril.pdf",
    );
    office.next_round().await;
    assert_eq!(office.posted(), ["avril.pdf", "mars.pdf"]);
}

#[tokio::test]
async fn a_hard_link_is_a_deposit() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/À trier/facture.pdf", b"facture");
    for _ in 0..3 {
        office.next_round().await;
    }
    disk.hard_link("Dupont Maçonnerie/À trier/facture.pdf", "Dupont Maçonnerie/Achats/facture.pdf");
    office.next_round().await;
    assert_eq!(
        office.states("quickbooks").await,
        [
            "Achats/ancien.pdf: before_activation",
            "Achats/facture.pdf: sent",
            "À trier/facture.pdf: switch_off",
        ]
    );
    disk.remove("Dupont Maçonnerie/À trier/facture.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
}

#[tokio::test]
async fn a_download_renamed_into_place_is_sent_and_not_before() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/relevé.pdf.part", b"la moi");
    let round = office.next_round().await;
    assert_eq!((round.deposited, round.settling), (0, 0));
    let why = office.why("Achats/relevé.pdf.part").await;
    assert!(why.stories[0].because.contains("renamed into place it becomes a deposit"));
    disk.append("Dupont Maçonnerie/Achats/relevé.pdf.part", b"tie");
    disk.rename("Dupont Maçonnerie/Achats/relevé.pdf.part", "Dupont Maçonnerie/Achats/relevé.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["relevé.pdf"]);
}

#[tokio::test]
async fn an_empty_file_is_a_deposit_once_it_is_filled() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.create_empty("Dupont Maçonnerie/Achats/scan.pdf");
    for _ in 0..3 {
        assert_eq!(office.next_round().await.deposited, 0);
    }
    let why = office.why("Achats/scan.pdf").await;
    assert!(why.stories[0].because.contains("the file is empty"), "{why:?}");
    disk.truncate_and_write("Dupont Maçonnerie/Achats/scan.pdf", b"page 1");
    office.next_round().await;
    assert_eq!(office.posted(), ["scan.pdf"]);
}

#[tokio::test]
async fn a_restored_archive_of_old_documents_is_sent() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    for number in 0..20 {
        let name = format!("Dupont Maçonnerie/Achats/archive/{number:02}.pdf");
        disk.write(&name, format!("pièce {number:02}"));
        disk.touch(&name, at("2020-06-30T10:00:00Z"));
    }
    let round = office.next_round().await;
    assert_eq!((round.deposited, round.sent), (20, 20));
    assert_eq!(office.next_round().await.sent, 0);
}

#[tokio::test]
async fn a_scan_written_page_by_page_goes_whole() {
    let office = Office::with_achats_on().await;
    let scan = "Dupont Maçonnerie/Achats/scan.pdf";
    office.world.disk.write(scan, b"1");
    for page in ["2", "3", "4"] {
        // Each look is 5 s after the one before, with a page in between: never 5 s of rest.
        let scanner = office.world.clone();
        office.world.clock.during_next_sleep(async move { scanner.disk.append(scan, page) });
        let round = office.round().await;
        assert_eq!((round.settling, round.sent), (1, 0), "page {page}");
    }
    assert_eq!(office.states("quickbooks").await[1], "Achats/scan.pdf: settling");
    assert_eq!(office.next_round().await.sent, 1);
    assert_eq!(office.world.post.delivered()[0].bytes, b"1234");
}

#[tokio::test]
async fn a_folder_of_a_slow_scanner_has_a_settle_time_of_its_own() {
    let office = Office::configured(|config| {
        let pattern = FolderPattern::parse("Achats/Scans").unwrap();
        config.robot.settle_for.push((pattern, TimeDelta::minutes(5)));
    })
    .await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    let scan = "Dupont Maçonnerie/Achats/Scans/scan.pdf";
    office.world.disk.write(scan, b"1");
    let scanner = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        scanner.disk.append(scan, b"2");
    });
    office.drop("Achats/vite.pdf");
    let before = office.world.clock.now();
    let round = office.round().await;
    assert_eq!((round.sent, round.settling), (1, 1));
    assert_eq!(office.world.clock.now() - before, TimeDelta::minutes(5));
    assert_eq!(office.next_round().await.sent, 1);
    assert_eq!(office.world.post.delivered()[1].bytes, b"12");
}

#[tokio::test]
async fn a_burst_of_ten_thousand_documents_in_one_folder_goes_once() {
    let office = Office::configured(|config| config.robot.flood_per_hour_max = 20_000).await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    for number in 0..10_000 {
        let path = format!("Dupont Maçonnerie/Achats/{number}.pdf");
        office.world.disk.write(&path, number.to_string());
    }
    let round = office.next_round().await;
    assert_eq!((round.deposited, round.sent), (10_000, 10_000));
    office.world.disk.write("Dupont Maçonnerie/Achats/10000.pdf", b"10000");
    assert_eq!(office.next_round().await.sent, 1);
    assert_eq!(office.world.post.delivered().len(), 10_001);
}

#[tokio::test]
async fn what_was_deposited_while_the_robot_was_down_is_sent() {
    let mut office = Office::with_achats_on().await;
    office.world.clock.advance(TimeDelta::days(3));
    office.world.disk.write("Dupont Maçonnerie/Achats/2026/mars/x.pdf", b"x");
    office.restart().await;
    office.round().await;
    assert_eq!(office.posted(), ["x.pdf"]);
}

#[tokio::test]
async fn a_folder_made_during_the_round_is_found_in_the_next() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/un.pdf", b"un");
    let office_life = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        office_life.disk.write("Dupont Maçonnerie/Achats/mars/lot 1/deux.pdf", b"deux");
    });
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
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
