//! Opening the state directory: its owner, its lock, and sled's own failures survived.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::domain::Timestamp;

use super::disk::SledKv;
use super::kv::{Kv, KvError, walk};
use super::record;
use super::watermark::{self, Watermark};

/// Bytes of sled's cache.
const CACHE_BYTES: u64 = 64 << 20;

/// sled's last threads may hold its file a moment longer than the tree that was closed in this
/// very process; our own lock has told others apart by then.
const SLED_LOCK_TRIES: u32 = 100;
const SLED_LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Why a state directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "the state in `{}` is in use by process {pid}\nhint: while the service runs, commands reach it over its socket; else end process {pid} first",
        directory.display()
    )]
    InUse {
        /// The state directory.
        directory: PathBuf,
        /// Who has it, as it wrote down itself.
        pid: String,
    },
    /// It belongs to somebody else, whose files would become unreadable to them.
    #[error(
        "the state in `{}` belongs to user {owner}, and this is user {user}\nhint: run it as its owner: sudo -u '#{owner}' facteur …",
        directory.display()
    )]
    NotOwner {
        /// The state directory.
        directory: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who tried.
        user: u32,
    },
    /// The disk refused something.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system refuses what the store needs, and the store is as it was.
    #[error(
        "the store in `{}` cannot be opened: {problem}\nhint: make room there, or let its owner write to it; nothing is lost",
        directory.display()
    )]
    System {
        /// The store's folder.
        directory: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The store's files cannot be read.
    #[error(
        "the store in `{}` is damaged: {problem}\nhint: `facteur import FILE` with the last export sets it aside and begins with that; nothing is sent twice",
        directory.display()
    )]
    Damaged {
        /// The store's folder.
        directory: PathBuf,
        /// What failed.
        problem: String,
    },
}

/// What opening found.
pub(super) struct Opened {
    pub(super) kv: SledKv,
    /// Keys of records that cannot be read.
    pub(super) unreadable: BTreeSet<String>,
    /// What tells the directory from a copy of it.
    pub(super) place: String,
}

/// Opens the store of a state directory, making what isn't there.
pub(super) fn open(directory: &Path) -> Result<Opened, OpenError> {
    make_directory(directory)?;
    check_owner(directory)?;
    let lock = lock(directory)?;
    let place = place(&lock).map_err(failed("look at", &directory.join("lock")))?;
    let folder = directory.join("ledger");
    make_store(directory, &folder)?;
    remove_half_made_snapshots(&folder)?;
    let watermark =
        Watermark::open(directory).map_err(failed("open the watermark of", directory))?;
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let kv = SledKv::new(open_sled(&folder)?, &folder, watermark, lock)?;
        let mut unreadable = BTreeSet::new();
        walk(&kv, |key, value| {
            if record::check(key, value).is_err() {
                unreadable.insert(key.to_owned());
            }
            Ok(())
        })?;
        kv.sync()?;
        Ok(Opened { kv, unreadable, place })
    }));
    let opened = match opened {
        Ok(opened) => opened.map_err(|error| unopened(&folder, error))?,
        Err(_) => return Err(damaged(&folder, "sled panicked while opening it".to_owned())),
    };
    for path in [&folder.join("conf"), &folder.join("db"), &folder, &directory.to_owned()] {
        sync(path)?;
    }
    Ok(opened)
}

/// Moves a damaged store out of the way, with what belongs to it; answers where it is now.
pub(super) fn set_aside(directory: &Path, now: Timestamp) -> Result<PathBuf, OpenError> {
    check_owner(directory)?;
    let _lock = lock(directory)?;
    let (folder, watermark) = (directory.join("ledger"), directory.join(watermark::FILE_NAME));
    let aside = directory.join(format!("ledger.damaged-{}", now.format("%Y%m%dT%H%M%SZ")));
    std::fs::rename(&folder, &aside).map_err(failed("set aside", &folder))?;
    match std::fs::rename(&watermark, aside.join(watermark::FILE_NAME)) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("set aside", &watermark)(error)),
    }
    sync(directory)?;
    Ok(aside)
}

