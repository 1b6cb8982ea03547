//! What each way an IMAP server can fail means for reading a mailbox, and how long it takes.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod imap_server;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use facteur::adapters::imap::{ImapMailbox, Limits};
use facteur::config::{AfterReading, Login, MailboxConfig, MailboxRole, Security};
use facteur::domain::template::Address;
use facteur::ports::mailbox::{Disposal, Mailbox as _, MailboxError};
use imap_server::{Act, MAIL, Server, Step};
use tokio::time::Instant;

const PASSWORD: &str = "hunter2";

fn mailbox(server: &Server) -> ImapMailbox {
    let config = MailboxConfig {
        address: Address::parse("quickbooks@cabinet.example").unwrap(),
        role: MailboxRole::Bot,
        host: "localhost".to_owned(),
        port: 143,
        security: Security::None,
        ca_file: None,
        login: Login::password("robot", PASSWORD),
        folder: "INBOX".to_owned(),
        poll: TimeDelta::minutes(5),
        after: AfterReading::Leave,
        silent_after: TimeDelta::minutes(30),
    };
    ImapMailbox::with_connector(&config, Arc::new(server.clone()), Limits::default()).unwrap()
}

/// A whole pass: what it came to, in one word a step that worked.
async fn pass(server: &Server) -> Result<Vec<String>, MailboxError> {
    let mut session = mailbox(server).open().await?;
    let mut done = vec![format!("validity {}", session.validity())];
    let uids = session.behind(6).await?;
    done.push(format!("uids {uids:?}"));
    let heads = session.heads(&uids).await?;
    done.push(format!("heads {}", heads.len()));
    for head in heads {
        match session.fetch(head.uid, 1_000).await {
            Ok(mail) => done.push(format!("mail {}", mail.parts.len())),
            Err(MailboxError::Lost(because)) => return Err(MailboxError::Lost(because)),
            Err(other) => done.push(other.to_string()),
        }
        match session.dispose(head.uid, &Disposal::Move("Lus".to_owned())).await {
            Ok(()) => done.push("moved".to_owned()),
            Err(MailboxError::Lost(because)) => return Err(MailboxError::Lost(because)),
            Err(other) => done.push(format!("not moved: {other}")),
        }
    }
    session.wait(Duration::from_mins(5)).await?;
    done.push("waited".to_owned());
    Ok(done)
}

/// A fault, a piece of what is said of it, and within how many seconds.
type Row = (&'static str, Vec<(Step, Act)>, &'static str, u64);

fn before_the_folder() -> Vec<Row> {
    use Act::{Close, Flood, Say, SayAndClose, Silence};
    use Step::{Capability, Greeting, Login, Select};
    vec![
        ("no greeting", vec![(Greeting, Silence)], "greeting: no answer", 61),
        ("closed at greeting", vec![(Greeting, Close)], "greeting: the server hung up", 1),
        ("BYE at greeting", vec![(Greeting, SayAndClose("* BYE busy\r\n"))], "busy", 1),
        ("no IMAP", vec![(Greeting, SayAndClose("220 smtp ready\r\n"))], "greeting: ", 61),
        ("endless greeting", vec![(Greeting, Flood("* OK xxxxxxxxxxxxxxxxxxxx"))], "more than", 61),
        (
            "login refused",
            vec![(Login, Say("{tag} NO wrong \"password\"\r\n"))],
            "login: wrong \"password\"",
            1,
        ),
        ("password repeated", vec![(Login, Say("{tag} NO no hunter2 here\r\n"))], "refused", 1),
        ("silent at login", vec![(Login, Silence)], "login: no answer", 61),
        ("closed at login", vec![(Login, Close)], "login: ", 1),
        ("silent at capability", vec![(Capability, Silence)], "CAPABILITY: no answer", 61),
        ("no such folder", vec![(Select, Say("{tag} NO unknown\r\n"))], "`INBOX`: unknown", 1),
        ("no validity", vec![(Select, Say("* 1 EXISTS\r\n{tag} OK\r\n"))], "UIDVALIDITY", 61),
        ("half a line", vec![(Select, SayAndClose("* 1 EXI"))], "SELECT: ", 1),
        ("words without sense", vec![(Select, Say("\u{1}\u{2}???\r\n"))], "SELECT: ", 61),
    ]
}

