//! The mark on a validated document: the extended attribute `user.facteur.validated`.

use std::os::fd::BorrowedFd;

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

use crate::ports::folders::{Mark, Marked};

const ATTRIBUTE: &str = "user.facteur.validated";

/// A longer value isn't ours.
const MARK_BYTES_MAX: usize = 512;

/// Reads the mark; what cannot be read or isn't ours is no mark.
pub(super) fn read(file: BorrowedFd<'_>) -> Option<Mark> {
    let mut value = [0; MARK_BYTES_MAX];
    let length = fgetxattr(file, ATTRIBUTE, &mut value[..]).ok()?;
    parse(value.get(..length)?)
}

/// Sets the mark or takes it away. Only the change time of the file moves.
pub(super) fn write(file: BorrowedFd<'_>, mark: Option<&Mark>) -> Result<Marked, Errno> {
    let answer = match mark {
        Some(mark) => fsetxattr(file, ATTRIBUTE, spell(mark).as_bytes(), XattrFlags::empty()),
        None => match fremovexattr(file, ATTRIBUTE) {
            Err(Errno::NODATA) => Ok(()),
            answer => answer,
        },
    };
    match answer {
        Ok(()) => Ok(Marked::Done),
        Err(Errno::NOTSUP | Errno::PERM | Errno::ACCESS | Errno::NOSYS) => Ok(Marked::Impossible),
        // What is full or read-only now may not be so tomorrow.
        Err(error) => Err(error),
    }
}

fn spell(mark: &Mark) -> String {
    debug_assert!(!mark.token.contains(char::is_whitespace), "a token is one word");
    format!("{} {}", mark.at.to_rfc3339_opts(SecondsFormat::AutoSi, true), mark.token)
}

/// Time, space, token; what a later release may write behind them is left alone.
fn parse(value: &[u8]) -> Option<Mark> {
    let text = std::str::from_utf8(value).ok()?;
    let mut words = text.trim_end_matches('\0').split_whitespace();
    let at = DateTime::parse_from_rfc3339(words.next()?).ok()?.with_timezone(&Utc);
    Some(Mark { at, token: words.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_leniently() {
        let mark =
            Mark { at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(), token: "t".into() };
        assert_eq!(spell(&mark), "2023-11-14T22:13:20Z t");
        for value in [
            &b"2023-11-14T22:13:20Z t"[..],
            b"2023-11-14T23:13:20+01:00 t\n",
            b"2023-11-14T22:13:20.000Z  t later fields\0",
        ] {
            assert_eq!(parse(value), Some(mark.clone()));
        }
        for value in [&b""[..], b"2023-11-14T22:13:20Z", b"yesterday t", b"\xff\xfe t"] {
            assert_eq!(parse(value), None);
        }
    }
}
