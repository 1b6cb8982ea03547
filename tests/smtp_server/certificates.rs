//! A private authority, and the certificates a server may show.

use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// For `mail.server.example` and `localhost`, by our authority.
    Good,
    /// For another host.
    OtherName,
    /// Of the past.
    Expired,
    /// By an authority that nobody trusts.
    UnknownAuthority,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }
}

static OURS: LazyLock<Authority> = LazyLock::new(|| Authority::new("ours"));
static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("a stranger"));

/// The certificate of our authority, for `ca_file`.
pub(crate) fn authority_pem() -> &'static str {
    &OURS.pem
}

pub(super) fn server(certificate: Certificate) -> Arc<ServerConfig> {
    let names = match certificate {
        Certificate::OtherName => vec!["other.example".to_owned()],
        Certificate::Good | Certificate::Expired | Certificate::UnknownAuthority => {
            vec!["mail.server.example".to_owned(), "localhost".to_owned()]
        }
    };
    let mut params = CertificateParams::new(names).unwrap();
    if certificate == Certificate::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let authority = if certificate == Certificate::UnknownAuthority { &*STRANGER } else { &*OURS };
    let key = KeyPair::generate().unwrap();
    let signed = params.signed_by(&key, &authority.issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key)
        .unwrap();
    Arc::new(config)
}
