//! The company of a collected mail: by the address it came to, never by what it says.

use std::collections::BTreeSet;

use super::address_list::addresses;
use super::received::Headers;
use crate::domain::path::spell;
use crate::domain::slug::Slug;
use crate::domain::template::AddressTemplate;

/// Fields in which servers write whom a mail was delivered to, the surest first; each server puts
/// its own on top of those that stand there.
const DELIVERY_FIELDS: [&str; 7] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "X-Forwarded-To",
    "Resent-To",
];

/// Fields in which the sender writes whom it is for, and how many addresses of each are looked at.
const SENDER_FIELDS: [(&str, usize); 2] = [("To", 5), ("Cc", 3)];

/// Delivery fields of one name looked at, from the top: a mail passes few servers.
const DELIVERIES_MAX: usize = 50;

/// Characters shown of what is no known slug.
const UNKNOWN_CHARS_MAX: usize = 64;

/// How addresses name companies.
#[derive(Debug, Clone, Copy)]
pub struct Addressing<'a> {
    /// The template of collection addresses.
    pub template: &'a AddressTemplate,
    /// The firm's domain.
    pub domain: &'a str,
    /// The mailbox's own address, which names no company.
    pub mailbox: &'a str,
    /// The slugs of the companies.
    pub known: &'a BTreeSet<Slug>,
}

/// Whose mail it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// This company's.
    One(Slug),
    /// It came to a collection address of no company; what stands there in place of a slug, as it
    /// can be shown.
    Unknown(String),
    /// It came to several companies.
    Ambiguous(Vec<Slug>),
    /// It came to no collection address.
    Nowhere,
}

impl Routed {
    /// Why only a person can say whose mail it is; none where it is known.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::One(_) => None,
            Self::Unknown(slug) => Some(format!("no company has the slug `{slug}`")),
            Self::Ambiguous(slugs) => {
                let slugs: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
                Some(format!("it was sent to several companies: {}", slugs.join(", ")))
            }
            Self::Nowhere => Some("it was sent to no collection address of a company".to_owned()),
        }
    }
}

/// The company of a mail with these headers: what the servers wrote, from the top, else what the
/// sender wrote. The subject doesn't matter, nor does Bcc.
pub fn slug_of(headers: &Headers, addressing: &Addressing<'_>) -> Routed {
    for name in DELIVERY_FIELDS {
        for field in headers.all(name).take(DELIVERIES_MAX) {
            match addressing.resolve(&addresses(field)) {
                Routed::Nowhere => {}
                routed @ (Routed::One(_) | Routed::Unknown(_) | Routed::Ambiguous(_)) => {
                    return routed;
                }
            }
        }
    }
    let named = SENDER_FIELDS.iter().flat_map(|(name, at_most)| {
        headers.all(name).flat_map(addresses).take(*at_most).collect::<Vec<String>>()
    });
    addressing.resolve(&named.collect::<Vec<String>>())
}

