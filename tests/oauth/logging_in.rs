//! A person logs in: by a code, by a browser here, by a browser elsewhere.

use std::os::unix::fs::PermissionsExt as _;

use facteur::adapters::oauth::{DeviceCode, TokenError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, empty};
use tokio::net::TcpStream;

use crate::authority::{CLIENT, Refusal};
use crate::firm::{Firm, Instantly, USER};

async fn by_device(firm: &Firm) -> (Result<(), TokenError>, Option<DeviceCode>, Vec<i64>) {
    let (clock, mut shown) = (Instantly::default(), None);
    let logged_in = firm.account().by_device(&clock, |code| shown = Some(code)).await.unwrap();
    let waits = clock.waits.lock().unwrap().clone();
    (logged_in, shown, waits)
}

#[tokio::test]
async fn a_code_is_shown_and_what_it_gives_is_kept_for_its_owner_alone() {
    let firm = Firm::new();
    assert!(!firm.account().is_kept().unwrap());
    let (logged_in, shown, _) = by_device(&firm).await;
    logged_in.unwrap();
    let shown = shown.unwrap();
    assert_eq!(shown.code, "ABCD-EFGH");
    assert_eq!(shown.address, format!("{}/here", firm.authority.address()));
    let asked = firm.authority.asked("/device");
    assert_eq!(
        (asked[0]["client_id"].as_str(), asked[0]["scope"].as_str()),
        (CLIENT, "mail offline_access")
    );
    assert!(firm.authority.takes_refresh(&firm.kept()));
    assert!(firm.account().is_kept().unwrap());
    for (path, mode) in
        [(firm.file("json"), 0o600), (firm.file("lock"), 0o600), (firm.directory(), 0o700)]
    {
        let found = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
    assert!(!firm.file("new").exists());
}

#[tokio::test]
async fn a_server_that_wants_patience_gets_it() {
    let firm = Firm::new();
    let pending = Refusal::Error("authorization_pending", "not yet");
    let slow = Refusal::Error("slow_down", "less often");
    let down = Refusal::Nonsense(503, "<html>");
    firm.authority.refuses(&[pending.clone(), slow, pending, down, Refusal::HangUp]);
    let (logged_in, _, waits) = by_device(&firm).await;
    logged_in.unwrap();
    assert_eq!(waits, [5, 10, 10, 10, 10]);
}

#[tokio::test]
async fn a_person_who_says_no_or_nothing_leaves_nothing_behind() {
    let denied = vec![Refusal::Error("access_denied", "the person said no")];
    let expired = vec![Refusal::Error("expired_token", "too late")];
    let never = vec![Refusal::Error("authorization_pending", "not yet"); 1000];
    for (refusals, said) in [(denied, "said no"), (expired, "in time"), (never, "in time")] {
        let firm = Firm::new();
        firm.authority.refuses(&refusals);
        let (logged_in, _, _) = by_device(&firm).await;
        let error = logged_in.unwrap_err();
        assert!(matches!(&error, TokenError::NotGiven(words) if words.contains(said)), "{error}");
        assert!(!firm.account().is_kept().unwrap());
        assert!(firm.authority.asked("/token").len() <= 182, "it is asked every five seconds");
    }
}

#[tokio::test]
async fn a_client_that_the_server_does_not_know_is_a_mistake_of_routes_toml() {
    let firm = Firm::new();
    firm.authority.refuses(&[Refusal::Error("invalid_client", "unknown")]);
    let (logged_in, _, _) = by_device(&firm).await;
    let error = logged_in.unwrap_err().to_string();
    assert!(error.contains("correct `oauth` in routes.toml"), "{error}");
}

#[tokio::test]
async fn a_login_without_a_refresh_token_is_none() {
    let firm = Firm::new();
    firm.authority.gives_no_refresh_token();
    let (logged_in, _, _) = by_device(&firm).await;
    let error = logged_in.unwrap_err().to_string();
    assert!(error.contains("no refresh token"), "{error}");
    assert!(!firm.account().is_kept().unwrap());
}

#[tokio::test]
async fn a_browser_on_this_machine_comes_back_by_itself() {
    let firm = Firm::new();
    let account = firm.account();
    let offer = account.by_browser().await.unwrap().unwrap();
    let back = firm.authority.approves(offer.address());
    assert!(offer.address().contains("access_type=offline"), "{}", offer.address());
    let hint = format!("login_hint={}", USER.replace('@', "%40"));
    assert!(offer.address().contains(&hint), "{}", offer.address());
    let visits = async {
        // Anybody can send a browser here.
        let (host, query) = back.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let forged = query.replace("state=", "state=x");
        let mut pages = Vec::new();
        for query in ["favicon.ico", &forged, "?error=x", query] {
            let mut browser = TcpStream::connect(host).await.unwrap();
            let request = format!("GET /{query} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            browser.write_all(request.as_bytes()).await.unwrap();
            let mut page = String::new();
            browser.read_to_string(&mut page).await.unwrap();
            pages.push(page);
        }
        pages
    };
    let (finished, pages) = tokio::join!(offer.finish(empty(), |_| {}), visits);
    finished.unwrap();
    assert!(pages[..3].iter().all(|page| page.starts_with("HTTP/1.1 404")), "{pages:?}");
    assert!(pages[3].contains("This worked"), "{pages:?}");
    assert!(pages.iter().all(|page| !page.to_lowercase().contains("facteur")), "{pages:?}");
    assert!(firm.authority.takes_refresh(&firm.kept()));
}

#[tokio::test]
async fn a_browser_elsewhere_is_pasted_and_another_logins_address_is_not_taken() {
    for code_alone in [false, true] {
        let firm = Firm::new();
        let account = firm.account();
        let offer = account.by_browser().await.unwrap().unwrap();
        let other = account.by_browser().await.unwrap().unwrap();
        let others = firm.authority.approves(other.address());
        let back = firm.authority.approves(offer.address());
        let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let right = if code_alone { code } else { back };
        let typed = format!("\n{others}\nwhat is this\n{right}\n");
        let mut odd = Vec::new();
        offer.finish(typed.as_bytes(), |problem| odd.push(problem.to_owned())).await.unwrap();
        assert_eq!(odd.len(), 2, "{odd:?}");
        assert!(odd[0].contains("another login"), "{odd:?}");
        assert!(firm.authority.takes_refresh(&firm.kept()));
    }
}

#[tokio::test]
async fn a_code_of_somebody_else_is_worth_nothing() {
    let firm = Firm::new();
    let account = firm.account();
    let offer = account.by_browser().await.unwrap().unwrap();
    let other = account.by_browser().await.unwrap().unwrap();
    let others = firm.authority.approves(other.address());
    let code = others.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let error = offer.finish(format!("{code}\n").as_bytes(), |_| {}).await.unwrap_err();
    assert!(matches!(error, TokenError::NotGiven(_)), "{error}");
    assert!(!firm.account().is_kept().unwrap());
}

#[tokio::test]
async fn a_refusal_in_the_browser_is_told_in_the_servers_words() {
    let firm = Firm::new();
    let account = firm.account();
    let offer = account.by_browser().await.unwrap().unwrap();
    let back = firm.authority.approves(offer.address());
    let state = back.split("state=").nth(1).unwrap();
    let typed =
        format!("http://127.0.0.1/?error=access_denied&error_description=no%0Away&state={state}\n");
    let error = offer.finish(typed.as_bytes(), |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "nobody was logged in: access_denied: no way");
}
