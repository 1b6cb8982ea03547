//! A name service of the tests, on loopback: it says what it is told to, and counts questions.

#![allow(
    dead_code,
    reason = "each test file takes the part it needs; `expect` would fail where all is used"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mail_auth::hickory_resolver::proto::op::{Message, ResponseCode};
use mail_auth::hickory_resolver::proto::rr::rdata::TXT;
use mail_auth::hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Bytes of one string of a TXT record (RFC 1035 §3.3.14).
const STRING_BYTES_MAX: usize = 255;

/// What is said about a name. Of all others: there is no such name.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A TXT record.
    Text(String),
    /// Something is broken (SERVFAIL).
    Broken,
    /// Nothing at all.
    Silence,
}

/// A running name service; it ends when this is dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl NameServer {
    pub(crate) async fn start<'a>(answers: impl IntoIterator<Item = (&'a str, Answer)>) -> Self {
        let answers =
            answers.into_iter().map(|(name, answer)| (name.to_ascii_lowercase(), answer)).collect();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::default();
        let task = tokio::spawn(serve(socket, answers, Arc::clone(&asked)));
        Self { address, asked, task }
    }

    /// The names that were asked for, each once.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut names = self.asked.lock().unwrap().clone();
        names.sort();
        names.dedup();
        names
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    socket: UdpSocket,
    answers: BTreeMap<String, Answer>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let mut bytes = vec![0; 4096];
    while let Ok((size, from)) = socket.recv_from(&mut bytes).await {
        let Ok(question) = Message::from_vec(&bytes[..size]) else { continue };
        let name = question.queries[0].name().clone();
        let kind = question.queries[0].query_type();
        let spelled = name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
        asked.lock().unwrap().push(spelled.clone());
        let mut reply = question.into_response();
        match answers.get(&spelled) {
            Some(Answer::Text(text)) if kind == RecordType::TXT => {
                let strings = text.as_bytes().chunks(STRING_BYTES_MAX).collect();
                let text = RData::TXT(TXT::from_bytes(strings));
                reply.add_answer(Record::from_rdata(name, 60, text));
            }
            Some(Answer::Text(_)) => {}
            Some(Answer::Broken) => reply.metadata.response_code = ResponseCode::ServFail,
            Some(Answer::Silence) => continue,
            None => reply.metadata.response_code = ResponseCode::NXDomain,
        }
        let reply = reply.to_vec().unwrap();
        socket.send_to(&reply, from).await.unwrap();
    }
}
