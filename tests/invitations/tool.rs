//! A tool of the stories: the mails it writes, who signed them, and its pages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use facteur::ports::origin::Origins;
use facteur::ports::web::{Web, WebAnswer};

use crate::world::Power;

/// The link of the tool's invitations.
pub(crate) const LINK: &str = "https://accounts.tool.example/join?token=secret";

/// The name service and the arithmetic: a mail says who signed it in a field of the stories.
#[derive(Clone, Default)]
pub(crate) struct Signed {
    silent: Arc<Mutex<bool>>,
}

impl Signed {
    /// The name service answers, or doesn't.
    pub(crate) fn silent(&self, silent: bool) {
        *self.silent.lock().unwrap() = silent;
    }
}

#[async_trait::async_trait]
impl Origins for Signed {
    async fn signers(&self, raw: &[u8]) -> Result<Vec<String>, String> {
        if *self.silent.lock().unwrap() {
            return Err("the name service is too slow".to_owned());
        }
        let text = String::from_utf8_lossy(raw);
        let signed = text.lines().filter_map(|line| line.strip_prefix("X-Signed-Right-By: "));
        Ok(signed.map(str::to_owned).collect())
    }
}

/// The web: remembers what was opened, and answers as it was told.
#[derive(Clone)]
pub(crate) struct Pages {
    power: Power,
    opened: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<BTreeMap<String, Result<WebAnswer, String>>>>,
}

impl Pages {
    pub(crate) fn new(power: Power) -> Self {
        Self { power, opened: Arc::default(), answers: Arc::default() }
    }

    /// What was opened, in its order.
    pub(crate) fn opened(&self) -> Vec<String> {
        self.opened.lock().unwrap().clone()
    }

    /// An address answers with a status, and sends on where that is said.
    pub(crate) fn answer(&self, address: &str, status: u16, location: Option<&str>) {
        let text = "You are in.".to_owned();
        let answer = WebAnswer { status, location: location.map(str::to_owned), text };
        self.answers.lock().unwrap().insert(address.to_owned(), Ok(answer));
    }

    /// An address gives no answer.
    pub(crate) fn fail(&self, address: &str) {
        let failed = Err("accounts.tool.example cannot be asked: timeout".to_owned());
        self.answers.lock().unwrap().insert(address.to_owned(), failed);
    }
}

#[async_trait::async_trait]
impl Web for Pages {
    async fn get(&self, address: &str) -> Result<WebAnswer, String> {
        let opened = self.power.handle("open").run(|| {
            self.opened.lock().unwrap().push(address.to_owned());
            let fine = WebAnswer { status: 200, location: None, text: "You are in.".to_owned() };
            let told = self.answers.lock().unwrap().get(address).cloned();
            told.unwrap_or(Ok(fine))
        });
        opened.map_err(|off| off.to_string())?
    }
}

/// A mail of an invitation; what the stories change of it.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) delivered_to: String,
    pub(crate) subject: String,
    pub(crate) date: String,
    pub(crate) company: String,
    pub(crate) page: String,
    pub(crate) signed_by: Vec<String>,
    pub(crate) id: String,
}

/// The bot's address for Dupont Maçonnerie.
pub(crate) const DUPONTS_BOT: &str = "quickbooks+dupont-maconnerie@cabinet.example";

impl Letter {
    /// The tool's own invitation to the books of Dupont Maçonnerie.
    pub(crate) fn right() -> Self {
        Self {
            from: "Tool <no-reply@mail.tool.example>".to_owned(),
            to: DUPONTS_BOT.to_owned(),
            delivered_to: DUPONTS_BOT.to_owned(),
            subject: "=?utf-8?Q?L=C3=A9a_invited_you?=".to_owned(),
            date: "Mon, 2 Mar 2026 07:59:00 +0000".to_owned(),
            company: "Dupont Maçonnerie".to_owned(),
            page: format!("<a href=\"{LINK}\">Join</a>"),
            signed_by: vec!["tool.example".to_owned()],
            id: "1".to_owned(),
        }
    }

    /// The same with another page.
    pub(crate) fn with_page(page: &str) -> Self {
        Self { page: page.to_owned(), ..Self::right() }
    }

    /// As it arrives.
    pub(crate) fn mail(&self) -> String {
        let Self { from, to, delivered_to, subject, date, company, page, signed_by, id } = self;
        let signed: Vec<String> =
            signed_by.iter().map(|by| format!("X-Signed-Right-By: {by}\r\n")).collect();
        let signed = signed.concat();
        format!(
            "Delivered-To: {delivered_to}\r\n{signed}From: {from}\r\nTo: {to}\r\n\
             Subject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@mail.tool.example>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
             <html><body><p>Join the books of <b>{company}</b>.</p>{page}</body></html>\r\n"
        )
    }
}
