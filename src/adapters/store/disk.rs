//! Keys and values on disk: sled, used as measured.
//!
//! sled's `flush` does not fsync on Linux (it calls `sync_file_range`), so [`SledKv::sync`]
//! calls fdatasync itself. All content has one generation as the first part of its keys; an
//! import fills the next generation and one record switches over, so it is whole or not there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::kv::{Batch, Direction, Kv, KvError, PairSource, Pairs, Span};

/// The key of the record that says which generation counts; no generation's key begins so.
const GENERATION_KEY: &str = "generation";

/// Records of one batch where a batch needn't be whole: larger ones make sled's memory grow.
const BULK_BATCH_RECORDS: usize = 100;

/// An open sled tree. Opening it safely is the work of `opening`.
pub(super) struct SledKv {
    tree: sled::Db,
    file: File,
    directory: PathBuf,
    /// Changed by `replace` alone.
    generation: Mutex<u64>,
    /// Ours; dropped last, so that whoever gets it finds the tree closed.
    _lock: File,
}

impl SledKv {
    /// Takes an opened tree; removes what an import that was cut off left.
    pub(super) fn new(tree: sled::Db, directory: &Path, lock: File) -> Result<Self, KvError> {
        let file = File::open(directory.join("db")).map_err(problem)?;
        let stored = tree.get(GENERATION_KEY).map_err(problem)?;
        let generation = match stored {
            Some(text) => std::str::from_utf8(&text)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| KvError(format!("the record `{GENERATION_KEY}` is no number")))?,
            None => 0,
        };
        let kv = Self {
            tree,
            file,
            directory: directory.to_owned(),
            generation: Mutex::new(generation),
            _lock: lock,
        };
        kv.remove_generations_but(generation)?;
        Ok(kv)
    }

    fn generation(&self) -> u64 {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove_generations_but(&self, kept: u64) -> Result<(), KvError> {
        let kept_prefix = prefix(kept);
        // Digits sort before letters: the generation's own record is behind all of them.
        for range in [
            String::new()..kept_prefix.clone(),
            Span::of(&kept_prefix).end..GENERATION_KEY.to_owned(),
        ] {
            loop {
                let keys: Vec<sled::IVec> = self
                    .tree
                    .range(range.clone())
                    .keys()
                    .take(BULK_BATCH_RECORDS)
                    .collect::<Result<_, _>>()
                    .map_err(problem)?;
                if keys.is_empty() {
                    break;
                }
                let mut batch = sled::Batch::default();
                for key in keys {
                    batch.remove(key);
                }
                self.tree.apply_batch(batch).map_err(problem)?;
                self.sync()?;
            }
        }
        Ok(())
    }

    fn fill(&self, generation: u64, pairs: PairSource<'_>) -> Result<(), KvError> {
        let prefix = prefix(generation);
        let mut batch = sled::Batch::default();
        let mut waiting = 0;
        for pair in pairs {
            let (key, value) = pair?;
            batch.insert(format!("{prefix}{key}").as_bytes(), value);
            waiting += 1;
            if waiting == BULK_BATCH_RECORDS {
                self.tree.apply_batch(std::mem::take(&mut batch)).map_err(problem)?;
                waiting = 0;
            }
        }
        self.tree.apply_batch(batch).map_err(problem)?;
        self.sync()
    }
}

