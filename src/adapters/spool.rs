//! Mails kept as files beside the ledger, one a mail, for the robot's user alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::mime;
use crate::domain::mail::received::{MailIdentity, ReceivedMail};
use crate::ports::spool::{Spool, SpoolError};

/// The folder in the state's directory.
const FOLDER: &str = "mails";

/// How a kept mail's file ends, and one that isn't whole yet.
const KEPT: &str = ".eml";
const UNFINISHED: &str = ".part";

/// Bytes of a kept mail: none larger is ever kept.
const MAIL_BYTES_MAX: u64 = 250_000_000;

/// Mails in `<state>/mails`, which is made when the first is kept.
#[derive(Debug, Clone)]
pub struct MailFolder {
    directory: PathBuf,
}

impl MailFolder {
    /// The mails of the state in this directory.
    pub fn new(state: &Path) -> Self {
        Self { directory: state.join(FOLDER) }
    }

    fn file(&self, identity: &MailIdentity) -> PathBuf {
        self.directory.join(format!("{}{KEPT}", identity.as_str()))
    }

    fn write(&self, identity: &MailIdentity, raw: &[u8]) -> io::Result<()> {
        self.prepare()?;
        let unfinished = self.directory.join(format!("{}{UNFINISHED}", identity.as_str()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&unfinished)?;
        let written = file.write_all(raw).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // What has no room is not to take any.
            let _left = fs::remove_file(&unfinished);
            return Err(error);
        }
        fs::rename(&unfinished, self.file(identity))?;
        File::open(&self.directory)?.sync_all()
    }

    fn prepare(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.directory) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(error),
        }
        let state = self.directory.parent().unwrap_or(Path::new("/"));
        File::open(state)?.sync_all()
    }

    fn read(&self, identity: &MailIdentity) -> Result<ReceivedMail, SpoolError> {
        let mut raw = Vec::new();
        let file = File::open(self.file(identity)).map_err(|error| spool_error(&error))?;
        file.take(MAIL_BYTES_MAX).read_to_end(&mut raw).map_err(|error| spool_error(&error))?;
        mime::parse(&raw).map_err(SpoolError::Odd)
    }

    fn delete(&self, identity: &MailIdentity) -> Result<(), SpoolError> {
        match fs::remove_file(self.file(identity)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|error| spool_error(&error)),
        }
    }

    /// Files that a stop left unfinished belong to mails that are fetched again.
    fn list(&self) -> Result<Vec<MailIdentity>, SpoolError> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(spool_error(&error)),
        };
        let mut kept = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| spool_error(&error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if name.ends_with(UNFINISHED) {
                fs::remove_file(entry.path()).map_err(|error| spool_error(&error))?;
            }
            kept.extend(name.strip_suffix(KEPT).and_then(MailIdentity::parse));
        }
        Ok(kept)
    }
}

fn spool_error(error: &io::Error) -> SpoolError {
    match error.kind() {
        ErrorKind::NotFound => SpoolError::Missing,
        _ => SpoolError::Disk(error.to_string()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpoolError> + Send + 'static,
) -> Result<T, SpoolError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|died| Err(SpoolError::Disk(died.to_string())))
}

#[async_trait]
impl Spool for MailFolder {
    async fn keep(&self, identity: &MailIdentity, raw: &[u8]) -> Result<(), SpoolError> {
        let (folder, identity, raw) = (self.clone(), identity.clone(), raw.to_vec());
        blocking(move || folder.write(&identity, &raw).map_err(|error| spool_error(&error))).await
    }

    async fn open(&self, identity: &MailIdentity) -> Result<ReceivedMail, SpoolError> {
        let (folder, identity) = (self.clone(), identity.clone());
        blocking(move || folder.read(&identity)).await
    }

    async fn remove(&self, identity: &MailIdentity) -> Result<(), SpoolError> {
        let (folder, identity) = (self.clone(), identity.clone());
        blocking(move || folder.delete(&identity)).await
    }

    async fn kept(&self) -> Result<Vec<MailIdentity>, SpoolError> {
        let folder = self.clone();
        blocking(move || folder.list()).await
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const MAIL: &[u8] = b"Message-ID: <a@b.example>\r\nSubject: x\r\n\r\nText\r\n";

    fn identity() -> MailIdentity {
        MailIdentity::of_content(&mime::parse(MAIL).unwrap())
    }

    #[tokio::test]
    async fn a_mail_is_kept_for_the_robots_user_alone_until_it_is_removed() {
        let state = tempfile::tempdir().unwrap();
        let spool = MailFolder::new(state.path());
        assert_eq!(spool.kept().await, Ok(Vec::new()));
        assert_eq!(spool.open(&identity()).await, Err(SpoolError::Missing));
        for _ in 0..2 {
            spool.keep(&identity(), MAIL).await.unwrap();
        }
        assert_eq!(spool.open(&identity()).await.unwrap().raw, MAIL);
        assert_eq!(spool.kept().await, Ok(vec![identity()]));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&spool.directory), mode(&spool.file(&identity()))), (0o700, 0o600));
        for _ in 0..2 {
            spool.remove(&identity()).await.unwrap();
        }
        assert_eq!(spool.kept().await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn what_a_stop_left_unfinished_is_no_mail_and_goes() {
        let state = tempfile::tempdir().unwrap();
        let spool = MailFolder::new(state.path());
        spool.keep(&identity(), MAIL).await.unwrap();
        for name in ["body-00.part", "notes.txt", "../out.eml"] {
            fs::write(spool.directory.join(name), "x").unwrap();
        }
        assert_eq!(spool.kept().await, Ok(vec![identity()]));
        assert!(!spool.directory.join("body-00.part").exists());
        assert!(spool.directory.join("notes.txt").exists());
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_written_says_so() {
        let spool = MailFolder::new(Path::new("/proc"));
        assert!(matches!(
            spool.keep(&identity(), MAIL).await,
            Err(SpoolError::Disk(_) | SpoolError::Missing)
        ));
    }
}
