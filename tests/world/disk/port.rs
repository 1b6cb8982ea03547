//! The disk as the robot sees it.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io::{self, Read};

use facteur::domain::company::RootIdentity;
use facteur::domain::directory::{Fingerprint, Stamp};
use facteur::domain::names;
use facteur::domain::path::TreePath;
use facteur::ports::folders::{
    CompanyFolder, Entry, EntryKind, FolderError, Folders, Listing, Look, Mark, Marked, Put, Trust,
};

use super::tree::{Body, Inode, Kind, Node, bytes_of};
use super::{Disk, Marks, State};
use crate::world::power::Power;

/// The file in the root that says whose tree it is.
const CLAIM_NAME: &[u8] = b".facteur";

/// Under which a file is written before it has its name.
const HIDDEN_NAME: &[u8] = b".facteur-hidden.part";

/// The list that the configuration of the stories has too.
const IGNORED: [&str; 3] = ["lost+found", "@eaDir", "#recycle"];

impl Folders for Disk {
    fn companies(&self) -> Result<Vec<CompanyFolder>, FolderError> {
        let listing = self.listing(&TreePath::root())?;
        let ignored = IGNORED.map(str::to_owned);
        let folders = listing.entries.into_iter().filter(|entry| {
            entry.kind == EntryKind::Directory && names::is_recorded(&entry.name, &ignored)
        });
        Ok(folders.map(|entry| TreePath::root().join(&entry.name)).collect())
    }

    fn identity(&self, company: &CompanyFolder) -> Result<RootIdentity, FolderError> {
        self.on(company)?;
        let state = self.state();
        let inode = state.directory(company)?;
        let times = state.other_file_systems.iter().filter(|other| *other == company).count();
        Ok(RootIdentity(format!("memory {times} inode {inode}")))
    }

    fn trust(&self, company: &CompanyFolder) -> Result<Trust, FolderError> {
        self.on(company)?;
        let state = self.state();
        state.directory(company).map(|_| state.trust)
    }

