//! What each way a mail server can fail means for a mail, and how often it has the mail then.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod smtp_server;

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use facteur::adapters::compose::compose;
use facteur::adapters::smtp::{Limits, SmtpTransport};
use facteur::config::{Secret, Security, SmtpConfig};
use facteur::domain::Timestamp;
use facteur::domain::template::Address;
use facteur::ports::transport::{Attachment, DotGate, Mail, Outcome, Stop, Transport as _};
use sha2::{Digest as _, Sha256};
use smtp_server::{Act, Certificate, Script, Server, authority_pem};

const DOCUMENT_BYTES: usize = 300_000;

fn document() -> Vec<u8> {
    (0..DOCUMENT_BYTES).map(|index| (index * 31).to_le_bytes()[0]).collect()
}

fn content() -> Box<dyn Read + Send> {
    Box::new(std::io::Cursor::new(document()))
}

fn mail(number: u32) -> Mail {
    Mail {
        message_id: format!("<{number}@cabinet.example>"),
        date: Timestamp::from_timestamp(1_790_000_000, 0).unwrap(),
        sender: Address::parse("quickbooks+dupont@cabinet.example").unwrap(),
        sender_name: "Cabinet Exemple".to_owned(),
        recipient: Address::parse("dupont@tool.example").unwrap(),
        subject: "Facture".to_owned(),
        text: "Bonjour,\n.\n..deux points\n".to_owned(),
        envelope_id: format!("d{number}"),
        attachment: Some(Attachment {
            file_name: "facture.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size: DOCUMENT_BYTES as u64,
        }),
    }
}

/// Remembers what it was asked.
#[derive(Default)]
struct Gate {
    asked: Mutex<Vec<([u8; 32], u64)>>,
    stop: Option<Stop>,
}

#[async_trait::async_trait]
impl DotGate for Gate {
    async fn open(&self, sha256: [u8; 32], size: u64) -> Result<(), Stop> {
        self.asked.lock().unwrap().push((sha256, size));
        self.stop.clone().map_or(Ok(()), Err)
    }
}

struct Authority {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

fn authority() -> Authority {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority_pem()).unwrap();
    Authority { _folder: folder, file }
}

fn config(authority: &Authority) -> SmtpConfig {
    SmtpConfig {
        host: "mail.server.example".to_owned(),
        port: 25,
        security: Security::None,
        ca_file: Some(authority.file.clone()),
        login: None,
        connections: 4,
    }
}

fn transport(server: &Server, config: &SmtpConfig) -> SmtpTransport {
    let connector = Arc::new(server.clone());
    SmtpTransport::with_connector(config, "cabinet.example", connector, Limits::default()).unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Accepted,
    Deferred,
    Unreachable,
    Refused,
    TooLarge,
    Stopped,
    InDoubt,
}

/// The kind of an outcome, and its words.
fn kind(outcome: &Outcome) -> (Kind, String) {
    match outcome {
        Outcome::Accepted { answer } => (Kind::Accepted, answer.clone()),
        Outcome::Deferred { answer } => (Kind::Deferred, answer.clone()),
        Outcome::Unreachable { answer } => (Kind::Unreachable, answer.clone()),
        Outcome::Refused { answer } => (Kind::Refused, answer.clone()),
        Outcome::TooLarge { limit_bytes } => (Kind::TooLarge, limit_bytes.to_string()),
        Outcome::Stopped(stop) => (Kind::Stopped, format!("{stop:?}")),
        Outcome::InDoubt { answer } => (Kind::InDoubt, answer.clone()),
    }
}

struct Row {
    name: &'static str,
    script: Script,
    security: Security,
    login: bool,
    expected: Kind,
    copies: usize,
    /// Must be among the words of the outcome.
    says: &'static str,
}

fn row(name: &'static str, expected: Kind, copies: usize, change: impl FnOnce(&mut Script)) -> Row {
    let mut script = Script::good();
    change(&mut script);
    Row { name, script, security: Security::None, login: false, expected, copies, says: "" }
}

impl Row {
    fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    fn over(self, security: Security) -> Self {
        Self { security, ..self }
    }

    fn logging_in(self) -> Self {
        Self { login: true, ..self }
    }
}

