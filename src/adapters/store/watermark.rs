//! How many writes the store has acknowledged, kept beside it: a store that knows of fewer has
//! lost some.
//!
//! After an unclean stop sled takes what it cannot read at the end of its log for a write that
//! was cut off, and opens without it: one flipped bit, or a file cut short, and documents sent
//! since would be sent again. So every batch carries a number, and the last number that was made
//! durable is written here afterwards. It is never ahead of an honest disk, and needs no fsync
//! of its own: after a loss of power it may be behind, which proves nothing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// The name of the file, in the state's directory.
pub(super) const FILE_NAME: &str = "ledger.written";

/// Digits of the number, so that each line takes the place of the former one whole.
const DIGITS: usize = 20;

/// Digits of the checksum.
const CHECK_DIGITS: usize = 16;

/// The file, open.
pub(super) struct Watermark {
    file: File,
}

impl Watermark {
    /// Opens or makes the file; answers the number in it. None: it has none, or is no number any
    /// more.
    pub(super) fn open(directory: &Path) -> std::io::Result<(Self, Option<u64>)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(directory.join(FILE_NAME))?;
        let mut line = [0; DIGITS + 1 + CHECK_DIGITS + 1];
        let number = match file.read_exact_at(&mut line, 0) {
            Ok(()) => parse(&line),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok((Self { file }, number))
    }

    /// So many writes are durable.
    pub(super) fn set(&self, number: u64) -> std::io::Result<()> {
        self.file.write_all_at(line(number).as_bytes(), 0)
    }
}

fn line(number: u64) -> String {
    let digits = format!("{number:0DIGITS$}");
    let sum = hex::encode(Sha256::digest(digits.as_bytes()));
    let sum: String = sum.chars().take(CHECK_DIGITS).collect();
    format!("{digits} {sum}\n")
}

fn parse(bytes: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(bytes.get(..DIGITS)?).ok()?;
    let number = digits.parse().ok()?;
    (line(number).as_bytes() == bytes).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (watermark, number) = Watermark::open(folder.path()).unwrap();
        assert_eq!(number, None);
        watermark.set(9).unwrap();
        watermark.set(10).unwrap();
        assert_eq!(Watermark::open(folder.path()).unwrap().1, Some(10));
        let file = folder.path().join(FILE_NAME);
        let whole = std::fs::read(&file).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            std::fs::write(&file, &bytes).unwrap();
            assert_eq!(Watermark::open(folder.path()).unwrap().1, None, "{place}");
        }
    }
}
