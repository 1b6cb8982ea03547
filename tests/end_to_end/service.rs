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

    assert_eq!(
        round["deposited"].as_u64().unwrap() + round["queued"].as_u64().unwrap() > 0,
        true,
        "{round}"
    );
    assert_eq!(rig.mails(TOOL).await.len(), 1);
    assert_eq!(firm.json(0, &["status"])["service"], true);
    let export = firm.path().join("export.facteur");
    firm.json(0, &["export", export.to_str().unwrap()]);
    assert!(fs::metadata(&export).unwrap().len() > 0);
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(firm.json(0, &["status"])["service"], false);
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
