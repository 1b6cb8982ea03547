//! Who may send, as tables: the policy, the mail's headers, its signers, the outcome.

use super::*;
use Permission::{NeedsSigners, No, Yes};

const FIRM: &str = "cabinet.example";
const SERVER: &str = "mx.cabinet.example";

fn known() -> [KnownSender; 2] {
    let address = Address::parse("Compta@Fournisseur.example").unwrap();
    [KnownSender::Address(address), KnownSender::Domain("client.example".to_owned())]
}

fn asked(senders: Senders, headers: &str, signers: Option<&[&str]>) -> Permission {
    let known = known();
    let trusted = [SERVER.to_owned()];
    let rules = SenderRules {
        senders,
        known: known.iter().collect(),
        firm_domain: FIRM,
        trusted_servers: &trusted,
    };
    let signers: Option<Vec<String>> =
        signers.map(|signers| signers.iter().map(|domain| (*domain).to_owned()).collect());
    rules.may_send(&Headers::read(headers), signers.as_deref())
}

/// What is expected: a part of the words.
enum Is {
    In(&'static str),
    Out(&'static str),
    Asks,
}
use Is::{Asks, In, Out};

fn check(senders: Senders, signers: Option<&[&str]>, cases: &[(&str, Is)]) {
    for (headers, expected) in cases {
        let found = asked(senders, headers, signers);
        let right = match (&found, expected) {
            (Yes(words), In(part)) | (No(words), Out(part)) => words.contains(part),
            (NeedsSigners, Asks) => true,
            (Yes(_) | No(_) | NeedsSigners, In(_) | Out(_) | Asks) => false,
        };
        assert!(right, "{senders:?} {signers:?}\n{headers}\n{found:?}");
    }
}

#[test]
fn everyone_is_everyone() {
    for headers in ["From: a@b.example", "From: a@b.example\nFrom: c@d.example", "", "From: (x"] {
        assert!(matches!(asked(Senders::Everyone, headers, None), Yes(_)), "{headers}");
    }
}

#[test]
fn known_senders_are_known_by_their_one_from() {
    check(
        Senders::Known,
        None,
        &[
            ("From: compta@fournisseur.example", In("by its From alone")),
            ("From: Compta <COMPTA@FOURNISSEUR.EXAMPLE>", In("known sender")),
            ("From: \"Durand, Anne\" <anne@client.example>", In("anne@client.example")),
            ("From: (x) anne@client.example (Anne)", In("known sender")),
            ("From: =?utf-8?q?Ren=C3=A9=2C?= <rene@client.example>", In("known sender")),
            ("From: other@fournisseur.example", Out("no known sender")),
            ("From: anne@sub.client.example", Out("no known sender")),
            ("From: anne@notclient.example", Out("no known sender")),
            ("From: anne@client.example.evil.example", Out("no known sender")),
            ("From: \"anne@client.example\" <evil@evil.example>", Out("evil@evil.example is no")),
            ("From: anne@client.example <evil@evil.example>", Out("evil@evil.example is no")),
            ("From: <anne@client.example> <evil@evil.example>", Out("cannot be read")),
            ("From: <evil@evil.example>anne@client.example", Out("cannot be read")),
            ("From: evil@evil.example, anne@client.example", Out("several senders")),
            ("From: a: anne@client.example;", Out("several senders")),
            ("From: anne@client.example\nFrom: evil@evil.example", Out("several From")),
            ("From: evil@evil.example\nfrom: anne@client.example", Out("several From")),
            ("Sender: anne@client.example", Out("no From")),
            ("From:", Out("cannot be read")),
            ("From: anne@client.example (", Out("cannot be read")),
            ("From: \"anne\"@client.example", Out("cannot be read")),
            ("From: anne@client.example bernard@client.example", Out("cannot be read")),
            (
                "Authentication-Results: mx.cabinet.example; dkim=pass header.d=client.example\nFrom: anne@client.example",
                In("mx.cabinet.example says dkim=pass header.d=client.example"),
            ),
            (
                "Authentication-Results: mx.cabinet.example; dkim=pass header.d=evil.example\nFrom: anne@client.example",
                In("by its From alone"),
            ),
        ],
    );
}

#[test]
fn the_firm_is_told_by_a_signature_of_its_domain() {
    const OF_FIRM: &str = "From: Anne <anne@cabinet.example>";
    let forged = "no valid signature";
    let cases: [(&str, Option<&[&str]>, Is); 12] = [
        (OF_FIRM, None, Asks),
        (OF_FIRM, Some(&[]), Out(forged)),
        (OF_FIRM, Some(&["cabinet.example"]), In("signed (DKIM) by cabinet.example")),
        (OF_FIRM, Some(&["evil.example", "cabinet.example"]), In("signed")),
        (OF_FIRM, Some(&["mail.cabinet.example"]), In("by mail.cabinet.example")),
        ("From: anne@paris.cabinet.example", Some(&["cabinet.example"]), In("signed")),
        (OF_FIRM, Some(&["evil.example"]), Out(forged)),
        (OF_FIRM, Some(&["notcabinet.example", "example"]), Out(forged)),
        (OF_FIRM, Some(&["cabinet.example.evil.example"]), Out(forged)),
        ("From: a@evil.example", Some(&["cabinet.example"]), Out("not of cabinet.example")),
        ("From: a@client.example", None, Out("not of cabinet.example")),
        ("From: a@cabinet.example, b@evil.example", Some(&["cabinet.example"]), Out("several")),
    ];
    for (headers, signers, expected) in cases {
        check(Senders::Firm, signers, &[(headers, expected)]);
    }
}

#[test]
fn the_firm_is_told_by_the_word_of_a_trusted_server_where_no_sender_can_write() {
    let mail = |results: &str| format!("{results}\nFrom: anne@cabinet.example\n");
    let pass = "Authentication-Results: mx.cabinet.example; dkim=pass header.d=cabinet.example";
    let counts = [
        pass.to_owned(),
        pass.to_uppercase(),
        format!("Return-Path: <a@b.example>\nDelivered-To: x\n{pass}\nReceived: from y by mx with ESMTP"),
        format!("Received: from mx by imap with LMTP id 1\n{pass}\nReceived: from y by mx with ESMTP"),
        "Authentication-Results: mx.cabinet.example;\n dkim=fail header.d=cabinet.example;\n dkim=pass\n  (good) header.d=mail.cabinet.example".to_owned(),
        "Authentication-Results: mx.cabinet.example; dmarc=pass (p=none) header.from=cabinet.example".to_owned(),
        format!("Authentication-Results: other.example; dkim=fail\n{pass}"),
    ];
    for results in counts {
        check(Senders::Firm, None, &[(&mail(&results), In("mx.cabinet.example says d"))]);
    }
    let counts_not = [
        // Below the line of the server that took it in: the sender may have written it.
        format!("Received: from y by mx with ESMTP\n{pass}"),
        format!("Received: from y by mx with ESMTP\n{pass}\nReceived: from mx by imap with LMTP"),
        format!("Received: from y by imap with LMTP\nReceived: from y by mx with ESMTPS\n{pass}"),
        format!("X-{pass}"),
        pass.replace("mx.cabinet", "evil"),
        pass.replace("mx.cabinet.example;", "evil.example; mx.cabinet.example;"),
        pass.replace("; dkim", " (; dkim").replace("d=cab", "d=) cab"),
        pass.replace("dkim=pass", "dkim=fail"),
        pass.replace("dkim=pass", "dkim=pass/x"),
        pass.replace("dkim=", "spf="),
        pass.replace("header.d=", "header.i=@"),
        pass.replace("header.d=", "header.d=evil.example header.d="),
        pass.replace("d=cabinet.example", "d=evil-cabinet.example"),
        pass.replace("d=cabinet.example", "d=example"),
        pass.replace("dkim=pass", "x=y reason=\"; dkim=pass\""),
        "Authentication-Results: mx.cabinet.example; dmarc=pass header.from=evil.example"
            .to_owned(),
        "Authentication-Results: mx.cabinet.example; dmarc=pass header.from=sub.cabinet.example"
            .to_owned(),
        "Authentication-Results: mx.cabinet.example; none".to_owned(),
    ];
    for results in counts_not {
        check(Senders::Firm, None, &[(&mail(&results), Asks)]);
        check(Senders::Firm, Some(&[]), &[(&mail(&results), Out("no valid signature"))]);
    }
}

#[test]
fn a_domain_is_within_itself_and_those_above_it() {
    for (domain, of, within) in [
        ("cabinet.example", "CABINET.example", true),
        ("a.b.cabinet.example", FIRM, true),
        ("xcabinet.example", FIRM, false),
        (".cabinet.example", FIRM, false),
        ("..cabinet.example", FIRM, false),
        ("example", FIRM, false),
        ("", FIRM, false),
        ("x", "", false),
        ("a b.cabinet.example", FIRM, false),
        ("é.cabinet.example", FIRM, false),
    ] {
        assert_eq!(is_within(domain, of), within, "{domain} in {of}");
    }
}
