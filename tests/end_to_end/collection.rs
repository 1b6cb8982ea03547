//! Mails that a real client sends to a company's collection address, over real mail servers, until
//! the tool has their documents.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::firm::{COMPANY, Firm, TOOL};
use crate::rig::Rig;

/// The collection address of the company of most tests.
const ADDRESS: &str = "compta+dupont-maconnerie@cabinet.example";

/// The mailbox behind it.
const BOX: &str = "compta@cabinet.example";

/// A client's program: a mail with a PDF and a logo, by SMTP or LMTP.
const CLIENT: &str = r#"
import smtplib, sys
from email.message import EmailMessage
way, place, address, subject, name = sys.argv[1:]
mail = EmailMessage()
mail["From"] = "Émilie Client <emilie@client.example>"
mail["To"] = address
mail["Subject"] = subject
mail["Message-ID"] = "<" + name.encode().hex() + "@client.example>"
mail["Date"] = "Sat, 21 Nov 2026 18:40:00 +0100"
mail.set_content("Bonjour,\n\nvoici la facture.\n")
pdf = b"%PDF-1.4\n" + subject.encode() + b"\n%%EOF\n"
mail.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
mail.add_attachment(b"GIF89a" + bytes(20), maintype="image", subtype="gif", filename="logo.gif",
                    disposition="inline")
server = smtplib.LMTP(place) if way == "lmtp" else smtplib.SMTP("127.0.0.1", int(place))
with server:
    server.send_message(mail, "emilie@client.example", [address])
"#;

/// The firm reads its collection mailbox and that of its bot; all of the company's folders are on.
fn firm(rig: &Rig, tool: &str) -> Firm {
    let firm = Firm::mailing(rig);
    let routes = fs::read_to_string(firm.routes()).unwrap();
    let collection = rig.mailbox_section("compta") + "role = \"collection\"\n";
    fs::write(firm.routes(), routes + &rig.mailbox_section("quickbooks") + &collection).unwrap();
    firm.json(0, &["connect", COMPANY, "quickbooks", "--to", tool]);
    firm.json(0, &["switch", "on", COMPANY, ".", "--app", "quickbooks"]);
    firm
}

fn send(rig: &Rig, way: &str, address: &str, subject: &str, name: &str) {
    let place = match way {
        "lmtp" => rig.lmtp_socket().display().to_string(),
        _ => rig.smtp_port().to_string(),
    };
    let sent = Command::new("python3")
        .args(["-c", CLIENT, way, &place, address, subject, name])
        .output()
        .unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
}

/// The one document that was filed, as `documents` shows it.
fn filed(firm: &Firm) -> Value {
    let documents = firm.json(0, &["documents", COMPANY]);
    assert_eq!(documents.as_array().unwrap().len(), 1, "{documents}");
    documents[0].clone()
}

