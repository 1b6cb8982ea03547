//! A disk between what was written and what was synced, and what a loss of power leaves of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::journal::Record;

/// What is written at once or not at all.
const SECTOR_BYTES: usize = 512;

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All of it is lost.
    Unsynced,
    /// Each sector is as it was at some moment since the last sync, and so is each file's size;
    /// of the names, the first changes are there.
    Torn,
    /// Nothing of it: only the process ended.
    Nothing,
}

impl Loss {
    /// Each of them.
    pub(crate) const ALL: [Self; 3] = [Self::Unsynced, Self::Torn, Self::Nothing];
}

/// The disk: what is durable, and what may be lost.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<Body>,
    /// The file that an inode's number means now.
    inodes: BTreeMap<u64, usize>,
    folders: BTreeMap<u64, String>,
    names: Names,
    pending_names: Vec<Renaming>,
}

type Names = BTreeMap<String, Entry>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

#[derive(Debug, Clone)]
enum Renaming {
    Make(String, Entry),
    Rename(String, String),
    Remove(String),
}

impl Renaming {
    fn folder(&self) -> &str {
        let (Self::Make(name, _) | Self::Rename(_, name) | Self::Remove(name)) = self;
        name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Self::Make(name, entry) => {
                names.insert(name.clone(), *entry);
            }
            Self::Rename(from, to) => {
                // The file may have been made before its folder's last sync, and lost.
                if let Some(entry) = names.remove(from) {
                    names.insert(to.clone(), entry);
                }
                for (name, entry) in names.clone() {
                    let below = name.strip_prefix(from.as_str());
                    if let Some(rest) = below.filter(|rest| rest.starts_with('/')) {
                        names.remove(&name);
                        names.insert(format!("{to}{rest}"), entry);
                    }
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

#[derive(Debug, Default)]
struct Body {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, written) => {
                let end = offset + written.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(written);
            }
            Self::Cut(size) => bytes.resize(*size, 0),
        }
    }
}

impl Disk {
    /// One more thing is done to it.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Made { inode, name } => {
                self.inodes.insert(*inode, self.files.len());
                let entry = Entry::File(self.files.len());
                self.files.push(Body::default());
                self.pending_names.push(Renaming::Make(name.clone(), entry));
            }
            Record::Folder { inode, name } => {
                self.folders.insert(*inode, name.clone());
                self.pending_names.push(Renaming::Make(name.clone(), Entry::Folder));
            }
            Record::Written { inode, offset, bytes } => {
                self.change(*inode, Change::Write(*offset, bytes.clone()));
            }
            Record::Cut { inode, size } => self.change(*inode, Change::Cut(*size)),
            Record::Synced { inode } => self.sync(*inode),
            Record::Renamed { from, to } => {
                for folder in self.folders.values_mut().filter(|folder| *folder == from) {
                    folder.clone_from(to);
                }
                self.pending_names.push(Renaming::Rename(from.clone(), to.clone()));
            }
            Record::Removed { name } => self.pending_names.push(Renaming::Remove(name.clone())),
            Record::Promised { .. } => {}
        }
    }

    fn change(&mut self, inode: u64, change: Change) {
        self.files[self.inodes[&inode]].pending.push(change);
    }

    /// As POSIX has it: a file's sync keeps its bytes, its folder's sync keeps its name.
    fn sync(&mut self, inode: u64) {
        if let Some(folder) = self.folders.get(&inode) {
            let (kept, pending) = std::mem::take(&mut self.pending_names)
                .into_iter()
                .partition(|change| change.folder() == folder);
            self.pending_names = pending;
            let kept: Vec<Renaming> = kept;
            for change in &kept {
                change.apply(&mut self.names);
            }
        } else {
            let file = &mut self.files[self.inodes[&inode]];
            let pending = std::mem::take(&mut file.pending);
            for change in &pending {
                change.apply(&mut file.durable);
            }
        }
    }

    /// Writes what a loss of power leaves into an empty folder.
    pub(crate) fn after_a_loss(&self, loss: Loss, chance: &mut fastrand::Rng, image: &Path) {
        let left = match loss {
            Loss::Unsynced => 0,
            Loss::Torn => chance.usize(0..=self.pending_names.len()),
            Loss::Nothing => self.pending_names.len(),
        };
        let mut names = self.names.clone();
        for change in &self.pending_names[..left] {
            change.apply(&mut names);
        }
        for (name, entry) in &names {
            let path = image.join(name);
            match entry {
                Entry::Folder => std::fs::create_dir_all(path).unwrap(),
                Entry::File(index) if path.parent().unwrap().is_dir() => {
                    std::fs::write(path, self.files[*index].after_a_loss(loss, chance)).unwrap();
                }
                // Its folder is lost.
                Entry::File(_) => {}
            }
        }
    }
}

impl Body {
    fn after_a_loss(&self, loss: Loss, chance: &mut fastrand::Rng) -> Vec<u8> {
        match loss {
            Loss::Unsynced => self.durable.clone(),
            Loss::Torn => self.torn(chance),
            Loss::Nothing => self.after(self.pending.len()),
        }
    }

    fn after(&self, changes: usize) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.pending[..changes] {
            change.apply(&mut bytes);
        }
        bytes
    }

    /// A sector goes to the disk as a whole, as it was in memory at some moment; so does the size.
    fn torn(&self, chance: &mut fastrand::Rng) -> Vec<u8> {
        let mut torn = self.after(chance.usize(0..=self.pending.len()));
        for sector in self.touched() {
            let bytes = self.after(chance.usize(0..=self.pending.len()));
            let before = bytes.iter().copied().skip(sector).chain(std::iter::repeat(0));
            for (byte, before) in torn.iter_mut().skip(sector).take(SECTOR_BYTES).zip(before) {
                *byte = before;
            }
        }
        torn
    }

    fn touched(&self) -> BTreeSet<usize> {
        let sectors = |change: &Change| match change {
            Change::Write(offset, bytes) => {
                let first = offset / SECTOR_BYTES;
                let last = (offset + bytes.len().max(1) - 1) / SECTOR_BYTES;
                (first..=last).map(|sector| sector * SECTOR_BYTES).collect::<Vec<_>>()
            }
            Change::Cut(_) => Vec::new(),
        };
        self.pending.iter().flat_map(sectors).collect()
    }
}
