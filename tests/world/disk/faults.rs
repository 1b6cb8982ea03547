//! What can be wrong with a disk, told by the test.

use chrono::TimeDelta;
use facteur::ports::folders::Trust;

use super::{Disk, parse};

/// What becomes of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// They can be set.
    Work,
    /// The file system holds none.
    Impossible,
    /// The disk is full: an error, which may pass.
    DiskFull,
    /// The disk is read-only: an error, which may pass.
    ReadOnly,
}

impl Disk {
    /// The share of a company (of all of them: `""`) went away: an empty folder is in its place.
    pub fn unmount(&self, path: &str) {
        self.change(|tree, at_ns| tree.cover(&parse(path), at_ns));
    }

    /// The share is back.
    pub fn remount(&self, path: &str) {
        self.state().tree.uncover(&parse(path));
    }

    /// The same files on what says to be another file system.
    pub fn new_identity(&self, company: &str) {
        self.state().other_file_systems.push(parse(company));
    }

    /// Stamps are rounded down to this from now on, as FAT (2 s) and old shares do.
    pub fn set_granularity(&self, granularity: TimeDelta) {
        assert!(granularity > TimeDelta::zero(), "a granularity is a span of time");
        self.state().granularity = granularity;
    }

    /// The clock that stamps files is ahead of the robot's by this much (behind: negative), as
    /// on a share.
    pub fn set_clock_offset(&self, ahead: TimeDelta) {
        self.state().clock_offset = ahead;
    }

    /// What the robot can rely on.
    pub fn set_trust(&self, trust: Trust) {
        self.state().trust = trust;
    }

    /// The numbers of removed files are given to new ones, as ext4 does.
    pub fn reuse_inodes(&self) {
        self.state().tree.reuses_inodes = true;
    }

    /// What becomes of marks from now on.
    pub fn set_marks(&self, marks: Marks) {
        self.state().marks = marks;
    }

    /// The robot may not write at all: no claim, no marks.
    pub fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// There is no room for another file.
    pub fn set_full(&self, full: bool) {
        self.state().room = full.then_some(0);
    }

    /// There is room for so many files that the robot puts, and no more.
    pub fn fill_after_puts(&self, files: usize) {
        self.state().room = Some(files);
    }

    /// Reading this file stops half-way with an error.
    pub fn fail_reads(&self, path: &str) {
        self.fault(path, true);
    }

    /// Reading this file works again.
    pub fn heal_reads(&self, path: &str) {
        self.fault(path, false);
    }

    /// Somebody writes other bytes into the file just after the robot has opened it next: those
    /// are what it reads.
    pub fn change_while_read(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let inode = self.inode(path);
        self.state().tree.node_mut(inode).write_at_open = Some(bytes.as_ref().to_vec());
    }

    /// The next listing of its folder misses this name, though it is there.
    pub fn listing_misses(&self, path: &str) {
        self.state().missed.insert(parse(path));
    }

    fn fault(&self, path: &str, fails: bool) {
        let inode = self.inode(path);
        self.state().tree.node_mut(inode).read_fails = fails;
    }
}
