//! Re-addressing: what is queued goes to the new address, nothing goes to the old one (R3).

use facteur::app::requests::{Ask, Outcome, Turn};
use facteur::app::views::{HistoryView, ReaddressView};

use crate::connections::with_two_inboxes;
use crate::desk::turning_for;
use crate::office::Office;
use crate::world::{Phase, Script, app};

fn readdressing(app: &str, to: &str, confirmed: bool) -> Ask {
    Ask::Readdress { app: app.to_owned(), to: to.to_owned(), confirmed }
}

#[tokio::test]
async fn many_connections_are_readdressed_once_counted_and_confirmed() {
    let office = Office::new().await;
    for company in ["Alpha", "Beta"] {
        office.world.disk.mkdir(&format!("{company}/Achats"));
        office.connect_company(company, "quickbooks").await;
        office.turn(Turn::On, company, "Achats", "quickbooks").await;
        office.world.disk.write(&format!("{company}/Achats/{company}.pdf"), company);
    }
    office.world.post.always(Script::Defer("451 later"));
    office.next_round().await;
    let before = office.exported().await;
    let reply = office.ask(readdressing("quickbooks", "{slug}@new.example", false)).await;
    assert_eq!(
        reply.outcome,
        Outcome::Confirm("re-address 2 connections of quickbooks?".to_owned())
    );
    assert_eq!(office.exported().await, before);
    let view: ReaddressView =
        office.done(readdressing("quickbooks", "{slug}@new.example", true)).await;
    let to: Vec<&str> = view.companies.iter().map(|company| company.to.as_str()).collect();
    assert_eq!(to, ["alpha@new.example", "beta@new.example"]);
    office.world.post.always(Script::Accept);
    office.next_round().await;
    assert_eq!(office.world.post.documents_to("alpha@new.example"), ["Alpha.pdf"]);
    assert_eq!(office.world.post.documents_to("beta@new.example"), ["Beta.pdf"]);
    assert_eq!(office.posted().len(), 2);
    let again: ReaddressView =
        office.done(readdressing("quickbooks", "{slug}@new.example", true)).await;
    assert_eq!(again.count, 0);
    let history: Vec<HistoryView> = office.done(Ask::History { company: None }).await;
    let named = history.iter().filter(|line| line.detail.starts_with("readdress: "));
    assert_eq!(named.count(), 2);
}

#[tokio::test]
async fn a_mail_on_its_way_to_the_old_address_is_stopped_before_its_dot() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    let robot = office.robot.clone();
    office.world.post.at(Phase::BeforeGate, async move {
        use facteur::app::requests::{Answers as _, Request};
        let ask = readdressing("quickbooks", "{slug}@new.example", true);
        let reply = robot.answer(Request { by: "lea".to_owned(), ask }).await;
        assert_eq!(reply.outcome, Outcome::Done);
    });
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    office.next_round().await;
    let to = office.world.post.documents_to("dupont-maconnerie@new.example");
    assert_eq!((to, office.posted().len()), (vec!["un.pdf".to_owned()], 1));
}

#[tokio::test]
async fn a_tool_with_inboxes_is_readdressed_inbox_by_inbox() {
    let office = with_two_inboxes().await;
    office.reply(turning_for(Turn::On, "Achats", "inqom", "achats")).await;
    let words = office.refused(readdressing("inqom", "{slug}@new.example", true)).await;
    assert_eq!(
        words,
        "inqom has several addresses a company: achats, ventes\nhint: put `{inbox}` into the template"
    );
    let view: ReaddressView =
        office.done(readdressing("inqom", "{inbox}.{slug}@new.example", true)).await;
    assert_eq!(view.companies.len(), 2);
    assert_eq!(view.count, 1);
    office.drop("Achats/achat.pdf");
    office.next_round().await;
    let to = office.world.post.documents_to("achats.dupont-maconnerie@new.example");
    assert_eq!(to, ["achat.pdf"]);
}

#[tokio::test]
async fn the_ledger_itself_marks_no_dot_for_an_old_address() {
    use facteur::ports::Clock as _;
    use facteur::ports::store::{ClaimRules, Rate, Store as _, StoreError};
    let office = Office::with_achats_on().await;
    office.world.post.next(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.world.clock.advance(chrono::TimeDelta::minutes(5));
    let now = office.world.clock.now();
    let rates = [(app("quickbooks"), Rate::default())].into();
    let rules = ClaimRules { destination: "smtp".to_owned(), rates };
    let claimed = office.ledger.claim(&rules, 1, now).await.unwrap().remove(0);
    let _: ReaddressView =
        office.done(readdressing("quickbooks", "{slug}@new.example", true)).await;
    let marked = office.ledger.dot(claimed.id, claimed.attempt, Rate::default(), now).await;
    assert_eq!(marked, Err(StoreError::Conflict));
}
