//! A rehearsal: every mail goes to one's own address, and nothing counts (`redirect_to`).

use facteur::app::requests::Outcome;
use facteur::config::Config;
use facteur::domain::delivery::Act;
use facteur::domain::template::Address;

use crate::office::Office;
use crate::world::Script;

const MINE: &str = "moi@cabinet.example";
const TOOL: &str = "dupont-maconnerie@qbodocs.com";

fn on(config: &mut Config) {
    config.mail.redirect_to = Some(Address::parse(MINE).unwrap());
}

fn over(config: &mut Config) {
    config.mail.redirect_to = None;
}

/// `Achats` on for quickbooks, in a rehearsal.
pub(crate) async fn in_rehearsal() -> Office {
    let mut office = Office::with_achats_on().await;
    office.restart_configured(on).await;
    office
}

#[tokio::test]
async fn every_mail_goes_to_ones_own_address() {
    let office = in_rehearsal().await;
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(MINE), ["un.pdf"]);
    assert_eq!(office.posted().len(), 1);
    let because = office.story("Achats/un.pdf", "quickbooks").await.because;
    assert_eq!(
        because,
        "sent in a rehearsal, not to the tool: it doesn't count as validated; `facteur backfill` sends it to the tool once the rehearsal is over"
    );
    assert_eq!(office.status().await.redirect_to.as_deref(), Some(MINE));
}

#[tokio::test]
async fn what_a_rehearsal_queued_never_goes_to_the_tool_by_itself() {
    let mut office = in_rehearsal().await;
    office.world.post.always(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.restart_configured(over).await;
    office.world.post.always(Script::Accept);
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/un.pdf").await, "held (rule)");
    // Releasing it would only hold it again: the words say what sends it.
    let reply = office.act_on(Act::Release, "Achats/un.pdf").await;
    let Outcome::Failed(words) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!(
        words,
        "delivery 1: it belongs to a rehearsal (`redirect_to`) that is over\nhint: `facteur backfill` sends its document to the tool"
    );
}

#[tokio::test]
async fn after_a_rehearsal_a_backfill_sends_to_the_tool_what_only_rehearsed() {
    let mut office = in_rehearsal().await;
    office.drop("Achats/envoyé.pdf");
    office.next_round().await;
    office.world.post.always(Script::Defer("451 later"));
    office.drop("Achats/en attente.pdf");
    office.next_round().await;
    assert_eq!(office.backfill("Achats").await.already, 2, "it is on still");
    office.restart_configured(over).await;
    office.world.post.always(Script::Accept);
    let view = office.backfill("Achats").await;
    assert_eq!((view.count, view.already), (3, 0));
    office.next_round().await;
    office.next_round().await;
    assert_eq!(
        office.world.post.documents_to(TOOL),
        ["ancien.pdf", "en attente.pdf", "envoyé.pdf"]
    );
    assert_eq!(office.backfill("Achats").await.count, 0);
    assert_eq!(office.world.disk.marked().len(), 3);
    assert!(office.status().await.alarms.is_empty(), "{:?}", office.status().await.alarms);
}

#[tokio::test]
async fn a_backfill_that_was_rehearsed_goes_when_the_same_person_asks_again() {
    let mut office = in_rehearsal().await;
    assert_eq!(office.backfill("Achats").await.count, 1);
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(MINE), ["ancien.pdf"]);
    office.restart_configured(over).await;
    assert_eq!(office.backfill("Achats").await.count, 1);
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(TOOL), ["ancien.pdf"]);
}

#[tokio::test]
async fn what_was_queued_for_the_tool_waits_for_the_rehearsals_end() {
    let mut office = Office::with_achats_on().await;
    office.world.post.always(Script::Defer("451 later"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.restart_configured(on).await;
    office.world.post.always(Script::Accept);
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    office.restart_configured(over).await;
    office.act_on(Act::Release, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(TOOL), ["un.pdf"]);
}

#[tokio::test]
async fn a_rehearsal_that_begins_while_a_mail_is_on_its_way_stops_it() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    let robot = office.robot.clone();
    office.world.post.at(crate::world::Phase::BeforeGate, async move {
        robot.take_config(crate::world::config(on)).await.unwrap();
    });
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.world.post.documents_to(TOOL), Vec::<String>::new());
}
