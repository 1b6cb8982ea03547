//! Commands out, answers in: one IMAP session in step, each answer within its time and bytes.

use std::fmt::Display;
use std::time::Duration;

use async_imap::Session;
use async_imap::error::Error;
use async_imap::imap_proto::{MailboxDatum, Outcome, Response, Status};
use tokio::time::{Instant, timeout, timeout_at};

use super::limits::{ANSWER_BYTES_MAX, Limits};
use super::metered::{Allowance, Metered};
use crate::domain::delivery::ANSWER_CHARS_MAX;
use crate::ports::mailbox::MailboxError;

/// What is told of a server that says nothing.
const REFUSED: &str = "refused without a word";

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// OK.
    Done,
    /// NO or BAD, with the server's words. The session is in step still.
    Refused(String),
}

impl Ended {
    /// An error unless it is done.
    pub(super) fn done(self, step: &str) -> Result<(), MailboxError> {
        match self {
            Self::Done => Ok(()),
            Self::Refused(said) => Err(lost(step, said)),
        }
    }
}

/// One session.
pub(super) struct Dialogue {
    session: Session<Metered>,
    allowance: Allowance,
    pub(super) limits: Limits,
    /// Mails in the folder, as far as the server said.
    mails: u32,
    /// One came since the folder was last searched: said beside the answer to something else, it
    /// isn't said again in IDLE.
    news: bool,
}

impl Dialogue {
    pub(super) fn new(session: Session<Metered>, allowance: Allowance, limits: Limits) -> Self {
        Self { session, allowance, limits, mails: 0, news: false }
    }

    /// The folder is about to be searched: what came until now is found.
    pub(super) fn forget_news(&mut self) {
        self.news = false;
    }

    /// Sends a command and reads up to its end; `each` sees every answer on the way.
    pub(super) async fn command(
        &mut self,
        command: &str,
        bytes_max: u64,
        limit: Duration,
        mut each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<Ended, MailboxError> {
        let step = command
            .split(' ')
            .take_while(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()));
        let step = step.take(2).collect::<Vec<_>>().join(" ");
        self.allowance.grant(bytes_max);
        let deadline = Instant::now() + limit;
        let silent = |_| lost(&step, format!("no answer within {} s", limit.as_secs()));
        let sent = timeout_at(deadline, self.session.run_command(command)).await;
        let id = sent.map_err(silent)?.map_err(|error| lost(&step, error))?;
        let mut last_words = "the server hung up".to_owned();
        loop {
            let read = timeout_at(deadline, self.session.read_response()).await;
            let answer = read.map_err(silent)?.map_err(|error| lost(&step, error))?;
            let answer = answer.ok_or_else(|| lost(&step, &last_words))?;
            note(&mut self.mails, &mut self.news, answer.parsed());
            match answer.parsed() {
                Response::Data { status: Status::Bye, outcome } => last_words = words(outcome),
                Response::Done { tag, status, outcome } if *tag == id => {
                    return Ok(match status {
                        Status::Ok => Ended::Done,
                        Status::No | Status::Bad | Status::PreAuth | Status::Bye => {
                            Ended::Refused(words(outcome))
                        }
                    });
                }
                other => each(other),
            }
        }
    }

    /// A command with a short answer that nobody looks at.
    pub(super) async fn short(&mut self, command: &str) -> Result<Ended, MailboxError> {
        self.command(command, ANSWER_BYTES_MAX, self.limits.command, |_| {}).await
    }

    /// IDLE (RFC 2177) until something comes, or for so long. Then DONE shows whether the server
    /// still lives: a half-open connection is silent in IDLE for hours.
    pub(super) async fn idle(&mut self, limit: Duration) -> Result<(), MailboxError> {
        if self.news {
            return Ok(());
        }
        self.allowance.grant(ANSWER_BYTES_MAX);
        let answer_limit = self.limits.command;
        let sent = timeout(answer_limit, self.session.run_command("IDLE")).await;
        let sent = sent.map_err(|_| lost("IDLE", "no answer in time"))?;
        let id = sent.map_err(|error| lost("IDLE", error))?;
        let began = self.until("IDLE", |answer| match answer {
            Response::Continue(_) => Some(true),
            Response::Done { tag, .. } if *tag == id => Some(false),
            _ => None,
        });
        let began = timeout(answer_limit, began).await;
        if !began.map_err(|_| lost("IDLE", "no answer in time"))?? {
            // A server without IDLE: the next poll finds what comes.
            tokio::time::sleep(limit).await;
            return self.short("NOOP").await?.done("NOOP");
        }
        // Said before the server was idle, it is news as well.
        let limit = if self.news { Duration::ZERO } else { limit };
        let news = self.until("IDLE", |answer| match answer {
            Response::MailboxData(_) | Response::Expunge(_) => Some(Ok(())),
            Response::Data { status: Status::Bye, outcome } => {
                Some(Err(lost("IDLE", words(outcome))))
            }
            _ => None,
        });
        if let Ok(news) = timeout(limit, news).await {
            news??;
        }
        let ended = async {
            let done = self.session.run_command_untagged("DONE").await;
            done.map_err(|error| lost("DONE", error))?;
            let is_end = |answer: &Response<'_>| match answer {
                Response::Done { tag, .. } if *tag == id => Some(()),
                _ => None,
            };
            self.until("DONE", is_end).await
        };
        let ended = timeout(answer_limit, ended).await;
        ended.map_err(|_| lost("IDLE", "the server doesn't answer any more"))?
    }

    /// Reads until an answer says what is waited for.
    async fn until<T>(
        &mut self,
        step: &str,
        mut pick: impl FnMut(&Response<'_>) -> Option<T> + Send,
    ) -> Result<T, MailboxError> {
        loop {
            let read = self.session.read_response().await.map_err(|error| lost(step, error))?;
            let answer = read.ok_or_else(|| lost(step, "the server hung up"))?;
            note(&mut self.mails, &mut self.news, answer.parsed());
            if let Some(picked) = pick(answer.parsed()) {
                return Ok(picked);
            }
        }
    }
}

/// RFC 3501 §7.3.1: the number of mails is said when it grows; some servers repeat it.
fn note(mails: &mut u32, news: &mut bool, answer: &Response<'_>) {
    match answer {
        Response::MailboxData(MailboxDatum::Exists(number)) => {
            *news |= number > mails;
            *mails = *number;
        }
        Response::Expunge(_) => *mails = mails.saturating_sub(1),
        _ => {}
    }
}

/// The session is over.
pub(super) fn lost(step: &str, because: impl Display) -> MailboxError {
    // What breaks off may hold a whole mail: its beginning says enough, and on one line.
    let text = format!("{step}: {because}");
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    MailboxError::Lost(text.chars().map(shown).take(ANSWER_CHARS_MAX).collect())
}

/// The words of an error: async-imap gives a refusal as the debug text of what it parsed.
pub(super) fn said(error: &Error) -> String {
    let (Error::No(parsed) | Error::Bad(parsed)) = error else { return error.to_string() };
    let quoted = parsed.split_once("info: Some(").and_then(|(_, info)| info.strip_suffix(')'));
    // A text is quoted there as in JSON, but for characters that no server should send.
    let text = quoted.map(|quoted| serde_json::from_str(quoted).unwrap_or(quoted.to_owned()));
    text.unwrap_or_else(|| REFUSED.to_owned())
}

/// The server's words.
pub(super) fn words(outcome: &Outcome<'_>) -> String {
    outcome.information.as_deref().unwrap_or(REFUSED).to_owned()
}
