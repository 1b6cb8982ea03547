//! One kind of old listing each, with the exact ledger.

use crate::firm::{Firm, TRUSTS};

/// Rounds for which the share shows what was: more than the two absences that make a name gone.
const OLD_ROUNDS: usize = 3;

#[tokio::test]
async fn what_came_while_the_listing_was_old_goes_once_it_is_true() {
    for trust in TRUSTS {
        let firm = Firm::new(trust).await;
        let before = firm.share.remember();
        firm.write("Achats/a.pdf", "a");
        firm.write("Achats/Lot/b.pdf", "b");
        firm.share.show_all_old(before);
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), Vec::<String>::new());
        firm.share.show_the_truth();
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), ["a", "b"]);
        assert_eq!(
            firm.states().await,
            [
                "Achats/Lot/b.pdf: sent",
                "Achats/a.pdf: sent",
                "Achats/ancien.pdf: before_activation"
            ]
        );
    }
}

#[tokio::test]
async fn names_that_an_old_listing_misses_are_not_deleted_and_not_new_when_they_are_back() {
    for trust in TRUSTS {
        let firm = Firm::new(trust).await;
        let before = firm.share.remember();
        firm.write("Achats/parti.pdf", "sent before");
        firm.rounds(2).await;
        firm.write("Achats/attend.pdf", "waits");
        firm.defer_the_next();
        firm.rounds(1).await;
        let known = firm.states().await;
        firm.share.show_all_old(before);
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), ["sent before", "waits"], "what waited goes all the same");
        firm.share.show_the_truth();
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), ["sent before", "waits"]);
        assert_eq!(firm.deliveries().await.len(), 2);
        let now = known.iter().map(|row| row.replace("deferred", "sent")).collect::<Vec<_>>();
        assert_eq!(firm.states().await, now);
    }
}

#[tokio::test]
async fn a_document_that_vanishes_from_the_listing_before_it_settled_goes_when_it_is_back() {
    for trust in TRUSTS {
        let firm = Firm::new(trust).await;
        let before = firm.share.remember();
        // Seen once while it is being written: it has not settled.
        firm.write_during_the_next_look("Achats/scan.pdf", "page 1", "page 1 and 2");
        firm.rounds(1).await;
        firm.share.show_all_old(before);
        firm.rounds(OLD_ROUNDS).await;
        firm.share.show_the_truth();
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), ["page 1 and 2"]);
    }
}

#[tokio::test]
async fn names_that_an_old_listing_brings_back_send_nothing() {
    for trust in TRUSTS {
        let firm = Firm::new(trust).await;
        for name in ["parti", "attend", "ailleurs"] {
            firm.write(&format!("Achats/{name}.pdf"), name);
        }
        firm.rounds(1).await;
        let before = firm.share.remember();
        firm.remove("Achats/parti.pdf");
        firm.rename("Achats/ailleurs.pdf", "Cave/ailleurs.pdf");
        firm.rounds(OLD_ROUNDS).await;
        firm.share.show_all_old(before);
        firm.rounds(OLD_ROUNDS).await;
        firm.share.show_the_truth();
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), ["ailleurs", "attend", "parti"]);
        assert!(firm.deliveries().await.iter().all(|delivery| delivery.state == "sent"));
    }
}

#[tokio::test]
async fn a_deleted_document_that_an_old_listing_still_shows_is_held_and_said_to_be_missing() {
    for trust in TRUSTS {
        let firm = Firm::new(trust).await;
        firm.write("Achats/a.pdf", "a");
        firm.defer_the_next();
        firm.rounds(1).await;
        let before = firm.share.remember();
        firm.remove("Achats/a.pdf");
        firm.share.show_all_old(before);
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), Vec::<String>::new());
        let deliveries = firm.deliveries().await;
        assert_eq!((deliveries.len(), deliveries[0].state.as_str()), (1, "held"));
        assert_eq!(deliveries[0].reason.as_deref(), Some("missing"));
    }
}

#[tokio::test]
async fn a_listing_that_goes_back_and_forth_sends_nothing_twice() {
    for trust in TRUSTS {
        let firm = Firm::new(trust).await;
        firm.write("Achats/scan.pdf", "version 1");
        firm.rounds(2).await;
        let before = firm.share.remember();
        firm.write("Achats/scan.pdf", "version two");
        firm.write("Achats/b.pdf", "b");
        for _ in 0..OLD_ROUNDS {
            firm.share.show_the_truth();
            firm.rounds(2).await;
            firm.share.show_all_old(before);
            firm.rounds(2).await;
        }
        firm.share.show_the_truth();
        firm.rounds(OLD_ROUNDS).await;
        assert_eq!(firm.sent(), ["b", "version 1"], "another file under a known name is held");
        let mut held = firm.deliveries().await;
        held.retain(|delivery| delivery.state == "held");
        assert_eq!(held.len(), 1, "{held:#?}");
        assert!(firm.states().await.contains(&"Achats/scan.pdf: held (replaced)".to_owned()));
        firm.release(&held[0].id).await;
        firm.rounds(1).await;
        assert_eq!(firm.sent(), ["b", "version 1", "version two"]);
    }
}

#[tokio::test]
async fn a_document_moved_between_folders_of_different_age_goes_once() {
    for trust in TRUSTS {
        for (old, told) in [("Cave", "in both places for a while"), ("Achats", "in neither")] {
            let firm = Firm::new(trust).await;
            firm.write("Cave/x.pdf", "x");
            firm.rounds(2).await;
            let before = firm.share.remember();
            firm.rename("Cave/x.pdf", "Achats/x.pdf");
            firm.share.show_old(old, before);
            firm.rounds(OLD_ROUNDS).await;
            firm.share.show_the_truth();
            firm.rounds(OLD_ROUNDS).await;
            assert_eq!(firm.sent(), ["x"], "{told}");
            let before = firm.share.remember();
            firm.rename("Achats/x.pdf", "Achats/Lot/x.pdf");
            firm.share.show_old(if old == "Cave" { "Achats" } else { "Achats/Lot" }, before);
            firm.rounds(OLD_ROUNDS).await;
            firm.share.show_the_truth();
            firm.rounds(OLD_ROUNDS).await;
            assert_eq!(firm.sent(), ["x"], "moved inside its folder, {told}");
            assert_eq!(firm.deliveries().await.len(), 1);
            // Seen in both places at once it looked like a copy.
            let states = firm.states().await;
            let fine = ["sent", "duplicate"].map(|state| format!("Achats/Lot/x.pdf: {state}"));
            assert!(fine.iter().any(|row| states.contains(row)), "{states:?}");
        }
    }
}
