//! The import: an export is checked whole, then takes the place of everything.
//!
//! The state is older than the world then: each company takes its fingerprints anew and what is
//! found beyond the state is held. What was on its way when it was exported may have been sent
//! since, and is held too; what was at its final dot is in doubt.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::delivery::{Delivery, HeldReason, State, Step};
use crate::domain::deposit::{Deposit, Fate, Verdict};
use crate::domain::mail::invitation::Invitation;
use crate::ports::store::{StateIdentity, StoreError, Stored};

use super::claims::Follower;
use super::deliveries;
use super::export::{FORMAT, FORMAT_VERSION, Header, Line, Trailer};
use super::keys;
use super::kv::{Kv, KvError};
use super::ledger::note_unreadable;
use super::record::{decode, encode};
use super::transaction::Unreadable;

/// The longest line read, in bytes: beyond any record.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Replaces all of `kv` by an export. The inner answer is refused without harm; an outer error
/// stops the ledger.
pub(super) fn read(
    kv: &dyn Kv,
    unreadable: &Unreadable,
    file: &Path,
    now: Timestamp,
) -> Result<(Stored<u64>, bool), KvError> {
    let records = match check_export(file) {
        Ok(records) => records,
        Err(problem) => {
            let said = format!("cannot import `{}`: {problem}", file.display());
            return Ok((Err(StoreError::Import(said)), false));
        }
    };
    let lines = Lines::open(file).map_err(KvError::Content)?;
    let mut pairs = lines.filter_map(Result::transpose).flat_map(|pair| match pair {
        Ok((key, value)) => adapt(key, value, now).into_iter().map(Ok).collect(),
        Err(problem) => vec![Err(KvError::Content(problem))],
    });
    kv.replace(&mut pairs)?;
    note_unreadable(kv, unreadable)?;
    Ok((Ok(records), true))
}

/// Reads a whole export, as an import would before it replaces anything; answers the number of
/// its records, or what is wrong with it.
pub fn check_export(file: &Path) -> Result<u64, String> {
    let mut lines = Lines::open(file)?;
    let mut named = false;
    for pair in lines.by_ref() {
        named |= pair?.is_some_and(|(key, _)| key == keys::IDENTITY);
    }
    match lines.trailer {
        Some(_) if !named => Err("it does not say whose state it is".to_owned()),
        Some(records) => Ok(records),
        None => Err("its end is missing: it is cut off".to_owned()),
    }
}

/// The records of an export, and its checks on the way: `None` stands for the last line.
struct Lines {
    reader: BufReader<File>,
    hash: Sha256,
    records: u64,
    /// The number of records, once the last line was read and is right.
    trailer: Option<u64>,
    failed: bool,
}

impl Lines {
    fn open(file: &Path) -> Result<Self, String> {
        let reader = BufReader::new(File::open(file).map_err(|error| error.to_string())?);
        let mut lines =
            Self { reader, hash: Sha256::new(), records: 0, trailer: None, failed: false };
        let first = lines.line()?;
        let header: Header =
            serde_json::from_slice(&first).map_err(|_| "it is no export of facteur".to_owned())?;
        if header.format != FORMAT {
            return Err("it is no export of facteur".to_owned());
        }
        if header.version != FORMAT_VERSION {
            return Err(format!(
                "it has format version {}, this program reads version {FORMAT_VERSION}",
                header.version
            ));
        }
        lines.hash.update(&first);
        Ok(lines)
    }

    /// One line with its end; empty at the end of the file.
    fn line(&mut self) -> Result<Vec<u8>, String> {
        use std::io::Read as _;
        let mut line = Vec::new();
        let mut limited = (&mut self.reader).take(LINE_BYTES_MAX);
        limited.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        Ok(line)
    }

