//! The login of `[mail]`: its password comes from a file, the environment or systemd, and no
//! message holds it, nor the text that might be it.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::complaint::Mistake;
use super::model::Secret;
use super::places::Ground;
use super::section::Section;
use super::sheet::Typed;

/// Bytes of a password, or of a token in its place.
const SECRET_BYTES_MAX: u64 = 16_384;

const SOURCES: [&str; 3] = ["password_file", "password_env", "password_credential"];
const FILE_REMEDY: &str = "write the password alone into a file of the robot's own user (`chmod 600`), and name that file; relative paths start at the folder of routes.toml";

/// Reads `username` with its one source of a password. Nothing is opened unless `chosen`.
pub(super) fn login(
    section: &Section<'_>,
    ground: &Ground<'_>,
    chosen: bool,
) -> Option<(String, Secret)> {
    let username = section.parsed("username", login_name);
    let source = password_source(section);
    if username.is_none() || source.is_none() {
        check_pair(section);
        return None;
    }
    let (username, (key, source)) = (username?, source?);
    if !chosen || !ground.environment.checks_machine() {
        return Some((username.value, Secret::new(String::new())));
    }
    match open(key, &source, ground) {
        Ok(secret) => Some((username.value, Secret::new(secret))),
        Err(mistake) => {
            section.sheet.complain(&source.place, mistake);
            None
        }
    }
}

/// The first of the keys that name a password; a second one is a mistake.
fn password_source<'a>(section: &Section<'a>) -> Option<(&'static str, Typed<&'a str>)> {
    let texts = SOURCES.map(|key| section.text(key));
    let mut typed = SOURCES.into_iter().zip(texts).filter_map(|(key, text)| Some((key, text?)));
    let first = typed.next();
    if let Some((_, second)) = typed.next() {
        let remedy = "keep one of password_file, password_env and password_credential";
        let mistake = Mistake::new("there are two passwords", remedy);
        section.sheet.complain(&second.place, mistake);
    }
    first
}

/// A name without a password, or the other way round.
fn check_pair(section: &Section<'_>) {
    let source = SOURCES.into_iter().find(|key| section.has(key));
    match (section.has("username"), source) {
        // One typed into the file is complained of as such.
        (true, None) if section.has("password") => {}
        (true, None) => {
            let remedy = "give password_file, password_env or password_credential";
            let mistake = Mistake::new("the password is missing", remedy);
            section.sheet.missing(&section.place_of("username"), mistake);
        }
        (false, Some(source)) => {
            let remedy = "give `username` too, or leave the password out";
            let mistake = Mistake::new("there is a password and no `username`", remedy);
            section.sheet.missing(&section.place_of(source), mistake);
        }
        (true, Some(_)) | (false, None) => {}
    }
}

fn login_name(text: &str) -> Result<String, Mistake> {
    if text.is_empty() {
        let remedy = "give the name to log in with, or leave the key out";
        return Err(Mistake::new("the name is empty", remedy));
    }
    Ok(text.to_owned())
}

fn open(key: &str, source: &Typed<&str>, ground: &Ground<'_>) -> Result<String, Mistake> {
    if key == "password_file" {
        let file = ground.absolute(source.value)?;
        let secret = one_line(read(&file, FILE_REMEDY)?)?;
        check_mode(&file)?;
        return Ok(secret);
    }
    if key == "password_env" {
        let remedy = "set the variable where the robot is started (systemd: EnvironmentFile=)";
        let value = ground.environment.variable(source.value);
        let value = value.ok_or_else(|| Mistake::new("that variable is not set", remedy))?;
        return one_line(value.as_bytes().to_vec());
    }
    let remedy =
        "hand it over in the unit: LoadCredential=NAME:/path/of/the/file, and give NAME here";
    let folder = ground.environment.variable("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        Mistake::new("systemd handed no credential over (CREDENTIALS_DIRECTORY is not set)", remedy)
    })?;
    if source.value.is_empty() || source.value.contains('/') || source.value.starts_with('.') {
        return Err(Mistake::new("this is no credential's name", remedy));
    }
    one_line(read(&Path::new(folder).join(source.value), remedy)?)
}

fn read(file: &Path, remedy: &str) -> Result<Vec<u8>, Mistake> {
    super::read_limited(file, SECRET_BYTES_MAX).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Mistake::new("that file doesn't exist", remedy),
        _ => Mistake::new(format!("that file cannot be read: {error}"), remedy),
    })
}

/// Other users of the machine must not read it (the last three bits of its mode).
fn check_mode(file: &Path) -> Result<(), Mistake> {
    let mode = std::fs::metadata(file).map(|metadata| metadata.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o007 != 0) {
        let problem = "every user of this machine can read or write that file";
        return Err(Mistake::new(
            problem,
            "take it from them: `chmod o= FILE`, and change the password",
        ));
    }
    Ok(())
}

/// A password without the line feed that editors put behind it.
fn one_line(bytes: Vec<u8>) -> Result<String, Mistake> {
    let remedy = "put the password alone there, on one line";
    let text = String::from_utf8(bytes)
        .map_err(|_| Mistake::new("the password is not UTF-8 text", remedy))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Mistake::new("the password is empty", remedy));
    }
    if line.contains(char::is_control) {
        return Err(Mistake::new("the password has more than one line", remedy));
    }
    Ok(line.to_owned())
}
