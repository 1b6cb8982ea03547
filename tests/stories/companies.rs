//! Companies: every folder of the root is one, whatever its name; its slug is fixed at its first
//! connection.

use facteur::app::requests::{Ask, Outcome, Turn};
use facteur::app::views::{CompanyView, DocumentView, HistoryView, TreeView};

use crate::office::{DUPONT, Office};
use crate::world::path;

async fn companies(office: &Office) -> Vec<CompanyView> {
    office.done(Ask::Companies).await
}

async fn check(office: &Office) -> Vec<String> {
    let view: TreeView = office.done(Ask::CheckTree).await;
    view.mistakes
        .into_iter()
        .map(|mistake| format!("{}: {}", mistake.kind, mistake.message))
        .collect()
}

/// Connects a company and turns its `Achats` on.
async fn with_achats_of(office: &Office, company: &str, slug: &str) {
    office.world.disk.mkdir(&format!("{company}/Achats"));
    office.connect_company(slug, "quickbooks").await;
    office.turn(Turn::On, slug, "Achats", "quickbooks").await;
}

#[tokio::test]
async fn every_folder_of_the_root_is_a_company() {
    let office = Office::new().await;
    let disk = &office.world.disk;
    for folder in ["Martin & Fils", "L'Œuvre d'Élise", "S.A.R.L. Léa", ".caché", "lost+found"] {
        disk.mkdir(folder);
    }
    disk.write("lisez-moi.txt", b"x");
    disk.symlink("lien");
    let found: Vec<_> =
        companies(&office).await.into_iter().map(|view| (view.folder, view.slug)).collect();
    let named = |folder: &str, slug: &str| (folder.to_owned(), slug.to_owned());
    assert_eq!(
        found,
        [
            named("L'Œuvre d'Élise", "l-oeuvre-d-elise"),
            named("Martin & Fils", "martin-et-fils"),
            named("S.A.R.L. Léa", "s-a-r-l-lea"),
        ]
    );
}

#[tokio::test]
async fn odd_names_of_companies_folders_and_documents_survive() {
    let office = Office::new().await;
    let names = [
        ("Cafe\u{301} d'Été 🍕", "cafe-d-ete"),
        ("Soci\\xe9t\\xe9 Latin", "soci-t-latin"),
        ("  Espaces  ", "espaces"),
        ("back\\\\slash", "back-slash"),
        ("-rf", "rf"),
        ("a..b", "a-b"),
    ];
    for (folder, slug) in names {
        with_achats_of(&office, folder, slug).await;
        for document in
            ["re\u{301}sume\u{301}.pdf", "résumé 🧾.pdf", "fact\\xe9.pdf", "%2e%2e%2f.pdf"]
        {
            let path = format!("{folder}/Achats/sous  dossier\\x0a/{document}");
            office.world.disk.write(&path, document);
        }
    }
    let round = office.next_round().await;
    assert_eq!(round.sent, 24);
    for (_, slug) in names {
        let ask = Ask::Documents { company: slug.to_owned(), folder: None, state: None };
        let rows: Vec<DocumentView> = office.done(ask).await;
        let states: Vec<_> = rows.iter().map(|row| row.state.as_str()).collect();
        assert_eq!(states, ["sent"; 4], "{slug}");
        let why = Ask::Why { company: slug.to_owned(), path: path(&rows[0].path) };
        assert_eq!(office.ask(why).await.outcome, Outcome::Done, "{slug}");
    }
    assert_eq!(office.next_round().await.sent, 0);
}

