//! The walls of the house: who may import whom, what may stand at the top, how long a file may be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use proc_macro2::{TokenStream, TokenTree};

/// A file may not be longer: it is telling two stories.
const FILE_LINES_MAX: usize = 450;

/// Which rooms a room may name, itself included. `adapters` is named by [`WIRE`] alone.
const ROOMS: [(&str, &[&str]); 7] = [
    ("domain", &["domain"]),
    ("ports", &["ports", "domain"]),
    ("config", &["config", "domain"]),
    ("app", &["app", "ports", "config", "domain"]),
    ("adapters", &["adapters", "ports", "config", "domain"]),
    ("web", &["web", "app", "ports", "config", "domain"]),
    ("cli", &["cli", "web", "app", "ports", "config", "domain"]),
];
/// The only file that joins app and adapters.
const WIRE: &str = "cli/wire.rs";

/// Names that say nothing, and attract everything.
const EMPTY_NAMES: [&str; 5] = ["utils", "common", "services", "managers", "types"];

/// The world, which `domain` may not touch.
const WORLD: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "tokio",
    "rustix",
    "nix",
    "sled",
    "lettre",
    "notify",
    "tracing",
];

/// What a visitor sees at the top of the project.
const TOP_LEVEL: [&str; 12] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "deploy",
    "docs",
    "fuzz",
    "routes.toml",
    "src",
    "tests",
];

