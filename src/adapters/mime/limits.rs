//! What is looked at of one mail, at most: a stranger may send anything.

/// Bytes of the headers of a mail or of a part.
pub(super) const HEADER_BYTES_MAX: usize = 200_000;

/// Multiparts, mails and archives in one another, counted together.
pub(super) const DEPTH_MAX: usize = 24;

/// Mails and archives in one another.
pub(super) const INSIDE_MAX: usize = 6;

/// Archives in one another: one in the mail, and one in that.
pub(super) const ARCHIVES_INSIDE_MAX: usize = 2;

/// Parts and entries of one mail that are looked at, those of what is inside it too; what is
/// beyond them is counted.
pub(super) const LEAVES_MAX: usize = 1_000;

/// Entries of one archive.
pub(super) const ARCHIVE_ENTRIES_MAX: usize = 1_000;

/// Bytes that all archives of a mail may unpack to, counted while they are unpacked.
pub(super) const ARCHIVE_BYTES_MAX: usize = 100_000_000;

/// What is decoded of a mail without its archives: this many times its own bytes. Base64 shrinks;
/// a mail inside a mail inside a mail is decoded again at each step.
pub(super) const DECODED_TIMES_MAX: usize = 2;

/// An entry that unpacks to more than this many times its packed bytes is made to fill disks;
/// scans of empty pages come near 100.
pub(super) const ARCHIVE_RATIO_MAX: usize = 250;

/// Bytes of an entry that may be unpacked whatever the ratio.
pub(super) const ARCHIVE_RATIO_FREE_BYTES: usize = 2_000_000;

/// Characters kept of a file's name.
pub(super) const NAME_CHARS_MAX: usize = 1_000;
