//! DKIM signatures (RFC 6376), verified by mail-auth with keys from the name service.
//!
//! mail-auth verifies what it is shown; which signatures it is shown is our own: one that leaves
//! the `From` or the end of the body open proves nothing about who sent what, and a stranger may
//! write thousands of them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mail_auth::common::crypto::{Algorithm, HashAlgorithm};
use mail_auth::common::verify::VerifySignature as _;
use mail_auth::dkim::Signature;
use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
};
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DnsError, Error, MessageAuthenticator,
    Parameters, ResolverCache, Txt,
};
use tokio::time::timeout;

use crate::domain::mail::received::{HEAD_BYTES_MAX, Headers};
use crate::domain::mail::senders::{author, is_within};
use crate::domain::template::Address;
use crate::ports::origin::Origins;

/// Signatures of one mail that are verified; those of its From's domain come first.
const SIGNATURES_MAX: usize = 8;

/// Names in a signature's `h=`; each is looked for in all the headers.
const SIGNED_FIELDS_MAX: usize = 200;

/// How long one name server may take over one question, and how often it is asked.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
const QUESTIONS_MAX: usize = 2;

/// How long the signatures of one mail may take, all questions together.
const VERIFY_LIMIT: Duration = Duration::from_secs(30);

/// Fields that a mail has once (RFC 5322 §3.6, RFC 2045). Of two, one is signed and the other is
/// shown (RFC 6376 §8.15).
const SINGLE_FIELDS: [&str; 10] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Date",
    "Subject",
    "Message-ID",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// RFC 6376 §3.6.1, `t=y`: a domain that tests signing, to be treated as if it didn't sign.
const TESTING: u64 = 0x10;

/// RFC 8301 §3.2: a shorter RSA key proves nothing.
const KEY_BITS_MIN: usize = 1024;

/// Verifies signatures.
pub struct Signatures {
    /// None: those that the machine asks.
    name_server: Option<SocketAddr>,
    limit: Duration,
}

impl Default for Signatures {
    fn default() -> Self {
        Self { name_server: None, limit: VERIFY_LIMIT }
    }
}

impl Signatures {
    /// With another name server, and another limit for one mail: for tests.
    pub fn with_name_server(name_server: SocketAddr, limit: Duration) -> Self {
        Self { name_server: Some(name_server), limit }
    }

    /// Made anew for each mail, which are few: the machine's name servers may change meanwhile.
    fn authenticator(&self) -> Result<MessageAuthenticator, String> {
        let (config, mut options) = match self.name_server {
            None => read_system_conf().map_err(|error| error.to_string())?,
            Some(address) => (only(address), ResolverOpts::default()),
        };
        options.timeout = ANSWER_LIMIT;
        options.attempts = QUESTIONS_MAX;
        MessageAuthenticator::new(config, options).map_err(|error| error.to_string())
    }

    async fn verify(
        &self,
        message: &AuthenticatedMessage<'_>,
        author: &Address,
    ) -> Result<Vec<String>, String> {
        let authenticator = self.authenticator();
        let authenticator =
            authenticator.map_err(|error| format!("there is no name service: {error}"))?;
        let keys = Keys::default();
        let asked = Parameters::new(message).with_txt_cache(&keys);
        let outputs = timeout(self.limit, authenticator.verify_dkim(asked)).await;
        let outputs = outputs.map_err(|_| "the name service is too slow".to_owned())?;
        let mut signers = Vec::new();
        let mut silent = None;
        for output in &outputs {
            let Some(signature) = output.signature() else { continue };
            let domain = signature.d.to_ascii_lowercase();
            match output.result() {
                DkimResult::Pass if keys.is_good(signature) => signers.push(domain),
                _ if is_undecided(output) && is_aligned(author, &domain) => silent = Some(domain),
                _ => {}
            }
        }
        let proven = signers.iter().any(|domain| is_aligned(author, domain));
        match silent.filter(|_| !proven) {
            Some(domain) => {
                Err(format!("the name service doesn't say which keys {domain} signs with"))
            }
            None => Ok(signers),
        }
    }
}

#[async_trait::async_trait]
impl Origins for Signatures {
    async fn signers(&self, raw: &[u8]) -> Result<Vec<String>, String> {
        let Some((message, author)) = verifiable(raw) else { return Ok(Vec::new()) };
        if message.dkim_headers.is_empty() {
            return Ok(Vec::new());
        }
        self.verify(&message, &author).await
    }
}

