//! The document tree on a real file system: what its stamps, fingerprints and refusals promise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use facteur::adapters::folders::DocumentTree;
use facteur::domain::directory::{Fingerprint, Stamp};
use facteur::domain::path::TreePath;
use facteur::ports::folders::{EntryKind, FolderError, Folders, Listing, Mark, Marked, Trust};
use rustix::fs::{Mode, OFlags, XattrFlags};

/// A tree with one company, `acme`.
struct Firm {
    root: tempfile::TempDir,
    tree: DocumentTree,
}

impl Firm {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("acme")).unwrap();
        let ignore = vec!["lost+found".to_owned()];
        let tree = DocumentTree::open(root.path().to_owned(), ignore).unwrap();
        Self { root, tree }
    }

    fn with_trust(trust: Trust) -> Self {
        let firm = Self::new();
        Self { tree: firm.tree.with_trust(trust), ..firm }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join("acme").join(path)
    }

    fn write(&self, path: &str, content: &str) {
        let file = self.at(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    fn print(&self, path: &str) -> Fingerprint {
        self.tree.look(&acme(), &tree_path(path)).unwrap().fingerprint
    }

    fn stamp(&self, path: &str) -> Stamp {
        self.tree.stamp(&acme(), &tree_path(path)).unwrap()
    }

    fn list(&self, path: &str) -> Result<Listing, FolderError> {
        self.tree.list(&acme(), &tree_path(path))
    }

    fn read(&self, path: &str, expected: Fingerprint) -> Result<String, FolderError> {
        let mut text = String::new();
        self.tree.open(&acme(), &tree_path(path), expected)?.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    /// Makes files until one has another birth time than the first: they are as coarse as the
    /// kernel's tick.
    fn let_births_tick(&self) {
        let made = || {
            let file = tempfile::NamedTempFile::new_in(self.root.path()).unwrap();
            file.as_file().metadata().unwrap().created().unwrap()
        };
        let first = made();
        while made() == first {}
    }

    /// Whether temporary folders lie on a file system that tells files apart.
    fn has_identities(&self) -> bool {
        self.tree.trust(&acme()).unwrap().identities
    }
}

const UNTRUSTED: Trust = Trust { stamps: false, identities: false };

fn acme() -> TreePath {
    tree_path("acme")
}

fn tree_path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn touch(file: &Path, seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

fn names(listing: &Listing) -> Vec<Vec<u8>> {
    let mut names: Vec<_> = listing.entries.iter().map(|entry| entry.name.clone()).collect();
    names.sort();
    names
}

#[test]
fn a_file_keeps_its_fingerprint_through_rename_touch_chmod_and_link() {
    let firm = Firm::new();
    if !firm.has_identities() {
        return;
    }
    firm.write("Achats/a.pdf", "facture");
    let first = firm.print("Achats/a.pdf");

    touch(&firm.at("Achats/a.pdf"), 1_000_000);
    assert_eq!(firm.print("Achats/a.pdf"), first, "touch");
    fs::set_permissions(firm.at("Achats/a.pdf"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(firm.print("Achats/a.pdf"), first, "chmod");
    fs::hard_link(firm.at("Achats/a.pdf"), firm.at("Achats/link.pdf")).unwrap();
    assert_eq!(firm.print("Achats/link.pdf"), first, "another name of the same file");
    fs::rename(firm.at("Achats/a.pdf"), firm.at("Achats/b.pdf")).unwrap();
    assert_eq!(firm.print("Achats/b.pdf"), first, "rename");
    fs::rename(firm.at("Achats"), firm.at("Achats 2025")).unwrap();
    assert_eq!(firm.print("Achats 2025/b.pdf"), first, "its folder renamed");
    fs::write(firm.at("Achats 2025/b.pdf"), "FACTURE").unwrap();
    assert_eq!(firm.print("Achats 2025/b.pdf"), first, "the same size in place");

    fs::write(firm.at("Achats 2025/b.pdf"), "facture 2").unwrap();
    assert_ne!(firm.print("Achats 2025/b.pdf"), first, "another size");
    fs::copy(firm.at("Achats 2025/b.pdf"), firm.at("copy.pdf")).unwrap();
    assert_ne!(firm.print("copy.pdf"), firm.print("Achats 2025/b.pdf"), "a copy");
}

#[test]
fn a_file_made_where_one_was_deleted_is_another() {
    let firm = Firm::new();
    if !firm.has_identities() {
        return;
    }
    firm.write("scan.pdf", "page 1");
    let first = firm.print("scan.pdf");
    firm.let_births_tick();
    fs::remove_file(firm.at("scan.pdf")).unwrap();
    firm.write("scan.pdf", "page 2");
    assert_ne!(firm.print("scan.pdf"), first, "though its inode may be the same");
}

#[test]
fn a_folder_keeps_its_fingerprint_when_it_is_renamed_or_filled() {
    let firm = Firm::new();
    if !firm.has_identities() {
        return;
    }
    firm.write("Achats/a.pdf", "a");
    let first = firm.print("Achats");
    firm.write("Achats/b.pdf", "b");
    assert_eq!(firm.print("Achats"), first);
    fs::rename(firm.at("Achats"), firm.at("Achats 2025")).unwrap();
    fs::create_dir(firm.at("Achats")).unwrap();
    assert_eq!(firm.print("Achats 2025"), first);
    assert_ne!(firm.print("Achats"), first);
}

#[test]
fn without_identities_size_and_modification_time_tell_files_apart() {
    let firm = Firm::with_trust(UNTRUSTED);
    firm.write("Achats/a.pdf", "facture");
    touch(&firm.at("Achats/a.pdf"), 1_000_000);
    let first = firm.print("Achats/a.pdf");
    fs::rename(firm.at("Achats/a.pdf"), firm.at("Achats/b.pdf")).unwrap();
    fs::set_permissions(firm.at("Achats/b.pdf"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(firm.print("Achats/b.pdf"), first);
    firm.write("Achats/c.pdf", "FACTURE");
    touch(&firm.at("Achats/c.pdf"), 1_000_000);
    assert_eq!(firm.print("Achats/c.pdf"), first, "nothing tells these apart");
    touch(&firm.at("Achats/b.pdf"), 1_000_001);
    assert_ne!(firm.print("Achats/b.pdf"), first);
    assert_eq!(firm.print("Achats"), Fingerprint(0));
    assert_eq!(firm.stamp("Achats"), firm.stamp("Achats"), "stamps are told as they are");
}

type Change = fn(&Firm);

#[test]
fn a_folders_stamp_moves_with_its_names_and_not_with_the_contents() {
    let firm = Firm::new();
    firm.write("Achats/2026/a.pdf", "a");
    let outer = firm.stamp("Achats");
    let changes: [(&str, Change); 4] = [
        ("created", |firm| firm.write("Achats/2026/b.pdf", "b")),
        ("renamed", |firm| {
            fs::rename(firm.at("Achats/2026/b.pdf"), firm.at("Achats/2026/c.pdf")).unwrap();
        }),
        ("deleted", |firm| fs::remove_file(firm.at("Achats/2026/c.pdf")).unwrap()),
        ("made a folder", |firm| fs::create_dir(firm.at("Achats/2026/x")).unwrap()),
    ];
    for (change, make) in changes {
        // A stamp is as coarse as the kernel's tick; dated back, the next change must show.
        age(&firm.at("Achats/2026"));
        let before = firm.stamp("Achats/2026");
        assert_eq!(firm.list("Achats/2026").unwrap().stamp, before);
        make(&firm);
        assert_ne!(firm.stamp("Achats/2026"), before, "{change}");
    }
    let before = firm.stamp("Achats/2026");
    fs::write(firm.at("Achats/2026/a.pdf"), "longer").unwrap();
    assert_eq!(firm.stamp("Achats/2026"), before, "a change in place doesn't show");
    assert_eq!(firm.stamp("Achats"), outer, "nor what changes further down");
}

/// Dates a folder back.
fn age(folder: &Path) {
    File::open(folder).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(1)).unwrap();
}

#[test]
fn links_are_listed_and_never_followed() {
    let firm = Firm::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.pdf"), "secret").unwrap();
    firm.write("Achats/a.pdf", "a");
    symlink(outside.path(), firm.at("out")).unwrap();
    symlink("Achats", firm.at("in")).unwrap();
    symlink(outside.path().join("secret.pdf"), firm.at("secret.pdf")).unwrap();
    symlink(firm.at("Achats/a.pdf"), firm.at("a.pdf")).unwrap();

    let listing = firm.list("").unwrap();
    let kind = |name: &[u8]| listing.entries.iter().find(|entry| entry.name == name).unwrap().kind;
    assert_eq!(kind(b"Achats"), EntryKind::Directory);
    for name in ["out", "in", "secret.pdf", "a.pdf"] {
        assert_eq!(kind(name.as_bytes()), EntryKind::Other, "{name}");
    }
    for path in ["out", "in"] {
        assert!(matches!(firm.list(path), Err(FolderError::Outside(_))), "{path}");
        let stamp = firm.tree.stamp(&acme(), &tree_path(path));
        assert!(matches!(stamp, Err(FolderError::Outside(_))), "{path}");
    }
    for path in ["out/secret.pdf", "secret.pdf", "a.pdf", "in/a.pdf"] {
        let look = firm.tree.look(&acme(), &tree_path(path));
        assert!(matches!(look, Err(FolderError::Outside(_))), "{path}");
        let read = firm.read(path, firm.print("Achats/a.pdf"));
        assert!(matches!(read, Err(FolderError::Outside(_))), "{path}");
        let mark = firm.tree.mark(&acme(), &tree_path(path));
        assert!(matches!(mark, Err(FolderError::Outside(_))), "{path}");
    }
}

#[test]
fn a_folder_swapped_for_a_link_after_its_listing_leads_nowhere() {
    let firm = Firm::new();
    firm.write("Achats/a.pdf", "a");
    let expected = firm.print("Achats/a.pdf");
    let outside = tempfile::tempdir().unwrap();
    fs::rename(firm.at("Achats"), outside.path().join("Achats")).unwrap();
    symlink(outside.path().join("Achats"), firm.at("Achats")).unwrap();
    assert!(matches!(firm.read("Achats/a.pdf", expected), Err(FolderError::Outside(_))));
    assert!(matches!(firm.list("Achats"), Err(FolderError::Outside(_))));
}

#[test]
fn a_company_swapped_for_a_link_leads_nowhere() {
    let firm = Firm::new();
    let outside = tempfile::tempdir().unwrap();
    fs::remove_dir(firm.at("")).unwrap();
    symlink(outside.path(), firm.root.path().join("acme")).unwrap();
    assert!(matches!(firm.list(""), Err(FolderError::Outside(_))));
    assert!(matches!(firm.tree.identity(&acme()), Err(FolderError::Outside(_))));
    assert_eq!(firm.tree.companies().unwrap(), []);
}

#[test]
fn only_the_file_that_was_seen_is_opened() {
    let firm = Firm::new();
    firm.write("a.pdf", "first");
    let first = firm.print("a.pdf");
    assert_eq!(firm.read("a.pdf", first).unwrap(), "first");
    firm.write("new.pdf", "second one");
    fs::rename(firm.at("new.pdf"), firm.at("a.pdf")).unwrap();
    assert!(matches!(firm.read("a.pdf", first), Err(FolderError::Changed(_))));
    fs::remove_file(firm.at("a.pdf")).unwrap();
    assert!(matches!(firm.read("a.pdf", first), Err(FolderError::Missing(_))));
    fs::create_dir(firm.at("a.pdf")).unwrap();
    assert!(matches!(firm.read("a.pdf", first), Err(FolderError::Changed(_))));
}

#[test]
fn a_pipe_or_socket_does_not_hang_and_is_no_document() {
    let firm = Firm::new();
    let folder = rustix::fs::open(firm.at(""), OFlags::PATH, Mode::empty()).unwrap();
    rustix::fs::mkfifoat(&folder, "pipe.pdf", Mode::from_raw_mode(0o644)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(firm.at("socket.pdf")).unwrap();
    for entry in firm.list("").unwrap().entries {
        assert_eq!(entry.kind, EntryKind::Other);
        let path = TreePath::root().join(&entry.name);
        let opened = firm.tree.open(&acme(), &path, Fingerprint(0));
        assert!(matches!(opened.err(), Some(FolderError::Changed(_))), "{path}");
        assert!(matches!(firm.tree.look(&acme(), &path), Err(FolderError::Changed(_))), "{path}");
    }
}

#[test]
fn odd_names_are_listed_and_opened_as_they_are() {
    let firm = Firm::new();
    let long = [b'x'; 255];
    let odd: [&[u8]; 9] = [
        b"new\nline.pdf",
        b"cr\r\nlf.pdf",
        b"\"quoted' `name`.pdf",
        b"\x1b[31mred\x07.pdf",
        "fdp.\u{202e}exe".as_bytes(),
        b"latin\xe9.pdf",
        b"-rf *.pdf",
        b" \\ ",
        &long,
    ];
    for name in odd {
        fs::write(firm.at("").join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    let listing = firm.list("").unwrap();
    let mut expected: Vec<Vec<u8>> = odd.iter().map(|name| name.to_vec()).collect();
    expected.sort();
    assert_eq!(names(&listing), expected);
    for entry in listing.entries {
        let path = TreePath::root().join(&entry.name);
        let mut content = Vec::new();
        let print = entry.look.unwrap().fingerprint;
        firm.tree.open(&acme(), &path, print).unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, entry.name, "{path}");
    }
}

#[test]
fn folders_nest_deeper_than_a_path_may_be_long() {
    let firm = Firm::new();
    let name = "d".repeat(255);
    let mut folder = rustix::fs::open(firm.at(""), OFlags::PATH, Mode::empty()).unwrap();
    let mut path = TreePath::root();
    for _ in 0..64 {
        rustix::fs::mkdirat(&folder, name.as_str(), Mode::from_raw_mode(0o755)).unwrap();
        folder = rustix::fs::openat(&folder, name.as_str(), OFlags::PATH, Mode::empty()).unwrap();
        path = path.join(name.as_bytes());
    }
    let flags = OFlags::WRONLY | OFlags::CREATE;
    let file = rustix::fs::openat(&folder, "a.pdf", flags, Mode::from_raw_mode(0o644)).unwrap();
    rustix::io::write(&file, b"deep").unwrap();

    let listing = firm.tree.list(&acme(), &path).unwrap();
    assert_eq!(names(&listing), [b"a.pdf"]);
    let file = path.join(b"a.pdf");
    let look = firm.tree.look(&acme(), &file).unwrap();
    let mut text = String::new();
    let mut reader = firm.tree.open(&acme(), &file, look.fingerprint).unwrap();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "deep");
}

#[test]
fn an_unreadable_file_shows_in_a_look() {
    let firm = Firm::new();
    firm.write("a.pdf", "a");
    fs::set_permissions(firm.at("a.pdf"), Permissions::from_mode(0o000)).unwrap();
    // The superuser reads it all the same: what opening says, the look must say.
    let opens = File::open(firm.at("a.pdf")).is_ok();
    let look = firm.tree.look(&acme(), &tree_path("a.pdf")).unwrap();
    assert_eq!(look.readable, opens);
    let read = firm.read("a.pdf", look.fingerprint);
    assert_eq!(matches!(read, Err(FolderError::Denied(_))), !opens);
}

#[test]
fn ten_thousand_files_are_listed() {
    let firm = Firm::new();
    for number in 0..10_000 {
        File::create(firm.at(&format!("{number}.pdf"))).unwrap();
    }
    let listing = firm.list("").unwrap();
    let mut found = names(&listing);
    found.dedup();
    assert_eq!(found.len(), 10_000);
    assert!(listing.entries.iter().all(|entry| entry.look.is_some()));
}

#[test]
fn another_folder_under_the_same_name_is_another_identity() {
    let firm = Firm::new();
    if !firm.has_identities() {
        return;
    }
    let before = firm.tree.identity(&acme()).unwrap();
    firm.write("a.pdf", "a");
    assert_eq!(firm.tree.identity(&acme()).unwrap(), before);
    firm.let_births_tick();
    fs::remove_dir_all(firm.at("")).unwrap();
    fs::create_dir(firm.at("")).unwrap();
    assert_ne!(firm.tree.identity(&acme()).unwrap(), before);
}

/// Whether the file system of temporary folders holds marks at all.
fn holds_marks(firm: &Firm) -> bool {
    firm.write("probe", "");
    let answer =
        rustix::fs::setxattr(firm.at("probe"), "user.probe", b"1", XattrFlags::empty()).is_ok();
    fs::remove_file(firm.at("probe")).unwrap();
    answer
}

#[test]
fn a_mark_is_set_read_and_taken_away_without_touching_the_document() {
    let firm = Firm::new();
    let possible = if holds_marks(&firm) { Marked::Done } else { Marked::Impossible };
    firm.write("a.pdf", "facture");
    let file = tree_path("a.pdf");
    let before = firm.tree.look(&acme(), &file).unwrap();
    let at = chrono::DateTime::from_timestamp(1_780_000_000, 0).unwrap();
    let mark = Mark { at, token: "d41d8cd9".to_owned() };
    let set = |mark| firm.tree.set_mark(&acme(), &file, before.fingerprint, mark).unwrap();

    assert_eq!(firm.tree.mark(&acme(), &file).unwrap(), None);
    assert_eq!(set(Some(&mark)), possible);
    assert_eq!(firm.tree.look(&acme(), &file).unwrap(), before);
    let expected = (possible == Marked::Done).then_some(mark.clone());
    assert_eq!(firm.tree.mark(&acme(), &file).unwrap(), expected);
    assert_eq!(set(None), possible);
    assert_eq!(firm.tree.mark(&acme(), &file).unwrap(), None);
    assert_eq!(set(None), possible, "taken away twice");
}

#[test]
fn another_file_under_the_name_is_not_marked() {
    let firm = Firm::new();
    firm.write("a.pdf", "first");
    let first = firm.print("a.pdf");
    firm.write("a.pdf", "another");
    let mark = Mark { at: chrono::DateTime::UNIX_EPOCH, token: "t".to_owned() };
    let file = tree_path("a.pdf");
    let answer = firm.tree.set_mark(&acme(), &file, first, Some(&mark)).unwrap();
    assert_eq!(answer, Marked::Impossible);
    assert_eq!(firm.tree.mark(&acme(), &file).unwrap(), None);
}
