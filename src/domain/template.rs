//! Addresses and the templates they are made from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::slug::Slug;

/// An e-mail address (RFC 5321 `local@domain`, ASCII), safe on an SMTP command line and in a
/// header: no spaces, quotes, control characters, brackets or commas.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no e-mail address: {problem}")]
pub struct AddressError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Address {
    /// Checks an address (RFC 5321 §4.1.2 dot-string; §4.5.3.1 lengths).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match Self::problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(problem) => Err(AddressError { text: text.escape_debug().to_string(), problem }),
        }
    }

    fn problem(text: &str) -> Option<&'static str> {
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Some("it has no `@`");
        };
        // RFC 5321 §4.5.3.1.3: 256 octets with the angle brackets.
        if text.len() > 254 {
            return Some("it has more than 254 characters");
        }
        let atext =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        if local.is_empty() || local.len() > 64 {
            return Some("the part before `@` must have 1 to 64 characters");
        }
        if !local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(atext)) {
            return Some("the part before `@` has a character that mail servers don't take");
        }
        if domain.len() > 253 || !domain.contains('.') && domain != "localhost" {
            return Some("the domain must be a full name, such as `cabinet.example`");
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if domain.split('.').all(label) { None } else { Some("the domain is malformed") }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same address with a detail at the end of its local part (RFC 5233); none where that
    /// makes it too long.
    pub fn with_detail(&self, separator: char, detail: &str) -> Option<Self> {
        let (local, domain) = self.0.rsplit_once('@')?;
        Self::parse(&format!("{local}{separator}{detail}@{domain}")).ok()
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

/// A text with `{slug}`, `{domain}`, `{app}`, `{inbox}` in it; every other character, the
/// separator too, is the firm's choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressTemplate(String);

/// Where the company's slug stands.
const SLUG: &str = "{slug}";

/// What a template's placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub struct Placeholders<'a> {
    /// The company's slug.
    pub slug: &'a Slug,
    /// The firm's domain.
    pub domain: &'a str,
    /// The app's id.
    pub app: &'a str,
    /// The inbox's name; empty where there is none.
    pub inbox: &'a str,
}

impl AddressTemplate {
    /// Checks a template by filling it with a sample; the error names what is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let template = Self(text.to_owned());
        let slug = Slug::parse("sample").expect("the sample slug is well-formed");
        let sample =
            Placeholders { slug: &slug, domain: "firm.example", app: "app", inbox: "inbox" };
        let filled = fill(text, &sample);
        if filled.contains(['{', '}']) {
            let problem = "it has a placeholder other than {slug}, {domain}, {app} and {inbox}";
            return Err(AddressError { text: text.to_owned(), problem });
        }
        Address::parse(&filled)
            .map(|_| template)
            .map_err(|error| AddressError { text: text.to_owned(), problem: error.problem })
    }

    /// The address for one company.
    pub fn address(&self, placeholders: &Placeholders<'_>) -> Result<Address, AddressError> {
        Address::parse(&fill(&self.0, placeholders))
    }

    /// Whether two companies get two addresses.
    pub fn names_the_company(&self) -> bool {
        self.0.contains(SLUG)
    }

    /// What stands at `{slug}` in an address made by this template, whether it is a slug or not;
    /// none when the template doesn't make the address. Case doesn't matter.
    pub fn slug_in(&self, address: &str, domain: &str) -> Option<String> {
        let address = address.to_lowercase();
        let text = self.0.to_lowercase().replace("{domain}", &domain.to_lowercase());
        let times = text.matches(SLUG).count();
        let literal_bytes = text.len() - times * SLUG.len();
        let bytes = address.len().checked_sub(literal_bytes)?.checked_div(times)?;
        let start = text.find(SLUG)?;
        let slug = address.get(start..start + bytes).filter(|slug| !slug.is_empty())?;
        (text.replace(SLUG, slug) == address).then(|| slug.to_owned())
    }

    /// The template as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fill(text: &str, with: &Placeholders<'_>) -> String {
    text.replace(SLUG, with.slug.as_str())
        .replace("{domain}", with.domain)
        .replace("{app}", with.app)
        .replace("{inbox}", with.inbox)
}

impl TryFrom<String> for AddressTemplate {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<AddressTemplate> for String {
    fn from(template: AddressTemplate) -> Self {
        template.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_fill_and_bad_ones_are_named() {
        let slug = Slug::parse("dupont").unwrap();
        let with =
            Placeholders { slug: &slug, domain: "cabinet.example", app: "inqom", inbox: "achats" };
        let filled =
            |text: &str| AddressTemplate::parse(text).unwrap().address(&with).unwrap().to_string();
        assert_eq!(filled("compta+{slug}@{domain}"), "compta+dupont@cabinet.example");
        assert_eq!(filled("{inbox}.{slug}@inqombox.com"), "achats.dupont@inqombox.com");
        assert_eq!(filled("{app}_{slug}@{domain}"), "inqom_dupont@cabinet.example");
        for text in [
            "{company}@x.fr",
            "{slug}",
            "{slug}@",
            "a b@x.fr",
            "{slug",
            "x@y",
            "a@b.fr\r\nBcc: z@z.fr",
        ] {
            assert!(AddressTemplate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_slug_is_read_out_of_an_address() {
        let slug = |template: &str, address: &str| {
            AddressTemplate::parse(template).unwrap().slug_in(address, "Cabinet.example")
        };
        for (template, address, expected) in [
            ("compta+{slug}@{domain}", "compta+dupont@cabinet.example", Some("dupont")),
            ("compta+{slug}@{domain}", "COMPTA+Dupont@CABINET.Example", Some("dupont")),
            ("compta+{slug}@{domain}", "compta+a.b@cabinet.example", Some("a.b")),
            ("compta+{slug}@{domain}", "compta+@cabinet.example", None),
            ("compta+{slug}@{domain}", "compta@cabinet.example", None),
            ("compta+{slug}@{domain}", "compta+dupont@other.example", None),
            ("{slug}@mail.example", "dupont@mail.example", Some("dupont")),
            ("{slug}.{slug}@mail.example", "dupont.dupont@mail.example", Some("dupont")),
            ("{slug}.{slug}@mail.example", "dupont.martin@mail.example", None),
            ("compta@{slug}.mail.example", "compta@dupont.mail.example", Some("dupont")),
            ("compta@mail.example", "compta@mail.example", None),
            ("{slug}@{domain}", "é@cabinet.example", Some("é")),
        ] {
            assert_eq!(slug(template, address).as_deref(), expected, "{template} {address}");
        }
    }

    #[test]
    fn addresses_cannot_inject() {
        for text in [
            "a@b.fr\r\nRCPT TO:<c@d.fr>",
            "a@b.fr>",
            "<a@b.fr",
            "a,b@c.fr",
            "\"a b\"@c.fr",
            "a@b.fr c@d.fr",
            "a@[127.0.0.1]",
            "é@b.fr",
            &format!("a@{}fra", "b.".repeat(125)),
            ".a@b.fr",
            "a..b@c.fr",
            "a@-b.fr",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        assert!(Address::parse("quickbooks+dupont-maconnerie@cabinet.example").is_ok());
    }
}
