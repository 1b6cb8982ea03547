//! The program itself: `login`, `check` before and after, and no secret in anything it says.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::authority::{CLIENT, Refusal};
use crate::firm::{Firm, USER};
use crate::mail_servers::{imap, smtp};

/// The program, away from anybody's environment; it logs all that it would ever log.
fn program(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    command.args(words).current_dir(folder).stdin(Stdio::null()).env("RUST_LOG", "trace");
    for variable in ["FACTEUR_CONFIG", "SUDO_USER", "CLICOLOR_FORCE", "HTTP_PROXY", "http_proxy"] {
        command.env_remove(variable);
    }
    command
}

/// Runs it: its exit code, what it printed, and what it said.
fn facteur(firm: &Firm, words: &[&str]) -> (i32, String, String) {
    ended(firm, &program(firm.folder.path(), words).output().unwrap())
}

fn ended(firm: &Firm, output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    for secret in firm.authority.secrets() {
        assert!(!stdout.contains(&secret), "{secret} in {stdout}");
        assert!(!stderr.contains(&secret), "{secret} in {stderr}");
        let words = format!("user={USER}\u{1}auth=Bearer {secret}\u{1}\u{1}");
        assert!(!stderr.contains(&STANDARD.encode(words)), "{secret} in {stderr}");
    }
    (output.status.code().unwrap(), stdout, stderr)
}

