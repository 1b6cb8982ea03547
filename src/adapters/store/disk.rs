//! Keys and values on disk: sled, used as measured.
//!
//! sled's `flush` does not fsync on Linux (it calls `sync_file_range`), so [`SledKv::sync`]
//! calls fdatasync itself. All content has one generation as the first part of its keys; an
//! import fills the next generation and one record switches over, so it is whole or not there.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::kv::{Batch, Direction, Kv, KvError, PairSource, Pairs, Span};
use super::watermark::Watermark;

/// The key of the record that says which generation counts; no generation's key begins so.
const GENERATION_KEY: &str = "generation";

/// The key of the number of the last batch; behind all generations too.
const WRITTEN_KEY: &str = "written";

/// Records of one batch where a batch needn't be whole: larger ones make sled's memory grow.
const BULK_BATCH_RECORDS: usize = 100;

/// An open sled tree. Opening it safely is the work of `opening`.
pub(super) struct SledKv {
    tree: sled::Db,
    file: File,
    directory: PathBuf,
    /// Changed by `replace` alone.
    generation: Mutex<u64>,
    /// The number of the last batch applied.
    written: Mutex<u64>,
    watermark: Watermark,
    /// Ours; dropped last, so that whoever gets it finds the tree closed.
    _lock: File,
}

impl SledKv {
    /// Takes an opened tree and the number of writes it has acknowledged; removes what an import
    /// that was cut off left.
    pub(super) fn new(
        tree: sled::Db,
        directory: &Path,
        (watermark, acknowledged): (Watermark, Option<u64>),
        lock: File,
    ) -> Result<Self, KvError> {
        let file = File::open(directory.join("db"))?;
        let generation = number(&tree, GENERATION_KEY)?;
        let written = number(&tree, WRITTEN_KEY)?;
        let lost = acknowledged.unwrap_or(0).saturating_sub(written);
        if lost > 0 {
            return Err(KvError::Content(format!("its last {lost} writes are lost")));
        }
        let kv = Self {
            tree,
            file,
            directory: directory.to_owned(),
            generation: Mutex::new(generation),
            written: Mutex::new(written),
            watermark,
            _lock: lock,
        };
        kv.remove_generations_but(generation)?;
        Ok(kv)
    }

    /// Numbers a batch and applies it.
    fn write(&self, mut batch: sled::Batch) -> Result<(), KvError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let next = *written + 1;
        batch.insert(WRITTEN_KEY, next.to_string().as_bytes());
        self.tree.apply_batch(batch)?;
        *written = next;
        Ok(())
    }

    /// Whether the file that is written to is still the one that the next start will find.
    fn is_in_place(&self) -> Result<bool, KvError> {
        let ours = self.file.metadata()?;
        let found = std::fs::metadata(self.directory.join("db"));
        Ok(found.is_ok_and(|found| (found.dev(), found.ino()) == (ours.dev(), ours.ino())))
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
                    .collect::<Result<_, _>>()?;
                if keys.is_empty() {
                    break;
                }
                let mut batch = sled::Batch::default();
                for key in keys {
                    batch.remove(key);
                }
                self.tree.apply_batch(batch)?;
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
                self.tree.apply_batch(std::mem::take(&mut batch))?;
                waiting = 0;
            }
        }
        self.tree.apply_batch(batch)?;
        self.sync()
    }
}

impl Kv for SledKv {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        let full = format!("{}{key}", prefix(self.generation()));
        Ok(self.tree.get(full)?.map(|value| value.to_vec()))
    }

    fn scan(&self, span: &Span, direction: Direction, limit: usize) -> Result<Pairs, KvError> {
        if span.is_empty() {
            return Ok(Pairs::new());
        }
        let prefix = prefix(self.generation());
        let range =
            self.tree.range(format!("{prefix}{}", span.start)..format!("{prefix}{}", span.end));
        let owned = |pair: sled::Result<(sled::IVec, sled::IVec)>| {
            let (key, value) = pair?;
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
        self.write(writes)
    }

    fn sync(&self) -> Result<(), KvError> {
        let written = *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        self.tree.flush()?;
        self.file.sync_data()?;
        if !self.is_in_place()? {
            // What is written to a file without a name is gone at the next start.
            let folder = self.directory.display();
            return Err(KvError::System(format!(
                "the state's folder `{folder}` is not there any more"
            )));
        }
        self.watermark.set(written).map_err(KvError::from)
    }

    fn replace(&self, pairs: PairSource<'_>) -> Result<(), KvError> {
        let former = self.generation();
        let next = former + 1;
        let filled = self.fill(next, pairs);
        if let Err(error) = filled {
            self.remove_generations_but(former)?;
            return Err(error);
        }
        let mut switch = sled::Batch::default();
        switch.insert(GENERATION_KEY, next.to_string().as_bytes());
        self.write(switch)?;
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

/// A number kept under a key of its own; 0 where there is none.
fn number(tree: &sled::Db, key: &str) -> Result<u64, KvError> {
    let Some(text) = tree.get(key)? else { return Ok(0) };
    let number = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| KvError::Content(format!("the record `{key}` is no number")))
}

fn prefix(generation: u64) -> String {
    format!("{generation:06}/")
}

impl From<sled::Error> for KvError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => error.into(),
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)
            | sled::Error::Corruption { .. } => Self::Content(error.to_string()),
        }
    }
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

    /// The generation that counts and the number of the last batch.
    const OWN_RECORDS: usize = 2;

    fn open(directory: &Path) -> SledKv {
        // Closed just now in this very process, it may be locked a moment longer.
        let tree = super::super::opening::open_sled(directory).unwrap();
        let watermark = Watermark::open(directory).unwrap();
        SledKv::new(tree, directory, watermark, File::open(directory).unwrap()).unwrap()
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
        let failing = pairs(&["c"]).into_iter().chain([Err(KvError::System("gone".to_owned()))]);
        assert_eq!(kv.replace(&mut { failing }), Err(KvError::System("gone".to_owned())));
        assert_eq!(all(&kv), ["a", "b"]);
        let next = kv.generation() + 1;
        kv.fill(next, &mut pairs(&["c"]).into_iter()).unwrap();
        drop(kv);
        let reopened = open(directory.path());
        assert_eq!(all(&reopened), ["a", "b"]);
        assert_eq!(reopened.tree.len(), 2 + OWN_RECORDS, "what was cut off is removed");
        reopened.replace(&mut pairs(&["d"]).into_iter()).unwrap();
        assert_eq!(all(&reopened), ["d"]);
        assert_eq!(reopened.tree.len(), 1 + OWN_RECORDS);
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
