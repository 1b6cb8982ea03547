//! What passes is waited for, told of, and stops no other mail.

use chrono::TimeDelta;
use facteur::app::requests::Outcome;

use crate::reception::{MARCH, Reception, facture, mail, moved, pdf};
use crate::world::mailbox::{Fault, Place};

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filing"]);
    assert!(reception.mail(1).await.because.unwrap().contains("cannot write"));
    assert_eq!(reception.mailbox.places(), [Place::Inbox]);
    assert_eq!(reception.alarms("filing").await, Vec::<String>::new(), "not yet");
    reception.office.world.clock.advance(TimeDelta::minutes(31));
    reception.office.next_round().await;
    assert_eq!(reception.alarms("filing").await.len(), 1);

    reception.office.world.disk.set_full(false);
    reception.office.next_round().await;

    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
    reception.office.next_round().await;
    assert_eq!(reception.mailbox.places(), [moved()]);
    assert_eq!(reception.alarms("filing").await, Vec::<String>::new());
}

#[tokio::test]
async fn one_companys_trouble_stops_no_other() {
    let reception = Reception::new().await;
    reception.office.world.disk.unmount("Dupont Maçonnerie");
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.mailbox.receive(mail("compta+martin", "avril", &[("b.pdf", pdf("b"))]));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["pending", "filed"]);
    assert_eq!(reception.files("Martin"), [format!("{MARCH}/b.pdf")]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [""; 0], "nothing on the wrong disk");
    reception.office.world.disk.remount("Dupont Maçonnerie");
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filed", "filed"]);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/a.pdf")]);
}

#[tokio::test]
async fn a_root_that_is_away_makes_no_company_unknown() {
    let reception = Reception::new().await;
    reception.office.world.disk.unmount("");
    reception.mailbox.receive(mail("compta+martin", "avril", &[("b.pdf", pdf("b"))]));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["pending"]);
    assert!(reception.mail(1).await.because.unwrap().contains("mounted"));
    reception.office.world.disk.remount("");
    reception.office.next_round().await;
    assert_eq!(reception.files("Martin"), [format!("{MARCH}/b.pdf")]);
}

#[tokio::test]
async fn a_root_that_goes_away_in_the_middle_is_gone_on_with() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    let files = [("a.pdf", pdf("a")), ("b.pdf", pdf("b"))];
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "deux", &files));
    reception.office.next_round().await;
    reception.office.world.disk.set_full(false);
    reception.office.world.disk.unmount("");
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filing"]);
    reception.office.world.disk.remount("");
    reception.office.next_round().await;
    let expected = ["a.pdf", "b.pdf"].map(|name| format!("{MARCH}/{name}"));
    assert_eq!(reception.files("Dupont Maçonnerie"), expected);
    assert_eq!(reception.states().await, ["filed"]);
}

#[tokio::test]
async fn a_company_renamed_between_the_plan_and_the_file_is_followed() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filing"]);
    reception.office.world.disk.rename("Dupont Maçonnerie", "Dupont SARL");
    reception.office.world.disk.set_full(false);
    reception.office.next_round().await;
    assert_eq!(reception.files("Dupont SARL"), [format!("{MARCH}/a.pdf")]);
    let story = reception.story("dupont-maconnerie", &format!("{MARCH}/a.pdf")).await;
    assert_eq!(story.first().map(String::as_str), Some("received"), "{story:?}");
}

#[tokio::test]
async fn a_name_taken_between_the_plan_and_the_file_is_left_to_who_took_it() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    reception.office.world.disk.set_full(false);
    let taken = format!("Dupont Maçonnerie/{MARCH}/a.pdf");
    reception.office.world.disk.write(&taken, b"%PDF-1.4 of the office");
    reception.office.next_round().await;
    assert_eq!(reception.office.world.disk.read(&taken), b"%PDF-1.4 of the office");
    let expected = ["a (2).pdf", "a.pdf"].map(|name| format!("{MARCH}/{name}"));
    assert_eq!(reception.files("Dupont Maçonnerie"), expected);
    let first = |story: Vec<String>| story.first().cloned();
    let own = reception.story("dupont-maconnerie", &expected[0]).await;
    let other = reception.story("dupont-maconnerie", &expected[1]).await;
    assert_eq!(
        (first(own).as_deref(), first(other).as_deref()),
        (Some("received"), Some("document"))
    );
}

#[tokio::test]
async fn a_name_taken_while_the_disk_was_full_is_not_the_mails_document() {
    let reception = Reception::new().await;
    reception.office.world.disk.set_full(true);
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    let taken = format!("Dupont Maçonnerie/{MARCH}/a.pdf");
    reception.office.world.disk.write(&taken, b"%PDF-1.4 of the office");
    reception.office.next_round().await;
    reception.office.world.disk.set_full(false);
    reception.office.next_round().await;
    assert_eq!(reception.office.posted(), ["a (2).pdf", "a.pdf"]);
    assert_eq!(reception.states().await, ["filed"]);
}

