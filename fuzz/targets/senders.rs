//! Headers of strangers: nothing that a sender writes is taken for the word of the firm's server.

use facteur::domain::mail::auth_results::AuthResults;
use facteur::domain::mail::received::Headers;
use facteur::domain::mail::senders::{KnownSender, Permission, SenderRules, Senders, author};
use facteur::domain::template::Address;

use super::{Target, steers};

/// The headers of a mail.
pub const TARGET: Target = Target {
    name: "senders",
    check,
    words: &[
        "From: ",
        "Authentication-Results: ",
        "Received: ",
        "anne@cabinet.example",
        "mx.cabinet.example",
        "evil.example",
        "dkim=pass",
        "dmarc=pass",
        "header.d=cabinet.example",
        "header.from=cabinet.example",
        "from mx by imap with LMTP id 1",
        "with LMTP",
        " by ",
        "\r\n",
        "\n ",
        "\n",
        ";",
        "=",
        "(",
        ")",
        "\"",
        "\\",
        "<",
        ">",
        ",",
        ":",
        " 1",
        "\0",
        "\x1b[2J",
        "\u{202e}",
    ],
};

/// What the receiving server writes on top of what it was sent, and the way into the mailbox.
const RECEIVED: &str =
    "Received: from a (b [192.0.2.1]) by mx.cabinet.example (Postfix) with ESMTP id 1; now\r\n";
const DELIVERED: &str = "Received: from mx by imap with LMTP id 2; now\r\n";

fn check(bytes: &[u8]) {
    let written = String::from_utf8_lossy(bytes);
    let as_sent = Headers::read(&written);
    let found = author(&as_sent);
    if let Ok(author) = &found {
        assert_eq!(Address::parse(author.as_str()).as_ref(), Ok(author));
        let named = as_sent.all("From").collect::<Vec<_>>();
        assert!(named.len() == 1 && named[0].contains(author.as_str()), "{named:?}");
    }
    for top in [RECEIVED.to_owned(), format!("{DELIVERED}{RECEIVED}")] {
        let headers = Headers::read(&format!("{top}{written}"));
        assert_eq!(AuthResults::of_own_servers(&headers), []);
        let permission = ask(Senders::Firm, &headers, &[]);
        assert!(!matches!(permission, Permission::Yes(_)), "{permission:?}");
    }
    let client = "client.example".to_owned();
    for senders in [Senders::Everyone, Senders::Known, Senders::Firm] {
        match ask(senders, &as_sent, &[client.clone(), "cabinet.example".to_owned()]) {
            Permission::Yes(words) => {
                assert!(senders == Senders::Everyone || found.is_ok());
                assert!(!words.contains(steers), "{words:?}");
            }
            Permission::No(words) => assert!(!words.contains(steers), "{words:?}"),
            Permission::NeedsSigners => panic!("it has them"),
        }
    }
}

fn ask(senders: Senders, headers: &Headers, signers: &[String]) -> Permission {
    let known = KnownSender::Domain("client.example".to_owned());
    let rules = SenderRules {
        senders,
        known: vec![&known],
        firm_domain: "cabinet.example",
        trusted_servers: &["mx.cabinet.example".to_owned()],
    };
    rules.may_send(headers, Some(signers))
}
