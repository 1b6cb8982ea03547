//! `Authentication-Results` (RFC 8601): what the firm's own mail server found out about a mail.
//!
//! Anybody can write such a field into a mail. So it counts only where a sender can't write:
//! above the first `Received` of the server that took the mail in from outside.

use super::received::Headers;
use super::structured::{Token, tokens};

/// What one server says in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthResults {
    /// The server's authserv-id, in lower case.
    pub server: String,
    /// What it says, in its order; what nobody can read is left out.
    pub results: Vec<AuthResult>,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthResult {
    /// `dkim`, `dmarc`, …, in lower case.
    pub method: String,
    /// `pass`, `fail`, …, in lower case.
    pub result: String,
    /// `header.d` and the like, in lower case, with their values.
    properties: Vec<(String, String)>,
}

impl AuthResults {
    /// Reads the value of a field, unfolded. None: it names no server, or is of another version.
    pub fn parse(value: &str) -> Option<Self> {
        let tokens = tokens(value, ";=")?;
        let mut parts = tokens.split(|token| *token == Token::Special(';'));
        let server = match parts.next()? {
            [server] => server.text()?,
            // RFC 8601 §2.2: no version means 1; nobody knows what another one would mean.
            [server, version] if version.is_word("1") => server.text()?,
            _ => return None,
        };
        let results = parts.filter_map(AuthResult::read).collect();
        Some(Self { server: server.to_ascii_lowercase(), results })
    }

    /// The fields that the firm's own servers wrote, from the top, whoever they name.
    pub fn of_own_servers(headers: &Headers) -> Vec<Self> {
        let top = headers.0.iter().take_while(|(name, value)| {
            !name.eq_ignore_ascii_case("Received") || is_local_delivery(value)
        });
        let named = top.filter(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"));
        named.filter_map(|(_, value)| Self::parse(value)).collect()
    }
}

/// Whether a `Received` is of the way into the mailbox, within the house: LMTP never comes from
/// outside (RFC 2033 §5). It stands above what the receiving server wrote.
fn is_local_delivery(value: &str) -> bool {
    let Some(tokens) = tokens(value, ";") else { return false };
    let by = tokens.iter().position(|token| token.is_word("by"));
    let behind = by.and_then(|by| tokens.get(by + 2..by + 4));
    let Some([with, protocol]) = behind else { return false };
    let kinds = ["LMTP", "LMTPA", "LMTPS", "LMTPSA"];
    with.is_word("with") && kinds.iter().any(|kind| protocol.is_word(kind))
}

impl AuthResult {
    /// `dkim=pass reason="…" header.d=… header.i=…`.
    fn read(tokens: &[Token]) -> Option<Self> {
        let mut pairs = tokens.chunks_exact(3).map(|three| match three {
            [Token::Word(name), Token::Special('='), value] => {
                Some((name.to_ascii_lowercase(), value.text()?.to_owned()))
            }
            _ => None,
        });
        if !tokens.len().is_multiple_of(3) {
            return None;
        }
        let (method, result) = pairs.next()??;
        let properties = pairs.collect::<Option<Vec<_>>>()?;
        // `dkim/1`: a method with its version.
        let method = method.strip_suffix("/1").unwrap_or(&method).to_owned();
        Some(Self { method, result: result.to_ascii_lowercase(), properties })
    }

    /// The value of a property, where it stands there once.
    pub fn property(&self, name: &str) -> Option<&str> {
        let mut named = self.properties.iter().filter(|(found, _)| found == name);
        match (named.next(), named.next()) {
            (Some((_, value)), None) => Some(value),
            (None | Some(_), _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(value: &str) -> AuthResults {
        AuthResults::parse(value).unwrap_or_else(|| panic!("{value}"))
    }

    /// The method, the result and `header.d` of the first result.
    fn first(value: &str) -> (String, String, Option<String>) {
        let result = parse(value).results.remove(0);
        let domain = result.property("header.d").map(str::to_owned);
        (result.method, result.result, domain)
    }

    #[test]
    fn fields_as_servers_write_them_are_read() {
        for value in [
            "mx.a.example; dkim=pass header.d=b.example",
            "MX.a.example 1; DKIM=Pass header.D=b.example;",
            "\"mx.a.example\" (x; y) ; dkim = pass (2048-bit key; unprotected) header.d = b.example header.i=@b.example header.b=\"a=;b\"",
            "mx.a.example;\tdkim/1=pass reason=\"good; very = good\" header.d=\"b.example\"",
            "mx.a.example; dkim=pass header.d=b.example header.s=s1 header.b=AbC/+12; spf=pass smtp.mailfrom=\"x y\"@c.example",
        ] {
            assert_eq!(parse(value).server, "mx.a.example", "{value}");
            let (method, result, domain) = first(value);
            let read = (method.as_str(), result.as_str(), domain.as_deref());
            assert_eq!(read, ("dkim", "pass", Some("b.example")), "{value}");
        }
        assert!(parse("mx.a.example; none").results.is_empty());
    }

    #[test]
    fn what_nobody_can_read_says_nothing() {
        for value in ["", ";", "a b; dkim=pass", "a 2; dkim=pass", "a (x; dkim=pass", "a=b; c=d"] {
            assert_eq!(AuthResults::parse(value), None, "{value}");
        }
        // Left out whole, lest a part of a value be taken for a property.
        for part in [
            "dkim=pass header.d",
            "dkim=pass x header.d=b.example",
            "dkim pass",
            "=pass",
            "dkim==pass",
            "dkim=pass header.b=ab=c header.d=b.example",
        ] {
            assert!(parse(&format!("a; {part}")).results.is_empty(), "{part}");
        }
        let twice = "a; dkim=pass header.d=evil.example header.d=b.example";
        assert_eq!(parse(twice).results[0].property("header.d"), None);
    }

    #[test]
    fn only_what_stands_above_the_receiving_server_counts() {
        let cases = [
            ("Authentication-Results: mx; none\nReceived: x\n", 1),
            ("Received: from a by b with ESMTP\nAuthentication-Results: mx; none\n", 0),
            (
                "Received: from mail by imap (Dovecot) with LMTP id 1\nAuthentication-Results: mx; none\nReceived: by b\n",
                1,
            ),
            (
                "Received: from m by i with LMTPSA; now\nReceived: from by by b with LMTP\nAuthentication-Results: mx; none\n",
                0,
            ),
            ("Received: from a by b with ESMTP (with LMTP)\nAuthentication-Results: mx; none\n", 0),
            (
                "Received: from a (by x with LMTP by b with LMTP\nAuthentication-Results: mx; none\n",
                0,
            ),
            ("From: a\nAuthentication-Results: mx; none\nAuthentication-Results: my; none\n", 2),
        ];
        for (text, count) in cases {
            let found = AuthResults::of_own_servers(&Headers::read(text));
            assert_eq!(found.len(), count, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(value in "[a-z =;.()\"\\\\/@1]{0,80}") {
            AuthResults::parse(&value);
        }
    }
}