#[tokio::test]
async fn two_folders_with_one_slug_are_held_and_check_names_them() {
    let office = Office::with_achats_on().await;
    with_achats_of(&office, "Garage Martin", "garage-martin").await;
    office.world.disk.mkdir("Dupont Mac\u{327}onnerie");
    let mistakes = check(&office).await;
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].contains("`Dupont Mac\u{327}onnerie` and `Dupont Maçonnerie` have one slug"),
        "{mistakes:?}"
    );
    office.drop("Achats/facture.pdf");
    office.world.disk.write("Garage Martin/Achats/pneus.pdf", b"pneus");
    let round = office.next_round().await;
    assert_eq!(round.problems[0].kind, "slug_taken");
    assert_eq!(office.posted(), ["pneus.pdf"], "the others go on");
    let connect = Ask::Connect {
        company: "Dupont Mac\u{327}onnerie".to_owned(),
        app: "quickbooks".to_owned(),
        to: None,
        from: None,
        inbox: None,
    };
    assert!(
        matches!(office.ask(connect).await.outcome, Outcome::Failed(_)),
        "the other is held too"
    );
    office.world.disk.rename("Dupont Mac\u{327}onnerie", "Dupont Menuiserie");
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf", "pneus.pdf"], "the hold ends by itself");
    assert_eq!(check(&office).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_company_renamed_after_its_first_connection_keeps_everything() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.disk.rename("Dupont Maçonnerie", "Dupont & Filles");
    office.world.disk.write("Dupont & Filles/Achats/deux.pdf", b"deux");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(
        office.world.post.documents_to("dupont-maconnerie@qbodocs.com"),
        ["deux.pdf", "un.pdf"]
    );
    let view = companies(&office).await.remove(0);
    assert_eq!((view.slug.as_str(), view.folder.as_str()), (DUPONT, "Dupont & Filles"));
    assert_eq!(
        office.states("quickbooks").await,
        ["Achats/ancien.pdf: before_activation", "Achats/deux.pdf: sent", "Achats/un.pdf: sent"]
    );
    let history: Vec<HistoryView> =
        office.done(Ask::History { company: Some(DUPONT.to_owned()) }).await;
    let told: Vec<_> = history.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(told, ["company renamed", "switch on", "connect"]);
    assert_eq!(check(&office).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_folder_under_a_renamed_companys_former_name_is_not_taken_for_it() {
    let office = Office::with_achats_on().await;
    office.world.disk.rename("Dupont Maçonnerie", "Dupont & Filles");
    office.world.disk.write("Dupont Maçonnerie/Achats/autre société.pdf", b"autre");
    office.world.disk.write("Dupont & Filles/Achats/facture.pdf", b"facture");
    let round = office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(round.problems.len(), 1, "{:?}", round.problems);
    assert!(round.problems[0].message.contains("Dupont & Filles"), "{:?}", round.problems);
    office.world.disk.rename("Dupont Maçonnerie", "Dupont Plomberie");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), ["facture.pdf"]);
}

#[tokio::test]
async fn two_companies_that_swap_their_names_are_held_until_one_has_a_free_name() {
    let office = Office::with_achats_on().await;
    with_achats_of(&office, "Garage Martin", "garage-martin").await;
    let disk = &office.world.disk;
    disk.rename("Dupont Maçonnerie", "x");
    disk.rename("Garage Martin", "Dupont Maçonnerie");
    disk.rename("x", "Garage Martin");
    disk.write("Garage Martin/Achats/ciment.pdf", b"ciment");
    disk.write("Dupont Maçonnerie/Achats/pneus.pdf", b"pneus");
    for _ in 0..2 {
        assert_eq!(office.next_round().await.problems.len(), 2);
    }
    assert_eq!(office.posted(), Vec::<String>::new());
    disk.rename("Garage Martin", "Dupont & Filles");
    office.next_round().await;
    let post = &office.world.post;
    assert_eq!(post.documents_to("dupont-maconnerie@qbodocs.com"), ["ciment.pdf"]);
    assert_eq!(post.documents_to("garage-martin@qbodocs.com"), ["pneus.pdf"]);
}

#[tokio::test]
async fn a_company_that_took_anothers_former_name_is_followed_too() {
    let office = Office::with_achats_on().await;
    with_achats_of(&office, "Garage Martin", "garage-martin").await;
    let disk = &office.world.disk;
    disk.rename("Garage Martin", "Garage Martin (ancien)");
    disk.rename("Dupont Maçonnerie", "Garage Martin");
    disk.write("Garage Martin/Achats/ciment.pdf", b"ciment");
    for _ in 0..2 {
        office.next_round().await;
    }
    assert_eq!(office.world.post.documents_to("dupont-maconnerie@qbodocs.com"), ["ciment.pdf"]);
    assert_eq!(office.posted().len(), 1);
}

#[tokio::test]
async fn links_are_neither_companies_nor_folders_nor_documents() {
    let office = Office::with_achats_on().await;
    let disk = &office.world.disk;
    disk.symlink("Dupont Maçonnerie/Achats/ailleurs");
    disk.symlink("Dupont Maçonnerie/Achats/passwd.pdf");
    office.next_round().await;
    office.drop("Achats/vrai.pdf");
    office.next_round().await;
    disk.remove("Dupont Maçonnerie/Achats/vrai.pdf");
    disk.symlink("Dupont Maçonnerie/Achats/vrai.pdf");
    disk.rename("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/x");
    disk.symlink("Dupont Maçonnerie/Achats");
    office.next_round().await;
    assert_eq!(office.posted(), ["vrai.pdf"]);
    let why = Ask::Why { company: DUPONT.to_owned(), path: path("Achats/vrai.pdf") };
    assert_eq!(office.ask(why).await.outcome, Outcome::Done);
}