fn before_mail() -> Vec<Row> {
    use Kind::{Accepted, Unreachable};
    vec![
        row("no fault", Accepted, 1, |_| {}).says("250 2.0.0 taken as 4711"),
        row("refused connection", Unreachable, 0, |s| s.listens = false).says("connect: "),
        row("no greeting", Unreachable, 0, |s| s.greeting = Act::Silence).says("300 s"),
        row("closed at greeting", Unreachable, 0, |s| s.greeting = Act::Close).says("closed"),
        row("554 greeting", Unreachable, 0, |s| s.greeting = Act::Say("554 no\r\n")),
        row("421 greeting", Unreachable, 0, |s| s.greeting = Act::SayAndClose("421 busy\r\n"))
            .says("greeting: 421 busy"),
        row("no SMTP", Unreachable, 0, |s| s.greeting = Act::Say("SSH-2.0-x\r\n")).says("no SMTP"),
        row("endless line", Unreachable, 0, |s| s.greeting = Act::Flood("220 xxxxxxxxxxxxxx"))
            .says("endless line"),
        row("endless lines", Unreachable, 0, |s| s.greeting = Act::Flood("220-x\r\n"))
            .says("more than 100 lines"),
        row("greeting in bytes", Unreachable, 0, |s| s.greeting = Act::Say("2\0\u{7}\r\n")),
        row("two greetings", Unreachable, 0, |s| s.greeting = Act::Say("220 a\r\n220 b\r\n"))
            .says("out of turn"),
        row("multi-line greeting", Accepted, 1, |s| s.greeting = Act::Say("220-a\r\n220 b\r\n")),
        row("EHLO unknown", Unreachable, 0, |s| s.hello = Act::Say("502 what?\r\n")),
        row("EHLO 421", Unreachable, 0, |s| s.hello = Act::Say("421 busy\r\n")),
        row("EHLO 451", Unreachable, 0, |s| s.hello = Act::Say("451 later\r\n")),
        row("closed at EHLO", Unreachable, 0, |s| s.hello = Act::Close),
        row("silent at EHLO", Unreachable, 0, |s| s.hello = Act::Silence),
        row("half an EHLO", Unreachable, 0, |s| s.hello = Act::SayAndClose("250-mail\r\n250-SI")),
    ]
}

fn encryption() -> Vec<Row> {
    use Kind::{Accepted, Unreachable};
    let starttls = [
        row("STARTTLS, private authority", Accepted, 1, |_| {}),
        row("no STARTTLS", Unreachable, 0, |s| s.offers.retain(|offer| offer != "STARTTLS"))
            .says("doesn't offer STARTTLS"),
        row("STARTTLS 454", Unreachable, 0, |s| s.starttls = Act::Say("454 not now\r\n")),
        row("STARTTLS closes", Unreachable, 0, |s| s.starttls = Act::Close),
        row("injected behind STARTTLS", Unreachable, 0, |s| {
            s.starttls = Act::Say("220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n");
        })
        .says("injected"),
        row("silent handshake", Unreachable, 0, |s| s.handshake = Act::Silence).says("in time"),
        row("no handshake", Unreachable, 0, |s| s.handshake = Act::SayAndClose("500 what?\r\n")),
        row("STARTTLS, certificate of another", Unreachable, 0, |s| {
            s.certificate = Certificate::OtherName;
        })
        .says("certificate"),
    ];
    let implicit = [
        row("TLS, private authority", Accepted, 1, |s| s.implicit_tls = true),
        row("TLS to a plain server", Unreachable, 0, |_| {}).says("TLS: "),
        row("certificate of another", Unreachable, 0, |s| {
            (s.implicit_tls, s.certificate) = (true, Certificate::OtherName);
        })
        .says("certificate"),
        row("expired certificate", Unreachable, 0, |s| {
            (s.implicit_tls, s.certificate) = (true, Certificate::Expired);
        })
        .says("expired"),
        row("unknown authority", Unreachable, 0, |s| {
            (s.implicit_tls, s.certificate) = (true, Certificate::UnknownAuthority);
        })
        .says("UnknownIssuer"),
    ];
    let starttls = starttls.into_iter().map(|row| row.over(Security::StartTls));
    starttls.chain(implicit.into_iter().map(|row| row.over(Security::Tls))).collect()
}

fn login() -> Vec<Row> {
    use Kind::{Accepted, Unreachable};
    let only = |offer: &'static str| move |s: &mut Script| s.offers = vec![offer.to_owned()];
    let rows = [
        row("AUTH PLAIN", Accepted, 1, only("AUTH LOGIN PLAIN CRAM-MD5")),
        row("AUTH LOGIN", Accepted, 1, only("auth login")),
        row("AUTH=LOGIN", Accepted, 1, only("AUTH=LOGIN")),
        row("no AUTH", Unreachable, 0, only("SIZE")).says("offers neither"),
        row("another AUTH", Unreachable, 0, only("AUTH GSSAPI")).says("offers neither"),
        row("AUTH refused", Unreachable, 0, |s| s.auth = Act::Say("535 5.7.8 disabled\r\n"))
            .says("AUTH: the login was refused: 535 5.7.8 disabled"),
        row("AUTH 454", Unreachable, 0, |s| s.auth = Act::Say("454 later\r\n")),
        row("AUTH closes", Unreachable, 0, |s| s.auth = Act::Close),
        row("AUTH asks for ever", Unreachable, 0, |s| {
            s.offers = vec!["AUTH LOGIN".to_owned()];
            s.auth = Act::Say("334 UGFzc3dvcmQ6\r\n334 UGFzc3dvcmQ6\r\n");
        }),
        row("AUTH repeats what it got", Unreachable, 0, |s| {
            s.auth = Act::Say("535 no AHJvYm90AHNlY3JldA==, secret\r\n");
        })
        .says("AUTH: the login was refused: 535"),
    ];
    rows.into_iter().map(Row::logging_in).collect()
}

