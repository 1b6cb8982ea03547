//! Joins the robot and the world: the only file that names adapters.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::adapters::clamd::Clamd;
use crate::adapters::clock::SystemClock;
use crate::adapters::folders::DocumentTree;
use crate::adapters::imap::ImapMailbox;
use crate::adapters::oauth::Account;
use crate::adapters::origin::Signatures;
use crate::adapters::outbox::Outbox;
use crate::adapters::replaceable::Replaceable;
use crate::adapters::smtp::SmtpTransport;
use crate::adapters::spool::MailFolder;
use crate::adapters::store::{Ledger, OpenError, check_export as check, newest_export as newest};
pub(super) use crate::adapters::systemd;
use crate::adapters::watcher::{Hint, Watcher};
use crate::adapters::web::Browser;
use crate::app::service::{Hinted, Hints, NoHints};
use crate::app::{MailRoom, Ports, Robot};
use crate::config::{Config, OAuthLogin, TransportConfig};
use crate::ports::Clock;
use crate::ports::mailbox::Mailbox;
use crate::ports::scanner::Scanner;
use crate::ports::transport::{Probe, Transport};

/// The machine's clock.
pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The robot over the world that the configuration names. Only one process can have it: the
/// store is locked.
pub(super) fn robot(config: &Config) -> Result<Robot> {
    robot_with(config, transport(config)?)
}

/// The same, with a transport that takes another `[mail]` while the robot runs.
pub(super) fn lasting_robot(config: &Config) -> Result<(Robot, MailSwitch)> {
    let transport = Arc::new(Replaceable::new(transport(config)?));
    let robot = robot_with(config, transport.clone())?;
    Ok((robot, MailSwitch(transport)))
}

/// Where a changed `[mail]` takes effect.
pub(super) struct MailSwitch(Arc<Replaceable>);

impl MailSwitch {
    /// Makes the transport of a new configuration: it is tried for mistakes before it is used.
    pub(super) fn prepare(&self, config: &Config) -> Result<impl FnOnce() + use<>> {
        let (replaceable, next) = (Arc::clone(&self.0), transport(config)?);
        Ok(move || replaceable.replace(next))
    }
}

fn robot_with(config: &Config, transport: Arc<dyn Transport>) -> Result<Robot> {
    let clock = clock();
    let folders = tree(config)?;
    let directory = &config.state.directory;
    let store = Ledger::open(directory, clock.now())?;
    let ports = Ports {
        clock,
        folders: Arc::new(folders),
        store: Arc::new(store),
        transport,
        alarm_transport: alarm_transport(config)?,
    };
    Ok(Robot::new(config.clone(), ports).with_mail_room(mail_room(config)?))
}

/// Whether opening failed only because another process has the store open.
pub(super) fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::InUse { .. }))
}

/// Whether the store can't be opened because it is damaged.
pub(super) fn is_damaged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::Damaged { .. }))
}

/// Moves a damaged store out of the way; answers where it is now.
pub(super) fn set_aside(config: &Config) -> Result<PathBuf> {
    Ok(Ledger::set_aside(&config.state.directory, clock().now())?)
}

/// Reads a whole export; answers the number of its records.
pub(super) fn check_export(file: &Path) -> Result<u64> {
    check(file).map_err(|problem| anyhow::anyhow!("`{}`: {problem}", file.display()))
}

/// The newest export of the robot's own; none where it keeps none, or has none yet.
pub(super) fn newest_export(config: &Config) -> Result<Option<PathBuf>> {
    let Some(export) = &config.state.export else { return Ok(None) };
    Ok(newest(&export.directory)?)
}

/// A robot with an empty state in memory, for a look at the tree that must leave nothing behind.
pub(super) fn bystander(config: &Config) -> Result<Robot> {
    let clock = clock();
    let store = Ledger::in_memory("bystander", clock.now());
    let (folders, store) = (Arc::new(tree(config)?), Arc::new(store));
    let transport = transport(config)?;
    let ports = Ports { clock, folders, store, transport, alarm_transport: None };
    Ok(Robot::new(config.clone(), ports))
}

/// Hints from the kernel on where to look; none where it isn't wanted or can't be had.
pub(super) async fn hints(config: &Config) -> Box<dyn Hints> {
    if !config.robot.watch {
        return Box::new(NoHints);
    }
    let (root, ignore) = (config.documents.root.clone(), config.documents.ignore.clone());
    // Walks the whole tree.
    match tokio::task::spawn_blocking(move || Watcher::start(&root, ignore)).await {
        Ok(Ok(watcher)) => Box::new(Watching(watcher)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "new documents are found by the rounds alone");
            Box::new(NoHints)
        }
        Err(error) => {
            tracing::warn!(%error, "the watcher failed to start");
            Box::new(NoHints)
        }
    }
}

