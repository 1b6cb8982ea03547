//! How a record is spelled: JSON with its schema version, and what every key may hold.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::domain::alarm::AlarmBook;
use crate::domain::company::{Company, CompanyId};
use crate::domain::decision::{Decisions, HistoryEntry};
use crate::domain::delivery::{Delivery, DeliveryId};
use crate::domain::deposit::Deposit;
use crate::domain::directory::{DirectoryRecord, Names};
use crate::domain::limits::RateWindow;
use crate::domain::mail::invitation::Invitation;
use crate::domain::mail::mailbox::{MailRecord, MailboxRecord};
use crate::domain::profile::AppId;
use crate::ports::store::{PutOff, RoundReport, StateIdentity};

use super::claims::Follower;
use super::consequences::Sweep;

/// The version every record is written with.
pub(super) const RECORD_VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    d: &'a T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Spells a record.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(&Written { v: RECORD_VERSION, d: value })
        .expect("our records have no keys that JSON cannot spell")
}

/// How every record of the present version begins.
const BEGINNING: &[u8] = br#"{"v":1,"d":"#;

/// Reads a record; errs with what is wrong with it, in words.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let inside = bytes.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(b"}"));
    if let Some(inside) = inside {
        return serde_json::from_slice(inside).map_err(|error| error.to_string());
    }
    match serde_json::from_slice::<Version>(bytes) {
        Ok(version) if version.v != RECORD_VERSION => Err(format!(
            "it has version {}, this program reads version {RECORD_VERSION}",
            version.v
        )),
        Ok(_) => Err("it is not spelled as this program spells records".to_owned()),
        Err(error) => Err(format!("it is no record: {error}")),
    }
}

/// Whether a record can be read as what its key says it is.
pub(super) fn check(key: &str, bytes: &[u8]) -> Result<(), String> {
    fn readable<T: DeserializeOwned>(bytes: &[u8]) -> Result<(), String> {
        decode::<T>(bytes).map(drop)
    }
    let kind = key.split_once('/').map_or(key, |(kind, _)| kind);
    match kind {
        "identity" => readable::<StateIdentity>(bytes),
        "counter" | "mark" | "mail-identity" | "filed" | "collected" => readable::<u64>(bytes),
        "company" => readable::<Company>(bytes),
        "decisions" => readable::<Decisions>(bytes),
        "history" => readable::<HistoryEntry>(bytes),
        "sweep" => readable::<Sweep>(bytes),
        "directory" => readable::<DirectoryRecord>(bytes),
        "names" => readable::<Names>(bytes),
        "deposit" => readable::<Deposit>(bytes),
        "delivery" => readable::<Delivery>(bytes),
        "company-state" => readable::<AppId>(bytes),
        "folder" | "due" => readable::<CompanyId>(bytes),
        "claim" | "message" => readable::<DeliveryId>(bytes),
        "follower" => readable::<Follower>(bytes),
        "flood" | "rate" => readable::<RateWindow>(bytes),
        "putoff" => readable::<PutOff>(bytes),
        "alarms" => readable::<AlarmBook>(bytes),
        "round" => readable::<RoundReport>(bytes),
        "mailbox" => readable::<MailboxRecord>(bytes),
        "invitation" => readable::<Invitation>(bytes),
        "mail" => readable::<MailRecord>(bytes),
        "company-history" | "company-deposit" | "path-deposit" | "settling" | "ready"
        | "unsupported" | "state" | "held" | "lease" | "by-hand" | "mail-aside" | "mail-owed"
        | "mail-to-file" | "mail-in-tray" => readable::<()>(bytes),
        _ => decode::<IgnoredAny>(bytes).and(Err(format!("no record is called `{kind}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_record_says_so() {
        assert_eq!(decode::<u64>(&encode(&7_u64)), Ok(7));
        assert!(encode(&7_u64).starts_with(BEGINNING));
        let newer = decode::<u64>(br#"{"v":2,"d":{"new":true}}"#);
        assert_eq!(newer, Err("it has version 2, this program reads version 1".to_owned()));
        assert!(decode::<u64>(b"{\"v\":1}").is_err());
        assert!(decode::<u64>(b"\xff").is_err());
        assert!(check("counter/deposit", &encode(&7_u64)).is_ok());
        assert!(check("counter/deposit", &encode(&"seven")).is_err());
        assert!(check("strange/1", &encode(&7_u64)).is_err());
    }
}
