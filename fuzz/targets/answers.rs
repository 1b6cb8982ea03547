//! Tools' answers: whatever a stranger writes, what is shown of it is one safe line, and only who
//! a rule names is believed.

use std::sync::LazyLock;

use facteur::adapters::mime;
use facteur::domain::delivery::envelope_in;
use facteur::domain::mail::invitation::{HostName, Pattern};
use facteur::domain::mail::tool_answer::{AnswerRule, Meaning, ToolAnswer, Writer};

use super::{Target, steers};

/// A whole mail.
pub const TARGET: Target = Target {
    name: "answers",
    check,
    words: &[
        "From: a@tool.example\r\n",
        "From: a@tool.example, b@other.example\r\n",
        "Subject: ",
        "In-Reply-To: <",
        "References: ",
        "Delivered-To: x+12-1-0123456789abcdef@cabinet.example\r\n",
        "12-1-0123456789abcdef",
        "Content-Type: text/html; charset=utf-8\r\n",
        "Content-Type: text/plain\r\n",
        "\r\n\r\n",
        "was refused: ",
        "facture.pdf",
        "\n> ",
        "On Monday, x wrote:\n",
        "-----Original Message-----",
        "<blockquote>",
        "</blockquote>",
        "<div class=\"gmail_quote\">",
        "<style>",
        "<title>",
        "<!--",
        "&#27;",
        "&#x202e;",
        "\x1b[2J",
        "\u{202e}",
        "\u{2028}",
        "\u{0}",
        "é",
        "İ",
    ],
};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

static RULE: LazyLock<AnswerRule> = LazyLock::new(|| AnswerRule {
    from: vec![Writer::Domain(HostName::parse("tool.example").expect("a domain"))],
    subject: None,
    text: Some(Pattern::parse("refused ?: ?(?<reason>[^\\n]+)").expect("an expression")),
    means: Meaning::Refused,
    because: None,
});

fn check(bytes: &[u8]) {
    let Ok(mail) = mime::parse(bytes) else { return };
    let answer = ToolAnswer::of(&mail);
    assert_eq!(ToolAnswer::of(&mail), answer);
    let reason = RULE.reason(&answer);
    assert!(reason.chars().count() <= REASON_CHARS_MAX);
    assert!(!reason.contains(steers), "{reason:?}");
    let is_theirs = answer.author.as_ref().is_some_and(|author| RULE.is_about(author));
    assert!(is_theirs || !RULE.fits(&answer), "{:?}", answer.author);
    if let Some(author) = &answer.author {
        assert!(!RULE.is_proven(author, &[]));
        assert!(!RULE.is_proven(author, &["other.example".to_owned()]));
    }
    // Our own words, quoted, are nobody's answer.
    assert!(!answer.text.lines().any(|line| line.trim_start().starts_with('>')));
    for name in ["facture.pdf", &answer.subject, "é", ""] {
        assert!(!answer.names_document(name) || !name.is_empty());
    }
    for envelope in &answer.envelopes {
        assert_eq!(envelope_in(&format!("{envelope}@x.example")), Some(envelope.as_str()));
    }
}