/// A mail with the signatures that would prove something, and its one author.
fn verifiable(raw: &[u8]) -> Option<(AuthenticatedMessage<'_>, Address)> {
    let author = author(&Headers::as_written(raw)).ok()?;
    let head = raw.get(..HEAD_BYTES_MAX).unwrap_or(raw);
    let ends = |end: &[u8]| head.windows(end.len()).any(|window| window == end);
    if !ends(b"\n\r\n") && !ends(b"\n\n") {
        return None;
    }
    // A mail that breaks the parser has no signers.
    let parsed = catch_unwind(AssertUnwindSafe(|| AuthenticatedMessage::parse(raw)));
    let mut message = parsed.ok().flatten()?;
    // Both readers must see the same author, or a stranger could show each its own.
    let same = matches!(message.froms(), [from] if from.eq_ignore_ascii_case(author.as_str()));
    if !same || !SINGLE_FIELDS.iter().all(|name| count(&message, name) <= 1) {
        return None;
    }
    choose(&mut message, &author);
    Some((message, author))
}

fn count(message: &AuthenticatedMessage<'_>, name: &str) -> usize {
    let named = message
        .headers
        .iter()
        .filter(|(found, _)| found.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
    named.count()
}

/// Keeps the signatures that are worth a question, those of the author's domain first.
fn choose(message: &mut AuthenticatedMessage<'_>, author: &Address) {
    let AuthenticatedMessage { dkim_headers, body_hashes, .. } = message;
    dkim_headers.retain(|header| {
        let signature = &header.header;
        let hash = HashAlgorithm::from(signature.a);
        let right = body_hashes.iter().any(|(canonical, algorithm, length, digest)| {
            *canonical == signature.cb
                && *algorithm == hash
                && *length == signature.l
                && *digest == signature.bh
        });
        right && proves_the_author(signature)
    });
    dkim_headers.sort_by_key(|header| !is_aligned(author, &header.header.d));
    dkim_headers.truncate(SIGNATURES_MAX);
    for header in dkim_headers {
        // Neither reports to a stranger's address nor a third party's word is asked for.
        header.header.r = false;
        header.header.atps = None;
    }
}

/// Whether a right signature of this kind would prove who wrote the whole mail.
fn proves_the_author(signature: &Signature) -> bool {
    // RFC 8301 §3.1: SHA-1 proves nothing any more.
    let strong = match signature.a {
        Algorithm::RsaSha256 | Algorithm::Ed25519Sha256 => true,
        Algorithm::RsaSha1 => false,
    };
    let covers = signature.h.iter().any(|name| name.trim().eq_ignore_ascii_case("From"));
    // RFC 6376 §8.2: with `l=`, anything may stand behind what was signed.
    let whole = signature.l == 0;
    let few = signature.h.len() <= SIGNED_FIELDS_MAX;
    strong && covers && whole && few && is_within(&signature.d, &signature.d)
}

/// RFC 7489 §3.1.1, relaxed, without a list of public suffixes: one is the other or below it.
fn is_aligned(author: &Address, domain: &str) -> bool {
    is_within(author.domain(), domain) || is_within(domain, author.domain())
}

/// Whether another day might bring another answer.
fn is_undecided(output: &DkimOutput<'_>) -> bool {
    match output.result() {
        DkimResult::TempError(_) => true,
        DkimResult::PermError(Error::Dns(DnsError::RecordNotFound(code))) => {
            !matches!(*code, ResponseCode::NXDomain | ResponseCode::NoError)
        }
        DkimResult::Pass
        | DkimResult::Neutral(_)
        | DkimResult::Fail(_)
        | DkimResult::PermError(_)
        | DkimResult::None => false,
    }
}

fn only(address: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    let connections = connections.map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let server = NameServerConfig::new(address.ip(), true, connections.to_vec());
    ResolverConfig::from_name_servers(vec![server])
}

/// The keys that were asked for over one mail.
#[derive(Default)]
struct Keys(Mutex<HashMap<Box<str>, Txt>>);

impl Keys {
    /// Whether the key that a right signature was made with is one to believe.
    fn is_good(&self, signature: &Signature) -> bool {
        match self.get(signature.domain_key().to_ascii_lowercase().as_str()) {
            Some(Txt::DomainKey(key)) => {
                !key.has_flag(TESTING) && key.p.public_key_bits() >= KEY_BITS_MIN
            }
            _ => false,
        }
    }
}

impl ResolverCache<Box<str>, Txt> for Keys {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    fn insert(&self, key: Box<str>, value: Txt, _valid_until: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }
}
