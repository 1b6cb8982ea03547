//! The service beside its command line.

use std::fs;

use crate::firm::{COMPANY, Firm, TOOL};
use crate::rig::Rig;

#[tokio::test]
async fn every_command_works_beside_the_service() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig);
    let service = firm.serve();

    firm.json(0, &["connect", COMPANY, "quickbooks"]);
    firm.json(0, &["switch", "on", COMPANY, "Achats", "--app", "quickbooks"]);
    fs::write(firm.achats("facture.pdf"), b"%PDF beside").unwrap();
    let round = firm.json(0, &["round"]);

    assert_eq!(round["problems"], serde_json::json!([]), "{round}");
    assert_eq!(rig.mails(TOOL).await.len(), 1);
    assert_eq!(firm.json(0, &["status"])["service"], true);
    let export = firm.path().join("export.facteur");
    firm.json(0, &["export", export.to_str().unwrap()]);
    assert!(fs::metadata(&export).unwrap().len() > 0);
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(firm.json(0, &["status"])["service"], false);
}

/// Looks at the documents this many times for what a hint brings; each look is a process.
const LOOKS_MAX: usize = 500;

#[tokio::test]
async fn a_sent_document_that_grows_in_place_is_seen_at_the_kernels_hint() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig).switched_on();
    fs::write(firm.achats("facture.pdf"), b"%PDF one").unwrap();
    firm.json(0, &["round"]);
    let service = firm.serve();

    fs::write(firm.achats("facture.pdf"), b"%PDF one, corrected").unwrap();

    let seen = (0..LOOKS_MAX).any(|_| {
        let documents = firm.json(0, &["documents", COMPANY, "--state", "settling"]);
        documents.as_array().is_some_and(|rows| !rows.is_empty())
    });
    assert!(seen);
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(rig.mails(TOOL).await.len(), 1);
}

#[tokio::test]
async fn a_stop_with_a_long_queue_leaves_nothing_in_doubt() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig).switched_on();
    for number in 0..150 {
        fs::write(firm.achats(&format!("{number}.pdf")), format!("%PDF {number}")).unwrap();
    }
    let service = firm.serve();

    assert_eq!(service.terminate(), Some(0));

    assert_eq!(firm.json(0, &["status"])["counts"]["in_doubt"], 0);
    firm.run(&["round"]);
    let status = firm.json(0, &["status"]);
    assert_eq!(status["counts"]["sent"], 150, "{status}");
    assert_eq!(rig.mails(TOOL).await.len(), 150);
}

#[tokio::test]
async fn a_changed_mail_server_is_taken_and_a_file_with_mistakes_is_not() {
    let rig = Rig::start();
    let firm = Firm::new("[mail]\ntransport = \"outbox\"\noutbox = \"outbox\"\n").switched_on();
    let mut service = firm.serve();
    let routes = fs::read_to_string(firm.routes()).unwrap();
    let outbox = "transport = \"outbox\"\noutbox = \"outbox\"\n";
    let good = routes.replace(&format!("[mail]\n{outbox}"), &rig.mail_section());

    fs::write(firm.routes(), good.replace("settle = \"1s\"", "settle = \"never\"")).unwrap();
    service.reload("the old one stays in force");
    fs::write(firm.routes(), good).unwrap();
    service.reload("changed and taken");
    fs::write(firm.achats("facture.pdf"), b"%PDF by the new server").unwrap();
    firm.json(0, &["round"]);

    assert_eq!(rig.mails(TOOL).await.len(), 1);
    assert!(!firm.path().join("outbox").exists());
    assert_eq!(service.terminate(), Some(0));
}

#[tokio::test]
async fn a_second_service_on_one_state_is_refused_and_told_the_first_ones_number() {
    let rig = Rig::start();
    let firm = Firm::mailing(&rig);
    let service = firm.serve();

    let second = firm.run(&["run"]);

    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("hint:"), "{said}");
    assert_eq!(service.terminate(), Some(0));
}
