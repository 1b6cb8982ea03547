//! Hints from the file system on where to look: never the truth, which the rounds find.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::Sleep;

use crate::domain::names;
use crate::domain::path::TreePath;
use crate::ports::folders::CompanyFolder;

/// Watches a document tree until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    hints: Hints,
    _watch: RecommendedWatcher,
}

/// Where a look is worth while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Names or contents changed directly in these folders: [`FOLDERS_MAX`] at most.
    Folders(BTreeSet<ChangedFolder>),
    /// More changed than is told apart, or the system lost count. Not again for a minute.
    Everything,
    /// From now on changes go unseen until a round. Given once.
    Incomplete(WatchError),
}

/// A folder in which something changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedFolder {
    /// Whose it is; perhaps just made, renamed or gone.
    pub company: CompanyFolder,
    /// Relative to the company's folder.
    pub directory: TreePath,
}

/// Why a tree cannot be watched, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// One watch a folder, and the system has no more.
    #[error(
        "the system's limit of watched folders is reached; until it is raised \
         (`sysctl fs.inotify.max_user_watches`), deposits are found by the rounds alone"
    )]
    Limit,
    /// Anything else the system said.
    #[error("cannot watch the documents: {0}; deposits are found by the rounds alone")]
    Failed(String),
}

/// More folders than this at once are [`Hint::Everything`].
pub const FOLDERS_MAX: usize = 1000;

/// From the first change to its hint, so that a burst is one hint.
const GATHER: Duration = Duration::from_secs(1);

/// From [`Hint::Everything`] to the next hint: the look it asks for opens folders, which is events
/// again, and might overflow the same queue.
const GATHER_AFTER_EVERYTHING: Duration = Duration::from_mins(1);

impl Watcher {
    /// Watches all folders below `root`; names that are not recorded give no hints.
    ///
    /// Blocks while the tree is walked (one system call a folder). An error leaves nothing watched.
    pub fn start(root: &Path, ignore: Vec<String>) -> Result<Self, WatchError> {
        // Events name folders by the path that was watched; and a link as root isn't walked.
        let root = root.canonicalize().map_err(|error| WatchError::Failed(error.to_string()))?;
        let pending = Arc::new(Pending::default());
        let scope = Scope { root: root.clone(), ignore };
        let receiver = Arc::clone(&pending);
        let config = Config::default().with_follow_symlinks(false);
        let handler = move |event| receiver.take_in(event, &scope);
        let mut watch = RecommendedWatcher::new(handler, config).map_err(watch_error)?;
        watch.watch(&root, RecursiveMode::Recursive).map_err(watch_error)?;
        Ok(Self { hints: Hints::new(pending), _watch: watch })
    }

    /// Waits for the next hint. Dropped half-way, it loses none.
    pub async fn changed(&mut self) -> Hint {
        self.hints.next().await
    }
}

/// What is watched, and which names don't count.
#[derive(Debug)]
struct Scope {
    root: PathBuf,
    ignore: Vec<String>,
}

impl Scope {
    /// The folder a changed path lies in; none when it isn't of a company or isn't recorded.
    fn folder_of(&self, path: &Path) -> Option<ChangedFolder> {
        let below = path.strip_prefix(&self.root).ok()?;
        let path = TreePath::from_bytes(below.as_os_str().as_bytes()).ok()?;
        if !path.components().all(|name| names::is_recorded(name, &self.ignore)) {
            return None;
        }
        let company = TreePath::root().join(path.components().next()?);
        let directory = path.rebase(&company, &TreePath::root())?.parent().unwrap_or_default();
        Some(ChangedFolder { company, directory })
    }
}

