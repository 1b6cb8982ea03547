//! The robot: its configuration and the ports it works through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

use super::error::Answer;
use super::round::Tally;
use super::witness::Refusals;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::mail::mailbox::MailRecord;
use crate::ports::Clock;
use crate::ports::folders::Folders;
use crate::ports::mailbox::Mailbox;
use crate::ports::origin::Origins;
use crate::ports::scanner::Scanner;
use crate::ports::spool::Spool;
use crate::ports::store::Store;
use crate::ports::transport::Transport;
use crate::ports::web::Web;

/// The world, as the robot is given it.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The document tree.
    pub folders: Arc<dyn Folders>,
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// The way mail leaves.
    pub transport: Arc<dyn Transport>,
    /// The way mail about alarms leaves, where it has one of its own.
    pub alarm_transport: Option<Arc<dyn Transport>>,
}

/// What mail is read with. What is not there isn't used.
#[derive(Clone, Default)]
pub struct MailRoom {
    /// The firm's mailboxes.
    pub mailboxes: Vec<Arc<dyn Mailbox>>,
    /// Where mails to be filed are kept; without it none are.
    pub spool: Option<Arc<dyn Spool>>,
    /// Verifies signatures.
    pub origins: Option<Arc<dyn Origins>>,
    /// The antivirus.
    pub scanner: Option<Arc<dyn Scanner>>,
    /// Opens the links of verified invitations.
    pub web: Option<Arc<dyn Web>>,
}

/// What every pass works with; cheap to clone, all clones are the same robot.
#[derive(Clone)]
pub struct Robot {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    config: RwLock<Arc<Config>>,
    pub(super) ports: Ports,
    /// Read beside the rounds; empty where nobody gave any.
    mail_room: OnceLock<MailRoom>,
    /// Rounds never overlap (R8); a second one waits for the first.
    pub(super) round: tokio::sync::Mutex<()>,
    /// Decisions and observations take turns; the ledger's revisions would catch them anyway.
    pub(super) tree: tokio::sync::Mutex<()>,
    /// One pass of deliveries at a time; it has its own connections side by side.
    pub(super) delivering: tokio::sync::Mutex<()>,
    /// Collected mails are filed by one at a time, whoever asks.
    pub(super) filing: tokio::sync::Mutex<()>,
    /// Alarms are held against their book by one at a time.
    pub(super) announcing: tokio::sync::Mutex<()>,
    tally: std::sync::Mutex<Tally>,
    /// Since when a service runs; none when none does.
    serving_since: std::sync::Mutex<Option<Timestamp>>,
    /// Since when the rolling export fails, and how; for display, the folder is the truth.
    export_failure: std::sync::Mutex<Option<(Timestamp, String)>>,
    /// Mails that left without their witness.
    pub(super) witness_refusals: Refusals,
    /// How marking goes; for display, the files are the truth.
    marking: std::sync::Mutex<Marking>,
    /// When the service makes its next round; none when none runs.
    next_round: std::sync::Mutex<Option<Timestamp>>,
    /// What senders of mails are told; what a stop leaves here is never told.
    pub(super) acknowledgements: std::sync::Mutex<Vec<MailRecord>>,
    /// Something may be due: the sender looks.
    pub(super) due: tokio::sync::Notify,
    /// Another configuration was taken: the next round may come at another time.
    pub(super) reconfigured: tokio::sync::Notify,
    /// The service stops: what is under way ends, and nothing more is claimed.
    stopping: AtomicBool,
}

/// How the marking of files goes.
#[derive(Debug, Clone, Default)]
struct Marking {
    /// It worked once since the start: the disk holds marks.
    worked: bool,
    failure: Option<MarkingFailure>,
}

/// Files that cannot be marked just now.
#[derive(Debug, Clone)]
pub(super) struct MarkingFailure {
    /// Since when.
    pub(super) since: Timestamp,
    /// How many of the last pass.
    pub(super) files: usize,
    /// The system's words.
    pub(super) problem: String,
}

