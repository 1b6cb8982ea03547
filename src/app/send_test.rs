//! `send-test`: one harmless mail, and what the server answered.

use super::connect::{no_address, refuse_disabled};
use super::error::{Answer, Error};
use super::mail;
use super::robot::Robot;
use super::views::SendTestView;
use super::words::size_words;
use crate::domain::template::Address;
use crate::ports::transport::{DotGate, Outcome, Stop};

/// A mail without a document needs no mark.
pub(super) struct AlwaysOpen;

#[async_trait::async_trait]
impl DotGate for AlwaysOpen {
    async fn open(&self, _sha256: [u8; 32], _size: u64) -> Result<(), Stop> {
        Ok(())
    }
}

impl Robot {
    /// Sends a test mail to a company's address at an app, or to another one; in a rehearsal to
    /// its address.
    pub(super) async fn send_test(
        &self,
        company: &str,
        app: &str,
        to: Option<&str>,
    ) -> Answer<SendTestView> {
        let company = self.known_company(company).await?;
        let (app, profile) = self.app_named(app)?;
        refuse_disabled(&app, &profile)?;
        let decisions = self.ports().store.decisions(company.id).await?;
        let connection = decisions.connections.get(&app).filter(|found| found.connected);
        let connection = connection.ok_or_else(|| {
            Error::Words(format!(
                "{app} is not connected to {}\nhint: `facteur connect {} {app}` comes first",
                company.name, company.slug
            ))
        })?;
        let config = self.config();
        let typed = to.map(Address::parse).transpose();
        let typed = typed.map_err(|error| no_address(&error))?;
        let tools = connection.recipient_for(None).cloned();
        let recipient = config.mail.redirect_to.clone().or(typed).or(tools).ok_or_else(|| {
            Error::Words(format!("{app} has several addresses a company\nhint: add `--to ADDRESS`"))
        })?;
        let now = self.now();
        let token = format!("{}.{}", company.slug, now.timestamp_millis());
        let sender = connection.sender.clone();
        let mail =
            mail::of_test(&config, &company.name, sender.clone(), recipient.clone(), &token, now);
        let nothing = Box::new(std::io::empty());
        let outcome = self.ports().transport.send(&mail, nothing, &AlwaysOpen).await;
        let (result, answer) = words(outcome);
        Ok(SendTestView {
            sender: sender.to_string(),
            recipient: recipient.to_string(),
            result: result.to_owned(),
            answer,
        })
    }
}

/// Why a test mail is no success, with the remedy.
pub(super) fn failure(view: &SendTestView) -> Option<String> {
    let SendTestView { result, answer, .. } = view;
    match result.as_str() {
        "sent" => None,
        "in_doubt" => Some(format!(
            "nobody knows whether the test mail was sent: {answer}\nhint: look whether it arrived"
        )),
        _ => Some(format!(
            "the test mail was not sent ({result}): {answer}\nhint: the mail server's words say why; `facteur check --online` tries to log in"
        )),
    }
}

fn words(outcome: Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Accepted { answer } => ("sent", answer),
        Outcome::Deferred { answer } => ("deferred", answer),
        Outcome::Unreachable { answer } => ("unreachable", answer),
        Outcome::Refused { answer } => ("refused", answer),
        Outcome::TooLarge { limit_bytes } => {
            ("refused", format!("the mail server takes {} at most", size_words(limit_bytes)))
        }
        Outcome::Stopped(Stop::Changed) => ("unreachable", "stopped".to_owned()),
        Outcome::Stopped(Stop::Unreadable(because) | Stop::Gate(because)) => {
            ("unreachable", because)
        }
        Outcome::InDoubt { answer } => ("in_doubt", answer),
    }
}
