//! Addresses and their templates: nothing of a command line, a header or a list gets in.

use facteur::domain::slug::Slug;
use facteur::domain::template::{Address, AddressTemplate, Placeholders};

use super::{Target, parts};

/// A template, a company's name, a domain, an app and an inbox, a NUL between each two.
pub const TARGET: Target = Target {
    name: "templates",
    check,
    words: &[
        "{slug}",
        "{domain}",
        "{app}",
        "{inbox}",
        "{",
        "}",
        "{{",
        "@",
        "+",
        ".",
        "..",
        "\0",
        "<",
        ">",
        ",",
        "\r\nRCPT TO:<a@b.example>",
        "\nBcc: a@b.example",
        " ",
        "\"",
        "%",
        "é",
    ],
};

fn check(bytes: &[u8]) {
    let [template, name, domain, app, inbox] = parts(bytes);
    for text in [&template, &name, &domain] {
        if let Ok(address) = Address::parse(text) {
            assert_eq!(address.as_str(), text);
            assert_safe(&address);
        }
    }
    let slug = Slug::from_name(&name).or_else(|_| Slug::parse("acme")).expect("a slug");
    let Ok(template) = AddressTemplate::parse(&template) else { return };
    let plain = Placeholders { slug: &slug, domain: "firm.example", app: "dext", inbox: "achats" };
    let odd = Placeholders { slug: &slug, domain: &domain, app: &app, inbox: &inbox };
    for placeholders in [plain, odd] {
        if let Ok(address) = template.address(&placeholders) {
            assert_safe(&address);
            // In full, and so not another company's.
            let named = address.as_str().contains(slug.as_str());
            assert!(named || !template.names_the_company(), "{address} of {slug}");
        }
    }
}

/// One mailbox, on an SMTP command line (RFC 5321 §4.1.2) as in a header (RFC 5322 §3.4).
fn assert_safe(address: &Address) {
    let text = address.as_str();
    assert!((3..=254).contains(&text.len()), "{text:?}");
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    assert!(!text.contains(['<', '>', '(', ')', '[', ']', ',', ';', ':', '\\', '"']), "{text:?}");
    assert_eq!(text.matches('@').count(), 1, "{text:?}");
    assert!(text.parse::<lettre::Address>().is_ok(), "lettre refuses {text:?}");
    let stored = serde_json::to_string(address).expect("an address is JSON");
    assert_eq!(serde_json::from_str::<Address>(&stored).expect("and is read back"), *address);
}
