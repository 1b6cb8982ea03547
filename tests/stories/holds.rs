//! What is held for a person: floods, unreadable and vanished files and folders.

use facteur::app::requests::{Ask, Selection};
use facteur::app::views::ActedView;
use facteur::domain::delivery::{Act, HeldReason, State};

use crate::office::{DUPONT, Office};
use crate::world::Phase;

#[tokio::test]
async fn what_comes_beyond_a_flood_is_held_and_released_by_hand() {
    let office = Office::configured(|config| config.robot.flood_per_hour_max = 3).await;
    office.world.disk.mkdir("Dupont Maçonnerie/Achats");
    office.connect("quickbooks").await;
    office.on("Achats", "quickbooks").await;
    for number in 0..5 {
        office.drop(&format!("Achats/{number}.pdf"));
    }
    let round = office.next_round().await;
    assert_eq!((round.sent, round.held), (3, 2));
    assert_eq!(office.status().await.held["flood"], 2);
    let selection = Selection {
        company: Some(DUPONT.to_owned()),
        state: Some(State::Held),
        reason: Some(HeldReason::Flood),
        ..Selection::default()
    };
    let act = Ask::Act { act: Act::Release, selection, confirmed: true };
    assert_eq!(office.done::<ActedView>(act).await.count, 2);
    assert_eq!(office.next_round().await.sent, 2);
    assert_eq!(office.posted().len(), 5);
    office.world.clock.advance(chrono::TimeDelta::hours(1));
    office.drop("Achats/le lendemain.pdf");
    assert_eq!(office.round().await.sent, 1, "the next hour has a measure of its own");
}

#[tokio::test]
async fn an_unreadable_document_is_shown_and_goes_once_it_can_be_read() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/fermé.pdf");
    office.world.disk.chmod_unreadable("Dupont Maçonnerie/Achats/fermé.pdf");
    office.next_round().await;
    let round = office.next_round().await;
    let told: Vec<_> = round.problems.iter().map(|problem| problem.kind.as_str()).collect();
    assert_eq!(told, ["unreadable"], "once");
    assert_eq!(round.problems[0].path.as_deref(), Some("Achats/fermé.pdf"));
    let story = office.story("Achats/fermé.pdf", "quickbooks").await;
    assert!(story.because.contains("`facteur status` says what keeps it"), "{}", story.because);
    office.world.disk.chmod_readable("Dupont Maçonnerie/Achats/fermé.pdf");
    assert_eq!(office.next_round().await.sent, 1);
    assert_eq!(office.next_round().await.problems, []);
}

#[tokio::test]
async fn documents_of_a_new_folder_that_was_locked_go_once_it_is_open() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/caisse/un.pdf");
    office.world.disk.chmod_unreadable("Dupont Maçonnerie/Achats/caisse");
    for _ in 0..3 {
        let round = office.next_round().await;
        assert_eq!(round.problems[0].path.as_deref(), Some("Achats/caisse"));
    }
    office.world.disk.chmod_readable("Dupont Maçonnerie/Achats/caisse");
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn a_known_folder_that_is_locked_for_a_while_forgets_nothing() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.disk.chmod_unreadable("Dupont Maçonnerie/Achats");
    for _ in 0..3 {
        assert_eq!(office.next_round().await.problems.len(), 1);
    }
    office.world.disk.chmod_readable("Dupont Maçonnerie/Achats");
    office.drop("Achats/deux.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_hashed_goes_as_it_is_in_the_end() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/x.pdf");
    office.world.disk.change_while_read("Dupont Maçonnerie/Achats/x.pdf", b"plus longue qu'avant");
    let round = office.next_round().await;
    assert_eq!(round.sent, 0);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.post.delivered().len(), 1);
    assert_eq!(office.world.post.delivered()[0].bytes, b"plus longue qu'avant");
}

#[tokio::test]
async fn a_file_whose_reads_fail_and_that_changes_meanwhile_is_found_again() {
    let office = Office::with_achats_on().await;
    let document = "Dupont Maçonnerie/Achats/x.pdf";
    office.drop("Achats/x.pdf");
    office.world.disk.fail_reads(document);
    for _ in 0..4 {
        assert_eq!(office.next_round().await.sent, 0);
    }
    office.world.disk.append(document, b"et la suite");
    office.world.disk.heal_reads(document);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["x.pdf"]);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_held_as_replaced() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/x.pdf");
    let office_life = office.world.clone();
    office.world.post.at(Phase::Connected, async move {
        office_life.disk.truncate_and_write("Dupont Maçonnerie/Achats/x.pdf", "corrigée");
    });
    assert_eq!(office.next_round().await.sent, 0);
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    let told = |state: &str, reason: Option<&str>| (state.to_owned(), reason.map(str::to_owned));
    let mut deliveries = office.deliveries().await;
    let states: Vec<_> =
        deliveries.iter().map(|view| told(&view.state, view.reason.as_deref())).collect();
    assert_eq!(states, [told("cancelled", None), told("held", Some("replaced"))]);
    assert_eq!(office.states("quickbooks").await[1], "Achats/x.pdf: held (replaced)");
    office.act(Act::Release, &deliveries.remove(1).id).await;
    office.next_round().await;
    assert_eq!(office.world.post.delivered()[0].bytes, "corrigée".as_bytes());
}

#[tokio::test]
async fn a_switched_folder_that_vanished_is_told_until_it_is_back() {
    let office = Office::with_achats_on().await;
    office.world.disk.mkdir("Dupont Maçonnerie/Ventes");
    office.next_round().await;
    office.world.disk.remove_dir("Dupont Maçonnerie/Achats");
    office.next_round().await;
    office.next_round().await;
    let round = office.next_round().await;
    let told: Vec<_> = round.problems.iter().map(|problem| problem.kind.as_str()).collect();
    assert_eq!(told, ["folder_vanished"]);
    assert_eq!(office.status().await.problems[0].path.as_deref(), Some("Achats"));
    office.drop("Achats/nouveau.pdf");
    let round = office.next_round().await;
    assert_eq!((round.sent, round.problems.len()), (1, 0));
}

#[tokio::test]
async fn a_folder_missed_by_one_listing_is_not_gone() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/2026/un.pdf");
    office.next_round().await;
    office.connect("dext").await;
    office.on("Achats/2026", "dext").await;
    for missed in ["Achats", "Achats/2026", "Achats/2026/un.pdf"] {
        for folder in ["", "/Achats", "/Achats/2026"] {
            office.world.disk.write(&format!("Dupont Maçonnerie{folder}/x.tmp"), missed);
            office.world.disk.remove(&format!("Dupont Maçonnerie{folder}/x.tmp"));
        }
        office.world.disk.listing_misses(&format!("Dupont Maçonnerie/{missed}"));
        assert_eq!(office.next_round().await.problems, [], "{missed}");
        office.next_round().await;
    }
    assert_eq!(office.posted(), ["un.pdf"]);
    assert_eq!(office.state("Achats/2026/un.pdf").await, "sent");
    let told = office.story("Achats/2026/un.pdf", "quickbooks").await.events;
    assert!(told.iter().all(|event| !event.because.contains("gone")), "{told:?}");
}

#[tokio::test]
async fn a_missing_document_that_was_queued_is_held_as_missing() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/x.pdf");
    office.world.post.always(crate::world::Script::Unreachable("connection refused"));
    office.next_round().await;
    office.world.disk.remove("Dupont Maçonnerie/Achats/x.pdf");
    office.world.post.always(crate::world::Script::Accept);
    office.next_round().await;
    assert_eq!(office.state("Achats/x.pdf").await, "held (missing)");
}
