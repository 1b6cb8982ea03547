//! New files put into a real tree: whole or not at all, never over another one, never outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use facteur::adapters::folders::DocumentTree;
use facteur::domain::company::RootIdentity;
use facteur::domain::names;
use facteur::domain::path::TreePath;
use facteur::ports::folders::{FolderError, Folders as _, Put};

struct Firm {
    root: tempfile::TempDir,
    tree: DocumentTree,
}

impl Firm {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("acme")).unwrap();
        let tree = DocumentTree::open(root.path().to_owned(), Vec::new()).unwrap();
        Self { root, tree }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join("acme").join(path)
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<Put, FolderError> {
        self.put_in(None, path, bytes)
    }

    fn put_in(
        &self,
        root: Option<&RootIdentity>,
        path: &str,
        bytes: &[u8],
    ) -> Result<Put, FolderError> {
        self.tree.put(&tree_path("acme"), root, &tree_path(path), bytes)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn tree_path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_file_is_put_with_its_folders_and_nothing_else_is_left() {
    let firm = Firm::new();
    assert_eq!(firm.put("Reçus par mail/2026/03/a.pdf", b"%PDF a").unwrap(), Put::Done);
    assert_eq!(firm.put("Reçus par mail/2026/03/b.pdf", b"%PDF b").unwrap(), Put::Done);
    assert_eq!(firm.put("top.pdf", b"%PDF").unwrap(), Put::Done);
    assert_eq!(fs::read(firm.at("Reçus par mail/2026/03/a.pdf")).unwrap(), b"%PDF a");
    assert_eq!(firm.names("Reçus par mail/2026/03"), ["a.pdf", "b.pdf"]);
    assert_eq!(firm.names(""), ["Reçus par mail", "top.pdf"]);
}

#[test]
fn nothing_is_put_over_what_is_there() {
    let firm = Firm::new();
    fs::write(firm.at("a.pdf"), b"another").unwrap();
    fs::create_dir(firm.at("b.pdf")).unwrap();
    symlink("nowhere", firm.at("c.pdf")).unwrap();
    for name in ["a.pdf", "b.pdf", "c.pdf"] {
        assert_eq!(firm.put(name, b"%PDF").unwrap(), Put::Taken, "{name}");
    }
    assert_eq!(fs::read(firm.at("a.pdf")).unwrap(), b"another");
    assert_eq!(firm.names(""), ["a.pdf", "b.pdf", "c.pdf"]);
    assert!(!firm.at("nowhere").exists());
}

#[test]
fn what_was_left_by_a_call_that_was_cut_off_is_hidden_and_taken_away() {
    let firm = Firm::new();
    fs::create_dir(firm.at("full")).unwrap();
    let too_long = "a".repeat(252);
    assert!(firm.put(&format!("full/{too_long}.pdf"), b"%PDF").is_err());
    assert_eq!(firm.names("full"), [""; 0]);

    let hidden = firm.hidden_of(b"%PDF two");
    fs::write(firm.at(&hidden), b"%PDF tw").unwrap();
    assert!(!names::is_recorded(hidden.as_bytes(), &[]));
    assert_eq!(firm.put("two.pdf", b"%PDF two").unwrap(), Put::Done);
    assert_eq!(fs::read(firm.at("two.pdf")).unwrap(), b"%PDF two");
    assert!(!firm.at(&hidden).exists());
}

impl Firm {
    /// The name under which these bytes are written: what is there while a folder of that name
    /// is in the way.
    fn hidden_of(&self, bytes: &[u8]) -> String {
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes));
        let name = format!(".facteur-{}.part", digest.get(..24).unwrap());
        fs::create_dir(self.at(&name)).unwrap();
        assert!(self.put("probe.pdf", bytes).is_err(), "that is the name");
        fs::remove_dir(self.at(&name)).unwrap();
        name
    }
}

