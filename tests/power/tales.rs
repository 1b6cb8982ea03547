//! The stories whose power goes.

use facteur::app::requests::Turn;
use facteur::domain::delivery::{Act, State};

use crate::stops::try_all;
use crate::story::Story;
use crate::world::Script;

/// Tries a story, and sees that it was not told in vain.
fn tried(story: impl Fn() -> Story, effects_least: usize) {
    let name = story().name;
    let tried = try_all(story);
    println!("{name}: {tried:?}");
    assert!(tried.effects >= effects_least, "{name}: {tried:?}");
}

#[test]
fn a_deposit_is_sent_once_wherever_the_power_goes() {
    let story = || {
        Story::with_achats_on("deposit and send")
            .put("Achats/nouveau.pdf", "new")
            .round()
            .put("Achats/second.pdf", "second")
            .round()
            .once("Achats/nouveau.pdf", "quickbooks", "new")
            .once("Achats/second.pdf", "quickbooks", "second")
    };
    tried(story, 20);
}

#[test]
fn two_apps_get_one_copy_each() {
    let story = || {
        Story::with_achats_on("two apps")
            .connect("dext")
            .turn(Turn::On, "Achats", "dext")
            .put("Achats/nouveau.pdf", "new")
            .put("Achats/tableau.docx", "sheet")
            .round()
            .once("Achats/nouveau.pdf", "quickbooks", "new")
            .once("Achats/nouveau.pdf", "dext", "new")
            .once("Achats/tableau.docx", "dext", "sheet")
            .expect(Some("Achats/tableau.docx"), "quickbooks", "sheet", 0..=0, &["unsupported"])
            .stays("Achats/ancien.pdf", "dext", "old")
    };
    tried(story, 20);
}

#[test]
fn a_burst_beyond_the_flood_limit_waits_for_a_person() {
    let story = || {
        let mut story = Story::with_achats_on("burst")
            .configured(|config| config.robot.flood_per_hour_max = 4)
            .on_connections(4);
        for number in 0..7 {
            story = story.put(&format!("Achats/{number}.pdf"), &format!("burst {number}"));
        }
        story = story.round().act(Act::Release, State::Held);
        for number in 0..7 {
            story =
                story.once(&format!("Achats/{number}.pdf"), "quickbooks", &format!("burst {number}"));
        }
        story
    };
    tried(story, 40);
}

#[test]
fn a_document_in_doubt_goes_again_only_by_the_policy_and_bears_the_same_message_id() {
    let story = || {
        Story::with_achats_on("resent by policy")
            .with_doubts()
            .configured(|config| {
                for profile in config.apps.values_mut() {
                    profile.in_doubt = facteur::domain::profile::InDoubtPolicy::Resend;
                }
            })
            .put("Achats/nouveau.pdf", "new")
            .next_mail(Script::DropAfterDot)
            .round()
            .expect(Some("Achats/nouveau.pdf"), "quickbooks", "new", 1..=2, &["sent"])
    };
    tried(story, 12);
}