impl Addressing<'_> {
    /// Whose mail to all these addresses is.
    fn resolve(&self, addresses: &[String]) -> Routed {
        let mut known: Vec<Slug> = Vec::new();
        let mut unknown: Option<String> = None;
        for address in addresses {
            if address.eq_ignore_ascii_case(self.mailbox) {
                continue;
            }
            let Some(text) = self.template.slug_in(address, self.domain) else { continue };
            match Slug::parse(&text) {
                Ok(slug) if self.known.contains(&slug) => {
                    if !known.contains(&slug) {
                        known.push(slug);
                    }
                }
                Ok(_) | Err(_) => drop(unknown.get_or_insert(text)),
            }
        }
        // With `{slug}@…` any colleague's address looks like one of a company.
        let tells = !self.template.as_str().starts_with("{slug}@");
        match (known.len(), unknown) {
            (0, None) => Routed::Nowhere,
            (1, None) => Routed::One(known.remove(0)),
            (1, Some(_)) if !tells => Routed::One(known.remove(0)),
            (0 | 1, Some(text)) => {
                Routed::Unknown(spell(text.as_bytes()).chars().take(UNKNOWN_CHARS_MAX).collect())
            }
            (_, _) => Routed::Ambiguous(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(headers: &str) -> Routed {
        routed_by("compta+{slug}@{domain}", headers)
    }

    fn routed_by(template: &str, headers: &str) -> Routed {
        let template = AddressTemplate::parse(template).unwrap();
        let known = BTreeSet::from([slug("dupont"), slug("martin")]);
        let addressing = Addressing {
            template: &template,
            domain: "cabinet.example",
            mailbox: "documents@cabinet.example",
            known: &known,
        };
        slug_of(&Headers::read(headers), &addressing)
    }

    fn slug(text: &str) -> Slug {
        Slug::parse(text).unwrap()
    }

    #[test]
    fn the_company_is_the_one_the_mail_was_delivered_to() {
        for headers in [
            "To: compta+dupont@cabinet.example",
            "Cc: x@y.example, Compta <COMPTA+Dupont@Cabinet.Example>",
            "Delivered-To: compta+dupont@cabinet.example\nTo: compta+martin@cabinet.example",
            "X-Original-To: compta+dupont@cabinet.example\nTo: compta+martin@cabinet.example",
            "Delivered-To: box@host.example\nX-Original-To: compta+dupont@cabinet.example",
            "Delivered-To: box@host.example\nDelivered-To: compta+dupont@cabinet.example\n\
             Delivered-To: compta+martin@cabinet.example",
            "Envelope-To: compta+dupont@cabinet.example",
            "X-Forwarded-To: compta+dupont@cabinet.example\nTo: someone@client.example",
            "Resent-To: compta+dupont@cabinet.example\nTo: compta+martin@cabinet.example",
            "To: \"compta+martin@cabinet.example\" <compta+dupont@cabinet.example>",
            "To: Société: compta+dupont@cabinet.example (compta+martin@cabinet.example);",
            "To: \"compta+dupont\"@cabinet.example",
            "To: =?utf-8?Q?compta+martin=40cabinet.example=2C?= <compta+dupont@cabinet.example>",
            "To: compta+dupont@cabinet.example, compta+dupont@cabinet.example",
            "To: a@b.example\nTo: compta+dupont@cabinet.example",
        ] {
            assert_eq!(routed(headers), Routed::One(slug("dupont")), "{headers}");
        }
    }

    #[test]
    fn a_person_is_asked_where_nobody_can_know() {
        let both = Routed::Ambiguous(vec![slug("dupont"), slug("martin")]);
        let unknown = |text: &str| Routed::Unknown(text.to_owned());
        for (headers, expected) in [
            ("To: compta+dupont@cabinet.example, compta+martin@cabinet.example", both.clone()),
            ("To: compta+dupont@cabinet.example\nCc: compta+martin@cabinet.example", both.clone()),
            ("Envelope-To: compta+dupont@cabinet.example, compta+martin@cabinet.example", both),
            ("To: compta+dupnt@cabinet.example", unknown("dupnt")),
            ("To: compta+dupnt@cabinet.example, compta+dupont@cabinet.example", unknown("dupnt")),
            (
                "Delivered-To: compta+dupnt@cabinet.example\nTo: compta+dupont@cabinet.example",
                unknown("dupnt"),
            ),
            ("Subject: compta+dupont@cabinet.example\nTo: x@y.example", Routed::Nowhere),
            ("Bcc: compta+dupont@cabinet.example", Routed::Nowhere),
            ("To: compta+dupont@other.example", Routed::Nowhere),
            ("To: compta@cabinet.example", Routed::Nowhere),
            (
                "To: a@b.c, b@b.c, c@b.c, d@b.c, e@b.c, compta+dupont@cabinet.example",
                Routed::Nowhere,
            ),
            ("Cc: a@b.c, b@b.c, c@b.c, compta+dupont@cabinet.example", Routed::Nowhere),
            ("To: compta+\u{202e}x@cabinet.example", unknown("\\xe2\\x80\\xaex")),
            ("", Routed::Nowhere),
        ] {
            assert_eq!(routed(headers), expected, "{headers}");
        }
    }

    #[test]
    fn a_template_of_the_slug_alone_passes_colleagues_over() {
        let bare = |headers: &str| routed_by("{slug}@{domain}", headers);
        let to_both = "To: dupont@cabinet.example\nCc: jean.petit@cabinet.example";
        assert_eq!(bare(to_both), Routed::One(slug("dupont")));
        let own = "Delivered-To: documents@cabinet.example\nTo: dupont@cabinet.example";
        assert_eq!(bare(own), Routed::One(slug("dupont")));
        let nobody = "To: jean.petit@cabinet.example";
        assert_eq!(bare(nobody), Routed::Unknown("jean.petit".to_owned()));
    }
}
