//! Every mistake of routes.toml, with its line; and what a right file means.

use std::path::Path;

use chrono::TimeDelta;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;

/// Three lines that suffice, on a folder `documents` that is there.
const FIRM: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";

pub(super) struct Bench(pub(super) TempDir);

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("documents")).unwrap();
        Self(folder)
    }

    pub(super) fn environment(&self) -> Environment {
        Environment::new(self.0.path())
    }

    pub(super) fn parse(&self, text: &str) -> Result<Config, Complaints> {
        Config::parse(text, Path::new("routes.toml"), &self.environment())
    }
}

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

#[test]
fn three_lines_suffice() {
    let bench = Bench::new();
    let config = bench.parse(FIRM).unwrap();
    assert_eq!(config.file, bench.0.path().join("routes.toml"));
    assert_eq!(config.firm.bot_name, "Cabinet");
    assert_eq!(config.firm.collection.as_str(), "compta+{slug}@{domain}");
    assert_eq!(config.documents.root, bench.0.path().join("documents"));
    assert_eq!(config.state.directory, bench.0.path().join("state"));
    let outbox = TransportConfig::Outbox(bench.0.path().join("outbox"));
    assert_eq!(config.mail.transport, outbox);
    assert_eq!(config.robot.settle, TimeDelta::seconds(5));
    assert_eq!(config.robot.flood_per_hour_max, 200);
    assert_eq!(config.warnings, []);
}

#[test]
fn alarms_go_by_the_firms_own_server_unless_they_have_another() {
    let bench = Bench::new();
    let alarms = |text: &str| bench.parse(&format!("{FIRM}{text}")).unwrap().alarms;
    let plain = alarms("[alarms]\nto = [\"it@cabinet.example\"]\n");
    assert_eq!((plain.recipients.len(), plain.server), (1, None));
    assert_eq!(plain.sender.as_str(), "robot@cabinet.example");
    assert!(!plain.silent_companies);
    let other = alarms(
        "[alarms]\nhost = \"mail.other.example\"\nsecurity = \"tls\"\nfrom = \"a@other.example\"\nsilent_companies = true\n",
    );
    let server = other.server.unwrap();
    assert_eq!((server.host.as_str(), server.port), ("mail.other.example", 465));
    assert_eq!((other.sender.as_str(), other.silent_companies), ("a@other.example", true));
}

#[test]
fn the_example_at_the_top_is_clean_and_means_what_its_comments_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = load(&root.join("routes.toml"), &Environment::new(root)).unwrap();
    assert_eq!(config.warnings, []);
    assert_eq!(config.apps.len(), 2);
    let bare = Bench::new();
    let bare = bare.parse(FIRM).unwrap();
    assert_eq!(config.documents.ignore, bare.documents.ignore);
    assert_eq!(config.robot, bare.robot);
    assert_eq!(config.mail.retry, bare.mail.retry);
    assert_eq!(config.firm.time_zone, bare.firm.time_zone);
    for folder in std::fs::read_dir(&config.documents.root).unwrap() {
        let name = folder.unwrap().file_name().into_encoded_bytes();
        assert!(config.is_company(&TreePath::from_bytes(&name).unwrap()));
    }
    assert_eq!(std::fs::read_dir(&config.documents.root).unwrap().count(), 3);
}

#[test]
fn the_commented_keys_of_the_example_are_right_too() {
    let bench = Bench::new();
    let example = include_str!("../../routes.toml");
    let is_key = |line: &str| {
        let (key, _) = line.split_once(" = ").unwrap_or_default();
        let word =
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        // These name files and groups of another machine, and a mailbox that isn't there.
        word && !["ca_file", "socket_group", "witness"].contains(&key)
            && !key.starts_with("password")
    };
    let text: Vec<&str> = example
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if is_key(key) || key.starts_with("[apps.") || key.starts_with("[[apps.") => {
                key
            }
            Some(_) | None => line,
        })
        .collect();
    assert!(text.contains(&"redirect_to = \"moi@cabinet.example\""));
    let text = text.join("\n").replace("docs/example-firm", "documents");
    if let Err(complaints) = bench.parse(&text) {
        panic!("{complaints}");
    }
}

