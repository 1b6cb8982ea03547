//! The export: the whole state in one file of lines, checksummed, that import can check first.
//!
//! A header with the format's name and version; one line a record with its key and its value as
//! stored; a last line with the count and the SHA-256 of all bytes before it.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::ports::store::{StoreError, Stored};

use super::kv::{Kv, KvError, walk};

/// The name of the format.
pub(super) const FORMAT: &str = "facteur-export";

/// Its version.
pub(super) const FORMAT_VERSION: u32 = 1;

/// How the name of one ends that is not whole yet.
pub(super) const PARTIAL: &str = ".partial";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) version: u32,
}

/// One record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "k")]
    pub(super) key: String,
    /// As stored.
    #[serde(rename = "v", borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<&'a RawValue>,
    /// A stored value that is no JSON: damaged, and kept as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hex: Option<String>,
}

/// The last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trailer {
    pub(super) records: u64,
    pub(super) sha256: String,
}

/// Writes all of `kv`, which nobody changes meanwhile, to `file`; answers the number of records.
/// The file is there whole and durable, or not at all.
pub(super) fn write(kv: &dyn Kv, file: &Path) -> Stored<u64> {
    let problem =
        |error: String| StoreError::Import(format!("cannot write `{}`: {error}", file.display()));
    let beside = beside(file).ok_or_else(|| problem("it is no name of a file".to_owned()))?;
    let written = write_beside(kv, &beside).and_then(|records| {
        std::fs::rename(&beside, file).map_err(words)?;
        sync_parent(file).map_err(words)?;
        Ok(records)
    });
    written.map_err(|error| {
        // What is left of a failed export is of no use; the failure itself is what matters.
        drop(std::fs::remove_file(&beside));
        problem(error.to_string())
    })
}

fn words(error: impl std::fmt::Display) -> KvError {
    KvError::System(error.to_string())
}

/// Where it is written before it has its name.
fn beside(file: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name()?);
    name.push(format!(".{}{PARTIAL}", std::process::id()));
    Some(file.with_file_name(name))
}

fn write_beside(kv: &dyn Kv, beside: &Path) -> Result<u64, KvError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(beside).map_err(words)?;
    let mut out = Hashed { out: BufWriter::new(file), hash: Sha256::new() };
    out.line(&Header { format: FORMAT.to_owned(), version: FORMAT_VERSION })?;
    let mut records = 0;
    walk(kv, |key, value| {
        records += 1;
        let json = Some(value).filter(|value| !value.contains(&b'\n'));
        // A bare `null` would be read back as no value at all, and spaces around it as none.
        let json: Option<&RawValue> = json
            .and_then(|json| serde_json::from_slice(json).ok())
            .filter(|json: &&RawValue| json.get() != "null" && json.get().len() == value.len());
        let hex = json.is_none().then(|| hex::encode(value));
        out.line(&Line { key: key.to_owned(), value: json, hex })
    })?;
    let sha256 = hex::encode(out.hash.clone().finalize());
    out.line(&Trailer { records, sha256 })?;
    let file = out.out.into_inner().map_err(words)?;
    file.sync_all().map_err(words)?;
    Ok(records)
}

fn sync_parent(file: &Path) -> std::io::Result<()> {
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    File::open(parent)?.sync_all()
}

struct Hashed<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Hashed<W> {
    fn line<T: Serialize>(&mut self, value: &T) -> Result<(), KvError> {
        let mut line = serde_json::to_vec(value).map_err(words)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.out.write_all(&line).map_err(words)
    }
}