    fn stamp(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Stamp, FolderError> {
        let path = below(company, directory);
        self.on(&path)?;
        let state = self.state();
        state.directory(&path).map(|inode| state.stamp(inode))
    }

    fn list(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Listing, FolderError> {
        self.listing(&below(company, directory))
    }

    fn look(&self, company: &CompanyFolder, file: &TreePath) -> Result<Look, FolderError> {
        let path = below(company, file);
        self.on(&path)?;
        let state = self.state();
        let inode = state.reach(&path)?;
        match state.tree.node(inode).kind {
            Kind::Link => Err(FolderError::Outside(path.to_string())),
            Kind::File(_) | Kind::Directory(_) => Ok(state.look(inode)),
        }
    }

    fn open(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
    ) -> Result<Box<dyn Read + Send>, FolderError> {
        let path = below(company, file);
        self.on(&path)?;
        let reader = self.state().open(&path, expected, &self.power)?;
        let inode = self.inode(&path.to_string());
        let waiting = self.state().tree.node_mut(inode).write_at_open.take();
        if let Some(bytes) = waiting {
            self.truncate_and_write(&path.to_string(), bytes);
        }
        Ok(Box::new(reader))
    }

    fn mark(&self, company: &CompanyFolder, file: &TreePath) -> Result<Option<Mark>, FolderError> {
        let path = below(company, file);
        self.on(&path)?;
        let state = self.state();
        let node = state.tree.node(state.reach(&path)?);
        Ok(node.mark.clone().filter(|_| node.readable))
    }

    fn set_mark(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
        mark: Option<&Mark>,
    ) -> Result<Marked, FolderError> {
        let path = below(company, file);
        let effect = self.power.handle("mark");
        let marked = effect.run(|| self.set_mark_at(&path, expected, mark));
        marked.unwrap_or_else(|_| Err(power_is_off(&path)))
    }

    fn put(
        &self,
        company: &CompanyFolder,
        root: Option<&RootIdentity>,
        file: &TreePath,
        bytes: &[u8],
    ) -> Result<Put, FolderError> {
        if root.is_some_and(|root| self.identity(company).is_ok_and(|found| found != *root)) {
            return Err(FolderError::Changed(company.to_string()));
        }
        let path = below(company, file);
        self.on(&path)?;
        self.state().directory(company)?;
        let folder = path.parent().unwrap_or_default();
        let beside = folder.join(HIDDEN_NAME).to_string();
        let written = self.power.handle("write").run(|| self.write_beside(&folder, &beside, bytes));
        written.unwrap_or_else(|_| Err(power_is_off(&path)))?;
        let put = self.power.handle("put").run(|| {
            if self.exists(&path.to_string()) {
                self.remove(&beside);
                return Put::Taken;
            }
            self.rename(&beside, &path.to_string());
            Put::Done
        });
        put.map_err(|_| power_is_off(&path))
    }

    fn claim(&self, state_id: &str) -> Result<Option<String>, FolderError> {
        let claim = TreePath::root().join(CLAIM_NAME).to_string();
        let owner = || String::from_utf8_lossy(&self.read(&claim)).into_owned();
        self.on(&TreePath::root())?;
        if self.exists(&claim) {
            return Ok(Some(owner()));
        }
        if self.state().read_only {
            return Ok(None);
        }
        let written = self.power.handle("claim").run(|| self.write(&claim, state_id));
        written.map_err(|_| power_is_off(&TreePath::root()))?;
        Ok(Some(owner()))
    }

    fn take_over(&self, state_id: &str) -> Result<(), FolderError> {
        self.on(&TreePath::root())?;
        if self.state().read_only {
            return Ok(());
        }
        let claim = TreePath::root().join(CLAIM_NAME).to_string();
        let written = self.power.handle("claim").run(|| self.write(&claim, state_id));
        written.map_err(|_| power_is_off(&TreePath::root()))
    }
}

impl Disk {
    fn on(&self, path: &TreePath) -> Result<(), FolderError> {
        self.power.check().map_err(|_| power_is_off(path))
    }

    fn listing(&self, path: &TreePath) -> Result<Listing, FolderError> {
        self.on(path)?;
        let mut state = self.state();
        let inode = state.directory(path)?;
        let directory = state.tree.node(inode);
        if !directory.readable {
            return Err(FolderError::Denied(path.to_string()));
        }
        let names = directory.names().cloned().unwrap_or_default();
        let stamp = state.stamp(inode);
        let seen = names.into_iter().filter(|(name, _)| !state.missed.remove(&path.join(name)));
        let seen: Vec<_> = seen.collect();
        let entries = seen.into_iter().map(|(name, inode)| state.entry(name, inode)).collect();
        Ok(Listing { stamp, entries })
    }

    /// The folders above, and the file under its hidden name.
    fn write_beside(
        &self,
        folder: &TreePath,
        beside: &str,
        bytes: &[u8],
    ) -> Result<(), FolderError> {
        let unwritable = |kind: io::ErrorKind| FolderError::Unwritable {
            path: folder.to_string(),
            source: kind.into(),
        };
        let state = self.state();
        if state.read_only {
            return Err(unwritable(io::ErrorKind::ReadOnlyFilesystem));
        }
        if state.room == Some(0) {
            return Err(unwritable(io::ErrorKind::StorageFull));
        }
        match state.directory(folder) {
            Ok(_) => {}
            Err(FolderError::Missing(_)) => {
                let mut above = TreePath::root();
                for name in folder.components() {
                    above = above.join(name);
                    let inode = state.tree.find(&above);
                    let kind = inode.map(|inode| &state.tree.node(inode).kind);
                    if !matches!(kind, None | Some(Kind::Directory(_))) {
                        return Err(unwritable(io::ErrorKind::NotADirectory));
                    }
                }
            }
            Err(other) => return Err(other),
        }
        drop(state);
        self.write(beside, bytes);
        let mut state = self.state();
        state.room = state.room.map(|room| room - 1);
        Ok(())
    }

    fn set_mark_at(
        &self,
        path: &TreePath,
        expected: Fingerprint,
        mark: Option<&Mark>,
    ) -> Result<Marked, FolderError> {
        let state = self.state();
        let inode = state.reach(path)?;
        let writable = state.tree.node(inode).readable;
        let same = state.look(inode).fingerprint == expected;
        let shut = state.read_only && state.marks == Marks::Work;
        let marks = if shut { Marks::ReadOnly } else { state.marks };
        drop(state);
        match marks {
            Marks::Work if writable && same => {
                self.put_mark(&path.to_string(), mark);
                Ok(Marked::Done)
            }
            Marks::Work | Marks::Impossible => Ok(Marked::Impossible),
            Marks::DiskFull => Err(FolderError::Io {
                path: path.to_string(),
                source: io::ErrorKind::StorageFull.into(),
            }),
            Marks::ReadOnly => Err(FolderError::Io {
                path: path.to_string(),
                source: io::ErrorKind::ReadOnlyFilesystem.into(),
            }),
        }
    }
}

impl State {
    /// What is at `path`, for somebody who needs permission for each folder on the way.
    fn reach(&self, path: &TreePath) -> Result<Inode, FolderError> {
        let walked = self.tree.walk(path)?;
        let (last, above) = walked.split_last().expect("a walk begins at the root");
        if above.iter().all(|inode| self.tree.node(*inode).readable) {
            Ok(*last)
        } else {
            Err(FolderError::Denied(path.to_string()))
        }
    }

    fn directory(&self, path: &TreePath) -> Result<Inode, FolderError> {
        let inode = self.reach(path)?;
        match self.tree.node(inode).kind {
            Kind::Directory(_) => Ok(inode),
            Kind::File(_) => Err(FolderError::Missing(path.to_string())),
            Kind::Link => Err(FolderError::Outside(path.to_string())),
        }
    }

    fn open(&self, path: &TreePath, expected: Fingerprint, power: &Power) -> Opened {
        let inode = self.reach(path)?;
        let node = self.tree.node(inode);
        let body = match &node.kind {
            Kind::File(body) => body,
            Kind::Directory(_) => return Err(FolderError::Changed(path.to_string())),
            Kind::Link => return Err(FolderError::Outside(path.to_string())),
        };
        if !node.readable {
            return Err(FolderError::Denied(path.to_string()));
        }
        if self.look(inode).fingerprint != expected {
            return Err(FolderError::Changed(path.to_string()));
        }
        let fails_at = node.read_fails.then(|| bytes_of(body).len() / 2);
        Ok(Reader { body: body.clone(), position: 0, fails_at, power: power.clone() })
    }

    fn entry(&self, name: Vec<u8>, inode: Inode) -> Entry {
        let kind = match self.tree.node(inode).kind {
            Kind::File(_) => EntryKind::File,
            Kind::Directory(_) => EntryKind::Directory,
            Kind::Link => EntryKind::Other,
        };
        Entry { name, kind, look: Some(self.look(inode)) }
    }

    fn look(&self, inode: Inode) -> Look {
        let node = self.tree.node(inode);
        Look {
            fingerprint: self.fingerprint(inode, node),
            identity: self.trust.identities.then(|| identity(inode, node)),
            size: node.size(),
            modified_ns: node.modified_ns,
            readable: node.readable,
        }
    }

    fn fingerprint(&self, inode: Inode, node: &Node) -> Fingerprint {
        if self.trust.identities {
            Fingerprint(opaque(("identity", inode, node.born_ns, node.size())))
        } else {
            Fingerprint(opaque(("look", node.size(), node.modified_ns)))
        }
    }

    fn stamp(&self, inode: Inode) -> Stamp {
        let node = self.tree.node(inode);
        Stamp(opaque((inode, node.modified_ns, node.changed_ns)))
    }
}

type Opened = Result<Reader, FolderError>;

/// An open file: sees what is written into it later, as the real one does.
struct Reader {
    body: Body,
    position: usize,
    fails_at: Option<usize>,
    power: Power,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.power.check().map_err(io::Error::other)?;
        if self.fails_at.is_some_and(|end| self.position >= end) {
            return Err(io::Error::other("input/output error"));
        }
        let body = bytes_of(&self.body);
        let end = self.fails_at.unwrap_or(body.len()).min(body.len());
        let mut rest = body.get(self.position..end).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

fn identity(inode: Inode, node: &Node) -> Fingerprint {
    Fingerprint(opaque(("identity", inode, node.born_ns)))
}

fn below(company: &CompanyFolder, path: &TreePath) -> TreePath {
    path.components().fold(company.clone(), |whole, name| whole.join(name))
}

fn power_is_off(path: &TreePath) -> FolderError {
    let source = io::Error::other("the power is off");
    FolderError::Io { path: path.to_string(), source }
}

fn opaque(facts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    facts.hash(&mut hasher);
    hasher.finish()
}
