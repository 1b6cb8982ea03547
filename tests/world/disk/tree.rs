//! An in-memory file system: inodes, names, and the stamps that each operation leaves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use facteur::domain::path::TreePath;
use facteur::ports::folders::{FolderError, Mark};

pub(super) type Inode = u64;

/// A file's bytes; who has the file open goes on seeing them, whatever its name is by then.
pub(super) type Body = Arc<Mutex<Vec<u8>>>;

pub(super) fn bytes_of(body: &Body) -> MutexGuard<'_, Vec<u8>> {
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone)]
pub(super) enum Kind {
    File(Body),
    Directory(BTreeMap<Vec<u8>, Inode>),
    Link,
}

#[derive(Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) born_ns: i128,
    pub(super) modified_ns: i128,
    pub(super) changed_ns: i128,
    pub(super) mark: Option<Mark>,
    pub(super) readable: bool,
    /// Reading stops half-way with an error.
    pub(super) read_fails: bool,
    /// What somebody writes into the file just after the robot has opened it.
    pub(super) write_at_open: Option<Vec<u8>>,
    names: u32,
}

impl Node {
    pub(super) fn new(kind: Kind, at_ns: i128) -> Self {
        Self {
            kind,
            born_ns: at_ns,
            modified_ns: at_ns,
            changed_ns: at_ns,
            mark: None,
            readable: true,
            read_fails: false,
            write_at_open: None,
            names: 0,
        }
    }

    pub(super) fn file(bytes: &[u8], at_ns: i128) -> Self {
        Self::new(Kind::File(Arc::new(Mutex::new(bytes.to_vec()))), at_ns)
    }

    pub(super) fn directory(at_ns: i128) -> Self {
        Self::new(Kind::Directory(BTreeMap::new()), at_ns)
    }

    pub(super) fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(body) => bytes_of(body).len() as u64,
            Kind::Directory(_) | Kind::Link => 0,
        }
    }

    pub(super) fn names(&self) -> Option<&BTreeMap<Vec<u8>, Inode>> {
        match &self.kind {
            Kind::Directory(names) => Some(names),
            Kind::File(_) | Kind::Link => None,
        }
    }

    /// Bytes or names changed.
    pub(super) fn modified(&mut self, at_ns: i128) {
        self.modified_ns = at_ns;
        self.changed_ns = at_ns;
    }
}

pub(super) struct Tree {
    nodes: BTreeMap<Inode, Node>,
    root: Inode,
    free: Vec<Inode>,
    last: Inode,
    /// Directories that something else is mounted over: its place, and what was there.
    covered: BTreeMap<TreePath, Inode>,
    /// The numbers of removed files are given to new ones, as ext4 does.
    pub(super) reuses_inodes: bool,
}

impl Tree {
    pub(super) fn new(at_ns: i128) -> Self {
        let mut root = Node::directory(at_ns);
        root.names = 1;
        Self {
            nodes: BTreeMap::from([(2, root)]),
            root: 2,
            free: Vec::new(),
            last: 2,
            covered: BTreeMap::new(),
            reuses_inodes: false,
        }
    }

    pub(super) fn node(&self, inode: Inode) -> &Node {
        self.nodes.get(&inode).expect("a name leads to a node")
    }

    pub(super) fn node_mut(&mut self, inode: Inode) -> &mut Node {
        self.nodes.get_mut(&inode).expect("a name leads to a node")
    }

    /// The inodes from the root to what is at `path`.
    pub(super) fn walk(&self, path: &TreePath) -> Result<Vec<Inode>, FolderError> {
        let mut walked = vec![self.root];
        let mut here = self.root;
        for name in path.components() {
            let names = match &self.node(here).kind {
                Kind::Directory(names) => names,
                Kind::Link => return Err(FolderError::Outside(path.to_string())),
                Kind::File(_) => return Err(FolderError::Missing(path.to_string())),
            };
            here = *names.get(name).ok_or_else(|| FolderError::Missing(path.to_string()))?;
            walked.push(here);
        }
        Ok(walked)
    }

    /// What is at `path`, as somebody sees it who may see everything.
    pub(super) fn find(&self, path: &TreePath) -> Option<Inode> {
        self.walk(path).ok().and_then(|walked| walked.last().copied())
    }

    /// Every name, in order.
    pub(super) fn all(&self) -> BTreeMap<TreePath, Inode> {
        let mut all = BTreeMap::new();
        let mut waiting = vec![(TreePath::root(), self.root)];
        while let Some((path, inode)) = waiting.pop() {
            let below = self.node(inode).names().into_iter().flatten();
            waiting.extend(below.map(|(name, inode)| (path.join(name), *inode)));
            all.insert(path, inode);
        }
        all
    }