#[tokio::test]
async fn a_file_that_a_person_moved_on_is_not_put_again() {
    let reception = Reception::new().await;
    let files = [("a.pdf", pdf("a")), ("b.pdf", pdf("b"))];
    let disk = &reception.office.world.disk;
    disk.fill_after_puts(1);
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "deux", &files));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filing"]);
    let first = format!("Dupont Maçonnerie/{MARCH}/a.pdf");
    disk.rename(&first, "Dupont Maçonnerie/Achats/a.pdf");
    reception.office.next_round().await;
    disk.set_full(false);
    reception.office.next_round().await;
    let expected = ["Achats/a.pdf".to_owned(), format!("{MARCH}/b.pdf")];
    assert_eq!(reception.files("Dupont Maçonnerie"), expected);
    let story = reception.story("dupont-maconnerie", "Achats/a.pdf").await;
    assert_eq!(story.first().map(String::as_str), Some("received"), "{story:?}");
}

#[tokio::test]
async fn a_mail_that_is_not_kept_here_any_more_is_told_to_a_person() {
    let reception = Reception::new().await;
    reception.office.world.disk.unmount("Dupont Maçonnerie");
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.office.next_round().await;
    reception.drawer.lose_all();
    reception.office.world.disk.remount("Dupont Maçonnerie");
    reception.office.next_round().await;
    let tray = reception.tray().await;
    assert!(tray[0].because.as_ref().unwrap().contains("not kept on this machine"), "{tray:?}");
    let reply = reception.file("1", "dupont-maconnerie", None).await;
    assert!(matches!(reply.outcome, Outcome::Failed(_)), "{reply:?}");
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_put_aside_without_being_fetched() {
    let reception = Reception::configured(|config| config.collection.mail_bytes_max = 1_000).await;
    reception.mailbox.receive(mail(
        "compta+dupont-maconnerie",
        "gros",
        &[("a.pdf", pdf(&"x".repeat(2_000)))],
    ));
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["odd"]);
    assert_eq!(reception.mailbox.given().1, Vec::<u32>::new());
    assert_eq!(reception.alarms("mail_put_aside").await.len(), 1);
}

#[tokio::test]
async fn a_collection_mailbox_that_is_not_read_says_what_waits_there() {
    let reception = Reception::new().await;
    for _ in 0..4 {
        reception.mailbox.fail_next(Fault::Open);
        reception.office.next_round().await;
    }
    let alarms = reception.alarms("mailbox").await;
    assert!(alarms.len() == 1 && alarms[0].contains("documents of clients"), "{alarms:?}");
}

#[tokio::test]
async fn a_disk_of_the_states_that_is_full_for_long_puts_no_mail_aside() {
    let reception = Reception::new().await;
    reception.drawer.set_full(true);
    for subject in ["un", "deux"] {
        reception.mailbox.receive(facture(subject, &format!("{subject}.pdf")));
    }
    for _ in 0..6 {
        reception.office.next_round().await;
    }
    assert_eq!(reception.states().await, Vec::<String>::new(), "they wait on their server");
    reception.drawer.set_full(false);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filed", "filed"]);
}

#[tokio::test]
async fn a_mail_that_its_server_lists_and_does_not_give_is_put_aside() {
    let reception = Reception::new().await;
    for subject in ["un", "deux", "trois"] {
        reception.mailbox.receive(facture(subject, &format!("{subject}.pdf")));
    }
    reception.mailbox.withhold(1);
    reception.mailbox.empty(2);
    for _ in 0..8 {
        reception.office.next_round().await;
    }
    let mut states = reception.states().await;
    states.sort();
    assert_eq!(states, ["filed", "odd", "odd"]);
    assert_eq!(reception.alarms("mail_put_aside").await.len(), 1);
    assert_eq!(reception.mailbox.places(), [Place::Inbox, Place::Inbox, moved()]);
}

#[tokio::test]
async fn a_mail_that_is_deleted_before_it_is_given_is_nobodys_loss() {
    let reception = Reception::new().await;
    for subject in ["un", "deux"] {
        reception.mailbox.receive(facture(subject, &format!("{subject}.pdf")));
    }
    reception.mailbox.delete_when_fetched(1);
    reception.office.next_round().await;
    assert_eq!(reception.states().await, ["filed"]);
}

#[tokio::test]
async fn a_pass_that_breaks_off_passes_over_no_mail_before_it() {
    let reception = Reception::new().await;
    for subject in ["un", "deux", "trois"] {
        reception.mailbox.receive(facture(subject, &format!("{subject}.pdf")));
    }
    reception.mailbox.withhold(1);
    reception.mailbox.poison(3);
    for _ in 0..10 {
        reception.office.next_round().await;
    }
    let mut states = reception.states().await;
    states.sort();
    assert_eq!(states, ["filed", "odd", "odd"]);
}
