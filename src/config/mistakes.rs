//! A table of the mistakes a person can make in routes.toml, and the report of many at once.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::tests::Bench;
use super::{Config, Environment, Login, MailConfig, TransportConfig};

/// Goes before each case: six lines that are right.
const BASE: &str = "firm.name = \"Cabinet\"\nfirm.domain = \"cabinet.example\"\n\n\n\n\n";

/// Checks cases of (text, line of the complaint, part of its problem, part of its remedy); the
/// text begins on line 7, and has no other mistake.
fn check(cases: &[(&str, usize, &str, &str)]) {
    let bench = Bench::new();
    std::fs::write(bench.0.path().join("file"), "x").unwrap();
    for (text, line, problem, remedy) in cases {
        let complaints = bench.parse(&format!("{BASE}{text}\n")).unwrap_err();
        let list: Vec<_> = complaints.iter().collect();
        let [complaint] = list.as_slice() else { panic!("{text}:\n{complaints}") };
        assert_eq!(complaint.line, *line, "{text}:\n{complaints}");
        assert!(complaint.problem.contains(problem), "{text}:\n{complaints}");
        assert!(complaint.remedy.contains(remedy), "{text}:\n{complaints}");
    }
}

#[test]
fn mistakes_of_form() {
    check(&[
        ("[frim]", 7, "no key `frim`", "did you mean `firm`?"),
        ("[robot]\nshedule = \"x\"", 8, "no key `shedule`", "did you mean `schedule`?"),
        ("[robot]\ncolour = \"x\"", 8, "[robot] has no key `colour`", "schedule, settle"),
        ("[[letters]]\nhost = \"x\"", 7, "no key `letters`", "firm, documents"),
        ("[robot]\nwatch = \"yes\"", 8, "a string cannot stand here", "true or false"),
        ("[robot]\nflood = \"200\"", 8, "a string cannot stand here", "a whole number"),
        ("[robot]\nflood = -1", 8, "-1 is out of range", "from 0"),
        ("[robot]\nflood = 0xFFFFFFFFF", 8, "out of range", "from 0"),
        ("[robot]\nsettle = 5", 8, "an integer cannot", "in quotes, with its unit"),
        ("[robot]\nsettle = \"5\"", 8, "`5` is no duration", "5s"),
        ("[robot]\nsettle = \"0s\"", 8, "out of range", "\"1s\" to \"1h\""),
        ("[robot]\nsettle = \"2h\"", 8, "out of range", "\"1s\" to \"1h\""),
        ("mail = 3", 7, "an integer cannot", "[mail]"),
        ("companies = 3", 7, "an integer cannot", "[[companies]]"),
        ("[alarms]\nto = \"a@b.example\"", 8, "a string cannot", "list"),
        ("[alarms]\nto = [\n\"a@b.example\",\n\"nobody\"]", 10, "no e-mail address", "one address"),
        ("[alarms]\nport = 25", 8, "`port` is there and no `host`", "second mail server"),
        ("[alarms]\nhost = \"mail.b.example\"\nsecurity = \"none\"", 9, "in clear", "starttls"),
        (
            "[alarms]\nhost = \"localhost\"\nusername = \"r\"",
            9,
            "password is missing",
            "password_file",
        ),
        ("[alarms]\nfrom = \"nobody\"", 8, "no e-mail address", "one address"),
        ("[state]\nfree_min = \"plenty\"", 8, "no size", "20 MB"),
        ("[log]\nformat = \"xml\"", 8, "`xml`", "\"text\" or \"json\""),
        ("[log]\nformat = \"te\\nxt\"", 8, "line feed", "one line"),
        ("[log]\nformat = text", 8, "not TOML", "quotes"),
        ("[log]\nformat = \"text\"\nformat = \"json\"", 9, "not TOML: duplicate key", "once"),
    ]);
}

