//! The envelope sender names the delivery, where the app's profile lets it.

use facteur::domain::profile::AppId;

use crate::bureau::{BOT, Bureau, TOOL, report};

/// A bureau whose envelope senders name their deliveries, with `a.pdf` sent.
async fn with_one_sent() -> Bureau {
    let mut bureau = Bureau::new(facteur::config::AfterReading::Leave).await;
    let quickbooks = AppId::parse("quickbooks").unwrap();
    bureau
        .restart_configured(|config| {
            config.apps.get_mut(&quickbooks).unwrap().subaddress = Some('+');
        })
        .await;
    bureau.send("a.pdf").await;
    bureau
}

fn return_path(bureau: &Bureau, index: usize) -> String {
    let sent = &bureau.office.world.post.delivered()[index].mail;
    assert_eq!(sent.sender.as_str(), "quickbooks+dupont-maconnerie@cabinet.example");
    sent.return_path.as_ref().unwrap().to_string()
}

/// A report that gives nothing back of the mail, neither its Message-ID nor its ENVID.
fn bare_report(to: &str, recipient: &str) -> String {
    report("failed", recipient, "", "").replacen(&format!("To: {BOT}"), &format!("To: {to}"), 1)
}

#[tokio::test]
async fn a_report_that_gives_nothing_back_finds_its_delivery_by_where_it_was_sent() {
    let bureau = with_one_sent().await;
    let path = return_path(&bureau, 0);
    assert!(path.starts_with("quickbooks+dupont-maconnerie+1-1-"), "{path}");
    bureau.mailbox.receive(bare_report(&path, TOOL));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["refused"]);
    assert_eq!(bureau.marked(), Vec::<String>::new());
}

#[tokio::test]
async fn the_server_s_own_note_of_the_address_is_enough() {
    for field in ["Delivered-To", "X-Original-To", "Envelope-To"] {
        let bureau = with_one_sent().await;
        let path = return_path(&bureau, 0).to_uppercase();
        let report = format!("{field}: <{path}>\r\n{}", bare_report(BOT, TOOL));
        bureau.mailbox.receive(report);
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["refused"], "{field}");
    }
}

#[tokio::test]
async fn an_address_that_was_guessed_or_another_recipient_changes_nothing() {
    let bureau = with_one_sent().await;
    let path = return_path(&bureau, 0);
    let guessed = "quickbooks+dupont-maconnerie+1-1-0123456789abcdef@cabinet.example";
    for forgery in [
        bare_report(guessed, TOOL),
        bare_report(&path.replace("+1-1-", "+1-2-"), TOOL),
        bare_report(&path, "martin@qbodocs.com"),
    ] {
        bureau.mailbox.receive(forgery);
        bureau.office.next_round().await;
        assert_eq!(bureau.states().await, ["sent"]);
    }
    assert_eq!(bureau.alarms("mail_put_aside").await.len(), 1);
}

#[tokio::test]
async fn each_attempt_has_an_address_of_its_own() {
    let bureau = with_one_sent().await;
    bureau.office.act(facteur::domain::delivery::Act::Resend, "1").await;
    bureau.office.next_round().await;
    assert_ne!(return_path(&bureau, 0), return_path(&bureau, 1));
    bureau.mailbox.receive(bare_report(&return_path(&bureau, 0), TOOL));
    bureau.office.next_round().await;
    assert_eq!(bureau.states().await, ["sent"], "the first copy came back, not the second one");
}
