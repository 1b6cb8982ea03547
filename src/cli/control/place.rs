//! Where the socket is, under a name short enough for the kernel.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

/// The longest path of a Unix socket in bytes (`sun_path`, without its NUL; unix(7)).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A path of `directory/name` that fits into a socket's address, as long as this value lives.
pub(super) struct Place {
    path: PathBuf,
    /// Keeps the number in `/proc/self/fd/N` the directory's.
    _directory: Option<OwnedFd>,
}

impl Place {
    /// The plain path where it is short enough, else one through a handle of the directory: the
    /// socket is in the state directory all the same, and both sides find it there.
    pub(super) fn of(directory: &Path, name: &str) -> io::Result<Self> {
        let plain = directory.join(name);
        if plain.as_os_str().as_bytes().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(Self { path: plain, _directory: None });
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, directory, flags, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", handle.as_raw_fd()));
        Ok(Self { path, _directory: Some(handle) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
