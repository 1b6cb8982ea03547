//! Puts a new file into a folder: written beside, durable, then renamed, never over another one.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, Mode, OFlags, RawMode, RenameFlags, fchmod, fsync, linkat, mkdirat, openat,
    renameat_with, unlinkat,
};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::beneath::open_beneath;
use super::look::{file_type, look_behind};
use crate::ports::folders::Put;

/// Digits of the content's digest in a hidden name.
const HIDDEN_DIGITS: usize = 24;

/// What a new folder gets of the permissions of the folder it is in; its group too, by set-group-ID.
const OF_FOLDERS: RawMode = 0o2777;
/// What a new file gets of them.
const OF_FILES: RawMode = 0o666;

/// Opens the folder `names` lead to from `top`, through no link; makes what isn't there, each
/// with the permissions of the folder it is in. All of it is durable when this returns.
pub(super) fn folder(top: OwnedFd, names: &[&[u8]]) -> Result<OwnedFd, Errno> {
    let mut here = top;
    for name in names {
        let made = match mkdirat(&here, *name, Mode::from_raw_mode(0o777)) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error),
        };
        let next = open_beneath(here.as_fd(), name, OFlags::RDONLY | OFlags::DIRECTORY)?;
        if made {
            give(next.as_fd(), permissions(here.as_fd())? & OF_FOLDERS)?;
        }
        // Also when it was there: who made it may have been stopped before this.
        fsync(&here)?;
        here = next;
    }
    Ok(here)
}

/// Puts the file into an open folder.
pub(super) fn put(folder: BorrowedFd<'_>, name: &[u8], bytes: &[u8]) -> Result<Put, Errno> {
    let hidden = hidden_name(bytes);
    let hidden = hidden.as_bytes();
    remove(folder, hidden)?;
    let put = write(folder, hidden, bytes).and_then(|()| place(folder, hidden, name));
    match put {
        Ok(Put::Done) => fsync(folder).map(|()| Put::Done),
        Ok(Put::Taken) => remove(folder, hidden).map(|()| Put::Taken),
        Err(error) => {
            // What keeps it from being written may keep it from being removed; it is hidden, and
            // the next try takes it away.
            let _left = remove(folder, hidden);
            Err(error)
        }
    }
}

/// The same for the same content, so that another try finds what was left of the one before.
fn hidden_name(bytes: &[u8]) -> String {
    let digest: String = hex::encode(Sha256::digest(bytes)).chars().take(HIDDEN_DIGITS).collect();
    format!(".facteur-{digest}.part")
}

fn write(folder: BorrowedFd<'_>, hidden: &[u8], bytes: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    let handle = openat(folder, hidden, flags | OFlags::CLOEXEC, Mode::from_raw_mode(OF_FILES))?;
    let mut file = File::from(handle);
    file.write_all(bytes).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    give(file.as_fd(), permissions(folder)? & OF_FILES)?;
    fsync(&file)
}

/// Gives the file its name, unless something has it.
fn place(folder: BorrowedFd<'_>, hidden: &[u8], name: &[u8]) -> Result<Put, Errno> {
    match renameat_with(folder, hidden, folder, name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(Put::Done),
        Err(Errno::EXIST) => Ok(Put::Taken),
        // A file system without this flag (NFS, some of FUSE): a second name is never given over
        // another file either.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link(folder, hidden, name),
        Err(error) => Err(error),
    }
}

fn link(folder: BorrowedFd<'_>, hidden: &[u8], name: &[u8]) -> Result<Put, Errno> {
    match linkat(folder, hidden, folder, name, AtFlags::empty()) {
        Ok(()) => remove(folder, hidden).map(|()| Put::Done),
        Err(Errno::EXIST) => Ok(Put::Taken),
        Err(error) => Err(error),
    }
}

fn remove(folder: BorrowedFd<'_>, name: &[u8]) -> Result<(), Errno> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        answer => answer,
    }
}

/// Whoever may work in a folder may work with what is put into it, whatever the umask.
fn permissions(folder: BorrowedFd<'_>) -> Result<RawMode, Errno> {
    let seen = look_behind(folder)?;
    debug_assert!(file_type(&seen).is_dir(), "only folders hand their permissions on");
    Ok(RawMode::from(seen.stx_mode))
}

/// A file system without permissions refuses, and does without.
fn give(handle: BorrowedFd<'_>, mode: RawMode) -> Result<(), Errno> {
    match fchmod(handle, Mode::from_raw_mode(mode)) {
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_renames_that_spare_others_a_link_does_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("taken.pdf"), "other").unwrap();
        std::fs::write(folder.path().join(".hidden"), "bytes").unwrap();
        let handle = File::open(folder.path()).unwrap();
        assert_eq!(link(handle.as_fd(), b".hidden", b"taken.pdf"), Ok(Put::Taken));
        assert_eq!(link(handle.as_fd(), b".hidden", b"a.pdf"), Ok(Put::Done));
        assert_eq!(std::fs::read(folder.path().join("taken.pdf")).unwrap(), b"other");
        assert_eq!(std::fs::read(folder.path().join("a.pdf")).unwrap(), b"bytes");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
