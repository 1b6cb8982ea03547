//! What a browser brings back: at a port of this machine, or in a line that a person pastes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use url::Url;

/// Bytes of a browser's request; its first line is what counts.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// How long a browser may take to say it, and to hear the answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

const DONE: &str = "This worked: close this page and go back to the terminal.";
const REFUSED: &str = "Nobody was logged in: go back to the terminal.";
const STRANGE: &str = "This page belongs to no login that is going on.";

/// How the person's visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Returned {
    /// With a code that tokens are had for.
    Code(String),
    /// Without.
    Refused {
        /// What the server calls it.
        error: String,
        /// Its words.
        description: Option<String>,
    },
}

/// Waits for a browser that was sent back by this login. Others are answered and forgotten: any
/// page may send a browser here.
pub(super) async fn came_back(listener: &TcpListener, state: &str) -> io::Result<Returned> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let Ok(Ok(target)) = timeout(REQUEST_LIMIT, target(&mut stream)).await else { continue };
        let address = Url::parse(&format!("http://localhost{target}")).ok();
        let returned = address.and_then(|address| returned(&address, state).ok());
        let (status, words) = match &returned {
            Some(Returned::Code(_)) => ("200 OK", DONE),
            Some(Returned::Refused { .. }) => ("200 OK", REFUSED),
            None => ("404 Not Found", STRANGE),
        };
        let page = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{words}",
            words.len()
        );
        // The page is a courtesy.
        drop(timeout(REQUEST_LIMIT, stream.write_all(page.as_bytes())).await);
        if let Some(returned) = returned {
            return Ok(returned);
        }
    }
}

/// What a pasted line means: a whole address with this login's state, or the code alone, which is
/// good only for who began (RFC 7636). None: it is empty.
pub(super) fn pasted(line: &str, state: &str) -> Option<Result<Returned, &'static str>> {
    if line.is_empty() {
        return None;
    }
    if let Ok(address) = Url::parse(line) {
        return Some(returned(&address, state));
    }
    if line.contains(char::is_whitespace) || line.contains("code=") {
        return Some(Err("that is no address: paste the whole of it"));
    }
    Some(Ok(Returned::Code(line.to_owned())))
}

fn returned(address: &Url, state: &str) -> Result<Returned, &'static str> {
    let value = |name: &str| {
        let mut pairs = address.query_pairs();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    if value("state").as_deref() != Some(state) {
        return Err(
            "that address is of another login: open the one above, and paste where it ends",
        );
    }
    match (value("code"), value("error")) {
        (Some(code), None) => Ok(Returned::Code(code)),
        (_, Some(error)) => {
            Ok(Returned::Refused { error, description: value("error_description") })
        }
        (None, None) => Err("that address has no code"),
    }
}

/// The second word of a request's first line: `GET /?code=… HTTP/1.1`.
async fn target(stream: &mut TcpStream) -> io::Result<String> {
    let mut request = Vec::new();
    let mut block = [0; 2048];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut block).await?;
        if read == 0 || request.len() > REQUEST_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.extend_from_slice(block.get(..read).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&request);
    let target = text.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
    let target = target.filter(|target| target.starts_with('/'));
    target.map(str::to_owned).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_pasted_means_a_code_of_this_login_or_is_told_why_not() {
        let code = |code: &str| Some(Ok(Returned::Code(code.to_owned())));
        let refused = Returned::Refused { error: "no".to_owned(), description: None };
        let cases = [
            ("", None),
            ("4/0Ab_c", code("4/0Ab_c")),
            ("http://127.0.0.1:1/?code=a%2Fb&state=s", code("a/b")),
            ("http://localhost:1/?state=s&code=c&scope=x", code("c")),
            ("http://localhost:1/?state=s&error=no", Some(Ok(refused))),
        ];
        for (line, expected) in cases {
            assert_eq!(pasted(line, "s"), expected, "{line}");
        }
        for line in [
            "http://localhost:1/?code=c",
            "http://localhost:1/?code=c&state=S",
            "http://localhost:1/?state=s",
            "code=c&state=s",
            "/?code=c",
            "two words",
        ] {
            assert!(matches!(pasted(line, "s"), Some(Err(_))), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics_or_passes_without_the_state(line in "(http://l/[?])?[ -~é]{0,80}") {
            if let (true, Some(Ok(_))) = (line.starts_with("http:"), pasted(&line, "secret")) {
                prop_assert!(line.contains("secret"));
            }
        }
    }
}
