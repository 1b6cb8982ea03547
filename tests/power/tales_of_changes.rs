//! The power goes while the office works on its tree: moved, replaced, renamed, brought back.

use facteur::app::requests::{Ask, Turn};
use facteur::domain::delivery::{Act, State};

use crate::office::DUPONT;
use crate::stops::try_all;
use crate::story::{Step, Story, place};
use crate::world::{Marks, Script, path};

#[test]
fn what_the_first_connection_finds_never_leaves() {
    try_all(8, || {
        let mut story = Story::new("baseline");
        // More than one transaction holds.
        for number in 0..140 {
            story = story.put(&format!("Achats/2025/{number}.pdf"), &format!("old {number}"));
        }
        story
            .put("Achats/jumeau.pdf", "old")
            .connect("quickbooks")
            .put("Achats/2025/tard.pdf", "late")
            .turn(Turn::On, "Achats", "quickbooks")
            .put("Achats/2025/nouveau.pdf", "new")
            .round()
            .stays("Achats/2025/tard.pdf", "quickbooks", "late")
            .stays("Achats/2025/99.pdf", "quickbooks", "old 99")
            .once("Achats/2025/nouveau.pdf", "quickbooks", "new")
    });
}

#[test]
fn a_document_moved_in_goes_and_one_moved_within_or_out_does_not_go_again() {
    try_all(20, || {
        Story::with_achats_on("moved")
            .put("À trier/dedans.pdf", "in")
            .put("Achats/autour.pdf", "within")
            .put("Achats/dehors.pdf", "out")
            .round()
            .rename("À trier/dedans.pdf", "Achats/dedans.pdf")
            .rename("Achats/autour.pdf", "Achats/2026/autour.pdf")
            .rename("Achats/dehors.pdf", "Traité/dehors.pdf")
            .rename("Achats/ancien.pdf", "Achats/2025/ancien.pdf")
            .round()
            .once("Achats/dedans.pdf", "quickbooks", "in")
            .once("Achats/2026/autour.pdf", "quickbooks", "within")
            .once("Traité/dehors.pdf", "quickbooks", "out")
            .forget("Achats/ancien.pdf")
            .stays("Achats/2025/ancien.pdf", "quickbooks", "old")
    });
}

#[test]
fn a_document_moved_while_it_waits_arrives_once() {
    try_all(14, || {
        Story::with_achats_on("moved while waiting")
            .impatient()
            .outside(|world| world.post.document("a.pdf", Script::Defer("450 later")))
            .put("Achats/a.pdf", "a")
            .put("Achats/b.pdf", "b")
            .round()
            .rename("Achats/a.pdf", "Traité/a.pdf")
            .rename("Achats/b.pdf", "Achats/2026/b.pdf")
            .outside(|world| world.post.document("a.pdf", Script::Accept))
            .round()
            // Not seen in Achats by the round that was cut off, it is no deposit of Achats.
            .expect(Some("Traité/a.pdf"), "quickbooks", "a", 0..=1, &["sent", "switch_off"])
            .once("Achats/2026/b.pdf", "quickbooks", "b")
    });
}

#[test]
fn another_file_under_a_known_name_is_asked_about_and_goes_once() {
    try_all(16, || {
        Story::with_achats_on("replaced")
            .put("Achats/scan.pdf", "first")
            .round()
            .replace("Achats/scan.pdf", "second")
            .round()
            .act(Act::Release, State::Held)
            .round()
            .replace("Achats/scan.pdf", "second")
            .round()
            // In doubt and not with the tool, it is gone with its bytes.
            .expect(Some("Achats/scan.pdf"), "quickbooks", "first", 0..=1, &["sent", "cancelled"])
            .once("Achats/scan.pdf", "quickbooks", "second")
    });
}

#[test]
fn bytes_that_change_on_their_way_are_never_sent_under_the_old_name() {
    try_all(12, || {
        Story::with_achats_on("changed while read")
            .put("Achats/a.pdf", "before")
            .outside(|world| {
                let changed = place("Achats/a.pdf");
                world.post.at(crate::world::Phase::Connected, {
                    let world = world.clone();
                    async move { world.disk.replace(&changed, b"%PDF after") }
                });
            })
            .round()
            .round()
            .act(Act::Release, State::Held)
            .expect(None, "quickbooks", "before", 0..=1, &[])
            .once("Achats/a.pdf", "quickbooks", "after")
    });
}