fn failed<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> OpenError + 'a {
    move |source| OpenError::Io { doing, path: path.to_owned(), source }
}

/// Makes a directory that only its owner can enter; its entry is durable.
pub(in crate::adapters) fn make_directory(directory: &Path) -> Result<(), OpenError> {
    if directory.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(failed("make", directory))?;
    match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        Some(_) | None => Ok(()),
    }
}

pub(in crate::adapters) fn check_owner(directory: &Path) -> Result<(), OpenError> {
    let metadata = std::fs::metadata(directory).map_err(failed("look at", directory))?;
    let (owner, user) = (metadata.uid(), nix::unistd::geteuid().as_raw());
    if owner == user {
        Ok(())
    } else {
        Err(OpenError::NotOwner { directory: directory.to_owned(), owner, user })
    }
}

/// Makes an empty store beside its place and puts it there when it is whole: sled stopped while it
/// writes `conf` for the first time leaves what never opens again.
fn make_store(directory: &Path, folder: &Path) -> Result<(), OpenError> {
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Ok(());
    }
    let fresh = directory.join("ledger.new");
    if fresh.is_dir() {
        std::fs::remove_dir_all(&fresh).map_err(failed("remove", &fresh))?;
    }
    make_directory(&fresh)?;
    drop(open_sled(&fresh).map_err(|error| unopened(&fresh, error))?);
    for path in [&fresh.join("conf"), &fresh.join("db"), &fresh] {
        sync(path)?;
    }
    std::fs::rename(&fresh, folder).map_err(failed("put in place", &fresh))?;
    sync(directory)
}

/// A disk that is full or can't be written to is no damage.
fn unopened(directory: &Path, error: KvError) -> OpenError {
    match error {
        KvError::System(problem) => OpenError::System { directory: directory.to_owned(), problem },
        KvError::Content(problem) => damaged(directory, problem),
    }
}

fn damaged(directory: &Path, problem: String) -> OpenError {
    OpenError::Damaged { directory: directory.to_owned(), problem }
}

/// Our own lock, taken before sled's: sled's error for a locked store has no kind of its own.
/// It ends with the process or with the file's last handle, whichever is first.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(failed("read", &path))?;
            let pid = match pid.trim() {
                "" => "unknown".to_owned(),
                pid => pid.to_owned(),
            };
            return Err(OpenError::InUse { directory: directory.to_owned(), pid });
        }
        Err(std::fs::TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
    }
    let mut write = || {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write().map_err(failed("write", &path))?;
    Ok(file)
}

/// The lock file's inode and birth time: it is made once, and whatever copies it makes another
/// file of it. Where the file system keeps no birth times the inode must do.
fn place(lock: &File) -> std::io::Result<String> {
    let metadata = lock.metadata()?;
    let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    let born_ns = born.map_or(0, |born| born.as_nanos());
    Ok(format!("{:x}-{born_ns:x}", metadata.ino()))
}

/// sled killed inside its opening leaves these, and then never opens again.
fn remove_half_made_snapshots(folder: &Path) -> Result<(), OpenError> {
    let entries = std::fs::read_dir(folder).map_err(failed("list", folder))?;
    for entry in entries {
        let entry = entry.map_err(failed("list", folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            let path = entry.path();
            std::fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    Ok(())
}

pub(super) fn open_sled(folder: &Path) -> Result<sled::Db, KvError> {
    let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let mut tries = 1;
    loop {
        match config.open() {
            Ok(tree) => return Ok(tree),
            Err(sled::Error::Io(error))
                if tries < SLED_LOCK_TRIES && error.to_string().contains("acquire lock") =>
            {
                tries += 1;
                std::thread::sleep(SLED_LOCK_PAUSE);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn sync(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed("sync", path))
}
