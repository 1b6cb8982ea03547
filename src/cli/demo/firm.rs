//! The sample firm on disk: its routes.toml, its companies' folders, its documents.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};

use super::papers;

/// The first line of a sample firm's configuration: what tells its folder from anybody's.
const MARK: &str = "# The sample firm that `facteur demo` made.";

/// What `demo` makes in its folder, and removes when it makes it anew.
const CONTENTS: [&str; 4] = ["routes.toml", "documents", "outbox", "state"];

/// The sample firm's companies.
pub(super) const DUPONT: &str = "Dupont Maçonnerie";
/// See [`DUPONT`].
pub(super) const LEA: &str = "Boulangerie Léa & Fils";
/// See [`DUPONT`].
pub(super) const ELISE: &str = "L'Œuvre d'Élise";

/// Where the firm is.
pub(super) struct Firm {
    directory: PathBuf,
}

impl Firm {
    /// Sets the firm up in `directory`, or in a fresh temporary folder.
    pub(super) fn set_up(directory: Option<PathBuf>) -> Result<Self> {
        let directory = match directory {
            Some(directory) => claim(&directory)?,
            None => fresh_folder()?,
        };
        let firm = Self { directory };
        let cannot = || format!("cannot set the sample firm up in `{}`", firm.directory.display());
        firm.furnish().with_context(cannot)?;
        Ok(firm)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn routes(&self) -> PathBuf {
        self.directory.join("routes.toml")
    }

    pub(super) fn outbox(&self) -> PathBuf {
        self.directory.join("outbox")
    }

    /// Puts a document into a company's folder; returns where.
    pub(super) fn put(&self, company: &str, path: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let file = self.file(company, path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, bytes)?;
        Ok(file)
    }

    /// Moves a document in that was made years ago elsewhere, and says so in its time stamp.
    pub(super) fn move_in(&self, company: &str, path: &str, bytes: &[u8]) -> io::Result<()> {
        let elsewhere = self.directory.join("state").join("moving-in");
        fs::write(&elsewhere, bytes)?;
        // 2019-03-14, 09:26:53 UTC.
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_552_555_613);
        fs::File::options().write(true).open(&elsewhere)?.set_modified(long_ago)?;
        fs::rename(&elsewhere, self.file(company, path))
    }

    /// Gives a file its final name, as a browser or a scanner does in the end.
    pub(super) fn rename(&self, company: &str, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.file(company, from), self.file(company, to))
    }

    /// The mails that left, by file name.
    pub(super) fn mails(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let entries = match fs::read_dir(self.outbox()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let name = PathBuf::from(entry?.file_name());
            if name.extension().is_some_and(|ending| ending == "eml") {
                names.push(name.display().to_string());
            }
        }
        names.sort();
        Ok(names)
    }

    fn file(&self, company: &str, path: &str) -> PathBuf {
        self.directory.join("documents").join(company).join(path)
    }

    fn furnish(&self) -> io::Result<()> {
        fs::create_dir_all(self.directory.join("state"))?;
        for company in [DUPONT, LEA, ELISE] {
            for folder in ["Achats/2025", "Ventes", "Dossier comptable 2026/Achats"] {
                fs::create_dir_all(self.file(company, folder))?;
            }
        }
        self.old_documents()?;
        fs::write(self.routes(), routes())
    }

    fn old_documents(&self) -> io::Result<()> {
        let old = [
            (DUPONT, "Achats/2025/Facture ciment été 2025.pdf", "Ciment et sable"),
            (DUPONT, "Achats/2025/Location échafaudage.pdf", "Échafaudage, quatre semaines"),
            (DUPONT, "Ventes/Facture F-2025-041.pdf", "Mur de clôture"),
            (LEA, "Achats/2025/Farine T65 octobre.pdf", "Farine T65"),
            (LEA, "Ventes/Mariage Noé.pdf", "Pièce montée"),
            (ELISE, "Achats/2025/Toiles de lin.pdf", "Toiles de lin"),
        ];
        for (company, path, line) in old {
            self.put(company, path, &papers::pdf(&[company, line, "2025"]))?;
        }
        Ok(())
    }
}

fn routes() -> String {
    format!(
        "{MARK}\n\
         # Nothing leaves this machine: each mail is a file in `outbox`.\n\n\
         [firm]\nname = \"Cabinet Exemple\"\ndomain = \"cabinet.example\"\n\
         time_zone = \"Europe/Paris\"\n\n\
         [documents]\nroot = \"documents\"\n\n\
         [state]\ndirectory = \"state\"\n\n\
         [robot]\n\
         schedule = \"on deposit\"          # at once, for a demonstration; a firm has \"0 */15 * * * *\"\n\
         settle = \"1s\"\n\n\
         [mail]\ntransport = \"outbox\"\noutbox = \"outbox\"\n\n\
         [apps.quickbooks]\nprofile = \"quickbooks\"\n"
    )
}

/// A folder of one's own choice: new, empty, or an earlier sample firm, which is made anew.
fn claim(directory: &Path) -> Result<PathBuf> {
    let cannot = || format!("cannot use `{}`", directory.display());
    fs::create_dir_all(directory).with_context(cannot)?;
    let directory = directory.canonicalize().with_context(cannot)?;
    let routes = fs::read_to_string(directory.join("routes.toml"));
    let is_sample = routes.is_ok_and(|text| text.starts_with(MARK));
    for entry in fs::read_dir(&directory).with_context(cannot)? {
        let name = entry.with_context(cannot)?.file_name();
        if !is_sample || !CONTENTS.iter().any(|own| name == *own) {
            bail!(
                "`{}` is not empty, and no sample firm\nhint: give a new folder: `facteur demo \
                 --dir NEW_FOLDER`",
                directory.display()
            );
        }
    }
    for name in CONTENTS {
        remove(&directory.join(name)).with_context(cannot)?;
    }
    Ok(directory)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A folder that nobody else could have prepared.
fn fresh_folder() -> Result<PathBuf> {
    let number = getrandom::u32().context("the system gives no random numbers")?;
    let folder = std::env::temp_dir().join(format!("facteur-demo-{number:08x}"));
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    made.with_context(|| {
        format!(
            "cannot make `{}`\nhint: give a folder: `facteur demo --dir NEW_FOLDER`",
            folder.display()
        )
    })?;
    folder.canonicalize().context("the fresh folder is gone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.txt"), "mine").unwrap();
        let error = Firm::set_up(Some(folder.path().to_owned())).err().unwrap().to_string();
        assert!(error.contains("is not empty, and no sample firm\nhint: "), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_earlier_sample_firm_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let firm = Firm::set_up(Some(folder.path().join("firm"))).unwrap();
        let left = firm.put(DUPONT, "Achats/left.pdf", b"x").unwrap();
        Firm::set_up(Some(folder.path().join("firm"))).unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn a_firm_with_something_else_beside_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let firm = Firm::set_up(Some(folder.path().to_owned())).unwrap();
        let mine = firm.put(DUPONT, "Achats/mine.pdf", b"mine").unwrap();
        fs::write(firm.directory().join("mine.txt"), "mine").unwrap();
        assert!(Firm::set_up(Some(folder.path().to_owned())).is_err());
        assert!(mine.exists());
    }
}
