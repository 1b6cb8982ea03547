//! The mail server, and the power that goes while a mail is sent.

use std::sync::Mutex;

use facteur::domain::template::Address;
use facteur::ports::Clock as _;
use facteur::ports::folders::{Folders as _, Mark, Marked};
use facteur::ports::transport::{
    Attachment, DotGate, Mail, Outcome, Stop as Stopped, Transport as _,
};
use sha2::Digest as _;

use crate::world::{Phase, Script, Stop, When, World, at, path};

fn sample_mail() -> Mail {
    Mail {
        message_id: "<1@cabinet.example>".to_owned(),
        date: at("2026-03-02T08:00:00Z"),
        sender: Address::parse("quickbooks+dupont@cabinet.example").unwrap(),
        return_path: Some(Address::parse("quickbooks+dupont@cabinet.example").unwrap()),
        sender_name: "Cabinet Exemple".to_owned(),
        recipient: Address::parse("dupont@qbodocs.com").unwrap(),
        witness: None,
        in_reply_to: None,
        subject: "a.pdf".to_owned(),
        text: "1 document".to_owned(),
        envelope_id: "1".to_owned(),
        attachment: Some(Attachment {
            file_name: "a.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size: 4,
        }),
    }
}

/// Opens, or refuses, and remembers what it was asked.
#[derive(Default)]
struct Gate {
    refusal: Option<Stopped>,
    asked: Mutex<Vec<([u8; 32], u64)>>,
}

#[async_trait::async_trait]
impl DotGate for Gate {
    async fn open(&self, sha256: [u8; 32], size: u64) -> Result<(), Stopped> {
        self.asked.lock().unwrap().push((sha256, size));
        self.refusal.clone().map_or(Ok(()), Err)
    }
}

async fn send(world: &World, gate: &Gate) -> Outcome {
    world.post.send(&sample_mail(), Box::new(b"%PDF".as_slice()), gate).await
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Deferred { .. } => "deferred",
        Outcome::Unreachable { .. } => "unreachable",
        Outcome::Refused { .. } => "refused",
        Outcome::TooLarge { .. } => "too large",
        Outcome::Stopped(_) => "stopped",
        Outcome::InDoubt { .. } => "in doubt",
    }
}

#[tokio::test]
async fn each_script_gives_its_answer_and_keeps_its_mail_or_not() {
    let cases = [
        (Script::Accept, "accepted", true, true),
        (Script::Defer("451 later"), "deferred", false, false),
        (Script::Refuse("550 no"), "refused", false, false),
        (Script::DeferAtDot("451 later"), "deferred", true, false),
        (Script::RefuseAtDot("550 no"), "refused", true, false),
        (Script::Unreachable("no route"), "unreachable", false, false),
        (Script::SizeLimit(1_077), "too large", false, false),
        (Script::SizeLimit(1_078), "accepted", true, true),
        (Script::DropBeforeDot, "deferred", false, false),
        (Script::DropAfterDot, "in doubt", true, true),
        (Script::DropAfterDotNotKept, "in doubt", true, false),
    ];
    for (script, answer, asked, kept) in cases {
        let (world, gate) = (World::new(), Gate::default());
        world.post.to("other@qbodocs.com", Script::Refuse("550 other"));
        world.post.document("a.pdf", script);
        assert_eq!(word(&send(&world, &gate).await), answer, "{script:?}");
        let expected: Vec<([u8; 32], u64)> =
            if asked { vec![(sha2::Sha256::digest(b"%PDF").into(), 4)] } else { Vec::new() };
        assert_eq!(*gate.asked.lock().unwrap(), expected, "{script:?}");
        assert_eq!(world.post.documents_to("dupont@qbodocs.com").len() == 1, kept, "{script:?}");
    }
}

#[tokio::test]
async fn a_mail_whose_gate_stays_shut_is_not_kept() {
    let world = World::new();
    let gate = Gate { refusal: Some(Stopped::Changed), ..Gate::default() };
    assert_eq!(send(&world, &gate).await, Outcome::Stopped(Stopped::Changed));
    assert!(world.post.delivered().is_empty());
    let open = Gate::default();
    world.post.next(Script::Defer("451 later"));
    assert_eq!(word(&send(&world, &open).await), "deferred");
    assert_eq!(word(&send(&world, &open).await), "accepted", "it was the next one only");
    assert_eq!(world.post.delivered()[0].bytes, b"%PDF");
}

#[tokio::test]
async fn a_server_that_falls_silent_after_the_dot_has_the_mail() {
    let (world, gate) = (World::new(), Gate::default());
    world.post.at(Phase::AfterDot, std::future::pending());
    let given_up = futures::poll!(std::pin::pin!(send(&world, &gate)));
    assert!(given_up.is_pending());
    assert_eq!(world.post.documents(), ["a.pdf"]);
    world.post.set_connections(1);
    assert_eq!(word(&send(&world, &gate).await), "accepted", "its connection is free again");
}

#[tokio::test]
async fn the_power_can_go_on_both_sides_of_each_effect_of_a_mail() {
    let told = World::new();
    assert_eq!(word(&send(&told, &Gate::default()).await), "accepted");
    assert_eq!(told.power.effects(), ["connect", "dot", "answer"]);
    let mut seen = Vec::new();
    for Stop { effect, when } in Stop::each_of(told.power.effects().len()) {
        let world = World::new();
        world.power.stop_at(effect, when);
        let outcome = send(&world, &Gate::default()).await;
        assert!(!world.power.is_on());
        seen.push((word(&outcome), world.post.delivered().len()));
    }
    let expected = [
        ("unreachable", 0),
        ("unreachable", 0),
        ("in doubt", 0),
        ("in doubt", 1),
        ("in doubt", 1),
        ("in doubt", 1),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn without_power_nothing_is_done_until_it_is_back() {
    let world = World::new();
    world.disk.write("Dupont/a.pdf", b"%PDF");
    let known = world.disk.look(&path("Dupont"), &path("a.pdf")).unwrap().fingerprint;
    let mark = Mark { at: world.clock.now(), token: "t".to_owned() };
    let set = || world.disk.set_mark(&path("Dupont"), &path("a.pdf"), known, Some(&mark));
    let mut opened = world.disk.open(&path("Dupont"), &path("a.pdf"), known).unwrap();
    world.power.stop_at(0, When::After);
    assert!(set().is_err());
    assert!(world.disk.mark_of("Dupont/a.pdf").is_some(), "it was after the effect");
    assert!(world.disk.companies().is_err());
    assert!(world.disk.list(&path("Dupont"), &path("")).is_err());
    assert!(opened.read(&mut [0; 4]).is_err());
    assert_eq!(word(&send(&world, &Gate::default()).await), "unreachable");
    assert!(world.post.delivered().is_empty());
    world.power.restore();
    assert_eq!(set().unwrap(), Marked::Done);
    assert_eq!(word(&send(&world, &Gate::default()).await), "accepted");
}