fn transaction() -> Vec<Row> {
    use Kind::{Accepted, Deferred, Refused, TooLarge, Unreachable};
    vec![
        row("SIZE too small", TooLarge, 0, |s| s.offers = vec!["SIZE 300000".to_owned()])
            .says("300000"),
        row("SIZE without limit", Accepted, 1, |s| s.offers = vec!["SIZE 0".to_owned()]),
        row("SIZE alone", Accepted, 1, |s| s.offers = vec!["SIZE".to_owned()]),
        row("MAIL 451", Deferred, 0, |s| s.mail = Act::Say("451 later\r\n")),
        row("MAIL 550", Refused, 0, |s| s.mail = Act::Say("550 not you\r\n"))
            .says("MAIL: 550 not you"),
        row("MAIL 552", Refused, 0, |s| s.mail = Act::Say("552 too large\r\n")),
        row("MAIL 530", Unreachable, 0, |s| s.mail = Act::Say("530 log in first\r\n")),
        row("MAIL 421", Unreachable, 0, |s| s.mail = Act::SayAndClose("421 bye\r\n")),
        row("MAIL 354", Deferred, 0, |s| s.mail = Act::Say("354 what\r\n")),
        row("MAIL closes", Unreachable, 0, |s| s.mail = Act::Close),
        row("MAIL silent", Unreachable, 0, |s| s.mail = Act::Silence),
        row("RCPT 450", Deferred, 0, |s| s.recipient = Act::Say("450 greylisted\r\n")),
        row("RCPT 550", Refused, 0, |s| s.recipient = Act::Say("550-no\r\n550 such user\r\n"))
            .says("RCPT: 550 no such user"),
        row("RCPT 421", Unreachable, 0, |s| s.recipient = Act::Say("421 bye\r\n")),
        row("RCPT 251", Accepted, 1, |s| s.recipient = Act::Say("251 forwarded\r\n")),
        row("RCPT closes", Deferred, 0, |s| s.recipient = Act::Close),
        row("RCPT silent", Deferred, 0, |s| s.recipient = Act::Silence),
        row("RCPT twice", Deferred, 0, |s| s.recipient = Act::Say("250 a\r\n250 b\r\n"))
            .says("out of turn"),
        row("DATA 451", Deferred, 0, |s| s.data = Act::Say("451 later\r\n")),
        row("DATA 554", Refused, 0, |s| s.data = Act::Say("554 no\r\n")),
        row("DATA 421", Unreachable, 0, |s| s.data = Act::Say("421 bye\r\n")),
        row("DATA 250", Deferred, 0, |s| s.data = Act::Say("250 what?\r\n")),
        row("DATA closes", Deferred, 0, |s| s.data = Act::Close),
        row("DATA silent", Deferred, 0, |s| s.data = Act::Silence).says("120 s"),
        row("answers the dot beforehand", Deferred, 0, |s| {
            s.data = Act::Say("354 go\r\n250 taken\r\n");
        })
        .says("out of turn"),
        row("hangs up in the mail", Deferred, 0, |s| s.body = Act::Close),
        row("stops reading", Deferred, 0, |s| s.body = Act::Silence).says("180 s"),
        row("552 in the mail", Refused, 0, |s| s.body = Act::SayAndClose("552 enough\r\n"))
            .says("body: 552 enough"),
        row("421 in the mail", Unreachable, 0, |s| s.body = Act::SayAndClose("421 bye\r\n")),
        row("451 in the mail", Deferred, 0, |s| s.body = Act::Say("451 disk full\r\n")),
        row("250 in the mail", Deferred, 0, |s| s.body = Act::Say("250 taken\r\n")),
    ]
}