fn steps(firm: &Firm, path: &str) -> Vec<Value> {
    let why = firm.json(0, &["why", COMPANY, path]);
    why["stories"][0]["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_mailed_invoice_reaches_the_tool_in_the_next_round_and_tells_its_story() {
    let rig = Rig::start();
    let firm = firm(&rig, TOOL);
    send(&rig, "smtp", ADDRESS, "Facture été", "Facture été n° 12.pdf");
    assert_eq!(rig.mails(BOX).await.len(), 1, "{}", rig.log());

    let round = firm.json(0, &["round"]);

    assert_eq!((&round["deposited"], &round["sent"]), (&1.into(), &1.into()), "{round}");
    let document = filed(&firm);
    let path = document["path"].as_str().unwrap();
    assert!(path.starts_with("Reçus par mail/20") && path.ends_with("/Facture été n° 12.pdf"));
    assert_eq!((&document["state"], &document["validated"]), (&"sent".into(), &true.into()));
    assert!(firm.company().join(path).is_file());
    let at_the_tool = rig.mails(TOOL).await;
    assert_eq!(at_the_tool.len(), 1, "{}", rig.log());

    let story = steps(&firm, path);
    assert_eq!(
        (&story[0]["what"], &story[0]["subject"]),
        (&"received".into(), &"Facture été".into())
    );
    assert!(story[0]["from"].as_str().unwrap().contains("emilie@client.example"), "{}", story[0]);
    assert!(story[0]["message_id"].as_str().unwrap().ends_with("@client.example>"));
    assert_eq!(story.last().unwrap()["what"], "sent", "{story:?}");
    let mail = firm.json(0, &["mails", "show", story[0]["mail"].as_str().unwrap()]);
    assert_eq!((&mail["state"], &mail["files"][0]["path"]), (&"filed".into(), &path.into()));
    assert_eq!(mail["left_out"][0]["name"], "logo.gif", "{mail}");

    assert!(rig.mails(BOX).await.is_empty(), "it was moved to `Lus`");
    assert_eq!(fs::read_dir(firm.path().join("state/mails")).unwrap().count(), 0);
    firm.json(0, &["round"]);
    assert_eq!(rig.mails(TOOL).await.len(), 1);
}

#[tokio::test]
async fn a_bounce_takes_the_mark_of_a_mailed_document_back() {
    let rig = Rig::start();
    let firm = firm(&rig, "dupont@sends-back.example");
    send(&rig, "lmtp", ADDRESS, "Facture", "facture.pdf");
    firm.json(0, &["round"]);
    let document = filed(&firm);
    assert_eq!((&document["state"], &document["validated"]), (&"sent".into(), &true.into()));
    assert_eq!(rig.mails("quickbooks@cabinet.example").await.len(), 1, "{}", rig.log());

    firm.run(&["round"]);

    let document = filed(&firm);
    assert_eq!((&document["state"], &document["validated"]), (&"refused".into(), &false.into()));
    let story = steps(&firm, document["path"].as_str().unwrap());
    assert_eq!(story[0]["what"], "received", "{story:?}");
    assert_eq!(story.last().unwrap()["what"], "refused", "{story:?}");
}

#[tokio::test]
async fn a_mail_to_nobody_waits_in_the_tray_for_a_person() {
    let rig = Rig::start();
    let firm = firm(&rig, TOOL);
    send(&rig, "smtp", "compta+duponnt@cabinet.example", "Facture", "facture.pdf");
    rig.mails(BOX).await;
    firm.json(0, &["round"]);
    let tray = firm.json(3, &["tray", "list"]);
    assert_eq!(tray.as_array().unwrap().len(), 1, "{tray}");
    assert_eq!(firm.json(3, &["status"])["alarms"][0]["kind"], "tray");
    assert_eq!(rig.mails(BOX).await.len(), 1, "it stays where it is");
    let number = tray[0]["number"].as_str().unwrap();
    let kept = fs::read_dir(firm.path().join("state/mails")).unwrap().count();
    assert_eq!(kept, 1);

    let words = ["tray", "file", number, "--company", COMPANY, "--folder", "Achats"];
    let filed = firm.json(0, &[&words[..], &["--as", "Léa"]].concat());
    assert_eq!(filed["mails"][0]["files"][0]["path"], "Achats/facture.pdf", "{filed}");
    assert_eq!(firm.json(0, &["round"])["sent"], 1);
    assert!(rig.mails(BOX).await.is_empty());
    assert_eq!(steps(&firm, "Achats/facture.pdf")[0]["by"], "Léa");
    let late = firm.json(2, &["tray", "drop", number]);
    assert!(late["error"].as_str().unwrap().contains("is filed"), "{late}");
}

#[tokio::test]
async fn the_service_files_a_mail_by_itself_and_a_tray_through_its_socket() {
    let rig = Rig::start();
    let firm = firm(&rig, TOOL);
    let service = firm.serve();
    send(&rig, "smtp", ADDRESS, "Facture", "facture.pdf");
    send(&rig, "smtp", "compta+nobody@cabinet.example", "Perdue", "perdue.pdf");
    let mut look = tokio::time::interval(Duration::from_millis(50));
    let mut mails = Value::Null;
    for _ in 0..400 {
        mails = firm.json(0, &["mails"]);
        let states = mails.as_array().unwrap().iter().map(|mail| mail["state"].clone());
        if states.filter(|state| *state == "filed" || *state == "tray").count() == 2 {
            break;
        }
        look.tick().await;
    }
    let in_tray: Vec<&Value> =
        mails.as_array().unwrap().iter().filter(|mail| mail["state"] == "tray").collect();
    assert_eq!(in_tray.len(), 1, "{mails}\n{}", rig.log());
    let number = in_tray[0]["number"].as_str().unwrap();
    assert_eq!(firm.json(2, &["tray", "drop", number])["count"], 1, "nobody said yes");
    assert_eq!(firm.json(0, &["tray", "drop", number, "--yes"])["mails"][0]["state"], "dropped");
    firm.json(0, &["round"]);
    assert_eq!(rig.mails(TOOL).await.len(), 1);
    assert_eq!(service.terminate(), Some(0));
}
