//! The login of a server: its password comes from a file, the environment or systemd, and no
//! message holds it, nor the text that might be it; or tokens stand in its place.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::complaint::Mistake;
use super::login::{Credential, Login};
use super::model::Secret;
use super::oauth;
use super::places::Ground;
use super::section::Section;
use super::sheet::Typed;

/// Bytes of a password, or of a token in its place.
const SECRET_BYTES_MAX: u64 = 16_384;

/// The keys that name where a secret is.
struct Keys {
    file: &'static str,
    variable: &'static str,
    credential: &'static str,
}

const PASSWORD: Keys =
    Keys { file: "password_file", variable: "password_env", credential: "password_credential" };

const CLIENT_SECRET: Keys = Keys {
    file: "client_secret_file",
    variable: "client_secret_env",
    credential: "client_secret_credential",
};

/// Where a secret is, as typed.
enum Source<'a> {
    File(&'a str),
    Variable(&'a str),
    Credential(&'a str),
}

const FILE_REMEDY: &str = "write the password alone into a file of the robot's own user (`chmod 600`), and name that file; relative paths start at the folder of routes.toml";

/// Reads `username` with its one source of a password, or with its way to tokens. Nothing is
/// opened unless `chosen`.
pub(super) fn login(section: &Section<'_>, ground: &Ground<'_>, chosen: bool) -> Option<Login> {
    let username = section.parsed("username", login_name);
    let source = PASSWORD.source(section);
    if let Some(table) = section.optional("oauth") {
        check_alone(section, &table);
        let oauth = oauth::oauth(table, ground, chosen);
        let credential = Credential::OAuth(Box::new(oauth?));
        return Some(Login { user: username?.value, credential });
    }
    if username.is_none() || source.is_none() {
        check_pair(section);
        return None;
    }
    let (username, source) = (username?, source?);
    let secret = read_source(section, &source, ground, chosen)?;
    Some(Login { user: username.value, credential: Credential::Password(secret) })
}

/// Reads the secret of an OAuth client, where there is one.
pub(super) fn client_secret(
    section: &Section<'_>,
    ground: &Ground<'_>,
    chosen: bool,
) -> Option<Secret> {
    let source = CLIENT_SECRET.source(section)?;
    read_source(section, &source, ground, chosen)
}

/// The secret; an empty one where the machine may not be looked at.
fn read_source(
    section: &Section<'_>,
    source: &Typed<Source<'_>>,
    ground: &Ground<'_>,
    chosen: bool,
) -> Option<Secret> {
    if !chosen || !ground.environment.checks_machine() {
        return Some(Secret::new(String::new()));
    }
    match open(&source.value, ground) {
        Ok(secret) => Some(Secret::new(secret)),
        Err(mistake) => {
            section.sheet.complain(&source.place, mistake);
            None
        }
    }
}

impl Keys {
    fn names(&self) -> [&'static str; 3] {
        [self.file, self.variable, self.credential]
    }

    /// The first of the keys that was typed; a second one is a mistake.
    fn source<'a>(&self, section: &Section<'a>) -> Option<Typed<Source<'a>>> {
        let typed = |key, kind: fn(&'a str) -> Source<'a>| {
            let Typed { value, place } = section.text(key)?;
            Some(Typed { value: kind(value), place })
        };
        let sources = [
            typed(self.file, Source::File),
            typed(self.variable, Source::Variable),
            typed(self.credential, Source::Credential),
        ];
        let mut sources = sources.into_iter().flatten();
        let first = sources.next();
        if let Some(second) = sources.next() {
            let what = if self.file == PASSWORD.file { "passwords" } else { "secrets" };
            let [file, variable, credential] = self.names();
            let mistake = Mistake::new(
                format!("there are two {what}"),
                format!("keep one of {file}, {variable} and {credential}"),
            );
            section.sheet.complain(&second.place, mistake);
        }
        first
    }
}

/// Tokens stand in the place of a password, and need a name as well.
fn check_alone(section: &Section<'_>, oauth: &Section<'_>) {
    if let Some(key) = PASSWORD.names().into_iter().find(|key| section.has(key)) {
        let remedy = "keep one of the two: with `oauth` no password is sent";
        let mistake = Mistake::new("there are a password and `oauth`", remedy);
        section.sheet.complain(&section.place_of(key), mistake);
    }
    if !section.has("username") {
        let remedy = "give `username` too: the mailbox's address, as its server knows it";
        let mistake = Mistake::new("there is `oauth` and no `username`", remedy);
        section.sheet.missing(&oauth.place, mistake);
    }
}

/// A name without a password, or the other way round.
fn check_pair(section: &Section<'_>) {
    let source = PASSWORD.names().into_iter().find(|key| section.has(key));
    match (section.has("username"), source) {
        // One typed into the file is complained of as such.
        (true, None) if section.has("password") => {}
        (true, None) => {
            let remedy = "give password_file, password_env, password_credential or oauth";
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

fn open(source: &Source<'_>, ground: &Ground<'_>) -> Result<String, Mistake> {
    match source {
        Source::File(name) => {
            let file = ground.absolute(name)?;
            let secret = read(&file, FILE_REMEDY).and_then(one_line);
            let secret = secret.and_then(|secret| check_mode(&file).map(|()| secret));
            secret
                .map_err(|mistake| if is_a_name(name, &file) { mistake.of(&file) } else { mistake })
        }
        Source::Variable(name) => {
            let remedy = "set the variable where the robot is started (systemd: EnvironmentFile=)";
            let value = ground.environment.variable(name);
            let value = value.ok_or_else(|| Mistake::new("that variable is not set", remedy))?;
            one_line(value.as_bytes().to_vec())
        }
        Source::Credential(name) => handed_over(name, ground),
    }
}

/// Whether the text names a file, and cannot be a password that was typed in its place.
fn is_a_name(typed: &str, file: &Path) -> bool {
    let folder = file.parent().filter(|folder| *folder != Path::new("/"));
    file.is_file() || (typed.starts_with('/') && folder.is_some_and(Path::is_dir))
}

fn handed_over(name: &str, ground: &Ground<'_>) -> Result<String, Mistake> {
    let remedy =
        "hand it over in the unit: LoadCredential=NAME:/path/of/the/file, and give NAME here";
    let folder = ground.environment.variable("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        Mistake::new("systemd handed no credential over (CREDENTIALS_DIRECTORY is not set)", remedy)
    })?;
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(Mistake::new("this is no credential's name", remedy));
    }
    one_line(read(&Path::new(folder).join(name), remedy)?)
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
