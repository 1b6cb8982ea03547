//! Marks: what was sent shows as validated on the file itself (R5, R9).

use facteur::domain::delivery::Act;

use crate::desk::{FOLDER, turning};
use crate::office::{DUPONT, Office};
use crate::world::{Marks, Script, When, at};
use facteur::app::requests::Turn;

const UN: &str = "Dupont Maçonnerie/Achats/un.pdf";

/// `Achats` on for quickbooks and dext.
async fn with_two_apps() -> Office {
    let office = Office::with_achats_on().await;
    office.connect("dext").await;
    office.on("Achats", "dext").await;
    office
}

#[tokio::test]
async fn a_mark_holds_the_time_and_a_token_that_names_no_app() {
    let office = with_two_apps().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    let mark = office.world.disk.mark_of(UN).unwrap();
    assert_eq!(mark.at, at("2026-03-02T08:15:05Z"));
    assert_eq!(mark.token.len(), 24);
    assert!(mark.token.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn with_two_apps_it_is_set_once_both_have_it() {
    let office = with_two_apps().await;
    office.world.post.to("dupont-maconnerie@dext.cc", Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
    assert!(office.rows("Achats/un.pdf").await.iter().all(|row| !row.validated));
    office.world.post.to("dupont-maconnerie@dext.cc", Script::Accept);
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
    assert!(office.rows("Achats/un.pdf").await.iter().all(|row| row.validated));
}

#[tokio::test]
async fn an_app_that_was_owed_it_and_is_turned_off_holds_the_mark_up_no_more() {
    let office = with_two_apps().await;
    office.world.post.to("dupont-maconnerie@dext.cc", Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.off("Achats", "dext").await;
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
}

#[tokio::test]
async fn an_app_that_refuses_it_leaves_it_unmarked() {
    let office = with_two_apps().await;
    office.world.post.to("dupont-maconnerie@dext.cc", Script::Refuse("550 no"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_later_refusal_takes_the_mark_back() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.post.next(Script::Refuse("550 unknown user"));
    office.act_on(Act::Resend, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "refused");
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
    office.act_on(Act::Retry, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
}

#[tokio::test]
async fn a_doubt_that_a_person_settles_as_sent_is_marked() {
    let office = Office::with_achats_on().await;
    office.world.post.next(Script::DropAfterDot);
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
    office.act_on(Act::SettleSent, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
}

#[tokio::test]
async fn a_disk_that_takes_no_marks_fails_no_delivery() {
    for marks in [Marks::Impossible, Marks::DiskFull, Marks::ReadOnly] {
        let office = Office::with_achats_on().await;
        office.world.disk.set_marks(marks);
        office.drop("Achats/un.pdf");
        let round = office.next_round().await;
        assert_eq!((round.sent, round.problems.len()), (1, 0), "{marks:?}");
        assert!(office.rows("Achats/un.pdf").await.iter().all(|row| row.validated), "{marks:?}");
        office.world.disk.set_marks(Marks::Work);
        office.next_round().await;
        // A full or read-only disk passes; a file system that holds none does not.
        let expected = usize::from(marks != Marks::Impossible);
        assert_eq!(office.world.disk.marked().len(), expected, "{marks:?}");
    }
}

#[tokio::test]
async fn a_disk_that_takes_no_marks_any_more_is_an_alarm_until_it_does() {
    let alarms = async |office: &Office| {
        let alarms = office.status().await.alarms.into_iter();
        alarms.map(|alarm| alarm.kind).collect::<Vec<_>>()
    };
    let office = Office::with_achats_on().await;
    office.world.disk.set_read_only(true);
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(alarms(&office).await, Vec::<String>::new(), "it never took one: made so");
    office.world.disk.set_read_only(false);
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
    office.world.disk.set_read_only(true);
    office.drop("Achats/deux.pdf");
    office.next_round().await;
    assert_eq!(alarms(&office).await, ["unmarked"]);
    office.world.disk.set_read_only(false);
    office.next_round().await;
    assert_eq!(alarms(&office).await, Vec::<String>::new());
    assert_eq!(office.world.disk.marked().len(), 2);
    assert_eq!(office.posted(), ["deux.pdf", "un.pdf"]);
}

#[tokio::test]
async fn a_mark_makes_no_file_look_changed() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
    for _ in 0..120 {
        let round = office.next_round().await;
        assert_eq!((round.deposited, round.queued, round.settling), (0, 0, 0));
    }
    assert_eq!(office.states("quickbooks").await.len(), 2);
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn a_mark_comes_after_a_crash_too() {
    let mut office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.world.power.count_from_here();
    let told = Office::with_achats_on().await;
    told.drop("Achats/un.pdf");
    told.world.power.count_from_here();
    told.next_round().await;
    let answer = told.world.power.effects().iter().position(|effect| *effect == "answer").unwrap();
    // The first commit after the server's answer makes it sent; the power goes just after it.
    office.world.power.stop_at(answer + 1, When::After);
    office.world.clock.advance(chrono::TimeDelta::minutes(15));
    drop(office.ask(facteur::app::requests::Ask::Round { dry_run: false }).await);
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
    office.world.power.restore();
    office.restart().await;
    assert_eq!(office.state("Achats/un.pdf").await, "sent");
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), [UN]);
}

#[tokio::test]
async fn a_rehearsal_marks_nothing() {
    let office = crate::delivery_rehearsal::in_rehearsal().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
    assert!(office.rows("Achats/un.pdf").await.iter().all(|row| !row.validated));
}

#[tokio::test]
async fn a_duplicate_is_marked_with_the_first_one() {
    let office = Office::with_achats_on().await;
    office.world.disk.write(UN, "same");
    office.next_round().await;
    office.world.disk.write(&format!("{FOLDER}/Achats/copie.pdf"), "same");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
    assert_eq!(office.world.disk.marked().len(), 2);
}

#[tokio::test]
async fn a_document_moved_before_it_was_marked_is_marked_where_it_is() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.world.disk.set_marks(Marks::DiskFull);
    office.next_round().await;
    office.world.disk.set_marks(Marks::Work);
    office.world.disk.rename(UN, "Dupont Maçonnerie/Achats/traité.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), ["Dupont Maçonnerie/Achats/traité.pdf"]);
}

#[tokio::test]
async fn what_no_app_was_owed_is_never_marked() {
    let office = Office::with_achats_on().await;
    office.reply(turning(Turn::On, Some(DUPONT), "Ventes", "quickbooks")).await;
    office.drop("Achats/notes.txt");
    office.drop("Divers/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.disk.marked(), Vec::<String>::new());
}
