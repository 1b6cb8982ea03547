//! The process killed, copied and fed with an old export.

use std::fs;
use std::process::Command;

use crate::firm::{COMPANY, Firm, TOOL};
use crate::rig::Rig;

#[tokio::test]
async fn after_a_kill_nothing_is_lost_and_nothing_doubled() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig).switched_on();
    let service = firm.serve();
    fs::write(firm.achats("un.pdf"), b"%PDF un").unwrap();
    service.kill();
    fs::write(firm.achats("deux.pdf"), b"%PDF deux").unwrap();

    firm.run(&["round"]);
    firm.run(&["round"]);

    assert_eq!(rig.mails(TOOL).await.len(), 2);
    let deliveries = firm.json(0, &["deliveries", "--state", "sent"]);
    assert_eq!(deliveries.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_copied_robot_on_one_tree_refuses_to_send() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig).switched_on();
    firm.json(0, &["round"]);
    fs::write(firm.achats("facture.pdf"), b"%PDF").unwrap();
    let other = fs::read_to_string(firm.routes()).unwrap();
    fs::write(firm.routes(), other.replace("directory = \"state\"", "directory = \"other\""))
        .unwrap();

    let refused = firm.run(&["round"]);

    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("hint:"), "{said}");
    assert!(rig.mails(TOOL).await.is_empty());
}

#[tokio::test]
async fn after_an_import_of_yesterday_nothing_goes_a_second_time() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig).switched_on();
    let export = firm.path().join("yesterday.facteur");
    firm.json(0, &["export", export.to_str().unwrap()]);
    fs::write(firm.achats("facture.pdf"), b"%PDF sent after the export").unwrap();
    firm.json(0, &["round"]);
    let file = firm.achats("sans marque.pdf");
    fs::write(&file, b"%PDF sent, and its mark lost").unwrap();
    firm.json(0, &["round"]);
    // Marked ones prove themselves; this one can't.
    let unmarked = Command::new("cp").arg(&file).arg(firm.path().join("copy")).status().unwrap();
    assert!(unmarked.success());
    fs::rename(firm.path().join("copy"), &file).unwrap();

    firm.json(0, &["import", export.to_str().unwrap(), "--yes"]);
    firm.json(3, &["round"]);

    assert_eq!(rig.mails(TOOL).await.len(), 2);
    let documents = firm.json(0, &["documents", COMPANY]);
    let states: Vec<_> = documents
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["path"].as_str().unwrap(), row["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("Achats/facture.pdf", "sent"), ("Achats/sans marque.pdf", "held")]);
}
