//! Reads a mailbox of the rig over IMAP with TLS, as a mail program would.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::Rig;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Reading a whole mailbox takes at most this.
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// Where the servers' own headers are.
const HEAD_BYTES_MAX: usize = 4_096;

/// All mails for `address`, oldest first.
pub(super) async fn read(rig: &Rig, address: &str) -> Result<Vec<Vec<u8>>, AnyError> {
    let (user, detail) = split_subaddress(address);
    let mails = tokio::time::timeout(READ_TIME_MAX, read_all(rig, &user)).await??;
    Ok(match detail {
        None => mails,
        Some(_) => mails.into_iter().filter(|mail| was_delivered_to(mail, address)).collect(),
    })
}

/// RFC 5233: `user+detail@domain` is a mail for the mailbox of `user@domain`.
fn split_subaddress(address: &str) -> (String, Option<&str>) {
    let (local, domain) = address.split_once('@').expect("an address has an @");
    match local.split_once('+') {
        None => (address.to_owned(), None),
        Some((user, detail)) => (format!("{user}@{domain}"), Some(detail)),
    }
}

async fn read_all(rig: &Rig, user: &str) -> Result<Vec<Vec<u8>>, AnyError> {
    let mut client = async_imap::Client::new(connect(rig).await?);
    client.read_response().await?.ok_or("the server didn't greet")?;
    let mut session = client.login(user, rig.password()).await.map_err(|(error, _)| error)?;
    let mut mails = Vec::new();
    // `1:*` of an empty mailbox is an error for some servers.
    if session.examine("INBOX").await?.exists > 0 {
        let fetched = session.fetch("1:*", "BODY.PEEK[]").await?;
        for mail in fetched.try_collect::<Vec<_>>().await? {
            mails.push(mail.body().ok_or("a mail came without its bytes")?.to_vec());
        }
    }
    session.logout().await?;
    Ok(mails)
}

async fn connect(rig: &Rig) -> Result<TlsStream<TcpStream>, AnyError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(rig.ca_file())?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect((rig.host(), rig.imaps_port())).await?;
    let name = ServerName::try_from(rig.host().to_owned())?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

/// Postfix writes whom it handed the mail to above it (`flags=DO`).
fn was_delivered_to(mail: &[u8], address: &str) -> bool {
    let head = String::from_utf8_lossy(mail.get(..HEAD_BYTES_MAX).unwrap_or(mail)).to_lowercase();
    head.contains(&format!("\ndelivered-to: {}\r\n", address.to_lowercase()))
}
