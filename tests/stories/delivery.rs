//! Deliveries: back-off, refusals, doubts, unreachable servers, sizes, limits.

use chrono::TimeDelta;
use facteur::domain::delivery::Act;
use facteur::domain::profile::InDoubtPolicy;

use crate::office::Office;
use crate::world::{Script, app};

/// `Achats` on, and documents of these names put there.
async fn with(documents: &[&str]) -> Office {
    let office = Office::with_achats_on().await;
    for document in documents {
        office.drop(&format!("Achats/{document}"));
    }
    office
}

/// When the mail server is asked again, in minutes from now.
async fn waits_minutes(office: &Office, document: &str) -> i64 {
    let due_at = office.delivery(document).await.due_at.unwrap();
    let now = facteur::ports::Clock::now(office.world.clock.as_ref());
    (due_at.to_utc() - now).num_minutes()
}

#[tokio::test]
async fn a_deferred_mail_is_tried_again_later_and_later_and_held_after_five_days() {
    let office = with(&["un.pdf"]).await;
    office.world.post.always(Script::Defer("451 4.3.0 try later"));
    office.next_round().await;
    let mut waits = Vec::new();
    let mut passed = TimeDelta::zero();
    while office.state("Achats/un.pdf").await == "deferred" {
        let wait = waits_minutes(&office, "Achats/un.pdf").await;
        waits.push(wait);
        passed += TimeDelta::minutes(wait);
        office.world.clock.advance(TimeDelta::minutes(wait));
        office.round().await;
    }
    assert_eq!(waits[..10], [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
    assert_eq!(office.state("Achats/un.pdf").await, "held (expired)");
    assert!(passed >= TimeDelta::days(5) && passed <= TimeDelta::hours(5 * 24 + 4), "{passed}");
    let id = office.delivery("Achats/un.pdf").await.id;
    assert_eq!(
        office.story("Achats/un.pdf", "quickbooks").await.because,
        format!(
            "held: tried for 5 days in vain; the last answer was: 451 4.3.0 try later; `facteur release {id}` sends it, `facteur cancel {id}` doesn't"
        )
    );
    office.world.post.always(Script::Accept);
    office.act_on(Act::Release, "Achats/un.pdf").await;
    office.round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn a_refused_mail_is_not_tried_again_by_itself() {
    let office = with(&["un.pdf"]).await;
    office.world.post.next(Script::RefuseAtDot("554 5.7.1 no"));
    office.next_round().await;
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "refused");
    assert_eq!(
        office.story("Achats/un.pdf", "quickbooks").await.because,
        "refused (554 5.7.1 no); when the cause is mended, `facteur retry 1` sends it again; `facteur cancel 1` closes it"
    );
    office.act_on(Act::Retry, "Achats/un.pdf").await;
    office.round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn each_attempt_is_the_same_mail_to_the_byte() {
    let office = with(&["un.pdf"]).await;
    for script in [Script::DeferAtDot("451"), Script::DropBeforeDot, Script::DropAfterDot] {
        office.world.post.next(script);
        office.next_round().await;
    }
    office.act_on(Act::Resend, "Achats/un.pdf").await;
    office.next_round().await;
    let [first, second] = office.world.post.delivered().try_into().unwrap();
    assert_eq!(first.bytes, second.bytes);
    let but_for_the_envelope = |delivered: &crate::world::transport::Delivered| {
        let mut mail = delivered.mail.clone();
        mail.envelope_id.clear();
        mail
    };
    assert_eq!(but_for_the_envelope(&first), but_for_the_envelope(&second));
    assert_ne!(first.mail.envelope_id, second.mail.envelope_id);
}

#[tokio::test]
async fn a_lost_answer_is_a_doubt_that_waits_for_a_person() {
    let office = with(&["un.pdf"]).await;
    office.world.post.next(Script::DropAfterDot);
    let round = office.next_round().await;
    assert_eq!((round.sent, round.in_doubt), (0, 1));
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
    assert_eq!(
        office.story("Achats/un.pdf", "quickbooks").await.because,
        "nobody knows whether the tool has it: look there, then `facteur settle 1 --sent` or `--not-sent`"
    );
    office.act_on(Act::SettleNotSent, "Achats/un.pdf").await;
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf", "un.pdf"]);
}

fn resending(config: &mut facteur::config::Config) {
    config.apps.get_mut(&app("quickbooks")).unwrap().in_doubt = InDoubtPolicy::Resend;
}

#[tokio::test]
async fn the_policy_resend_sends_a_doubt_again_once_and_says_so() {
    let mut office = with(&["un.pdf"]).await;
    office.restart_configured(resending).await;
    for _ in 0..3 {
        office.world.post.next(Script::DropAfterDot);
        office.next_round().await;
    }
    assert_eq!(office.posted(), ["un.pdf", "un.pdf"]);
    assert_eq!(office.state("Achats/un.pdf").await, "in_doubt");
    let delivered = office.world.post.delivered();
    assert_eq!(delivered[0].mail.message_id, delivered[1].mail.message_id);
    let story = office.story("Achats/un.pdf", "quickbooks").await;
    let resent = story.events.iter().find(|event| event.because.contains("policy")).unwrap();
    assert_eq!(resent.because, "resend by the app's in_doubt policy");
}

#[tokio::test]
async fn the_policy_resend_sends_nothing_whose_switch_was_turned_off() {
    let mut office = with(&["un.pdf"]).await;
    office.restart_configured(resending).await;
    office.world.post.next(Script::DropAfterDotNotKept);
    office.next_round().await;
    office.off("Achats", "quickbooks").await;
    office.next_round().await;
    assert_eq!(office.posted(), Vec::<String>::new());
    assert_eq!(office.state("Achats/un.pdf").await, "in_doubt");
}

#[tokio::test]
async fn a_doubt_of_a_disconnected_app_stops_no_round() {
    let mut office = with(&["un.pdf"]).await;
    office.restart_configured(resending).await;
    office.world.post.next(Script::DropAfterDotNotKept);
    office.next_round().await;
    let ask = facteur::app::requests::Ask::Disconnect {
        company: crate::office::DUPONT.to_owned(),
        app: "quickbooks".to_owned(),
    };
    let _: facteur::app::views::DecidedView = office.done(ask).await;
    office.next_round().await;
    assert_eq!(office.state("Achats/un.pdf").await, "in_doubt");
}

#[tokio::test]
async fn what_was_being_sent_at_a_crash_is_in_doubt() {
    let mut office = with(&["un.pdf"]).await;
    let power = office.world.power.clone();
    office.world.post.at(crate::world::Phase::AfterDot, async move { power.cut() });
    office.world.clock.advance(TimeDelta::minutes(15));
    drop(office.ask(facteur::app::requests::Ask::Round { dry_run: false }).await);
    office.world.power.restore();
    office.restart().await;
    assert_eq!(office.state("Achats/un.pdf").await, "in_doubt");
    office.next_round().await;
    assert_eq!(office.posted(), ["un.pdf"]);
}

#[tokio::test]
async fn an_unreachable_server_costs_one_attempt_and_a_pause() {
    let office = with(&["1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf", "6.pdf"]).await;
    office.world.post.set_connections(1);
    office.world.post.always(Script::Unreachable("connection refused"));
    office.next_round().await;
    let attempts = async || -> u32 {
        office.deliveries().await.iter().map(|delivery| delivery.attempts).sum()
    };
    assert_eq!(attempts().await, 1);
    office.round().await;
    assert_eq!(attempts().await, 1, "it is put off");
    let status = office.status().await;
    let put_off = status.alarms.iter().find(|alarm| alarm.kind == "put_off").unwrap();
    assert_eq!(
        put_off.message,
        "the mail server (smtp:mail.cabinet.example:587) cannot be used: connection refused; it is tried again at 09:16 by itself"
    );
    office.world.clock.advance(TimeDelta::minutes(2));
    office.round().await;
    assert_eq!(attempts().await, 2, "one probes");
    office.world.post.always(Script::Accept);
    office.world.clock.advance(TimeDelta::minutes(5));
    let round = office.round().await;
    assert_eq!((round.sent, attempts().await), (6, 8));
    assert!(office.status().await.alarms.is_empty());
}

#[tokio::test]
async fn an_unreachable_server_holds_what_expires_and_sends_the_rest_when_it_is_back() {
    let office = with(&["un.pdf"]).await;
    office.world.post.always(Script::Unreachable("connection refused"));
    for _ in 0..40 {
        office.world.clock.advance(TimeDelta::hours(4));
        office.round().await;
    }
    assert_eq!(office.state("Achats/un.pdf").await, "held (expired)");
    office.drop("Achats/deux.pdf");
    office.world.post.always(Script::Accept);
    office.world.clock.advance(TimeDelta::hours(4));
    office.round().await;
    assert_eq!(office.posted(), ["deux.pdf"]);
}

#[tokio::test]
async fn what_waits_says_for_what_and_until_when() {
    let office = with(&["un.pdf", "deux.pdf"]).await;
    office.world.post.set_connections(1);
    office.world.post.next(Script::Defer("451 4.7.1 Greylisted"));
    office.world.post.next(Script::Unreachable("connection refused"));
    office.next_round().await;
    let mut because = Vec::new();
    for document in ["Achats/deux.pdf", "Achats/un.pdf"] {
        because.push(office.story(document, "quickbooks").await.because);
    }
    because.sort();
    assert_eq!(
        because,
        [
            "it waits until 2026-03-02 09:16 and goes by itself (connection refused)",
            "the mail server put it off (451 4.7.1 Greylisted); it is tried again by itself at 2026-03-02 09:16, or now by `facteur retry 1`",
        ]
    );
}
