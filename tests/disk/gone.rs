//! The state's folder is gone: under the running service, or before it starts.

use std::fs;

use crate::office::{complaint, exports, firm, sent, states};

#[test]
fn a_service_whose_state_was_removed_sends_nothing_more_and_ends() {
    let firm = firm("");
    let export = firm.path().join("last.facteur");
    let export = export.to_str().unwrap();
    fs::write(firm.achats("un.pdf"), b"%PDF 1").unwrap();
    firm.json(0, &["round"]);
    firm.json(0, &["export", export]);
    let service = firm.serve();
    fs::remove_dir_all(firm.path().join("state")).unwrap();
    fs::write(firm.achats("deux.pdf"), b"%PDF 2").unwrap();

    // The kernel's hint makes it look, and it has nowhere to take it down.
    assert_eq!(service.ended(), Some(1));
    assert_eq!(sent(&firm).keys().collect::<Vec<_>>(), ["un.pdf"]);
    let said = complaint(&firm, &["run"]);
    assert!(said.contains("facteur import"), "{said}");
    assert_eq!(sent(&firm).keys().collect::<Vec<_>>(), ["un.pdf"]);

    firm.json(0, &["import", export, "--yes"]);
    firm.run(&["round"]);
    firm.run(&["round"]);
    assert_eq!(sent(&firm).get("un.pdf"), Some(&1));
    assert_eq!(states(&firm), ["Achats/deux.pdf: held (after_import)", "Achats/un.pdf: sent"]);
}

#[test]
fn a_store_that_is_gone_from_its_state_is_no_new_one() {
    let firm = firm("");
    firm.json(0, &["round"]);
    fs::remove_dir_all(firm.path().join("state/ledger")).unwrap();
    let said = complaint(&firm, &["round"]);
    assert!(said.contains("are lost") && said.contains("facteur import"), "{said}");
    assert_eq!(exports(&firm.path().join("backup")).len(), 0);
}