impl Kv for SledKv {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        let full = format!("{}{key}", prefix(self.generation()));
        Ok(self.tree.get(full).map_err(problem)?.map(|value| value.to_vec()))
    }

    fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Result<Pairs, KvError> {
        if span.is_empty() {
            return Ok(Pairs::new());
        }
        let prefix = prefix(self.generation());
        let range =
            self.tree.range(format!("{prefix}{}", span.start)..format!("{prefix}{}", span.end));
        let owned = |pair: sled::Result<(sled::IVec, sled::IVec)>| {
            let (key, value) = pair.map_err(problem)?;
            let key = key.get(prefix.len()..).unwrap_or_default();
            Ok((String::from_utf8_lossy(key).into_owned(), value.to_vec()))
        };
        match direction {
            Direction::Forwards => range.take(limit).map(owned).collect(),
            Direction::Backwards => range.rev().take(limit).map(owned).collect(),
        }
    }

    fn apply(&self, batch: Batch) -> Result<(), KvError> {
        let prefix = prefix(self.generation());
        let mut writes = sled::Batch::default();
        for (key, value) in batch {
            let key = format!("{prefix}{key}");
            match value {
                Some(value) => writes.insert(key.as_bytes(), value),
                None => writes.remove(key.as_bytes()),
            }
        }
        self.tree.apply_batch(writes).map_err(problem)
    }

    fn sync(&self) -> Result<(), KvError> {
        self.tree.flush().map_err(problem)?;
        self.file.sync_data().map_err(problem)
    }

    fn replace(&self, pairs: PairSource<'_>) -> Result<(), KvError> {
        let former = self.generation();
        let next = former + 1;
        let filled = self.fill(next, pairs);
        if let Err(error) = filled {
            self.remove_generations_but(former)?;
            return Err(error);
        }
        self.tree.insert(GENERATION_KEY, next.to_string().as_bytes()).map_err(problem)?;
        self.sync()?;
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) = next;
        self.remove_generations_but(next)
    }

    fn bytes(&self) -> u64 {
        bytes_below(&self.directory)
    }

    fn free_bytes(&self) -> Option<u64> {
        // What is left to this user: reserved blocks are not.
        let room = rustix::fs::fstatvfs(&self.file).ok()?;
        room.f_bavail.checked_mul(room.f_frsize)
    }
}

fn prefix(generation: u64) -> String {
    format!("{generation:06}/")
}

fn problem(error: impl std::fmt::Display) -> KvError {
    KvError(error.to_string())
}

/// The sizes of all files below a directory; what cannot be read counts nothing.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &Path) -> SledKv {
        let tree = sled::Config::new().path(directory).flush_every_ms(None).open().unwrap();
        SledKv::new(tree, directory, File::open(directory).unwrap()).unwrap()
    }

    fn all(kv: &SledKv) -> Vec<String> {
        let pairs = kv.scan(&Span::of(""), Direction::Forwards, 1000).unwrap();
        pairs.into_iter().map(|(key, _)| key).collect()
    }

    fn pairs(names: &[&str]) -> Vec<Result<(String, Vec<u8>), KvError>> {
        names.iter().map(|name| Ok(((*name).to_owned(), b"1".to_vec()))).collect()
    }

    #[test]
    fn a_replacement_that_was_cut_off_leaves_the_former_content() {
        let directory = tempfile::tempdir().unwrap();
        let kv = open(directory.path());
        kv.replace(&mut pairs(&["a", "b"]).into_iter()).unwrap();
        let failing = pairs(&["c"]).into_iter().chain([Err(KvError("gone".to_owned()))]);
        assert_eq!(kv.replace(&mut { failing }), Err(KvError("gone".to_owned())));
        assert_eq!(all(&kv), ["a", "b"]);
        let next = kv.generation() + 1;
        kv.fill(next, &mut pairs(&["c"]).into_iter()).unwrap();
        drop(kv);
        let reopened = open(directory.path());
        assert_eq!(all(&reopened), ["a", "b"]);
        assert_eq!(reopened.tree.len(), 3, "what was cut off is removed");
        reopened.replace(&mut pairs(&["d"]).into_iter()).unwrap();
        assert_eq!(all(&reopened), ["d"]);
        assert_eq!(reopened.tree.len(), 2);
    }

    #[test]
    fn spans_are_walked_from_both_ends() {
        let directory = tempfile::tempdir().unwrap();
        let memory = super::super::memory::MemoryKv::default();
        let disk = open(directory.path());
        let names = ["a/1", "a/2", "a/3", "a0", "b/1", "\u{10ffff}"];
        let spans = [
            Span::of("a/"),
            Span::of("a/").after("a/1"),
            Span::of("a/").up_to("a/2"),
            Span::of("a/").before("a/2"),
            Span::of("a/").after("a/9"),
            Span::of(""),
            Span::of("c"),
        ];
        for kv in [&memory as &dyn Kv, &disk] {
            let batch = names.iter().map(|name| ((*name).to_owned(), Some(Vec::new()))).collect();
            kv.apply(batch).unwrap();
        }
        for span in spans {
            for direction in [Direction::Forwards, Direction::Backwards] {
                for limit in [0, 1, 2, usize::MAX] {
                    let found = disk.scan(&span, direction, limit).unwrap();
                    assert_eq!(found, memory.scan(&span, direction, limit).unwrap());
                }
            }
        }
        let found = memory.scan(&Span::of("a/").after("a/1"), Direction::Backwards, 1).unwrap();
        assert_eq!(found[0].0, "a/3");
    }
}