#[test]
fn no_source_file_breaks_a_wall() {
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        complaints.extend(complaints_about(&path, &text));
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn nothing_else_stands_at_the_top() {
    let made_by_running = fs::read_to_string(project(".gitignore")).unwrap();
    let allowed: BTreeSet<&str> = TOP_LEVEL
        .into_iter()
        .chain(made_by_running.lines().map(|line| line.trim_matches('/')))
        .collect();
    for entry in fs::read_dir(project("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || allowed.contains(name.as_str()), "`{name}` is at the top");
    }
}

#[test]
fn each_wall_is_seen_when_it_is_broken() {
    for (path, text, complaint) in [
        ("domain/slug.rs", "use crate::app::round;", "`domain` names `app`"),
        ("domain/slug.rs", "fn f() { std::fs::read(p); }", "`domain` names `std::fs`"),
        ("domain/slug.rs", "use std::{fmt, fs};", "`domain` names `std::fs`"),
        ("domain/slug.rs", "use tokio::fs;", "`domain` names `tokio`"),
        ("domain/slug.rs", "use super::super::ports::Clock;", "`domain` names `ports`"),
        ("ports.rs", "use crate::config::Config;", "`ports` names `config`"),
        ("ports/store.rs", "use crate::{app::round, domain::slug};", "`ports` names `app`"),
        ("config/mod.rs", "use super::ports::Clock;", "`config` names `ports`"),
        ("app/round.rs", "fn f() -> crate::adapters::smtp::Smtp {}", "`app` names `adapters`"),
        (
            "app/round.rs",
            "fn f() { vec![crate::adapters::clock::now()]; }",
            "`app` names `adapters`",
        ),
        ("adapters/smtp/mod.rs", "use crate::app;", "`adapters` names `app`"),
        ("web/mod.rs", "use crate::cli;", "`web` names `cli`"),
        ("cli/mod.rs", "use crate::adapters::clock;", "`cli` names `adapters`"),
        ("cli/mod.rs", "use crate::Robot;", "`crate::Robot` is in no room"),
        ("main.rs", "fn main() { facteur::adapters::go() }", "`main.rs` names `adapters`"),
        ("app/utils.rs", "", "`utils` says nothing"),
        ("app/types/mod.rs", "", "`types` says nothing"),
        ("app/round.rs", "mod common { }", "`common` says nothing"),
        ("app/round.rs", &"\n".repeat(FILE_LINES_MAX + 1), "451 lines"),
    ] {
        let complaints = complaints_about(path, text);
        assert_eq!(complaints.len(), 1, "{path}: {text}: {complaints:?}");
        assert!(complaints[0].contains(complaint), "{complaints:?} lacks {complaint}");
    }
}

#[test]
fn what_is_allowed_is_not_complained_about() {
    for (path, text) in [
        ("domain/slug.rs", "//! [`crate::app`]\nuse crate::domain::path; // crate::adapters\n"),
        (
            "domain/slug.rs",
            "use std::fmt; #[cfg(test)] mod tests { use super::*; const A: &str = \"dupont\"; }",
        ),
        ("domain/slug.rs", "/// `Dupont Maçonnerie`\nfn f() { \"crate::app\"; }"),
        ("app/round.rs", "use crate::{config::Config, domain::{slug, path}, ports};"),
        ("cli/wire.rs", "use crate::adapters::smtp; use crate::app;"),
        ("cli/demo.rs", "const FIRM: &str = \"Cabinet Exemple\";"),
        ("lib.rs", "pub mod adapters; pub mod domain;"),
        ("main.rs", "fn main() { facteur::cli::main() }"),
    ] {
        assert_eq!(complaints_about(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

/// Everything wrong with the file at `path`, below src.
fn complaints_about(path: &str, text: &str) -> Vec<String> {
    let mut wrongs = Vec::new();
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        wrongs.push(format!("{lines} lines are more than {FILE_LINES_MAX}"));
    }
    let tokens = TokenStream::from_str(text).expect("a source file is Rust");
    let names = Names::of(tokens);
    let modules =
        path.trim_end_matches(".rs").split('/').chain(names.modules.iter().map(String::as_str));
    for name in modules.filter(|name| EMPTY_NAMES.contains(name)) {
        wrongs.push(format!("`{name}` says nothing"));
    }
    wrongs.extend(names.paths.iter().filter_map(|name| broken_wall(path, name)));
    wrongs.into_iter().map(|wrong| format!("src/{path}: {wrong}")).collect()
}

/// Why the file at `path` may not name `name` (`crate::app`, `std::fs`, `super::super::ports`).
fn broken_wall(path: &str, name: &str) -> Option<String> {
    let room = path.split(['/', '.']).next().expect("a path has a first part");
    let world = WORLD.iter().find(|world| room == "domain" && is_or_is_in(name, world));
    if let Some(world) = world {
        return Some(format!("`domain` names `{world}`"));
    }
    let named = from_the_root(path, name)?;
    let Some((_, allowed)) = ROOMS.iter().find(|(known, _)| *known == room) else {
        // main.rs calls the command line; lib.rs names nothing.
        return (room != "main" || named != "cli").then(|| format!("`{path}` names `{named}`"));
    };
    if !ROOMS.iter().any(|(known, _)| *known == named) {
        return Some(format!("`{name}` is in no room"));
    }
    let joined = named == "adapters" && path == WIRE;
    (!joined && !allowed.contains(&named)).then(|| format!("`{room}` names `{named}`"))
}

fn is_or_is_in(name: &str, world: &str) -> bool {
    name.strip_prefix(world).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The part of `name` below the crate's root, where it begins there.
fn from_the_root<'name>(path: &str, name: &'name str) -> Option<&'name str> {
    if let Some(rest) = name.strip_prefix("crate::").or_else(|| name.strip_prefix("facteur::")) {
        return rest.split("::").next();
    }
    let depth = path.trim_end_matches("/mod.rs").split('/').count();
    let supers = name.split("::").take_while(|part| *part == "super").count();
    let named = name.split("::").nth(supers)?;
    // One more is an inline module's `super`; one less stays in the room.
    let known = ROOMS.iter().any(|(room, _)| *room == named);
    (supers >= depth && known).then_some(named)
}

/// What a file names, without its comments.
#[derive(Default)]
struct Names {
    paths: BTreeSet<String>,
    modules: Vec<String>,
}

impl Names {
    fn of(tokens: TokenStream) -> Self {
        let mut names = Self::default();
        names.walk("", tokens);
        names
    }

    /// Reads one level of brackets; a path in it that isn't continued begins with `prefix`.
    fn walk(&mut self, prefix: &str, tokens: TokenStream) {
        let mut path = String::new();
        let mut signs = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if signs == "::" && !path.is_empty() => {
                    path = format!("{path}::{ident}");
                }
                TokenTree::Ident(ident) => {
                    if path == "mod" {
                        self.modules.push(ident.to_string());
                    }
                    self.paths.insert(std::mem::take(&mut path));
                    path = format!("{prefix}{ident}");
                }
                // An attribute names nothing that is used.
                TokenTree::Group(_) if signs.ends_with('#') || signs.ends_with("#!") => {}
                TokenTree::Group(group) => {
                    let inner = if signs == "::" { format!("{path}::") } else { String::new() };
                    self.walk(&inner, group.stream());
                    self.paths.insert(std::mem::take(&mut path));
                }
                TokenTree::Literal(_) => {}
                TokenTree::Punct(punct) => {
                    signs.push(punct.as_char());
                    continue;
                }
            }
            signs.clear();
        }
        self.paths.insert(path);
    }
}

/// Every file below src: its path there, and its text.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![project("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(project("src")).expect("it was found there");
                let text = fs::read_to_string(&path).expect("a source file is text");
                found.push((below.display().to_string(), text));
            }
        }
    }
    found
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