/// What happened and hasn't been told yet.
#[derive(Debug, Default)]
struct Pending {
    changes: Mutex<Changes>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Changes {
    folders: BTreeSet<ChangedFolder>,
    everything: bool,
    incomplete: Option<WatchError>,
    told_incomplete: bool,
}

impl Pending {
    /// Runs on the watching thread.
    fn take_in(&self, event: notify::Result<Event>, scope: &Scope) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(event) => changes.take_in(&event, scope),
            Err(error) if !changes.told_incomplete => {
                changes.told_incomplete = true;
                changes.incomplete = Some(watch_error(error));
            }
            Err(_) => {}
        }
        if !changes.is_empty() {
            self.arrived.notify_one();
        }
    }

    async fn any(&self) {
        while self.changes.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            self.arrived.notified().await;
        }
    }

    fn take(&self) -> Option<Hint> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Changes {
    fn take_in(&mut self, event: &Event, scope: &Scope) {
        let is_change = is_change(event.kind);
        // The root itself renamed or deleted.
        if event.need_rescan() || (is_change && event.paths.contains(&scope.root)) {
            self.everything = true;
        } else if is_change && !self.everything {
            self.folders.extend(event.paths.iter().filter_map(|path| scope.folder_of(path)));
            self.everything = self.folders.len() > FOLDERS_MAX;
        }
        if self.everything {
            self.folders.clear();
        }
    }

    fn is_empty(&self) -> bool {
        self.folders.is_empty() && !self.everything && self.incomplete.is_none()
    }

    fn take(&mut self) -> Option<Hint> {
        if let Some(error) = self.incomplete.take() {
            return Some(Hint::Incomplete(error));
        }
        if std::mem::take(&mut self.everything) {
            return Some(Hint::Everything);
        }
        let folders = std::mem::take(&mut self.folders);
        (!folders.is_empty()).then_some(Hint::Folders(folders))
    }
}

/// Whether an event is about names or contents. Opening and reading are the robot's own doing, as
/// are changed attributes (its marks; mode and time stamps with them, which no system tells apart).
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Create(_)
        | EventKind::Modify(
            ModifyKind::Any | ModifyKind::Data(_) | ModifyKind::Name(_) | ModifyKind::Other,
        )
        | EventKind::Remove(_)
        | EventKind::Any
        | EventKind::Other => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
    }
}

/// Makes hints of what is pending, no more than one each [`GATHER`].
#[derive(Debug)]
struct Hints {
    pending: Arc<Pending>,
    gather: Duration,
    gathering: Option<Pin<Box<Sleep>>>,
}

impl Hints {
    fn new(pending: Arc<Pending>) -> Self {
        Self { pending, gather: GATHER, gathering: None }
    }

    async fn next(&mut self) -> Hint {
        loop {
            self.pending.any().await;
            // Kept in `self`: a caller that gives up and asks again doesn't start it afresh.
            let gather = self.gather;
            self.gathering.get_or_insert_with(|| Box::pin(tokio::time::sleep(gather))).await;
            self.gathering = None;
            if let Some(hint) = self.pending.take() {
                self.gather = match hint {
                    Hint::Everything => GATHER_AFTER_EVERYTHING,
                    Hint::Folders(_) | Hint::Incomplete(_) => GATHER,
                };
                return hint;
            }
        }
    }
}

