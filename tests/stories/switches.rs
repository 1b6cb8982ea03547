//! Switches: on, off, exceptions, clear, list, preview, all companies (R4, R6, R7, R14).

use facteur::app::requests::{Ask, Outcome, Turn};
use facteur::app::views::{HistoryView, SwitchView, SwitchedView, TomlView};
use facteur::domain::delivery::Act;

use crate::desk::turning;
use crate::office::{DUPONT, Office};
use crate::world::{Phase, path};

#[tokio::test]
async fn a_switch_covers_sub_folders_created_later() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/2026/mars/facture.pdf");
    office.drop("Ventes/autre.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    let because = office.story("Ventes/autre.pdf", "quickbooks").await.because;
    assert_eq!(because, "no switch is on for its folder");
}

#[tokio::test]
async fn an_exception_is_named_by_what_it_keeps_back() {
    let office = Office::with_achats_on().await;
    office.off("Achats/2026", "quickbooks").await;
    office.drop("Achats/2026/mars/facture.pdf");
    office.next_round().await;
    let because = office.story("Achats/2026/mars/facture.pdf", "quickbooks").await.because;
    assert_eq!(because, "turned off for `Achats/2026` on 2026-03-02 09:00 by lea");
}

#[tokio::test]
async fn the_nearest_decision_rules_and_an_exception_below_is_listed() {
    let office = Office::with_achats_on().await;
    office.off("Achats/Perso", "quickbooks").await;
    office.on("Achats/Perso/Pro", "quickbooks").await;
    office.drop("Achats/Perso/livre.pdf");
    office.drop("Achats/Perso/Pro/facture.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
    let view = office.on("Achats", "quickbooks").await;
    let exceptions: Vec<&str> =
        view.exceptions.iter().map(|exception| exception.folder.as_str()).collect();
    assert_eq!((view.changed, exceptions), (false, vec!["Achats/Perso"]));
}

#[tokio::test]
async fn turning_on_what_is_on_already_changes_nothing() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/2026/un.pdf");
    office.round().await;
    let decided = async || {
        let toml: TomlView = office.done(Ask::DecisionsExport).await;
        let list: Vec<SwitchView> = office.done(Ask::SwitchList { company: None }).await;
        let history: Vec<HistoryView> = office.done(Ask::History { company: None }).await;
        (toml, list, history)
    };
    let before = decided().await;
    office.world.clock.advance(chrono::TimeDelta::hours(1));
    for folder in ["Achats", "Achats/2026"] {
        let view = office.on(folder, "quickbooks").await;
        assert!(view.on && !view.changed, "{folder}");
        assert_eq!(view.ruled_by.as_deref(), Some("Achats"));
    }
    assert!(!office.off("Ventes", "quickbooks").await.changed);
    assert!(!office.turn(Turn::Clear, DUPONT, "Achats/2026", "quickbooks").await.changed);
    assert_eq!(decided().await, before);
}

