//! XOAUTH2 at IMAP and SMTP servers: tokens that end in the middle, and tokens nobody takes.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use facteur::adapters::imap::{ImapMailbox, Limits};
use facteur::adapters::smtp::SmtpTransport;
use facteur::config::{AfterReading, MailboxConfig, MailboxRole, Security};
use facteur::domain::template::Address;
use facteur::ports::mailbox::{Mailbox as _, MailboxError};
use facteur::ports::transport::Transport as _;

use crate::authority::Refusal;
use crate::firm::{Firm, USER};
use crate::imap_server::{self, Act, Step};
use crate::smtp_server::letters::{self, Gate, Kind, content, kind, mail};
use crate::smtp_server::{self, Script};

/// An IMAP server that takes the firm's tokens.
pub(crate) fn imap(firm: &Firm) -> imap_server::Server {
    imap_with(firm, true)
}

fn imap_with(firm: &Firm, at_once: bool) -> imap_server::Server {
    let authority = firm.authority.clone();
    let tokens = imap_server::Tokens::new(USER, at_once, move |token| authority.takes(token));
    imap_server::Server::new(&[]).with_tokens(tokens)
}

pub(crate) fn mailbox(firm: &Firm, server: &imap_server::Server) -> ImapMailbox {
    let config = MailboxConfig {
        address: Address::parse(USER).unwrap(),
        role: MailboxRole::Bot,
        host: "localhost".to_owned(),
        port: 143,
        security: Security::None,
        ca_file: None,
        login: firm.login(),
        folder: "INBOX".to_owned(),
        poll: TimeDelta::minutes(5),
        after: AfterReading::Leave,
        silent_after: TimeDelta::minutes(30),
    };
    ImapMailbox::with_connector(&config, Arc::new(server.clone()), Limits::default()).unwrap()
}

/// How often a command was given that begins so.
fn times(server: &imap_server::Server, command: &str) -> usize {
    server.asked().iter().filter(|asked| asked.starts_with(command)).count()
}

