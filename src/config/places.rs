//! `[documents]` and `[state]`: folders of this machine, and that none lies in another's way.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::complaint::Mistake;
use super::environment::Environment;
use super::model::{Documents, ExportConfig, StateConfig};
use super::section::Section;
use super::sheet::{Sheet, Typed};

const IGNORE_DEFAULT: [&str; 3] = ["lost+found", "@eaDir", "#recycle"];
const EXPORTS_KEPT: u32 = 14;

/// Room for what is on its way to end well, and for some days of `status` and `why`.
const FREE_BYTES_DEFAULT: u64 = 200_000_000;
const FREE_BYTES_MAX: u64 = 1_000_000_000_000_000;

/// Where relative paths start, where logins are kept, and whether the machine may be looked at.
pub(super) struct Ground<'a> {
    pub(super) folder: PathBuf,
    pub(super) logins: PathBuf,
    pub(super) environment: &'a Environment,
}

impl Ground<'_> {
    /// Reads a path; the default where none was typed. Absolute, from the file's folder.
    pub(super) fn path(
        &self,
        section: &Section<'_>,
        key: &'static str,
        default: &str,
    ) -> Typed<PathBuf> {
        let typed = section.parsed(key, |text| self.absolute(text));
        typed.unwrap_or_else(|| Typed {
            value: self.folder.join(default),
            place: section.place_of(key),
        })
    }

    /// The absolute path of what was typed.
    pub(super) fn absolute(&self, text: &str) -> Result<PathBuf, Mistake> {
        if text.is_empty() {
            return Err(Mistake::new("the path is empty", "name a file or folder"));
        }
        if text.starts_with('~') {
            let problem = "`~` means nothing here: it is the shell that knows it";
            return Err(Mistake::new(problem, "write the whole path, from `/`"));
        }
        Ok(self.folder.join(text).components().collect())
    }
}

/// Reads `[documents]`.
pub(super) fn documents(section: Section<'_>, ground: &Ground<'_>) -> Documents {
    let root = ground.path(&section, "root", "documents");
    let ignore = section.list("ignore", ignored_name);
    if ground.environment.checks_machine() {
        check_root(section.sheet, &root);
    }
    section.close();
    let ignore = ignore.unwrap_or_else(|| IGNORE_DEFAULT.map(str::to_owned).to_vec());
    Documents { root: root.value, ignore }
}

/// Reads `[state]`.
pub(super) fn state(section: Section<'_>, ground: &Ground<'_>) -> StateConfig {
    let directory = ground.path(&section, "directory", "state");
    let socket_group = section.parsed("socket_group", |text| group(text, ground.environment));
    let free_min = section.size("free_min", 0..=FREE_BYTES_MAX);
    let export = section.optional("export").map(|section| export_config(section, ground));
    if ground.environment.checks_machine() {
        check_folder(section.sheet, &directory);
    }
    section.close();
    let socket_group = socket_group.map(|typed| typed.value);
    let free_bytes_min = free_min.unwrap_or(FREE_BYTES_DEFAULT);
    StateConfig { directory: directory.value, socket_group, export, free_bytes_min }
}

fn export_config(section: Section<'_>, ground: &Ground<'_>) -> ExportConfig {
    section.require("directory", "name the folder for the backups: directory = \"backup\"");
    let directory = ground.path(&section, "directory", "backup");
    let every = section.duration("every", &(TimeDelta::minutes(1)..=TimeDelta::days(366)));
    let keep = section.number("keep", 1..=10_000).unwrap_or(EXPORTS_KEPT);
    if ground.environment.checks_machine() {
        check_folder(section.sheet, &directory);
    }
    section.close();
    ExportConfig {
        directory: directory.value,
        every: every.unwrap_or(TimeDelta::days(1)),
        keep: keep as usize,
    }
}

/// Complains of folders that lie in each other: what the robot writes must not be observed,
/// and two writers must not share a folder. `outbox` is none where mail leaves by a server.
pub(super) fn check_overlaps(
    top: &Section<'_>,
    root: &Path,
    state: &StateConfig,
    outbox: Option<&Path>,
) {
    let root = resolved(root);
    let export = state.export.as_ref().map(|export| export.directory.as_path());
    let written = [
        (&["state", "directory"][..], Some(state.directory.as_path())),
        (&["state", "export", "directory"], export),
        (&["mail", "outbox"], outbox),
    ];
    let mut earlier: Vec<PathBuf> = Vec::new();
    for (keys, path) in written {
        let Some(path) = path.map(resolved) else { continue };
        let place = top.place_within(keys);
        if path.starts_with(&root) {
            let problem = "it lies inside the documents, and would be observed as one of them";
            let remedy = format!("choose a folder outside `{}`", root.display());
            top.sheet.complain(&place, Mistake::new(problem, remedy));
        } else if root.starts_with(&path) {
            let problem = "the documents lie inside it";
            let remedy = "give the robot a folder that is its own";
            top.sheet.complain(&place, Mistake::new(problem, remedy));
        } else if earlier.contains(&path) {
            let problem = format!("`{}` serves two purposes", path.display());
            top.sheet.complain(&place, Mistake::new(problem, "give each a folder of its own"));
        }
        earlier.push(path);
    }
}

/// The path with its links followed, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut there = path;
    loop {
        if let Ok(real) = there.canonicalize() {
            return missing.iter().rev().fold(real, |path, name| path.join(name));
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name);
                there = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

fn check_root(sheet: &Sheet, root: &Typed<PathBuf>) {
    let Err(error) = std::fs::read_dir(&root.value) else { return };
    let path = root.value.display();
    let (problem, remedy) = match error.kind() {
        ErrorKind::NotFound => (
            format!("`{path}` doesn't exist"),
            "create it, mount it, or name the folder that holds one folder a company".to_owned(),
        ),
        ErrorKind::NotADirectory => (
            format!("`{path}` is no folder"),
            "name the folder that holds one folder a company".to_owned(),
        ),
        _ => (
            format!("`{path}` cannot be listed: {error}"),
            "let the user that the robot runs as read it".to_owned(),
        ),
    };
    sheet.complain(&root.place, Mistake::new(problem, remedy));
}

/// A folder that the robot makes: nothing else may stand in its place.
pub(super) fn check_folder(sheet: &Sheet, folder: &Typed<PathBuf>) {
    if std::fs::metadata(&folder.value).is_ok_and(|metadata| !metadata.is_dir()) {
        let problem = format!("`{}` is no folder", folder.value.display());
        sheet.complain(
            &folder.place,
            Mistake::new(problem, "name a folder; it is made when missing"),
        );
    }
}

fn ignored_name(text: &str) -> Result<String, Mistake> {
    if text.is_empty() || text.contains('/') {
        let problem = format!("`{text}` is no name");
        return Err(Mistake::new(problem, "give the name of a file or folder alone, without `/`"));
    }
    Ok(text.to_owned())
}

fn group(text: &str, environment: &Environment) -> Result<String, Mistake> {
    let known = !environment.checks_machine()
        || nix::unistd::Group::from_name(text).is_ok_and(|group| group.is_some());
    if known {
        return Ok(text.to_owned());
    }
    let remedy = format!("create it (`groupadd --system {text}`), or leave the key out");
    Err(Mistake::new(format!("this machine has no group `{text}`"), remedy))
}