fn watch_error(error: notify::Error) -> WatchError {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => WatchError::Limit,
        notify::ErrorKind::Io(error) => WatchError::Failed(error.to_string()),
        kind => WatchError::Failed(format!("{kind:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind, RenameMode};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use tokio::time::{Instant, timeout};

    fn scope() -> Scope {
        Scope { root: "/documents".into(), ignore: vec!["@eaDir".to_owned()] }
    }

    fn changed(company: &str, directory: &str) -> ChangedFolder {
        ChangedFolder { company: company.parse().unwrap(), directory: directory.parse().unwrap() }
    }

    const CREATED: EventKind = EventKind::Create(CreateKind::File);

    fn create(pending: &Pending, path: &str) {
        pending.take_in(Ok(Event::new(CREATED).add_path(path.into())), &scope());
    }

    #[test]
    fn a_change_hints_at_the_folder_it_is_in() {
        let folders = [
            ("/documents/acme/Achats/a.pdf", Some(changed("acme", "Achats"))),
            ("/documents/acme/a.pdf", Some(changed("acme", ""))),
            ("/documents/acme", Some(changed("acme", ""))),
            ("/documents", None),
            ("/elsewhere/acme/a.pdf", None),
            ("/documents/acme/Achats/a.pdf.part", None),
            ("/documents/acme/@eaDir/a.pdf", None),
            ("/documents/.facteur", None),
        ];
        for (path, expected) in folders {
            assert_eq!(scope().folder_of(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn what_the_robot_does_itself_is_no_change() {
        let kinds = [
            (CREATED, true),
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), true),
            (EventKind::Modify(ModifyKind::Name(RenameMode::To)), true),
            (EventKind::Remove(RemoveKind::File), true),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), true),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), false),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), false),
        ];
        for (kind, expected) in kinds {
            assert_eq!(is_change(kind), expected, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_hint() {
        let pending = Arc::new(Pending::default());
        let mut hints = Hints::new(Arc::clone(&pending));
        for name in ["/documents/acme/a.pdf", "/documents/acme/b.pdf", "/documents/zebra/x/c.pdf"] {
            create(&pending, name);
        }
        let expected = Hint::Folders([changed("acme", ""), changed("zebra", "x")].into());
        assert_eq!(hints.next().await, expected);
        let more = timeout(Duration::from_hours(1), hints.next()).await;
        assert!(more.is_err(), "nothing else happened");
    }

    #[tokio::test(start_paused = true)]
    async fn giving_up_half_way_loses_nothing() {
        let pending = Arc::new(Pending::default());
        let mut hints = Hints::new(Arc::clone(&pending));
        create(&pending, "/documents/acme/a.pdf");
        let start = Instant::now();
        for _ in 0..3 {
            assert!(timeout(GATHER / 4, hints.next()).await.is_err());
        }
        assert_eq!(hints.next().await, Hint::Folders([changed("acme", "")].into()));
        assert_eq!(start.elapsed(), GATHER);
    }

    #[tokio::test(start_paused = true)]
    async fn too_much_and_lost_events_hint_at_everything_once_a_minute() {
        let pending = Arc::new(Pending::default());
        let mut hints = Hints::new(Arc::clone(&pending));
        for number in 0..=FOLDERS_MAX {
            create(&pending, &format!("/documents/acme/{number}/a.pdf"));
        }
        assert_eq!(hints.next().await, Hint::Everything);
        let start = Instant::now();
        pending.take_in(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), &scope());
        assert_eq!(hints.next().await, Hint::Everything);
        assert_eq!(start.elapsed(), GATHER_AFTER_EVERYTHING);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reached_limit_is_told_once() {
        let pending = Arc::new(Pending::default());
        let mut hints = Hints::new(Arc::clone(&pending));
        let limit = || Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        pending.take_in(limit(), &scope());
        assert_eq!(hints.next().await, Hint::Incomplete(WatchError::Limit));
        pending.take_in(limit(), &scope());
        assert!(timeout(Duration::from_hours(1), hints.next()).await.is_err());
    }

    #[tokio::test]
    async fn a_file_created_yields_a_hint_and_a_file_read_or_marked_does_not() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("documents");
        fs::create_dir_all(root.join("acme/Achats")).unwrap();
        fs::create_dir_all(root.join("acme/Ventes")).unwrap();
        let old = root.join("acme/Ventes/old.pdf");
        fs::write(&old, "old").unwrap();
        let link = base.path().join("link");
        std::os::unix::fs::symlink(&root, &link).unwrap();
        let mut watcher = Watcher::start(&link, Vec::new()).unwrap();
        assert_eq!(fs::read_dir(root.join("acme/Ventes")).unwrap().count(), 1);
        assert_eq!(fs::read(&old).unwrap(), b"old");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(root.join("acme/Achats/a.pdf"), "a").unwrap();
        let hint = timeout(Duration::from_mins(1), watcher.changed()).await.unwrap();
        assert_eq!(hint, Hint::Folders([changed("acme", "Achats")].into()));
    }

    #[test]
    fn a_tree_that_is_not_there_cannot_be_watched() {
        let base = tempfile::tempdir().unwrap();
        let watched = Watcher::start(&base.path().join("none"), Vec::new());
        assert!(matches!(watched, Err(WatchError::Failed(_))));
    }
}