#[test]
fn a_line_that_is_no_toml_hides_no_other_mistake() {
    let text = "[firm]\nname = \"Cabinet\ndomain = \"cabinet.example\"\n[robot]\nflod = 3\nwatch = \"a\"\nsettle = \n";
    let complaints = Bench::new().parse(text).unwrap_err();
    let lines: Vec<usize> = complaints.iter().map(|complaint| complaint.line).collect();
    assert_eq!(lines, [2, 5, 6, 7], "{complaints}");
}

#[test]
fn mistakes_about_the_firm() {
    let bench = Bench::new();
    let complaints = bench.parse("").unwrap_err();
    assert_eq!(complaints.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [1, 1]);
    check(&[
        ("firm.time_zone = \"Europe/Pari\"", 7, "no time zone", "did you mean \"Europe/Paris\"?"),
        ("firm.time_zone = \"France\"", 7, "no time zone", "Europe/Paris"),
        ("firm.bot_name = \" \"", 7, "1 to 120", "people"),
        ("firm.collection = \"compta@{domain}\"", 7, "all companies", "{slug}"),
        ("firm.collection = \"{slug}+{app}@{domain}\"", 7, "no app", "leave {app}"),
        ("firm.collection = \"{company}@{domain}\"", 7, "placeholder other", "{slug}"),
        ("firm.collection = \"documents-comptables+{slug}@{domain}\"", 7, "too long", "shorten"),
    ]);
    for domain in
        ["", "cabinet", "a@cabinet.example", "https://cabinet.example", "é.example", "a..b"]
    {
        let text = format!("firm.name = \"C\"\nfirm.domain = \"{domain}\"");
        let complaints = bench.parse(&text).unwrap_err();
        let only = complaints.iter().map(|complaint| complaint.line).collect::<Vec<_>>();
        assert_eq!(only, [2], "{complaints}");
    }
}

#[test]
fn mistakes_about_folders() {
    check(&[
        ("[documents]\nroot = \"nowhere\"", 8, "nowhere` doesn't exist", "create it"),
        ("[documents]\nroot = \"file\"", 8, "is no folder", "one folder a company"),
        ("[documents]\nroot = \"~/documents\"", 8, "`~`", "whole path"),
        ("[documents]\nroot = \"\"", 8, "empty", "name a file"),
        ("[documents]\nignore = [\"a/b\"]", 8, "`a/b` is no name", "without `/`"),
        ("[state]\ndirectory = \"documents/state\"", 8, "inside the documents", "outside"),
        ("[state]\ndirectory = \"./documents/../documents/x\"", 8, "inside the documents", ""),
        ("[state]\ndirectory = \"documents\"", 8, "inside the documents", "outside"),
        ("[state]\ndirectory = \".\"", 8, "the documents lie inside it", "its own"),
        ("[state]\ndirectory = \"file\"", 8, "is no folder", "made when missing"),
        ("[state]\nsocket_group = \"no-such-group\"", 8, "no group", "groupadd"),
        ("[state]\nexport = {}", 8, "`directory` is missing", "directory = "),
        ("[state]\nexport.directory = \"documents/b\"", 8, "inside the documents", "outside"),
        ("[state.export]\ndirectory = \"b\"\nevery = \"1s\"", 9, "out of range", "1m"),
        ("[state.export]\ndirectory = \"b\"\nkeep = 0", 9, "out of range", "from 1"),
        ("[mail]\noutbox = \"documents/out\"", 8, "inside the documents", "outside"),
        ("[mail]\noutbox = \"state\"", 8, "two purposes", "of its own"),
    ]);
}

#[test]
fn a_state_behind_a_link_into_the_documents_is_found() {
    let bench = Bench::new();
    std::os::unix::fs::symlink(bench.0.path().join("documents"), bench.0.path().join("link"))
        .unwrap();
    let text = format!("{BASE}[state]\ndirectory = \"link/state\"");
    let complaints = bench.parse(&text).unwrap_err();
    assert!(complaints.to_string().contains("inside the documents"), "{complaints}");
}

