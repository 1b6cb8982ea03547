//! Documents that move: each goes to the apps that did not cover its former place, and to those
//! alone.

use facteur::app::requests::Turn;

use crate::office::{DUPONT, Office};
use crate::world::{Script, at};

const ACHATS_TO: &str = "dupont-maconnerie@qbodocs.com";
const VENTES_TO: &str = "dupont-maconnerie@dext.cc";

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
async fn a_document_of_the_baseline_moved_into_a_switched_folder_is_sent() {
    let office = Office::new().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/À trier/vieux.pdf", b"vieux");
    disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/À trier/vieux.pdf", "Dupont Maçonnerie/Achats/vieux.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["vieux.pdf"]);
    assert_eq!(office.states("quickbooks").await, ["Achats/vieux.pdf: sent"]);
}

#[tokio::test]
async fn a_whole_folder_of_old_documents_moved_in_is_sent() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    for name in ["a", "b", "sous/c"] {
        disk.write(&format!("Dupont Maçonnerie/Cave/2019/{name}.pdf"), name);
    }
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Cave/2019", "Dupont Maçonnerie/Achats/2019");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["a.pdf", "b.pdf", "c.pdf"]);
}

#[tokio::test]
async fn a_document_moved_from_another_company_is_sent() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Garage Martin/Achats/egaree.pdf", b"egaree");
    office.connect_company("Garage Martin", "quickbooks").await;
    office.next_round().await;
    disk.rename("Garage Martin/Achats/egaree.pdf", "Dupont Maçonnerie/Achats/egaree.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(ACHATS_TO), ["egaree.pdf"]);
    assert_eq!(office.posted().len(), 1);
}

#[tokio::test]
async fn a_sent_document_moved_to_another_company_goes_there_too() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.mkdir("Garage Martin/Achats");
    office.connect_company("Garage Martin", "quickbooks").await;
    office.turn(Turn::On, "garage-martin", "Achats", "quickbooks").await;
    disk.write("Dupont Maçonnerie/Achats/egaree.pdf", b"egaree");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/egaree.pdf", "Garage Martin/Achats/egaree.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(ACHATS_TO), ["egaree.pdf"]);
    assert_eq!(office.world.post.documents_to("garage-martin@qbodocs.com"), ["egaree.pdf"]);
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
async fn two_names_that_are_swapped_send_nothing() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/nouveau.pdf", b"nouveau");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/nouveau.pdf", "Dupont Maçonnerie/Achats/x");
    disk.rename("Dupont Maçonnerie/Achats/ancien.pdf", "Dupont Maçonnerie/Achats/nouveau.pdf");
    disk.rename("Dupont Maçonnerie/Achats/x", "Dupont Maçonnerie/Achats/ancien.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["nouveau.pdf"]);
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/ancien.pdf: sent", "Achats/nouveau.pdf: before_activation"]
    );
}

#[tokio::test]
async fn a_chain_of_renames_sends_the_new_document_alone() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    for name in ["scan", "scan 1"] {
        disk.write(&format!("Dupont Maçonnerie/Achats/{name}.pdf"), name);
    }
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/scan 1.pdf", "Dupont Maçonnerie/Achats/scan 2.pdf");
    disk.rename("Dupont Maçonnerie/Achats/scan.pdf", "Dupont Maçonnerie/Achats/scan 1.pdf");
    disk.write("Dupont Maçonnerie/Achats/scan.pdf", b"le suivant");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["scan 1.pdf", "scan.pdf", "scan.pdf"]);
    assert_eq!(
        office.states("quickbooks").await[1..],
        ["Achats/scan 1.pdf: sent", "Achats/scan 2.pdf: sent", "Achats/scan.pdf: sent"]
    );
}

#[tokio::test]
async fn a_known_document_moved_onto_another_is_not_sent_again() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/brouillon.pdf", b"brouillon");
    disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"facture");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/facture.pdf", "Dupont Maçonnerie/Achats/brouillon.pdf");
    let round = office.next_round().await;
    assert_eq!((round.queued, round.held), (0, 0));
    assert_eq!(office.posted(), ["brouillon.pdf", "facture.pdf"]);
    let why = office.why("Achats/brouillon.pdf").await;
    let told: Vec<_> = why.stories[0].events.iter().map(|event| event.because.as_str()).collect();
    assert!(told.contains(&"moved here from `Achats/facture.pdf`"), "{told:?}");
    assert!(told.contains(&"another document was moved onto its name"), "{told:?}");
}

#[tokio::test]
async fn a_document_moved_out_and_back_is_not_sent_again() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"facture");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/facture.pdf", "Dupont Maçonnerie/Traité.pdf");
    office.next_round().await;
    assert_eq!(office.states("quickbooks").await[1], "Traité.pdf: sent");
    disk.rename("Dupont Maçonnerie/Traité.pdf", "Dupont Maçonnerie/Achats/retour.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
}

