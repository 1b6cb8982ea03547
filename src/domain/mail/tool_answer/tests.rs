//! What is read of an answer, and whose signature proves it.

use super::*;
use crate::domain::mail::invitation::HostName;
use crate::domain::mail::received::Part;

fn mail(kind: &str, text: &str) -> ReceivedMail {
    ReceivedMail {
        headers: Headers::read("From: a@tool.example\nSubject: x\n"),
        parts: vec![Part { media_type: kind.to_owned(), text: text.to_owned() }],
        body_digest: String::new(),
        files: Vec::new(),
        left_out: Vec::new(),
        raw: Vec::new(),
    }
}

#[test]
fn what_is_quoted_is_nobodys_own_words() {
    let quote = "refused";
    for (kind, text) in [
        ("text/plain", format!("ok\n> {quote}\n >> {quote}\n")),
        ("text/plain", format!("ok\n\nOn Monday, Léa wrote:\n{quote}\n")),
        ("text/plain", format!("ok\n\nLe lundi 2 mars, Léa\n<lea@x> a écrit :\n{quote}\n")),
        ("text/plain", format!("ok\n-----Message d’origine-----\n{quote}\n")),
        ("text/plain", format!("ok\nDe : Léa\nEnvoyé : lundi\n\n{quote}\n")),
        ("text/html", format!("<p>ok</p><blockquote><p>{quote}</p></blockquote>")),
        ("text/html", format!("<p>ok</p><div id=\"divRplyFwdMsg\">De</div><p>{quote}</p>")),
        ("text/html", format!("<title>{quote}</title><style>{quote}</style>ok")),
    ] {
        let answer = ToolAnswer::of(&mail(kind, &text));
        assert_eq!(answer.text.trim(), "ok", "{text}");
    }
    let answer = ToolAnswer::of(&mail("text/plain", "On the whole it was refused\nFrom: you\n"));
    assert!(answer.text.contains("refused") && answer.text.contains("From: you"));
    let answer = ToolAnswer::of(&mail("text/html", "<b>ref</b>used: <i>no</i> <1"));
    assert!(answer.text.contains("refused: no"), "{:?}", answer.text);
}

#[test]
fn a_document_is_named_by_its_whole_name() {
    let answer = ToolAnswer::of(&mail("text/plain", "Le fichier « Été 1.pdf » (b.pdf). c.pdf.zip"));
    for (name, named) in [
        ("été 1.pdf", true),
        ("ETE 1.PDF", true),
        ("1.pdf", true),
        ("b.pdf", true),
        ("c.pdf", false),
        ("pdf", false),
        ("", false),
    ] {
        assert_eq!(answer.names_document(name), named, "{name}");
    }
}

#[test]
fn a_signature_proves_what_its_domain_writes() {
    let rule = AnswerRule {
        from: vec![Writer::Domain(HostName::parse("tool.example").unwrap())],
        subject: None,
        text: None,
        means: Meaning::Read,
        because: None,
    };
    for (author, signer, proven) in [
        ("a@tool.example", "tool.example", true),
        ("a@mail.tool.example", "tool.example", true),
        ("a@tool.example", "mail.tool.example", true),
        ("a@mail.tool.example", "other.tool.example", false),
        ("a@tool.example", "example", false),
        ("a@tool.example", "xtool.example", false),
        ("a@other.example", "tool.example", false),
    ] {
        let author = Address::parse(author).unwrap();
        let found = rule.is_proven(&author, &[signer.to_owned()]);
        assert_eq!(found, proven, "{author} {signer}");
    }
}
