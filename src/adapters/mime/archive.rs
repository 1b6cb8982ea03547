//! ZIP archives, unpacked in memory within limits that are counted, not believed.

use std::io::{Cursor, Read};

use zip::read::{Config, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;
use zip::{CompressionMethod, ZipReadOptions};

use super::headers::text;
use super::limits::{ARCHIVE_ENTRIES_MAX, ARCHIVE_RATIO_FREE_BYTES, ARCHIVE_RATIO_MAX};

/// One file of an archive.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// Without the folders before it.
    pub(super) name: String,
    /// Its bytes. Err, in words.
    pub(super) bytes: Result<Vec<u8>, String>,
}

/// The magic numbers of an archive, and of an empty one.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The files of an archive, their bytes taken from `bytes_left`. Err, in words: it can't be
/// opened at all.
pub(super) fn unpack(bytes: &[u8], bytes_left: &mut usize) -> Result<Vec<Unpacked>, String> {
    let damaged = |_: ZipError| "it is a damaged archive".to_owned();
    let mut archive =
        ZipIterable::try_new(Cursor::new(bytes), Config::default()).map_err(damaged)?;
    if archive.len() > ARCHIVE_ENTRIES_MAX {
        return Err(format!(
            "it is an archive of {} files, more than {ARCHIVE_ENTRIES_MAX}",
            archive.len()
        ));
    }
    let mut unpacked = Vec::new();
    for entry in archive.files().map_err(damaged)? {
        match entry {
            Ok(entry) if entry.is_dir() => {}
            Ok(entry) => {
                let name = name(&entry);
                unpacked.push(Unpacked { name, bytes: unpack_one(bytes, entry, bytes_left) });
            }
            Err(error) => {
                let name = "the rest of the archive".to_owned();
                unpacked.push(Unpacked { name, bytes: Err(damaged(error)) });
            }
        }
    }
    Ok(unpacked)
}

fn name(entry: &ZipFileEntry<'_>) -> String {
    let whole = match entry.name() {
        Ok(name) => name.into_owned(),
        Err(_) => text(entry.name_raw()).into_owned(),
    };
    let mut names = whole.rsplit(['/', '\\']);
    names.next().unwrap_or_default().to_owned()
}

fn unpack_one(
    archive: &[u8],
    entry: ZipFileEntry<'_>,
    bytes_left: &mut usize,
) -> Result<Vec<u8>, String> {
    if entry.encrypted() {
        return Err("it is encrypted in its archive; ask for one without a password".to_owned());
    }
    if entry.is_symlink() {
        return Err("it is only a link to another file".to_owned());
    }
    if entry.name_raw().starts_with(b"__MACOSX/") {
        return Err("it is a Mac's note about another file".to_owned());
    }
    let packing = entry.compression();
    if packing != CompressionMethod::Stored && packing != CompressionMethod::Deflated {
        return Err(format!("it is packed in a way that isn't opened here ({packing})"));
    }
    let packed = usize::try_from(entry.compressed_size()).unwrap_or(usize::MAX).min(archive.len());
    let by_ratio = packed.saturating_mul(ARCHIVE_RATIO_MAX).max(ARCHIVE_RATIO_FREE_BYTES);
    let most = by_ratio.min(*bytes_left);
    let mut whole = Cursor::new(archive);
    let reader = entry.with_reader(&mut whole, ZipReadOptions::new());
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.map(|reader| reader.take(limit).read_to_end(&mut bytes));
    *bytes_left = bytes_left.saturating_sub(bytes.len());
    if bytes.len() > most {
        let because = "it unpacks to more bytes than an honest archive, or than one mail may have";
        return Err(because.to_owned());
    }
    match read {
        Ok(Ok(_)) => Ok(bytes),
        Ok(Err(_)) | Err(_) => Err("it is damaged in its archive".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    #[test]
    fn all_archives_of_a_mail_share_what_is_left() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a", "b", "c"] {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&[b'x'; 400]).unwrap();
        }
        let archive = writer.finish().unwrap().into_inner();
        let mut bytes_left = 1_000;
        let unpacked = unpack(&archive, &mut bytes_left).unwrap();
        let whole: Vec<bool> = unpacked.iter().map(|file| file.bytes.is_ok()).collect();
        assert_eq!((whole, bytes_left), (vec![true, true, false], 0));
        let unpacked = unpack(&archive, &mut bytes_left).unwrap();
        assert!(unpacked.iter().all(|file| file.bytes.is_err()));
    }
}
