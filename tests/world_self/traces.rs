//! The disk in memory leaves the same traces as a real one, whatever the office does.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use facteur::ports::folders::{EntryKind, Folders as _, Look};
use proptest::prelude::*;

use crate::world::{Disk, World, path};

/// Something that the office does to the names below one company's folder.
#[derive(Debug, Clone)]
enum Deed {
    Write(String, usize),
    Append(String),
    Replace(String, usize),
    Mkdir(String),
    Rename(String, String),
    HardLink(String, String),
    Symlink(String),
    Touch(String, u32),
    Chmod(String),
    Remove(String),
    RemoveDir(String),
}

fn names() -> impl Strategy<Value = String> {
    let names = ["a.pdf", "b.pdf", "x", "x/a.pdf", "x/y", "x/y/b.pdf", "z", "z/y/b.pdf"];
    proptest::sample::select(names.to_vec()).prop_map(str::to_owned)
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (names(), 1..5_usize).prop_map(|(name, size)| Deed::Write(name, size)),
        1 => names().prop_map(Deed::Append),
        1 => (names(), 1..5_usize).prop_map(|(name, size)| Deed::Replace(name, size)),
        3 => names().prop_map(Deed::Mkdir),
        4 => (names(), names()).prop_map(|(from, to)| Deed::Rename(from, to)),
        2 => (names(), names()).prop_map(|(from, to)| Deed::HardLink(from, to)),
        1 => names().prop_map(Deed::Symlink),
        1 => (names(), 1..9_u32).prop_map(|(name, seconds)| Deed::Touch(name, seconds)),
        1 => names().prop_map(Deed::Chmod),
        2 => names().prop_map(Deed::Remove),
        1 => names().prop_map(Deed::RemoveDir),
    ]
}

/// What a look at one name shows; identity, stamp and time mean something only beside others of
/// the same disk.
struct Trace {
    kind: EntryKind,
    size: u64,
    modified_ns: i128,
    identity: String,
    stamp: String,
}

type Traces = BTreeMap<String, Trace>;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_disk_in_memory_leaves_the_traces_of_a_real_one(
        deeds in proptest::collection::vec(deeds(), 1..40)
    ) {
        let real = tempfile::tempdir().unwrap();
        let root = real.path().join("C");
        fs::create_dir(&root).unwrap();
        let world = World::new();
        world.disk.mkdir("C");
        let mut before = (traces_on_real(&root), traces_in_memory(&world.disk));
        for deed in deeds {
            let moment_passed = wait_for_a_new_stamp(real.path());
            prop_assert!(moment_passed, "the real disk's time stands still");
            if do_really(&deed, &root).is_err() {
                continue;
            }
            do_in_memory(&deed, &world.disk);
            let after = (traces_on_real(&root), traces_in_memory(&world.disk));
            let told_by_real = changes(&before.0, &after.0);
            let told_in_memory = changes(&before.1, &after.1);
            prop_assert_eq!(told_by_real, told_in_memory, "after {:?}", deed);
            before = after;
        }
    }
}

/// What two looks tell, in words that don't depend on the disk.
fn changes(before: &Traces, after: &Traces) -> Vec<String> {
    let mut told = Vec::new();
    for (name, now) in after {
        told.push(format!("{name} is a {:?} of {} bytes", now.kind, now.size));
        if let Some(then) = before.get(name) {
            told.push(format!("{name} has its stamp still: {}", then.stamp == now.stamp));
            told.push(format!(
                "{name} has its date still: {}",
                then.modified_ns == now.modified_ns
            ));
        }
        for (origin, then) in before.iter().filter(|(_, then)| then.identity == now.identity) {
            let dated = then.modified_ns == now.modified_ns;
            told.push(format!("{name} is what {origin} was, date kept: {dated}"));
        }
    }
    told
}

fn traces_in_memory(disk: &Disk) -> Traces {
    let company = path("C");
    let top = disk.look(&company, &path("")).unwrap();
    let mut traces =
        Traces::from([(String::new(), trace_in_memory(disk, "", EntryKind::Directory, top))]);
    let mut waiting = vec![path("")];
    while let Some(folder) = waiting.pop() {
        for entry in disk.list(&company, &folder).unwrap().entries {
            let name = folder.join(&entry.name);
            let trace = trace_in_memory(disk, &name.to_string(), entry.kind, entry.look.unwrap());
            traces.insert(name.to_string(), trace);
            if entry.kind == EntryKind::Directory {
                waiting.push(name);
            }
        }
    }
    traces
}

fn trace_in_memory(disk: &Disk, name: &str, kind: EntryKind, look: Look) -> Trace {
    let stamp = match kind {
        EntryKind::Directory => format!("{:?}", disk.stamp(&path("C"), &path(name)).unwrap()),
        EntryKind::File | EntryKind::Other => String::new(),
    };
    Trace {
        kind,
        size: look.size,
        modified_ns: look.modified_ns,
        identity: format!("{:?}", look.fingerprint),
        stamp,
    }
}

