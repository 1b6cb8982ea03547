//! What people do to deliveries: each act in each state, one by one and by filter.

use facteur::app::requests::{Ask, Outcome, Selection};
use facteur::app::views::ActedView;
use facteur::domain::delivery::{Act, State};

use crate::desk::FOLDER;
use crate::office::{DUPONT, Office};
use crate::world::{Phase, Script};

/// A delivery of `Achats/un.pdf` in a state, with the server accepting from now on.
async fn in_state(state: State) -> Office {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    let post = &office.world.post;
    match state {
        State::Queued => post.always(Script::Unreachable("no route")),
        State::Deferred | State::Cancelled => post.next(Script::Defer("451 later")),
        State::Refused => post.next(Script::Refuse("550 no")),
        State::InDoubt => post.next(Script::DropAfterDot),
        State::Sent | State::Sending => {}
        State::Held => {
            let world = office.world.clone();
            post.next(Script::Defer("451 later"));
            office.next_round().await;
            world.disk.remove(&format!("{FOLDER}/Achats/un.pdf"));
        }
    }
    office.next_round().await;
    if state == State::Cancelled {
        office.off("Achats", "quickbooks").await;
    }
    if state == State::Held {
        office.drop("Achats/un.pdf");
    }
    office
}

const ACTS: [Act; 6] =
    [Act::Retry, Act::Release, Act::Cancel, Act::SettleSent, Act::SettleNotSent, Act::Resend];