/// A firm whose mailbox and mail server are there and take its tokens.
async fn office() -> Firm {
    let firm = Firm::new();
    let (imap, smtp) = (imap(&firm).listen().await.port(), smtp(&firm).listen().await.port());
    let at = firm.authority.address();
    let login = format!(
        "username = \"{USER}\"\nsecurity = \"none\"\nhost = \"127.0.0.1\"\n\
         oauth = {{ provider = \"custom\", client_id = \"{CLIENT}\", token_url = \"{at}/token\", \
         device_url = \"{at}/device\", authorize_url = \"{at}/authorize\", scope = [\"mail\"], \
         ca_file = \"ca.pem\" }}\n"
    );
    let routes = format!(
        "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n\
         [mail]\ntransport = \"smtp\"\nport = {smtp}\n{login}\
         [[mailboxes]]\naddress = \"{USER}\"\nport = {imap}\n{login}"
    );
    std::fs::create_dir_all(firm.folder.path().join("documents/Dupont")).unwrap();
    std::fs::write(firm.folder.path().join("routes.toml"), routes).unwrap();
    firm
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_logs_in_and_every_server_works() {
    let firm = office().await;
    let (code, stdout, _) = facteur(&firm, &["check"]);
    assert_eq!(code, 3, "{stdout}");
    assert!(stdout.contains(&format!("(`facteur login {USER}`)")), "{stdout}");
    assert!(!firm.folder.path().join("state").exists(), "a check makes no state");
    let (code, stdout, stderr) = facteur(&firm, &["check", "--online"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stderr.contains(&format!("facteur login {USER}")), "{stderr}");

    let (code, stdout, stderr) = facteur(&firm, &["login", "mail"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stderr.contains("/here") && stderr.contains("ABCD-EFGH"), "{stderr}");
    assert!(stdout.contains("works: 235 welcome"), "{stdout}");
    assert!(stdout.contains("works: logged in; 1 mail in `INBOX`"), "{stdout}");

    let (code, stdout, _) = facteur(&firm, &["check", "--online", "--json"]);
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, 0, "{stdout}");
    assert_eq!(value["logins"][0]["kept"], true);
    assert_eq!(value["logins"][0]["places"], serde_json::json!(["mail", USER]));
    assert_eq!(value["online"][1]["works"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_browser_on_another_machine_will_do() {
    let firm = office().await;
    let words = ["login", "--browser", "--json", USER];
    let mut command = program(firm.folder.path(), &words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = said.find_map(|line| line.ok().filter(|line| line.contains("code_challenge=")));
    let back = firm.authority.approves(&address.unwrap());
    // Others see what a process says, too: nobody needs to hear it.
    std::thread::spawn(move || said.for_each(drop));
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{back}").unwrap();
    // It stays open, as a terminal does.
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let (code, stdout, _) = ended(&firm, &output);
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["login"]), (0, &Value::from(USER)));
    assert_eq!(value["online"][0]["works"], true, "{stdout}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_does_not_come_about_says_why() {
    let firm = office().await;
    firm.authority.refuses(&[Refusal::Error("access_denied", "the person said no")]);
    let (code, stdout, stderr) = facteur(&firm, &["login", "--json"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.contains("nobody was logged in: access_denied"), "{stdout}");
    let (code, _, stderr) = facteur(&firm, &["login", "nobody@cabinet.example"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains(&format!("hint: there are: mail, {USER}")), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_whose_mailbox_refuses_it_needs_a_person() {
    let firm = office().await;
    let routes = firm.folder.path().join("routes.toml");
    let text = std::fs::read_to_string(&routes).unwrap();
    // Somebody else's account, as a browser's own may be.
    std::fs::write(
        &routes,
        text.replace(&format!("username = \"{USER}\""), "username = \"other\""),
    )
    .unwrap();
    let (code, stdout, stderr) = facteur(&firm, &["login"]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(stdout.contains("does not work") && stdout.contains("is it other who"), "{stdout}");
}

#[test]
fn without_oauth_there_is_nothing_to_log_in_to() {
    let firm = Firm::new();
    let routes = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";
    std::fs::create_dir_all(firm.folder.path().join("documents")).unwrap();
    std::fs::write(firm.folder.path().join("routes.toml"), routes).unwrap();
    let (code, _, stderr) = facteur(&firm, &["login", "mail"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("docs/mailboxes.md"), "{stderr}");
    let (_, stdout, _) = facteur(&firm, &["check", "--json"]);
    assert!(serde_json::from_str::<Value>(&stdout).unwrap().get("logins").is_none(), "{stdout}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_several_logins_is_named_and_a_way_that_is_not_there_is_told() {
    let firm = office().await;
    let routes = firm.folder.path().join("routes.toml");
    let text = std::fs::read_to_string(&routes).unwrap();
    let (mail, mailbox) = text.split_once("[[mailboxes]]").unwrap();
    let (firm_alone, mail) = mail.split_once("[mail]\ntransport = \"smtp\"").unwrap();
    // One name at two servers, and the mailbox's own name at a third.
    let mail = mail.replace(&format!("username = \"{USER}\""), "username = \"both\"");
    let alarms = mail.replace(CLIENT, "second-robot");
    let mailbox = mailbox.replace(CLIENT, "third-robot");
    let several = format!(
        "{firm_alone}[mail]\ntransport = \"smtp\"{mail}[alarms]{alarms}[[mailboxes]]{mailbox}"
    );
    std::fs::write(&routes, several).unwrap();
    for (words, said, exit) in [
        (vec!["login"], "there are several logins: say which", 2),
        (vec!["login", "nobody"], "`nobody` is no login of routes.toml", 2),
        (vec!["login", "both"], "`both` has more than one login", 2),
        (vec!["login", "MAIL"], "Log in to the provider as both", 3),
        (vec!["login", USER], "correct `oauth` in routes.toml", 1),
    ] {
        let (code, stdout, stderr) = facteur(&firm, &words);
        assert!(code == exit && stderr.contains(said), "{words:?}: {code} {stdout}{stderr}");
    }
    let device = format!(" device_url = \"{}/device\",", firm.authority.address());
    std::fs::write(&routes, text.replace(&device, "")).unwrap();
    let (code, _, stderr) = facteur(&firm, &["login", "--device"]);
    assert!(code == 1 && stderr.contains("hint: --browser"), "{code} {stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_nobody_has_logged_in_documents_wait_and_the_alarm_says_what_to_do() {
    let firm = office().await;
    let routes = firm.folder.path().join("routes.toml");
    let text = std::fs::read_to_string(&routes).unwrap();
    std::fs::write(&routes, format!("{text}[apps.quickbooks]\nprofile = \"quickbooks\"\n"))
        .unwrap();
    for words in [
        &["connect", "dupont", "quickbooks"][..],
        &["switch", "on", "dupont", ".", "--app", "quickbooks"],
    ] {
        let (code, stdout, stderr) = facteur(&firm, words);
        assert_eq!(code, 0, "{words:?}: {stdout}{stderr}");
    }
    std::fs::write(firm.folder.path().join("documents/Dupont/facture.pdf"), "%PDF-1.4").unwrap();
    facteur(&firm, &["round"]);
    let (_, stdout, _) = facteur(&firm, &["status", "--json"]);
    let status: Value = serde_json::from_str(&stdout).unwrap();
    let alarms = status["alarms"].as_array().unwrap();
    let remedy = format!("run `facteur login {USER}`");
    let put_off = alarms.iter().find(|alarm| alarm["kind"] == "put_off").expect("an alarm");
    assert!(put_off["message"].as_str().unwrap().contains(&remedy), "{put_off}");
    let (_, stdout, _) = facteur(&firm, &["deliveries", "--json"]);
    let deliveries: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(deliveries[0]["state"], "queued", "it waits, and is not blamed: {stdout}");
}
