//! Tells the demonstration as it happens, and keeps every answer for `--json`.

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::firm::Firm;
use super::{APP, DUPONT, FOLDER, MOVED_IN};
use crate::app::requests::{Answers, Ask, Outcome, Request};
use crate::cli::render::clean;
use crate::cli::run::Call;
use crate::domain::shell;

/// The teller.
pub(super) struct Story<'a> {
    robot: &'a dyn Answers,
    call: &'a Call,
    firm: &'a Firm,
    chapters: u32,
    steps: Vec<Value>,
}

impl<'a> Story<'a> {
    pub(super) fn new(robot: &'a dyn Answers, call: &'a Call, firm: &'a Firm) -> Self {
        Self { robot, call, firm, chapters: 0, steps: Vec::new() }
    }

    /// Says where everything is.
    pub(super) fn set_out(&self) {
        let directory = clean(&self.firm.directory().display().to_string());
        self.line(&format!("A sample firm, Cabinet Exemple, is set up in {directory}"));
        self.line("Nothing leaves this machine: each mail becomes a file in its outbox.");
    }

    /// Begins the next chapter.
    pub(super) fn chapter(&mut self, title: &str) {
        self.chapters += 1;
        let bold = anstyle::Style::new().bold();
        let title = clean(title);
        self.line(&format!("\n{bold}{}. {title}{bold:#}", self.chapters));
    }

    /// One line of the chapter.
    pub(super) fn say(&self, text: &str) {
        self.line(&format!("   {}", clean(text)));
    }

    /// Asks the robot as any command does; an answer that isn't one ends the demonstration.
    pub(super) async fn ask<T: DeserializeOwned>(&mut self, ask: Ask) -> Result<T> {
        let asked = serde_json::to_value(&ask)?;
        let request = Request { by: self.call.by.clone(), ask };
        let reply = self.robot.answer(request).await;
        match reply.outcome {
            Outcome::Done | Outcome::NeedsPerson => {}
            Outcome::Failed(text) | Outcome::WrongWords(text) | Outcome::Confirm(text) => {
                bail!("the demonstration stopped: {text}");
            }
        }
        for notice in &reply.notices {
            self.call.output.note(notice);
        }
        self.steps.push(json!({ "ask": asked, "answer": reply.value }));
        Ok(T::deserialize(reply.value)?)
    }

    /// Lists the mails as files.
    pub(super) fn mails(&self) -> Result<()> {
        let mails = self.firm.mails()?;
        self.say(&format!("As files in {}:", self.firm.outbox().display()));
        for mail in mails {
            self.say(&format!("  {mail}"));
        }
        Ok(())
    }

    /// The next commands to try, ready to be pasted.
    pub(super) fn what_next(&mut self, serve: bool) {
        self.chapter("Try next");
        let routes = shell::word(&clean(&self.firm.routes().display().to_string()));
        let documents = shell::word(&self.firm.directory().join("documents").display().to_string());
        let (dupont, moved_in) = (shell::word(DUPONT), shell::word(MOVED_IN));
        let commands = [
            "status".to_owned(),
            format!("documents {dupont}"),
            format!("why {dupont} {moved_in}"),
            "deliveries".to_owned(),
            format!("backfill {dupont} {FOLDER} --app {APP}"),
            format!("switch off {dupont} {FOLDER} --app {APP}"),
            "history".to_owned(),
        ];
        let facteur = program();
        for command in commands {
            self.line(&format!("   {facteur} --config {routes} {command}"));
        }
        if serve {
            self.say(&format!("Or put a document below {documents}: the service is starting."));
        } else {
            self.say(&format!("Or put a document below {documents}, and make a round:"));
            self.line(&format!("   {facteur} --config {routes} round"));
        }
    }

    /// Everything that was asked and answered.
    pub(super) fn value(&self) -> Result<Value> {
        Ok(json!({
            "directory": self.firm.directory().display().to_string(),
            "config": self.firm.routes().display().to_string(),
            "steps": self.steps,
            "mails": self.firm.mails()?,
        }))
    }

    fn line(&self, text: &str) {
        if !self.call.output.json {
            self.call.output.text(&format!("{text}\n"));
        }
    }
}

/// This program as it was called: not everybody has it on the search path.
fn program() -> String {
    let called = std::env::args().next();
    shell::word(&called.unwrap_or_else(|| "facteur".to_owned()))
}
