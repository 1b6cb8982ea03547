//! What can be wrong with the disk, and what the robot then sees.

use std::io::Read as _;

use chrono::TimeDelta;
use facteur::domain::directory::Fingerprint;
use facteur::domain::path::TreePath;
use facteur::ports::Clock as _;
use facteur::ports::folders::{FolderError, Folders as _, Mark, Marked, Put, Trust};

use crate::world::{Marks, World, at, path};

const DUPONT: &str = "Dupont Maçonnerie";

fn fingerprint(world: &World, file: &str) -> Fingerprint {
    world.disk.look(&path(DUPONT), &path(file)).unwrap().fingerprint
}

fn read(world: &World, file: &str) -> Result<Vec<u8>, FolderError> {
    let mut reader = world.disk.open(&path(DUPONT), &path(file), fingerprint(world, file))?;
    let mut bytes = Vec::new();
    let read = reader.read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|source| FolderError::Io { path: file.to_owned(), source })
}

fn names(world: &World, folder: &str) -> Vec<String> {
    let listing = world.disk.list(&path(DUPONT), &path(folder)).unwrap();
    listing.entries.iter().map(|entry| TreePath::root().join(&entry.name).to_string()).collect()
}

#[test]
fn a_restored_copy_keeps_date_and_mark_and_is_another_file() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/Achats/a.pdf", b"%PDF");
    let mark = Mark { at: world.clock.now(), token: "t".to_owned() };
    world.disk.put_mark("Dupont Maçonnerie/Achats/a.pdf", Some(&mark));
    world.clock.advance(TimeDelta::days(1));
    world.disk.copy_preserving("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Restored");
    world.disk.copy("Dupont Maçonnerie/Achats", "Dupont Maçonnerie/Copied");
    let look = |file: &str| world.disk.look(&path(DUPONT), &path(file)).unwrap();
    let [first, restored, copied] = ["Achats/a.pdf", "Restored/a.pdf", "Copied/a.pdf"].map(look);
    assert_ne!(restored.fingerprint, first.fingerprint);
    assert_eq!(restored.modified_ns, first.modified_ns);
    assert!(copied.modified_ns > first.modified_ns);
    assert_eq!(world.disk.mark_of("Dupont Maçonnerie/Restored/a.pdf"), Some(mark));
    assert_eq!(world.disk.mark_of("Dupont Maçonnerie/Copied/a.pdf"), None);
}

#[test]
fn identities_survive_a_touch_only_where_they_can_be_trusted() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    for (identities, survives) in [(true, true), (false, false)] {
        world.disk.set_trust(Trust { stamps: identities, identities });
        world.disk.touch("Dupont Maçonnerie/a.pdf", at("2020-01-01T00:00:00Z"));
        let before = fingerprint(&world, "a.pdf");
        world.disk.touch("Dupont Maçonnerie/a.pdf", at("2021-01-01T00:00:00Z"));
        assert_eq!(fingerprint(&world, "a.pdf") == before, survives);
    }
}

#[test]
fn coarse_stamps_hide_a_second_change() {
    let world = World::new();
    world.disk.set_granularity(TimeDelta::seconds(2));
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    let stamp = || world.disk.stamp(&path(DUPONT), &path("")).unwrap();
    let before = stamp();
    world.clock.advance(TimeDelta::seconds(1));
    world.disk.write("Dupont Maçonnerie/b.pdf", b"%PDF");
    assert_eq!(stamp(), before);
    world.clock.advance(TimeDelta::seconds(1));
    world.disk.write("Dupont Maçonnerie/c.pdf", b"%PDF");
    assert_ne!(stamp(), before);
}

#[test]
fn a_share_that_went_away_is_an_empty_folder_and_comes_back_the_same() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    world.disk.mkdir("lost+found");
    let identity = || world.disk.identity(&path(DUPONT)).unwrap();
    let before = (identity(), fingerprint(&world, "a.pdf"));
    world.disk.unmount(DUPONT);
    assert!(names(&world, "").is_empty());
    assert_ne!(identity(), before.0);
    world.disk.remount(DUPONT);
    assert_eq!((identity(), fingerprint(&world, "a.pdf")), before);
    world.disk.new_identity(DUPONT);
    assert_ne!(identity(), before.0);
    assert_eq!(world.disk.companies().unwrap(), [path(DUPONT)]);
    world.disk.unmount("");
    assert!(world.disk.companies().unwrap().is_empty());
}

#[test]
fn a_listing_misses_a_name_once() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    world.disk.listing_misses("Dupont Maçonnerie/a.pdf");
    assert!(names(&world, "").is_empty());
    assert_eq!(names(&world, ""), ["a.pdf"]);
}