#[tokio::test]
async fn clearing_an_exception_never_sends_what_came_meanwhile() {
    let office = Office::with_achats_on().await;
    office.off("Achats/Perso", "quickbooks").await;
    office.drop("Achats/Perso/pendant.pdf");
    office.next_round().await;
    office.drop("Achats/Perso/juste avant.pdf");
    let view = office.turn(Turn::Clear, DUPONT, "Achats/Perso", "quickbooks").await;
    assert!(view.changed && view.on);
    assert_eq!(view.ruled_by.as_deref(), Some("Achats"));
    office.next_round().await;
    office.drop("Achats/Perso/après.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["après.pdf"]);
    // It came after `Achats` was turned on: the words may not say otherwise.
    let because = office.story("Achats/Perso/pendant.pdf", "quickbooks").await.because;
    assert_eq!(
        because,
        "no switch was on for its folder when it was deposited; `facteur backfill` sends older documents"
    );
}

#[tokio::test]
async fn a_switch_turned_off_and_on_again_starts_afresh() {
    let office = Office::with_achats_on().await;
    office.off("Achats", "quickbooks").await;
    office.drop("Achats/pendant.pdf");
    office.next_round().await;
    office.drop("Achats/juste avant.pdf");
    assert!(office.on("Achats", "quickbooks").await.changed);
    office.drop("Achats/après.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["après.pdf"]);
}

#[tokio::test]
async fn turning_off_cancels_what_waits_in_that_folder_alone() {
    let office = Office::with_achats_on().await;
    office.on("Frais", "quickbooks").await;
    office.world.post.always(crate::world::Script::Defer("451 later"));
    for document in ["Achats/un.pdf", "Achats/Perso/deux.pdf", "Frais/trois.pdf"] {
        office.drop(document);
    }
    office.next_round().await;
    let view = office.off("Achats/Perso", "quickbooks").await;
    assert_eq!(view.cancelled.len(), 1);
    assert_eq!(office.state("Achats/Perso/deux.pdf").await, "cancelled");
    let view = office.off("Achats", "quickbooks").await;
    assert_eq!(view.cancelled, [office.delivery("Achats/un.pdf").await.id]);
    assert_eq!(office.state("Frais/trois.pdf").await, "deferred");
    office.world.post.always(crate::world::Script::Accept);
    office.next_round().await;
    assert_eq!(office.posted(), ["trois.pdf"]);
    let because = office.story("Achats/un.pdf", "quickbooks").await.because;
    let id = office.delivery("Achats/un.pdf").await.id;
    assert_eq!(
        because,
        format!("cancelled: switch off by lea; `facteur retry {id}` sends it all the same")
    );
    office.act_on(Act::Retry, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["trois.pdf", "un.pdf"]);
}

#[tokio::test]
async fn a_document_that_had_not_settled_when_its_switch_was_turned_off_never_goes() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/scan.pdf");
    let scanner = office.world.clone();
    office.world.clock.during_next_sleep(async move {
        scanner.disk.append("Dupont Maçonnerie/Achats/scan.pdf", b"page 2");
    });
    office.round().await;
    office.off("Achats", "quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/scan.pdf").await, "cancelled");
}

#[tokio::test]
async fn a_switch_turned_off_just_before_the_final_dot_stops_the_mail() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    let robot = office.robot.clone();
    office.world.post.at(Phase::BeforeGate, async move {
        use facteur::app::requests::{Answers as _, Request};
        let ask = turning(Turn::Off, Some(DUPONT), "Achats", "quickbooks");
        let reply = robot.answer(Request { by: "lea".to_owned(), ask }).await;
        assert_eq!(reply.outcome, Outcome::Done);
    });
    let round = office.next_round().await;
    assert_eq!((round.sent, round.cancelled), (0, 1));
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/un.pdf").await, "cancelled");
}

