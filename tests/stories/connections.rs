//! Connections: addresses, steps, inboxes, re-addressing, the end of them (R3, R14).

use facteur::app::requests::{Ask, Outcome, Turn};
use facteur::app::views::{CompanyView, ConnectView, DecidedView, HistoryView};
use facteur::domain::delivery::Act;

use crate::desk::{FOLDER, connecting, turning, turning_for, with_inqom};
use crate::office::{DUPONT, Office};
use crate::world::{Phase, Script, app};

/// Inqom connected to Dupont Maçonnerie, whose folder is there.
pub(crate) async fn with_two_inboxes() -> Office {
    let office = Office::configured(with_inqom).await;
    office.world.disk.mkdir(&format!("{FOLDER}/Achats"));
    office.world.disk.mkdir(&format!("{FOLDER}/Ventes"));
    office.connect("inqom").await;
    office
}

#[tokio::test]
async fn connecting_prints_the_steps_with_the_companys_own_addresses() {
    let office = Office::new().await;
    office.drop("Achats/ancien.pdf");
    let view: ConnectView = office.done(connecting("quickbooks", None, None)).await;
    assert_eq!(
        view.steps,
        ["Invite quickbooks+dupont-maconnerie@cabinet.example as a user who may add expenses."]
    );
    assert_eq!(view.connection.recipient.as_deref(), Some("dupont-maconnerie@qbodocs.com"));
    assert_eq!((view.changed, view.documents_before), (true, 1));
    let again: ConnectView = office.done(connecting("quickbooks", None, None)).await;
    assert!(!again.changed);
    let history: Vec<HistoryView> = office.done(Ask::History { company: None }).await;
    assert_eq!(history.len(), 1);
}

#[tokio::test]
async fn the_steps_for_a_tool_with_inboxes_name_each_address() {
    let office = Office::configured(with_inqom).await;
    office.world.disk.mkdir(FOLDER);
    let view: ConnectView = office.done(connecting("inqom", None, None)).await;
    assert_eq!(
        view.steps,
        [
            "Allow inqom+dupont-maconnerie@cabinet.example to write to achat.dupont-maconnerie@inqombox.com, vente.dupont-maconnerie@inqombox.com for Dupont Maçonnerie."
        ]
    );
}

#[tokio::test]
async fn a_typed_address_is_where_documents_go() {
    let office = Office::new().await;
    office.world.disk.mkdir(FOLDER);
    let typed = Some("dupont.42@tool.example");
    let _: ConnectView = office.done(connecting("quickbooks", typed, None)).await;
    office.on("Achats", "quickbooks").await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.post.documents_to("dupont.42@tool.example"), ["un.pdf"]);
    let words = office.refused(connecting("quickbooks", Some("dupont"), None)).await;
    assert!(words.starts_with("`dupont` is no e-mail address: it has no `@`"), "{words}");
}

#[tokio::test]
async fn each_kind_of_folder_goes_to_its_inbox() {
    let office = with_two_inboxes().await;
    let words = office.refused(turning(Turn::On, Some(DUPONT), "Achats", "inqom")).await;
    assert_eq!(
        words,
        "inqom has several addresses a company\nhint: add `--inbox NAME`, one of achats, ventes"
    );
    let words = office.refused(turning_for(Turn::On, "Achats", "inqom", "notes")).await;
    assert_eq!(words, "there is no inbox `notes`\nhint: inqom has achats, ventes");
    office.refused(connecting("inqom", None, Some("notes"))).await;
    office.reply(turning_for(Turn::On, "Achats", "inqom", "achats")).await;
    office.reply(turning_for(Turn::On, "Ventes", "inqom", "ventes")).await;
    office.drop("Achats/achat.pdf");
    office.drop("Ventes/vente.pdf");
    office.next_round().await;
    let to = |address: &str| office.world.post.documents_to(address);
    assert_eq!(to("achat.dupont-maconnerie@inqombox.com"), ["achat.pdf"]);
    assert_eq!(to("vente.dupont-maconnerie@inqombox.com"), ["vente.pdf"]);
}

#[tokio::test]
async fn a_connections_inbox_serves_the_switches_that_name_none() {
    let office = with_two_inboxes().await;
    let _: ConnectView = office.done(connecting("inqom", None, Some("ventes"))).await;
    office.on("Ventes", "inqom").await;
    office.drop("Ventes/vente.pdf");
    office.next_round().await;
    let to = office.world.post.documents_to("vente.dupont-maconnerie@inqombox.com");
    assert_eq!(to, ["vente.pdf"]);
}

