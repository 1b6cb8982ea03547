//! Another file under a known name: a person is asked, or the app's policy rules.

use facteur::domain::delivery::Act;
use facteur::domain::profile::ReplacedPolicy;

use crate::office::Office;
use crate::world::{Script, app};

const SCAN: &str = "Dupont Maçonnerie/Achats/scan.pdf";

async fn with_policy(policy: ReplacedPolicy) -> Office {
    let office = Office::configured(|config| {
        config.apps.get_mut(&app("quickbooks")).unwrap().replaced = policy;
    })
    .await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.world.disk.write(SCAN, b"un");
    office.next_round().await;
    office
}

fn bodies(office: &Office) -> Vec<Vec<u8>> {
    office.world.post.delivered().into_iter().map(|mail| mail.bytes).collect()
}

#[tokio::test]
async fn another_file_under_a_known_name_is_held_and_goes_when_released() {
    let office = with_policy(ReplacedPolicy::Hold).await;
    office.world.disk.replace(SCAN, b"deux");
    let round = office.next_round().await;
    assert_eq!((round.sent, round.held), (0, 1));
    assert_eq!(office.states("quickbooks").await[0], "Achats/scan.pdf: held (replaced)");
    let held = office.rows("Achats/scan.pdf").await.pop().unwrap();
    office.act(Act::Release, &held.delivery.unwrap()).await;
    office.next_round().await;
    assert_eq!(bodies(&office), [b"un".to_vec(), b"deux".to_vec()]);
    assert!(office.world.disk.mark_of(SCAN).is_some());
}

#[tokio::test]
async fn an_old_name_overwritten_right_after_the_switch_was_turned_on_is_held() {
    let office = Office::with_achats_on().await;
    office.world.disk.replace("Dupont Maçonnerie/Achats/ancien.pdf", b"une autre facture");
    office.next_round().await;
    assert_eq!(office.states("quickbooks").await, ["Achats/ancien.pdf: held (replaced)"]);
    assert_eq!(office.posted(), Vec::<String>::new());
}

#[tokio::test]
async fn an_old_document_being_written_when_the_switch_was_turned_on_stays() {
    let office = Office::new().await;
    let disk = &office.world.disk;
    disk.write("Dupont Maçonnerie/Achats/scan.pdf", b"page 1");
    office.connect("quickbooks").await;
    let view = office.on("Achats", "quickbooks").await;
    assert_eq!(view.being_written, ["Achats/scan.pdf"]);
    disk.append("Dupont Maçonnerie/Achats/scan.pdf", b"page 2");
    office.next_round().await;
    disk.append("Dupont Maçonnerie/Achats/scan.pdf", b"page 3");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.states("quickbooks").await, ["Achats/scan.pdf: before_activation"]);
}

#[tokio::test]
async fn an_old_document_overwritten_in_place_is_held() {
    let office = Office::with_achats_on().await;
    office.next_round().await;
    office.next_round().await;
    let ancien = "Dupont Maçonnerie/Achats/ancien.pdf";
    office.world.disk.truncate_and_write(ancien, b"tout autre chose");
    // A change in place moves no stamp of the folder: its daily turn, or any deposit, shows it.
    office.drop("Achats/autre.pdf");
    office.next_round().await;
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/ancien.pdf: held (replaced)", "Achats/autre.pdf: sent"]
    );
}

#[tokio::test]
async fn a_document_saved_again_unchanged_is_the_same_document() {
    let office = with_policy(ReplacedPolicy::Hold).await;
    office.world.disk.replace(SCAN, b"un");
    let round = office.next_round().await;
    assert_eq!((round.sent, round.held), (0, 0));
    office.next_round().await;
    assert_eq!(bodies(&office).len(), 1);
    assert_eq!(office.states("quickbooks").await, ["Achats/scan.pdf: sent"]);
    assert!(office.world.disk.mark_of(SCAN).is_some(), "the new file is validated too");
    assert_eq!(office.status().await.alarms, []);
}

#[tokio::test]
async fn the_policy_send_sends_each_version_once() {
    let office = with_policy(ReplacedPolicy::Send).await;
    for bytes in ["deux", "trois"] {
        office.world.disk.replace(SCAN, bytes);
        office.next_round().await;
        office.next_round().await;
    }
    assert_eq!(bodies(&office), [b"un".to_vec(), b"deux".to_vec(), b"trois".to_vec()]);
}

#[tokio::test]
async fn the_policy_ignore_keeps_a_later_version_back() {
    let office = with_policy(ReplacedPolicy::Ignore).await;
    office.world.disk.replace(SCAN, b"deux");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(bodies(&office), [b"un".to_vec()]);
    assert_eq!(office.status().await.alarms, []);
}

#[tokio::test]
async fn a_version_that_replaces_one_never_sent_is_not_ignored() {
    let office = with_policy(ReplacedPolicy::Ignore).await;
    office.world.post.always(Script::Unreachable("connection refused"));
    office.drop("Achats/neuf.pdf");
    office.next_round().await;
    office.world.disk.replace("Dupont Maçonnerie/Achats/neuf.pdf", b"corrigee");
    office.world.post.always(Script::Accept);
    for _ in 0..3 {
        office.next_round().await;
    }
    assert_eq!(bodies(&office), [b"un".to_vec(), b"corrigee".to_vec()]);
}

#[tokio::test]
async fn a_document_that_took_the_name_of_one_moved_away_is_a_deposit() {
    let office = with_policy(ReplacedPolicy::Hold).await;
    office.world.disk.mkdir("Dupont Maçonnerie/Traité");
    office.world.disk.rename(SCAN, "Dupont Maçonnerie/Traité/scan 1.pdf");
    office.world.disk.write(SCAN, b"deux");
    office.next_round().await;
    assert_eq!(bodies(&office), [b"un".to_vec(), b"deux".to_vec()]);
}
