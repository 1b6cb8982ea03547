//! A company whose root changed, or went away: held, never taken for "all deleted".

use facteur::app::requests::{Ask, Outcome, Selection};
use facteur::domain::delivery::{Act, HeldReason};

use crate::office::{DUPONT, Office};
use crate::world::Script;

async fn accept_root(office: &Office, company: &str) -> Outcome {
    let selection = Selection {
        company: Some(company.to_owned()),
        reason: Some(HeldReason::RootChanged),
        ..Selection::default()
    };
    office.ask(Ask::Act { act: Act::Release, selection, confirmed: true }).await.outcome
}

async fn with_one_sent() -> Office {
    let office = Office::with_achats_on().await;
    office.drop("Achats/envoyée.pdf");
    office.next_round().await;
    office
}

#[tokio::test]
async fn a_share_that_went_away_is_held_and_resumes_by_itself() {
    for mount_point in ["", "Dupont Maçonnerie"] {
        let office = with_one_sent().await;
        let disk = &office.world.disk;
        disk.write("Dupont Maçonnerie/Achats/en route.pdf", b"en route");
        office.world.post.always(Script::Unreachable("connection refused"));
        office.next_round().await;
        office.world.post.always(Script::Accept);
        disk.unmount(mount_point);
        for _ in 0..3 {
            let round = office.next_round().await;
            assert_eq!((round.sent, round.held), (0, 0));
            assert_eq!(round.problems.len(), 1);
        }
        let alarms = office.status().await.alarms;
        assert!(alarms.iter().any(|alarm| alarm.kind == "company_held"), "{alarms:?}");
        disk.remount(mount_point);
        office.drop("Achats/après.pdf");
        office.next_round().await;
        office.next_round().await;
        assert_eq!(office.posted(), ["après.pdf", "en route.pdf", "envoyée.pdf"]);
        assert_eq!(office.status().await.alarms, []);
    }
}

#[tokio::test]
async fn nothing_is_decided_about_a_company_that_is_away() {
    let office = with_one_sent().await;
    office.world.disk.unmount("Dupont Maçonnerie");
    let ask = crate::desk::turning(
        facteur::app::requests::Turn::Off,
        Some(DUPONT),
        "Achats",
        "quickbooks",
    );
    let outcome = office.ask(ask).await.outcome;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[tokio::test]
async fn another_root_is_accepted_by_a_person_and_nothing_is_sent_again() {
    let office = with_one_sent().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/À trier/vieux.pdf", b"vieux");
    office.next_round().await;
    disk.new_identity("Dupont Maçonnerie");
    office.drop("Achats/pendant.pdf");
    let round = office.next_round().await;
    assert_eq!(round.problems[0].kind, "root_changed");
    assert_eq!(office.posted(), ["envoyée.pdf"]);
    assert_eq!(accept_root(&office, DUPONT).await, Outcome::Done);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["envoyée.pdf", "pendant.pdf"]);
    assert_eq!(office.status().await.alarms, []);
}

#[tokio::test]
async fn documents_copied_to_another_disk_are_known_still() {
    let office = with_one_sent().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/en route.pdf", b"en route");
    office.world.post.always(Script::Unreachable("connection refused"));
    office.next_round().await;
    office.world.post.always(Script::Accept);
    disk.rename("Dupont Maçonnerie", ".ancien disque");
    disk.copy_preserving(".ancien disque", "Dupont Maçonnerie");
    office.next_round().await;
    assert_eq!(accept_root(&office, DUPONT).await, Outcome::Done);
    office.next_round().await;
    office.drop("Achats/après.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["après.pdf", "en route.pdf", "envoyée.pdf"]);
    assert_eq!(
        office.states("quickbooks").await,
        [
            "Achats/ancien.pdf: before_activation",
            "Achats/après.pdf: sent",
            "Achats/en route.pdf: sent",
            "Achats/envoyée.pdf: sent",
        ]
    );
}

#[tokio::test]
async fn the_root_of_another_company_is_never_accepted() {
    let office = with_one_sent().await;
    office.world.disk.mkdir("Garage Martin/Achats");
    office.connect_company("Garage Martin", "quickbooks").await;
    let disk = &office.world.disk;
    disk.write("Garage Martin/Achats/pneus.pdf", b"pneus");
    // Somebody files the whole garage under Dupont's name, and Dupont's folder is away.
    disk.rename("Dupont Maçonnerie", ".ailleurs");
    disk.rename("Garage Martin", "Dupont Maçonnerie");
    office.next_round().await;
    let outcome = accept_root(&office, DUPONT).await;
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["envoyée.pdf"], "{outcome:?}");
}

#[tokio::test]
async fn most_of_a_company_gone_at_once_is_held_until_a_person_says_so() {
    let office = with_one_sent().await;
    let disk = &office.world.disk;
    for folder in ["Banque", "Social"] {
        disk.mkdir(&format!("Dupont Maçonnerie/{folder}"));
    }
    office.next_round().await;
    for folder in ["Banque", "Social"] {
        disk.remove_dir(&format!("Dupont Maçonnerie/{folder}"));
    }
    office.drop("Achats/facture.pdf");
    assert_eq!(office.next_round().await.problems[0].kind, "root_changed");
    assert_eq!(accept_root(&office, DUPONT).await, Outcome::Done);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["envoyée.pdf", "facture.pdf"]);
    assert_eq!(office.status().await.alarms, []);
}
