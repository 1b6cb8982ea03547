//! Mails of the tests, and signatures made by hand: not by the code that verifies them.

use email_encoding::body::base64;
use mail_auth::common::crypto::{Ed25519Key, SigningKey as _};
use sha2::{Digest as _, Sha256};

use crate::name_server::Answer;

/// A mail whose fields and body are canonical as they stand (RFC 6376 §3.4).
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Letter {
    pub(crate) fn from(author: &str) -> Self {
        let fields = [("From", author), ("To", "compta@cabinet.example"), ("Subject", "Facture")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { fields: fields.to_vec(), body: "Bonjour\r\n".to_owned() }
    }

    pub(crate) fn on_top(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn raw(&self) -> Vec<u8> {
        let fields = self.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{}\r\n{}", fields.collect::<String>(), self.body).into_bytes()
    }
}

/// What a signature claims.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) domain: &'static str,
    pub(crate) selector: &'static str,
    pub(crate) fields: &'static str,
    /// Tags besides: `x=1; `.
    pub(crate) more: &'static str,
}

impl Default for Claim {
    fn default() -> Self {
        let fields = "from:to:subject";
        Self { domain: "cabinet.example", selector: "s", fields, more: "" }
    }
}

/// A key pair, made anew.
pub(crate) struct Signer(Ed25519Key);

impl Signer {
    pub(crate) fn new() -> Self {
        Self(Ed25519Key::from_pkcs8_der(&Ed25519Key::generate_pkcs8().unwrap()).unwrap())
    }

    /// What the name service says of it.
    pub(crate) fn published(&self) -> Answer {
        Answer::Text(format!("v=DKIM1; k=ed25519; p={}", encoded(&self.0.public_key())))
    }

    /// The mail with a signature on top (RFC 8463).
    pub(crate) fn signed(&self, letter: &Letter, claim: &Claim) -> Letter {
        let Claim { domain, selector, fields, more } = claim;
        let digest: [u8; 32] = Sha256::digest(letter.body.as_bytes()).into();
        let value = format!(
            "v=1; a=ed25519-sha256; c=relaxed/relaxed; d={domain}; s={selector}; \
             {more}h={fields}; bh={}; b=",
            encoded(&digest)
        );
        let signed = fields.split(':').filter_map(|name| {
            let mut fields = letter.fields.iter().rev();
            let (_, value) = fields.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
            Some(format!("{name}:{value}\r\n"))
        });
        let data = format!("{}dkim-signature:{value}", signed.collect::<String>());
        let signature = self.0.sign(data.as_bytes()).unwrap();
        letter.clone().on_top("DKIM-Signature", &format!("{value}{}", encoded(&signature)))
    }
}

fn encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    base64::encode(bytes, &mut text).unwrap();
    text.replace("\r\n", "")
}