#[tokio::test]
async fn a_folder_that_is_not_there_yet_is_taken_with_a_warning() {
    let office = Office::new().await;
    office.world.disk.mkdir(crate::desk::FOLDER);
    office.connect("quickbooks").await;
    let view = office.on("Achats/2027", "quickbooks").await;
    assert!(view.changed && view.on);
    assert_eq!(view.warnings, ["`Achats/2027` doesn't exist yet: the decision waits for it"]);
    office.drop("Achats/2027/un.pdf");
    office.drop("Achats/autre.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn outside_the_recommended_folders_it_warns_and_obeys() {
    let office = Office::with_achats_on().await;
    office.drop("Ventes/ancien.pdf");
    let reply = office.reply(turning(Turn::On, Some(DUPONT), "Ventes", "quickbooks")).await;
    assert_eq!(
        reply.notices,
        [
            "dupont-maconnerie: QuickBooks is meant for Achats, **/Dossier comptable*/**/Achats; `Ventes` is none of them"
        ]
    );
    office.drop("Ventes/vente.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["vente.pdf"]);
    let recommended = office.on("2026/DOSSIER COMPTABLE 2026/Divers/achats", "quickbooks").await;
    assert!(!recommended.warnings.iter().any(|warning| warning.contains("meant for")));
}

#[tokio::test]
async fn a_preview_changes_nothing_and_says_what_turning_it_on_says() {
    let office = Office::with_achats_on().await;
    office.drop("Ventes/2025/ancien.pdf");
    office.drop("Ventes/2026/récent.pdf");
    office.round().await;
    office.next_round().await;
    let before = office.exported().await;
    office.drop("Ventes/tout neuf.pdf");
    let preview = office.preview(Turn::On, "Ventes", "quickbooks").await;
    assert_eq!(office.exported().await, before);
    assert_eq!((preview.documents_before, preview.folders_covered), (3, 2));
    assert_eq!(preview.being_written, ["Ventes/tout neuf.pdf"]);
    let turned = office.on("Ventes", "quickbooks").await;
    assert_eq!(SwitchedView { preview: false, ..preview }, turned);
}

#[tokio::test]
async fn each_decision_keeps_who_and_when() {
    let office = Office::with_achats_on().await;
    office.off("Achats/Perso", "quickbooks").await;
    office.turn(Turn::Clear, DUPONT, "Achats/Perso", "quickbooks").await;
    let ask = Ask::History { company: Some("Dupont Maçonnerie".to_owned()) };
    let history: Vec<HistoryView> = office.done(ask).await;
    let lines: Vec<String> = history
        .iter()
        .map(|line| {
            let folder = line.folder.as_deref().unwrap_or("-");
            format!(
                "{} {} {} {folder} {}",
                line.by,
                line.what,
                line.app.as_deref().unwrap(),
                line.at
            )
        })
        .collect();
    let at = "2026-03-02 09:00:00 +01:00";
    assert_eq!(
        lines,
        [
            format!("lea switch clear quickbooks Achats/Perso {at}"),
            format!("lea switch off quickbooks Achats/Perso {at}"),
            format!("lea switch on quickbooks Achats {at}"),
            format!("lea connect quickbooks - {at}"),
        ]
    );
}

#[tokio::test]
async fn the_list_shows_each_decision_with_its_folder_there_or_not() {
    let office = Office::with_achats_on().await;
    office.off("Achats/Perso", "quickbooks").await;
    let list: Vec<SwitchView> = office.done(Ask::SwitchList { company: None }).await;
    let rows: Vec<_> =
        list.iter().map(|row| (row.folder.as_str(), row.on, row.exists, row.by.as_str())).collect();
    assert_eq!(rows, [("Achats", true, true, "lea"), ("Achats/Perso", false, false, "lea")]);
    assert_eq!(path(&list[0].folder), path("Achats"));
}

#[tokio::test]
async fn without_a_connection_there_is_no_switch() {
    let office = Office::with_achats_on().await;
    let words = office.refused(turning(Turn::On, Some(DUPONT), "Achats", "dext")).await;
    assert_eq!(
        words,
        "Dupont Maçonnerie is not connected to dext\nhint: `facteur connect dupont-maconnerie dext` comes first"
    );
    office.refused(turning(Turn::On, Some(DUPONT), "Achats", "sage")).await;
    office.refused(turning(Turn::On, Some("dupond"), "Achats", "quickbooks")).await;
}

#[tokio::test]
async fn a_folder_is_found_however_its_accents_are_composed() {
    let office = Office::new().await;
    office.world.disk.mkdir("Dupont Maçonnerie/De\u{301}penses");
    office.connect("quickbooks").await;

    let view = office.on("D\u{e9}penses", "quickbooks").await;

    assert_eq!(view.folder, "De\u{301}penses");
    office.world.disk.write("Dupont Maçonnerie/De\u{301}penses/facture.pdf", b"%PDF");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
}