#[tokio::test]
async fn another_inbox_for_a_switch_loses_nothing_that_waits() {
    let office = with_two_inboxes().await;
    office.reply(turning_for(Turn::On, "Achats", "inqom", "achats")).await;
    office.world.post.next(Script::Defer("451 later"));
    office.drop("Achats/avant.pdf");
    office.next_round().await;
    office.reply(turning_for(Turn::On, "Achats", "inqom", "ventes")).await;
    office.drop("Achats/après.pdf");
    office.next_round().await;
    let to = |address: &str| office.world.post.documents_to(address);
    assert_eq!(to("achat.dupont-maconnerie@inqombox.com"), ["avant.pdf"]);
    assert_eq!(to("vente.dupont-maconnerie@inqombox.com"), ["après.pdf"]);
}

#[tokio::test]
async fn disconnecting_ends_the_switches_and_cancels_what_waits() {
    let office = Office::with_achats_on().await;
    office.world.post.always(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    let ending = || Ask::Disconnect { company: DUPONT.to_owned(), app: "quickbooks".to_owned() };
    let view: DecidedView = office.done(ending()).await;
    assert_eq!(view.cancelled, [office.delivery("Achats/un.pdf").await.id]);
    let again: DecidedView = office.done(ending()).await;
    assert!(!again.changed);
    office.world.post.always(Script::Accept);
    office.drop("Achats/deux.pdf");
    office.next_round().await;
    // Connected anew, nothing is on until it is turned on.
    office.connect("quickbooks").await;
    office.drop("Achats/trois.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    let history: Vec<HistoryView> = office.done(Ask::History { company: None }).await;
    let words: Vec<&str> = history.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(words, ["connect", "disconnect", "switch on", "connect"]);
}

#[tokio::test]
async fn what_is_released_without_a_connection_says_what_comes_first() {
    let office = Office::with_achats_on().await;
    office.world.post.always(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    let ask = Ask::Disconnect { company: DUPONT.to_owned(), app: "quickbooks".to_owned() };
    let _: DecidedView = office.done(ask).await;
    let reply = office.act_on(Act::Retry, "Achats/un.pdf").await;
    let Outcome::Failed(words) = reply.outcome else { panic!("{reply:?}") };
    let id = office.delivery("Achats/un.pdf").await.id;
    assert_eq!(
        words,
        format!(
            "delivery {id}: quickbooks is not connected to dupont-maconnerie\nhint: `facteur connect dupont-maconnerie quickbooks` comes first"
        )
    );
}

#[tokio::test]
async fn an_unknown_app_is_not_silently_disconnected() {
    let office = Office::with_achats_on().await;
    let ask = Ask::Disconnect { company: DUPONT.to_owned(), app: "quickbook".to_owned() };
    office.refused(ask).await;
}

#[tokio::test]
async fn an_app_turned_off_in_the_configuration_sends_nothing_more() {
    let mut office = Office::with_achats_on().await;
    office.world.post.always(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.post.always(Script::Accept);
    let disabled = crate::world::config(|config| {
        config.apps.get_mut(&app("quickbooks")).unwrap().enabled = false;
    });
    office.robot.take_config(disabled.clone()).await.unwrap();
    assert_eq!(office.state("Achats/un.pdf").await, "cancelled");
    office.drop("Achats/deux.pdf");
    office.next_round().await;
    let reply = office.act_on(Act::Retry, "Achats/un.pdf").await;
    let Outcome::Failed(words) = reply.outcome else { panic!("{reply:?}") };
    assert!(words.contains("quickbooks is turned off in routes.toml\nhint: "), "{words}");
    office.refused(connecting("quickbooks", None, None)).await;
    office.refused(crate::desk::backfilling("Achats", [None, None], true)).await;
    let ask = Ask::SendTest { company: DUPONT.to_owned(), app: "quickbooks".to_owned(), to: None };
    office.refused(ask).await;
    office.restart_configured(|config| *config = disabled).await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
}

#[tokio::test]
async fn an_app_turned_off_just_before_the_final_dot_stops_the_mail() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    let robot = office.robot.clone();
    office.world.post.at(Phase::BeforeGate, async move {
        let config = crate::world::config(|config| {
            config.apps.get_mut(&app("quickbooks")).unwrap().enabled = false;
        });
        robot.take_config(config).await.unwrap();
    });
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/un.pdf").await, "cancelled");
}

#[tokio::test]
async fn the_companies_show_what_is_connected_to_them() {
    let office = Office::with_achats_on().await;
    office.world.disk.mkdir("Épicerie & Cie");
    let companies: Vec<CompanyView> = office.done(Ask::Companies).await;
    let rows: Vec<_> = companies
        .iter()
        .map(|view| {
            let apps: Vec<&str> = view.apps.iter().map(|app| app.app.as_str()).collect();
            (view.slug.as_str(), view.collection.as_str(), apps)
        })
        .collect();
    assert_eq!(
        rows,
        [
            (DUPONT, "compta+dupont-maconnerie@cabinet.example", vec!["quickbooks"]),
            ("epicerie-et-cie", "compta+epicerie-et-cie@cabinet.example", vec![]),
        ]
    );
}
