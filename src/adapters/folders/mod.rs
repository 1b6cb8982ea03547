//! The document tree on a real disk.

mod beneath;
mod claim;
mod ground;
mod look;
mod mark;
mod put;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use self::look::Directory;
use crate::domain::company::RootIdentity;
use crate::domain::directory::{Fingerprint, Stamp};
use crate::domain::names;
use crate::domain::path::{TreePath, spell};
use crate::ports::folders::{
    CompanyFolder, EntryKind, FolderError, Folders, Listing, Look, Mark, Marked, Put, Trust,
};

/// A folder on this machine, with one folder a company in it.
///
/// The root is opened anew by each call: no handle keeps a file system from being unmounted, and
/// what is mounted in its place is seen. The root may be reached through links; below it no link
/// is followed, and mount points are passed.
#[derive(Debug)]
pub struct DocumentTree {
    root: PathBuf,
    ignore: Vec<String>,
    assumed: Option<Trust>,
}

impl DocumentTree {
    /// The tree below `root`; folders directly below it named as in `ignore` are no companies.
    ///
    /// Errs when there is no such folder.
    pub fn open(root: PathBuf, ignore: Vec<String>) -> Result<Self, FolderError> {
        let tree = Self { root, ignore, assumed: None };
        tree.root_handle(OFlags::PATH)?;
        Ok(tree)
    }

    /// Assumes `trust` whatever the file systems are: the tests' way onto a share.
    #[must_use]
    pub fn with_trust(self, trust: Trust) -> Self {
        Self { assumed: Some(trust), ..self }
    }

    fn root_handle(&self, flags: OFlags) -> Result<OwnedFd, FolderError> {
        openat(CWD, &self.root, flags | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| self.root_error(error))
    }

    fn open_below(&self, place: &Place, flags: OFlags) -> Result<OwnedFd, FolderError> {
        let root = self.root_handle(OFlags::PATH)?;
        beneath::open_beneath(root.as_fd(), &place.0, flags).map_err(|error| place.error(error))
    }

    fn directory(&self, place: &Place, flags: OFlags) -> Result<Directory, FolderError> {
        let handle = self.open_below(place, flags | OFlags::DIRECTORY)?;
        Directory::new(handle, self.assumed).map_err(|error| place.error(error))
    }

    /// Opens a regular file, and tells which one it is. A pipe doesn't hang.
    fn file(&self, place: &Place) -> Result<(OwnedFd, Fingerprint), FolderError> {
        let handle = self.open_below(place, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let seen = look::look_behind(handle.as_fd()).map_err(|error| place.error(error))?;
        if !look::file_type(&seen).is_file() {
            return Err(FolderError::Changed(place.to_string()));
        }
        let trust = match self.assumed {
            Some(trust) => trust,
            None => ground::trust_of(handle.as_fd(), &seen).map_err(|error| place.error(error))?,
        };
        Ok((handle, look::fingerprint(&seen, trust)))
    }

    /// The stamp, unless it means nothing in a company whose stamps do: on a share mounted inside
    /// it. Trust is told by company, so such a folder gets a stamp never seen before, and is
    /// listed each time.
    fn stamp_of(
        &self,
        company: &CompanyFolder,
        directory: &Directory,
    ) -> Result<Stamp, FolderError> {
        if directory.trust().stamps || !self.trust(company)?.stamps {
            return Ok(directory.stamp());
        }
        getrandom::u64().map(Stamp).map_err(|error| FolderError::Io {
            path: spell(company.as_bytes()),
            source: std::io::Error::other(error.to_string()),
        })
    }

    fn root_error(&self, error: Errno) -> FolderError {
        folder_error(self.root.display().to_string(), error)
    }
}

impl Folders for DocumentTree {
    fn companies(&self) -> Result<Vec<CompanyFolder>, FolderError> {
        let root = self.root_handle(OFlags::RDONLY)?;
        let mut companies: Vec<CompanyFolder> = Directory::new(root, self.assumed)
            .and_then(|directory| directory.entries())
            .map_err(|error| self.root_error(error))?
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::Directory)
            .filter(|entry| names::is_recorded(&entry.name, &self.ignore))
            .map(|entry| TreePath::root().join(&entry.name))
            .collect();
        companies.sort();
        Ok(companies)
    }

