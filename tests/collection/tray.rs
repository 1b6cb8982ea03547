//! The tray: what only a person can decide.

use facteur::app::requests::{Ask, MailsAsk, Outcome};
use facteur::app::views::{HistoryView, MailView};

use crate::reception::{MARCH, Reception, facture, mail, moved, pdf};
use crate::world::mailbox::Place;

#[tokio::test]
async fn an_unknown_company_waits_in_the_tray_until_a_person_files_it() {
    let reception = Reception::new().await;
    reception.mailbox.receive(mail("compta+duponnt", "mars", &[("a.pdf", pdf("a"))]));
    reception.office.next_round().await;
    let tray = reception.tray().await;
    assert_eq!((tray.len(), tray[0].state.as_str()), (1, "tray"));
    assert!(tray[0].because.as_ref().unwrap().contains("duponnt"), "{tray:?}");
    assert_eq!(tray[0].files[0].name, "a.pdf");
    assert_eq!(reception.alarms("tray").await.len(), 1);
    assert_eq!(reception.office.ask(Ask::Status).await.outcome, Outcome::NeedsPerson);
    assert_eq!(reception.mailbox.places(), [Place::Inbox]);

    let reply = reception.file(&tray[0].number, "dupont-maconnerie", Some("Achats")).await;

    assert_eq!(reply.outcome, Outcome::Done, "{reply:?}");
    assert_eq!(reception.files("Dupont Maçonnerie"), ["Achats/a.pdf"]);
    assert_eq!(reception.tray().await, []);
    assert_eq!(reception.alarms("tray").await, Vec::<String>::new());
    reception.office.next_round().await;
    assert_eq!(reception.office.posted(), ["a.pdf"]);
    assert_eq!(reception.mailbox.places(), [moved()]);
    let why = reception.why("dupont-maconnerie", "Achats/a.pdf").await;
    assert_eq!(why.stories[0].events[0].by.as_deref(), Some("lea"));
    let history: Vec<HistoryView> =
        reception.office.done(Ask::History { company: Some("dupont-maconnerie".to_owned()) }).await;
    assert_eq!((history[0].what.as_str(), history[0].by.as_str()), ("tray file", "lea"));
    assert_eq!(history[0].folder.as_deref(), Some("Achats"));
}

#[tokio::test]
async fn two_companies_of_one_slug_are_told_apart_by_a_person() {
    let reception = Reception::new().await;
    reception.office.world.disk.mkdir("martin");
    reception.mailbox.receive(mail("compta+martin", "mars", &[("a.pdf", pdf("a"))]));
    reception.office.next_round().await;
    let tray = reception.tray().await;
    assert!(tray[0].because.as_ref().unwrap().contains("`Martin` and `martin`"), "{tray:?}");
    let reply = reception.file("1", "Martin", None).await;
    assert_eq!(reply.outcome, Outcome::Done, "{reply:?}");
    assert_eq!(reception.files("Martin"), [format!("{MARCH}/a.pdf")]);
    assert_eq!(reception.files("martin"), [""; 0]);
}

#[tokio::test]
async fn a_mail_to_several_companies_or_to_none_goes_to_the_tray() {
    let reception = Reception::new().await;
    let text = facture("mars", "a.pdf");
    let bare = text.replace("Delivered-To: compta+dupont-maconnerie@cabinet.example\r\n", "");
    let both = "To: compta+dupont-maconnerie@cabinet.example, compta+martin@cabinet.example";
    reception.mailbox.receive(bare.replace("To: compta+dupont-maconnerie@cabinet.example", both));
    reception
        .mailbox
        .receive(bare.replace("compta+dupont-maconnerie@", "info@").replace("<mars@", "<other@"));
    reception.office.next_round().await;
    let tray = reception.tray().await;
    let reasons: Vec<&str> = tray.iter().filter_map(|mail| mail.because.as_deref()).collect();
    assert!(reasons.len() == 2 && reasons[0].contains("several companies"), "{reasons:?}");
    let (numbers, company) = (vec![tray[0].number.clone()], None);
    let ask = Ask::Mails(MailsAsk::File { numbers, company, folder: None, all: false });
    let words = format!("{:?}", reception.office.ask(ask).await);
    assert!(words.contains("nobody knows whose it is"), "{words}");
    assert_eq!(reception.files("Dupont Maçonnerie"), [""; 0]);
}