#[tokio::test]
async fn a_mailbox_is_opened_by_a_token_with_and_without_sasl_ir() {
    for at_once in [true, false] {
        let firm = Firm::logged_in().await;
        let server = imap_with(&firm, at_once);
        let mailbox = mailbox(&firm, &server);
        for _ in 0..3 {
            let mut session = mailbox.open().await.unwrap();
            assert_eq!(session.behind(6).await.unwrap(), [7]);
        }
        assert_eq!(firm.authority.asked("/token").len(), 2, "the login, and one refresh for all");
        assert_eq!(times(&server, "AUTHENTICATE XOAUTH2 "), if at_once { 3 } else { 0 });
        assert_eq!(times(&server, "LOGIN"), 0);
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_a_session_is_replaced_once() {
    for at_once in [true, false] {
        let firm = Firm::logged_in().await;
        let server = imap_with(&firm, at_once);
        let mailbox = mailbox(&firm, &server);
        let mut session = mailbox.open().await.unwrap();
        firm.authority.ends_access();
        let Err(MailboxError::Lost(said)) = session.behind(0).await else { panic!("it ended") };
        assert!(said.contains("session expired"), "{said}");
        // By our clock the token is good still, and the server is asked with it first.
        let mut session = mailbox.open().await.unwrap();
        assert_eq!(session.behind(6).await.unwrap(), [7]);
        assert_eq!(times(&server, "AUTHENTICATE"), 3);
        assert_eq!(firm.authority.asked("/token").len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_near_its_end_is_replaced_before_a_server_sees_it() {
    let firm = Firm::logged_in().await;
    for (lives, pause, refreshes) in [
        (Some(3600), 57 * 60, 1),
        (Some(3600), 58 * 60, 2),
        (Some(60), 0, 2),
        (None, 57 * 60, 1),
        (None, 58 * 60, 2),
    ] {
        firm.authority.tokens_live(lives);
        let (server, before) = (imap(&firm), firm.authority.asked("/token").len());
        let mailbox = mailbox(&firm, &server);
        mailbox.open().await.unwrap();
        tokio::time::advance(Duration::from_secs(pause)).await;
        mailbox.open().await.unwrap();
        let asked = firm.authority.asked("/token").len() - before;
        assert_eq!(asked, refreshes, "{lives:?} {pause}");
        assert_eq!(times(&server, "AUTHENTICATE"), 2, "none is refused");
    }
}

#[tokio::test]
async fn a_fresh_token_that_the_mailbox_refuses_is_not_tried_again() {
    let firm = Firm::logged_in().await;
    let tokens = imap_server::Tokens::new(USER, true, |_| false);
    let server = imap_server::Server::new(&[]).with_tokens(tokens);
    let mailbox = mailbox(&firm, &server);
    for tries in 1..3 {
        let Err(MailboxError::Lost(said)) = mailbox.open().await else { panic!("it is refused") };
        assert!(said.contains("not this token") && said.contains(USER), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(times(&server, "AUTHENTICATE"), tries);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_cannot_be_logged_in_to_says_where_it_stopped() {
    let repeats = "{tag} NO Bearer access-4-hunter2 is none\r\n";
    let rows = [
        (Step::Capability, Act::Say("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n"), "doesn't offer"),
        (Step::Capability, Act::Say("{tag} BAD\r\n"), "what it offers"),
        (Step::Capability, Act::Silence, "CAPABILITY: no answer"),
        (Step::Authenticate, Act::Silence, "login: no answer"),
        (Step::Authenticate, Act::Close, "login: "),
        (Step::Authenticate, Act::Say(repeats), "refused"),
        (Step::Authenticate, Act::Say("+ no base64!\r\n"), "login: "),
    ];
    for (step, act, says) in rows {
        let firm = Firm::logged_in().await;
        let authority = firm.authority.clone();
        let tokens = imap_server::Tokens::new(USER, true, move |token| authority.takes(token));
        let server = imap_server::Server::new(&[(step, act)]).with_tokens(tokens);
        let Err(MailboxError::Lost(said)) = mailbox(&firm, &server).open().await else {
            panic!("{step:?} {act:?} was fine");
        };
        assert!(said.contains(says), "{step:?} {act:?}: {said}");
        assert!(!said.contains("hunter2"), "{step:?} {act:?}: {said}");
    }
}

/// A mail server that takes the firm's tokens.
pub(crate) fn smtp(firm: &Firm) -> smtp_server::Server {
    let authority = firm.authority.clone();
    let tokens = smtp_server::Tokens::new(USER, move |token| authority.takes(token));
    let offers = ["SIZE 50000000", "AUTH LOGIN XOAUTH2"].map(str::to_owned).to_vec();
    let script = Script { tokens: Some(tokens), offers, ..Script::good() };
    smtp_server::Server::new(vec![script])
}

fn transport(firm: &Firm, server: &smtp_server::Server) -> SmtpTransport {
    let mut config = letters::config(&letters::authority());
    config.ca_file = None;
    config.login = Some(firm.login());
    letters::transport(server, &config)
}

async fn sent(transport: &SmtpTransport) -> (Kind, String) {
    kind(&transport.send(&mail(1), content(), &Gate::default()).await)
}

fn auths(server: &smtp_server::Server) -> usize {
    server.log().commands.iter().filter(|(_, line)| line.starts_with("AUTH")).count()
}

#[tokio::test]
async fn mail_is_sent_by_a_token_and_none_is_had_for_each_mail() {
    let firm = Firm::logged_in().await;
    let server = smtp(&firm);
    let transport = transport(&firm, &server);
    for _ in 0..3 {
        assert_eq!(sent(&transport).await.0, Kind::Accepted);
    }
    assert_eq!((auths(&server), server.log().mails.len()), (1, 3));
    assert_eq!(firm.authority.asked("/token").len(), 2);
    assert_eq!(transport.probe().await.result, Ok("235 welcome".to_owned()));
}

#[tokio::test]
async fn a_token_that_ends_between_two_mails_costs_no_mail() {
    let firm = Firm::logged_in().await;
    let server = smtp(&firm);
    let transport = transport(&firm, &server);
    assert_eq!(sent(&transport).await.0, Kind::Accepted);
    firm.authority.ends_access();
    // Refused on the kept connection, then at AUTH, then let in by a fresh one.
    assert_eq!(sent(&transport).await.0, Kind::Accepted);
    assert_eq!((auths(&server), server.log().mails.len()), (3, 2));
    assert_eq!(firm.authority.asked("/token").len(), 3);
}

#[tokio::test]
async fn what_stops_a_login_puts_the_server_off_and_blames_no_mail() {
    let remedy = format!("facteur login {USER}");
    let rows = [
        (Refusal::Error("invalid_grant", "revoked"), remedy.as_str()),
        (Refusal::Error("interaction_required", "type a code"), remedy.as_str()),
        (Refusal::Error("invalid_client", "who?"), "routes.toml"),
        (Refusal::Nonsense(503, "down"), "503"),
    ];
    for (refusal, says) in rows {
        let firm = Firm::logged_in().await;
        firm.authority.refuses(&[refusal]);
        let server = smtp(&firm);
        let transport = transport(&firm, &server);
        let (kind, said) = sent(&transport).await;
        assert_eq!(kind, Kind::Unreachable, "{said}");
        assert!(said.contains(says), "{said}");
        assert_eq!(server.log().connections, 0, "nobody is kept waiting for a token");
        assert_eq!(sent(&transport).await.0, Kind::Accepted, "it passed");
    }
    let firm = Firm::new();
    let (kind, said) = sent(&transport(&firm, &smtp(&firm))).await;
    assert_eq!(kind, Kind::Unreachable);
    assert!(said.contains("nobody has logged in") && said.contains(&remedy), "{said}");
}

#[tokio::test]
async fn a_mail_server_that_takes_no_token_is_unreachable() {
    let rows = [
        (vec!["AUTH PLAIN LOGIN"], Against::None, "doesn't offer AUTH XOAUTH2", 0),
        (vec!["AUTH XOAUTH2"], Against::NoToken, "535", 1),
        (vec!["AUTH XOAUTH2"], Against::Busy, "454", 1),
    ];
    for (offers, act, says, tries) in rows {
        let firm = Firm::logged_in().await;
        let offers = offers.into_iter().map(str::to_owned).collect();
        let mut script = Script { offers, ..Script::good() };
        match act {
            Against::None => {}
            Against::NoToken => script.tokens = Some(smtp_server::Tokens::new(USER, |_| false)),
            Against::Busy => script.auth = smtp_server::Act::Say("454 4.7.0 later\r\n"),
        }
        let server = smtp_server::Server::new(vec![script]);
        let (kind, said) = sent(&transport(&firm, &server)).await;
        assert_eq!(kind, Kind::Unreachable, "{said}");
        assert!(said.contains(says) && !said.contains("hunter2"), "{said}");
        assert_eq!(auths(&server), tries, "{said}");
    }
}

/// What a mail server has against a token.
enum Against {
    None,
    NoToken,
    Busy,
}