fn in_the_folder() -> Vec<Row> {
    use Act::{Close, Flood, Ignore, Say, SayAndClose, Silence};
    use Step::{Done, Fetch, Heads, Idle, Move, Search};
    let bye = SayAndClose("+ idling\r\n* BYE restarting\r\n");
    vec![
        ("silent at search", vec![(Search, Silence)], "UID SEARCH: no answer", 61),
        ("search refused", vec![(Search, Say("{tag} BAD what\r\n"))], "SEARCH: what", 1),
        (
            "endless search",
            vec![(Search, Flood("* SEARCH 1 2 3 4 5 6 7 8 9\r\n"))],
            "more than",
            61,
        ),
        ("silent at headers", vec![(Heads, Silence)], "UID FETCH: no answer", 301),
        ("headers refused", vec![(Heads, Say("{tag} NO [SERVERBUG] x\r\n"))], "FETCH: ", 1),
        ("closed at headers", vec![(Heads, Close)], "hung up", 1),
        ("silent at a mail", vec![(Fetch, Silence)], "UID FETCH: no answer", 301),
        (
            "more than was asked for",
            vec![(Fetch, Flood("* 1 FETCH (UID 7 BODY[]<0> {400000000}\r\nxxxxxxxxxxxxxxxxxx"))],
            "more than",
            301,
        ),
        (
            "closed in a mail",
            vec![(Fetch, SayAndClose("* 1 FETCH (UID 7 BODY[] {99}\r\nab"))],
            "",
            1,
        ),
        ("silent at a move", vec![(Move, Silence)], "UID MOVE: no answer", 61),
        (
            "closed in IDLE",
            vec![(Idle, SayAndClose("+ idling\r\n"))],
            "IDLE: the server hung up",
            1,
        ),
        ("BYE in IDLE", vec![(Idle, bye)], "restarting", 1),
        ("silent before IDLE", vec![(Idle, Silence)], "IDLE: no answer", 61),
        ("half-open in IDLE", vec![(Done, Ignore)], "doesn't answer any more", 361),
        ("closed at the end of IDLE", vec![(Done, Close)], "hung up", 301),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_fault_ends_the_session_in_its_time_and_says_where() {
    for (name, faults, says, seconds) in before_the_folder().into_iter().chain(in_the_folder()) {
        let server = Server::new(&faults);
        let began = Instant::now();
        let Err(MailboxError::Lost(said)) = pass(&server).await else { panic!("{name} was fine") };
        assert!(said.contains(says), "{name}: {said}");
        assert!(!said.contains(PASSWORD), "{name}: {said}");
        assert!(said.len() < 2_000 && !said.contains('\n'), "{name}: {said}");
        let took = began.elapsed();
        assert!(took <= Duration::from_secs(seconds), "{name}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_answers_that_cost_one_mail_at_most() {
    use Act::Say;
    let rows: Vec<Row> = vec![
        ("no fault", vec![], "mail 1 moved waited", 301),
        (
            "the star's last mail",
            vec![(Step::Search, Say("* SEARCH 3\r\n{tag} OK\r\n"))],
            "uids []",
            301,
        ),
        ("no search answer", vec![(Step::Search, Say("{tag} OK none\r\n"))], "uids []", 301),
        ("gone before its headers", vec![(Step::Heads, Say("{tag} OK\r\n"))], "heads 0", 301),
        (
            "another's headers",
            vec![(Step::Heads, Say("* 2 FETCH (UID 9 RFC822.SIZE 3)\r\n{tag} OK x\r\n"))],
            "heads 0",
            301,
        ),
        ("gone before it is fetched", vec![(Step::Fetch, Say("{tag} OK x\r\n"))], "gone", 301),
        (
            "one mail refused",
            vec![(Step::Fetch, Say("{tag} NO [SERVERBUG] x\r\n"))],
            "doesn't give it",
            301,
        ),
        (
            "a mail that is nothing",
            vec![(Step::Fetch, Say("* 1 FETCH (UID 7 BODY[] NIL)\r\n{tag} OK x\r\n"))],
            "gone",
            301,
        ),
        (
            "over quota",
            vec![(Step::Move, Say("{tag} NO over quota\r\n"))],
            "not moved: over quota",
            301,
        ),
        ("no IDLE", vec![(Step::Idle, Say("{tag} BAD unknown\r\n"))], "waited", 301),
        (
            "news while a mail is moved",
            vec![(Step::Move, Say("* 2 EXISTS\r\n{tag} OK\r\n"))],
            "waited",
            1,
        ),
        (
            "no news in a number that is repeated",
            vec![(Step::Move, Say("* 1 EXISTS\r\n{tag} OK\r\n"))],
            "waited",
            301,
        ),
        ("news before IDLE", vec![(Step::Idle, Say("* 2 EXISTS\r\n+ idling\r\n"))], "waited", 1),
        ("news in IDLE", vec![(Step::Idle, Say("+ idling\r\n* 2 EXISTS\r\n"))], "waited", 1),
        (
            "still here in IDLE",
            vec![(Step::Idle, Say("+ idling\r\n* OK still here\r\n"))],
            "waited",
            301,
        ),
    ];
    for (name, faults, says, seconds) in rows {
        let server = Server::new(&faults);
        let began = Instant::now();
        let done = pass(&server).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(done.join(" ").contains(says), "{name}: {done:?}");
        let took = began.elapsed();
        assert!(took <= Duration::from_secs(seconds), "{name}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_larger_than_its_server_said_is_not_taken_cut() {
    // As many bytes as were asked for; what is behind them is missing.
    let cut = format!("Subject: x\r\n\r\n{}", "x".repeat(986));
    let cut = format!("* 1 FETCH (UID 7 BODY[]<0> {{1000}}\r\n{cut})\r\n{{tag}} OK x\r\n");
    let server = Server::new(&[(Step::Fetch, Act::Say(cut.leak()))]);
    let done = pass(&server).await.unwrap();
    assert!(done.join(" ").contains("whatever its server says"), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn sizes_come_before_bodies_and_nothing_is_read_as_seen() {
    let server = Server::new(&[]);
    pass(&server).await.unwrap();
    let asked = server.asked();
    let fetches: Vec<&String> = asked.iter().filter(|words| words.contains("FETCH")).collect();
    assert_eq!(fetches.len(), 2, "{asked:?}");
    assert!(fetches[0].contains("RFC822.SIZE BODY.PEEK[HEADER]<0."), "{}", fetches[0]);
    assert!(fetches[1].contains("BODY.PEEK[]<0.1000>"), "{}", fetches[1]);
    assert!(asked.contains(&"UID SEARCH UID 7:*".to_owned()), "{asked:?}");
    assert!(MAIL.len() < 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_probe_looks_and_changes_nothing() {
    let server = Server::new(&[]);
    let probe = mailbox(&server).probe().await;
    assert_eq!(probe.result, Ok("logged in; 1 mail in `INBOX`".to_owned()));
    assert!(server.asked().contains(&"EXAMINE \"INBOX\"".to_owned()), "{:?}", server.asked());
}
