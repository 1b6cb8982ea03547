//! What senders are told: in the firm's name, once at most, and never by two machines to each
//! other for ever.

use facteur::config::{Config, Senders};
use facteur::domain::mail::mailbox::MailOutcome;
use facteur::domain::template::Address;

use crate::desk::{Desk, TO, mail};
use crate::world::Script;

const ANNE: &str = "Anne <anne@client.example>";

fn telling(config: &mut Config) {
    config.collection.acknowledge = true;
}

#[tokio::test(start_paused = true)]
async fn a_sender_is_told_what_was_filed_and_what_was_left_out() {
    let desk = Desk::new(telling).await;
    let more = "--b\r\nContent-Type: application/zip; name=\"notes.txt\"\r\n\r\nhello\r\n\
                --b\r\nContent-Type: text/vcard; name=\"anne.vcf\"\r\n\r\nBEGIN:VCARD\r\n--b--";
    let sent = mail(1, ANNE, "%PDF-1.4 a").replace("--b--", more);
    let outcome = desk.take(&sent).await;
    assert!(matches!(outcome, MailOutcome::Filed(_)), "{outcome:?}");

    let told = desk.told();
    let [letter] = &told[..] else { panic!("{told:?}") };
    assert_eq!(letter.recipient.as_str(), "anne@client.example");
    assert_eq!((letter.sender.as_str(), &letter.return_path), (TO, &None));
    assert_eq!(letter.in_reply_to.as_deref(), Some("<1@client.example>"));
    assert_eq!(letter.subject, "Bien reçu — Dupont Maçonnerie");
    insta::assert_snapshot!(letter.text, @"
    Cabinet Exemple

    Votre message du 02/03/2026 pour Dupont Maçonnerie est bien arrivé.

    Documents enregistrés :
    - facture 1.pdf

    Pièces non reprises :
    - notes.txt : type de fichier non accepté

    Ceci est un accusé de réception : il n'appelle pas de réponse.
    ");
    let whole = format!("{letter:?}").to_lowercase();
    for word in ["facteur", "robot", "quickbooks", "dext"] {
        assert!(!whole.contains(word), "{word}: {whole}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_unless_it_is_asked_for() {
    let desk = Desk::new(|_| ()).await;
    desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    assert!(desk.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whose_mail_waits_in_the_tray_is_told_nothing() {
    let desk = Desk::new(|config| {
        telling(config);
        config.collection.senders = Senders::Known;
    })
    .await;
    desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    desk.take(&mail(2, ANNE, "nothing that is a document")).await;
    assert!(desk.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_same_mail_again_is_told_of_once() {
    let desk = Desk::new(telling).await;
    desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    desk.mailbox.replace_server();
    desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    assert_eq!(desk.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_cannot_be_sent_is_never_sent_and_holds_nothing_up() {
    for script in [
        Script::Unreachable("down"),
        Script::Defer("later"),
        Script::Refuse("no"),
        Script::DropAfterDotNotKept,
    ] {
        let desk = Desk::new(telling).await;
        desk.office.world.post.to("anne@client.example", script);
        let outcome = desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
        assert!(matches!(outcome, MailOutcome::Filed(_)), "{outcome:?}");
        desk.office.world.post.forget_plans();
        desk.office.next_round().await;
        assert!(desk.told().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_rehearsal_only_who_rehearses_is_told() {
    let desk = Desk::new(|config| {
        telling(config);
        config.mail.redirect_to = Some(Address::parse("moi@cabinet.example").unwrap());
    })
    .await;
    desk.take(&mail(1, ANNE, "%PDF-1.4 a")).await;
    let told = desk.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].recipient.as_str(), "moi@cabinet.example");
}
