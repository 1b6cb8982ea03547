//! The journal of what a process did to its disk, as `drop.c` writes it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

/// One thing done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// A file was made.
    Made { inode: u64, name: String },
    /// A folder was made.
    Folder { inode: u64, name: String },
    /// Bytes were written into a file.
    Written { inode: u64, offset: usize, bytes: Vec<u8> },
    /// A file was cut or grown to this size.
    Cut { inode: u64, size: usize },
    /// A file or a folder was synced.
    Synced { inode: u64 },
    /// A name became another.
    Renamed { from: String, to: String },
    /// A name went.
    Removed { name: String },
    /// Somebody outside was told something.
    Promised { words: String },
}

impl Record {
    /// Whether somebody was told something.
    pub(crate) fn is_promise(&self) -> bool {
        matches!(self, Self::Promised { .. })
    }

    fn of(kind: &str, numbers: [usize; 2], name: &[u8], bytes: &[u8]) -> Self {
        let text = String::from_utf8(name.to_vec()).unwrap();
        let [inode, offset] = numbers;
        let inode = inode as u64;
        match kind {
            "C" => Self::Made { inode, name: text },
            "D" => Self::Folder { inode, name: text },
            "W" => Self::Written { inode, offset, bytes: bytes.to_vec() },
            "T" => Self::Cut { inode, size: offset },
            "S" => Self::Synced { inode },
            "U" => Self::Removed { name: text },
            "A" => Self::Promised { words: text },
            "R" => {
                let (from, to) = text.split_once('\0').unwrap();
                Self::Renamed { from: from.to_owned(), to: to.to_owned() }
            }
            kind => panic!("the journal has no kind `{kind}`"),
        }
    }
}

/// Reads a whole journal.
pub(crate) fn read(journal: &Path) -> Vec<Record> {
    let bytes = std::fs::read(journal).unwrap();
    let mut rest = &bytes[..];
    let mut records = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        let mut words = head.split(' ');
        let kind = words.next().unwrap();
        let mut number = || words.next().unwrap().parse::<usize>().unwrap();
        let (inode, offset, length, name_length) = (number(), number(), number(), number());
        let (name, behind) = rest[end + 1..].split_at(name_length);
        let (bytes, behind) = behind.split_at(length);
        records.push(Record::of(kind, [inode, offset], name, bytes));
        rest = behind;
    }
    records
}

/// Writes promises into a journal that other processes write too.
pub(crate) struct Pen(File);

impl Pen {
    /// Appends to a journal, or begins it.
    pub(crate) fn to(journal: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(journal).unwrap())
    }

    /// Somebody was told this just now.
    pub(crate) fn promise(&self, words: &str) {
        let record = format!("A 0 0 0 {}\n{words}", words.len());
        (&self.0).write_all(record.as_bytes()).unwrap();
    }
}
