//! Who may send documents by mail, and how far anybody can know who sent one.

use super::auth_results::{AuthResult, AuthResults};
use super::received::Headers;
use super::structured::{Token, tokens};
use crate::domain::template::Address;

/// Who may send documents by mail; what others send goes to the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// Everyone.
    Everyone,
    /// Those who are named.
    Known,
    /// The firm's own people: its domain, with a signature or a trusted server's word for it.
    Firm,
}

/// A known sender: one address, or all of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownSender {
    /// `compta@fournisseur.example`.
    Address(Address),
    /// `@fournisseur.example`, lower-case and without the `@`.
    Domain(String),
}

impl KnownSender {
    fn covers(&self, author: &Address) -> bool {
        match self {
            Self::Address(known) => known.as_str().eq_ignore_ascii_case(author.as_str()),
            Self::Domain(known) => known.eq_ignore_ascii_case(author.domain()),
        }
    }
}

/// Whether a mail may become documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// It may; how that is known, in words.
    Yes(String),
    /// It may not; why, in words.
    No(String),
    /// Its signatures have to be verified first.
    NeedsSigners,
}

/// Who may send for one company.
#[derive(Debug, Clone)]
pub struct SenderRules<'a> {
    /// Who.
    pub senders: Senders,
    /// The known senders, of every company and of this one.
    pub known: Vec<&'a KnownSender>,
    /// The firm's domain; its subdomains are the firm too (RFC 7489 §3.1, relaxed).
    pub firm_domain: &'a str,
    /// Servers whose `Authentication-Results` are believed, by their authserv-id.
    pub trusted_servers: &'a [String],
}

impl SenderRules<'_> {
    /// Whether a mail with these headers (as they came, nothing decoded) may become documents.
    /// `signers`: the domains that signed it, once that is known.
    pub fn may_send(&self, headers: &Headers, signers: Option<&[String]>) -> Permission {
        if self.senders == Senders::Everyone {
            return Permission::Yes("everyone may send".to_owned());
        }
        let author = match author(headers) {
            Ok(author) => author,
            Err(because) => {
                return Permission::No(format!("nobody can say who sent it: {because}"));
            }
        };
        match self.senders {
            Senders::Everyone | Senders::Known => self.may_known(&author, headers),
            Senders::Firm => self.may_firm(&author, headers, signers),
        }
    }

    fn may_known(&self, author: &Address, headers: &Headers) -> Permission {
        if !self.known.iter().any(|known| known.covers(author)) {
            return Permission::No(format!("{author} is no known sender"));
        }
        let proof = self.vouched(author, headers, |domain| is_within(author.domain(), domain));
        let proof = proof.unwrap_or_else(|| "by its From alone, which anyone can write".to_owned());
        Permission::Yes(format!("{author} is a known sender, {proof}"))
    }

    fn may_firm(
        &self,
        author: &Address,
        headers: &Headers,
        signers: Option<&[String]>,
    ) -> Permission {
        let firm = self.firm_domain;
        if !is_within(author.domain(), firm) {
            return Permission::No(format!("{author} is not of {firm}"));
        }
        if let Some(proof) = self.vouched(author, headers, |domain| is_within(domain, firm)) {
            return Permission::Yes(format!("{author} is of {firm}, {proof}"));
        }
        let Some(signers) = signers else { return Permission::NeedsSigners };
        match signers.iter().find(|domain| is_within(domain, firm)) {
            Some(domain) => {
                Permission::Yes(format!("{author} is of {firm}, signed (DKIM) by {domain}"))
            }
            None => Permission::No(format!(
                "it says that {author} sent it, and bears no valid signature of {firm}"
            )),
        }
    }

    /// What a trusted server says for the author; `aligned` tells whose signatures speak for it.
    fn vouched(
        &self,
        author: &Address,
        headers: &Headers,
        aligned: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let from = |domain: &str| domain.eq_ignore_ascii_case(author.domain());
        for found in AuthResults::of_own_servers(headers) {
            let mut trusted = self.trusted_servers.iter();
            let Some(server) = trusted.find(|server| server.eq_ignore_ascii_case(&found.server))
            else {
                continue;
            };
            let proof = found.results.iter().find_map(|result| proof(result, &aligned, from));
            if let Some(proof) = proof {
                return Some(format!("{server} says {proof}"));
            }
        }
        None
    }
}

fn proof(
    result: &AuthResult,
    aligned: impl Fn(&str) -> bool,
    from: impl Fn(&str) -> bool,
) -> Option<String> {
    let spoken_for = |property| result.property(property).map(str::to_ascii_lowercase);
    match (result.method.as_str(), result.result.as_str()) {
        ("dkim", "pass") => {
            let domain = spoken_for("header.d").filter(|domain| aligned(domain))?;
            Some(format!("dkim=pass header.d={domain}"))
        }
        ("dmarc", "pass") => {
            let domain = spoken_for("header.from").filter(|domain| from(domain))?;
            Some(format!("dmarc=pass header.from={domain}"))
        }
        _ => None,
    }
}

/// Whether a domain is another one, or one below it.
pub fn is_within(domain: &str, of: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if of.is_empty() || !domain.bytes().all(plain) {
        return false;
    }
    let (domain, of) = (domain.to_ascii_lowercase(), of.to_ascii_lowercase());
    domain.strip_suffix(&of).is_some_and(|rest| {
        rest.is_empty() || rest.len() > 1 && rest.ends_with('.') && !rest.starts_with('.')
    })
}

/// The one address of a mail's one `From`, of headers as they came. Err, in words.
pub fn author(headers: &Headers) -> Result<Address, &'static str> {
    let mut fields = headers.all("From");
    let from = fields.next().ok_or("it has no From")?;
    if fields.next().is_some() {
        return Err("it has several From");
    }
    sole_address(from)
}

/// The address of a field with one mailbox in it (RFC 5322 §3.4).
pub fn sole_address(value: &str) -> Result<Address, &'static str> {
    const UNREADABLE: &str = "its From cannot be read";
    let tokens = tokens(value, "<>,:;").ok_or(UNREADABLE)?;
    let specials: String = tokens.iter().filter_map(special).collect();
    let address = match (specials.as_str(), tokens.as_slice()) {
        ("", [Token::Word(address)])
        | ("<>", [.., Token::Special('<'), Token::Word(address), Token::Special('>')]) => address,
        (_, _) if specials.contains([',', ':', ';']) => {
            return Err("its From names several senders");
        }
        (_, _) => return Err(UNREADABLE),
    };
    Address::parse(address).map_err(|_| UNREADABLE)
}

fn special(token: &Token) -> Option<char> {
    match token {
        Token::Special(letter) => Some(*letter),
        Token::Word(_) | Token::Quoted(_) => None,
    }
}

#[cfg(test)]
mod tests;
