//! Opens what is below a directory handle, through no link.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use rustix::io::Errno;

/// Nothing on the way may be a link, so nothing on the way leads out; a mount point may be passed.
const RESOLVE: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

/// Opens `path` (components joined by `/`, none of them `..`) below `root`.
///
/// `LOOP` or `XDEV` when a link is on the way or at its end.
pub(super) fn open_beneath(
    root: BorrowedFd<'_>,
    path: &[u8],
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    match openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), RESOLVE) {
        // A kernel before 5.6; a sandbox that doesn't know the call; a path longer than PATH_MAX;
        // a race that the kernel could not rule out (openat2(2)).
        Err(Errno::NOSYS | Errno::PERM | Errno::NAMETOOLONG | Errno::AGAIN) => {
            open_by_component(root, path, flags)
        }
        answer => answer,
    }
}

/// The same, one name at a time.
fn open_by_component(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut names = path.split(|byte| *byte == b'/').peekable();
    let mut reached: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let from = reached.as_ref().map_or(root, |handle| handle.as_fd());
        let last = names.peek().is_none();
        let entered =
            enter(from, name, if last { flags } else { OFlags::PATH | OFlags::DIRECTORY })?;
        reached = Some(entered);
    }
    reached.ok_or(Errno::NOENT)
}

fn enter(from: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let seen = statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(seen.st_mode) == FileType::Symlink {
        return Err(Errno::LOOP);
    }
    // A link swapped in since then is not followed either: NOFOLLOW makes it LOOP or NOTDIR.
    openat(from, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    type Open = fn(BorrowedFd<'_>, &[u8], OFlags) -> Result<OwnedFd, Errno>;

    #[test]
    fn both_ways_of_opening_give_the_same_answers() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.pdf"), "x").unwrap();
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("acme/Achats")).unwrap();
        fs::write(at("acme/Achats/a.pdf"), "a").unwrap();
        symlink(outside.path(), at("acme/out")).unwrap();
        symlink("Achats", at("acme/in")).unwrap();
        symlink("Achats/a.pdf", at("acme/a.pdf")).unwrap();
        let handle = fs::File::open(root.path()).unwrap();

        let cases: [(&str, Option<Errno>); 8] = [
            ("acme/Achats/a.pdf", None),
            ("acme", None),
            ("acme/a.pdf", Some(Errno::LOOP)),
            ("acme/in/a.pdf", Some(Errno::LOOP)),
            ("acme/out/secret.pdf", Some(Errno::LOOP)),
            ("acme/out", Some(Errno::LOOP)),
            ("acme/none/a.pdf", Some(Errno::NOENT)),
            ("acme/Achats/a.pdf/b", Some(Errno::NOTDIR)),
        ];
        for open in [open_beneath as Open, open_by_component] {
            for (path, refused) in cases {
                let answer = open(handle.as_fd(), path.as_bytes(), OFlags::RDONLY);
                assert_eq!(answer.err(), refused, "{path}");
            }
        }
    }
}
