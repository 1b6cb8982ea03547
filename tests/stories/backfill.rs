//! Back-fills: older documents go only when the firm asks for them (R13).

use facteur::app::requests::{Ask, Outcome};
use facteur::app::views::BackfillView;
use facteur::domain::delivery::Act;

use crate::desk::{FOLDER, backfilling, turning_for, with_inqom};
use crate::office::{DUPONT, Office};
use crate::world::{Script, at, path};

#[tokio::test]
async fn they_are_counted_first_and_go_once_confirmed() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/2025/plus ancien.pdf");
    office.drop("Achats/notes.txt");
    office.off("Achats", "quickbooks").await;
    let reply = office.ask(backfilling("Achats", [None, None], false)).await;
    let asked = "send 2 older documents to quickbooks?".to_owned();
    assert_eq!(reply.outcome, Outcome::Confirm(asked));
    let view: BackfillView = serde_json::from_value(reply.value).unwrap();
    assert_eq!((view.count, view.already, view.unsupported), (2, 0, 1));
    assert_eq!(view.sample, ["Achats/ancien.pdf", "Achats/2025/plus ancien.pdf"]);
    assert_eq!(view.bytes, 11 + 27);
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    office.backfill("Achats").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["ancien.pdf", "plus ancien.pdf"]);
    assert_eq!(office.world.disk.marked().len(), 2);
    let story = office.story("Achats/ancien.pdf", "quickbooks").await;
    assert_eq!(story.because, "sent, asked for by lea; the mail server said: 250 2.0.0 Ok");
}

#[tokio::test]
async fn it_needs_a_connection_and_no_switch() {
    let office = Office::new().await;
    office.drop("Achats/ancien.pdf");
    office.refused(backfilling("Achats", [None, None], true)).await;
    office.connect("dext").await;
    let words = office.refused(backfilling("Achats", [None, None], true)).await;
    assert_eq!(
        words,
        "quickbooks is not connected to Dupont Maçonnerie\nhint: `facteur connect dupont-maconnerie quickbooks` comes first"
    );
    office.connect("quickbooks").await;
    office.backfill("Achats").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["ancien.pdf"]);
}

#[tokio::test]
async fn both_days_are_included_in_the_firms_time_zone() {
    let office = Office::with_achats_on().await;
    // In Paris these are 30 June 23:59, 1 July 0:00, 31 July 23:59, 1 August 0:00.
    for (name, modified) in [
        ("a", "2025-06-30T21:59:00Z"),
        ("b", "2025-06-30T22:00:00Z"),
        ("c", "2025-07-31T21:59:00Z"),
        ("d", "2025-07-31T22:00:00Z"),
    ] {
        office.drop(&format!("Vieux/{name}.pdf"));
        office.world.disk.touch(&format!("{FOLDER}/Vieux/{name}.pdf"), at(modified));
    }
    let chosen = async |days| -> Vec<String> {
        let reply = office.ask(backfilling("Vieux", days, false)).await;
        serde_json::from_value::<BackfillView>(reply.value).unwrap().sample
    };
    assert_eq!(
        chosen([Some("2025-07-01"), Some("2025-07-31")]).await,
        ["Vieux/b.pdf", "Vieux/c.pdf"]
    );
    assert_eq!(chosen([Some("2025-07-31"), None]).await, ["Vieux/c.pdf", "Vieux/d.pdf"]);
    assert_eq!(chosen([None, Some("2025-06-30")]).await, ["Vieux/a.pdf"]);
    let words =
        office.refused(backfilling("Vieux", [Some("2025-07-02"), Some("2025-07-01")], false)).await;
    assert!(words.starts_with("2025-07-02 comes after 2025-07-01"), "{words}");
}

