//! Links opened over real HTTPS: redirects are told and not followed, and certificates count.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use facteur::adapters::https::{Https, Limits};
use facteur::adapters::web::Browser;
use facteur::ports::web::{Web as _, WebAnswer};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server for `localhost` that answers each request with these bytes; its port, its
/// certificate, and the requests it got.
struct Server {
    port: u16,
    certificate: String,
    requests: tokio::sync::mpsc::UnboundedReceiver<String>,
}

async fn serve(answer: &'static str) -> Server {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, requests) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = vec![0; 4096];
            let Ok(count) = stream.read(&mut request).await else { continue };
            tell.send(String::from_utf8_lossy(&request[..count]).into_owned()).ok();
            stream.write_all(answer.as_bytes()).await.ok();
            stream.shutdown().await.ok();
        }
    });
    Server { port, certificate: made.cert.pem(), requests }
}

/// A client that trusts this certificate too.
fn browser(certificate: &str) -> Browser {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    Browser::over(Https::new(Some(&file), Limits::default()).unwrap())
}

#[tokio::test]
async fn a_redirect_is_told_and_the_tool_learns_nothing_of_the_robot() {
    let mut server = serve(
        "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 4\r\n\r\nmore",
    )
    .await;
    let address = format!("https://localhost:{}/join?token=1#part", server.port);
    let answer = browser(&server.certificate).get(&address).await.unwrap();
    let expected = WebAnswer {
        status: 302,
        location: Some("https://evil.example/".to_owned()),
        text: "more".to_owned(),
    };
    assert_eq!(answer, expected);
    let request = server.requests.recv().await.unwrap().to_lowercase();
    assert!(request.starts_with("get /join?token=1 http/1.1"), "{request}");
    for word in ["facteur", "ureq", "#part", "cookie", "referer"] {
        assert!(!request.contains(word), "{word}: {request}");
    }
}

#[tokio::test]
async fn a_page_is_handed_on_with_its_status() {
    for (answer, status) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nWelcome", 200),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 7\r\n\r\nWelcome", 410),
    ] {
        let server = serve(answer).await;
        let address = format!("https://localhost:{}/", server.port);
        let answer = browser(&server.certificate).get(&address).await.unwrap();
        assert_eq!((answer.status, answer.text.as_str()), (status, "Welcome"));
    }
}

#[tokio::test]
async fn a_server_that_proves_nothing_is_not_asked() {
    let mut server = serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let other = serve("HTTP/1.1 200 OK\r\n\r\n").await;
    let address = format!("https://localhost:{}/join?token=secret", server.port);
    let error = browser(&other.certificate).get(&address).await.unwrap_err();
    assert!(!error.contains("secret"), "{error}");
    let another_name = format!("https://127.0.0.1:{}/", server.port);
    assert!(browser(&server.certificate).get(&another_name).await.is_err());
    let bare = format!("http://localhost:{}/", server.port);
    assert!(browser(&server.certificate).get(&bare).await.is_err());
    assert!(server.requests.try_recv().is_err(), "nothing was said to it");
}