#[test]
fn no_link_leads_out() {
    let firm = Firm::new();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), firm.at("Reçus par mail")).unwrap();
    fs::create_dir(firm.at("Achats")).unwrap();
    symlink(outside.path(), firm.at("Achats/2026")).unwrap();
    for path in ["Reçus par mail/a.pdf", "Achats/2026/a.pdf", "Achats/2026/03/a.pdf"] {
        assert!(matches!(firm.put(path, b"%PDF"), Err(FolderError::Outside(_))), "{path}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);

    // The company itself, swapped for a link.
    fs::remove_file(firm.at("Reçus par mail")).unwrap();
    fs::rename(firm.at(""), firm.root.path().join("away")).unwrap();
    symlink(outside.path(), firm.root.path().join("acme")).unwrap();
    assert!(matches!(firm.put("a.pdf", b"%PDF"), Err(FolderError::Outside(_))));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_link_swapped_in_between_two_calls_is_not_followed() {
    let firm = Firm::new();
    let outside = tempfile::tempdir().unwrap();
    assert_eq!(firm.put("Mails/03/a.pdf", b"%PDF a").unwrap(), Put::Done);
    fs::rename(firm.at("Mails/03"), firm.at("Mails/old")).unwrap();
    symlink(outside.path(), firm.at("Mails/03")).unwrap();
    assert!(matches!(firm.put("Mails/03/b.pdf", b"%PDF b"), Err(FolderError::Outside(_))));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_file_where_a_folder_is_to_be_is_told_and_kept() {
    let firm = Firm::new();
    fs::write(firm.at("Mails"), b"a file").unwrap();
    let error = firm.put("Mails/a.pdf", b"%PDF").unwrap_err();
    assert!(matches!(error, FolderError::Unwritable { .. }), "{error}");
    assert_eq!(fs::read(firm.at("Mails")).unwrap(), b"a file");
}

#[test]
fn nothing_is_put_into_another_folder_than_the_one_that_was_meant() {
    let firm = Firm::new();
    let root = firm.tree.identity(&tree_path("acme")).unwrap();
    assert_eq!(firm.put_in(Some(&root), "a.pdf", b"%PDF").unwrap(), Put::Done);
    if !firm.tree.trust(&tree_path("acme")).unwrap().identities {
        return;
    }
    fs::rename(firm.at(""), firm.root.path().join("bravo")).unwrap();
    fs::create_dir(firm.at("")).unwrap();
    let answer = firm.put_in(Some(&root), "b.pdf", b"%PDF");
    assert!(matches!(answer, Err(FolderError::Changed(_))), "{answer:?}");
    assert_eq!(firm.names(""), [""; 0]);
    fs::remove_dir(firm.at("")).unwrap();
    let answer = firm.put_in(Some(&root), "b.pdf", b"%PDF");
    assert!(matches!(answer, Err(FolderError::Missing(_))), "{answer:?}");
    assert!(!firm.at("").exists(), "a company's folder is never made");
}

#[test]
fn new_files_and_folders_may_be_used_by_whoever_may_use_the_folder_above() {
    let firm = Firm::new();
    for (above, folder, file) in [(0o2770, 0o2770, 0o660), (0o755, 0o755, 0o644)] {
        fs::set_permissions(firm.at(""), Permissions::from_mode(above)).unwrap();
        let path = format!("Mails {above:o}/03/a.pdf");
        assert_eq!(firm.put(&path, b"%PDF").unwrap(), Put::Done);
        assert_eq!(mode(&firm.at(&path)), file, "{above:o}");
        assert_eq!(mode(firm.at(&path).parent().unwrap()), folder, "{above:o}");
    }
}

/// A small file system in memory over the company's folder, until it is dropped.
struct Mount(PathBuf);

impl Mount {
    /// None where mounting is not allowed.
    fn over(place: &Path, options: &str) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "facteur-test"]).arg(place);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(place.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays", self.0.display());
    }
}

#[test]
fn on_a_full_disk_nothing_is_left_and_it_is_done_when_there_is_room() {
    let firm = Firm::new();
    let Some(_mount) = Mount::over(&firm.at(""), "size=256k") else { return };
    fs::write(firm.at("ballast"), vec![0; 200_000]).unwrap();
    let large = vec![b'x'; 100_000];
    for _ in 0..2 {
        let error = firm.put("Mails/a.pdf", &large).unwrap_err();
        assert!(matches!(error, FolderError::Unwritable { .. }), "{error}");
        assert_eq!(firm.names("Mails"), [""; 0]);
    }
    fs::remove_file(firm.at("ballast")).unwrap();
    assert_eq!(firm.put("Mails/a.pdf", &large).unwrap(), Put::Done);
    assert_eq!(fs::read(firm.at("Mails/a.pdf")).unwrap(), large);
}

#[test]
fn a_disk_that_is_read_only_says_so() {
    let firm = Firm::new();
    let Some(_mount) = Mount::over(&firm.at(""), "size=256k,ro") else { return };
    let error = firm.put("Mails/a.pdf", b"%PDF").unwrap_err();
    assert!(matches!(error, FolderError::Unwritable { .. }), "{error}");
}
