//! What goes over the line to a mail server, when, and on how many connections.

mod smtp_server;

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use facteur::adapters::compose::compose;
use facteur::adapters::smtp::SmtpTransport;
use facteur::config::{Login, Security, SmtpConfig};
use facteur::ports::transport::{DotGate, Mail, Outcome, Stop, Transport as _};
use sha2::{Digest as _, Sha256};
use smtp_server::letters::{
    DOCUMENT_BYTES, Gate, Kind, authority, config, content, document, kind, mail, transport,
};
use smtp_server::{Act, Script, Server};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn the_server_gets_the_composed_bytes_and_one_recipient() {
    let authority = authority();
    let server = Server::new(vec![Script {
        offers: ["SIZE 50000000", "dsn"].map(str::to_owned).to_vec(),
        ..Script::good()
    }]);
    let transport = transport(&server, &config(&authority));
    let gate = Gate::default();
    let mail = mail(1);
    let outcome = transport.send(&mail, content(), &gate).await;
    assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    let log = server.log();
    let received = &log.mails[0];
    let size = transport.size_of(&mail);
    assert_eq!(received.bytes.len() as u64, size);
    let composed = compose(&mail);
    assert!(received.bytes.starts_with(&composed.head) && received.bytes.ends_with(&composed.tail));
    let parsed = mail_parser::MessageParser::new().parse(&received.bytes).unwrap();
    assert_eq!(parsed.attachment(0).unwrap().contents(), document());
    let from = "MAIL FROM:<quickbooks+dupont@cabinet.example>";
    assert_eq!(received.mail, format!("{from} SIZE={size} RET=HDRS ENVID=d1"));
    let to = "RCPT TO:<dupont@tool.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;dupont@tool.example";
    assert_eq!(received.recipients, [to]);
    let digest: [u8; 32] = Sha256::digest(document()).into();
    assert_eq!(*gate.asked.lock().unwrap(), [(digest, DOCUMENT_BYTES as u64)]);
    assert_eq!(log.commands[0], (false, "EHLO cabinet.example".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_test_mail_without_attachment_is_sent() {
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let transport = transport(&server, &config(&authority));
    let mail = Mail { attachment: None, ..mail(1) };
    let gate = Gate::default();
    let outcome = transport.send(&mail, Box::new(std::io::empty()), &gate).await;
    assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    assert_eq!(server.log().mails[0].bytes, compose(&mail).head);
    assert_eq!(*gate.asked.lock().unwrap(), [(Sha256::digest(b"").into(), 0)]);
}

/// What is read, and why the mail must not get its dot.
#[tokio::test(start_paused = true)]
async fn a_stopped_mail_gets_no_dot() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("input/output error"))
        }
    }
    let authority = authority();
    let cancelled = Stop::Gate("cancelled".to_owned());
    let unreadable = Stop::Unreadable("input/output error".to_owned());
    let cases: [(Box<dyn Read + Send>, Option<Stop>, Stop); 5] = [
        (content(), Some(cancelled.clone()), cancelled),
        (Box::new(std::io::Cursor::new([document(), vec![0]].concat())), None, Stop::Changed),
        (Box::new(std::io::repeat(1)), None, Stop::Changed),
        (Box::new(Broken), None, unreadable.clone()),
        (Box::new(std::io::Cursor::new(document()).take(200_000).chain(Broken)), None, unreadable),
    ];
    for (content, stop, expected) in cases {
        let server = Server::new(vec![Script::good()]);
        let transport = transport(&server, &config(&authority));
        let gate = Gate { stop, ..Gate::default() };
        let outcome = transport.send(&mail(1), content, &gate).await;
        assert_eq!(outcome, Outcome::Stopped(expected));
        assert_eq!(server.log().mails.len(), 0);
        let began = Instant::now();
        let second = transport.send(&mail(2), self::content(), &Gate::default()).await;
        assert_eq!(kind(&second).0, Kind::Accepted);
        assert_eq!(server.log().connections, 2);
        assert!(began.elapsed().is_zero(), "the first connection is not even tried again");
    }
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_no_other_mail() {
    struct Hanging(mpsc::Receiver<()>);
    impl Read for Hanging {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            self.0.recv().map_err(std::io::Error::other)?;
            Ok(0)
        }
    }
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let transport = transport(&server, &config(&authority));
    let (release, hanging) = mpsc::channel();
    let (mails, gate) = ([mail(1), mail(2)], Gate::default());
    let first = transport.send(&mails[0], Box::new(Hanging(hanging)), &gate);
    let second = async {
        let outcome = transport.send(&mails[1], content(), &gate).await;
        release.send(()).unwrap();
        outcome
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((kind(&first).0, kind(&second).0), (Kind::Accepted, Kind::Accepted));
    assert!(server.log().mails[0].bytes.len() > server.log().mails[1].bytes.len());
}

