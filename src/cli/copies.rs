//! Files that commands write and read: copies of the state, and decisions as TOML.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::domain::shell;

/// The longest decisions file that is read, in bytes; a request of the control socket holds it.
const TOML_BYTES_MAX: u64 = 900_000;

/// Where a result goes, once it is whole. Never over a file that is there.
pub(super) struct NewFile {
    file: PathBuf,
    part: PathBuf,
}

impl NewFile {
    /// Refuses a name that is taken, and one in a folder that isn't there.
    pub(super) fn at(file: &Path) -> Result<Self> {
        let file = std::path::absolute(file)
            .with_context(|| format!("`{}` is no file name", file.display()))?;
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            bail!("`{}` is a folder\nhint: give the name of a new file", file.display());
        };
        if fs::symlink_metadata(&file).is_ok() {
            bail!(
                "`{}` is there already\nhint: choose another name, or delete it first",
                file.display()
            );
        }
        if !folder.is_dir() {
            let shown = folder.display().to_string();
            bail!("there is no folder `{shown}`\nhint: `mkdir -p {}`", shell::word(&shown));
        }
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(format!(".{}.part", std::process::id()));
        Ok(Self { part: folder.join(part), file })
    }

    /// Its name when it is whole, absolute.
    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    /// Fills it from a reader, durably.
    pub(super) fn fill(self, content: &mut dyn io::Read) -> Result<()> {
        let cannot = || format!("cannot write `{}`", self.file.display());
        let filled = self.fill_part(content).with_context(cannot);
        let kept = filled.and_then(|()| {
            // A hard link fails where the name was taken meanwhile; a rename would replace it.
            fs::hard_link(&self.part, &self.file).with_context(cannot)
        });
        drop(fs::remove_file(&self.part));
        kept?;
        let folder = self.file.parent().expect("a new file is in a folder");
        fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(cannot)
    }

    fn fill_part(&self, content: &mut dyn io::Read) -> io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The whole state names all that a firm buys: nobody else's business.
        let mut part =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.part)?;
        io::copy(content, &mut part)?;
        part.sync_all()
    }
}

/// The text of a decisions file; `-` is stdin.
pub(super) fn read_toml(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(TOML_BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        let opened = fs::File::open(file);
        opened.and_then(|file| file.take(TOML_BYTES_MAX + 1).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read `{}`", file.display()))?;
    if text.len() as u64 > TOML_BYTES_MAX {
        bail!(
            "`{}` has more than {TOML_BYTES_MAX} bytes\nhint: import it in parts",
            file.display()
        );
    }
    Ok(text)
}

/// Writes the text of a decisions file to a new file.
pub(super) fn write_toml(file: &Path, text: &str) -> Result<()> {
    NewFile::at(file)?.fill(&mut text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_copy_is_whole_private_and_never_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        NewFile::at(&file).unwrap().fill(&mut &b"all of it"[..]).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"all of it");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let error = NewFile::at(&file).err().unwrap().to_string();
        assert!(error.contains("is there already\nhint: "), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_name_taken_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        let fresh = NewFile::at(&file).unwrap();
        fs::write(&file, "mine").unwrap();
        assert!(fresh.fill(&mut &b"yours"[..]).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_copy_that_breaks_off_leaves_nothing() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(NewFile::at(&folder.path().join("backup")).unwrap().fill(&mut Broken).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let error = NewFile::at(&folder.path().join("no/backup")).err().unwrap().to_string();
        assert!(error.contains("mkdir -p"), "{error}");
    }
}