#[tokio::test]
async fn each_act_applies_to_its_states_alone() {
    // The state that an act leads to; none: it is refused, with what applies.
    let table = [
        (State::Queued, [None, None, Some("cancelled"), None, None, None]),
        (State::Deferred, [Some("queued"), None, Some("cancelled"), None, None, None]),
        (State::Sent, [None, None, None, None, None, Some("queued")]),
        (State::Refused, [Some("queued"), None, Some("cancelled"), None, None, None]),
        (State::InDoubt, [None, None, None, Some("sent"), Some("queued"), Some("queued")]),
        (State::Held, [None, Some("queued"), Some("cancelled"), None, None, None]),
        (State::Cancelled, [Some("queued"), None, None, None, None, None]),
    ];
    for (state, expected) in table {
        for (act, leads_to) in ACTS.into_iter().zip(expected) {
            let told = format!("{} of {}", act.as_str(), state.as_str());
            let office = in_state(state).await;
            assert_eq!(office.deliveries().await[0].state, state.as_str(), "{told}");
            let selection = Selection { ids: vec!["1".to_owned()], ..Selection::default() };
            let reply = office.ask(Ask::Act { act, selection, confirmed: false }).await;
            let after = office.deliveries().await[0].state.clone();
            match (leads_to, reply.outcome) {
                (Some(leads_to), Outcome::Done) => assert_eq!(after, leads_to, "{told}"),
                (None, Outcome::Failed(words)) => {
                    assert!(words.starts_with("delivery 1: it is "), "{told}: {words}");
                    assert!(words.contains("\nhint: "), "{told}: {words}");
                    assert_eq!(after, state.as_str(), "{told}");
                }
                (_, outcome) => panic!("{told}: {outcome:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_act_signs_the_story_and_what_it_queued_goes() {
    for (state, act) in [
        (State::Deferred, Act::Retry),
        (State::Refused, Act::Retry),
        (State::Cancelled, Act::Retry),
        (State::InDoubt, Act::SettleNotSent),
        (State::InDoubt, Act::Resend),
        (State::Sent, Act::Resend),
    ] {
        let office = in_state(state).await;
        let before = office.posted().len();
        office.act_on(act, "Achats/un.pdf").await;
        office.next_round().await;
        assert_eq!(office.posted().len(), before + 1, "{} of {}", act.as_str(), state.as_str());
        let story = office.story("Achats/un.pdf", "quickbooks").await;
        let signed = story.events.iter().find(|event| event.by.as_deref() == Some("lea"));
        assert_eq!(signed.unwrap().because, format!("{} by lea", act.as_str()));
    }
}

#[tokio::test]
async fn a_delivery_cancelled_while_it_is_on_its_way_never_gets_its_dot() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/un.pdf");
    let robot = office.robot.clone();
    office.world.post.at(Phase::BeforeGate, async move {
        use facteur::app::requests::{Answers as _, Request};
        let selection = Selection { ids: vec!["1".to_owned()], ..Selection::default() };
        let ask = Ask::Act { act: Act::Cancel, selection, confirmed: true };
        let reply = robot.answer(Request { by: "lea".to_owned(), ask }).await;
        assert_eq!(reply.outcome, Outcome::Done);
    });
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/un.pdf").await, "cancelled");
}

#[tokio::test]
async fn by_filter_they_are_counted_and_confirmed() {
    let office = Office::with_achats_on().await;
    office.on("Frais", "quickbooks").await;
    for document in ["Achats/1.pdf", "Achats/2.pdf", "Frais/3.pdf"] {
        office.drop(document);
    }
    office.world.post.always(Script::Refuse("550 no"));
    office.next_round().await;
    let retrying = |confirmed: bool, company: &str| Ask::Act {
        act: Act::Retry,
        selection: Selection {
            company: Some(company.to_owned()),
            app: Some("quickbooks".to_owned()),
            state: Some(State::Refused),
            ..Selection::default()
        },
        confirmed,
    };
    let before = office.exported().await;
    let reply = office.ask(retrying(false, DUPONT)).await;
    assert_eq!(reply.outcome, Outcome::Confirm("retry 3 deliveries?".to_owned()));
    let view: ActedView = serde_json::from_value(reply.value).unwrap();
    assert_eq!((view.count, view.changed.len()), (3, 0));
    assert_eq!(office.exported().await, before);
    office.world.post.always(Script::Accept);
    let view: ActedView = office.done(retrying(true, DUPONT)).await;
    assert_eq!(view.count, 3);
    office.round().await;
    assert_eq!(office.posted().len(), 3);
    let view: ActedView = office.done(retrying(false, DUPONT)).await;
    assert_eq!(view.count, 0, "nothing is left to confirm");
}

#[tokio::test]
async fn an_unknown_delivery_app_or_company_is_said_to_be_unknown() {
    let office = Office::with_achats_on().await;
    let acting = |selection: Selection| Ask::Act { act: Act::Retry, selection, confirmed: true };
    for id in ["7", "seven"] {
        office
            .refused(acting(Selection { ids: vec![id.to_owned()], ..Selection::default() }))
            .await;
    }
    let unknown = Selection { app: Some("quickbook".to_owned()), ..Selection::default() };
    office.refused(acting(unknown.clone())).await;
    office.refused(Ask::Deliveries(unknown)).await;
    let unknown = Selection { company: Some("dupond".to_owned()), ..Selection::default() };
    let words = office.refused(acting(unknown)).await;
    assert!(words.contains("did you mean `dupont-maconnerie`?"), "{words}");
}

#[tokio::test]
async fn another_root_is_accepted_only_when_confirmed() {
    let office = Office::with_achats_on().await;
    office.world.disk.new_identity(FOLDER);
    office.next_round().await;
    let accepting = |confirmed: bool| Ask::Act {
        act: Act::Release,
        selection: Selection {
            company: Some(DUPONT.to_owned()),
            reason: Some(facteur::domain::delivery::HeldReason::RootChanged),
            ..Selection::default()
        },
        confirmed,
    };
    let reply = office.ask(accepting(false)).await;
    assert!(matches!(reply.outcome, Outcome::Confirm(_)), "{:?}", reply.outcome);
    let held = async || office.status().await.alarms.iter().any(|row| row.kind == "company_held");
    assert!(held().await);
    let _: ActedView = office.done(accepting(true)).await;
    assert!(!held().await);
    office.drop("Achats/un.pdf");
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

/// `Achats/un.pdf` sent, with a duplicate beside it, and a second copy asked for.
async fn with_a_second_copy_waiting() -> Office {
    let office = in_state(State::Sent).await;
    office.world.disk.write(&format!("{FOLDER}/Achats/copie.pdf"), "Achats/un.pdf");
    office.next_round().await;
    office.world.post.next(Script::Defer("451 later"));
    office.act_on(Act::Resend, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "deferred");
    office
}

/// What was sent stays sent: validated, once at the tool, with its duplicate following it.
async fn assert_still_sent(office: &Office) {
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.deliveries().await[0].state, "sent");
    assert_eq!(office.posted(), ["un.pdf"]);
    assert_eq!(office.story("Achats/copie.pdf", "quickbooks").await.state, "duplicate");
}

#[tokio::test]
async fn a_second_copy_that_is_cancelled_leaves_the_first_one_sent() {
    let office = with_a_second_copy_waiting().await;
    office.act_on(Act::Cancel, "Achats/un.pdf").await;
    assert_still_sent(&office).await;
    assert_eq!(office.world.disk.marked().len(), 2);
    let story = office.story("Achats/un.pdf", "quickbooks").await;
    let last = story.events.last().unwrap();
    assert_eq!((last.what.as_str(), last.because.as_str()), ("withdrawn", "cancel by lea"));

    let office = with_a_second_copy_waiting().await;
    office.off("Achats", "quickbooks").await;
    assert_still_sent(&office).await;

    let office = with_a_second_copy_waiting().await;
    office.world.disk.replace(&format!("{FOLDER}/Achats/un.pdf"), "corrected");
    assert_still_sent(&office).await;
}

#[tokio::test]
async fn a_second_copy_of_a_doubt_that_is_cancelled_leaves_the_doubt() {
    let office = in_state(State::InDoubt).await;
    office.world.post.next(Script::Defer("451 later"));
    office.act_on(Act::Resend, "Achats/un.pdf").await;
    office.next_round().await;
    office.act_on(Act::Cancel, "Achats/un.pdf").await;
    assert_eq!(office.state("Achats/un.pdf").await, "in_doubt");
    office.act_on(Act::SettleNotSent, "Achats/un.pdf").await;
    office.act_on(Act::Cancel, "Achats/un.pdf").await;
    assert_eq!(office.state("Achats/un.pdf").await, "cancelled");
}

#[tokio::test]
async fn a_refusal_whose_content_went_by_another_delivery_is_closed() {
    let office = in_state(State::Refused).await;
    office.world.disk.write(&format!("{FOLDER}/Achats/copie.pdf"), "Achats/un.pdf");
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.state("Achats/copie.pdf").await, "sent");
    let ask = |act| {
        let selection = Selection { ids: vec!["1".to_owned()], ..Selection::default() };
        Ask::Act { act, selection, confirmed: false }
    };
    let reply = office.ask(ask(Act::Retry)).await;
    let expected = "delivery 1: the tool has this content by delivery 2 already\nhint: nothing more is to be sent; `facteur cancel 1` closes this one";
    assert_eq!(reply.outcome, Outcome::Failed(expected.to_owned()));
    assert_eq!(office.ask(ask(Act::Cancel)).await.outcome, Outcome::Done);
    assert_eq!(office.deliveries().await[0].state, "cancelled");
}

#[tokio::test]
async fn a_refused_second_copy_that_is_closed_leaves_the_first_one_sent() {
    let office = with_a_second_copy_waiting().await;
    office.act_on(Act::Cancel, "Achats/un.pdf").await;
    office.world.post.next(Script::Refuse("550 again?"));
    office.act_on(Act::Resend, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "refused");
    office.act_on(Act::Cancel, "Achats/un.pdf").await;
    assert_still_sent(&office).await;
    assert_eq!(office.world.disk.marked().len(), 2);
}
