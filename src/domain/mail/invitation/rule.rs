//! A profile's rule for invitations: which mails are some, what proves their origin, and whose
//! link may be opened.

use chrono::TimeDelta;

use super::link::{Link, links, text};
use crate::domain::mail::received::{Headers, ReceivedMail};
use crate::domain::mail::report::addresses;
use crate::domain::names;

/// Bytes of a pattern as typed.
const PATTERN_BYTES_MAX: usize = 500;

/// Bytes of a compiled pattern.
const PATTERN_SIZE_MAX: usize = 1 << 20;

/// Characters of what a pattern finds.
const FOUND_CHARS_MAX: usize = 200;

/// The group of a pattern that holds the company's name.
const COMPANY_GROUP: &str = "company";

/// How a tool invites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRule {
    /// `From` is of one of these domains, or of one below.
    pub from: Vec<HostName>,
    /// A signature of one of these domains, or of one below, proves the origin.
    pub signed_by: Vec<HostName>,
    /// `Subject` matches this.
    pub subject: Pattern,
    /// The text matches this, where it is there.
    pub text: Option<Pattern>,
    /// The link that accepts leads to one of these hosts, exactly.
    pub hosts: Vec<HostName>,
    /// Of several links to them, the one that matches this.
    pub link: Option<Pattern>,
    /// What the page says once it is accepted; none: it is enough that it opens.
    pub accepted: Option<Pattern>,
    /// Who accepts.
    pub accept: Acceptance,
    /// How long after it was written it can be accepted.
    pub valid_for: TimeDelta,
}

/// Who accepts an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// A person.
    Person,
    /// The robot, by opening its link.
    Robot,
}

/// A domain or a host as DNS spells it, lower-case, with a dot in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);

