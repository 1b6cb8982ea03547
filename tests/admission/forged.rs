//! What a sender writes stands below what a real Postfix and Dovecot write.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use facteur::domain::mail::auth_results::AuthResults;
use facteur::domain::mail::received::Headers;
use facteur::domain::mail::senders::{Permission, SenderRules, Senders, author};

use crate::rig::Rig;

/// What the rig's Postfix calls itself.
const SERVER: &str = "mail.cabinet.example";

/// Sends a mail as any stranger's server would.
fn send(rig: &Rig, mail: &str) {
    let stream = TcpStream::connect(("127.0.0.1", rig.smtp_port())).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut expect = |code: &str| {
        let last =
            replies.by_ref().map(Result::unwrap).find(|line| line.chars().nth(3) != Some('-'));
        assert!(last.as_deref().is_some_and(|line| line.starts_with(code)), "{last:?}");
    };
    expect("220");
    let mail = format!("{mail}\r\n.");
    for (line, code) in [
        ("EHLO evil.example", "250"),
        ("MAIL FROM:<patron@cabinet.example>", "250"),
        ("RCPT TO:<compta+dupont@cabinet.example>", "250"),
        ("DATA", "354"),
        (&mail, "250"),
        ("QUIT", "221"),
    ] {
        (&stream).write_all(format!("{line}\r\n").as_bytes()).unwrap();
        expect(code);
    }
}

#[tokio::test]
async fn a_forged_word_of_ones_own_server_is_not_believed() {
    let rig = Rig::start();
    let word = format!("Authentication-Results: {SERVER}; dkim=pass header.d=cabinet.example");
    for top in ["", "Received: from mx by imap with LMTP id 1; now\r\n", " with LMTP\r\n"] {
        send(&rig, &format!("{top}{word}\r\nFrom: patron@cabinet.example\r\n\r\nBonjour"));
    }
    let mails = rig.mails("compta+dupont@cabinet.example").await;
    assert_eq!(mails.len(), 3);
    for mail in mails {
        let headers = Headers::as_written(&mail);
        let shown = String::from_utf8_lossy(&mail);
        assert!(shown.contains(&word), "{shown}");
        assert!(headers.first("Received").unwrap().contains("with LMTP"), "Dovecot's: {shown}");
        assert_eq!(AuthResults::of_own_servers(&headers), [], "{shown}");
        let rules = SenderRules {
            senders: Senders::Firm,
            known: Vec::new(),
            firm_domain: "cabinet.example",
            trusted_servers: &[SERVER.to_owned()],
        };
        let permission = rules.may_send(&headers, Some(&[]));
        assert!(matches!(permission, Permission::No(_)), "{permission:?}");
        // As the same server would have written it, on top.
        let genuine = Headers::read(&format!("{word}\r\n{shown}"));
        if author(&genuine).is_ok() {
            assert!(matches!(rules.may_send(&genuine, Some(&[])), Permission::Yes(_)));
        }
    }
}
