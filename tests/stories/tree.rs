//! Disks as they are: coarse stamps, clocks that jump, listings that miss, shares that tell no
//! file from another.

use chrono::TimeDelta;
use facteur::ports::folders::Trust;

use crate::office::Office;
use crate::world::{Marks, at};

const UNTRUSTED: Trust = Trust { stamps: false, identities: false };

async fn on_a_share() -> Office {
    let office = Office::new().await;
    office.world.disk.set_trust(UNTRUSTED);
    office.world.disk.set_granularity(TimeDelta::seconds(2));
    office.world.disk.set_marks(Marks::Impossible);
    office.drop("Achats/ancien.pdf");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.world.clock.advance(TimeDelta::minutes(1));
    office
}

#[tokio::test]
async fn a_clock_set_back_an_hour_loses_nothing() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.clock.advance(TimeDelta::minutes(-60));
    office.drop("Achats/deux.pdf");
    office.round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
    office.drop("Achats/trois.pdf");
    let set_back = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        set_back.clock.advance(TimeDelta::minutes(-60));
    });
    office.round().await;
    office.next_round().await;
    office.world.clock.advance(TimeDelta::days(400));
    office.drop("Achats/quatre.pdf");
    office.round().await;
    assert_eq!(office.posted(), ["deux.pdf", "quatre.pdf", "trois.pdf", "un.pdf"]);
}

#[tokio::test]
async fn what_comes_in_the_tick_of_a_listing_is_found() {
    for granularity in [TimeDelta::milliseconds(4), TimeDelta::seconds(2), TimeDelta::minutes(1)] {
        let office = Office::with_achats_on().await;
        let disk = &office.world.disk;
        disk.set_granularity(granularity);
        for _ in 0..3 {
            office.next_round().await;
        }
        disk.write("Dupont Maçonnerie/Achats/x.tmp", b"x");
        disk.remove("Dupont Maçonnerie/Achats/x.tmp");
        office.round().await;
        // The folder bears the stamp that this round saw, and keeps it.
        office.drop("Achats/facture.pdf");
        office.next_round().await;
        assert_eq!(office.posted(), ["facture.pdf"], "{granularity}");
    }
}

#[tokio::test]
async fn a_share_whose_clock_is_wrong_loses_nothing() {
    for ahead in [TimeDelta::hours(5), TimeDelta::hours(-5)] {
        let office = Office::with_achats_on().await;
        office.world.disk.set_clock_offset(ahead);
        office.drop("Achats/un.pdf");
        office.next_round().await;
        office.drop("Achats/deux.pdf");
        office.next_round().await;
        assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
    }
}

#[tokio::test]
async fn an_inode_given_to_another_file_is_another_document() {
    let office = Office::with_achats_on().await;
    office.world.disk.reuse_inodes();
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.disk.remove("Dupont Maçonnerie/Achats/un.pdf");
    office.world.disk.write("Dupont Maçonnerie/Achats/deux.pdf", "Achats/deu.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
}

#[tokio::test]
async fn a_share_finds_what_is_copied_moved_or_restored() {
    let office = on_a_share().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Cave/déplacé.pdf", b"deplace");
    disk.write("Dupont Maçonnerie/Cave/lot/un.pdf", b"lot 1");
    disk.write("Dupont Maçonnerie/Cave/copié.pdf", b"copie");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Cave/déplacé.pdf", "Dupont Maçonnerie/Achats/déplacé.pdf");
    disk.rename("Dupont Maçonnerie/Cave/lot", "Dupont Maçonnerie/Achats/lot");
    disk.copy_preserving("Dupont Maçonnerie/Cave/copié.pdf", "Dupont Maçonnerie/Achats/copié.pdf");
    for number in 0..3 {
        let path = format!("Dupont Maçonnerie/Achats/archive/{number}.pdf");
        disk.write(&path, number.to_string());
        disk.touch(&path, at("2020-06-30T10:00:00Z"));
    }
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["0.pdf", "1.pdf", "2.pdf", "copié.pdf", "déplacé.pdf", "un.pdf"]);
}

#[tokio::test]
async fn a_share_sends_nothing_old_that_was_renamed_or_touched() {
    let office = on_a_share().await;
    let disk = &office.world.disk;
    office.drop("Achats/envoyée.pdf");
    office.next_round().await;
    disk.rename("Dupont Maçonnerie/Achats/ancien.pdf", "Dupont Maçonnerie/Achats/renommé.pdf");
    office.next_round().await;
    disk.touch("Dupont Maçonnerie/Achats/renommé.pdf", at("2026-03-02T12:00:00Z"));
    disk.touch("Dupont Maçonnerie/Achats/envoyée.pdf", at("2026-03-02T12:00:00Z"));
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["envoyée.pdf"]);
    // Nothing there tells a touched file from another one: a person is asked, unless its bytes
    // were hashed before.
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/envoyée.pdf: sent", "Achats/renommé.pdf: held (replaced)"]
    );
}

#[tokio::test]
async fn on_a_share_an_excepted_folder_that_was_renamed_does_not_leak() {
    let office = on_a_share().await;
    office.drop("Achats/Perso/livre.pdf");
    office.drop("Achats/Perso/guide.pdf");
    office.off("Achats/Perso", "quickbooks").await;
    office.next_round().await;
    office.world.disk.rename("Dupont Maçonnerie/Achats/Perso", "Dupont Maçonnerie/Achats/Privé");
    office.drop("Achats/Privé/journal.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
}

#[tokio::test]
async fn on_a_share_a_renamed_switched_folder_is_held() {
    let office = on_a_share().await;
    office.world.disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Achats 2025");
    office.drop("Achats 2025/décembre.pdf");
    office.next_round().await;
    office.drop("Achats/janvier.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/janvier.pdf").await, "held (folder_renamed)");
    assert_eq!(office.state("Achats 2025/décembre.pdf").await, "held (folder_renamed)");
}

#[tokio::test]
async fn the_daily_turn_shows_what_no_stamp_did() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/facture.pdf");
    office.next_round().await;
    for _ in 0..3 {
        office.next_round().await;
    }
    let disk = &office.world.disk;
    disk.truncate_and_write(
        "Dupont Maçonnerie/Achats/facture.pdf",
        b"une autre, plus longue encore",
    );
    for _ in 0..97 {
        office.next_round().await;
    }
    assert_eq!(office.states("quickbooks").await[1], "Achats/facture.pdf: held (replaced)");
}