fn after_the_dot() -> Vec<Row> {
    use Kind::{Accepted, Deferred, InDoubt, Refused};
    let after = |seconds| Act::SayAfter(Duration::from_secs(seconds), "250 at last\r\n");
    vec![
        row("250 after 9:50", Accepted, 1, |s| s.dot = after(590)).says("250 at last"),
        row("250 after 10:10", InDoubt, 1, |s| s.dot = after(610)).says("600 s"),
        row("dot silent", InDoubt, 1, |s| s.dot = Act::Silence),
        row("dot closes", InDoubt, 1, |s| s.dot = Act::Close),
        row("half an answer", InDoubt, 1, |s| s.dot = Act::SayAndClose("250 2.0.0 O")),
        row("half a line ago", InDoubt, 1, |s| s.dot = Act::SayAndClose("250-a\r\n")),
        row("dot 451", Deferred, 0, |s| s.dot = Act::Say("451 disk full\r\n")),
        row("dot 421", Deferred, 0, |s| s.dot = Act::SayAndClose("421 bye\r\n")),
        row("dot 554", Refused, 0, |s| s.dot = Act::Say("554 a virus\r\n"))
            .says("final dot: 554 a virus"),
        row("dot 552", Refused, 0, |s| s.dot = Act::Say("552 5.3.4 too big\r\n")),
        row("dot 354", InDoubt, 1, |s| s.dot = Act::Say("354 go on\r\n")),
        row("dot garbage", InDoubt, 1, |s| s.dot = Act::Say("\u{1b}[31mOK\r\n")).says("[31mOK"),
        row("dot 2500", InDoubt, 1, |s| s.dot = Act::Say("2500 ok\r\n")),
        row("two codes", InDoubt, 1, |s| s.dot = Act::Say("250-a\r\n550 b\r\n")),
        row("endless answer", InDoubt, 1, |s| s.dot = Act::Flood("250-and\r\n")),
        row("endless line", InDoubt, 1, |s| s.dot = Act::Flood("250 and so on ")),
        row("a code alone", Accepted, 1, |s| s.dot = Act::Say("250\r\n")),
        row("a bare LF", Accepted, 1, |s| s.dot = Act::Say("250 ok\n")),
        row("several lines", Accepted, 1, |s| s.dot = Act::Say("250-a\r\n250 b\u{7}c\r\n"))
            .says("250 a b c"),
        row("252", Accepted, 1, |s| s.dot = Act::Say("252 perhaps\r\n")),
        row("taken, then closed", Accepted, 1, |s| s.dot = Act::SayAndClose("250 ok\r\n")),
        row("taken twice", Accepted, 1, |s| s.dot = Act::Say("250 a\r\n250 b\r\n")),
    ]
}

/// The first mail meets the fault; the second one must be met by a server in its right mind, on
/// a connection where no answer to the first one waits.
async fn try_row(row: Row, authority: &Authority) -> Result<(), String> {
    let good = Script { implicit_tls: row.script.implicit_tls, ..Script::good() };
    let good = match row.security {
        Security::Tls => Script { implicit_tls: true, ..good },
        Security::StartTls | Security::None => good,
    };
    let server = Server::new(vec![row.script, good]);
    let login = row.login.then(|| ("robot".to_owned(), Secret::new("secret".to_owned())));
    let config = SmtpConfig { security: row.security, login, ..config(authority) };
    let transport = transport(&server, &config);
    let (seen, words) = kind(&transport.send(&mail(1), content(), &Gate::default()).await);
    let copies = server.log().mails.len();
    let name = row.name;
    if (seen, copies) != (row.expected, row.copies) || !words.contains(row.says) {
        let expected = (row.expected, row.copies, row.says);
        return Err(format!("{name}: {seen:?}, {copies} copies, `{words}`; expected {expected:?}"));
    }
    if words.contains(char::is_control) || words.chars().count() > 500 || words.contains("secret") {
        return Err(format!("{name}: unfit for a log: {words:?}"));
    }
    let second = transport.send(&mail(2), content(), &Gate::default()).await;
    let arrived = server.log().mails.last().is_some_and(|received| {
        received.bytes.windows(19).any(|window| window == b"<2@cabinet.example>")
    });
    if kind(&second).0 == Kind::Accepted && arrived {
        return Ok(());
    }
    // A server that offers too little, or is too small, is so at its second mail too.
    if seen == Kind::TooLarge { Ok(()) } else { Err(format!("{name}: then {second:?}")) }
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_outcome_and_spoils_no_later_mail() {
    let authority = authority();
    let rows: Vec<Row> = [before_mail(), encryption(), login(), transaction(), after_the_dot()]
        .into_iter()
        .flatten()
        .collect();
    assert!(rows.len() >= 40, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        wrong.extend(try_row(row, &authority).await.err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

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
        let second = transport.send(&mail(2), self::content(), &Gate::default()).await;
        assert_eq!(kind(&second).0, Kind::Accepted);
        assert_eq!(server.log().connections, 2, "the first connection is not used again");
    }
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
    let login = Some(("robot".to_owned(), Secret::new("secret".to_owned())));
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
    let login = Some(("robot".to_owned(), Secret::new("secret".to_owned())));
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
    let login = Some(("robot".to_owned(), Secret::new("secret".to_owned())));
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
