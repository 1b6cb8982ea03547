//! Files that change, vanish or move between the queue and the final dot; duplicates.

use facteur::app::requests::{Ask, Outcome};
use facteur::app::views::ActedView;
use facteur::domain::delivery::Act;

use crate::desk::FOLDER;
use crate::office::{DUPONT, Office};
use crate::world::{Script, path};

const UN: &str = "Dupont Maçonnerie/Achats/un.pdf";

/// `Achats/un.pdf` deferred once.
async fn with_one_waiting() -> Office {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.world.post.next(Script::Defer("451 later"));
    office.next_round().await;
    office
}

#[tokio::test]
async fn a_file_that_changed_in_place_never_goes_under_the_old_name_of_its_content() {
    for (bytes, told) in [("ACHATS/UN.PDF", "of the same size"), ("longer than that", "of another")]
    {
        let office = with_one_waiting().await;
        office.world.disk.truncate_and_write(UN, bytes);
        office.next_round().await;
        office.next_round().await;
        assert_eq!(office.posted(), Vec::<String>::new(), "{told}");
        let mut states: Vec<String> = office
            .deliveries()
            .await
            .into_iter()
            .map(|delivery| format!("{} {}", delivery.state, delivery.reason.unwrap_or_default()))
            .collect();
        states.sort();
        assert_eq!(states, ["cancelled ", "held replaced"], "{told}");
        let held = office.deliveries().await.into_iter().find(|row| row.state == "held").unwrap();
        office.act(Act::Release, &held.id).await;
        office.next_round().await;
        assert_eq!(office.world.post.delivered()[0].bytes, bytes.as_bytes(), "{told}");
    }
}

#[tokio::test]
async fn a_file_written_to_while_it_is_sent_is_stopped_before_the_dot() {
    let office = with_one_waiting().await;
    office.world.disk.change_while_read(UN, "ACHATS/UN.PDF");
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.deliveries().await[0].state, "cancelled");
}

#[tokio::test]
async fn a_changed_file_that_may_not_be_looked_at_any_more_stops_no_other_mail() {
    let office = with_one_waiting().await;
    office.on("Frais", "quickbooks").await;
    office.drop("Frais/deux.pdf");
    let world = office.world.clone();
    office.world.disk.change_while_read(UN, "ACHATS/UN.PDF");
    office.world.post.at(crate::world::Phase::BeforeGate, async move {
        world.disk.chmod_unreadable("Dupont Maçonnerie/Achats");
    });
    office.world.post.set_connections(1);
    office.next_round().await;
    assert_eq!(office.posted(), ["deux.pdf"]);
    assert_eq!(office.state("Achats/un.pdf").await, "deferred");
    office.world.disk.chmod_readable("Dupont Maçonnerie/Achats");
    office.next_round().await;
    assert_eq!(office.deliveries().await[0].state, "cancelled");
}