#[test]
fn overrides_win_over_the_profile_and_the_rest_is_its() {
    let text = format!(
        "{FIRM}[apps.qbo]\nprofile = \"quickbooks\"\nrecipient = \"fact-{{slug}}@qbodocs.com\"\nmail_bytes_max = \"5 MB\"\n[apps.inqom]\nprofile = \"inqom\"\n"
    );
    let config = Bench::new().parse(&text).unwrap();
    let app = config.app(&AppId::parse("qbo").unwrap()).unwrap();
    assert_eq!(app.recipient.as_ref().unwrap().as_str(), "fact-{slug}@qbodocs.com");
    assert_eq!(app.mail_bytes_max, 5_000_000);
    assert_eq!(app.accepts, ["pdf", "jpg", "jpeg", "png", "gif"]);
    assert!(app.recommends(&path("Dossier comptable 2026/Achats")));
    assert!(!app.recommends(&path("Ventes")));
    let inqom = config.app(&AppId::parse("inqom").unwrap()).unwrap();
    assert_eq!(inqom.inboxes.len(), 4);
}

#[test]
fn an_app_of_the_firms_own_gets_safe_defaults() {
    let text = format!(
        "{FIRM}[apps.archive]\nname = \"Archive\"\nsender = \"a+{{slug}}@{{domain}}\"\nrecipient = \"\"\n"
    );
    let config = Bench::new().parse(&text).unwrap();
    let app = config.app(&AppId::parse("archive").unwrap()).unwrap();
    assert_eq!(app.recipient, None, "typed in at each connection");
    assert_eq!(app.accepts, ["pdf", "jpg", "jpeg", "png"]);
    assert_eq!((app.mail_bytes_max, app.mails_per_day_max), (20_000_000, 0));
    assert!(app.enabled);
}

#[test]
fn companies_are_found_by_their_folder_however_its_accents_are_written() {
    let text = format!(
        "{FIRM}[[companies]]\nfolder = \"Épi\"\nslug = \"epi-d-or\"\nname = \"L'Épi d'Or\"\n[[companies]]\nfolder = \"Modèles\"\nenabled = false\n"
    );
    let config = Bench::new().parse(&text).unwrap();
    let decomposed = path("E\u{301}pi");
    for folder in [&path("Épi"), &decomposed] {
        let slug = config.slug_of(folder).unwrap();
        assert_eq!(slug.as_str(), "epi-d-or");
        assert_eq!(config.collection_of(&slug).as_str(), "compta+epi-d-or@cabinet.example");
        assert_eq!(config.name_of(folder), "L'Épi d'Or");
    }
    assert_eq!(config.slug_of(&path("Martin & Fils")).unwrap().as_str(), "martin-et-fils");
    assert_eq!(config.name_of(&path("Martin & Fils")), "Martin & Fils");
    for (folder, company) in [
        ("Épi", true),
        ("Modèles", false),
        ("@eaDir", false),
        (".git", false),
        ("Épi/Achats", false),
    ] {
        assert_eq!(config.is_company(&path(folder)), company, "{folder}");
    }
}

#[test]
fn the_first_settle_pattern_that_was_typed_rules() {
    let text = format!("{FIRM}[robot.settle_for]\n\"Scans/Lents\" = \"2m\"\n\"Scans\" = \"30s\"\n");
    let config = Bench::new().parse(&text).unwrap();
    let settle = |folder: &str| config.robot.settle_of(&path(folder)).num_seconds();
    assert_eq!((settle("Scans/Lents"), settle("Scans/x"), settle("Achats")), (120, 30, 5));
}

