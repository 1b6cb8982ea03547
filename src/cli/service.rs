//! `run`: the robot on schedule, its control socket, and its configuration when that changes.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::Level;

use super::control::{self, Listener};
use super::door::{load, recovered};
use super::output::with_causes;
use super::run::{Call, Ended};
use super::wire::{MailSwitch, systemd};
use super::{logging, wire};
use crate::app::Robot;
use crate::app::requests::Outcome;
use crate::config::{self, Environment};

/// How often the configuration is looked at for changes; SIGHUP asks for a look at once.
const CONFIG_LOOK: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or Ctrl-C.
pub(super) async fn run(call: &Call) -> Result<Ended> {
    let config = load(&call.config, call.output)?;
    logging::begin(config.log_format, Level::INFO);
    let directory = &config.state.directory;
    if control::listens(directory).await? {
        bail!(
            "the service runs already\nhint: `facteur status` asks it; `systemctl restart facteur` \
             restarts it"
        );
    }
    let (robot, mail) = wire::lasting_robot(&config)?;
    let robot = recovered(robot).await?;
    let listener = Listener::bind(directory, config.state.socket_group.as_deref()).await?;
    let (stop, stopped) = watch::channel(false);
    let helpers = [
        tokio::spawn(stop_at_signal(Signals::listen()?, stop.clone())),
        tokio::spawn(follow_config(robot.clone(), mail, call.config.clone(), hang_up()?)),
        tokio::spawn(keep_alive()),
    ];
    let answers = Arc::new(robot.clone());
    let socket = tokio::spawn(control::serve(listener, answers, asked(stopped.clone())));
    let hints = wire::hints(&config).await;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the service is ready");
    systemd::ready("rounds on schedule");
    let ended = robot.serve(hints, stopped).await;
    systemd::stopping();
    stop.send_replace(true);
    socket.await.context("the control socket failed")?;
    for helper in helpers {
        helper.abort();
    }
    if let Err(error) = ended {
        bail!("the service failed: {}", error.with_remedy());
    }
    tracing::info!("the service has stopped");
    Ok(Ended { outcome: Outcome::Done, printed: true })
}

async fn asked(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone is a stop as well.
    drop(stopped.wait_for(|stop| *stop).await);
}

/// The signals that end the service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        let terminate = listen(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: listen(SignalKind::interrupt())? })
    }
}

fn hang_up() -> Result<Signal> {
    signal(SignalKind::hangup()).context("cannot listen to signals")
}

async fn stop_at_signal(mut signals: Signals, stop: watch::Sender<bool>) {
    tokio::select! {
        _ = signals.terminate.recv() => {}
        _ = signals.interrupt.recv() => {}
    }
    tracing::info!("asked to stop: what is being sent may end");
    stop.send_replace(true);
}

/// Tells systemd that the service is alive, where it wants to hear it.
async fn keep_alive() {
    let Some(pause) = systemd::ping_interval() else { return };
    let mut beat = tokio::time::interval(pause);
    loop {
        beat.tick().await;
        systemd::ping();
    }
}

/// Takes a changed configuration; one with mistakes leaves the old one in force.
async fn follow_config(robot: Robot, mail: MailSwitch, file: PathBuf, mut hang_up: Signal) {
    let mut known = stamp(&file);
    let mut look = tokio::time::interval(CONFIG_LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = hang_up.recv() => known = None,
        }
        let seen = stamp(&file);
        if seen.is_none() || seen == known {
            continue;
        }
        known = seen;
        match reload(&robot, &mail, &file).await {
            Ok(()) => tracing::info!("routes.toml was changed and taken"),
            Err(error) => tracing::error!(
                problem = with_causes(&error),
                "routes.toml was changed and not taken: the old one stays in force"
            ),
        }
    }
}

/// Changes whenever the file does: its inode, size and modification time.
fn stamp(file: &Path) -> Option<(u64, u64, i64, i64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

async fn reload(robot: &Robot, mail: &MailSwitch, file: &Path) -> Result<()> {
    let config = config::load(file, &Environment::system())?;
    let current = robot.config();
    let fixed = [
        ("the mail server of [alarms]", config.alarms.server != current.alarms.server),
        ("[[mailboxes]]", config.mailboxes != current.mailboxes),
        ("documents.ignore", config.documents.ignore != current.documents.ignore),
        ("state.socket_group", config.state.socket_group != current.state.socket_group),
        ("robot.watch", config.robot.watch != current.robot.watch),
        ("log.format", config.log_format != current.log_format),
    ];
    if let Some((key, _)) = fixed.iter().find(|(_, changed)| *changed) {
        bail!("{key} was changed\nhint: restart the service to take the new routes.toml");
    }
    let replace_transport = mail.prepare(&config)?;
    robot.take_config(config).await?;
    replace_transport();
    Ok(())
}
