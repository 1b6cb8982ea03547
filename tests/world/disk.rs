//! The firm's documents on a disk in memory: what the office does to them.

mod faults;
mod port;
mod tree;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use facteur::domain::Timestamp;
use facteur::domain::path::TreePath;
use facteur::ports::Clock as _;
use facteur::ports::folders::{Mark, Trust};

pub use self::faults::Marks;
use self::tree::{Kind, Node, Tree, bytes_of};
use super::clock::HandClock;
use super::power::Power;

/// The document tree in memory. Paths begin with the company's folder and are spelled as the
/// interface spells them (`\xe9` for a byte that is not UTF-8). An operation that the office
/// could not do (a name that is not there) fails the test.
pub struct Disk {
    clock: Arc<HandClock>,
    power: Power,
    ticks: AtomicU64,
    state: Mutex<State>,
}

struct State {
    tree: Tree,
    trust: Trust,
    marks: Marks,
    read_only: bool,
    /// Files that the robot can put before the disk is full.
    room: Option<usize>,
    granularity: TimeDelta,
    clock_offset: TimeDelta,
    /// Company folders whose file system took another id.
    other_file_systems: Vec<TreePath>,
    /// Names that the next listing of their folder leaves out.
    missed: BTreeSet<TreePath>,
}

impl Disk {
    /// An empty tree on a local file system that can be trusted.
    pub fn new(clock: Arc<HandClock>, power: Power) -> Self {
        let state = State {
            tree: Tree::new(nanoseconds(clock.now())),
            trust: Trust { stamps: true, identities: true },
            marks: Marks::Work,
            read_only: false,
            room: None,
            granularity: TimeDelta::nanoseconds(1),
            clock_offset: TimeDelta::zero(),
            other_file_systems: Vec::new(),
            missed: BTreeSet::new(),
        };
        Self { clock, power, ticks: AtomicU64::new(0), state: Mutex::new(state) }
    }

