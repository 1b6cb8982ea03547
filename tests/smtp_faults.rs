//! What each way a mail server can fail means for a mail, and how often it has the mail then.

mod smtp_rows;
mod smtp_server;

use std::time::Duration;

use facteur::config::{Login, Security, SmtpConfig};
use facteur::domain::template::Address;
use facteur::ports::transport::{Mail, Transport as _};
use smtp_rows::Row;
use smtp_server::letters::{
    Authority, Gate, Kind, authority, config, content, kind, mail, transport,
};
use smtp_server::{Script, Server};
use tokio::time::Instant;

/// The first mail meets the fault; the second one must be met by a server in its right mind, on
/// a connection where no answer to the first one waits.
async fn try_row(row: Row, authority: &Authority) -> Result<(), String> {
    let good = Script { implicit_tls: row.script.implicit_tls, ..Script::good() };
    let good = match row.security {
        Security::Tls => Script { implicit_tls: true, ..good },
        Security::StartTls | Security::None => good,
    };
    let server = Server::new(vec![row.script, good]);
    let login = row.login.then(|| Login::password("robot", "secret"));
    let config = SmtpConfig { security: row.security, login, ..config(authority) };
    let transport = transport(&server, &config);
    let witness = row.witness.map(|_| Address::parse(WITNESS).expect("an address"));
    let first = Mail { witness, ..mail(1) };
    let gate = Gate::default();
    let (seen, words) = kind(&transport.send(&first, content(), &gate).await);
    let copies = server.log().mails.len();
    let name = row.name;
    if let Some(expected) = row.witness {
        witnessed(&server, &gate, expected).map_err(|wrong| format!("{name}: {wrong}"))?;
    }
    if (seen, copies) != (row.expected, row.copies) || !words.contains(row.says) {
        let expected = (row.expected, row.copies, row.says);
        return Err(format!("{name}: {seen:?}, {copies} copies, `{words}`; expected {expected:?}"));
    }
    if words.contains(char::is_control) || words.chars().count() > 500 || words.contains("secret") {
        return Err(format!("{name}: unfit for a log: {words:?}"));
    }
    let began = Instant::now();
    let second = transport.send(&mail(2), content(), &Gate::default()).await;
    if seen != Kind::Accepted && began.elapsed() > Duration::from_secs(1) {
        return Err(format!("{name}: the next mail had to wait for the connection of this one"));
    }
    let arrived = server.log().mails.last().is_some_and(|received| {
        received.bytes.windows(19).any(|window| window == b"<2@cabinet.example>")
    });
    if kind(&second).0 == Kind::Accepted && arrived {
        return Ok(());
    }
    // A server that offers too little, or is too small, is so at its second mail too.
    if seen == Kind::TooLarge { Ok(()) } else { Err(format!("{name}: then {second:?}")) }
}

/// The firm's own second recipient.
const WITNESS: &str = "quickbooks+witness@cabinet.example";

/// Every mail taken went to the tool, and to its witness as expected; the gate heard of a refusal.
fn witnessed(server: &Server, gate: &Gate, expected: bool) -> Result<(), String> {
    for received in server.log().mails {
        let [first, rest @ ..] = received.recipients.as_slice() else {
            return Err("no recipient".to_owned());
        };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let expected =
            if expected { vec!["RCPT TO:<quickbooks+witness@cabinet.example>"] } else { vec![] };
        if !first.starts_with("RCPT TO:<dupont@tool.example>") || rest != expected {
            return Err(format!("went to {:?}", received.recipients));
        }
        if received.bytes.windows(7).any(|window| window == b"witness") {
            return Err("the mail itself names its witness".to_owned());
        }
    }
    let heard = gate.unwitnessed.lock().expect("no test panicked with it");
    if heard.is_empty() == expected { Ok(()) } else { Err(format!("the gate heard {heard:?}")) }
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_outcome_and_spoils_no_later_mail() {
    let authority = authority();
    let rows = smtp_rows::all();
    assert!(rows.len() >= 40, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        wrong.extend(try_row(row, &authority).await.err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