#[test]
fn impossible_schedules() {
    check(&[
        ("[robot]\nschedule = \"*/15 * * * *\"", 8, "five fields", "\"0 */15 * * * *\""),
        ("[robot]\nschedule = \"0 0 0 30 2 *\"", 8, "never comes", "on deposit"),
        ("[robot]\nschedule = \"0 0 0 * * * 2020\"", 8, "a year", "leave the seventh"),
        ("[robot]\nschedule = \"often\"", 8, "no schedule", "six fields"),
        ("[robot.settle_for]\n\"/Scans\" = \"5s\"", 8, "no folder pattern", "Scans"),
        ("[robot.settle_for]\n\"Scans\" = \"5\"", 8, "no duration", "5s"),
    ]);
}

#[test]
fn mistakes_about_mail() {
    check(&[
        ("[mail]\ntransport = \"sendmail\"", 8, "none of the choices", "\"outbox\" or \"smtp\""),
        ("[mail]\ntransport = \"smtp\"", 7, "`host` is missing", "host ="),
        ("[mail]\nhost = \"smtp://x\"", 8, "no name of a machine", "no `smtp://`"),
        ("[mail]\nport = 65536", 8, "out of range", "65535"),
        ("[mail]\nconnections = 0", 8, "out of range", "64"),
        (
            "[mail]\ntransport = \"smtp\"\nhost = \"smtp.example\"\nsecurity = \"none\"",
            10,
            "in clear",
            "starttls",
        ),
        (
            "[mail]\ntransport = \"smtp\"\nhost = \"127.evil.example\"\nsecurity = \"none\"",
            10,
            "in clear",
            "starttls",
        ),
        ("[mail]\nredirect_to = \"moi\"", 8, "no e-mail address", "one address"),
        ("[mail.retry]\nfirst = \"5h\"", 8, "longer than `longest`", "first <= longest"),
        ("[mail.retry]\nlongest = \"4d\"\nexpire = \"3d\"", 8, "longer than `expire`", "expire"),
        (
            "[mail]\ntransport = \"smtp\"\nhost = \"a.example\"\nca_file = \"file\"",
            10,
            "holds no certificate",
            "PEM",
        ),
        (
            "[mail]\ntransport = \"smtp\"\nhost = \"a.example\"\nca_file = \"nowhere\"",
            10,
            "cannot be read",
            "PEM",
        ),
    ]);
}

#[test]
fn mistakes_about_apps() {
    check(&[
        (
            "[apps.quickbooks]\nprofile = \"quickbook\"",
            8,
            "no profile",
            "did you mean \"quickbooks\"?",
        ),
        ("[apps.x]\nprofile = \"sage\"", 8, "no profile", "pennylane, quickbooks"),
        ("[apps.quickbooks]", 7, "`profile` is missing", "profile = \"quickbooks\""),
        ("[apps.x]\nsender = \"x@{domain}\"\nrecipient = \"\"", 7, "`name` is missing", "profile"),
        ("[apps.x]\nname = \"X\"\nrecipient = \"\"", 7, "`sender` is missing", "x+{slug}"),
        (
            "[apps.x]\nname = \"X\"\nsender = \"x@{domain}\"",
            7,
            "`recipient` is missing",
            "typed in",
        ),
        ("[apps.QuickBooks]\nprofile = \"quickbooks\"", 7, "is no app", "another key"),
        ("apps.dext = \"dext\"", 7, "a string cannot", "[apps.dext]"),
    ]);
}