    fn step(&mut self) -> Result<Option<(String, Vec<u8>)>, String> {
        let line = self.line()?;
        let at = self.records + 2;
        if let Ok(trailer) = serde_json::from_slice::<Trailer>(&line) {
            let sha256 = hex::encode(self.hash.clone().finalize());
            if (Trailer { records: self.records, sha256 }) != trailer {
                return Err("its checksum is wrong: it is damaged".to_owned());
            }
            if !line.ends_with(b"\n") || !self.line()?.is_empty() {
                return Err("something follows its last line".to_owned());
            }
            self.trailer = Some(self.records);
            return Ok(None);
        }
        if line.is_empty() {
            return Err("its end is missing: it is cut off".to_owned());
        }
        self.hash.update(&line);
        self.records += 1;
        let parsed: Line<'_> =
            serde_json::from_slice(&line).map_err(|_| format!("line {at} is damaged"))?;
        let value = match (parsed.value, parsed.hex) {
            (Some(json), None) => json.get().as_bytes().to_owned(),
            (None, Some(digits)) => {
                hex::decode(digits).map_err(|_| format!("line {at} is damaged"))?
            }
            (Some(_), Some(_)) | (None, None) => return Err(format!("line {at} is damaged")),
        };
        Ok(Some((parsed.key, value)))
    }
}

impl Iterator for Lines {
    type Item = Result<Option<(String, Vec<u8>)>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.trailer.is_some() || self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        Some(step)
    }
}

/// What becomes of one record when its export is imported; one that cannot be read stays as it
/// is, to be shown.
fn adapt(key: String, value: Vec<u8>, now: Timestamp) -> Vec<(String, Vec<u8>)> {
    let kind = key.split_once('/').map_or(key.as_str(), |(kind, _)| kind);
    let adapted = match kind {
        "identity" => decode::<StateIdentity>(&value)
            .map(|identity| encode(&StateIdentity { imported_at: Some(now), ..identity })),
        "company" => decode::<Company>(&value)
            .map(|company| encode(&Company { after_import: true, retake: true, ..company })),
        "deposit" => decode::<Deposit>(&value).map(|deposit| encode(&hold_due(deposit))),
        "delivery" => return adapt_delivery(key, value, now),
        "invitation" => {
            decode::<Invitation>(&value).map(|invitation| encode(&invitation.imported(now)))
        }
        "follower" => decode::<Follower>(&value).map(|mut follower| {
            follower.candidate.fate = hold_fate(follower.candidate.fate);
            encode(&follower)
        }),
        // Written anew with their deliveries. A mark that was wanted then may be the wrong one
        // now, and those on the files are proofs.
        "state" | "company-state" | "held" | "due" | "lease" | "message" | "mark" => {
            return Vec::new();
        }
        _ => return vec![(key, value)],
    };
    let adapted = adapted.unwrap_or(value);
    vec![(key, adapted)]
}

/// In words, why what waited at the export is held.
const WAITED: &str = "it waited when this state was exported: it may have been sent since";

/// What had not been queued at the export may have been sent since.
fn hold_due(mut deposit: Deposit) -> Deposit {
    for verdict in deposit.verdicts.values_mut() {
        match verdict {
            Verdict::Due(due) => due.fate = hold_fate(due.fate),
            Verdict::Queued(_) | Verdict::Duplicate(_) | Verdict::Skipped(_) => {}
        }
    }
    deposit
}

fn hold_fate(fate: Fate) -> Fate {
    match fate {
        // Following a renamed folder would release it without a look at this very document.
        Fate::Queue | Fate::Hold(HeldReason::FolderRenamed) => Fate::Hold(HeldReason::AfterImport),
        Fate::Hold(_) | Fate::Cancel => fate,
    }
}

fn adapt_delivery(key: String, value: Vec<u8>, now: Timestamp) -> Vec<(String, Vec<u8>)> {
    let recovered = decode::<Delivery>(&value)
        .ok()
        .and_then(|delivery| delivery.step(&Step::Recover, now).ok());
    let Some(mut delivery) = recovered else { return vec![(key, value)] };
    let held = Step::Hold { reason: HeldReason::AfterImport, because: WAITED.to_owned() };
    match delivery.state {
        State::Queued | State::Deferred | State::Held => {
            delivery = delivery.step(&held, now).unwrap_or(delivery);
        }
        State::Sending | State::Sent | State::Refused | State::InDoubt | State::Cancelled => {}
    }
    let mut pairs = vec![(key, encode(&delivery))];
    pairs.extend(deliveries::index(&delivery));
    pairs
}