impl Shared {
    /// What deliveries came to since the last report of a round.
    pub(super) fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// When the service makes its next round; none when none runs.
    pub(super) fn next_round(&self) -> Option<Timestamp> {
        *self.next_round.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Says when the next round is made.
    pub(super) fn set_next_round(&self, at: Option<Timestamp>) {
        *self.next_round.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
    }

    /// Since when a service runs; none when none does.
    pub(super) fn serving_since(&self) -> Option<Timestamp> {
        *self.serving_since.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Says that a service runs, or that it has ended.
    pub(super) fn set_serving_since(&self, at: Option<Timestamp>) {
        *self.serving_since.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
    }

    /// Since when the rolling export fails, and how.
    pub(super) fn export_failure(&self) -> Option<(Timestamp, String)> {
        let failure = self.export_failure.lock();
        failure.unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Notes how the rolling export went.
    pub(super) fn set_export_failure(&self, failure: Option<(Timestamp, String)>) {
        let mut kept =
            self.export_failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *kept = failure;
    }

    /// Files that cannot be marked although that worked before: a disk that never held a mark is
    /// no trouble.
    pub(super) fn marking_failure(&self) -> Option<MarkingFailure> {
        let marking = self.marking.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        marking.failure.clone().filter(|_| marking.worked)
    }

    /// Notes how a pass of marks went: whether any was set, and how many could not be.
    pub(super) fn set_marking(
        &self,
        worked: bool,
        files: usize,
        problem: Option<String>,
        now: Timestamp,
    ) {
        let mut marking = self.marking.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        marking.worked |= worked;
        let since = marking.failure.as_ref().map_or(now, |failure| failure.since);
        marking.failure = problem.map(|problem| MarkingFailure { since, files, problem });
    }

    /// Whether nothing more may be claimed.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Says whether anything more may be claimed.
    pub(super) fn stop_sending(&self, stopping: bool) {
        self.stopping.store(stopping, Ordering::SeqCst);
    }

    /// Tells the sender that something may be due.
    pub(super) fn poke(&self) {
        self.due.notify_one();
    }
}

impl Robot {
    /// A robot over these ports. Call [`Robot::recover`] before its first round.
    pub fn new(config: Config, ports: Ports) -> Self {
        let shared = Shared {
            config: RwLock::new(Arc::new(config)),
            ports,
            mail_room: OnceLock::new(),
            round: tokio::sync::Mutex::new(()),
            tree: tokio::sync::Mutex::new(()),
            delivering: tokio::sync::Mutex::new(()),
            filing: tokio::sync::Mutex::new(()),
            announcing: tokio::sync::Mutex::new(()),
            tally: std::sync::Mutex::default(),
            serving_since: std::sync::Mutex::default(),
            export_failure: std::sync::Mutex::default(),
            witness_refusals: Refusals::default(),
            marking: std::sync::Mutex::default(),
            next_round: std::sync::Mutex::default(),
            acknowledgements: std::sync::Mutex::default(),
            due: tokio::sync::Notify::new(),
            reconfigured: tokio::sync::Notify::new(),
            stopping: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The same robot, reading the mailboxes of its configuration.
    ///
    /// # Panics
    ///
    /// When it was given them before.
    #[must_use]
    pub fn with_mail_room(self, mail_room: MailRoom) -> Self {
        let given = self.shared.mail_room.set(mail_room);
        assert!(given.is_ok(), "a robot is given its mailboxes once");
        self
    }

    /// What it reads mail with.
    pub(super) fn mail_room(&self) -> &MailRoom {
        static NONE: MailRoom = MailRoom {
            mailboxes: Vec::new(),
            spool: None,
            origins: None,
            scanner: None,
            web: None,
        };
        self.shared.mail_room.get().unwrap_or(&NONE)
    }

    /// The mailboxes it reads.
    pub(super) fn mailboxes(&self) -> &[Arc<dyn Mailbox>] {
        &self.mail_room().mailboxes
    }

    /// The same robot over a copy of its ledger in memory: what it does there changes nothing.
    pub(super) async fn rehearsal(&self) -> Answer<Self> {
        let store = self.ports().store.fork().await?;
        let config = Config::clone(&self.config());
        Ok(Self::new(config, Ports { store, ..self.ports().clone() }))
    }

    /// The configuration of this moment.
    pub fn config(&self) -> Arc<Config> {
        let config = self.shared.config.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&config)
    }

    /// Takes a new configuration from now on.
    pub fn reconfigure(&self, config: Config) {
        let mut current =
            self.shared.config.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *current = Arc::new(config);
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.shared.ports.clock.now()
    }

    /// The ports it works through.
    pub fn ports(&self) -> &Ports {
        &self.shared.ports
    }
}
