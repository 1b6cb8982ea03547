//! Folders renamed under the robot.

use std::fs;

use crate::firm::{COMPANY, Firm};

#[test]
fn a_company_renamed_keeps_its_address_its_switches_and_its_memory() {
    let firm = Firm::new();
    fs::write(firm.achats().join("old.pdf"), b"%PDF old").unwrap();
    let firm = firm.switched_on();
    fs::write(firm.achats().join("first.pdf"), b"%PDF first").unwrap();
    assert_eq!(firm.round()["sent"], 1);
    let renamed = firm.root().join("Dupont & Fils Maçonnerie");
    fs::rename(firm.company(), &renamed).unwrap();
    fs::write(renamed.join("Achats/second.pdf"), b"%PDF second").unwrap();

    let round = firm.round();

    assert_eq!((&round["sent"], &round["deposited"]), (&1.into(), &1.into()), "{round}");
    let companies = firm.json(0, &["companies"]);
    assert_eq!(companies.as_array().unwrap().len(), 1, "{companies}");
    assert_eq!(companies[0]["slug"], COMPANY);
    assert_eq!(companies[0]["folder"], "Dupont & Fils Maçonnerie");
    assert!(firm.json(0, &["history"]).to_string().contains("company renamed"));
    let deliveries = firm.json(0, &["deliveries"]);
    for delivery in deliveries.as_array().unwrap() {
        assert_eq!(delivery["recipient"], "dupont-maconnerie@qbodocs.com");
    }
}

#[test]
fn a_switched_folder_renamed_holds_what_comes_until_a_person_says_which() {
    for (answer, sent) in [("follow", "renamed.pdf"), ("stay", "new.pdf")] {
        let firm = Firm::new();
        fs::write(firm.achats().join("old.pdf"), b"%PDF old").unwrap();
        let firm = firm.switched_on();
        firm.round();
        let renamed = firm.company().join("Achats 2025");
        fs::rename(firm.achats(), &renamed).unwrap();
        fs::create_dir(firm.achats()).unwrap();
        fs::write(renamed.join("renamed.pdf"), b"%PDF at the new name").unwrap();
        fs::write(firm.achats().join("new.pdf"), b"%PDF at the old name").unwrap();

        let round = firm.json(3, &["round"]);
        assert_eq!((&round["sent"], &round["held"]), (&0.into(), &2.into()), "{round}");
        firm.json(0, &["switch", answer, COMPANY, "Achats"]);
        firm.round();

        let names: Vec<String> = firm.sent().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [sent], "{answer}");
    }
}