#[tokio::test]
async fn a_mail_without_a_document_does_not_vanish() {
    let reception = Reception::new().await;
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "question", &[]));
    let odd = [("virus.exe", b"MZ".to_vec())];
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "programme", &odd));
    reception.office.next_round().await;
    let tray = reception.tray().await;
    assert_eq!(tray.len(), 2);
    assert!(tray[0].because.as_ref().unwrap().contains("no document"), "{tray:?}");
    assert!(tray[1].because.as_ref().unwrap().contains("virus.exe"), "{tray:?}");
    let companies: Vec<_> = tray.iter().map(|mail| mail.company.as_deref()).collect();
    assert_eq!(companies, [Some("dupont-maconnerie"); 2]);
    assert_eq!(reception.mailbox.places(), [Place::Inbox, Place::Inbox]);

    let plain = reception.file("2", "dupont-maconnerie", None).await;
    let Outcome::Failed(said) = &plain.outcome else { panic!("{plain:?}") };
    assert!(said.contains("`--all`"), "{said}");
    assert_eq!(plain.notices, Vec::<String>::new(), "it is said once");
    let ask =
        MailsAsk::File { numbers: vec!["2".to_owned()], company: None, folder: None, all: true };
    assert_eq!(reception.office.ask(Ask::Mails(ask)).await.outcome, Outcome::Done);
    assert_eq!(reception.files("Dupont Maçonnerie"), [format!("{MARCH}/virus.exe")]);
}

#[tokio::test]
async fn what_is_dropped_is_counted_first_and_recorded() {
    let reception = Reception::new().await;
    for subject in ["one", "two"] {
        reception.mailbox.receive(mail("compta+dupont-maconnerie", subject, &[]));
    }
    reception.office.next_round().await;
    assert_eq!(reception.drawer.count(), 2);
    let ask = |confirmed| Ask::Mails(MailsAsk::Drop { numbers: vec!["1".to_owned()], confirmed });
    let asked = reception.office.ask(ask(false)).await;
    assert!(matches!(asked.outcome, Outcome::Confirm(_)), "{asked:?}");
    assert_eq!(reception.tray().await.len(), 2);

    assert_eq!(reception.office.ask(ask(true)).await.outcome, Outcome::Done);

    assert_eq!(reception.states().await, ["dropped", "tray"]);
    assert_eq!(reception.mail(1).await.by.as_deref(), Some("lea"));
    assert_eq!(reception.drawer.count(), 1);
    reception.office.next_round().await;
    assert_eq!(reception.mailbox.places(), [moved(), Place::Inbox]);
    let again = reception.office.ask(ask(true)).await;
    assert!(matches!(again.outcome, Outcome::WrongWords(_)), "{again:?}");
}

#[tokio::test]
async fn wrong_words_about_mails_name_the_remedy() {
    let reception = Reception::new().await;
    reception.mailbox.receive(facture("mars", "a.pdf"));
    reception.mailbox.receive(mail("compta+dupont-maconnerie", "texte", &[]));
    reception.office.next_round().await;
    let words = |reply: facteur::app::requests::Reply| match reply.outcome {
        Outcome::WrongWords(words) => words,
        other => panic!("{other:?}"),
    };
    assert!(words(reception.file("99", "dupont-maconnerie", None).await).contains("facteur mails"));
    assert!(words(reception.file("x", "dupont-maconnerie", None).await).contains("facteur mails"));
    assert!(
        words(reception.file("1", "dupont-maconnerie", None).await).contains("is not in the tray")
    );
    assert!(words(reception.file("2", "nobody", None).await).contains("facteur companies"));
    let hidden = reception.file("2", "dupont-maconnerie", Some(".x")).await;
    assert!(words(hidden).contains("passes over"));
    let ask = MailsAsk::List { mailbox: None, state: Some("lost".to_owned()), limit: 9 };
    assert!(words(reception.office.ask(Ask::Mails(ask)).await).contains("pending"));
    let ask = MailsAsk::List { mailbox: None, state: Some("filed".to_owned()), limit: 9 };
    let filed: Vec<MailView> = reception.office.done(Ask::Mails(ask)).await;
    assert_eq!(filed.len(), 1);
}