#[test]
fn an_open_file_shows_what_is_written_into_it() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    world.disk.change_while_read("Dupont Maçonnerie/a.pdf", b"other");
    assert_eq!(read(&world, "a.pdf").unwrap(), b"other");
    world.disk.fail_reads("Dupont Maçonnerie/a.pdf");
    assert!(matches!(read(&world, "a.pdf"), Err(FolderError::Io { .. })));
    world.disk.heal_reads("Dupont Maçonnerie/a.pdf");
    assert_eq!(read(&world, "a.pdf").unwrap(), b"other");
}

#[test]
fn what_the_robot_may_not_open_is_refused() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    let known = fingerprint(&world, "a.pdf");
    let open = |file| world.disk.open(&path(DUPONT), &path(file), known).err();
    world.disk.chmod_unreadable("Dupont Maçonnerie/a.pdf");
    assert!(matches!(open("a.pdf"), Some(FolderError::Denied(_))));
    world.disk.chmod_readable("Dupont Maçonnerie/a.pdf");
    assert!(open("a.pdf").is_none());
    world.disk.replace("Dupont Maçonnerie/a.pdf", b"%PDF");
    assert!(matches!(open("a.pdf"), Some(FolderError::Changed(_))));
    world.disk.symlink("Dupont Maçonnerie/link");
    assert!(matches!(open("link"), Some(FolderError::Outside(_))));
    assert!(matches!(open("link/a.pdf"), Some(FolderError::Outside(_))));
    assert!(matches!(open("b.pdf"), Some(FolderError::Missing(_))));
    world.disk.chmod_unreadable(DUPONT);
    assert!(matches!(open("a.pdf"), Some(FolderError::Denied(_))));
    let listing = world.disk.list(&path(DUPONT), &path(""));
    assert!(matches!(listing, Err(FolderError::Denied(_))));
}

#[test]
fn marks_are_set_on_the_file_that_was_meant() {
    let world = World::new();
    world.disk.write("Dupont Maçonnerie/a.pdf", b"%PDF");
    let known = fingerprint(&world, "a.pdf");
    let mark = Mark { at: world.clock.now(), token: "t".to_owned() };
    let set = |mark| world.disk.set_mark(&path(DUPONT), &path("a.pdf"), known, mark);
    assert_eq!(set(Some(&mark)).unwrap(), Marked::Done);
    assert_eq!(world.disk.mark(&path(DUPONT), &path("a.pdf")).unwrap(), Some(mark.clone()));
    assert_eq!(world.disk.marked(), ["Dupont Maçonnerie/a.pdf"]);
    assert_eq!(set(None).unwrap(), Marked::Done);
    assert_eq!(world.disk.mark_of("Dupont Maçonnerie/a.pdf"), None);
    world.disk.set_marks(Marks::DiskFull);
    assert!(matches!(set(Some(&mark)), Err(FolderError::Io { .. })));
    world.disk.set_marks(Marks::Work);
    world.disk.replace("Dupont Maçonnerie/a.pdf", b"%PDF");
    assert_eq!(set(Some(&mark)).unwrap(), Marked::Impossible);
    assert_eq!(world.disk.mark_of("Dupont Maçonnerie/a.pdf"), None);
}

#[test]
fn a_tree_is_claimed_once() {
    let world = World::new();
    world.disk.set_read_only(true);
    assert_eq!(world.disk.claim("first").unwrap(), None);
    world.disk.set_read_only(false);
    assert_eq!(world.disk.claim("first").unwrap().as_deref(), Some("first"));
    assert_eq!(world.disk.claim("second").unwrap().as_deref(), Some("first"));
    assert!(world.disk.companies().unwrap().is_empty());
}

#[test]
fn a_file_is_put_beside_others_and_never_over_one() {
    let world = World::new();
    world.disk.mkdir(DUPONT);
    let put = |file: &str| world.disk.put(&path(DUPONT), None, &path(file), b"%PDF");
    assert_eq!(put("Mails/a.pdf").unwrap(), Put::Done);
    assert_eq!(put("Mails/a.pdf").unwrap(), Put::Taken);
    world.disk.write("Dupont Maçonnerie/file", b"x");
    assert!(matches!(put("file/a.pdf"), Err(FolderError::Unwritable { .. })));
    world.disk.symlink("Dupont Maçonnerie/link");
    assert!(matches!(put("link/a.pdf"), Err(FolderError::Outside(_))));
    world.disk.set_full(true);
    assert!(matches!(put("Mails/b.pdf"), Err(FolderError::Unwritable { .. })));
    world.disk.set_full(false);
    world.disk.remove_dir(DUPONT);
    assert!(matches!(put("Mails/b.pdf"), Err(FolderError::Missing(_))));
    assert_eq!(world.disk.left_hidden(), Vec::<String>::new());
}
