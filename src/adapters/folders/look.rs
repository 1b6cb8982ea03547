//! One open directory: its stamp, its names, and a look at each of them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    Access, AtFlags, Dir, FileType, Mode, OFlags, Statx, StatxFlags, StatxTimestamp, accessat,
    openat, statx,
};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::ground;
use crate::domain::directory::{Fingerprint, Stamp};
use crate::ports::folders::{Entry, EntryKind, Look, Trust};

/// A directory that is open, as it stood when it was opened.
pub(super) struct Directory {
    handle: OwnedFd,
    seen: Statx,
    trust: Trust,
    assumed: Option<Trust>,
}

impl Directory {
    /// Looks at the directory behind `handle`; `assumed` stands in for what its file system says.
    pub(super) fn new(handle: OwnedFd, assumed: Option<Trust>) -> Result<Self, Errno> {
        let seen = look_behind(handle.as_fd())?;
        let trust = match assumed {
            Some(trust) => trust,
            None => ground::trust_of(handle.as_fd(), &seen)?,
        };
        Ok(Self { handle, seen, trust, assumed })
    }

    /// What its file system can be relied on for.
    pub(super) fn trust(&self) -> Trust {
        self.trust
    }

    /// Its own look.
    pub(super) fn seen(&self) -> &Statx {
        &self.seen
    }

    /// The handle it was opened by.
    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// The handle itself.
    pub(super) fn into_handle(self) -> OwnedFd {
        self.handle
    }

    /// Its stamp when it was opened, hence before any name was read.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp(digest(&[
            i128::from(self.seen.stx_ino),
            nanoseconds(self.seen.stx_mtime),
            nanoseconds(self.seen.stx_ctime),
        ]))
    }

    /// All names with what is behind each, in no order.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Errno> {
        // All names first, then the looks: the shorter the listing takes, the fewer renames it
        // can miss.
        let names = self.names()?;
        Ok(names.into_iter().map(|(name, listed)| self.entry(name, listed)).collect())
    }

    /// One look at what is behind a name; a link is looked at, not followed.
    pub(super) fn look(&self, name: &[u8]) -> Result<(FileType, Look), Errno> {
        let seen = statx(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW, wanted())?;
        let kind = file_type(&seen);
        let trust = self.trust_behind(name, &seen);
        let look = Look {
            fingerprint: fingerprint(&seen, trust),
            identity: identity(&seen, trust),
            size: seen.stx_size,
            modified_ns: nanoseconds(seen.stx_mtime),
            readable: match kind {
                FileType::RegularFile => self.may_read(name),
                // Whether a folder may be listed shows when it is listed.
                FileType::Directory => true,
                _ => false,
            },
        };
        Ok((kind, look))
    }

    fn entry(&self, name: Vec<u8>, listed: FileType) -> Entry {
        match self.look(&name) {
            Ok((kind, look)) => Entry { name, kind: entry_kind(kind), look: Some(look) },
            Err(_) => Entry { name, kind: entry_kind(listed), look: None },
        }
    }

    fn names(&self) -> Result<Vec<(Vec<u8>, FileType)>, Errno> {
        let handle = rustix::io::dup(&self.handle)?;
        let mut names = Vec::new();
        for entry in Dir::new(handle)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push((name.to_vec(), entry.file_type()));
            }
        }
        Ok(names)
    }

    /// Something else may be mounted on a name, and then rules by itself.
    fn trust_behind(&self, name: &[u8], seen: &Statx) -> Trust {
        let device = |seen: &Statx| (seen.stx_dev_major, seen.stx_dev_minor);
        if self.assumed.is_some() || device(seen) == device(&self.seen) {
            return self.trust;
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&self.handle, name, flags, Mode::empty())
            .and_then(|handle| ground::trust_of(handle.as_fd(), seen))
            .unwrap_or(ground::UNTRUSTED)
    }

    fn may_read(&self, name: &[u8]) -> bool {
        // Only a plain no counts: where the question itself fails, opening will tell.
        !matches!(
            accessat(&self.handle, name, Access::READ_OK, AtFlags::EACCESS),
            Err(Errno::ACCESS)
        )
    }
}

/// One look at what is behind an open handle.
pub(super) fn look_behind(handle: BorrowedFd<'_>) -> Result<Statx, Errno> {
    statx(handle, "", AtFlags::EMPTY_PATH, wanted())
}

/// Which file or folder was seen.
///
/// Where identities are trusted: inode and birth time, and a file's size. A folder elsewhere has
/// the constant 0, for nothing tells it from another; a file there has size and modification time.
/// A file without a birth time counts as elsewhere (see [`ground::trust_of`]).
pub(super) fn fingerprint(seen: &Statx, trust: Trust) -> Fingerprint {
    let directory = file_type(seen) == FileType::Directory;
    let birth = ground::birth_ns(seen).filter(|_| trust.identities);
    let inode = i128::from(seen.stx_ino);
    let size = i128::from(seen.stx_size);
    Fingerprint(match (birth, directory) {
        (Some(birth), true) => digest(&[1, inode, birth]),
        (Some(birth), false) => digest(&[2, inode, birth, size]),
        (None, true) => 0,
        (None, false) => digest(&[3, size, nanoseconds(seen.stx_mtime)]),
    })
}

/// Which file or folder it is, whatever is written into it; none where nothing tells.
fn identity(seen: &Statx, trust: Trust) -> Option<Fingerprint> {
    let birth = ground::birth_ns(seen).filter(|_| trust.identities)?;
    Some(Fingerprint(digest(&[1, i128::from(seen.stx_ino), birth])))
}

/// What kind of thing was seen.
pub(super) fn file_type(seen: &Statx) -> FileType {
    FileType::from_raw_mode(u32::from(seen.stx_mode))
}

/// Nanoseconds since 1970.
pub(super) fn nanoseconds(time: StatxTimestamp) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

/// Kept in the store, so the same for ever: the first 8 bytes of SHA-256 over the numbers in
/// little-endian order, 16 bytes each.
fn digest(numbers: &[i128]) -> u64 {
    let mut hash = Sha256::new();
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
    let bytes = hash.finalize();
    u64::from_le_bytes(std::array::from_fn(|index| bytes[index]))
}

fn entry_kind(kind: FileType) -> EntryKind {
    match kind {
        FileType::Directory => EntryKind::Directory,
        FileType::RegularFile => EntryKind::File,
        _ => EntryKind::Other,
    }
}

fn wanted() -> StatxFlags {
    StatxFlags::BASIC_STATS | StatxFlags::BTIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_stay_as_they_are_in_stores() {
        assert_eq!(digest(&[1, 2, 3]), 2_442_621_965_803_894_276);
        assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
    }
}
