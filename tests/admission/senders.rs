//! Who may send: what others send waits in the tray.

use facteur::config::{CollectionOverride, CompanyOverride, Config, Senders};
use facteur::domain::mail::mailbox::MailOutcome;

use crate::desk::{Desk, known, mail};
use crate::world::path;

const ANNE: &str = "Anne <anne@client.example>";
const BOSS: &str = "Le patron <patron@cabinet.example>";

fn tray(outcome: &MailOutcome) -> &str {
    let MailOutcome::Tray { because, .. } = outcome else { panic!("{outcome:?}") };
    because
}

fn admitted(outcome: &MailOutcome) -> &str {
    let MailOutcome::Filed(filing) = outcome else { panic!("{outcome:?}") };
    filing.admitted.as_deref().unwrap()
}

fn firm(config: &mut Config) {
    config.collection.senders = Senders::Firm;
    config.collection.trusted_servers = vec!["mail.cabinet.example".to_owned()];
}

#[tokio::test(start_paused = true)]
async fn everyone_may_send_where_nothing_else_is_said() {
    let desk = Desk::new(|_| ()).await;
    assert_eq!(admitted(&desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await), "everyone may send");
    assert_eq!(desk.filed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_known_sender_is_filed_and_a_stranger_waits_in_the_tray() {
    let desk = Desk::new(|config| {
        config.collection.senders = Senders::Known;
        config.collection.known_senders = vec![known("@client.example")];
    })
    .await;
    let words = desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    assert!(admitted(&words).contains("by its From alone"), "{words:?}");
    // Its name, decoded, would be two authors.
    let accented = mail(4, "=?utf-8?q?Ren=C3=A9=2C_Durand?= <rene@client.example>", "%PDF-1.4 d");
    admitted(&desk.take(&accented).await);
    let stranger = desk.take(&mail(2, "eve@evil.example", "%PDF-1.4 b")).await;
    assert_eq!(tray(&stranger), "eve@evil.example is no known sender");
    let dressed = mail(3, "\"anne@client.example\" <eve@evil.example>", "%PDF-1.4 c");
    assert_eq!(tray(&desk.take(&dressed).await), "eve@evil.example is no known sender");
    assert_eq!(desk.filed().len(), 2);
    assert_eq!(desk.drawer.count(), 2, "the tray's mails are kept");
}

#[tokio::test(start_paused = true)]
async fn a_company_may_have_senders_of_its_own() {
    let desk = Desk::new(|config| {
        config.collection.known_senders = vec![known("@client.example")];
        config.companies.push(CompanyOverride {
            folder: path("Dupont Maçonnerie"),
            slug: None,
            name: None,
            enabled: true,
            collection: CollectionOverride {
                senders: Some(Senders::Known),
                known_senders: vec![known("paul@dupont.example")],
                ..CollectionOverride::default()
            },
        });
    })
    .await;
    for (number, from, filed) in
        [(1, ANNE, true), (2, "paul@dupont.example", true), (3, "jean@dupont.example", false)]
    {
        let outcome = desk.take(&mail(number, from, "%PDF-1.4 a")).await;
        assert_eq!(matches!(outcome, MailOutcome::Filed(_)), filed, "{from}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_firms_own_people_need_a_signature() {
    let desk = Desk::new(firm).await;
    desk.origins.say(Some(&["cabinet.example"]));
    let signed = desk.take(&mail(1, BOSS, "%PDF-1.4 a")).await;
    assert!(admitted(&signed).contains("signed (DKIM) by cabinet.example"));
    desk.origins.say(Some(&["evil.example"]));
    let forged = desk.take(&mail(2, BOSS, "%PDF-1.4 b")).await;
    assert!(tray(&forged).contains("no valid signature of cabinet.example"));
    desk.origins.say(Some(&["client.example"]));
    let client = desk.take(&mail(3, ANNE, "%PDF-1.4 c")).await;
    assert_eq!(tray(&client), "anne@client.example is not of cabinet.example");
    assert_eq!(desk.filed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_nobody_can_say_who_signed_a_mail_waits() {
    let desk = Desk::new(firm).await;
    desk.origins.say(None);
    let waiting = desk.take(&mail(1, BOSS, "%PDF-1.4 a")).await;
    let MailOutcome::Pending { trouble: Some(trouble) } = &waiting else { panic!("{waiting:?}") };
    assert_eq!(trouble, "who sent it cannot be verified: the name service is too slow");
    assert!(desk.filed().is_empty());
    desk.origins.say(Some(&["cabinet.example"]));
    desk.office.next_round().await;
    assert_eq!(desk.filed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_word_of_ones_own_server_counts_where_that_server_wrote_it() {
    let desk = Desk::new(firm).await;
    desk.origins.say(Some(&[]));
    let word = "Authentication-Results: mail.cabinet.example; dkim=pass header.d=cabinet.example";
    let above = format!("{word}\r\n{}", mail(1, BOSS, "%PDF-1.4 a"));
    let outcome = desk.take(&above).await;
    assert!(admitted(&outcome).contains("mail.cabinet.example says dkim=pass"), "{outcome:?}");
    let below = mail(2, BOSS, "%PDF-1.4 b").replace("From: ", &format!("{word}\r\nFrom: "));
    assert!(tray(&desk.take(&below).await).contains("no valid signature"));
    let inside = mail(3, BOSS, "%PDF-1.4 c").replace("Bonjour", word);
    assert!(tray(&desk.take(&inside).await).contains("no valid signature"));
    assert_eq!(desk.filed().len(), 1);
}
