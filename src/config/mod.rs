//! routes.toml: what can go where and how.
//!
//! A file is read in one go: [`toml`] gives its tables with the place of every key, one module
//! a section asks them for what it knows, and each mistake is noted with its line and its remedy
//! while reading goes on. What comes out is a [`Config`] that nobody has to check again, or all
//! [`Complaints`] at once.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

mod addresses;
mod alarms;
mod answers;
mod apps;
mod bounces;
mod collection;
mod companies;
mod complaint;
mod environment;
mod firm;
mod invitation;
mod login;
mod lookup;
mod mail;
mod mailboxes;
#[cfg(test)]
mod mistakes;
mod model;
mod oauth;
mod places;
pub mod profiles;
mod robot;
mod schedule;
mod secret;
mod section;
mod senders;
mod sheet;
#[cfg(test)]
mod tests;
mod units;

pub use complaint::{Complaint, Complaints};
pub use environment::Environment;
pub use login::{Credential, Login, OAuthConfig, OAuthLogin};
pub use model::*;

use places::Ground;
use section::Section;
use sheet::Sheet;

/// Bytes of a routes.toml; ten thousand companies need a tenth of it.
const FILE_BYTES_MAX: u64 = 10_000_000;

/// The folder below the state's where logins are kept.
const LOGINS: &str = "logins";

/// Reads and checks a file; every mistake is in the answer.
pub fn load(file: &Path, environment: &Environment) -> Result<Config, Complaints> {
    let whole = |problem: String, remedy: &str, line| {
        let remedy = remedy.to_owned();
        Complaints::new(file, vec![Complaint { line, key: String::new(), problem, remedy }])
    };
    let found = environment.directory().join(file);
    let bytes = read_limited(&found, FILE_BYTES_MAX).map_err(|error| {
        let remedy = "name the file with --config or FACTEUR_CONFIG, or start in its folder";
        whole(format!("cannot be read: {error}"), remedy, 0)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + valid.filter(|byte| **byte == b'\n').count();
        whole("this is not UTF-8 text".to_owned(), "save the file as UTF-8", line)
    })?;
    Config::parse(&text, file, environment)
}

impl Config {
    /// Checks a file's text; relative paths start at the file's folder.
    pub fn parse(text: &str, file: &Path, environment: &Environment) -> Result<Self, Complaints> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let sheet = Sheet::new(text, &errors);
        let mut config = read(Section::top(&sheet, table.get_ref()), file, environment);
        let (complaints, warnings) = sheet.finish();
        if !complaints.is_empty() {
            return Err(Complaints::new(file, complaints));
        }
        config.warnings = warnings;
        Ok(config)
    }
}

fn read(top: Section<'_>, file: &Path, environment: &Environment) -> Config {
    let file: PathBuf = environment.directory().join(file).components().collect();
    let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
    let mut ground = Ground { folder, logins: PathBuf::new(), environment };
    let firm = firm::firm(top.section("firm"));
    let documents = places::documents(top.section("documents"), &ground);
    let state = places::state(top.section("state"), &ground);
    ground.logins = state.directory.join(LOGINS);
    let robot = robot::robot(top.section("robot"));
    let mail = mail::mail(top.section("mail"), &ground);
    let alarms = alarms::alarms(top.section("alarms"), &ground, &firm.domain, &mail);
    let log_format = firm::log_format(top.section("log"));
    let apps = apps::apps(&top.section("apps"), &firm.domain);
    let companies = companies::companies(&top, &documents.ignore);
    let mailboxes = mailboxes::mailboxes(&top, &ground);
    mailboxes::check_witness(&top, &mail, &mailboxes);
    bounces::check_senders(&top, &firm.domain, &apps, &mailboxes);
    let collection = collection::collection(top.section("collection"), &documents.ignore, &ground);
    collection::check_use(&top, &mailboxes, &companies);
    senders::check_meaning(&top, &collection, &companies);
    let outbox = match &mail.transport {
        TransportConfig::Outbox(outbox) => Some(outbox.as_path()),
        TransportConfig::Smtp(_) => None,
    };
    places::check_overlaps(&top, &documents.root, &state, outbox);
    top.close();
    Config {
        file,
        firm,
        documents,
        state,
        robot,
        mail,
        alarms,
        log_format,
        apps,
        companies,
        mailboxes,
        collection,
        warnings: Vec::new(),
    }
}

/// Reads a regular file of at most so many bytes.
fn read_limited(file: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe would wait for its writer.
    if !std::fs::metadata(file)?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(std::io::Error::other(format!("it has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}
