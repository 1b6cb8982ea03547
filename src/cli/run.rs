//! One call of the command line, from its words to its exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser as _};

use super::args::Words;
use super::confirm::{Consent, confirmed};
use super::copies::{NewFile, read_toml, write_toml};
use super::door::Door;
use super::errand::{Errand, errand};
use super::output::{Output, with_causes};
use super::{check, control, demo, login, service, who};
use crate::app::requests::{Answers, Ask, Outcome, Request};
use crate::config::Complaints;

/// Where the configuration is when nobody says.
const DEFAULT_CONFIG: &str = "routes.toml";

/// How long blocking tasks may take to end when everything else is done.
const TASKS_WAIT_MAX: Duration = Duration::from_secs(1);

/// Does what the process's words say.
pub fn main() -> ExitCode {
    let words = Words::parse();
    let output = Output { json: words.global.json };
    let call = Call {
        output,
        config: words.global.config.unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG)),
        by: who::who(words.global.by),
    };
    let errand = match errand(words.command) {
        Ok(errand) => errand,
        Err(complaint) => return output.end(&Outcome::WrongWords(complaint), false),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let text = format!("the system gives no threads: {error}");
            return output.end(&Outcome::Failed(text), false);
        }
    };
    let ended = runtime.block_on(call.run(errand));
    // What still runs (an aborted walk, a name being looked up) keeps nobody waiting.
    runtime.shutdown_timeout(TASKS_WAIT_MAX);
    match ended {
        Ok(ended) => output.end(&ended.outcome, ended.printed),
        Err(error) if error.is::<Complaints>() => {
            let complaints = format!("the configuration is wrong\n{error}");
            output.end(&Outcome::WrongWords(complaints), false)
        }
        Err(error) => output.end(&Outcome::Failed(with_causes(&error)), false),
    }
}

/// How a call ended.
pub(super) struct Ended {
    /// Its exit code, and what stopped it.
    pub(super) outcome: Outcome,
    /// Whether stdout has its result.
    pub(super) printed: bool,
}

impl Ended {
    /// Done, with its result printed.
    pub(super) fn done() -> Self {
        Self { outcome: Outcome::Done, printed: true }
    }
}

/// What every command needs to know.
pub(super) struct Call {
    pub(super) output: Output,
    pub(super) config: PathBuf,
    pub(super) by: String,
}

impl Call {
    async fn run(&self, errand: Errand) -> Result<Ended> {
        match errand {
            Errand::Completions { shell } => Ok(self.completions(shell)),
            Errand::Man => self.manual_page(),
            Errand::Check { online } => check::check(self, online).await,
            Errand::Demo { dir, serve } => demo::demo(self, dir, serve).await,
            Errand::Login { name, way } => login::login(self, name.as_deref(), way).await,
            Errand::Run => service::run(self).await,
            Errand::Ask { ask, yes } => self.ask(&self.door().await?, ask, yes).await,
            Errand::Export { file } => self.export(&file).await,
            Errand::Import { file, yes } => self.import(&file, yes).await,
            Errand::DecisionsExport { file } => self.decisions_export(&file).await,
            Errand::DecisionsDiff { file } => {
                let toml = read_toml(&file)?;
                self.ask(&self.door().await?, Ask::DecisionsDiff { toml }, false).await
            }
            Errand::DecisionsImport { file, yes } => {
                let ask = Ask::DecisionsImport { toml: read_toml(&file)?, confirmed: false };
                self.ask(&self.door().await?, ask, yes).await
            }
        }
    }

    async fn door(&self) -> Result<Door> {
        Door::open(&self.config, self.output).await
    }

