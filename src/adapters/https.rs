//! HTTPS: one request to a server that proves who it is, with a limit on its time and its bytes.
//!
//! Redirects are answers, not followed; every status is an answer. Plain HTTP goes to this machine
//! alone, and by no proxy; HTTPS goes by the proxy of the environment (`HTTPS_PROXY`), if any.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::http::Uri;
use ureq::Agent;
use ureq::config::{Config, ConfigBuilder};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

use super::tls::{TlsError, trusted};

/// A request with its whole body.
pub type Request = ::http::Request<Vec<u8>>;

/// An answer with its whole body.
pub type Response = ::http::Response<Vec<u8>>;

/// Limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Names, TCP and TLS.
    pub connect: Duration,
    /// The whole of it, the body included.
    pub whole: Duration,
    /// Bytes of an answer's body.
    pub body_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            whole: Duration::from_secs(30),
            body_bytes_max: 1_000_000,
        }
    }
}

/// Why there is no answer. No path and no parameter is in its words: they may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpsError {
    /// The address isn't one that may be asked.
    #[error("`{0}` is no address to ask: it needs https (http goes to this machine alone)")]
    Address(String),
    /// The answer has too many bytes.
    #[error("{host} answers with more than {bytes_max} bytes")]
    TooLarge {
        /// Who was asked.
        host: String,
        /// The limit.
        bytes_max: u64,
    },
    /// No connection, no proof, no answer in time, or no sense in it.
    #[error("{host} cannot be asked: {problem}")]
    Failed {
        /// Who was asked.
        host: String,
        /// What happened.
        problem: String,
    },
}

/// A client; cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Https {
    secure: Agent,
    plain: Agent,
    body_bytes_max: u64,
}

impl Https {
    /// Trusts the system's certificates and those of `ca_file`; connects nowhere.
    pub fn new(ca_file: Option<&Path>, limits: Limits) -> Result<Self, TlsError> {
        let roots = trusted(ca_file)?;
        let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let secure = limited(limits).https_only(true).tls_config(tls).build();
        let plain = limited(limits).proxy(None).build();
        Ok(Self {
            secure: secure.new_agent(),
            plain: plain.new_agent(),
            body_bytes_max: limits.body_bytes_max,
        })
    }

    /// Asks, and answers whatever the server answered.
    pub async fn ask(&self, request: Request) -> Result<Response, HttpsError> {
        let client = self.clone();
        let host = request.uri().host().unwrap_or("the server").to_owned();
        let asked = tokio::task::spawn_blocking(move || client.ask_blocking(request)).await;
        asked.unwrap_or_else(|died| Err(HttpsError::Failed { host, problem: died.to_string() }))
    }

    /// The same, on a thread that may wait.
    pub(super) fn ask_blocking(&self, request: Request) -> Result<Response, HttpsError> {
        let agent = match request.uri().scheme_str() {
            Some("https") => &self.secure,
            Some("http") if is_this_machine(request.uri()) => &self.plain,
            _ => return Err(HttpsError::Address(without_path(request.uri()))),
        };
        let host = request.uri().host().unwrap_or_default().to_owned();
        let failed = |error: ureq::Error| match error {
            ureq::Error::BodyExceedsLimit(bytes_max) => {
                HttpsError::TooLarge { host: host.clone(), bytes_max }
            }
            other => HttpsError::Failed { host: host.clone(), problem: other.to_string() },
        };
        let (parts, mut body) = agent.run(request).map_err(failed)?.into_parts();
        let body = body.with_config().limit(self.body_bytes_max).read_to_vec().map_err(failed)?;
        Ok(Response::from_parts(parts, body))
    }
}

fn limited(limits: Limits) -> ConfigBuilder<AgentScope> {
    Config::builder()
        .timeout_connect(Some(limits.connect))
        .timeout_global(Some(limits.whole))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        // A kept connection that died of its age would cost the next request.
        .max_idle_connections(0)
}

fn is_this_machine(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn without_path(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server that answers one request with these bytes; its port.
    fn answering(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let read = stream.read(&mut [0; 4096]).unwrap();
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        port
    }

    fn client(limits: Limits) -> Https {
        let key = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, key.cert.pem()).unwrap();
        Https::new(Some(&file), limits).unwrap()
    }

    async fn ask(address: &str, limits: Limits) -> Result<Response, HttpsError> {
        client(limits).ask(::http::Request::get(address).body(Vec::new()).unwrap()).await
    }

    #[tokio::test]
    async fn a_redirect_and_a_failure_are_answers() {
        for (answer, status) in [
            (
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                302,
            ),
            ("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", 500),
            ("HTTP/1.1 200 Ok\r\nContent-Length: 2\r\n\r\nok", 200),
        ] {
            let address = format!("http://127.0.0.1:{}/", answering(answer));
            let response = ask(&address, Limits::default()).await.unwrap();
            assert_eq!(response.status(), status);
        }
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut() {
        let limits = Limits { body_bytes_max: 10, ..Limits::default() };
        let port = answering("HTTP/1.1 200 Ok\r\n\r\n0123456789012345678901234567890123456789");
        let error = ask(&format!("http://127.0.0.1:{port}/"), limits).await.unwrap_err();
        assert_eq!(error, HttpsError::TooLarge { host: "127.0.0.1".to_owned(), bytes_max: 10 });
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/?token=hunter2", listener.local_addr().unwrap());
        let limits = Limits { whole: Duration::from_millis(50), ..Limits::default() };
        let error = ask(&address, limits).await.unwrap_err().to_string();
        assert!(error.contains("127.0.0.1") && error.contains("timeout"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[tokio::test]
    async fn only_this_machine_is_asked_without_tls() {
        for address in
            ["http://a.example/?hunter2", "ftp://127.0.0.1/", "http://127.evil.example/", "/x"]
        {
            let error = ask(address, Limits::default()).await.unwrap_err();
            assert!(matches!(error, HttpsError::Address(_)), "{address}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