fn traces_on_real(root: &Path) -> Traces {
    let mut traces = Traces::from([(String::new(), trace_on_real(root))]);
    let mut waiting = vec![root.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let place = entry.unwrap().path();
            let trace = trace_on_real(&place);
            let name = place.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if trace.kind == EntryKind::Directory {
                waiting.push(place);
            }
            traces.insert(name, trace);
        }
    }
    traces
}

fn trace_on_real(place: &Path) -> Trace {
    let seen = fs::symlink_metadata(place).unwrap();
    let kind = match seen.file_type() {
        kind if kind.is_dir() => EntryKind::Directory,
        kind if kind.is_file() => EntryKind::File,
        _ => EntryKind::Other,
    };
    let modified_ns = i128::from(seen.mtime()) * 1_000_000_000 + i128::from(seen.mtime_nsec());
    let stamp = format!("{} {modified_ns} {}", seen.ino(), changed(&seen));
    Trace {
        kind,
        size: if kind == EntryKind::File { seen.size() } else { 0 },
        modified_ns,
        identity: match kind {
            EntryKind::File => format!("{} {:?} {}", seen.ino(), seen.created().ok(), seen.size()),
            EntryKind::Directory | EntryKind::Other => {
                format!("{} {:?}", seen.ino(), seen.created().ok())
            }
        },
        stamp: if kind == EntryKind::Directory { stamp } else { String::new() },
    }
}

fn changed(seen: &fs::Metadata) -> i128 {
    i128::from(seen.ctime()) * 1_000_000_000 + i128::from(seen.ctime_nsec())
}

/// Stamps of a real disk move a few milliseconds at a time: so that what happened between two
/// looks can be told at all, touches a file beside the tree until its stamp moves.
fn wait_for_a_new_stamp(beside: &Path) -> bool {
    const TRIES_MAX: usize = 1_000_000;
    let probe = beside.join("probe");
    let touch = || {
        fs::write(&probe, b"x").unwrap();
        changed(&fs::metadata(&probe).unwrap())
    };
    let first = touch();
    (0..TRIES_MAX).any(|_| touch() != first)
}

fn do_really(deed: &Deed, root: &Path) -> io::Result<()> {
    let place = |name: &String| root.join(name);
    let file = |name: &String| {
        let is_file = fs::symlink_metadata(place(name))?.is_file();
        if is_file { Ok(place(name)) } else { Err(io::Error::other("it is no file")) }
    };
    let free = |name: &String| match fs::symlink_metadata(place(name)) {
        Ok(_) => Err(io::Error::other("it is taken")),
        Err(_) => Ok(place(name)),
    };
    match deed {
        Deed::Write(name, size) => {
            let place = file(name).or_else(|_| free(name))?;
            fs::write(place, vec![b'w'; *size])
        }
        Deed::Append(name) => {
            fs::OpenOptions::new().append(true).open(file(name)?)?.write_all(b"more")
        }
        Deed::Replace(name, size) => {
            let beside = place(&format!("{name}.tmp"));
            let place = file(name)?;
            fs::write(&beside, vec![b'r'; *size])?;
            fs::rename(beside, place)
        }
        Deed::Mkdir(name) => fs::create_dir(place(name)),
        Deed::Rename(from, to) => fs::rename(place(from), place(to)),
        Deed::HardLink(name, to) => fs::hard_link(file(name)?, place(to)),
        Deed::Symlink(name) => symlink("nowhere", place(name)),
        Deed::Touch(name, seconds) => {
            let to = UNIX_EPOCH + Duration::from_secs(u64::from(*seconds));
            fs::File::options().write(true).open(file(name)?)?.set_modified(to)
        }
        Deed::Chmod(name) => fs::set_permissions(file(name)?, fs::Permissions::from_mode(0o640)),
        Deed::Remove(name) => fs::remove_file(place(name)),
        Deed::RemoveDir(name) => fs::remove_dir_all(place(name)),
    }
}

fn do_in_memory(deed: &Deed, disk: &Disk) {
    let place = |name: &String| format!("C/{name}");
    match deed {
        Deed::Write(name, size) => disk.write(&place(name), vec![b'w'; *size]),
        Deed::Append(name) => disk.append(&place(name), b"more"),
        Deed::Replace(name, size) => disk.replace(&place(name), vec![b'r'; *size]),
        Deed::Mkdir(name) => disk.mkdir(&place(name)),
        Deed::Rename(from, to) => disk.rename(&place(from), &place(to)),
        Deed::HardLink(name, to) => disk.hard_link(&place(name), &place(to)),
        Deed::Symlink(name) => disk.symlink(&place(name)),
        Deed::Touch(name, seconds) => {
            let at = chrono::DateTime::from_timestamp(i64::from(*seconds), 0).unwrap();
            disk.touch(&place(name), at);
        }
        Deed::Chmod(name) => disk.chmod_readable(&place(name)),
        Deed::Remove(name) => disk.remove(&place(name)),
        Deed::RemoveDir(name) => disk.remove_dir(&place(name)),
    }
}