#[tokio::test]
async fn nothing_goes_twice_however_often_it_is_asked_for() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/envoyé.pdf");
    office.next_round().await;
    office.world.post.next(Script::Defer("451 later"));
    office.drop("Achats/en attente.pdf");
    office.next_round().await;
    let view = office.backfill("Achats").await;
    assert_eq!((view.count, view.already), (1, 2));
    let view = office.backfill("Achats").await;
    assert_eq!((view.count, view.already), (0, 3));
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["ancien.pdf", "en attente.pdf", "envoyé.pdf"]);
}

#[tokio::test]
async fn the_same_content_under_two_names_goes_once() {
    let office = Office::with_achats_on().await;
    for name in ["a.pdf", "b.pdf"] {
        office.world.disk.write(&format!("{FOLDER}/Vieux/{name}"), "same");
    }
    office.backfill("Vieux").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["a.pdf"]);
    assert_eq!(office.story("Vieux/b.pdf", "quickbooks").await.state, "duplicate");
}

#[tokio::test]
async fn what_was_cancelled_when_its_switch_was_turned_off_goes_when_asked_for() {
    let office = Office::with_achats_on().await;
    office.world.post.next(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.off("Achats", "quickbooks").await;
    let view = office.backfill("Achats").await;
    assert_eq!((view.count, view.already), (2, 0));
    office.next_round().await;
    assert_eq!(office.posted(), ["ancien.pdf", "un.pdf"]);
    // The delivery that was cancelled can't send it a second time.
    let reply = office.ask(Ask::Act {
        act: Act::Retry,
        selection: facteur::app::requests::Selection {
            ids: vec!["1".to_owned()],
            ..Default::default()
        },
        confirmed: true,
    });
    assert!(matches!(reply.await.outcome, Outcome::Failed(_)));
    office.next_round().await;
    assert_eq!(office.posted().len(), 2);
}

#[tokio::test]
async fn turning_the_switch_off_leaves_a_backfill_alone_and_disconnecting_ends_it() {
    let office = Office::with_achats_on().await;
    office.world.post.always(Script::Defer("451 later"));
    office.backfill("Achats").await;
    office.next_round().await;
    office.off("Achats", "quickbooks").await;
    assert_eq!(office.state("Achats/ancien.pdf").await, "deferred");
    let ask = Ask::Disconnect { company: DUPONT.to_owned(), app: "quickbooks".to_owned() };
    let _: serde_json::Value = office.done(ask).await;
    assert_eq!(office.state("Achats/ancien.pdf").await, "cancelled");
}

#[tokio::test]
async fn each_document_goes_to_its_own_folders_inbox() {
    let office = Office::configured(with_inqom).await;
    for document in ["Achats/achat.pdf", "Ventes/vente.pdf", "Divers/autre.pdf"] {
        office.drop(document);
    }
    office.connect("inqom").await;
    office.reply(turning_for(facteur::app::requests::Turn::On, "Achats", "inqom", "achats")).await;
    office.reply(turning_for(facteur::app::requests::Turn::On, "Ventes", "inqom", "ventes")).await;
    let asking = |folder: &str| Ask::Backfill {
        company: DUPONT.to_owned(),
        folder: path(folder),
        app: "inqom".to_owned(),
        since: None,
        until: None,
        confirmed: true,
    };
    let words = office.refused(asking("")).await;
    assert!(words.starts_with("inqom has several addresses a company"), "{words}");
    office.world.disk.remove(&format!("{FOLDER}/Divers/autre.pdf"));
    office.next_round().await;
    office.next_round().await;
    let _: BackfillView = office.done(asking("")).await;
    office.next_round().await;
    let to = |address: &str| office.world.post.documents_to(address);
    assert_eq!(to("achat.dupont-maconnerie@inqombox.com"), ["achat.pdf"]);
    assert_eq!(to("vente.dupont-maconnerie@inqombox.com"), ["vente.pdf"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_no_empty_backfill() {
    let office = Office::with_achats_on().await;
    let words = office.refused(backfilling("Achat", [None, None], false)).await;
    assert!(words.starts_with("Dupont Maçonnerie has no folder `Achat`"), "{words}");
}
