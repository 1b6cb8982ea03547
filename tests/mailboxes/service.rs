//! Mailboxes beside the running service: heard at once, and taken up again by themselves.

use chrono::TimeDelta;
use facteur::app::service::NoHints;
use tokio::sync::watch;

use crate::bureau::{Bureau, TOOL, letter, report};
use crate::world::mailbox::Fault;

/// Runs the service until the delivery is in a state, and stops it.
async fn serve_until(bureau: &Bureau, state: &str) {
    let (stop, stopped) = watch::channel(false);
    let reached = async {
        until(bureau, state).await;
        stop.send_replace(true);
    };
    let (served, ()) = tokio::join!(bureau.office.robot.serve(Box::new(NoHints), stopped), reached);
    served.unwrap();
}

/// Lets the service work, ten seconds after ten seconds, until the delivery is in a state.
async fn until(bureau: &Bureau, state: &str) {
    for _ in 0..200 {
        if bureau.states().await == [state] {
            return;
        }
        bureau.office.world.clock.asleep().await;
        bureau.office.world.clock.advance(TimeDelta::seconds(10));
        tokio::task::yield_now().await;
    }
    panic!("it never was {state}: {:?}", bureau.states().await);
}

#[tokio::test]
async fn a_mailbox_that_failed_is_read_again_without_a_restart() {
    let bureau = Bureau::with_one_sent().await;
    for _ in 0..4 {
        bureau.mailbox.fail_next(Fault::Open);
    }
    bureau.mailbox.receive(report("failed", TOOL, &bureau.message_id(0).await, ""));
    bureau.office.world.clock.by_hand();

    serve_until(&bureau, "refused").await;

    assert_eq!(bureau.mailbox.sessions(), 2, "one by the round, one by the service");
}

#[tokio::test]
async fn a_session_that_ends_while_it_waits_is_opened_anew() {
    let bureau = Bureau::with_one_sent().await;
    bureau.office.world.clock.by_hand();
    let old = bureau.mailbox.receive(letter("one"));
    let message_id = bureau.message_id(0).await;
    let arrives = async {
        while bureau.mailbox.given().0 != [old] {
            tokio::task::yield_now().await;
        }
        bureau.mailbox.fail_next(Fault::Wait);
        bureau.mailbox.receive(report("failed", TOOL, &message_id, ""));
    };

    tokio::join!(serve_until(&bureau, "refused"), arrives);

    assert_eq!(bureau.mailbox.sessions(), 3, "one by the round, two by the service");
}
