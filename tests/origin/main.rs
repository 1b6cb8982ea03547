//! Whose signature a mail bears: DKIM as other programs sign it, and everything that looks like it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod letter;
#[path = "../name_server/mod.rs"]
mod name_server;

use std::time::Duration;

use facteur::adapters::origin::Signatures;
use facteur::ports::origin::Origins as _;

use letter::{Claim, Letter, Signer};
use name_server::{Answer, NameServer};

const AUTHOR: &str = "Anne <anne@cabinet.example>";
const KEY: &str = "s._domainkey.cabinet.example";
/// Longer than loopback takes.
const LIMIT: Duration = Duration::from_secs(20);

async fn signers(server: &NameServer, letter: &Letter) -> Result<Vec<String>, String> {
    Signatures::with_name_server(server.address, LIMIT).signers(&letter.raw()).await
}

/// A mail of the firm with a right signature, and the name service that knows its key.
async fn right() -> (Letter, Signer, NameServer) {
    let signer = Signer::new();
    let letter = signer.signed(&Letter::from(AUTHOR), &Claim::default());
    let server = NameServer::start([(KEY, signer.published())]).await;
    (letter, signer, server)
}

async fn check(server: &NameServer, letter: &Letter, expected: &[&str]) {
    let found = signers(server, letter).await;
    let expected = expected.iter().map(|domain| (*domain).to_owned()).collect();
    assert_eq!(found, Ok(expected), "{}", String::from_utf8_lossy(&letter.raw()));
}

#[tokio::test]
async fn a_right_signature_names_its_domain() {
    let (letter, signer, server) = right().await;
    check(&server, &letter, &["cabinet.example"]).await;
    // What servers write on top on the way changes nothing.
    let delivered = letter.on_top("Received", "from a by b").on_top("Return-Path", "<>");
    check(&server, &delivered, &["cabinet.example"]).await;
    let claim = Claim { more: "i=@paris.cabinet.example; x=99999999999; ", ..Claim::default() };
    let letter = signer.signed(&Letter::from(AUTHOR), &claim);
    check(&server, &letter, &["cabinet.example"]).await;
}

#[tokio::test]
async fn what_was_changed_is_signed_by_nobody() {
    let (letter, _, server) = right().await;
    let mut changed = letter.clone();
    changed.body = "Bonsoir\r\n".to_owned();
    check(&server, &changed, &[]).await;
    let mut longer = letter.clone();
    longer.body += "et encore\r\n";
    check(&server, &longer, &[]).await;
    for (place, value) in [(1, "Anne <other@cabinet.example>"), (3, "Rappel")] {
        let mut changed = letter.clone();
        changed.fields[place].1 = value.to_owned();
        check(&server, &changed, &[]).await;
    }
}

#[tokio::test]
async fn a_signature_that_leaves_the_mail_open_proves_nothing() {
    let (_, signer, server) = right().await;
    let plain = Letter::from(AUTHOR);
    for claim in [
        Claim { fields: "to:subject", ..Claim::default() },
        Claim { more: "l=9; ", ..Claim::default() },
        Claim { more: "t=1; x=2; ", ..Claim::default() },
        Claim { more: "i=anne@evil.example; ", ..Claim::default() },
    ] {
        check(&server, &signer.signed(&plain, &claim), &[]).await;
    }
    let mut longer = signer.signed(&plain, &Claim { more: "l=9; ", ..Claim::default() });
    longer.body += "et encore\r\n";
    check(&server, &longer, &[]).await;
}

#[tokio::test]
async fn a_field_that_is_there_twice_is_signed_once_and_shown_otherwise() {
    let (letter, signer, server) = right().await;
    for (name, value) in [
        ("From", "Anne <anne@cabinet.example>"),
        ("from ", "Eve <eve@evil.example>"),
        ("Subject", "Autre"),
        ("Content-Type", "text/html"),
    ] {
        // A field that no signature covers is shown as it comes, once.
        let once = letter.clone().on_top("Content-Type", "text/plain");
        check(&server, &once, &["cabinet.example"]).await;
        check(&server, &once.on_top(name, value), &[]).await;
    }
    for author in ["a@cabinet.example, b@cabinet.example", "g: a@cabinet.example;", "nobody"] {
        let letter = signer.signed(&Letter::from(author), &Claim::default());
        check(&server, &letter, &[]).await;
    }
}

#[tokio::test]
async fn another_domain_signs_for_itself_alone() {
    let signer = Signer::new();
    let claim = Claim { domain: "evil.example", ..Claim::default() };
    let letter = signer.signed(&Letter::from(AUTHOR), &claim);
    let server = NameServer::start([("s._domainkey.evil.example", signer.published())]).await;
    check(&server, &letter, &["evil.example"]).await;
    // The same signature under the firm's name, whose key is another one.
    let other = Signer::new();
    let server = NameServer::start([(KEY, other.published())]).await;
    let claim = Claim::default();
    check(&server, &signer.signed(&Letter::from(AUTHOR), &claim), &[]).await;
}

