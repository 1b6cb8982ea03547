//! Links in mails of strangers, and the few of them that may ever be opened.

use std::fmt;

use html5gum::{Token, Tokenizer};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::rule::HostName;
use crate::domain::mail::received::ReceivedMail;

/// Links looked at in one mail.
const LINKS_MAX: usize = 500;

/// Bytes of a link.
const LINK_BYTES_MAX: usize = 4_000;

/// Characters of text looked at in one mail.
const TEXT_CHARS_MAX: usize = 200_000;

/// Pages of one mail that are taken apart.
const PAGES_MAX: usize = 10;

/// What cannot be in a link that stands in plain text.
const ENDS_A_LINK: [char; 6] = ['<', '>', '"', '`', '{', '}'];

/// An `https` address on a listed host. What is behind the host may be a secret: only `show`
/// tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Link(String);

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Link(https://{}/***)", self.host())
    }
}

impl Link {
    /// Checks an address: `https`, nobody's name or password before the host, the usual port, and
    /// a host that is on the list as it is, whatever it looks like.
    pub fn parse(text: &str, hosts: &[HostName]) -> Result<Self, String> {
        if text.len() > LINK_BYTES_MAX {
            return Err("the address is too long".to_owned());
        }
        let url = Url::parse(text).map_err(|error| format!("it is no address: {error}"))?;
        Self::check(&url, hosts)?;
        Ok(Self(url.into()))
    }

    /// Where a redirect (RFC 9110 §10.2.2) from here leads, if that may be opened too.
    pub fn redirected(&self, location: &str, hosts: &[HostName]) -> Result<Self, String> {
        if location.len() > LINK_BYTES_MAX {
            return Err("the address is too long".to_owned());
        }
        let here = Url::parse(&self.0).map_err(|error| error.to_string())?;
        let there = here.join(location).map_err(|error| format!("it is no address: {error}"))?;
        Self::check(&there, hosts)?;
        Ok(Self(there.into()))
    }

    fn check(url: &Url, hosts: &[HostName]) -> Result<(), String> {
        if url.scheme() != "https" {
            return Err(format!("`{}` is not https", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a name stands before its host".to_owned());
        }
        if url.port().is_some() {
            return Err("it has a port of its own".to_owned());
        }
        match url.host() {
            Some(Host::Domain(host)) if hosts.iter().any(|known| known.as_str() == host) => Ok(()),
            Some(host) => Err(format!("`{host}` is not on the list of hosts")),
            None => Err("it has no host".to_owned()),
        }
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, which is no secret.
    pub fn host(&self) -> &str {
        let behind = self.0.strip_prefix("https://").unwrap_or_default();
        behind.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

/// Every address that a person could follow from a mail, as it stands there: what a page's links
/// lead to (whatever they show), and what stands in plain text.
pub fn links(mail: &ReceivedMail) -> Vec<String> {
    let mut found = Vec::new();
    let mut pages = 0;
    for part in &mail.parts {
        match part.media_type.as_str() {
            "text/html" if pages < PAGES_MAX => {
                pages += 1;
                links_of_page(&part.text, &mut found);
            }
            "text/plain" => links_of_text(&part.text, &mut found),
            _ => {}
        }
    }
    found.truncate(LINKS_MAX);
    found
}

fn links_of_page(page: &str, found: &mut Vec<String>) {
    for Ok(token) in Tokenizer::new(page) {
        if found.len() >= LINKS_MAX {
            return;
        }
        if let Token::StartTag(tag) = token
            && tag.name.0 == b"a"
            && let Some(address) = tag.attributes.get(b"href".as_slice())
        {
            found.push(String::from_utf8_lossy(address).trim().to_owned());
        }
    }
}

fn links_of_text(text: &str, found: &mut Vec<String>) {
    let words = text.split(|letter: char| letter.is_whitespace() || ENDS_A_LINK.contains(&letter));
    for word in words {
        let Some(at) = word.find("https://").or_else(|| word.find("http://")) else { continue };
        if found.len() >= LINKS_MAX {
            return;
        }
        // A sentence goes on behind it.
        let address = word.get(at..).unwrap_or_default();
        found.push(
            address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']).to_owned(),
        );
    }
}

/// What a person reads in a mail.
pub fn text(mail: &ReceivedMail) -> String {
    let mut read = String::new();
    let mut pages = 0;
    for part in &mail.parts {
        if read.len() >= TEXT_CHARS_MAX {
            break;
        }
        match part.media_type.as_str() {
            "text/html" if pages < PAGES_MAX => {
                pages += 1;
                read_page(&part.text, &mut read);
            }
            "text/plain" => read.push_str(&part.text),
            _ => {}
        }
        read.push('\n');
    }
    read.chars().take(TEXT_CHARS_MAX).collect()
}

fn read_page(page: &str, read: &mut String) {
    for Ok(token) in Tokenizer::new(page) {
        match token {
            Token::String(text) => read.push_str(&String::from_utf8_lossy(&text)),
            Token::StartTag(_) | Token::EndTag(_) => read.push(' '),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
}
