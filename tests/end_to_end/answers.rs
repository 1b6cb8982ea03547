//! Reports that a real Postfix makes, in a real Dovecot's mailbox.

use std::fs;

use serde_json::Value;

use crate::firm::{COMPANY, Firm};
use crate::rig::Rig;

/// Where the rig's Postfix puts what it sends back.
const BOT: &str = "quickbooks@cabinet.example";

/// A firm whose tool's address is this one, with a document sent to it.
fn firm_sending_to(rig: &Rig, tool: &str) -> Firm {
    let firm = Firm::answered(rig);
    firm.json(0, &["connect", COMPANY, "quickbooks", "--to", tool]);
    firm.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
    fs::write(firm.achats("facture.pdf"), b"%PDF to be answered").unwrap();
    let round = firm.json(0, &["round"]);
    assert_eq!(round["sent"], 1, "{round}");
    firm
}

fn state(firm: &Firm) -> String {
    firm.json(0, &["deliveries"])[0]["state"].as_str().unwrap().to_owned()
}

fn story(firm: &Firm) -> Vec<Value> {
    let why = firm.json(0, &["why", COMPANY, "Achats/facture.pdf"]);
    why["stories"][0]["events"].as_array().unwrap().clone()
}

fn is_marked(firm: &Firm) -> bool {
    firm.json(0, &["documents", COMPANY])[0]["validated"] == true
}

#[tokio::test]
async fn a_document_sent_back_is_refused_with_its_reason_and_is_validated_no_more() {
    let rig = Rig::start();
    let firm = firm_sending_to(&rig, "dupont@sends-back.example");
    assert_eq!(rig.mails(BOT).await.len(), 1, "{}", rig.log());
    assert!(is_marked(&firm));

    firm.run(&["round"]);

    assert_eq!(state(&firm), "refused");
    assert!(!is_marked(&firm));
    let story = story(&firm);
    let last = story.last().unwrap();
    assert_eq!(last["what"], "refused", "{story:?}");
    assert!(last["because"].as_str().unwrap().contains("mail.cabinet.example"), "{last}");
    assert!(last["answer"].as_str().unwrap().contains("no such company here"), "{last}");
    assert!(rig.mails(BOT).await.is_empty(), "it was moved to `Lus`");
    let mark = rustix::fs::getxattr(
        firm.achats("facture.pdf"),
        "user.facteur.validated",
        &mut [0_u8; 256][..],
    );
    assert!(mark.is_err(), "its mark was taken away");
}

#[tokio::test]
async fn a_server_that_never_answers_is_reported_as_late_and_then_given_up() {
    let rig = Rig::start();
    let firm = firm_sending_to(&rig, "dupont@never-answers.example");
    let words = |firm: &Firm| -> Vec<String> {
        let story = story(firm).into_iter();
        story.map(|event| event["what"].as_str().unwrap().to_owned()).collect()
    };
    let mut look = tokio::time::interval(std::time::Duration::from_millis(500));
    for _ in 0..120 {
        firm.run(&["round"]);
        if state(&firm) == "refused" {
            break;
        }
        look.tick().await;
    }
    let story = words(&firm);
    assert_eq!(state(&firm), "refused", "{story:?}\n{}", rig.log());
    let late = story.iter().position(|word| word == "report_delayed");
    let given_up = story.iter().position(|word| word == "refused");
    assert!(late.is_some() && late < given_up, "{story:?}\n{}", rig.log());
    assert!(!is_marked(&firm));
}

#[tokio::test]
async fn the_service_hears_of_a_report_by_itself() {
    let rig = Rig::start();
    let firm = Firm::answered(&rig);
    firm.json(0, &["connect", COMPANY, "quickbooks", "--to", "dupont@sends-back.example"]);
    firm.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
    let service = firm.serve();
    fs::write(firm.achats("facture.pdf"), b"%PDF to be answered").unwrap();
    firm.run(&["round"]);
    // No more rounds: the mailbox is in IDLE, and the report shows within moments.
    let mut look = tokio::time::interval(std::time::Duration::from_millis(50));
    for _ in 0..400 {
        if state(&firm) == "refused" {
            break;
        }
        look.tick().await;
    }
    assert_eq!(state(&firm), "refused", "{}", rig.log());
    assert_eq!(service.terminate(), Some(0));
}

#[tokio::test]
async fn check_online_logs_in_to_the_mailboxes_too() {
    let rig = Rig::start();
    let firm = Firm::answered(&rig);
    let checked = firm.json(0, &["check", "--online"]);
    assert_eq!(checked["online"].as_array().unwrap().len(), 2, "{checked}");
    assert_eq!(checked["online"][1]["works"], true, "{checked}");
    let routes = fs::read_to_string(firm.routes()).unwrap();
    fs::write(firm.routes(), routes.replace("after =", "folder = \"Nowhere\"\nafter =")).unwrap();
    let checked = firm.json(1, &["check", "--online"]);
    assert_eq!(checked["online"][1]["works"], false, "{checked}");
    assert!(checked["online"][1]["answer"].as_str().unwrap().contains("Nowhere"), "{checked}");
}

#[tokio::test]
async fn a_mailbox_behind_starttls_is_read_and_nothing_is_said_in_clear() {
    let rig = Rig::start();
    let firm = Firm::answered(&rig);
    let port = |port: u16| format!("port = {port}\n");
    let routes = fs::read_to_string(firm.routes()).unwrap();
    let starttls = port(rig.imap_port()) + "security = \"starttls\"\n";
    fs::write(firm.routes(), routes.replace(&port(rig.imaps_port()), &starttls)).unwrap();

    let checked = firm.json(0, &["check", "--online"]);

    assert_eq!(checked["online"][1]["works"], true, "{checked}");
    let log = rig.log();
    let login = log.lines().find(|line| line.contains("Login: user=<quickbooks@")).unwrap();
    assert!(login.contains("TLS"), "{login}");
}
