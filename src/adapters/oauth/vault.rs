//! Refresh tokens on disk: a file a login, that its owner alone can read, replaced as a whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::adapters::store::{OpenError, check_owner, make_directory};
use crate::config::Secret;

/// The version of the files.
const VERSION: u32 = 1;

/// Bytes of a file.
const FILE_BYTES_MAX: u64 = 100_000;

/// How often a lock is tried that another process holds, which refreshes just now…
const LOCK_TRIES_MAX: u32 = 600;

/// …and how long to wait in between: a minute in all.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// Why a login could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum VaultError {
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error(
        "others can read or write `{}`: `chmod 600` it, and log in again, for they may have its login",
        .0.display()
    )]
    Open(PathBuf),
    #[error("`{}` holds no login: remove it, and log in again", .0.display())]
    Unreadable(PathBuf),
    #[error("another process holds `{}`", .0.display())]
    Busy(PathBuf),
    #[error(transparent)]
    State(#[from] OpenError),
}

/// Where one login is kept.
#[derive(Debug, Clone)]
pub(super) struct Vault {
    directory: PathBuf,
    user: String,
    token_url: String,
    client_id: String,
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    user: String,
    token_url: String,
    client_id: String,
    refresh_token: String,
}

impl Vault {
    /// One for each user, server and client.
    pub(super) fn new(directory: &Path, user: &str, token_url: &str, client_id: &str) -> Self {
        Self {
            directory: directory.to_owned(),
            user: user.to_owned(),
            token_url: token_url.to_owned(),
            client_id: client_id.to_owned(),
        }
    }

    /// What is kept; none before the first login. Sees a whole file whatever is written just now.
    pub(super) fn read(&self) -> Result<Option<Secret>, VaultError> {
        let path = self.path("json");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(VaultError::Io { doing: "open", path, source }),
        };
        let metadata = file.metadata().map_err(failed("look at", &path))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(VaultError::Open(path));
        }
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed("read", &path))?;
        let record = serde_json::from_slice::<Record>(&bytes).ok();
        let record = record.filter(|record| record.version == VERSION && self.is_of(record));
        let record = record.ok_or(VaultError::Unreadable(path))?;
        Ok(Some(Secret::new(record.refresh_token)))
    }

    /// Waits until nobody else reads to refresh, or writes. Makes the folder.
    pub(super) fn lock(&self) -> Result<Locked, VaultError> {
        if let Some(state) = self.directory.parent() {
            make_directory(state)?;
            // Files of another user would stop the robot.
            check_owner(state)?;
        }
        make_directory(&self.directory)?;
        let path = self.path("lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed("open", &path))?;
        for _ in 0..LOCK_TRIES_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(Locked { vault: self.clone(), _lock: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(source)) => {
                    return Err(VaultError::Io { doing: "lock", path, source });
                }
            }
        }
        Err(VaultError::Busy(path))
    }

    fn is_of(&self, record: &Record) -> bool {
        (&record.user, &record.token_url, &record.client_id)
            == (&self.user, &self.token_url, &self.client_id)
    }

    /// Legible, and different for what differs.
    fn path(&self, extension: &str) -> PathBuf {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let name: String = self.user.chars().map(plain).take(40).collect();
        let key = [&self.user, &self.token_url, &self.client_id].map(|part| format!("{part}\n"));
        let key = hex::encode(Sha256::digest(key.concat()));
        let key: String = key.chars().take(16).collect();
        self.directory.join(format!("{name}-{key}.{extension}"))
    }
}

/// The right to replace what is kept, until it is dropped.
#[derive(Debug)]
pub(super) struct Locked {
    vault: Vault,
    _lock: File,
}

impl Locked {
    pub(super) fn read(&self) -> Result<Option<Secret>, VaultError> {
        self.vault.read()
    }

    /// Replaces what is kept; durable when it answers. Stopped at any moment it leaves the old
    /// file or the new one, whole.
    pub(super) fn write(&mut self, refresh: &Secret) -> Result<(), VaultError> {
        let Vault { directory, user, token_url, client_id } = &self.vault;
        let record = Record {
            version: VERSION,
            user: user.clone(),
            token_url: token_url.clone(),
            client_id: client_id.clone(),
            refresh_token: refresh.reveal().to_owned(),
        };
        let text = serde_json::to_vec_pretty(&record).expect("five texts are JSON");
        let (beside, path) = (self.vault.path("new"), self.vault.path("json"));
        // What a stop left has no reader, and perhaps another mode.
        match std::fs::remove_file(&beside) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(VaultError::Io { doing: "remove", path: beside, source });
            }
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&beside).map_err(failed("write", &beside))?;
        file.write_all(&text).map_err(failed("write", &beside))?;
        file.sync_all().map_err(failed("sync", &beside))?;
        std::fs::rename(&beside, &path).map_err(failed("replace", &path))?;
        let folder = File::open(directory).map_err(failed("open", directory))?;
        folder.sync_all().map_err(failed("sync", directory))
    }
}

fn failed<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> VaultError + 'a {
    move |source| VaultError::Io { doing, path: path.to_owned(), source }
}
