//! Who a mail server must prove to be: rustls with the system's roots and the firm's own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::smtp::Stream;
use crate::config::Security;

/// Why a mail server's certificate could never be checked.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The `ca_file` cannot be read, or holds no certificate.
    #[error("cannot read certificates from `{}`: {problem}", file.display())]
    CaFile {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Neither the system nor the configuration trusts anybody.
    #[error(
        "this system has no root certificates: install them (package `ca-certificates`) or set `ca_file`"
    )]
    NoRoots,
    /// The host is neither a name nor an IP address.
    #[error("`{0}` is no host name that a certificate can be for")]
    Host(String),
    /// The TLS library refuses to work.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// The client's side of TLS for one host.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl Tls {
    /// What a server of the configuration asks for; none where nothing is encrypted.
    pub(super) fn new(
        host: &str,
        security: Security,
        ca_file: Option<&Path>,
    ) -> Result<Option<Self>, TlsError> {
        if security == Security::None {
            return Ok(None);
        }
        let host =
            ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Host(host.to_owned()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(ca_file)?)
            .with_no_client_auth();
        Ok(Some(Self { connector: TlsConnector::from(Arc::new(client)), host }))
    }

    /// Shakes hands; the certificate is valid, trusted and for the host when this is `Ok`.
    pub(super) async fn wrap(&self, stream: Box<dyn Stream>) -> std::io::Result<Box<dyn Stream>> {
        let connected = self.connector.connect(self.host.clone(), stream).await;
        Ok(Box::new(connected.map_err(with_remedy)?))
    }
}

/// An authority of the firm's own is trusted only where it is named.
fn with_remedy(error: std::io::Error) -> std::io::Error {
    let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    if cause != Some(&unknown) {
        return error;
    }
    let text = format!("{error}: if the authority is your own, name its certificate in `ca_file`");
    std::io::Error::new(error.kind(), text)
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system's that doesn't parse is left out: the others still count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|error| unusable(file, &error))?;
        }
    }
    if roots.is_empty() { Err(TlsError::NoRoots) } else { Ok(roots) }
}

/// The certificates of whom to trust: the system's, and those of the file.
pub(super) fn trusted(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    // Also finds what is wrong with the file.
    roots(ca_file)?;
    let mut trusted = rustls_native_certs::load_native_certs().certs;
    if let Some(file) = ca_file {
        trusted.extend(certificates(file)?);
    }
    Ok(trusted)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).map_err(|error| unusable(file, &error))?;
    let certificates =
        read.collect::<Result<Vec<_>, _>>().map_err(|error| unusable(file, &error))?;
    if certificates.is_empty() {
        return Err(unusable(file, &"it holds no certificate"));
    }
    Ok(certificates)
}

fn unusable(file: &Path, problem: &impl ToString) -> TlsError {
    TlsError::CaFile { file: file.to_owned(), problem: problem.to_string() }
}