/// A watcher as the service asks it.
struct Watching(Watcher);

#[async_trait::async_trait]
impl Hints for Watching {
    async fn changed(&mut self) -> Option<Hinted> {
        loop {
            match self.0.changed().await {
                Hint::Folders(changed) => {
                    let mut hinted = Hinted::new();
                    for folder in changed {
                        hinted.entry(folder.company).or_default().insert(folder.directory);
                    }
                    return Some(hinted);
                }
                Hint::Everything => return None,
                Hint::Incomplete(error) => {
                    tracing::warn!(%error, "not every change is seen at once");
                }
            }
        }
    }
}

/// What was tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Probed {
    /// The way mail leaves.
    Mail,
    /// A mailbox.
    Mailbox,
    /// The antivirus.
    Antivirus,
}

/// Tries the mail server of the configuration, and sends nothing; then its mailboxes, and
/// changes nothing; then its antivirus.
pub(super) async fn probes(config: &Config) -> Result<Vec<(Probed, Probe)>> {
    let mut probes = vec![(Probed::Mail, transport(config)?.probe().await)];
    for mailbox in mailboxes(config)? {
        probes.push((Probed::Mailbox, mailbox.probe().await));
    }
    if let Some(clamd) = antivirus(config) {
        probes.push((Probed::Antivirus, clamd.probe().await));
    }
    Ok(probes)
}

fn mail_room(config: &Config) -> Result<MailRoom> {
    let spool = Arc::new(MailFolder::new(&config.state.directory));
    let mailboxes = mailboxes(config)?;
    Ok(MailRoom {
        mailboxes,
        spool: Some(spool),
        origins: Some(Arc::new(Signatures::default())),
        scanner: antivirus(config).map(|clamd| Arc::new(clamd) as Arc<dyn Scanner>),
        web: Some(Arc::new(Browser::default())),
    })
}

fn antivirus(config: &Config) -> Option<Clamd> {
    config.collection.clamd.clone().map(Clamd::new)
}

/// The same for what one login serves.
pub(super) async fn probes_of(config: &Config, login: &OAuthLogin) -> Result<Vec<Probe>> {
    let mut probes = Vec::new();
    if login.serves(OAuthLogin::MAIL) {
        probes.push(transport(config)?.probe().await);
    }
    if let Some(alarms) = alarm_transport(config)?.filter(|_| login.serves(OAuthLogin::ALARMS)) {
        probes.push(alarms.probe().await);
    }
    for mailbox in mailboxes(config)? {
        if login.serves(mailbox.address()) {
            probes.push(mailbox.probe().await);
        }
    }
    Ok(probes)
}

/// The account that a person logs in to.
pub(super) fn account(login: &OAuthLogin) -> Result<Account> {
    Ok(Account::new(&login.user, &login.oauth)?)
}

fn mailboxes(config: &Config) -> Result<Vec<Arc<dyn Mailbox>>> {
    let open = |mailbox| Ok(Arc::new(ImapMailbox::new(mailbox)?) as Arc<dyn Mailbox>);
    config.mailboxes.iter().map(open).collect()
}

fn tree(config: &Config) -> Result<DocumentTree> {
    let root = &config.documents.root;
    DocumentTree::open(root.clone(), config.documents.ignore.clone()).with_context(|| {
        format!(
            "cannot open the documents in `{}`\nhint: correct `root` of [documents] in {}",
            root.display(),
            config.file.display()
        )
    })
}

fn transport(config: &Config) -> Result<Arc<dyn Transport>> {
    Ok(match &config.mail.transport {
        TransportConfig::Outbox(directory) => Arc::new(Outbox::new(directory.clone())),
        TransportConfig::Smtp(smtp) => Arc::new(SmtpTransport::new(smtp, &config.firm.domain)?),
    })
}

/// The mail server of [alarms], where it has one.
fn alarm_transport(config: &Config) -> Result<Option<Arc<dyn Transport>>> {
    let Some(server) = &config.alarms.server else { return Ok(None) };
    Ok(Some(Arc::new(SmtpTransport::new(server, &config.firm.domain)?)))
}
