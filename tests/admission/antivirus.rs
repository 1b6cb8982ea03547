//! The antivirus: what it knows is filed nowhere, and without its word nothing is.

use facteur::app::requests::{Ask, MailsAsk, Outcome, Reply};
use facteur::config::{ClamdAddress, Senders};
use facteur::domain::mail::mailbox::MailOutcome;

use crate::desk::{Desk, HUGE, VIRUS, mail};

const ANNE: &str = "anne@client.example";

#[tokio::test(start_paused = true)]
async fn the_mail_and_each_of_its_files_is_looked_at() {
    let (desk, antivirus) = Desk::with_antivirus().await;
    let outcome = desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    assert!(matches!(outcome, MailOutcome::Filed(_)), "{outcome:?}");
    let seen = antivirus.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].starts_with(b"Return-Path: "), "the whole mail");
    assert_eq!(seen[1], b"%PDF-1.4 a 1", "the file, decoded");
}

#[tokio::test(start_paused = true)]
async fn what_it_knows_goes_to_quarantine_and_nowhere_else() {
    let (mut desk, _) = Desk::with_antivirus().await;
    let outcome = desk.take(&mail(1, ANNE, VIRUS)).await;
    let MailOutcome::Quarantined { because, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(because, "the antivirus found Test.Virus in \"facture 1.pdf\"");
    desk.restart().await;
    desk.office.next_round().await;
    assert_eq!(desk.mails().await[0].outcome, outcome);
    assert!(desk.filed().is_empty());
    assert!(desk.office.world.post.delivered().is_empty(), "it is never mailed on");
    assert_eq!(desk.drawer.count(), 1, "a person may look at it still");
    let alarms = desk.office.status().await.alarms;
    assert!(alarms.iter().any(|alarm| alarm.message.contains("quarantine")), "{alarms:?}");
}

#[tokio::test(start_paused = true)]
async fn while_it_is_away_nothing_is_filed_and_nothing_is_lost() {
    let (desk, antivirus) = Desk::with_antivirus().await;
    antivirus.set_away(true);
    let waiting = desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    let MailOutcome::Pending { trouble: Some(trouble) } = &waiting else { panic!("{waiting:?}") };
    assert_eq!(trouble, "the antivirus cannot say: connect: refused");
    desk.mailbox.receive(mail(2, ANNE, VIRUS));
    for _ in 0..3 {
        desk.office.next_round().await;
    }
    assert!(desk.filed().is_empty());
    let alarms = desk.office.status().await.alarms;
    let told = alarms.iter().any(|alarm| alarm.message.contains("the antivirus cannot say"));
    assert!(told, "{alarms:?}");

    antivirus.set_away(false);
    desk.office.next_round().await;

    assert_eq!(desk.filed().len(), 1);
    let outcomes: Vec<MailOutcome> =
        desk.mails().await.into_iter().map(|mail| mail.outcome).collect();
    let [MailOutcome::Quarantined { .. }, MailOutcome::Filed(_)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(desk.office.status().await.alarms.iter().all(|alarm| alarm.kind != "filing"));
}

#[tokio::test(start_paused = true)]
async fn what_it_refuses_to_look_at_waits_for_a_person() {
    let (desk, _) = Desk::with_antivirus().await;
    let outcome = desk.take(&mail(1, ANNE, HUGE)).await;
    let MailOutcome::Tray { because, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(because, "\"facture 1.pdf\" is not scanned: it is larger than it looks at");
    assert!(desk.filed().is_empty());
}

/// A person files the newest mail.
async fn file(desk: &Desk) -> Reply {
    let numbers = vec![desk.mails().await[0].number.to_string()];
    let company = Some("dupont-maconnerie".to_owned());
    desk.office.ask(Ask::Mails(MailsAsk::File { numbers, company, folder: None, all: true })).await
}

#[tokio::test(start_paused = true)]
async fn no_person_can_file_what_it_knows_or_refuses_to_look_at() {
    for (document, word) in [(VIRUS, "found Test.Virus"), (HUGE, "larger than it looks at")] {
        let (desk, antivirus) = Desk::with_antivirus().await;
        let before = desk.take(&mail(1, ANNE, document)).await;
        let reply = file(&desk).await;
        assert!(format!("{reply:?}").contains(word), "{reply:?}");
        antivirus.set_away(true);
        file(&desk).await;
        assert_eq!(desk.mails().await[0].outcome, before);
        assert!(desk.filed().is_empty());

        let numbers = vec![desk.mails().await[0].number.to_string()];
        let dropping = MailsAsk::Drop { numbers, confirmed: true };
        let dropped = desk.office.ask(Ask::Mails(dropping)).await;
        assert!(matches!(dropped.outcome, Outcome::Done), "{dropped:?}");
        assert_eq!(desk.drawer.count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_files_is_looked_at_first() {
    let (mut desk, antivirus) = Desk::with_antivirus().await;
    desk.office.restart_configured(|config| config.collection.senders = Senders::Known).await;
    desk.restart().await;
    let stranger = desk.take(&mail(1, ANNE, VIRUS)).await;
    assert!(matches!(stranger, MailOutcome::Tray { .. }), "{stranger:?}");
    file(&desk).await;
    let outcome = desk.mails().await.remove(0).outcome;
    assert!(matches!(outcome, MailOutcome::Quarantined { .. }), "{outcome:?}");
    // Its makers say meanwhile that they were mistaken.
    antivirus.forget();
    file(&desk).await;
    let outcome = desk.mails().await.remove(0).outcome;
    assert!(matches!(outcome, MailOutcome::Filed(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn an_antivirus_that_was_configured_meanwhile_is_waited_for() {
    let desk = Desk::new(|_| ()).await;
    let mut config = (*desk.office.robot.config()).clone();
    config.collection.clamd = Some(ClamdAddress::Socket("/run/clamav/clamd.ctl".into()));
    desk.office.robot.reconfigure(config);
    let outcome = desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    let MailOutcome::Pending { trouble: Some(trouble) } = &outcome else { panic!("{outcome:?}") };
    assert!(trouble.contains("after a restart"), "{trouble}");
    assert!(desk.filed().is_empty());
}