#[test]
fn mistakes_about_the_fields_of_apps() {
    check(&[
        ("[apps.dext]\nprofile = \"dext\"\nsender = \"{slug}\"", 9, "no `@`", "{slug}, {domain}"),
        (
            "[apps.dext]\nprofile = \"dext\"\nrecipient = \"{id}@x.example\"",
            9,
            "placeholder",
            "{slug}",
        ),
        (
            "[apps.dext]\nprofile = \"dext\"\nrecipient = \"{inbox}@x.example\"",
            9,
            "no inbox",
            "inboxes",
        ),
        (
            "[apps.x]\nname = \"X\"\nsender = \"{inbox}@{domain}\"\nrecipient = \"\"",
            9,
            "no inboxes",
            "",
        ),
        (
            "[apps.inqom]\nprofile = \"inqom\"\ninboxes.Achats = \"{slug}@x.example\"",
            9,
            "no name of",
            "lower",
        ),
        (
            "[apps.dext]\nprofile = \"dext\"\naccepts = [\".pdf\"]",
            9,
            "no file ext",
            "without the dot",
        ),
        ("[apps.dext]\nprofile = \"dext\"\naccepts = []", 9, "takes nothing", "at least one"),
        ("[apps.dext]\nprofile = \"dext\"\nmail_bytes_max = \"20 Mo\"", 9, "no size", "MB"),
        ("[apps.dext]\nprofile = \"dext\"\nmail_bytes_max = 5", 9, "out of range", "from"),
        (
            "[apps.dext]\nprofile = \"dext\"\nin_doubt = \"skip\"",
            9,
            "none of",
            "\"hold\" or \"resend\"",
        ),
        (
            "[apps.dext]\nprofile = \"dext\"\nrecommended_folders = [\"\"]",
            9,
            "no folder pattern",
            "",
        ),
        ("[apps.dext]\nprofile = \"dext\"\nsubaddress = \"++\"", 9, "separates no", "\"+\""),
        ("[apps.dext]\nprofile = \"dext\"\nacepts = [\"pdf\"]", 9, "no key", "`accepts`"),
        (
            "[apps.a-name-that-takes-its-place]\nprofile = \"dext\"\nsender = \"{app}+{slug}@{domain}\"",
            9,
            "too long",
            "shorten",
        ),
    ]);
}

#[test]
fn mistakes_about_companies() {
    let two = "[[companies]]\nfolder = \"Dupont\"\n[[companies]]\n";
    check(&[
        (
            &format!("{two}folder = \"Autre\"\nslug = \"dupont\""),
            10,
            "slug of `Dupont`",
            "another slug",
        ),
        (
            &format!("{two}folder = \"DUPONT\""),
            10,
            "slug of `Dupont` too, on line 8",
            "another slug",
        ),
        (&format!("{two}folder = \"Dupont\"\nslug = \"x\""), 10, "already, on line 8", "one entry"),
        ("[[companies]]\nslug = \"a\"", 7, "`folder` is missing", "folder ="),
        ("[[companies]]\nfolder = \"a/b\"", 8, "not the name of one", "directly below"),
        ("[[companies]]\nfolder = \"..\"", 8, "leaves", "directly below"),
        ("[[companies]]\nfolder = \"\"", 8, "not the name of one", "directly below"),
        ("[[companies]]\nfolder = \"a\"\nslug = \"Épi d'Or\"", 9, "no slug", "\"epi-d-or\""),
        ("[[companies]]\nfolder = \"🍕\"", 8, "no slug can be made", "slug ="),
        ("[[companies]]\nfolder = \"a\"\nenable = false", 9, "no key", "`enabled`"),
    ]);
}

/// A right `[mail]` but for its password, which is on line 11 and later.
const SMTP: &str = "[mail]\ntransport = \"smtp\"\nhost = \"a.example\"\nusername = \"robot\"\n";