#[test]
fn what_is_allowed_and_odd_is_a_warning() {
    let text = format!(
        "{FIRM}[mail]\nredirect_to = \"moi@cabinet.example\"\n[apps.x]\nname = \"X\"\nsender = \"x@{{domain}}\"\nrecipient = \"in@x.example\"\n"
    );
    let warnings = Bench::new().parse(&text).unwrap().warnings;
    assert_eq!(warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn another_users_command_reads_the_file_without_the_machine() {
    let bench = Bench::new();
    let text = format!(
        "{FIRM}[documents]\nroot = \"/nowhere\"\n[mail]\ntransport = \"smtp\"\nhost = \"smtp.example\"\nusername = \"robot\"\npassword_file = \"/nowhere/password\"\n"
    );
    assert!(bench.parse(&text).is_err());
    let environment = bench.environment().without_machine();
    assert!(Config::parse(&text, Path::new("routes.toml"), &environment).is_ok());
}

#[test]
fn a_file_that_is_not_there_or_no_text_says_so() {
    let bench = Bench::new();
    let missing = load(Path::new("/nowhere/routes.toml"), &bench.environment()).unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere/routes.toml: cannot be read: "), "{missing}");
    let file = bench.0.path().join("routes.toml");
    std::fs::write(&file, b"[firm]\nname = \"\xe9\"\n").unwrap();
    let complaints = load(&file, &bench.environment()).unwrap_err();
    assert_eq!(complaints.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [2]);
    assert!(load(bench.0.path(), &bench.environment()).is_err(), "a folder is no file");
}

#[test]
fn a_file_with_many_mistakes_is_reported_in_one_go() {
    let bench = Bench::new();
    let text = r#"[firm]
name = "Cabinet Exemple"
domain = "https://cabinet.example"
time_zone = "Europe/Pari"
collection = "compta@{domain}"

[documents]
root = "nowhere"

[state]
directory = "state"
backup = "backup"

[robot]
schedule = "*/15 * * * *"
settle = 5
flod = 200

[mail]
transport = "smtp"
host = "smtp.cabinet.example"
port = 70000
security = "none"
username = "robot"
password = "hunter2"
retry = { first = "5h" }

[alarms]
to = ["informatique"]

[apps.quickbooks]
profile = "quickbook"

[apps.inqom]
profile = "inqom"
accepts = ["PDF", ".jpg"]
mail_bytes_max = "20 Mo"
sender = "inqom {slug}@{domain}"

[[companies]]
folder = "Dupont Maçonnerie"

[[companies]]
folder = "Dupont & Fils"
slug = "dupont-maconnerie"
"#;
    let complaints = bench.parse(text).unwrap_err();
    let shown = complaints.to_string().replace(bench.0.path().to_str().unwrap(), "/firm");
    insta::assert_snapshot!(shown);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let bench = Bench::new();
        std::fs::write(bench.0.path().join("routes.toml"), &bytes).unwrap();
        prop_assert!(load(Path::new("routes.toml"), &bench.environment()).is_err());
    }

    #[test]
    fn no_text_panics(text in "(\\[{0,2}[a-z.]{1,9}\\]{0,2}|[a-z.]{1,9} = .{0,9}|\\PC{0,20}|\n){0,20}") {
        prop_assert!(Bench::new().parse(&text).is_err(), "no random text names a firm");
    }

    #[test]
    fn no_change_of_the_example_panics(
        at in 0_usize..8_000,
        length in 0_usize..40,
        with in "[\\x00-\\x7f]{0,6}|\\[\\[|\\{|\"\"\"|é|[0-9]{1,40}",
    ) {
        let example = include_str!("../../routes.toml").replace("\n# ", "\n");
        let changed: String = example
            .chars()
            .take(at)
            .chain(with.chars())
            .chain(example.chars().skip(at + length))
            .collect();
        if let Err(complaints) = Bench::new().parse(&changed) {
            prop_assert!(complaints.iter().next().is_some());
            prop_assert!(!complaints.to_string().is_empty());
        }
    }
}
