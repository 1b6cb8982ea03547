//! What lies under a folder: which file system it is, and what that can be relied on for.

use std::os::fd::BorrowedFd;

use rustix::fs::{Statx, StatxFlags, fstatfs, fstatvfs};
use rustix::io::Errno;

use crate::domain::company::RootIdentity;
use crate::ports::folders::Trust;

/// Listed in full each round, its files known by size and modification time.
pub(super) const UNTRUSTED: Trust = Trust { stamps: false, identities: false };

/// File systems whose directory stamps and inodes mean what they should (statfs(2), `f_type`).
///
/// Everything else isn't trusted: shares (NFS, CIFS, 9p, vboxsf) and FUSE may make inodes up, or
/// learn of a server's changes late; FAT, exFAT and NTFS make inodes up at each mount. Nor is
/// overlayfs, though it is local: a file copied up from a lower layer at its first chmod gets
/// another birth time, and its inode lasts only with `xino` or layers on one file system.
const TRUSTED_TYPES: [u32; 6] = [
    0x0000_ef53, // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs
    0x2fc1_2fc1, // zfs
    0xf2f5_2010, // f2fs
];

/// What the file system of an open file or folder can be relied on for; `seen` is its own look.
///
/// Identities need birth times too: an inode alone goes to the next file made, and another
/// document of the same size would pass for one already sent.
pub(super) fn trust_of(handle: BorrowedFd<'_>, seen: &Statx) -> Result<Trust, Errno> {
    if !TRUSTED_TYPES.contains(&type_of(handle)?) {
        return Ok(UNTRUSTED);
    }
    Ok(Trust { stamps: true, identities: birth_ns(seen).is_some() })
}

/// Names the folder behind `handle`, for as long as it is the same one.
///
/// Type and id of the file system; where identities are trusted also inode and birth time, else a
/// share would be another one after each mount.
pub(super) fn identity_of(
    handle: BorrowedFd<'_>,
    seen: &Statx,
    trust: Trust,
) -> Result<RootIdentity, Errno> {
    let system = format!("{:x}", type_of(handle)?);
    let id = lasting_id(fstatvfs(handle)?.f_fsid, seen.stx_dev_major, seen.stx_dev_minor);
    let id = id.map_or_else(|| "-".to_owned(), |id| format!("{id:x}"));
    Ok(RootIdentity(match birth_ns(seen) {
        Some(birth) if trust.identities => format!("{system}:{id}:{}:{birth}", seen.stx_ino),
        Some(_) | None => format!("{system}:{id}"),
    }))
}

/// Birth time in nanoseconds since 1970, where the file system keeps one.
pub(super) fn birth_ns(seen: &Statx) -> Option<i128> {
    (seen.stx_mask & StatxFlags::BTIME.bits() != 0)
        .then(|| super::look::nanoseconds(seen.stx_btime))
}

/// The id of a file system where it has one of its own. xfs, f2fs and FAT give the device number
/// in its place, which changes with the order of mounts.
fn lasting_id(id: u64, device_major: u32, device_minor: u32) -> Option<u64> {
    // The kernel's new_encode_dev (include/linux/kdev_t.h).
    let device = (device_minor & 0xff) | (device_major << 8) | ((device_minor & !0xff) << 12);
    (id != 0 && id != u64::from(device)).then_some(id)
}

fn type_of(handle: BorrowedFd<'_>) -> Result<u32, Errno> {
    // The type is 32 bits wide; the field is wider, and signed on some machines.
    let [first, second, third, fourth, ..] = fstatfs(handle)?.f_type.to_le_bytes();
    Ok(u32::from_le_bytes([first, second, third, fourth]))
}

#[cfg(test)]
mod tests {
    use super::super::look::look_behind;
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn what_the_kernel_makes_up_is_not_trusted() {
        let made_up = std::fs::File::open("/proc").unwrap();
        let seen = look_behind(made_up.as_fd()).unwrap();
        assert_eq!(trust_of(made_up.as_fd(), &seen), Ok(UNTRUSTED));
    }

    #[test]
    fn identities_need_birth_times() {
        let folder = std::fs::File::open(std::env::temp_dir()).unwrap();
        let mut seen = look_behind(folder.as_fd()).unwrap();
        seen.stx_mask &= !StatxFlags::BTIME.bits();
        assert!(!trust_of(folder.as_fd(), &seen).unwrap().identities);
    }

    #[test]
    fn the_identity_of_a_share_is_the_share() {
        let folder = tempfile::tempdir().unwrap();
        let identity = |path: &std::path::Path, trust| {
            let handle = std::fs::File::open(path).unwrap();
            let seen = look_behind(handle.as_fd()).unwrap();
            identity_of(handle.as_fd(), &seen, trust).unwrap()
        };
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        assert_eq!(identity(folder.path(), UNTRUSTED), identity(&below, UNTRUSTED));
    }

    #[test]
    fn a_device_number_is_no_id() {
        assert_eq!(lasting_id(0x0801, 8, 1), None);
        assert_eq!(lasting_id(0x1_03_05_00 | 0x3, 0x305, 0x1003), None);
        assert_eq!(lasting_id(0, 8, 1), None);
        assert_eq!(lasting_id(0xdead_beef_0000_0801, 8, 1), Some(0xdead_beef_0000_0801));
    }
}