#[tokio::test]
async fn a_document_that_left_the_tree_and_came_back_is_the_same() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"facture");
    disk.mkdir(".bureau");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/facture.pdf", ".bureau/facture.pdf");
    for _ in 0..3 {
        office.next_round().await;
    }
    let story = office.why("Achats/facture.pdf").await;
    assert_eq!(story.stories[0].events.last().unwrap().because, "its file is gone");
    disk.rename(".bureau/facture.pdf", "Dupont Maçonnerie/Achats/facture.pdf");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/facture.pdf", ".bureau/facture.pdf");
    for _ in 0..3 {
        office.next_round().await;
    }
    disk.rename(".bureau/facture.pdf", "Dupont Maçonnerie/Achats/sous un autre nom.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    assert_eq!(office.states("quickbooks").await[1], "Achats/sous un autre nom.pdf: sent");
}

#[tokio::test]
async fn a_document_moved_out_before_it_was_sent_still_goes() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Dupont Maçonnerie/Achats/facture.pdf", b"facture");
    let office_life = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        office_life.disk.mkdir("Dupont Maçonnerie/Traité");
        office_life
            .disk
            .rename("Dupont Maçonnerie/Achats/facture.pdf", "Dupont Maçonnerie/Traité/facture.pdf");
    });
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    assert_eq!(office.states("quickbooks").await[1], "Traité/facture.pdf: sent");
}

#[tokio::test]
async fn a_folder_moved_while_its_documents_wait_for_the_server_loses_none() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    for name in ["un", "deux", "trois"] {
        disk.write(&format!("Dupont Maçonnerie/Achats/mars/{name}.pdf"), name);
    }
    office.world.post.always(Script::Unreachable("connection refused"));
    assert_eq!(office.next_round().await.sent, 0);
    disk.rename("Dupont Maçonnerie/Achats/mars", "Dupont Maçonnerie/Archives");
    disk.rename("Dupont Maçonnerie/Archives/un.pdf", "Dupont Maçonnerie/Archives/1.pdf");
    office.world.post.always(Script::Accept);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["1.pdf", "deux.pdf", "trois.pdf"]);
}

#[tokio::test]
async fn a_folder_moved_just_before_its_documents_are_opened_loses_none() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    for name in ["un", "deux"] {
        disk.write(&format!("Dupont Maçonnerie/Achats/mars/{name}.pdf"), name);
    }
    office.world.post.set_connections(1);
    let office_life = office.world.clone();
    office.world.post.at(crate::world::Phase::AfterDot, async move {
        office_life.disk.rename("Dupont Maçonnerie/Achats/mars", "Dupont Maçonnerie/Achats/03");
    });
    assert_eq!(office.next_round().await.sent, 2);
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
}

#[tokio::test]
async fn a_move_between_two_apps_goes_to_the_one_that_did_not_cover_it() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Ventes/vieille.pdf", b"vieille");
    office.connect("dext").await;
    office.on("Ventes", "dext").await;
    disk.write("Dupont Maçonnerie/Achats/neuve.pdf", b"neuve");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/neuve.pdf", "Dupont Maçonnerie/Ventes/neuve.pdf");
    disk.rename("Dupont Maçonnerie/Achats/ancien.pdf", "Dupont Maçonnerie/Ventes/ancien.pdf");
    disk.rename("Dupont Maçonnerie/Ventes/vieille.pdf", "Dupont Maçonnerie/Achats/vieille.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(ACHATS_TO), ["neuve.pdf", "vieille.pdf"]);
    assert_eq!(office.world.post.documents_to(VENTES_TO), ["ancien.pdf", "neuve.pdf"]);
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/vieille.pdf: sent", "Ventes/ancien.pdf: switch_off", "Ventes/neuve.pdf: sent"]
    );
    assert_eq!(
        office.states("dext").await,
        ["Achats/vieille.pdf: switch_off", "Ventes/ancien.pdf: sent", "Ventes/neuve.pdf: sent"]
    );
}

#[tokio::test]
async fn a_second_app_gets_only_what_comes_after() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/un.pdf", b"un");
    office.next_round().await;
    office.connect("dext").await;
    disk.write("Dupont Maçonnerie/Achats/deux.pdf", b"deux");
    office.on("Achats", "dext").await;
    disk.write("Dupont Maçonnerie/Achats/trois.pdf", b"trois");
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(ACHATS_TO), ["deux.pdf", "trois.pdf", "un.pdf"]);
    assert_eq!(office.world.post.documents_to(VENTES_TO), ["trois.pdf"]);
    let states = office.states("dext").await;
    assert_eq!(
        states,
        [
            "Achats/ancien.pdf: before_activation",
            "Achats/deux.pdf: before_activation",
            "Achats/trois.pdf: sent",
            "Achats/un.pdf: before_activation",
        ],
        "{DUPONT}"
    );
}
