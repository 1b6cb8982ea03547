//! The small file that tells which state a document tree belongs to.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{Mode, OFlags, fsync, openat, renameat};
use rustix::io::Errno;

use super::look;

/// In the root, beside the companies' folders; a dot-file, so never a company or a document.
pub(super) const NAME: &str = ".facteur";

/// Written whole, then renamed to [`NAME`].
const NEXT_NAME: &str = ".facteur.next";

/// For whoever finds the file.
const SENTENCE: &str = "The line above names the state that this folder of documents belongs to; \
                        please leave this file here, so that no second copy works on it.";

/// No claim is longer.
const CLAIM_BYTES_MAX: u64 = 4096;

/// Whose the tree is: the first claim's, which is `state_id`'s when there was none.
///
/// None when there is no claim and none can be written.
pub(super) fn claim(root: BorrowedFd<'_>, state_id: &str) -> Result<Option<String>, Errno> {
    if let Some(owner) = read(root)? {
        return Ok(Some(owner));
    }
    match append(root, state_id) {
        Ok(()) => read(root),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::NOSPC | Errno::DQUOT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the tree `state_id`'s, whosever it was; one that cannot be written to stays as it is.
pub(super) fn take_over(root: BorrowedFd<'_>, state_id: &str) -> Result<(), Errno> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let written = openat(root, NEXT_NAME, flags, Mode::from_raw_mode(0o644)).and_then(|handle| {
        let mut file = File::from(handle);
        file.write_all(format!("{state_id}\n{SENTENCE}\n").as_bytes())
            .map_err(|error| errno_of(&error))?;
        fsync(&file)?;
        renameat(root, NEXT_NAME, root, NAME)?;
        fsync(root)
    });
    match written {
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::NOSPC | Errno::DQUOT) => Ok(()),
        written => written,
    }
}

/// The first line. None when there is no file yet, or it is empty: the power went between its
/// making and its first line.
fn read(root: BorrowedFd<'_>) -> Result<Option<String>, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(root, NAME, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !look::file_type(&look::look_behind(file.as_fd())?).is_file() {
        return Err(Errno::NXIO);
    }
    let mut bytes = Vec::new();
    File::from(file)
        .take(CLAIM_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| errno_of(&error))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned))
}

/// Appends, so that of two who claim at the same moment one line is the first for both.
fn append(root: BorrowedFd<'_>, state_id: &str) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW;
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(openat(root, NAME, flags, Mode::from_raw_mode(0o644))?);
    file.write_all(format!("{state_id}\n{SENTENCE}\n").as_bytes())
        .map_err(|error| errno_of(&error))?;
    fsync(&file)?;
    fsync(root)
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn claimed(root: &Path, state_id: &str) -> Result<Option<String>, Errno> {
        claim(File::open(root).unwrap().as_fd(), state_id)
    }

    #[test]
    fn a_tree_belongs_to_the_state_that_claimed_it_first() {
        let root = tempfile::tempdir().unwrap();
        for state in ["state-one", "state-two", "state-one"] {
            assert_eq!(claimed(root.path(), state), Ok(Some("state-one".to_owned())));
        }
    }

    #[test]
    fn a_tree_is_taken_over_when_a_person_says_so() {
        let root = tempfile::tempdir().unwrap();
        claimed(root.path(), "state-one").unwrap();
        take_over(File::open(root.path()).unwrap().as_fd(), "state-two").unwrap();
        assert_eq!(claimed(root.path(), "state-one"), Ok(Some("state-two".to_owned())));
        assert_eq!(take_over(File::open("/sys").unwrap().as_fd(), "state-two"), Ok(()));
    }

    #[test]
    fn a_claim_cut_short_by_a_power_failure_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        File::create(root.path().join(NAME)).unwrap();
        for state in ["state-one", "state-two"] {
            assert_eq!(claimed(root.path(), state), Ok(Some("state-one".to_owned())));
        }
    }

    #[test]
    fn a_claim_is_not_written_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let written = outside.path().join("written");
        std::os::unix::fs::symlink(&written, root.path().join(NAME)).unwrap();
        assert_eq!(claimed(root.path(), "state-one"), Err(Errno::LOOP));
        assert!(!written.exists());
    }

    #[test]
    fn a_tree_that_cannot_be_written_to_is_not_claimed() {
        // Nobody can make a file in /sys, the superuser neither.
        assert_eq!(claimed(Path::new("/sys"), "state-one"), Ok(None));
    }
}
