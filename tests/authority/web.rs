//! HTTP, as much of it as a client of OAuth needs: one request a connection.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::Authority;

/// A form's fields.
pub(crate) type Form = BTreeMap<String, String>;

/// A loopback port of its own.
pub(super) fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// Answers for as long as the process lives, on threads: no runtime waits for it.
pub(super) fn serve(listener: TcpListener, authority: Authority) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let authority = authority.clone();
            // A client that went away is no fault of the server's.
            std::thread::spawn(move || drop(answer(stream.unwrap(), &authority)));
        }
    });
}

/// The fields of `a=b&c=d`.
pub(super) fn form(text: &str) -> Form {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn answer(stream: TcpStream, authority: &Authority) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let Some((status, text)) = authority.answer(&path, &form(&String::from_utf8_lossy(&body)))
    else {
        return Ok(());
    };
    let answer = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{text}",
        text.len()
    );
    reader.into_inner().write_all(answer.as_bytes())
}
