//! A switch of all companies at once.

use facteur::app::requests::{Outcome, Turn};
use facteur::app::views::SwitchedView;

use crate::desk::turning;
use crate::office::Office;

#[tokio::test]
async fn all_companies_are_those_connected_that_have_the_folder() {
    let office = Office::new().await;
    let disk = &office.world.disk;
    for company in ["Alpha", "Beta", "Gamma", "Delta"] {
        disk.write(&format!("{company}/Achats/ancien.pdf"), company);
    }
    disk.rename("Delta/Achats", "Delta/Ventes");
    for company in ["Alpha", "Gamma", "Delta"] {
        office.connect_company(company, "quickbooks").await;
    }
    let turned = async |turn| -> Vec<String> {
        let views: Vec<SwitchedView> =
            office.done(turning(turn, None, "Achats", "quickbooks")).await;
        views.into_iter().filter(|view| view.changed).map(|view| view.company).collect()
    };
    assert_eq!(turned(Turn::On).await, ["alpha", "gamma"]);
    assert_eq!(turned(Turn::On).await, Vec::<String>::new());
    for company in ["Alpha", "Beta", "Gamma"] {
        disk.write(&format!("{company}/Achats/{company}.pdf"), company);
    }
    office.next_round().await;
    assert_eq!(office.posted(), ["Alpha.pdf", "Gamma.pdf"]);
    assert_eq!(turned(Turn::Off).await, ["alpha", "gamma"]);
}

#[tokio::test]
async fn a_company_that_is_held_holds_up_no_other_company() {
    let office = Office::new().await;
    for company in ["Alpha", "Beta", "Gamma"] {
        office.world.disk.write(&format!("{company}/Achats/ancien.pdf"), company);
        office.connect_company(company, "quickbooks").await;
    }
    office.world.disk.new_identity("Beta");
    let reply = office.ask(turning(Turn::On, None, "Achats", "quickbooks")).await;
    assert_eq!(reply.outcome, Outcome::NeedsPerson);
    let views: Vec<SwitchedView> = serde_json::from_value(reply.value).unwrap();
    let turned: Vec<&str> = views.iter().map(|view| view.company.as_str()).collect();
    assert_eq!(turned, ["alpha", "gamma"]);
    assert!(reply.notices[0].starts_with("beta was left out: "), "{:?}", reply.notices);
}