/// `Achats` is renamed and made anew, with a document at both places and perhaps one that is
/// `replaced`; then Léa decides.
fn renamed(name: &'static str, follow: bool, replaced: bool) -> Story {
    let mut story = Story::with_achats_on(name)
        .put("Achats/a.pdf", "a")
        .round()
        .rename("Achats", "Achats 2025")
        .put("Achats 2025/b.pdf", "b")
        .put("Achats/c.pdf", "c")
        .forget("Achats/ancien.pdf");
    if replaced {
        story = story.round().replace("Achats 2025/a.pdf", "second");
    }
    story
        .round()
        .ask(Ask::SwitchResolve { follow, company: DUPONT.to_owned(), folder: path("Achats") })
        .round()
        .expect(Some("Achats 2025/a.pdf"), "quickbooks", "a", 1..=1, &["sent"])
}

#[test]
fn a_switch_that_follows_its_renamed_folder_sends_what_waited_there_alone() {
    try_all(14, || {
        renamed("rename followed", true, false)
            .stays("Achats 2025/ancien.pdf", "quickbooks", "old")
            .once("Achats 2025/b.pdf", "quickbooks", "b")
            .expect(Some("Achats/c.pdf"), "quickbooks", "c", 0..=0, &["cancelled"])
    });
}

#[test]
fn a_document_replaced_in_a_renamed_folder_is_asked_about_all_the_same() {
    try_all(14, || {
        renamed("replaced and renamed", true, true)
            .forget("Achats 2025/a.pdf")
            .once("Achats 2025/b.pdf", "quickbooks", "b")
            .expect(None, "quickbooks", "a", 0..=1, &[])
            .expect(Some("Achats 2025/a.pdf"), "quickbooks", "second", 0..=0, &["held"])
    });
}

#[test]
fn a_switch_that_stays_sends_what_waited_at_its_place_alone() {
    try_all(14, || {
        renamed("rename not followed", false, false)
            .expect(Some("Achats 2025/b.pdf"), "quickbooks", "b", 0..=0, &["cancelled"])
            .once("Achats/c.pdf", "quickbooks", "c")
    });
}

#[test]
fn after_an_import_nothing_sent_since_the_export_goes_again() {
    try_all(20, || {
        Story::with_achats_on("import after export")
            .put("Achats/a.pdf", "a")
            .round()
            .step(Step::Export)
            .put("Achats/b.pdf", "b")
            .round()
            .put("Achats/c.pdf", "c")
            .step(Step::Import)
            .round()
            .put("Achats/d.pdf", "d")
            .round()
            .with_doubts()
            .once("Achats/a.pdf", "quickbooks", "a")
            // Proven by its mark; where a stop left it without one, held for a person.
            .expect(Some("Achats/b.pdf"), "quickbooks", "b", 0..=1, &["sent", "held"])
            .expect(Some("Achats/c.pdf"), "quickbooks", "c", 0..=0, &["held"])
            .once("Achats/d.pdf", "quickbooks", "d")
    });
}

#[test]
fn what_waited_at_the_export_and_went_since_does_not_go_again_by_itself() {
    try_all(16, || {
        Story::with_achats_on("sent between export and import")
            .with_doubts()
            .outside(|world| world.disk.set_marks(Marks::Impossible))
            .outside(|world| world.post.document("a.pdf", Script::Defer("450 later")))
            .put("Achats/a.pdf", "a")
            .round()
            .step(Step::Export)
            .outside(|world| world.post.document("a.pdf", Script::Accept))
            .wait(60)
            .round()
            .step(Step::Import)
            .round()
            .wait(60)
            .round()
            // Cut off before it went, it waits for a person all the same.
            .expect(Some("Achats/a.pdf"), "quickbooks", "a", 0..=1, &["held"])
    });
}
