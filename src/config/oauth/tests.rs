//! Mistakes in `oauth = { … }`, and what a right one means.

use std::os::unix::fs::PermissionsExt as _;

use super::super::login::{Credential, Login};
use super::super::model::TransportConfig;
use super::super::tests::Bench;
use super::*;

/// A right entry on lines 4 to 7, but for its `oauth` on line 8.
const BOX: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n[[mailboxes]]\naddress = \"quickbooks@cabinet.example\"\nhost = \"imap.cabinet.example\"\nusername = \"quickbooks@cabinet.example\"\n";

fn bench() -> Bench {
    let bench = Bench::new();
    let secret = bench.0.path().join("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    bench
}

fn read(bench: &Bench, oauth: &str) -> OAuthConfig {
    let mut config = bench.parse(&format!("{BOX}oauth = {{ {oauth} }}\n")).unwrap();
    let Login { user, credential } = config.mailboxes.remove(0).login;
    assert_eq!(user, "quickbooks@cabinet.example");
    match credential {
        Credential::OAuth(oauth) => *oauth,
        Credential::Password(_) => panic!("{oauth}"),
    }
}

#[test]
fn three_keys_suffice_for_microsoft_365() {
    let bench = bench();
    let oauth =
        read(&bench, r#"provider = "microsoft365", client_id = "id", tenant = "c.example""#);
    let at = "https://login.microsoftonline.com/c.example/oauth2/v2.0";
    assert_eq!(oauth.token_url, format!("{at}/token"));
    assert_eq!(oauth.device_url, Some(format!("{at}/devicecode")));
    assert_eq!(oauth.authorize_url, Some(format!("{at}/authorize")));
    assert!(oauth.scope.iter().any(|scope| scope == "offline_access"));
    assert_eq!(oauth.client_secret, None);
    assert_eq!(oauth.directory, bench.0.path().join("state/logins"));
}

#[test]
fn gmail_has_a_secret_and_no_device_flow() {
    let oauth =
        read(&bench(), r#"provider = "gmail", client_id = "id", client_secret_file = "secret""#);
    assert_eq!(oauth.device_url, None);
    assert_eq!(oauth.scope, ["https://mail.google.com/"]);
    assert!(oauth.authorize_parameters.contains(&("access_type".to_owned(), "offline".to_owned())));
    assert!(!format!("{oauth:?}").contains("hunter2"));
}

#[test]
fn every_known_provider_says_where_its_facts_come_from() {
    let addresses = ["token_url", "device_url", "authorize_url", "scope"];
    for (name, text) in PROVIDERS {
        let table: toml::Table = toml::from_str(text).unwrap();
        assert!(table["source"].as_str().unwrap().contains("November 2026"), "{name}");
        for doubt in table["uncertain"].as_array().unwrap() {
            let field = doubt.as_str().unwrap().split_once(':').unwrap().0;
            assert!(addresses.contains(&field), "{name}: {doubt}");
        }
        let preset = known(name).unwrap();
        let urls = [&preset.token_url, &preset.device_url, &preset.authorize_url];
        for url in urls.into_iter().flatten() {
            assert!(address(&url.replace(TENANT, "x")).is_ok(), "{name}: {url}");
        }
        assert!(!preset.scope.is_empty() && !preset.name.is_empty(), "{name}");
    }
}

#[test]
fn mail_and_alarms_log_in_so_too() {
    let server = "host = \"smtp.cabinet.example\"\nusername = \"a@cabinet.example\"\noauth = { provider = \"microsoft365\", client_id = \"id\", tenant = \"x\" }\n";
    let text = format!(
        "[firm]\nname = \"C\"\ndomain = \"cabinet.example\"\n[mail]\ntransport = \"smtp\"\n{server}[alarms]\n{server}"
    );
    let config = bench().parse(&text).unwrap();
    let TransportConfig::Smtp(mail) = config.mail.transport else { panic!("it is smtp") };
    assert!(mail.login.as_ref().unwrap().oauth().is_some());
    assert_eq!(config.alarms.server.unwrap().login, mail.login);
    assert_eq!(config.alarms.sender.as_str(), "a@cabinet.example");
}

#[test]
fn one_login_serves_every_place_of_its_account_and_asks_for_all_they_need() {
    let custom = |scope: &str| {
        format!(
            "username = \"robot\"\noauth = {{ provider = \"custom\", client_id = \"id\", token_url = \"https://l.example/t\", device_url = \"https://l.example/d\", scope = [{scope}] }}\n"
        )
    };
    let (read, send) = (custom("\"imap\", \"offline\""), custom("\"smtp\", \"offline\""));
    let text = format!(
        "[firm]\nname = \"C\"\ndomain = \"cabinet.example\"\n[mail]\ntransport = \"smtp\"\nhost = \"smtp.example\"\n{send}[[mailboxes]]\naddress = \"a@cabinet.example\"\nhost = \"imap.example\"\n{read}[[mailboxes]]\naddress = \"b@cabinet.example\"\nhost = \"imap.example\"\n{}",
        read.replace("\"robot\"", "\"other\"")
    );
    let logins = bench().parse(&text).unwrap().oauth_logins();
    let [robot, other] = logins.as_slice() else { panic!("{logins:?}") };
    assert_eq!((robot.user.as_str(), other.user.as_str()), ("robot", "other"));
    assert_eq!(robot.places, ["mail", "a@cabinet.example"]);
    assert_eq!(robot.oauth.scope, ["smtp", "offline", "imap"]);
    assert_eq!(other.oauth.scope, ["imap", "offline"]);
    assert!(robot.serves("MAIL") && !robot.serves("b@cabinet.example"));
}

#[test]
fn mistakes_have_their_line_and_their_remedy() {
    let microsoft = r#"provider = "microsoft365", client_id = "id", tenant = "x""#;
    let custom = r#"provider = "custom", client_id = "id", token_url = "https://l.example/t""#;
    let cases = [
        ("client_id = \"id\"".to_owned(), "`provider` is missing", "\"gmail\" or \"microsoft365\""),
        ("provider = \"yahoo\", client_id = \"id\"".to_owned(), "no provider", "\"custom\""),
        ("provider = \"microsoft365\", tenant = \"x\"".to_owned(), "`client_id` is", "the id"),
        ("provider = \"microsoft365\", client_id = \"id\"".to_owned(), "`tenant` is", "domain"),
        (microsoft.replace("\"x\"", "\"x/y\""), "no tenant", "onmicrosoft"),
        (microsoft.replace("\"id\"", "\"\""), "not one word", "spells"),
        (microsoft.replace("\"id\"", "\"…\""), "stands for an id", "provider gave"),
        (microsoft.replace("\"id\"", "\"....apps.example\""), "stands for an id", "provider"),
        (format!("{microsoft}, client_secret = \"hunter2\""), "secret stands", "client_secret_file"),
        (format!("{microsoft}, client_secret_env = \"NO\""), "not set", "EnvironmentFile"),
        (format!("{microsoft}, colour = \"red\""), "no key `colour`", "client_id"),
        (format!("{microsoft}, token_url = \"http://l.example/\""), "in clear", "https"),
        (format!("{microsoft}, token_url = \"https://u:hunter2@l.example/\""), "no user", "https"),
        (format!("{microsoft}, token_url = \"file:///etc/passwd\""), "no address of a web", "https"),
        (format!("{microsoft}, ca_file = \"nowhere\""), "cannot be read", "PEM"),
        ("provider = \"gmail\", client_id = \"id\"".to_owned(), "client secret", "_file"),
        (
            "provider = \"gmail\", client_id = \"id\", tenant = \"x\", client_secret_file = \"secret\""
                .to_owned(),
            "knows no tenants",
            "leave it out",
        ),
        ("provider = \"custom\", client_id = \"id\"".to_owned(), "`token_url` is", "tokens"),
        (format!("{custom}, device_url = \"https://l.example/d\""), "`scope` is missing", "scope ="),
        (format!("{custom}, scope = [\"mail\"]"), "nobody could log in", "device_url"),
    ];
    for (oauth, problem, remedy) in cases {
        let text = format!("{BOX}oauth = {{ {oauth} }}\n");
        let complaints = bench().parse(&text).unwrap_err();
        let found = complaints.iter().any(|complaint| {
            complaint.line == 8
                && complaint.problem.contains(problem)
                && complaint.remedy.contains(remedy)
        });
        assert!(found, "{oauth}:\n{complaints}");
        assert!(!complaints.to_string().contains("hunter2"), "{complaints}");
    }
}

#[test]
fn a_password_beside_it_or_no_name_is_a_mistake() {
    let oauth = r#"oauth = { provider = "microsoft365", client_id = "id", tenant = "x" }"#;
    let nameless = BOX.replace("username = \"quickbooks@cabinet.example\"\n", "");
    let cases = [
        (format!("{BOX}password_file = \"secret\"\n{oauth}\n"), 8, "a password and `oauth`"),
        (format!("{nameless}{oauth}\n"), 7, "no `username`"),
        (format!("{BOX}oauth = \"microsoft365\"\n"), 8, "a string cannot stand here"),
        (BOX.to_owned(), 7, "the password is missing"),
    ];
    for (text, line, problem) in cases {
        let complaints = bench().parse(&text).unwrap_err();
        let found = complaints
            .iter()
            .any(|complaint| complaint.line == line && complaint.problem.contains(problem));
        assert!(found, "{text}:\n{complaints}");
    }
}

#[test]
fn addresses_on_this_machine_need_no_tls() {
    for url in ["https://l.example/t?a=b", "http://127.0.0.1:8080/t", "http://localhost/t"] {
        assert!(address(url).is_ok(), "{url}");
    }
    for url in ["http://127.evil.example/", "https://l.example/#x", "l.example", "", "https://"] {
        assert!(address(url).is_err(), "{url}");
    }
    assert!(address("http://[::1]:8080/t").is_ok());
}
