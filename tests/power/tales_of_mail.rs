//! The power goes while mails leave: sent, put off, refused, in doubt, marked.

use facteur::domain::delivery::{Act, State};
use facteur::domain::profile::InDoubtPolicy;

use crate::stops::try_all;
use crate::story::{Step, Story, place};
use crate::world::{Marks, Script};

#[test]
fn a_deposit_is_sent_once_wherever_the_power_goes_twice() {
    try_all(10, || {
        Story::with_achats_on("deposit and send")
            .with_all_pairs()
            .put("Achats/nouveau.pdf", "new")
            .round()
            .once("Achats/nouveau.pdf", "quickbooks", "new")
    });
}

#[test]
fn two_apps_get_one_copy_each() {
    try_all(20, || {
        Story::with_two_apps("two apps")
            .put("Achats/nouveau.pdf", "new")
            .put("Achats/tableau.docx", "sheet")
            .round()
            .once("Achats/nouveau.pdf", "quickbooks", "new")
            .once("Achats/nouveau.pdf", "dext", "new")
            .once("Achats/tableau.docx", "dext", "sheet")
            .expect(Some("Achats/tableau.docx"), "quickbooks", "sheet", 0..=0, &["unsupported"])
            .stays("Achats/ancien.pdf", "dext", "old")
    });
}

#[test]
fn a_burst_beyond_the_flood_limit_waits_for_a_person() {
    try_all(40, || {
        let mut story = Story::with_achats_on("burst")
            .configured(|config| config.robot.flood_per_hour_max = 3)
            .on_connections(4);
        for number in 0..6 {
            story = story.put(&format!("Achats/{number}.pdf"), &format!("burst {number}"));
        }
        story = story.round().act(Act::Release, State::Held);
        for number in 0..6 {
            let (path, content) = (format!("Achats/{number}.pdf"), format!("burst {number}"));
            story = story.once(&path, "quickbooks", &content);
        }
        story
    });
}

#[test]
fn a_mail_put_off_is_tried_again_and_arrives_once() {
    try_all(14, || {
        Story::with_achats_on("deferred and retried")
            .outside(|world| world.post.document("a.pdf", Script::Defer("450 later")))
            .put("Achats/a.pdf", "a")
            .put("Achats/b.pdf", "b")
            .round()
            .act(Act::Retry, State::Deferred)
            .round()
            .outside(|world| world.post.document("a.pdf", Script::Accept))
            .once("Achats/a.pdf", "quickbooks", "a")
            .once("Achats/b.pdf", "quickbooks", "b")
    });
}

#[test]
fn a_server_out_of_reach_costs_time_alone() {
    try_all(14, || {
        Story::with_achats_on("out of reach")
            .with_doubts()
            .on_connections(2)
            .outside(|world| world.post.always(Script::Unreachable("no route")))
            .put("Achats/a.pdf", "a")
            .put("Achats/b.pdf", "b")
            .round()
            .round()
            .outside(|world| world.post.always(Script::Accept))
            .once("Achats/a.pdf", "quickbooks", "a")
            .once("Achats/b.pdf", "quickbooks", "b")
    });
}

#[test]
fn the_duplicate_of_a_refused_document_goes_in_its_place() {
    try_all(14, || {
        Story::with_achats_on("duplicate promoted")
            .outside(|world| world.post.document("a.pdf", Script::RefuseAtDot("554 no")))
            .put("Achats/a.pdf", "the same")
            .put("Achats/b.pdf", "the same")
            .round()
            .expect(Some("Achats/a.pdf"), "quickbooks", "the same", 1..=1, &["refused"])
            .once("Achats/b.pdf", "quickbooks", "the same")
    });
}

#[test]
fn a_doubt_settled_by_who_looked_at_the_tool_ends_with_one_copy() {
    try_all(20, || {
        Story::with_achats_on("in doubt settled")
            .with_doubts()
            .put("Achats/a.pdf", "a")
            .next_mail(Script::DropAfterDot)
            .round()
            .step(Step::Settle)
            .put("Achats/b.pdf", "b")
            .next_mail(Script::DropAfterDotNotKept)
            .round()
            .step(Step::Settle)
            .round()
            .once("Achats/a.pdf", "quickbooks", "a")
            .once("Achats/b.pdf", "quickbooks", "b")
    });
}

#[test]
fn a_document_in_doubt_goes_again_by_the_policy_alone_and_is_announced() {
    try_all(12, || {
        Story::with_achats_on("resent by policy")
            .with_doubts()
            .configured(|config| {
                for profile in config.apps.values_mut() {
                    profile.in_doubt = InDoubtPolicy::Resend;
                }
            })
            .put("Achats/nouveau.pdf", "new")
            .next_mail(Script::DropAfterDot)
            .round()
            .expect(Some("Achats/nouveau.pdf"), "quickbooks", "new", 1..=2, &["sent"])
    });
}

#[test]
fn marks_come_in_line_once_the_disk_takes_them() {
    try_all(14, || {
        Story::with_achats_on("marks")
            .outside(|world| world.disk.set_marks(Marks::DiskFull))
            .put("Achats/a.pdf", "a")
            .put("Achats/b.pdf", "b")
            .round()
            .rename("Achats/b.pdf", "Achats/c.pdf")
            .outside(|world| world.disk.set_marks(Marks::Work))
            .round()
            .once("Achats/a.pdf", "quickbooks", "a")
            .once("Achats/c.pdf", "quickbooks", "b")
    });
}

#[test]
fn a_file_that_is_gone_before_it_went_waits_for_a_person_or_went() {
    try_all(10, || {
        Story::with_achats_on("gone")
            .outside(|world| world.post.document("a.pdf", Script::Defer("450 later")))
            .put("Achats/a.pdf", "a")
            .round()
            .outside(|world| world.disk.remove(&place("Achats/a.pdf")))
            .outside(|world| world.post.document("a.pdf", Script::Accept))
            .round()
            .expect(Some("Achats/a.pdf"), "quickbooks", "a", 0..=0, &["held"])
    });
}

#[test]
fn a_mail_put_off_at_its_dot_for_too_long_waits_for_a_person() {
    try_all(14, || {
        Story::with_achats_on("expired")
            .configured(|config| config.mail.retry.expire = chrono::TimeDelta::hours(2))
            .outside(|world| world.post.document("a.pdf", Script::DeferAtDot("451 later")))
            .put("Achats/a.pdf", "a")
            .round()
            .wait(150)
            .round()
            .expect(Some("Achats/a.pdf"), "quickbooks", "a", 0..=0, &["held"])
    });
}
