//! A firm with the real binary, an outbox and a rolling export.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::firm::{COMPANY, Firm};

/// Mail into a folder: no server is needed to fail a disk.
pub(crate) const OUTBOX: &str = "[mail]\ntransport = \"outbox\"\noutbox = \"outbox\"\n";

/// A firm with `Achats` switched on, whose state section has these keys too.
pub(crate) fn firm(state: &str) -> Firm {
    let firm = Firm::new(OUTBOX);
    let routes = fs::read_to_string(firm.routes()).unwrap();
    let directory = "directory = \"state\"\n";
    let routes = routes.replace(directory, &format!("{directory}{state}\n"));
    fs::write(firm.routes(), routes).unwrap();
    firm.switched_on()
}

/// The mails that left, by the name of their document: how often each.
pub(crate) fn sent(firm: &Firm) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    for mail in crate::firm::attachments(&mails(firm)) {
        *sent.entry(mail.0).or_default() += 1;
    }
    sent
}

fn mails(firm: &Firm) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(firm.path().join("outbox")) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "eml"));
    files.map(|file| fs::read(file).unwrap()).collect()
}

/// The states of the company's documents: `Achats/a.pdf: sent`.
pub(crate) fn states(firm: &Firm) -> Vec<String> {
    let documents = firm.json(0, &["documents", COMPANY]);
    let rows = documents.as_array().unwrap().iter();
    let rows = rows.map(|row| {
        let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let reason = row["reason"].as_str().map(|reason| format!(" ({reason})"));
        format!("{}: {}{}", word("path"), word("state"), reason.unwrap_or_default())
    });
    rows.collect()
}

/// The exports of a folder by name, oldest first.
pub(crate) fn exports(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What a command that must fail says.
pub(crate) fn complaint(firm: &Firm, words: &[&str]) -> String {
    let output = firm.run(words);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

/// A copy of a folder, file by file, as a power cut would leave it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The mark on a document, as anybody may read it.
pub(crate) fn mark_of(file: &Path) -> Option<Vec<u8>> {
    let mut value = vec![0; 512];
    let length = rustix::fs::getxattr(file, "user.facteur.validated", &mut value[..]).ok()?;
    value.truncate(length);
    Some(value)
}
