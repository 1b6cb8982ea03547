//! Feeds each fuzz target with its corpus, and with that mutated, for some seconds.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::targets::{self, TARGETS, Target};

/// Seconds for each target: in CI, and elsewhere.
const SECONDS_IN_CI: u64 = 20;
const SECONDS: u64 = 2;

/// Bytes of a made input, at most.
const INPUT_BYTES_MAX: usize = 4096;

/// Changes made to an input before it is tried, at most.
const CHANGES_MAX: u64 = 6;

#[test]
fn any_answer_is_one_safe_line_and_believed_of_its_writer_alone() {
    feed(&targets::answers::TARGET);
}

#[test]
fn any_configuration_is_taken_whole_or_refused_plainly() {
    feed(&targets::configuration::TARGET);
}

#[test]
fn no_mail_has_a_link_but_to_a_listed_host() {
    feed(&targets::invitations::TARGET);
}

#[test]
fn any_name_gives_one_mail_with_our_headers_and_one_attachment() {
    feed(&targets::mails::TARGET);
}

#[test]
fn any_name_gives_a_safe_slug_a_safe_path_and_a_safe_word() {
    feed(&targets::names::TARGET);
}

#[test]
fn any_mail_s_files_get_safe_names_or_reasons_and_its_company_is_in_its_headers() {
    feed(&targets::received::TARGET);
}

#[test]
fn any_stored_record_is_read_as_it_is_or_called_unreadable() {
    feed(&targets::records::TARGET);
}

#[test]
fn no_server_reply_but_a_2xx_to_the_dot_means_sent() {
    feed(&targets::replies::TARGET);
}

#[test]
fn any_control_request_is_answered_and_changes_no_file() {
    feed(&targets::requests::TARGET);
}

#[test]
fn nothing_that_a_sender_writes_is_the_word_of_the_firms_server() {
    feed(&targets::senders::TARGET);
}

#[test]
fn nobody_signed_a_mail_whose_keys_are_not_published() {
    feed(&targets::signatures::TARGET);
}

#[test]
fn any_template_gives_safe_addresses_or_none() {
    feed(&targets::templates::TARGET);
}

#[test]
fn no_text_of_an_answer_steers_a_terminal() {
    feed(&targets::views::TARGET);
}

#[test]
fn every_target_is_fed_here_and_by_cargo_fuzz() {
    let programs = project("fuzz/fuzz_targets");
    let mut names: Vec<String> = fs::read_dir(programs)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, TARGETS.map(|target| target.name));
    let here = include_str!("feeding.rs");
    let manifest = fs::read_to_string(project("fuzz/Cargo.toml")).unwrap();
    for name in names {
        assert!(here.contains(&format!("feed(&targets::{name}::TARGET)")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

#[expect(clippy::disallowed_methods, reason = "real time is what a feeding may take")]
fn feed(target: &Target) {
    let began = Instant::now();
    let corpus = corpus(target.name);
    assert!(!corpus.is_empty(), "fuzz/corpus/{} has samples", target.name);
    for input in &corpus {
        try_one(target, input);
    }
    let seed = seed();
    let mut chance = Chance(seed);
    let end = began + seconds();
    let mut tried = corpus.len();
    while Instant::now() < end {
        let input = mutated(&corpus, target.words, &mut chance);
        try_one(target, &input);
        tried += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{}: {tried} inputs in {seconds:.1} s, seed {seed}", target.name);
    let command = "FACTEUR_FUZZ_SECONDS=20 cargo test --test strangers feeding";
    let figures = serde_json::json!({ "inputs": tried, "seconds": seconds, "seed": seed });
    let report = serde_json::json!({
        "name": format!("fuzz {}", target.name), "command": command, "figures": figures
    });
    let long = std::env::var_os("FACTEUR_LONG").is_some();
    let folder = project(if long { "target/reliability/long" } else { "target/reliability" });
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("fuzz_{}.json", target.name)), report.to_string()).unwrap();
}

/// Keeps the input that fails, so that it can be tried again and join the corpus.
fn try_one(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.check)(input))) {
        let folder = project("target/strangers");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(target.name);
        fs::write(&file, input).unwrap();
        eprintln!("{} fails with {}: {}", target.name, file.display(), input.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

fn seconds() -> Duration {
    let wanted = std::env::var("FACTEUR_FUZZ_SECONDS").ok();
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let seconds = match wanted {
        Some(text) => text.parse().expect("FACTEUR_FUZZ_SECONDS is a number"),
        None if in_ci => SECONDS_IN_CI,
        None => SECONDS,
    };
    Duration::from_secs(seconds)
}

/// What is fed when nobody says: the same inputs on every machine.
const SEED: u64 = 1;

/// `FACTEUR_FUZZ_SEED` feeds others: a number, or `random` for another one each time. It is
/// printed.
fn seed() -> u64 {
    match std::env::var("FACTEUR_FUZZ_SEED") {
        Ok(text) if text == "random" => getrandom::u64().expect("the system has random numbers"),
        Ok(text) => text.parse().expect("FACTEUR_FUZZ_SEED is a number, or `random`"),
        Err(_) => SEED,
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(project("fuzz/corpus").join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn mutated(corpus: &[Vec<u8>], words: &[&str], chance: &mut Chance) -> Vec<u8> {
    let mut input = match chance.below(8) {
        0 => (0..chance.below(64)).map(|_| chance.byte()).collect(),
        _ => chance.pick(corpus).clone(),
    };
    for _ in 0..=chance.below(CHANGES_MAX) {
        change(&mut input, corpus, words, chance);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str], chance: &mut Chance) {
    let at = chance.index(input.len() + 1);
    let end = (at + chance.index(16)).min(input.len());
    match chance.below(7) {
        0 => drop(input.splice(at..at, chance.pick(words).bytes())),
        1 => drop(input.splice(at..end, chance.pick(words).bytes())),
        2 => drop(input.drain(at..end)),
        3 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        4 => input.insert(at, chance.byte()),
        5 => {
            let copy = input[at..end].to_vec();
            let to = chance.index(input.len() + 1);
            drop(input.splice(to..to, copy));
        }
        _ => {
            let other = chance.pick(corpus);
            let from = chance.index(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

/// Numbers that look random and depend on the seed alone (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("it is below a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }
}
