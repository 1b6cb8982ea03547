//! Mails that invite the bot: which of their links may ever be opened.

use std::sync::LazyLock;

use facteur::domain::mail::invitation::{
    Acceptance, HostName, InvitationRule, Link, Origin, Pattern, links, text,
};
use facteur::domain::mail::received::{Headers, Part, ReceivedMail};

use super::{Target, parts};

/// Headers, a page, a text, and where a server sends on to; a NUL between each two.
pub const TARGET: Target = Target {
    name: "invitations",
    check,
    words: &[
        "https://accounts.tool.example/",
        "accounts.tool.example",
        "@",
        "//",
        "\\\\",
        "https:",
        "http:",
        "javascript:",
        ":443",
        ":8443",
        "%2e",
        "。",
        "а",
        "xn--",
        "[::1]",
        "0x7f000001",
        "<a href=\"",
        "<a href='",
        "<A\nHREF=",
        "&#x2f;",
        "&sol;",
        "&commat;",
        "<base href=\"https://accounts.tool.example/\">",
        "<!--",
        "-->",
        "<script>",
        "<title>",
        "From: a@tool.example",
        "To: bot@cabinet.example",
        "Subject: invited",
        "\t",
        "\n",
        "\u{202e}",
        "\u{ad}",
    ],
};

const HOST: &str = "accounts.tool.example";
const BOT: &str = "bot@cabinet.example";

fn check(bytes: &[u8]) {
    let [headers, page, plain, location] = parts(bytes);
    let part = |media_type: &str, text: String| Part { media_type: media_type.to_owned(), text };
    let mail = ReceivedMail {
        headers: Headers::read(&headers),
        parts: vec![part("text/html", page.clone()), part("text/plain", plain)],
        body_digest: String::new(),
        files: Vec::new(),
        left_out: Vec::new(),
        raw: Vec::new(),
    };
    let rule = &*RULE;
    text(&mail);
    let found = links(&mail);
    for address in found.iter().chain([&location, &page]) {
        if let Ok(link) = Link::parse(address, &rule.hosts) {
            leads_to_the_tool(&link);
            if let Ok(further) = link.redirected(&location, &rule.hosts) {
                leads_to_the_tool(&further);
            }
        }
        assert!(Link::parse(address, &[]).is_err(), "nothing is on an empty list");
    }
    origins(rule, &mail);
    if let Ok(host) = HostName::parse(&location) {
        assert!(host.covers(&location) && host.as_str().contains('.'));
    }
    if let Ok(pattern) = Pattern::parse(&location) {
        pattern.finds(&page);
    }
}

/// As a program that knows no library would read it.
fn leads_to_the_tool(link: &Link) {
    let address = link.as_str();
    let behind = address.strip_prefix("https://").expect("by https alone");
    let host = behind.split(['/', '?', '#']).next().expect("there is a host");
    assert_eq!((host, link.host()), (HOST, HOST), "{address}");
    assert!(address.is_ascii() && !address.contains(|letter: char| letter.is_control()));
    let before_query = address.split(['?', '#']).next().unwrap_or_default();
    assert!(!before_query.contains(['\\', ' ', '"', '<', '>']), "{address}");
    assert!(!format!("{link:?}").contains("token"), "a link is told by `show` alone");
}

/// Whatever stands in a mail, it proves nothing of itself.
fn origins(rule: &InvitationRule, mail: &ReceivedMail) {
    let strangers = ["evil.example", "example", "eviltool.example", "tool.example.evil.example"];
    for signers in [&[][..], &strangers.map(str::to_owned)[..]] {
        let origin = rule.origin(mail, BOT, signers);
        assert!(matches!(origin, Origin::Unproven { recheck: false, .. }), "{origin:?}");
    }
    let signed = rule.origin(mail, BOT, &["tool.example".to_owned()]);
    if let Origin::Proven { link, .. } = signed {
        assert!(mail.headers.all("From").count() == 1 && mail.headers.all("To").count() == 1);
        if let Ok(link) = link {
            leads_to_the_tool(&link);
        }
    }
    rule.recognises(mail);
    rule.company_in(mail);
}

static RULE: LazyLock<InvitationRule> = LazyLock::new(|| {
    let host = |name| vec![HostName::parse(name).expect("a host")];
    InvitationRule {
        from: host("tool.example"),
        signed_by: host("tool.example"),
        subject: Pattern::parse("invited").expect("a pattern"),
        text: Some(Pattern::parse("books of (?<company>.+)").expect("a pattern")),
        hosts: host(HOST),
        link: None,
        accepted: None,
        accept: Acceptance::Robot,
        valid_for: chrono::TimeDelta::days(30),
    }
});
