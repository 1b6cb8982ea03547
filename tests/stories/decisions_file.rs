//! The decisions as one file: exported, compared, imported.

use facteur::app::requests::{Ask, Outcome, Turn};
use facteur::app::views::{ConnectView, DecisionsDiffView, TomlView};

use crate::desk::{connecting, turning, turning_for, with_inqom};
use crate::office::{DUPONT, Office};

/// A firm with all kinds of decisions.
async fn with_decisions() -> Office {
    let office = empty().await;
    let typed = Some("dupont.42@tool.example");
    let _: ConnectView = office.done(connecting("quickbooks", typed, None)).await;
    let typed = Some("dupont.43@inqombox.com");
    let _: ConnectView = office.done(connecting("inqom", typed, Some("achats"))).await;
    // The inner one was turned on before the outer one.
    office.on("Achats/2026/mars", "quickbooks").await;
    office.on("Achats", "quickbooks").await;
    office.off("Achats/2026", "quickbooks").await;
    office.reply(turning_for(Turn::On, "Ventes", "inqom", "ventes")).await;
    // An exception with nothing above it any more.
    office.on("Frais", "quickbooks").await;
    office.off("Frais/Perso", "quickbooks").await;
    office.turn(Turn::Clear, DUPONT, "Frais", "quickbooks").await;
    office.connect_company("Alpha", "dext").await;
    office.turn(Turn::On, "Alpha", "", "dext").await;
    office
}

/// The same companies, and nothing decided.
async fn empty() -> Office {
    let office = Office::configured(with_inqom).await;
    office.drop("Achats/2026/ancien.pdf");
    office.world.disk.mkdir("Alpha");
    office
}

async fn exported(office: &Office) -> String {
    let view: TomlView = office.done(Ask::DecisionsExport).await;
    view.toml
}

async fn compared(office: &Office, toml: &str) -> Vec<String> {
    let view: DecisionsDiffView = office.done(Ask::DecisionsDiff { toml: toml.to_owned() }).await;
    view.changes
}

fn importing(toml: &str, confirmed: bool) -> Ask {
    Ask::DecisionsImport { toml: toml.to_owned(), confirmed }
}

#[tokio::test]
async fn what_was_exported_differs_in_nothing() {
    let office = with_decisions().await;
    let toml = exported(&office).await;
    assert_eq!(compared(&office, &toml).await, Vec::<String>::new());
    let before = office.exported().await;
    let view: DecisionsDiffView = office.done(importing(&toml, true)).await;
    assert_eq!(view.count, 0);
    assert_eq!(office.exported().await, before);
}

#[tokio::test]
async fn an_import_on_an_empty_firm_makes_the_same_decisions() {
    let toml = exported(&with_decisions().await).await;
    let office = empty().await;
    let before = office.exported().await;
    let reply = office.ask(importing(&toml, false)).await;
    assert_eq!(reply.outcome, Outcome::Confirm("make 9 changes?".to_owned()));
    assert_eq!(office.exported().await, before);
    let view: DecisionsDiffView = office.done(importing(&toml, true)).await;
    assert!(view.imported);
    assert_eq!(exported(&office).await, toml);
    assert_eq!(compared(&office, &toml).await, Vec::<String>::new());
    // Not retroactive either.
    office.next_round().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.post.documents_to("dupont.42@tool.example"), ["un.pdf"]);
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn a_comparison_names_each_change_and_changes_nothing() {
    let office = with_decisions().await;
    let before = office.exported().await;
    let toml = exported(&office).await;
    let edited = toml
        .replace("dupont.42@tool.example", "dupont.99@tool.example")
        .replace("folder = \"Ventes\"", "folder = \"Ventes/2026\"");
    assert_eq!(
        compared(&office, &edited).await,
        [
            "switch clear dupont-maconnerie Ventes --app inqom",
            "connect dupont-maconnerie quickbooks (from quickbooks+dupont-maconnerie@cabinet.example to dupont.99@tool.example)",
            "switch on dupont-maconnerie Ventes/2026 --app inqom",
        ]
    );
    assert_eq!(
        compared(&office, "").await,
        [
            "disconnect alpha dext",
            "disconnect dupont-maconnerie inqom",
            "disconnect dupont-maconnerie quickbooks",
        ]
    );
    assert_eq!(office.exported().await, before);
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing_at_all() {
    let office = with_decisions().await;
    let toml = exported(&office).await;
    let before = office.exported().await;
    for (right, wrong) in [
        ("app = \"dext\"", "app = \"dexter\""),
        ("company = \"alpha\"", "company = \"alfa\""),
        ("on = true", "on = yes"),
        ("on = true", "onn = true"),
        ("inbox = \"ventes\"", "inbox = \"notes\""),
    ] {
        assert!(toml.contains(right), "{right} in {toml}");
        let words = office.refused(importing(&toml.replace(right, wrong), true)).await;
        assert!(!words.is_empty());
        assert_eq!(office.exported().await, before, "{wrong}");
    }
    office.refused(Ask::DecisionsDiff { toml: toml.replace("\"alpha\"", "\"alfa\"") }).await;
    let twice = format!(
        "{toml}\n[[connections]]\ncompany = \"alpha\"\napp = \"dext\"\nsender = \"a@b.example\"\n"
    );
    office.refused(importing(&twice, true)).await;
}

#[tokio::test]
async fn an_import_is_signed_in_the_history() {
    let toml = exported(&with_decisions().await).await;
    let office = empty().await;
    let _: DecisionsDiffView = office.done(importing(&toml, true)).await;
    let history: Vec<facteur::app::views::HistoryView> =
        office.done(Ask::History { company: None }).await;
    assert!(history.iter().all(|line| line.by == "lea"));
    assert_eq!(history.len(), 9);
    let again = office.ask(turning(Turn::On, Some(DUPONT), "Achats", "quickbooks")).await;
    assert_eq!(again.outcome, Outcome::Done);
}

#[tokio::test]
async fn a_folder_that_no_program_can_spell_survives_the_file() {
    let office = empty().await;
    office.connect("quickbooks").await;
    office.on("Achats/\\xe9t\\xe9 \"2026\"", "quickbooks").await;
    let toml = exported(&office).await;
    let other = empty().await;
    let _: DecisionsDiffView = other.done(importing(&toml, true)).await;
    assert_eq!(exported(&other).await, toml);
}
