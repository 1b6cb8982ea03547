//! A switched folder that was renamed: deposits at both places are held until a person says
//! whether the switch follows or stays.

use facteur::app::requests::{Ask, Turn};
use facteur::app::views::{DecidedView, SwitchView};

use crate::desk::turning;
use crate::office::{DUPONT, Office};
use crate::world::{Script, path};

async fn resolve(office: &Office, follow: bool, folder: &str) {
    let ask = Ask::SwitchResolve { follow, company: DUPONT.to_owned(), folder: path(folder) };
    let view: DecidedView = office.done(ask).await;
    assert!(view.changed);
}

async fn switches(office: &Office) -> Vec<String> {
    let list: Vec<SwitchView> = office.done(Ask::SwitchList { company: None }).await;
    let words = |view: SwitchView| {
        let moved = view.renamed_to.map(|to| format!(" → {to}")).unwrap_or_default();
        format!("{} {}{moved}", view.folder, if view.on { "on" } else { "off" })
    };
    list.into_iter().map(words).collect()
}

/// `Achats` became `Achats 2025`, a new `Achats` was made, and a document came to each.
async fn with_the_years_end() -> Office {
    let office = Office::with_achats_on().await;
    office.drop("Achats/envoyée.pdf");
    office.next_round().await;
    let disk = &office.world.disk;
    disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achats 2025");
    office.drop("Achats 2025/décembre.pdf");
    office.drop("Achats/janvier.pdf");
    let round = office.next_round().await;
    assert_eq!((round.sent, round.held), (0, 2));
    office
}

#[tokio::test]
async fn deposits_at_both_places_are_held_and_an_alarm_asks() {
    let office = with_the_years_end().await;
    assert_eq!(office.state("Achats/janvier.pdf").await, "held (folder_renamed)");
    assert_eq!(office.state("Achats 2025/décembre.pdf").await, "held (folder_renamed)");
    assert_eq!(office.state("Achats 2025/envoyée.pdf").await, "sent");
    let alarms = office.status().await.alarms;
    let alarm = alarms.iter().find(|alarm| alarm.kind == "folder_renamed").unwrap();
    assert!(alarm.message.contains("`facteur switch follow dupont-maconnerie Achats`"));
    let old = office.story("Achats 2025/ancien.pdf", "quickbooks").await;
    assert_eq!(old.state, "before_activation");
    office.next_round().await;
    assert_eq!(office.posted(), ["envoyée.pdf"]);
}

#[tokio::test]
async fn a_switch_that_stays_sends_what_came_to_the_new_folder() {
    let office = with_the_years_end().await;
    resolve(&office, false, "Achats").await;
    office.drop("Achats/février.pdf");
    office.drop("Achats 2025/tardive.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["envoyée.pdf", "février.pdf", "janvier.pdf"]);
    assert_eq!(office.state("Achats 2025/décembre.pdf").await, "cancelled");
    assert_eq!(office.story("Achats 2025/tardive.pdf", "quickbooks").await.state, "switch_off");
    assert_eq!(switches(&office).await, ["Achats on"]);
}

#[tokio::test]
async fn a_switch_that_follows_sends_what_came_to_the_renamed_folder() {
    let office = with_the_years_end().await;
    resolve(&office, true, "Achats").await;
    office.drop("Achats/février.pdf");
    office.drop("Achats 2025/tardive.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["décembre.pdf", "envoyée.pdf", "tardive.pdf"]);
    assert_eq!(office.state("Achats/janvier.pdf").await, "cancelled");
    assert_eq!(office.story("Achats/février.pdf", "quickbooks").await.state, "switch_off");
    assert_eq!(switches(&office).await, ["Achats 2025 on"]);
}

#[tokio::test]
async fn a_folder_renamed_back_resumes_by_itself() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achat");
    office.drop("Achat/facture.pdf");
    assert_eq!(office.next_round().await.held, 1);
    disk.rename("Dupont Maçonnerie/Achat", "Dupont Maçonnerie/Achats");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    assert_eq!(office.status().await.alarms, []);
}

#[tokio::test]
async fn what_was_queued_when_the_folder_was_renamed_is_held_too() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/facture.pdf");
    office.world.post.always(Script::Unreachable("connection refused"));
    office.next_round().await;
    office.world.disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achats 2025");
    office.world.post.always(Script::Accept);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.state("Achats 2025/facture.pdf").await, "held (folder_renamed)");
    resolve(&office, true, "Achats").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
}