#[tokio::test]
async fn a_key_that_is_not_there_or_withdrawn_proves_nothing() {
    let (letter, signer, _) = right().await;
    let Answer::Text(key) = signer.published() else { panic!("it is published as text") };
    for record in [
        "v=DKIM1; k=ed25519; p=".to_owned(),
        "no key at all".to_owned(),
        key.replace("k=ed25519", "k=rsa"),
        key.replace("k=ed25519", "t=y; k=ed25519"),
        key.replace("DKIM1", "DKIM9"),
    ] {
        let server = NameServer::start([(KEY, Answer::Text(record.clone()))]).await;
        assert_eq!(signers(&server, &letter).await, Ok(Vec::new()), "{record}");
    }
    check(&NameServer::start([]).await, &letter, &[]).await;
}

#[tokio::test]
async fn a_name_service_that_says_nothing_leaves_it_open() {
    let (letter, _, _) = right().await;
    let broken = NameServer::start([(KEY, Answer::Broken)]).await;
    let because = signers(&broken, &letter).await.unwrap_err();
    assert!(because.contains("keys cabinet.example signs with"), "{because}");
    let silent = NameServer::start([(KEY, Answer::Silence)]).await;
    let hasty = Signatures::with_name_server(silent.address, Duration::from_millis(100));
    assert_eq!(hasty.signers(&letter.raw()).await.unwrap_err(), "the name service is too slow");
}

#[tokio::test]
async fn what_a_stranger_signs_holds_nothing_up() {
    let (letter, signer, _) = right().await;
    let claim = Claim { domain: "evil.example", ..Claim::default() };
    let letter = signer.signed(&letter, &claim);
    let answers = [(KEY, signer.published()), ("s._domainkey.evil.example", Answer::Broken)];
    check(&NameServer::start(answers).await, &letter, &["cabinet.example"]).await;
    // One right signature of the author's own suffices, too.
    let claim_of_old = Claim { selector: "old", ..Claim::default() };
    let twice = signer.signed(&letter, &claim_of_old);
    let answers = [(KEY, signer.published()), ("old._domainkey.cabinet.example", Answer::Broken)];
    check(&NameServer::start(answers).await, &twice, &["cabinet.example"]).await;
    let unsigned = signer.signed(&Letter::from(AUTHOR), &claim);
    let answers = [("s._domainkey.evil.example", Answer::Broken)];
    check(&NameServer::start(answers).await, &unsigned, &[]).await;
}

#[tokio::test]
async fn several_signatures_are_each_told() {
    let (letter, signer, _) = right().await;
    let list = Claim { domain: "list.example", ..Claim::default() };
    let letter = signer.signed(&letter, &list);
    let keys = [(KEY, signer.published()), ("s._domainkey.list.example", signer.published())];
    check(&NameServer::start(keys).await, &letter, &["cabinet.example", "list.example"]).await;
}

#[tokio::test]
async fn a_thousand_signatures_cost_eight_questions_at_most() {
    let (mut letter, signer, _) = right().await;
    let server = NameServer::start([(KEY, signer.published())]).await;
    let (_, right) = letter.fields[0].clone();
    let mut pile = |count: usize| {
        for number in 0..count {
            let other = right.replace("d=cabinet.example", &format!("d=n{number}.example"));
            letter = letter.clone().on_top("DKIM-Signature", &other);
        }
        letter.clone()
    };
    // The author's own is looked at first, wherever it stands.
    check(&server, &pile(500), &["cabinet.example"]).await;
    // Headers without an end are nobody's.
    check(&server, &pile(1_000), &[]).await;
    assert!(server.asked().len() <= 8, "{:?}", server.asked());
}

/// Signed by dkimpy 1.1, each with an RSA key of its own.
#[tokio::test]
async fn signatures_of_another_program_are_told_right_from_weak() {
    let keys = include_str!("signed/keys.txt").lines();
    let keys = keys.map(|line| line.split_once(' ').unwrap());
    let server = NameServer::start(keys.map(|(name, key)| (name, Answer::Text(key.to_owned()))));
    let server = server.await;
    let origins = Signatures::with_name_server(server.address, LIMIT);
    let cases: [(&[u8], bool); 6] = [
        (include_bytes!("signed/simple.eml"), true),
        (include_bytes!("signed/relaxed.eml"), true),
        (include_bytes!("signed/weak.eml"), false),
        (include_bytes!("signed/sha1.eml"), false),
        (include_bytes!("signed/length.eml"), false),
        (include_bytes!("signed/testing.eml"), false),
    ];
    for (raw, right) in cases {
        let expected = if right { vec!["cabinet.example".to_owned()] } else { Vec::new() };
        let found = origins.signers(raw).await;
        assert_eq!(found, Ok(expected), "{}", String::from_utf8_lossy(raw));
    }
}

#[tokio::test]
async fn what_is_no_mail_is_signed_by_nobody() {
    let (letter, _, server) = right().await;
    let raw = letter.raw();
    let origins = Signatures::with_name_server(server.address, LIMIT);
    let cut = raw.strip_suffix(b"\r\nBonjour\r\n").unwrap();
    // The author and the signature are read, and the headers have no end within reason.
    let head = raw.len() - b"\r\nBonjour\r\n".len();
    let mut long = raw.clone();
    long.splice(head..head, b"X: y\r\n".repeat(40_000));
    for raw in [&b""[..], b"\r\n", b"\xff\xfe: \x00", cut, &long] {
        assert_eq!(origins.signers(raw).await, Ok(Vec::new()));
    }
}