fn write_secret(bench: &Bench, name: &str, bytes: &[u8], mode: u32) {
    let file = bench.0.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn mistakes_about_passwords_never_tell_them() {
    let bench = Bench::new();
    write_secret(&bench, "open", b"hunter2\n", 0o644);
    write_secret(&bench, "empty", b"\n", 0o600);
    write_secret(&bench, "lines", b"hunter2\nhunter2\n", 0o600);
    write_secret(&bench, "binary", b"hunter2\xff", 0o600);
    let environment = bench.environment().with("EMPTY", "");
    let cases = [
        ("", 10, "password is missing"),
        (
            "password = \"hunter2\"\npassword_env = \"EMPTY_NOT\"",
            11,
            "a secret stands in this file",
        ),
        ("password = \"hunter2", 11, "not TOML"),
        ("passwd = \"hunter2\"", 11, "a secret stands in this file"),
        ("api-key = \"hunter2\"", 11, "a secret stands in this file"),
        ("oauth_token = \"hunter2\"", 11, "a secret stands in this file"),
        ("password_file = \"hunter2\"", 11, "doesn't exist"),
        ("password_file = \"open\"", 11, "every user"),
        ("password_file = \"empty\"", 11, "empty"),
        ("password_file = \"lines\"", 11, "more than one line"),
        ("password_file = \"binary\"", 11, "UTF-8"),
        ("password_file = \"documents\"", 11, "cannot be read"),
        ("password_env = \"hunter2\"", 11, "not set"),
        ("password_env = \"EMPTY\"", 11, "empty"),
        ("password_credential = \"hunter2\"", 11, "systemd"),
        ("password_env = \"EMPTY\"\npassword_credential = \"x\"", 12, "two passwords"),
    ];
    for (text, line, problem) in cases {
        let text = format!("{BASE}{SMTP}{text}\n");
        let complaints = Config::parse(&text, Path::new("routes.toml"), &environment).unwrap_err();
        let found = complaints
            .iter()
            .any(|complaint| complaint.line == line && complaint.problem.contains(problem));
        assert!(found, "{text}:\n{complaints}");
        assert!(!format!("{complaints} {complaints:?}").contains("hunter2"), "{complaints}");
    }
}

#[test]
fn a_password_without_a_name_is_a_mistake() {
    check(&[("[mail]\npassword_env = \"X\"", 8, "no `username`", "leave the password out")]);
}

#[test]
fn passwords_come_from_a_file_the_environment_or_systemd() {
    let bench = Bench::new();
    write_secret(&bench, "secret", b" pass word \n", 0o640);
    let environment: Environment = bench
        .environment()
        .with("PASSWORD", " pass word ")
        .with("CREDENTIALS_DIRECTORY", bench.0.path().to_str().unwrap());
    for source in [
        "password_file = \"secret\"",
        "password_env = \"PASSWORD\"",
        "password_credential = \"secret\"",
    ] {
        let text = format!("{BASE}{SMTP}{source}");
        let config = Config::parse(&text, Path::new("routes.toml"), &environment).unwrap();
        assert!(!format!("{config:?}").contains("pass word"), "{config:?}");
        let MailConfig { transport: TransportConfig::Smtp(server), .. } = config.mail else {
            panic!("{source}");
        };
        assert_eq!(server.login, Some(Login::password("robot", " pass word ")), "{source}");
        assert_eq!((server.port, server.connections), (587, 4));
    }
}

#[test]
fn a_password_file_is_named_and_a_password_typed_in_its_place_is_not() {
    let bench = Bench::new();
    write_secret(&bench, "empty", b"", 0o640);
    let missing = bench.0.path().join("missing").display().to_string();
    for (typed, named) in [("empty", true), (missing.as_str(), true), ("hunter2", false)] {
        let text = format!("{BASE}{SMTP}password_file = \"{typed}\"");
        let complaints = bench.parse(&text).unwrap_err().to_string();
        assert_eq!(complaints.contains(typed.rsplit('/').next().unwrap()), named, "{complaints}");
    }
}

#[test]
fn ports_follow_the_security_and_a_local_server_may_be_bare() {
    for (security, port) in [("starttls", 587), ("tls", 465), ("none", 25)] {
        let text = format!(
            "{BASE}[mail]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nsecurity = \"{security}\""
        );
        let config = Bench::new().parse(&text).unwrap();
        let TransportConfig::Smtp(server) = config.mail.transport else { panic!("{security}") };
        assert_eq!((server.port, server.login), (port, None));
    }
}
