//! Who answers: the running service, or the robot opened here when none runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tracing::Level;

use super::output::{Output, with_causes};
use super::{control, logging, wire};
use crate::app::Robot;
use crate::app::requests::{Answers, Outcome, Reply, Request};
use crate::config::{self, Complaints, Config, Environment};

/// How often a store is tried that another command has open just now…
const OPEN_TRIES_MAX: u32 = 50;

/// …and how long to wait in between: ten seconds in all.
const OPEN_PAUSE: Duration = Duration::from_millis(200);

/// The one that answers.
pub(super) enum Door {
    /// The service, behind its control socket in this directory.
    Service(PathBuf),
    /// The robot in this process; nobody else has its store.
    Here(Robot),
}

impl Door {
    /// Asks the service when one listens; else opens the store itself.
    ///
    /// A user who may talk to the service need not be able to read the documents or the
    /// passwords, so those are only looked at when the robot works here.
    pub(super) async fn open(file: &Path, output: Output) -> Result<Self> {
        let config = config::load(file, &Environment::system().without_machine())?;
        if control::listens(&config.state.directory).await? {
            return Ok(Self::Service(config.state.directory));
        }
        let config = load(file, output)?;
        logging::begin(config.log_format, Level::WARN);
        for _ in 0..OPEN_TRIES_MAX {
            match robot(&config).await {
                Err(error) if wire::is_in_use(&error) => tokio::time::sleep(OPEN_PAUSE).await,
                opened => return Ok(Self::Here(opened?)),
            }
            // What has it may be a service that is just starting.
            if control::listens(&config.state.directory).await? {
                return Ok(Self::Service(config.state.directory));
            }
        }
        Ok(Self::Here(robot(&config).await?))
    }

    /// Opens the store itself, to be replaced: it need not be the one that the documents belong
    /// to, as every other command wants it. A damaged one is set aside for `export`, once that
    /// is whole and `consent` was given.
    pub(super) async fn open_to_import(
        file: &Path,
        output: Output,
        export: &Path,
        consent: impl FnOnce(&str) -> Result<bool>,
    ) -> Result<Self> {
        let config = config::load(file, &Environment::system().without_machine())?;
        if control::listens(&config.state.directory).await? {
            return Ok(Self::Service(config.state.directory));
        }
        let config = load(file, output)?;
        logging::begin(config.log_format, Level::WARN);
        let robot = match wire::robot(&config) {
            Err(error) if wire::is_damaged(&error) => {
                wire::check_export(export)
                    .with_context(|| format!("{error}\nand this export is no help"))?;
                output.note(&with_causes(&error));
                if !consent("set the damaged store aside, and begin with this export?")? {
                    anyhow::bail!(
                        "nothing was done\nhint: add --yes, or answer with y at a terminal"
                    );
                }
                let aside = wire::set_aside(&config)?;
                output.note(&format!("the damaged store is in `{}` now", aside.display()));
                wire::robot(&config)
            }
            opened => opened,
        };
        Ok(Self::Here(robot?))
    }

    /// Where the service has its state; none when the robot works here.
    pub(super) fn service(&self) -> Option<&Path> {
        match self {
            Self::Service(directory) => Some(directory),
            Self::Here(_) => None,
        }
    }
}

/// The configuration in full, with its warnings on stderr.
pub(super) fn load(file: &Path, output: Output) -> Result<Config, Complaints> {
    let config = config::load(file, &Environment::system())?;
    for warning in &config.warnings {
        output.note(&warning.located(file).replace("\n    hint: ", "\nhint: "));
    }
    Ok(config)
}

/// The robot, ready for its first round.
pub(super) async fn robot(config: &Config) -> Result<Robot> {
    recovered(wire::robot(config)?).await
}

/// A robot that has put its house in order after a stop.
pub(super) async fn recovered(robot: Robot) -> Result<Robot> {
    robot.recover().await.context("the robot cannot start")?;
    Ok(robot)
}

#[async_trait::async_trait]
impl Answers for Door {
    async fn answer(&self, request: Request) -> Reply {
        let failed = |text| Reply {
            outcome: Outcome::Failed(text),
            value: serde_json::Value::Null,
            notices: Vec::new(),
        };
        match self {
            Self::Here(robot) => robot.answer(request).await,
            Self::Service(directory) => match control::ask(directory, &request).await {
                Ok(Some(reply)) => reply,
                Ok(None) => failed(
                    "the service stopped just now\nhint: ask again; without a service the robot \
                     works here"
                        .to_owned(),
                ),
                Err(error) => failed(with_causes(&error)),
            },
        }
    }
}