    /// Writes a file as `cp` and most programs do: a new one, or the same one with other bytes.
    /// Folders on the way are made.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        if self.exists(path) {
            return self.truncate_and_write(path, bytes);
        }
        if let Some(parent) = parse(path).parent() {
            self.mkdir(&parent.to_string());
        }
        self.change(|tree, at_ns| tree.add(&parse(path), Node::file(bytes.as_ref(), at_ns)));
    }

    /// An empty file, filled later perhaps.
    pub fn create_empty(&self, path: &str) {
        assert!(!self.exists(path), "`{path}` is there already");
        self.write(path, b"");
    }

    /// Other bytes in the same file.
    pub fn truncate_and_write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.rewrite(path, |body| *body = bytes.as_ref().to_vec());
    }

    /// More bytes at the end of the same file.
    pub fn append(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.rewrite(path, |body| body.extend_from_slice(bytes.as_ref()));
    }

    /// Another file under a known name, as editors save: written beside it, renamed over it.
    pub fn replace(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let beside = format!("{path}.tmp");
        self.write(&beside, bytes);
        self.rename(&beside, path);
    }

    /// A folder and those above it, where they are not there.
    pub fn mkdir(&self, path: &str) {
        let mut here = TreePath::root();
        for name in parse(path).components() {
            here = here.join(name);
            if self.state().tree.find(&here).is_none() {
                self.change(|tree, at_ns| tree.add(&here, Node::directory(at_ns)));
            }
        }
    }

    /// `mv` within the file system, of a file or a folder: inode, birth and modification time
    /// stay.
    pub fn rename(&self, from: &str, to: &str) {
        self.change(|tree, at_ns| tree.rename(&parse(from), &parse(to), at_ns));
    }

    /// `cp -r` to a free place: new files with new dates.
    pub fn copy(&self, from: &str, to: &str) {
        self.change(|tree, at_ns| copy_below(tree, &parse(from), &parse(to), at_ns, false));
    }

    /// `cp -a` to a free place, and a restore from a backup: new files with the old modification
    /// times and the old marks.
    pub fn copy_preserving(&self, from: &str, to: &str) {
        self.change(|tree, at_ns| copy_below(tree, &parse(from), &parse(to), at_ns, true));
    }

    /// A second name for the same file.
    pub fn hard_link(&self, file: &str, to: &str) {
        let inode = self.inode(file);
        self.change(|tree, at_ns| tree.place(&parse(to), inode, at_ns));
    }

    /// A symbolic link; where it leads doesn't matter, as it is never followed.
    pub fn symlink(&self, path: &str) {
        self.change(|tree, at_ns| tree.add(&parse(path), Node::new(Kind::Link, at_ns)));
    }

    /// Sets the modification time.
    pub fn touch(&self, path: &str, modified: Timestamp) {
        let modified_ns = self.coarse(nanoseconds(modified));
        self.alter(path, |node| node.modified_ns = modified_ns);
    }

    /// Takes the robot's permission away, to read a file or to look into a folder.
    pub fn chmod_unreadable(&self, path: &str) {
        self.alter(path, |node| node.readable = false);
    }

    /// Gives the robot's permission back.
    pub fn chmod_readable(&self, path: &str) {
        self.alter(path, |node| node.readable = true);
    }

    /// Removes a file or link.
    pub fn remove(&self, path: &str) {
        self.change(|tree, at_ns| tree.remove(&parse(path), at_ns));
    }

    /// `rm -r`.
    pub fn remove_dir(&self, path: &str) {
        self.remove(path);
    }

    /// Puts a mark on a file by hand, such as one that another state of the robot left.
    pub fn put_mark(&self, path: &str, mark: Option<&Mark>) {
        self.alter(path, |node| node.mark = mark.cloned());
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Vec<u8> {
        let inode = self.inode(path);
        match &self.state().tree.node(inode).kind {
            Kind::File(body) => bytes_of(body).clone(),
            Kind::Directory(_) | Kind::Link => panic!("`{path}` is no file"),
        }
    }

    /// The mark on a file: whether the office sees it as validated.
    pub fn mark_of(&self, path: &str) -> Option<Mark> {
        let inode = self.inode(path);
        self.state().tree.node(inode).mark.clone()
    }

    /// Every file that bears a mark, sorted: what the office sees as validated.
    pub fn marked(&self) -> Vec<String> {
        let state = self.state();
        let files = state.tree.all().into_iter();
        let marked = files.filter(|(_, inode)| state.tree.node(*inode).mark.is_some());
        marked.map(|(path, _)| path.to_string()).collect()
    }

    /// Every file below a folder, relative to it, sorted; dot-files left out.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let above = format!("{}/", parse(folder));
        let state = self.state();
        let files = state.tree.all().into_iter().filter(|(path, inode)| {
            let is_file = matches!(state.tree.node(*inode).kind, Kind::File(_));
            is_file && !path.name().starts_with(b".")
        });
        files
            .filter_map(|(path, _)| path.to_string().strip_prefix(&above).map(str::to_owned))
            .collect()
    }

    /// Every file that was written and never got its name, in any folder.
    pub fn left_hidden(&self) -> Vec<String> {
        let state = self.state();
        let names = state.tree.all().into_keys();
        let hidden = names.filter(|path| path.name().ends_with(b".part"));
        hidden.map(|path| path.to_string()).collect()
    }

    /// Whether a name is there.
    pub fn exists(&self, path: &str) -> bool {
        self.state().tree.find(&parse(path)).is_some()
    }

    fn rewrite(&self, path: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.alter(path, |node| {
            node.modified_ns = node.changed_ns;
            match &node.kind {
                Kind::File(body) => write(&mut bytes_of(body)),
                Kind::Directory(_) | Kind::Link => panic!("`{path}` is no file"),
            }
        });
    }

    /// Changes what is known of a file or folder; its names are not concerned.
    fn alter(&self, path: &str, act: impl FnOnce(&mut Node)) {
        let inode = self.inode(path);
        self.change(|tree, at_ns| {
            let node = tree.node_mut(inode);
            node.changed_ns = at_ns;
            act(node);
        });
    }

    fn change<T>(&self, act: impl FnOnce(&mut Tree, i128) -> T) -> T {
        let at_ns = self.now_ns();
        act(&mut self.state().tree, at_ns)
    }

    /// The file system's time: no two operations bear the same, unless its stamps are coarse.
    fn now_ns(&self) -> i128 {
        let tick = i128::from(self.ticks.fetch_add(1, Ordering::SeqCst));
        let offset = self.state().clock_offset;
        self.coarse(nanoseconds(self.clock.now() + offset) + tick)
    }

    fn coarse(&self, at_ns: i128) -> i128 {
        let granularity = self.state().granularity.num_nanoseconds();
        at_ns - at_ns.rem_euclid(i128::from(granularity.expect("a granularity of some seconds")))
    }

    fn inode(&self, path: &str) -> tree::Inode {
        self.state().tree.find(&parse(path)).unwrap_or_else(|| panic!("`{path}` is not there"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn copy_below(tree: &mut Tree, from: &TreePath, to: &TreePath, at_ns: i128, preserve: bool) {
    let source = tree.find(from).unwrap_or_else(|| panic!("`{from}` is not there"));
    let original = tree.node(source).clone();
    let mut node = match &original.kind {
        Kind::File(body) => Node::file(&bytes_of(body), at_ns),
        Kind::Directory(_) => Node::directory(at_ns),
        Kind::Link => Node::new(Kind::Link, at_ns),
    };
    node.readable = original.readable;
    if preserve {
        node.mark.clone_from(&original.mark);
    }
    let copy = tree.add(to, node);
    for name in original.names().into_iter().flat_map(|names| names.keys()) {
        copy_below(tree, &from.join(name), &to.join(name), at_ns, preserve);
    }
    if preserve {
        tree.node_mut(copy).modified_ns = original.modified_ns;
    }
}

fn parse(path: &str) -> TreePath {
    path.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn nanoseconds(at: Timestamp) -> i128 {
    i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos())
}
