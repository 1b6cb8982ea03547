//! The power goes while the firm decides: switches, connections, addresses, back-fills.

use facteur::app::requests::{Ask, Turn};

use crate::office::DUPONT;
use crate::stops::try_all;
use crate::story::{Story, place, turning};
use crate::world::{Phase, Script, path};

#[test]
fn what_was_there_before_the_switch_stays_and_what_came_after_goes() {
    try_all(16, || {
        Story::new("switch on")
            .connect("quickbooks")
            .put("Achats/avant.pdf", "before")
            .turn(Turn::On, "Achats", "quickbooks")
            .put("Achats/après.pdf", "after")
            .round()
            .stays("Achats/avant.pdf", "quickbooks", "before")
            .once("Achats/après.pdf", "quickbooks", "after")
    });
}

#[test]
fn what_moved_before_a_switch_was_turned_is_judged_by_the_switches_of_then() {
    try_all(16, || {
        Story::with_achats_on("moved before a switch")
            .put("Ventes/a.pdf", "a")
            .round()
            .round()
            .rename("Ventes/a.pdf", "Achats/a.pdf")
            .turn(Turn::On, "Ventes", "quickbooks")
            .rename("Achats/ancien.pdf", "Ventes/ancien.pdf")
            .turn(Turn::Off, "Achats", "quickbooks")
            .round()
            .forget("Achats/ancien.pdf")
            // Turned off before it went.
            .expect(Some("Achats/a.pdf"), "quickbooks", "a", 0..=0, &["cancelled"])
            .stays("Ventes/ancien.pdf", "quickbooks", "old")
    });
}

#[test]
fn a_switch_turned_off_and_on_again_starts_afresh() {
    try_all(20, || {
        Story::with_achats_on("off and on")
            .impatient()
            .outside(|world| world.post.document("b.pdf", Script::Defer("450 later")))
            .put("Achats/a.pdf", "a")
            .put("Achats/b.pdf", "b")
            .round()
            .turn(Turn::Off, "Achats", "quickbooks")
            .put("Achats/c.pdf", "c")
            .outside(|world| world.post.document("b.pdf", Script::Accept))
            .turn(Turn::On, "Achats", "quickbooks")
            .put("Achats/d.pdf", "d")
            .round()
            .expect(
                Some("Achats/a.pdf"),
                "quickbooks",
                "a",
                0..=1,
                &["sent", "cancelled", "before_activation"],
            )
            .expect(
                Some("Achats/b.pdf"),
                "quickbooks",
                "b",
                0..=0,
                &["cancelled", "before_activation"],
            )
            .stays("Achats/c.pdf", "quickbooks", "c")
            .once("Achats/d.pdf", "quickbooks", "d")
    });
}

#[test]
fn a_connection_ended_and_made_again_sends_nothing_of_before() {
    try_all(20, || {
        Story::with_achats_on("disconnected")
            .outside(|world| world.post.document("a.pdf", Script::Defer("450 later")))
            .put("Achats/a.pdf", "a")
            .round()
            .ask(Ask::Disconnect { company: DUPONT.to_owned(), app: "quickbooks".to_owned() })
            .put("Achats/b.pdf", "b")
            .outside(|world| world.post.document("a.pdf", Script::Accept))
            .connect("quickbooks")
            .turn(Turn::On, "Achats", "quickbooks")
            .put("Achats/c.pdf", "c")
            .round()
            .expect(Some("Achats/a.pdf"), "quickbooks", "a", 0..=0, &["cancelled"])
            .stays("Achats/b.pdf", "quickbooks", "b")
            .once("Achats/c.pdf", "quickbooks", "c")
    });
}

#[test]
fn a_switch_turned_off_beside_a_mail_stops_it_before_its_dot() {
    try_all(12, || {
        let off = turning(Turn::Off, "Achats", "quickbooks");
        Story::with_achats_on("off beside a mail")
            .put("Achats/a.pdf", "a")
            .meanwhile(Phase::BeforeGate, |_| (), off.clone())
            .round()
            .ask(off)
            .forget("Achats/ancien.pdf")
            .expect(Some("Achats/ancien.pdf"), "quickbooks", "old", 0..=0, &["switch_off"])
            .expect(Some("Achats/a.pdf"), "quickbooks", "a", 0..=1, &["cancelled", "sent"])
            .calmly(0)
    });
}

#[test]
fn a_document_moved_under_an_exception_beside_its_mail_does_not_leave() {
    try_all(12, || {
        // It counts what there is, and so looks at what has moved.
        let look = Ask::Backfill {
            company: DUPONT.to_owned(),
            folder: path("Achats"),
            app: "quickbooks".to_owned(),
            since: None,
            until: None,
            confirmed: false,
        };
        Story::with_achats_on("moved beside a mail")
            .outside(|world| world.disk.mkdir(&place("Achats/Privé")))
            .turn(Turn::Off, "Achats/Privé", "quickbooks")
            .put("Achats/a.pdf", "a")
            .meanwhile(
                Phase::BeforeGate,
                |world| world.disk.rename(&place("Achats/a.pdf"), &place("Achats/Privé/a.pdf")),
                look,
            )
            .round()
            .expect(Some("Achats/Privé/a.pdf"), "quickbooks", "a", 0..=0, &["cancelled"])
    });
}

#[test]
fn what_waits_goes_to_the_new_address_alone() {
    try_all(14, || {
        let to = "{slug}.neuf@qbodocs.com".to_owned();
        Story::with_achats_on("re-addressed")
            .outside(|world| world.post.to("dupont-maconnerie@qbodocs.com", Script::Defer("450")))
            .put("Achats/a.pdf", "a")
            .round()
            .ask(Ask::Readdress { app: "quickbooks".to_owned(), to, confirmed: true })
            .put("Achats/b.pdf", "b")
            .wait(60)
            .round()
            .once("Achats/a.pdf", "quickbooks", "a")
            .once("Achats/b.pdf", "quickbooks", "b")
    });
}

#[test]
fn an_older_document_that_is_asked_for_goes_once() {
    try_all(14, || {
        Story::with_achats_on("back-fill")
            .put("Ventes/autre.pdf", "other")
            .round()
            .ask(Ask::Backfill {
                company: DUPONT.to_owned(),
                folder: path(""),
                app: "quickbooks".to_owned(),
                since: None,
                until: None,
                confirmed: true,
            })
            .round()
            .forget("Achats/ancien.pdf")
            .once("Achats/ancien.pdf", "quickbooks", "old")
            .once("Ventes/autre.pdf", "quickbooks", "other")
    });
}