impl HostName {
    /// Checks a name. International ones are written as DNS spells them (`xn--…`): what looks
    /// like a known name and isn't is told apart that way.
    pub fn parse(text: &str) -> Result<Self, String> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // A name that ends in digits alone is an address (WHATWG URL, "ends in a number").
        let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        let labels = || text.split('.');
        let is_name = text.len() <= 253
            && text.contains('.')
            && labels().all(label)
            && !labels().next_back().is_some_and(numeric);
        if is_name {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(format!("`{}` is no name of a host", text.escape_debug()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name is this one or below it.
    pub fn covers(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name.strip_suffix(&self.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// A regular expression of a profile, with its limits.
#[derive(Debug, Clone)]
pub struct Pattern {
    typed: String,
    regex: regex::Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.typed == other.typed
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Checks an expression of at most 500 bytes; case doesn't matter to it.
    pub fn parse(typed: &str) -> Result<Self, String> {
        if typed.is_empty() || typed.len() > PATTERN_BYTES_MAX {
            return Err(format!("a pattern has 1 to {PATTERN_BYTES_MAX} bytes"));
        }
        let built = regex::RegexBuilder::new(typed)
            .case_insensitive(true)
            .size_limit(PATTERN_SIZE_MAX)
            .dfa_size_limit(PATTERN_SIZE_MAX)
            .build();
        match built {
            Ok(regex) => Ok(Self { typed: typed.to_owned(), regex }),
            Err(error) => {
                let error = error.to_string();
                Err(error.lines().last().unwrap_or_default().trim().to_owned())
            }
        }
    }

    /// Whether it is found in a text.
    pub fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Whether it says where the company's name stands.
    pub fn names_the_company(&self) -> bool {
        self.regex.capture_names().flatten().any(|name| name == COMPANY_GROUP)
    }

    fn company(&self, text: &str) -> Option<String> {
        self.group(text, COMPANY_GROUP)
    }

    /// What a named group of it holds, on one line, cut; none where it is empty or isn't there.
    pub fn group(&self, text: &str, name: &str) -> Option<String> {
        let found = self.regex.captures(text)?.name(name)?;
        let words: Vec<&str> = found.as_str().split_whitespace().collect();
        let name: String = words.join(" ").chars().take(FOUND_CHARS_MAX).collect();
        (!name.is_empty()).then_some(name)
    }
}

/// What a mail's signatures say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It comes from the tool.
    Proven {
        /// The domain that signed it.
        signer: String,
        /// The link that accepts it; Err: why there is none, in words.
        link: Result<Link, String>,
    },
    /// Nobody can vouch for it.
    Unproven {
        /// In words.
        because: String,
        /// That may be another time.
        recheck: bool,
    },
}

impl Origin {
    /// It proves nothing, and never will.
    pub fn unproven(because: impl Into<String>) -> Self {
        Self::Unproven { because: because.into(), recheck: false }
    }

    /// It may prove something another time.
    pub fn unknown(because: impl Into<String>) -> Self {
        Self::Unproven { because: because.into(), recheck: true }
    }
}

impl InvitationRule {
    /// Whether a mail may be an invitation, by its headers alone.
    pub fn may_be(&self, headers: &Headers) -> bool {
        let subject = headers.first("Subject").unwrap_or_default();
        self.writer(headers).is_some() && self.subject.finds(subject)
    }

    /// Whether a mail is an invitation: what it says of itself, true or not.
    pub fn recognises(&self, mail: &ReceivedMail) -> bool {
        let says = || self.text.as_ref().is_none_or(|pattern| pattern.finds(&text(mail)));
        self.may_be(&mail.headers) && says()
    }

    /// The company, as the mail calls it.
    pub fn company_in(&self, mail: &ReceivedMail) -> Option<String> {
        let subject = mail.headers.first("Subject").unwrap_or_default();
        let in_text = || self.text.as_ref()?.company(&text(mail));
        self.subject.company(subject).or_else(in_text)
    }

    /// Whether it says where the company's name stands.
    pub fn names_the_company(&self) -> bool {
        let text = self.text.as_ref();
        self.subject.names_the_company() || text.is_some_and(Pattern::names_the_company)
    }

    /// The domain of the one writer, if it is the tool's.
    fn writer(&self, headers: &Headers) -> Option<String> {
        let fields: Vec<&str> = headers.all("From").collect();
        let [field] = fields.as_slice() else { return None };
        let found = addresses(field);
        let [address] = found.as_slice() else { return None };
        let (_, domain) = address.rsplit_once('@')?;
        let is_theirs = self.from.iter().any(|known| known.covers(domain));
        is_theirs.then(|| domain.to_ascii_lowercase())
    }

    /// What right signatures by these domains prove of a mail to `sender`.
    pub fn origin(&self, mail: &ReceivedMail, sender: &str, signers: &[String]) -> Origin {
        let Some(writer) = self.writer(&mail.headers) else {
            return Origin::unproven("it has no writer, or several");
        };
        // A tool's mail to somebody else, sent on, is signed too.
        let written_to: Vec<&str> = mail.headers.all("To").collect();
        let to_us = match written_to.as_slice() {
            [field] => addresses(field).iter().any(|to| to.eq_ignore_ascii_case(sender)),
            [] | [_, _, ..] => false,
        };
        if !to_us {
            return Origin::unproven(format!("it was not written to {sender}"));
        }
        let aligned = |signer: &&String| self.is_aligned(signer, &writer);
        match signers.iter().find(aligned) {
            Some(signer) => {
                Origin::Proven { signer: signer.to_ascii_lowercase(), link: self.link_in(mail) }
            }
            None => Origin::unproven(format!("it isn't signed by {}", self.signers_words())),
        }
    }

    /// A signature counts when one of the listed domains stands above both it and the writer, or
    /// below the writer (RFC 7489 §3.1.1, relaxed, by the list instead of a public one).
    fn is_aligned(&self, signer: &str, writer: &str) -> bool {
        let listed = self.signed_by.iter().filter(|known| known.covers(signer));
        let written_by = HostName(writer.to_owned());
        let mut aligned =
            listed.filter(|known| known.covers(writer) || written_by.covers(known.as_str()));
        aligned.next().is_some()
    }

    fn signers_words(&self) -> String {
        let names: Vec<&str> = self.signed_by.iter().map(HostName::as_str).collect();
        names.join(" or ")
    }

    /// The one link that accepts; Err: why there is none, in words.
    fn link_in(&self, mail: &ReceivedMail) -> Result<Link, String> {
        let mut found: Vec<Link> = Vec::new();
        for address in links(mail) {
            if let Ok(link) = Link::parse(&address, &self.hosts)
                && self.link.as_ref().is_none_or(|pattern| pattern.finds(link.as_str()))
                && !found.contains(&link)
            {
                found.push(link);
            }
        }
        match (found.pop(), found.len()) {
            (Some(link), 0) => Ok(link),
            (Some(_), others) => Err(format!("{} of its links could be the one", others + 1)),
            (None, _) => Err("none of its links leads to a listed host".to_owned()),
        }
    }

    /// Whether a mail's name of the company is this company's.
    pub fn is_named(&self, names: Option<&str>, name: &str, slug: &str) -> bool {
        match names {
            None => !self.names_the_company(),
            Some(named) => {
                let of_name = crate::domain::slug::Slug::from_name(named);
                names::fold(named) == names::fold(name)
                    || of_name.is_ok_and(|found| found.as_str() == slug)
            }
        }
    }
}

/// Where a mail was sent to: what the firm's own servers say, then the mail itself.
const RECIPIENT_FIELDS: [&str; 5] = ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"];

/// The addresses that a mail was sent to.
pub fn addressed(headers: &Headers) -> Vec<String> {
    let fields = RECIPIENT_FIELDS.iter().flat_map(|name| headers.all(name));
    fields.flat_map(addresses).collect()
}