#[tokio::test]
async fn a_file_that_is_gone_is_held_and_goes_when_it_is_back_and_released() {
    let office = with_one_waiting().await;
    let elsewhere = "elsewhere/un.pdf";
    office.world.disk.mkdir("elsewhere");
    office.world.disk.rename(UN, elsewhere);
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "held (missing)");
    assert_eq!(
        office.story("Achats/un.pdf", "quickbooks").await.because,
        "held: its file `Achats/un.pdf` is gone; when it is back, `facteur release 1` sends it; `facteur cancel 1` doesn't"
    );
    office.world.disk.rename(elsewhere, UN);
    office.next_round().await;
    office.act_on(Act::Release, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn a_file_moved_while_it_waits_is_followed() {
    for place in ["Achats/traité.pdf", "Traité/2026/un.pdf"] {
        let office = with_one_waiting().await;
        office.world.disk.mkdir(&format!("{FOLDER}/Traité/2026"));
        office.world.disk.rename(UN, &format!("{FOLDER}/{place}"));
        office.next_round().await;
        assert_eq!(office.posted().len(), 1, "{place}");
        assert_eq!(office.state(place).await, "sent");
    }
}

#[tokio::test]
async fn a_file_moved_under_an_exception_while_it_is_sent_does_not_leave() {
    let office = Office::with_achats_on().await;
    office.world.disk.mkdir(&format!("{FOLDER}/Achats/Privé"));
    office.off("Achats/Privé", "quickbooks").await;
    office.drop("Achats/un.pdf");
    let (world, robot) = (office.world.clone(), office.robot.clone());
    office.world.post.at(crate::world::Phase::BeforeGate, async move {
        use facteur::app::requests::{Answers as _, Request};
        world.disk.rename(UN, &format!("{FOLDER}/Achats/Privé/un.pdf"));
        // It counts what there is, and so looks at what has moved.
        let (company, app) = (DUPONT.to_owned(), "quickbooks".to_owned());
        let (folder, since, until) = (path("Achats"), None, None);
        let ask = Ask::Backfill { company, folder, app, since, until, confirmed: false };
        robot.answer(Request { by: "lea".to_owned(), ask }).await;
    });
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/Privé/un.pdf").await, "cancelled");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_held_for_a_person() {
    let office = with_one_waiting().await;
    office.world.disk.chmod_unreadable(UN);
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "held (unreadable)");
    office.world.disk.chmod_readable(UN);
    office.act_on(Act::Release, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn a_disk_that_gives_errors_is_asked_again() {
    let office = with_one_waiting().await;
    office.world.disk.fail_reads(UN);
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "deferred");
    office.world.disk.heal_reads(UN);
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

/// The same content under two names, the first one sent as `script` has it.
async fn with_a_duplicate(script: Script) -> Office {
    let office = Office::with_achats_on().await;
    office.world.disk.write(UN, "same");
    office.world.post.next(script);
    office.next_round().await;
    office.world.disk.write(&format!("{FOLDER}/Achats/copie.pdf"), "same");
    office
}

#[tokio::test]
async fn a_duplicate_is_not_sent_and_says_of_what() {
    let office = with_a_duplicate(Script::Accept).await;
    let round = office.next_round().await;
    assert_eq!((round.duplicates, round.queued), (1, 0));
    assert_eq!(office.posted(), ["un.pdf"]);
    let story = office.story("Achats/copie.pdf", "quickbooks").await;
    assert_eq!(story.state, "duplicate");
    assert_eq!(
        story.because,
        "the same content as `Achats/un.pdf`, delivery 1 (sent); `facteur resend dupont-maconnerie Achats/copie.pdf --app quickbooks` sends it all the same"
    );
}

#[tokio::test]
async fn a_duplicate_goes_when_the_first_one_is_refused_or_cancelled() {
    let office = with_a_duplicate(Script::Defer("451 later")).await;
    office.world.post.next(Script::Defer("451 later"));
    office.next_round().await;
    assert_eq!(office.story("Achats/copie.pdf", "quickbooks").await.state, "duplicate");
    office.world.post.document("un.pdf", Script::Refuse("550 no"));
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["copie.pdf"]);

    let office = with_a_duplicate(Script::Defer("451 later")).await;
    office.world.post.next(Script::Defer("451 later"));
    office.next_round().await;
    office.act_on(Act::Cancel, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["copie.pdf"]);
}

#[tokio::test]
async fn a_person_may_send_a_duplicate_all_the_same() {
    let office = with_a_duplicate(Script::Accept).await;
    office.next_round().await;
    let resending = |document: &str| Ask::ResendDocument {
        company: DUPONT.to_owned(),
        path: path(document),
        app: "quickbooks".to_owned(),
    };
    let view: ActedView = office.done(resending("Achats/copie.pdf")).await;
    assert_eq!(view.changed, ["2"]);
    office.next_round().await;
    assert_eq!(office.posted(), ["copie.pdf", "un.pdf"]);
    // What was sent goes once more, as the same mail.
    let _: ActedView = office.done(resending("Achats/un.pdf")).await;
    office.next_round().await;
    let delivered = office.world.post.delivered();
    assert_eq!(delivered[0].mail.message_id, delivered[2].mail.message_id);
    assert_eq!(office.posted(), ["copie.pdf", "un.pdf", "un.pdf"]);
    let words = office.refused(resending("Achats/ancien.pdf")).await;
    assert!(words.starts_with("`Achats/ancien.pdf` was never sent to quickbooks"), "{words}");
    assert!(matches!(office.ask(resending("x.pdf")).await.outcome, Outcome::WrongWords(_)));
}