#[tokio::test(start_paused = true)]
async fn a_document_that_shrank_is_for_the_gate_to_judge() {
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let transport = transport(&server, &config(&authority));
    let gate = Gate { stop: Some(Stop::Changed), ..Gate::default() };
    let outcome = transport.send(&mail(1), Box::new(&b"abc"[..]), &gate).await;
    assert_eq!(outcome, Outcome::Stopped(Stop::Changed));
    assert_eq!(*gate.asked.lock().unwrap(), [(Sha256::digest(b"abc").into(), 3)]);
}

#[tokio::test(start_paused = true)]
async fn no_report_speaks_of_the_witness() {
    let authority = authority();
    let offers = ["SIZE 50000000", "DSN"].map(str::to_owned).to_vec();
    let server = Server::new(vec![Script { offers, ..Script::good() }]);
    let transport = transport(&server, &config(&authority));
    let witness = Some("witness@cabinet.example".to_owned().try_into().unwrap());
    let outcome = transport.send(&Mail { witness, ..mail(1) }, content(), &Gate::default()).await;
    assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    let recipients = server.log().mails[0].recipients.clone();
    assert_eq!(recipients[1], "RCPT TO:<witness@cabinet.example> NOTIFY=NEVER");
    assert!(recipients[0].contains("NOTIFY=FAILURE,DELAY"), "{recipients:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_while_the_gate_is_asked_gets_no_dot() {
    struct HangUp(Server);
    #[async_trait::async_trait]
    impl DotGate for HangUp {
        async fn open(&self, _: [u8; 32], _: u64) -> Result<(), Stop> {
            self.0.hang_up().await;
            Ok(())
        }
    }
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let transport = transport(&server, &config(&authority));
    let outcome = transport.send(&mail(1), content(), &HangUp(server.clone())).await;
    assert_eq!(kind(&outcome).0, Kind::Deferred, "{outcome:?}");
    assert_eq!(server.log().mails.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_after_the_dot_leaves_no_connection_behind() {
    let authority = authority();
    let silent = Script { dot: Act::Silence, ..Script::good() };
    let server = Server::new(vec![silent, Script::good()]);
    let transport = transport(&server, &config(&authority));
    let gate = Gate::default();
    let mail_1 = mail(1);
    let call = transport.send(&mail_1, content(), &gate);
    tokio::time::timeout(Duration::from_mins(1), call).await.unwrap_err();
    let outcome = transport.send(&mail(2), content(), &gate).await;
    assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    assert_eq!((server.log().connections, server.log().mails.len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_connection_serves_mails_in_a_row_and_is_not_kept_long() {
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let transport = transport(&server, &config(&authority));
    for number in 1..=3 {
        let outcome = transport.send(&mail(number), content(), &Gate::default()).await;
        assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    }
    assert_eq!((server.log().connections, server.log().mails.len()), (1, 3));
    tokio::time::timeout(Duration::from_secs(10), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(server.log().open, 0);
    assert_eq!(server.log().commands.last().unwrap().1, "QUIT");
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_died_costs_the_mail_nothing() {
    let authority = authority();
    // Hangs up once MAIL comes: unnoticed until then.
    let ends = [Act::SayAndClose("421 too many mails\r\n"), Act::Close, Act::Say("503 no\r\n")];
    for mail_again in ends {
        let server = Server::new(vec![Script { mail_again, ..Script::good() }, Script::good()]);
        let transport = transport(&server, &config(&authority));
        let first = transport.send(&mail(1), content(), &Gate::default()).await;
        assert_eq!(kind(&first).0, Kind::Accepted);
        let second = transport.send(&mail(2), content(), &Gate::default()).await;
        assert_eq!(kind(&second).0, Kind::Accepted, "{mail_again:?}: {second:?}");
        assert_eq!((server.log().connections, server.log().mails.len()), (2, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_connections_than_allowed() {
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let config = SmtpConfig { connections: 2, ..config(&authority) };
    let transport = transport(&server, &config);
    let gate = Gate::default();
    let mails: Vec<Mail> = (1..=9).map(mail).collect();
    let calls = mails.iter().map(|mail| transport.send(mail, content(), &gate));
    for outcome in futures::future::join_all(calls).await {
        assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    }
    assert_eq!((server.log().open_max, server.log().mails.len()), (2, 9));
    assert_eq!(transport.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_but_ehlo_and_starttls_goes_in_clear() {
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let login = Some(Login::password("robot", "secret"));
    let config = SmtpConfig { security: Security::StartTls, login, ..config(&authority) };
    let transport = transport(&server, &config);
    let outcome = transport.send(&mail(1), content(), &Gate::default()).await;
    assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    let commands = server.log().commands;
    let clear: Vec<&str> =
        commands.iter().filter(|(encrypted, _)| !encrypted).map(|(_, line)| &**line).collect();
    assert_eq!(clear, ["EHLO cabinet.example", "STARTTLS"]);
    assert!(commands.iter().any(|(encrypted, line)| *encrypted && line.starts_with("AUTH PLAIN")));
}

#[tokio::test(start_paused = true)]
async fn a_probe_logs_in_and_sends_nothing() {
    let authority = authority();
    let refusing = Script { auth: Act::Say("535 no\r\n"), ..Script::good() };
    let server = Server::new(vec![Script::good(), refusing]);
    let login = Some(Login::password("robot", "secret"));
    let config = SmtpConfig { login, ..config(&authority) };
    let transport = transport(&server, &config);
    let probe = transport.probe().await;
    assert_eq!(probe.destination, "mail.server.example:25");
    assert_eq!(probe.result, Ok("235 welcome".to_owned()));
    assert_eq!(server.log().commands.last().unwrap().1, "QUIT");
    let refused = transport.probe().await.result.unwrap_err();
    assert_eq!(refused, "AUTH: the login was refused: 535 no");
    assert_eq!(server.log().mails.len(), 0);
    assert_eq!(transport.destination(), "smtp:mail.server.example:25");
}

#[tokio::test]
async fn over_tcp_mails_arrive_and_a_closed_port_is_unreachable() {
    let authority = authority();
    let server = Server::new(vec![Script::good()]);
    let address = server.listen().await;
    let login = Some(Login::password("robot", "secret"));
    let config = SmtpConfig {
        host: "localhost".to_owned(),
        port: address.port(),
        security: Security::StartTls,
        login,
        ..config(&authority)
    };
    let transport = SmtpTransport::new(&config, "cabinet.example").unwrap();
    let outcome = transport.send(&mail(1), content(), &Gate::default()).await;
    assert_eq!(kind(&outcome).0, Kind::Accepted, "{outcome:?}");
    assert_eq!(server.log().mails[0].bytes.len() as u64, transport.size_of(&mail(1)));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = SmtpConfig { port: closed.port(), ..config };
    let transport = SmtpTransport::new(&config, "cabinet.example").unwrap();
    let outcome = transport.send(&mail(1), content(), &Gate::default()).await;
    assert_eq!(kind(&outcome).0, Kind::Unreachable, "{outcome:?}");
}

#[tokio::test]
async fn nothing_goes_unencrypted_to_another_machine() {
    let authority = authority();
    // TEST-NET-1 (RFC 5737): were it tried, the test would wait for it.
    let config = SmtpConfig { host: "192.0.2.1".to_owned(), ..config(&authority) };
    let transport = SmtpTransport::new(&config, "cabinet.example").unwrap();
    let (kind, words) = kind(&transport.send(&mail(1), content(), &Gate::default()).await);
    assert_eq!(kind, Kind::Unreachable);
    assert_eq!(words, "connect: an unencrypted connection may only go to this machine");
}

#[test]
fn a_ca_file_that_holds_no_certificate_is_a_mistake_at_the_start() {
    let authority = authority();
    let secure = SmtpConfig { security: Security::Tls, ..config(&authority) };
    std::fs::write(&authority.file, "nothing\n").unwrap();
    let error = SmtpTransport::new(&secure, "cabinet.example").err().unwrap();
    assert!(error.to_string().contains("it holds no certificate"), "{error}");
    std::fs::remove_file(&authority.file).unwrap();
    assert!(SmtpTransport::new(&secure, "cabinet.example").is_err());
}
