//! White label: what a client or a tool can see bears the firm's name alone (R5, R15).

use facteur::app::requests::Ask;
use facteur::app::views::SendTestView;
use facteur::ports::transport::Mail;

use crate::desk::connecting;
use crate::office::{DUPONT, Office};
use crate::world::Script;

/// Everything of a mail that its reader can see, in lower case.
fn visible(mail: &Mail) -> String {
    let Mail { message_id, sender, sender_name, recipient, subject, text, envelope_id, .. } = mail;
    let name = mail.attachment.as_ref().map_or("", |attachment| &attachment.file_name);
    format!("{message_id} {sender} {sender_name} {recipient} {subject} {text} {envelope_id} {name}")
        .to_lowercase()
}

#[tokio::test]
async fn a_mail_names_the_firm_and_the_company_and_nothing_else() {
    let office = Office::with_achats_on().await;
    office.world.disk.write("Épicerie Rivale/Achats/ancien.pdf", "x");
    office.connect_company("Épicerie Rivale", "quickbooks").await;
    office.connect("dext").await;
    office.drop("Achats/Dossier secret/facture.pdf");
    office.next_round().await;
    let mail = office.world.post.delivered()[0].mail.clone();
    assert_eq!(mail.sender_name, "Cabinet Exemple");
    assert_eq!(mail.sender.as_str(), "quickbooks+dupont-maconnerie@cabinet.example");
    assert_eq!(mail.subject, "facture.pdf");
    assert_eq!(
        mail.text,
        "Cabinet Exemple\n\nDocument : facture.pdf\nSociété : Dupont Maçonnerie\n"
    );
    let seen = visible(&mail);
    for hidden in ["facteur", "achats", "secret", "rivale", "dext", "lea", "state-of"] {
        assert!(!seen.contains(hidden), "`{hidden}` shows in: {seen}");
    }
    assert!(mail.message_id.ends_with("@cabinet.example>"));
}

#[tokio::test]
async fn a_test_mail_is_harmless_and_names_the_firm_alone() {
    let office = Office::with_achats_on().await;
    let testing = |to: Option<&str>| Ask::SendTest {
        company: DUPONT.to_owned(),
        app: "quickbooks".to_owned(),
        to: to.map(str::to_owned),
    };
    let view: SendTestView = office.done(testing(None)).await;
    assert_eq!((view.result.as_str(), view.answer.as_str()), ("sent", "250 2.0.0 Ok"));
    let view: SendTestView = office.done(testing(Some("moi@cabinet.example"))).await;
    assert_eq!(view.recipient, "moi@cabinet.example");
    let delivered = office.world.post.delivered();
    assert_eq!(delivered.len(), 2);
    assert!(delivered.iter().all(|mail| mail.mail.attachment.is_none()));
    assert!(!visible(&delivered[0].mail).contains("facteur"));
    assert_eq!(office.deliveries().await.len(), 0);
    office.world.post.next(Script::Refuse("550 relaying denied"));
    let words = office.refused(testing(None)).await;
    assert_eq!(
        words,
        "the test mail was not sent (refused): 550 relaying denied\nhint: the mail server's words say why; `facteur check --online` tries to log in"
    );
    office.refused(testing(Some("moi"))).await;
    let _: serde_json::Value = office.done(connecting("dext", None, None)).await;
    let other = Ask::SendTest { company: DUPONT.to_owned(), app: "sage".to_owned(), to: None };
    office.refused(other).await;
}
