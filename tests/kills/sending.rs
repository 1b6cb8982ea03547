//! Killed while it observes, queues and sends.

use std::process::Child;
use std::time::Duration;

use crate::trials::books::{Audit, audit};
use crate::trials::figures::{Figures, Stopwatch};
use crate::trials::firm::Firm;
use crate::trials::sink::{Moment, Sink};
use crate::trials::{chance, number};

/// What is running when it is killed.
const LIVES: [&[&str]; 5] = [&["run"], &["run"], &["run"], &["round"], &["status"]];

/// When it is killed.
#[derive(Debug)]
enum Killed {
    /// This long after it was started.
    After(Duration),
    /// When the mail server has so many more mails, this one not answered.
    AtDot(u64),
    /// When the mail server has just answered so many more.
    AtAnswer(u64),
}

impl Killed {
    fn at_random(chance: &mut fastrand::Rng) -> Self {
        match chance.u8(0..10) {
            0 => Self::After(Duration::from_micros(chance.u64(0..30_000))),
            1..=5 => Self::After(Duration::from_micros(chance.u64(0..400_000))),
            6..=8 => Self::AtDot(chance.u64(1..12)),
            _ => Self::AtAnswer(chance.u64(1..12)),
        }
    }
}

/// The longest it lives: what it waits for may never come.
const LIFE_MAX: Duration = Duration::from_millis(900);

#[tokio::test]
async fn after_many_kills_nothing_is_lost_and_what_is_in_doubt_says_so() {
    let sink = Sink::start();
    let mut figures = begin("kills_hold");
    let firm =
        killed_again_and_again(Firm::new(&sink, "hold").switched_on(), &sink, 1, &mut figures);

    let found = audit(&firm, &sink).await;
    note(&mut figures, &found);
    assert!(found.wrongs.is_empty(), "{:#?}\n{}", found.wrongs, firm.log());
    assert_eq!(found.copies, 0, "nothing in doubt goes again by itself");

    settle_what_is_in_doubt(&firm, &found);
    let settled = audit(&firm, &sink).await;
    assert!(settled.wrongs.is_empty() && settled.in_doubt.is_empty(), "{settled:#?}");
    assert_eq!((settled.mails, settled.copies), (settled.documents, 0), "each exactly once");
    figures.publish();
}

#[tokio::test]
async fn after_many_kills_only_what_was_in_doubt_and_resent_came_twice() {
    let sink = Sink::start();
    let mut figures = begin("kills_resend");
    let firm =
        killed_again_and_again(Firm::new(&sink, "resend").switched_on(), &sink, 2, &mut figures);

    let found = audit(&firm, &sink).await;
    note(&mut figures, &found);
    assert!(found.wrongs.is_empty(), "{:#?}\n{}", found.wrongs, firm.log());
    assert!(found.copies <= found.doubted, "{found:#?}");
    figures.publish();
}

fn begin(name: &'static str) -> Figures {
    Figures::begin(name, "FACTEUR_KILLS=300 cargo test --test kills -- --nocapture")
}

fn note(figures: &mut Figures, audit: &Audit) {
    figures.note("documents", audit.documents);
    figures.note("mails", audit.mails);
    figures.note("lost", audit.wrongs.len());
    figures.note("copies", audit.copies);
    figures.note("ever_in_doubt", audit.doubted);
    figures.note("in_doubt", audit.in_doubt.len());
}

/// Deposits documents while the robot is started and killed; then lets it come to rest.
fn killed_again_and_again(mut firm: Firm, sink: &Sink, row: u64, figures: &mut Figures) -> Firm {
    let (kills, documents) = (number("FACTEUR_KILLS", 60), number("FACTEUR_DOCUMENTS", 1000));
    let mut chance = chance(row);
    let (mut killed, mut lives) = (0, 0);
    while killed < kills {
        lives += 1;
        assert!(lives <= 4 * kills, "it ends by itself too often: {}", firm.log());
        let due = documents * (killed + 1) / kills;
        firm.deposit((due - firm.deposited()) / 2);
        sink.skip_moments();
        let words = LIVES[chance.usize(0..LIVES.len())];
        let mut child = firm.spawn(words);
        firm.deposit(due - firm.deposited());
        let moment = Killed::at_random(&mut chance);
        wait_for(&moment, sink);
        killed += u64::from(kill(&mut child));
    }
    figures.note("kills", killed);
    figures.note("sent_while_killed", sink.count());
    firm.rounds_until_quiet();
    firm
}

fn wait_for(moment: &Killed, sink: &Sink) {
    let (limit, wanted, mut left) = match moment {
        Killed::After(wait) => (*wait, None, 0),
        Killed::AtDot(count) => (LIFE_MAX, Some(true), *count),
        Killed::AtAnswer(count) => (LIFE_MAX, Some(false), *count),
    };
    let life = Stopwatch::start();
    loop {
        let Some(rest) = life.left_of(limit) else { return };
        let Some(seen) = sink.moment(rest) else { return };
        let is_wanted = match seen {
            Moment::Begun => false,
            Moment::Dotted(_) => wanted == Some(true),
            Moment::Answered => wanted == Some(false),
        };
        if is_wanted {
            left -= 1;
            if left == 0 {
                return;
            }
        }
    }
}

/// SIGKILL; whether it was still alive.
pub(crate) fn kill(child: &mut Child) -> bool {
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

/// What a person does who can look into the tool's mailbox.
fn settle_what_is_in_doubt(firm: &Firm, audit: &Audit) {
    for (came, word) in [(true, "--sent"), (false, "--not-sent")] {
        let ids = audit.doubts(came);
        if !ids.is_empty() {
            firm.json(&[&["settle", word][..], &ids].concat());
        }
    }
    firm.rounds_until_quiet();
}