    fn identity(&self, company: &CompanyFolder) -> Result<RootIdentity, FolderError> {
        let place = Place::new(company, &TreePath::root());
        let folder = self.directory(&place, OFlags::PATH)?;
        ground::identity_of(folder.handle(), folder.seen(), folder.trust())
            .map_err(|error| place.error(error))
    }

    fn trust(&self, company: &CompanyFolder) -> Result<Trust, FolderError> {
        let place = Place::new(company, &TreePath::root());
        Ok(self.directory(&place, OFlags::PATH)?.trust())
    }

    fn stamp(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Stamp, FolderError> {
        let found = self.directory(&Place::new(company, directory), OFlags::PATH)?;
        self.stamp_of(company, &found)
    }

    fn list(&self, company: &CompanyFolder, directory: &TreePath) -> Result<Listing, FolderError> {
        let place = Place::new(company, directory);
        let found = self.directory(&place, OFlags::RDONLY)?;
        let stamp = self.stamp_of(company, &found)?;
        let entries = found.entries().map_err(|error| place.error(error))?;
        Ok(Listing { stamp, entries })
    }

    fn look(&self, company: &CompanyFolder, file: &TreePath) -> Result<Look, FolderError> {
        let place = Place::new(company, file);
        let folder = Place::new(company, &file.parent().unwrap_or_default());
        let (kind, look) = self
            .directory(&folder, OFlags::PATH)?
            .look(if file.is_root() { b"." } else { file.name() })
            .map_err(|error| place.error(error))?;
        if kind.is_symlink() {
            return Err(FolderError::Outside(place.to_string()));
        }
        if kind.is_file() || kind.is_dir() {
            return Ok(look);
        }
        Err(FolderError::Changed(place.to_string()))
    }

    fn open(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
    ) -> Result<Box<dyn Read + Send>, FolderError> {
        let place = Place::new(company, file);
        let (handle, found) = self.file(&place)?;
        if found != expected {
            return Err(FolderError::Changed(place.to_string()));
        }
        Ok(Box::new(File::from(handle)))
    }

    fn mark(&self, company: &CompanyFolder, file: &TreePath) -> Result<Option<Mark>, FolderError> {
        match self.file(&Place::new(company, file)) {
            Ok((handle, _)) => Ok(mark::read(handle.as_fd())),
            Err(FolderError::Denied(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set_mark(
        &self,
        company: &CompanyFolder,
        file: &TreePath,
        expected: Fingerprint,
        mark: Option<&Mark>,
    ) -> Result<Marked, FolderError> {
        let place = Place::new(company, file);
        match self.file(&place) {
            Ok((handle, found)) if found == expected => {
                mark::write(handle.as_fd(), mark).map_err(|error| place.error(error))
            }
            Ok(_) | Err(FolderError::Changed(_) | FolderError::Denied(_)) => Ok(Marked::Impossible),
            Err(error) => Err(error),
        }
    }

    fn put(
        &self,
        company: &CompanyFolder,
        root: Option<&RootIdentity>,
        file: &TreePath,
        bytes: &[u8],
    ) -> Result<Put, FolderError> {
        let place = Place::new(company, file);
        let top = Place::new(company, &TreePath::root());
        let handle = self.open_below(&top, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let found = Directory::new(handle, self.assumed).map_err(|error| top.error(error))?;
        let identity = ground::identity_of(found.handle(), found.seen(), found.trust())
            .map_err(|error| top.error(error))?;
        if root.is_some_and(|root| *root != identity) {
            return Err(FolderError::Changed(top.to_string()));
        }
        let mut names: Vec<&[u8]> = file.components().collect();
        let name = names.pop().ok_or_else(|| FolderError::Changed(top.to_string()))?;
        // The very folder that was looked at, whatever is mounted in its place meanwhile.
        put::folder(found.into_handle(), &names)
            .and_then(|folder| put::put(folder.as_fd(), name, bytes))
            .map_err(|error| place.write_error(error))
    }

    fn claim(&self, state_id: &str) -> Result<Option<String>, FolderError> {
        let root = self.root_handle(OFlags::RDONLY)?;
        claim::claim(root.as_fd(), state_id)
            .map_err(|error| folder_error(self.root.join(claim::NAME).display().to_string(), error))
    }

    fn take_over(&self, state_id: &str) -> Result<(), FolderError> {
        let root = self.root_handle(OFlags::RDONLY)?;
        claim::take_over(root.as_fd(), state_id)
            .map_err(|error| folder_error(self.root.join(claim::NAME).display().to_string(), error))
    }
}

/// A path below the root: the company's folder and what is in it.
struct Place(Vec<u8>);

impl Place {
    fn new(company: &CompanyFolder, path: &TreePath) -> Self {
        let mut bytes = company.as_bytes().to_vec();
        if !path.is_root() {
            bytes.push(b'/');
            bytes.extend_from_slice(path.as_bytes());
        }
        Self(bytes)
    }

    fn error(&self, error: Errno) -> FolderError {
        folder_error(self.to_string(), error)
    }

    fn write_error(&self, error: Errno) -> FolderError {
        match folder_error(self.to_string(), error) {
            FolderError::Io { path, source } => FolderError::Unwritable { path, source },
            FolderError::Missing(path) => FolderError::Unwritable { path, source: error.into() },
            other @ (FolderError::Denied(_)
            | FolderError::Outside(_)
            | FolderError::Changed(_)
            | FolderError::Unwritable { .. }) => other,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&spell(&self.0))
    }
}

fn folder_error(path: String, error: Errno) -> FolderError {
    match error {
        Errno::NOENT | Errno::NOTDIR => FolderError::Missing(path),
        Errno::ACCESS | Errno::PERM => FolderError::Denied(path),
        Errno::LOOP | Errno::XDEV => FolderError::Outside(path),
        // A socket, or a device that isn't there, has no contents to open.
        Errno::NXIO | Errno::NODEV => FolderError::Changed(path),
        error => FolderError::Io { path, source: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn companies_are_the_folders_that_are_not_ignored() {
        let root = tempfile::tempdir().unwrap();
        for name in ["zebra", "acme", "Dupont & Fils", "lost+found", ".hidden", "old.tmp"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        fs::write(root.path().join("readme.txt"), "x").unwrap();
        symlink("zebra", root.path().join("link")).unwrap();
        let ignore = vec!["lost+found".to_owned()];
        let tree = DocumentTree::open(root.path().to_owned(), ignore).unwrap();
        let expected = ["Dupont & Fils", "acme", "zebra"].map(|name| name.parse().unwrap());
        assert_eq!(tree.companies().unwrap(), expected);
    }

    #[test]
    fn the_root_is_looked_up_anew_each_time() {
        let base = tempfile::tempdir().unwrap();
        let (first, second) = (base.path().join("first"), base.path().join("second"));
        fs::create_dir_all(first.join("acme")).unwrap();
        fs::create_dir_all(second.join("bravo")).unwrap();
        let (acme, bravo): (TreePath, TreePath) =
            ("acme".parse().unwrap(), "bravo".parse().unwrap());
        let root = base.path().join("root");
        symlink(&first, &root).unwrap();
        let tree = DocumentTree::open(root.clone(), Vec::new()).unwrap();
        assert_eq!(tree.companies().unwrap(), std::slice::from_ref(&acme));
        assert!(tree.identity(&acme).is_ok());

        fs::remove_file(&root).unwrap();
        symlink(&second, &root).unwrap();
        assert_eq!(tree.companies().unwrap(), [bravo]);
        assert!(matches!(tree.identity(&acme), Err(FolderError::Missing(_))));
        fs::remove_file(&root).unwrap();
        assert!(matches!(tree.companies(), Err(FolderError::Missing(_))));
        assert!(matches!(DocumentTree::open(root, Vec::new()), Err(FolderError::Missing(_))));
    }
    #[test]
    fn what_is_mounted_inside_a_company_rules_by_itself() {
        // What most machines have: /dev is a tmpfs, and on /dev/pts is something the kernel makes up.
        let tree = DocumentTree::open("/".into(), Vec::new()).unwrap();
        let (company, mounted): (TreePath, TreePath) =
            ("dev".parse().unwrap(), "pts".parse().unwrap());
        let Ok(look) = tree.look(&company, &mounted) else { return };
        if !tree.trust(&company).unwrap().stamps {
            return;
        }
        assert_eq!(look.fingerprint, Fingerprint(0));
        let first = tree.stamp(&company, &mounted).unwrap();
        assert_ne!(tree.stamp(&company, &mounted).unwrap(), first, "never skipped");
        assert_ne!(tree.list(&company, &mounted).unwrap().stamp, first);
    }
}
