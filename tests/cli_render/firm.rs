//! Companies, connections, switches and decisions.

use facteur::app::requests::{Ask, Turn};
use facteur::app::views::{
    CompanyView, ConnectView, ConnectedAppView, DecidedView, DecisionsDiffView, HistoryView,
    ReaddressView, ReaddressedView, SwitchView, SwitchedView, TomlView,
};
use facteur::domain::path::TreePath;

use super::{at, shown, text};

fn connected(inboxes: &[(&str, &str)]) -> ConnectedAppView {
    ConnectedAppView {
        app: text("quickbooks"),
        sender: text("quickbooks+dupont-maconnerie@cabinet.example"),
        recipient: inboxes.is_empty().then(|| text("dupont-maconnerie@qbodocs.com")),
        inbox: inboxes.first().map(|(name, _)| text(name)),
        inboxes: inboxes.iter().map(|(name, address)| (text(name), text(address))).collect(),
        state: text(if inboxes.is_empty() { "pending" } else { "active" }),
    }
}

#[test]
fn companies_are_listed_with_their_apps() {
    let company = |slug: &str, name: &str, apps: Vec<ConnectedAppView>| CompanyView {
        slug: text(slug),
        name: text(name),
        folder: text(name),
        collection: format!("compta+{slug}@cabinet.example"),
        apps,
        held: None,
    };
    let inboxes =
        connected(&[("achats", "achat.d@inqombox.com"), ("ventes", "vente.d@inqombox.com")]);
    let mut held = company("", "🍕", Vec::new());
    held.collection = String::new();
    held.held = Some(text("its name gives no slug; give it one in routes.toml"));
    let views = vec![
        company("dupont-maconnerie", "Dupont Maçonnerie", vec![connected(&[]), inboxes]),
        company("elan", "Élan", Vec::new()),
        held,
    ];
    insta::assert_snapshot!("companies", shown(&Ask::Companies, &views));
    insta::assert_snapshot!("companies_none", shown(&Ask::Companies, &Vec::<CompanyView>::new()));
}

#[test]
fn a_connection_says_what_to_do_at_the_tool() {
    let view = ConnectView {
        company: text("dupont-maconnerie"),
        connection: connected(&[]),
        steps: vec![
            text("Invite quickbooks+dupont-maconnerie@cabinet.example as a user"),
            text("Give it the right to receipts and nothing else"),
        ],
        uncertain: vec![text("newer accounts may have another domain than qbodocs.com")],
        changed: true,
        documents_before: 214,
    };
    let ask = Ask::Connect {
        company: text("dupont-maconnerie"),
        app: text("quickbooks"),
        to: None,
        from: None,
        inbox: None,
    };
    insta::assert_snapshot!("connect", shown(&ask, &view));
}

fn turned(changed: bool, preview: bool) -> SwitchedView {
    SwitchedView {
        company: text("dupont-maconnerie"),
        folder: text("Achats"),
        app: text("quickbooks"),
        on: true,
        changed,
        ruled_by: Some(text("Achats")),
        preview,
        documents_before: 14,
        folders_covered: 3,
        exceptions: vec![switch("Achats/Perso", false)],
        being_written: vec![text("Achats/scan.pdf")],
        cancelled: Vec::new(),
        warnings: vec![text("`Ventes` is outside the folders recommended for quickbooks")],
    }
}

fn switch_ask(turn: Turn) -> Ask {
    Ask::Switch {
        turn,
        company: None,
        folder: TreePath::root(),
        app: text("quickbooks"),
        inbox: None,
        preview: false,
    }
}

fn switch(folder: &str, on: bool) -> SwitchView {
    SwitchView {
        company: text("dupont-maconnerie"),
        folder: text(folder),
        app: text("quickbooks"),
        on,
        activated_at: at(1),
        by: text("léa"),
        inbox: None,
        renamed_to: None,
        exists: true,
    }
}

#[test]
fn a_switch_says_what_stays_and_what_goes() {
    let views = [turned(true, false), turned(true, true), turned(false, false)];
    insta::assert_snapshot!("switch_on", shown(&switch_ask(Turn::On), &views));
    let off = SwitchedView {
        on: false,
        folder: String::new(),
        cancelled: vec![text("12"), text("13")],
        exceptions: Vec::new(),
        warnings: Vec::new(),
        ..turned(true, false)
    };
    insta::assert_snapshot!("switch_off", shown(&switch_ask(Turn::Off), &[off]));
    let cleared = SwitchedView {
        folder: text("Achats/Perso"),
        exceptions: Vec::new(),
        warnings: Vec::new(),
        being_written: Vec::new(),
        ..turned(true, false)
    };
    insta::assert_snapshot!("switch_clear", shown(&switch_ask(Turn::Clear), &[cleared]));
    let none: [SwitchedView; 0] = [];
    insta::assert_snapshot!("switch_none", shown(&switch_ask(Turn::On), &none));
}

#[test]
fn switches_are_listed_with_what_is_odd_about_them() {
    let renamed = SwitchView { renamed_to: Some(text("Achats 2025")), ..switch("Achats", true) };
    let missing = SwitchView { exists: false, ..switch("Frais", true) };
    let views = [switch("", true), switch("Achats/Perso", false), renamed, missing];
    insta::assert_snapshot!("switch_list", shown(&Ask::SwitchList { company: None }, &views));
    let none: [SwitchView; 0] = [];
    insta::assert_snapshot!("switch_list_none", shown(&Ask::SwitchList { company: None }, &none));
}

#[test]
fn decisions_are_said_in_words() {
    let view = DecidedView {
        company: text("dupont-maconnerie"),
        what: text("quickbooks is disconnected, and its 2 switches ended"),
        changed: true,
        cancelled: vec![text("12")],
    };
    let ask = Ask::Disconnect { company: text("dupont-maconnerie"), app: text("quickbooks") };
    insta::assert_snapshot!("disconnect", shown(&ask, &view));
    let view = ReaddressView {
        app: text("quickbooks"),
        count: 1,
        companies: vec![ReaddressedView {
            company: text("dupont-maconnerie"),
            from: Some(text("old@qbodocs.com")),
            to: text("new@qbodocs.com"),
        }],
    };
    let ask = Ask::Readdress { app: text("quickbooks"), to: text("x"), confirmed: true };
    insta::assert_snapshot!("readdress", shown(&ask, &view));
    let history = [HistoryView {
        at: at(2),
        by: text("léa"),
        what: text("switch on"),
        company: Some(text("dupont-maconnerie")),
        folder: Some(text("Achats")),
        app: Some(text("quickbooks")),
        detail: text("14 documents stay"),
    }];
    insta::assert_snapshot!("history", shown(&Ask::History { company: None }, &history));
    let diff = |count, imported| DecisionsDiffView {
        count,
        changes: vec![text("dupont-maconnerie: switch on `Achats` for quickbooks")],
        imported,
    };
    let ask = Ask::DecisionsDiff { toml: String::new() };
    insta::assert_snapshot!("decisions_diff", shown(&ask, &diff(1, false)));
    insta::assert_snapshot!("decisions_diff_none", shown(&ask, &diff(0, false)));
    insta::assert_snapshot!("decisions_import", shown(&ask, &diff(1, true)));
    let toml = TomlView { toml: text("[[connections]]\ncompany = \"dupont\"\n") };
    assert_eq!(shown(&Ask::DecisionsExport, &toml), toml.toml);
}