#[tokio::test]
async fn exceptions_below_follow_too() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/Perso/livre.pdf");
    office.off("Achats/Perso", "quickbooks").await;
    let disk = &office.world.disk;
    disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achats 2025");
    office.drop("Achats 2025/Perso/roman.pdf");
    office.next_round().await;
    resolve(&office, true, "Achats").await;
    office.drop("Achats 2025/Perso/guide.pdf");
    office.drop("Achats 2025/facture.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    assert_eq!(switches(&office).await, ["Achats 2025 on", "Achats 2025/Perso off"]);
    assert_eq!(office.status().await.alarms, []);
}

#[tokio::test]
async fn exceptions_below_stay_too() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/Perso/livre.pdf");
    office.off("Achats/Perso", "quickbooks").await;
    let disk = &office.world.disk;
    disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achats 2025");
    office.drop("Achats/Perso/neuf.pdf");
    office.next_round().await;
    resolve(&office, false, "Achats").await;
    office.drop("Achats/Perso/guide.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(switches(&office).await, ["Achats on", "Achats/Perso off"]);
    assert_eq!(office.status().await.alarms, []);
}

#[tokio::test]
async fn an_excepted_folder_that_was_renamed_does_not_leak() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/Perso/livre.pdf");
    office.off("Achats/Perso", "quickbooks").await;
    office.next_round().await;
    office.world.disk.rename("Dupont Maçonnerie/Achats/Perso", "Dupont Maçonnerie/Achats/Privé");
    office.drop("Achats/Privé/journal.pdf");
    office.drop("Achats/Perso/encore.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    resolve(&office, true, "Achats/Perso").await;
    office.drop("Achats/Privé/carnet.pdf");
    office.drop("Achats/Perso/facture.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    assert_eq!(switches(&office).await, ["Achats on", "Achats/Privé off"]);
}

#[tokio::test]
async fn another_switch_turned_at_either_place_hides_no_rename() {
    for place in ["Achats", "Achats 2025"] {
        let office = Office::with_achats_on().await;
        office.connect("dext").await;
        office.world.disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achats 2025");
        office.drop("Achats 2025/décembre.pdf");
        office.drop("Achats/janvier.pdf");
        // Before any round saw the rename.
        let _: serde_json::Value =
            office.done(turning(Turn::On, Some(DUPONT), place, "dext")).await;
        office.next_round().await;
        assert_eq!(office.posted(), Vec::<String>::new(), "{place}");
        assert_eq!(office.state("Achats 2025/décembre.pdf").await, "held (folder_renamed)");
        assert_eq!(office.state("Achats/janvier.pdf").await, "held (folder_renamed)");
    }
}

#[tokio::test]
async fn a_folder_deleted_and_made_again_is_switched_still() {
    let office = Office::with_achats_on().await;
    office.world.disk.remove_dir("Dupont Maçonnerie/Achats");
    office.drop("Achats/facture.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    office.world.disk.remove_dir("Dupont Maçonnerie/Achats");
    office.world.disk.mkdir("Dupont Maçonnerie/Ventes");
    office.next_round().await;
    office.next_round().await;
    office.drop("Achats/autre.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["autre.pdf", "facture.pdf"]);
}

#[tokio::test]
async fn two_switched_folders_that_were_swapped_hold_what_comes() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.mkdir("Dupont Maçonnerie/Ventes");
    office.connect("dext").await;
    office.on("Ventes", "dext").await;
    disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/x");
    disk.rename("Dupont Maçonnerie/Ventes", "Dupont Maçonnerie/Achats");
    disk.rename("Dupont Maçonnerie/x", "Dupont Maçonnerie/Ventes");
    office.drop("Achats/facture.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    // It was the place of one and is that of the other: both stay.
    resolve(&office, false, "Achats").await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to("dupont-maconnerie@qbodocs.com"), ["facture.pdf"]);
    assert_eq!(office.posted().len(), 1);
}