    /// A new file, folder or link at a free place.
    pub(super) fn add(&mut self, path: &TreePath, node: Node) -> Inode {
        let at_ns = node.changed_ns;
        let reused = self.free.pop().filter(|_| self.reuses_inodes);
        let inode = reused.unwrap_or(self.last + 1);
        self.last = self.last.max(inode);
        self.nodes.insert(inode, node);
        self.place(path, inode, at_ns);
        inode
    }

    /// One more name for what is there already.
    pub(super) fn place(&mut self, path: &TreePath, inode: Inode, at_ns: i128) {
        let directory = self.directory_of(path);
        let before = self.names_mut(directory).insert(path.name().to_vec(), inode);
        assert!(before.is_none(), "`{path}` is taken");
        self.node_mut(directory).modified(at_ns);
        let node = self.node_mut(inode);
        node.names += 1;
        node.changed_ns = at_ns;
    }

    /// Takes a name away; without its last one, what was behind it is gone.
    pub(super) fn unplace(&mut self, path: &TreePath, at_ns: i128) -> Inode {
        let directory = self.directory_of(path);
        let removed = self.names_mut(directory).remove(path.name());
        let inode = removed.unwrap_or_else(|| panic!("`{path}` is not there"));
        self.node_mut(directory).modified(at_ns);
        let node = self.node_mut(inode);
        node.names -= 1;
        node.changed_ns = at_ns;
        inode
    }

    /// Takes away a name and all that is below it.
    pub(super) fn remove(&mut self, path: &TreePath, at_ns: i128) {
        let inode = self.unplace(path, at_ns);
        self.forget_if_nameless(inode);
    }

    /// `rename(2)`: replaces what is at `to`; between two names of one file it does nothing.
    pub(super) fn rename(&mut self, from: &TreePath, to: &TreePath, at_ns: i128) {
        let replaced = self.find(to);
        if replaced.is_some() && replaced == self.find(from) {
            return;
        }
        assert!(!to.is_within(from), "`{from}` cannot be moved into itself");
        if let Some(replaced) = replaced {
            let empty = self.node(replaced).names().is_none_or(BTreeMap::is_empty);
            assert!(empty, "`{to}` is a folder that is not empty");
            self.remove(to, at_ns);
        }
        let inode = self.unplace(from, at_ns);
        self.place(to, inode, at_ns);
    }

    /// Something else, empty, is mounted over the folder at `path`.
    pub(super) fn cover(&mut self, path: &TreePath, at_ns: i128) {
        self.last += 1;
        let mut empty = Node::directory(at_ns);
        empty.names = 1;
        self.nodes.insert(self.last, empty);
        let below = self.swap(path, self.last);
        let before = self.covered.insert(path.clone(), below);
        assert!(before.is_none(), "`{path}` is unmounted already");
    }

    /// What was at `path` before is back; what was put there meanwhile is hidden for ever.
    pub(super) fn uncover(&mut self, path: &TreePath) {
        let below = self.covered.remove(path);
        self.swap(path, below.unwrap_or_else(|| panic!("`{path}` was not unmounted")));
    }

    fn swap(&mut self, path: &TreePath, inode: Inode) -> Inode {
        if path.is_root() {
            return std::mem::replace(&mut self.root, inode);
        }
        let directory = self.directory_of(path);
        let before = self.names_mut(directory).insert(path.name().to_vec(), inode);
        before.unwrap_or_else(|| panic!("`{path}` is not there"))
    }

    fn forget_if_nameless(&mut self, inode: Inode) {
        if self.node(inode).names > 0 {
            return;
        }
        let node = self.nodes.remove(&inode).expect("a nameless node is still there");
        self.free.push(inode);
        for below in node.names().into_iter().flat_map(BTreeMap::values) {
            self.node_mut(*below).names -= 1;
            self.forget_if_nameless(*below);
        }
    }

    fn directory_of(&self, path: &TreePath) -> Inode {
        let parent = path.parent().unwrap_or_else(|| panic!("the root has no name"));
        self.find(&parent).unwrap_or_else(|| panic!("`{parent}` is not there"))
    }

    fn names_mut(&mut self, directory: Inode) -> &mut BTreeMap<Vec<u8>, Inode> {
        match &mut self.node_mut(directory).kind {
            Kind::Directory(names) => names,
            Kind::File(_) | Kind::Link => panic!("a file holds no names"),
        }
    }
}