    /// Asks, confirms where that is asked back, and prints the answer.
    pub(super) async fn ask(&self, door: &dyn Answers, mut ask: Ask, yes: bool) -> Result<Ended> {
        let request = |ask: &Ask| Request { by: self.by.clone(), ask: ask.clone() };
        let mut reply = door.answer(request(&ask)).await;
        if let Outcome::Confirm(question) = &reply.outcome {
            if Consent::of(yes).to(question).context("cannot ask at the terminal")? {
                ask = confirmed(ask);
                reply = door.answer(request(&ask)).await;
            } else {
                reply.outcome = Outcome::Confirm(format!(
                    "nothing was done: {question}\nhint: add --yes, or answer with y at a terminal"
                ));
            }
        }
        self.output.reply(&ask, &reply)?;
        Ok(Ended { outcome: reply.outcome, printed: !reply.value.is_null() })
    }

    fn completions(&self, shell: clap_complete::Shell) -> Ended {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Words::command(), "facteur", &mut script);
        self.output.text(&String::from_utf8_lossy(&script));
        Ended::done()
    }

    fn manual_page(&self) -> Result<Ended> {
        let mut page = Vec::new();
        super::manual::write(&mut page).context("the manual page cannot be written")?;
        self.output.text(&String::from_utf8_lossy(&page));
        Ok(Ended::done())
    }

    /// A running service writes into its own directory; the copy is taken from there.
    async fn export(&self, file: &Path) -> Result<Ended> {
        let fresh = NewFile::at(file)?;
        let door = self.door().await?;
        let Some(directory) = door.service() else {
            let file = fresh.path().to_owned();
            return self.ask(&door, Ask::Export { file }, false).await;
        };
        let name = format!("{}{}", control::HANDOVER_PREFIX, std::process::id());
        let handover = directory.join(name);
        let request = Request { by: self.by.clone(), ask: Ask::Export { file: handover.clone() } };
        let mut reply = door.answer(request).await;
        if matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson) {
            let shown = fresh.path().display().to_string();
            take_over(&handover, fresh)?;
            if let Some(place) = reply.value.get_mut("file") {
                *place = shown.into();
            }
        }
        self.output.reply(&Ask::Export { file: handover }, &reply)?;
        Ok(Ended { outcome: reply.outcome, printed: !reply.value.is_null() })
    }

    async fn import(&self, file: &Path, yes: bool) -> Result<Ended> {
        let file = std::path::absolute(file)
            .with_context(|| format!("`{}` is no file name", file.display()))?;
        let consent =
            |question: &str| Consent::of(yes).to(question).context("cannot ask at the terminal");
        let door = Door::open_to_import(&self.config, self.output, &file, consent).await?;
        if door.service().is_some() {
            anyhow::bail!(
                "the service is running, and its state can't be replaced under it\nhint: stop it \
                 (`systemctl stop facteur`), import, start it again"
            );
        }
        self.ask(&door, Ask::Import { file, confirmed: false }, yes).await
    }

    async fn decisions_export(&self, file: &Path) -> Result<Ended> {
        let door = self.door().await?;
        if file == Path::new("-") {
            return self.ask(&door, Ask::DecisionsExport, false).await;
        }
        let request = Request { by: self.by.clone(), ask: Ask::DecisionsExport };
        let reply = door.answer(request).await;
        if let Some(toml) = reply.value.get("toml").and_then(serde_json::Value::as_str) {
            write_toml(file, toml)?;
            let shown = file.display().to_string();
            let value = serde_json::json!({ "file": shown });
            self.output.result(&format!("The decisions are in `{shown}`.\n"), &value);
        }
        Ok(Ended { outcome: reply.outcome, printed: !reply.value.is_null() })
    }
}

fn take_over(handover: &Path, fresh: NewFile) -> Result<()> {
    let opened = std::fs::File::open(handover).with_context(|| {
        format!(
            "the export is in `{}`, and can't be read from here\nhint: take it with sudo",
            handover.display()
        )
    });
    fresh.fill(&mut opened?)?;
    std::fs::remove_file(handover)
        .with_context(|| format!("cannot remove `{}`", handover.display()))
}
