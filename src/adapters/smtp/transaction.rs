//! One mail on an open connection: MAIL, RCPT, DATA, the body, the gate, the final dot.

use std::io::Read;

use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{MailParameter, RcptParameter};
use lettre::transport::smtp::response::Response;

use super::connect::{Connection, expect};
use super::limits::Limits;
use super::trouble::{Cause, Step, Trouble, words};
use crate::adapters::compose::{Composed, Content, ContentError, lettre};
use crate::domain::template::Address;
use crate::ports::transport::{DotGate, Mail, Stop};

/// Why a mail was not accepted.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server, or the way to it.
    Trouble(Trouble),
    /// We stopped it ourselves, before the final dot.
    Stopped(Stop),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<ContentError> for Failure {
    fn from(error: ContentError) -> Self {
        Self::Stopped(match error {
            ContentError::Grown => Stop::Changed,
            ContentError::Unreadable(problem) => Stop::Unreadable(problem),
        })
    }
}

/// Bytes of a mail written at once, at least, while more follow.
const WRITE_BYTES: usize = 64 * 1024;

impl Connection {
    /// The server's limit, when a mail of `size` bytes is over it.
    pub(super) fn limit_below(&self, size: u64) -> Option<u64> {
        self.offers.size_bytes_max.filter(|limit| (1..size).contains(limit))
    }

    /// MAIL. Nothing of the mail itself is sent or read before it is answered.
    pub(super) async fn begin(
        &mut self,
        mail: &Mail,
        size: u64,
        limits: &Limits,
    ) -> Result<(), Trouble> {
        let mut parameters = Vec::new();
        if self.offers.size_bytes_max.is_some() {
            parameters.push(MailParameter::Size(usize::try_from(size).unwrap_or(usize::MAX)));
        }
        if self.offers.dsn {
            parameters.push(mail_parameter("RET", "HDRS"));
            // RFC 3461 §4.4: at most 100 characters.
            if (1..=100).contains(&mail.envelope_id.len()) {
                parameters.push(mail_parameter("ENVID", &mail.envelope_id));
            }
        }
        let command = MailFrom::new(mail.return_path.as_ref().map(lettre), parameters);
        accepted(Step::Mail, self.dialogue.command(command, limits.mail).await)?;
        Ok(())
    }

    /// RCPT; then RCPT of the witness, where there is one. Whoever refuses the witness alone still
    /// gets the mail, and the gate hears of it; a lost connection is a failure of
    /// [`Step::Witness`], with nothing of the mail sent.
    pub(super) async fn recipients(
        &mut self,
        mail: &Mail,
        witness: Option<&Address>,
        gate: &dyn DotGate,
        limits: &Limits,
    ) -> Result<(), Trouble> {
        let recipient = Rcpt::new(lettre(&mail.recipient), self.recipient_parameters(mail));
        accepted(Step::Recipient, self.dialogue.command(recipient, limits.recipient).await)?;
        let Some(witness) = witness else { return Ok(()) };
        let copy = Rcpt::new(lettre(witness), self.witness_parameters());
        let reply = self.dialogue.command(copy, limits.recipient).await;
        match accepted(Step::Witness, reply) {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.is_a_plain_refusal() => {
                gate.unwitnessed(&refusal.to_string());
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// DATA to the final dot, and the server's word on it.
    pub(super) async fn finish(
        &mut self,
        composed: &Composed,
        content: Box<dyn Read + Send>,
        gate: &dyn DotGate,
        limits: &Limits,
    ) -> Result<String, Failure> {
        expect(Step::Data, self.dialogue.command(Data, limits.data).await, 354)?;
        let (sha256, size) = self.body(composed, content, limits).await?;
        gate.open(sha256, size).await.map_err(Failure::Stopped)?;
        // The gate took its time: a server that gave up meanwhile must not get the dot.
        if let Some(reply) = self.dialogue.unasked().await.map_err(in_body)? {
            return Err(in_body(Cause::Reply(reply)).into());
        }
        let reply = accepted(Step::Dot, self.dialogue.dot(limits.dot).await)?;
        self.mails += 1;
        Ok(words(&reply))
    }

    fn recipient_parameters(&self, mail: &Mail) -> Vec<RcptParameter> {
        if !self.offers.dsn {
            return Vec::new();
        }
        vec![
            recipient_parameter("NOTIFY", "FAILURE,DELAY".to_owned()),
            recipient_parameter("ORCPT", format!("rfc822;{}", mail.recipient)),
        ]
    }

    /// No report speaks of the witness (RFC 3461 §4.1): it is nobody's mail.
    fn witness_parameters(&self) -> Vec<RcptParameter> {
        if !self.offers.dsn {
            return Vec::new();
        }
        vec![recipient_parameter("NOTIFY", "NEVER".to_owned())]
    }

    /// Everything but the final dot; answers the hash and size of the document as it was sent.
    async fn body(
        &mut self,
        composed: &Composed,
        content: Box<dyn Read + Send>,
        limits: &Limits,
    ) -> Result<([u8; 32], u64), Failure> {
        let mut content = Content::of(composed, content);
        let mut waiting = stuffed(&composed.head);
        while let Some(block) = content.next().await? {
            // Lines of base64 never begin with a dot.
            waiting.extend_from_slice(block.as_bytes());
            if waiting.len() >= WRITE_BYTES {
                self.dialogue.block(&waiting, limits.block).await.map_err(in_body)?;
                waiting.clear();
            }
        }
        waiting.extend_from_slice(&composed.tail);
        assert!(waiting.ends_with(b"\r\n"), "a mail's last line is whole before its dot");
        self.dialogue.block(&waiting, limits.block).await.map_err(in_body)?;
        Ok(content.digest())
    }
}

fn mail_parameter(keyword: &str, value: &str) -> MailParameter {
    MailParameter::Other { keyword: keyword.to_owned(), value: Some(value.to_owned()) }
}

fn recipient_parameter(keyword: &str, value: String) -> RcptParameter {
    RcptParameter::Other { keyword: keyword.to_owned(), value: Some(value) }
}

fn in_body(cause: Cause) -> Trouble {
    Trouble { step: Step::Body, cause }
}

/// The reply, if it is one of completion (2xx).
fn accepted(step: Step, reply: Result<Response, Cause>) -> Result<Response, Trouble> {
    match reply {
        Ok(reply) if (200..300).contains(&u16::from(reply.code())) => Ok(reply),
        Ok(reply) => Err(Trouble { step, cause: Cause::Reply(reply) }),
        Err(cause) => Err(Trouble { step, cause }),
    }
}

/// RFC 5321 §4.5.2: a line that begins with a dot gets another one.
fn stuffed(text: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(text.len() + 16);
    let mut at_line_start = true;
    for byte in text {
        if at_line_start && *byte == b'.' {
            stuffed.push(b'.');
        }
        stuffed.push(*byte);
        at_line_start = *byte == b'\n';
    }
    stuffed
}
