//! Every way a mail server of the tests can fail, and what it means for a mail.

use std::time::Duration;

use facteur::config::Security;

use crate::smtp_server::letters::Kind;
use crate::smtp_server::{Act, Certificate, Script};

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    [before_mail(), encryption(), login(), transaction(), witness(), after_the_dot()]
        .into_iter()
        .flatten()
        .collect()
}

/// One fault, and what it means.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) script: Script,
    pub(crate) security: Security,
    pub(crate) login: bool,
    /// Whether the mail has a witness, and then whether the witness gets it.
    pub(crate) witness: Option<bool>,
    pub(crate) expected: Kind,
    pub(crate) copies: usize,
    /// Must be among the words of the outcome.
    pub(crate) says: &'static str,
}

fn row(name: &'static str, expected: Kind, copies: usize, change: impl FnOnce(&mut Script)) -> Row {
    let mut script = Script::good();
    change(&mut script);
    let security = Security::None;
    Row { name, script, security, login: false, witness: None, expected, copies, says: "" }
}

impl Row {
    fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    fn over(self, security: Security) -> Self {
        Self { security, ..self }
    }

    fn with_witness(self, gets_it: bool) -> Self {
        Self { witness: Some(gets_it), ..self }
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
        row("greeting after 4 minutes", Accepted, 1, |s| {
            s.greeting = Act::SayAfter(Duration::from_mins(4), "220 at last\r\n");
        }),
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
        .says("ca_file"),
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
        row("a link of 1 KB/s", Accepted, 1, |s| s.reads_per_second = Some(1000)),
        row("hangs up in the mail", Deferred, 0, |s| s.body = Act::Close),
        row("stops reading", Deferred, 0, |s| s.body = Act::Silence).says("180 s"),
        row("552 in the mail", Refused, 0, |s| s.body = Act::SayAndClose("552 enough\r\n"))
            .says("body: 552 enough"),
        row("421 in the mail", Unreachable, 0, |s| s.body = Act::SayAndClose("421 bye\r\n")),
        row("451 in the mail", Deferred, 0, |s| s.body = Act::Say("451 disk full\r\n")),
        row("250 in the mail", Deferred, 0, |s| s.body = Act::Say("250 taken\r\n")),
    ]
}

/// A second recipient of the firm's own: it never costs the document anything.
fn witness() -> Vec<Row> {
    use Kind::{Accepted, Deferred, InDoubt, Refused, Unreachable};
    let second = |act| move |s: &mut Script| s.second_recipient = act;
    let first = |act| move |s: &mut Script| s.recipient = act;
    let refused = |name, act| row(name, Accepted, 1, second(act)).with_witness(false);
    vec![
        row("a witness", Accepted, 1, |_| {}).with_witness(true),
        refused("witness 550", Act::Say("550 no such user\r\n")),
        refused("witness 450", Act::Say("450 greylisted\r\n")),
        refused("one recipient only", Act::Say("452 4.5.3 too many recipients\r\n")),
        refused("503 to a second one", Act::Say("503 5.5.1 one at a time\r\n")),
        refused("dropped at the witness", Act::Close),
        refused("silent at the witness", Act::Silence),
        refused("421 at the witness", Act::SayAndClose("421 bye\r\n")),
        refused("354 at the witness", Act::Say("354 what\r\n")),
        row("two answers at the witness", Deferred, 0, second(Act::Say("250 a\r\n250 b\r\n")))
            .with_witness(true)
            .says("out of turn"),
        row("550 for the tool alone", Refused, 0, first(Act::Say("550 no\r\n")))
            .with_witness(true)
            .says("RCPT: 550 no"),
        row("450 for the tool alone", Deferred, 0, first(Act::Say("450 later\r\n")))
            .with_witness(true),
        row("421 for the tool", Unreachable, 0, first(Act::SayAndClose("421 bye\r\n")))
            .with_witness(true),
        row("dropped between RCPT and DATA", Deferred, 0, |s| s.data = Act::Close)
            .with_witness(true),
        row("dropped after the dot", InDoubt, 1, |s| s.dot = Act::Close).with_witness(true),
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
