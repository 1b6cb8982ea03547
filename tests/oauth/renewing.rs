//! Refresh tokens that rotate: none is lost, whoever refreshes, and whatever the disk does.

use std::os::unix::fs::PermissionsExt as _;

use facteur::ports::mailbox::{Mailbox as _, MailboxError};

use crate::authority::Refusal;
use crate::firm::{Firm, USER};
use crate::mail_servers::{imap, mailbox};

/// Opens the mailbox anew, as another process would: what is said when it fails.
async fn opened(firm: &Firm) -> Result<(), String> {
    match mailbox(firm, &imap(firm)).open().await {
        Ok(_) => Ok(()),
        Err(MailboxError::Lost(said)) => Err(said),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_new_refresh_token_is_kept_and_the_next_process_goes_on_with_it() {
    let firm = Firm::logged_in().await;
    for _ in 0..3 {
        let before = firm.kept();
        opened(&firm).await.unwrap();
        assert_ne!(firm.kept(), before);
        assert!(firm.authority.takes_refresh(&firm.kept()));
        let mode = std::fs::metadata(firm.file("json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_server_that_does_not_rotate_leaves_the_file_alone() {
    let firm = Firm::logged_in().await;
    firm.authority.stops_rotating();
    let before = firm.kept();
    opened(&firm).await.unwrap();
    opened(&firm).await.unwrap();
    assert_eq!(firm.kept(), before);
}

#[tokio::test]
async fn no_access_token_is_used_before_the_refresh_token_beside_it_is_on_disk() {
    let firm = Firm::logged_in().await;
    let (server, before) = (imap(&firm), firm.kept());
    let mailbox = mailbox(&firm, &server);
    // The disk refuses: a folder stands where the new file is written.
    std::fs::create_dir(firm.file("new")).unwrap();
    for _ in 0..2 {
        let Err(MailboxError::Lost(said)) = mailbox.open().await else { panic!("it is unsaved") };
        assert!(said.contains("no access token") && said.contains(".new"), "{said}");
    }
    assert_eq!(server.asked(), Vec::<String>::new());
    assert_eq!(firm.kept(), before, "the old one is whole still");
    assert_eq!(firm.authority.asked("/token").len(), 2, "one login, one refresh, none for nothing");
    // The disk takes it again: what was given meanwhile isn't lost, though the old one is spent.
    std::fs::remove_dir(firm.file("new")).unwrap();
    mailbox.open().await.unwrap();
    assert!(firm.authority.takes_refresh(&firm.kept()));
}

#[tokio::test]
async fn a_process_that_died_between_the_answer_and_the_disk_left_the_old_file() {
    let firm = Firm::logged_in().await;
    firm.authority.forgives();
    let old = std::fs::read(firm.file("json")).unwrap();
    opened(&firm).await.unwrap();
    // As the power left it: half of the new file beside the old one.
    std::fs::write(firm.file("json"), &old).unwrap();
    std::fs::write(firm.file("new"), "{\"version\": 1, \"us").unwrap();
    std::fs::set_permissions(firm.file("new"), std::fs::Permissions::from_mode(0o644)).unwrap();
    opened(&firm).await.unwrap();
    assert!(firm.authority.takes_refresh(&firm.kept()));
    assert!(!firm.file("new").exists());
    let mode = std::fs::metadata(firm.file("json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_refresh_at_once_spend_no_token_twice() {
    let firm = std::sync::Arc::new(Firm::logged_in().await);
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let firm = std::sync::Arc::clone(&firm);
        opening.spawn(async move { opened(&firm).await });
    }
    while let Some(opened) = opening.join_next().await {
        opened.unwrap().unwrap();
    }
    assert!(firm.authority.takes_refresh(&firm.kept()), "nothing was taken for stolen");
}

#[tokio::test]
async fn a_login_that_ended_says_who_must_do_what_and_a_new_one_is_noticed() {
    let firm = Firm::logged_in().await;
    let server = imap(&firm);
    let mailbox = mailbox(&firm, &server);
    mailbox.open().await.unwrap();
    firm.authority.ends_all();
    for _ in 0..2 {
        let Err(MailboxError::Lost(said)) = mailbox.open().await else { panic!("it ended") };
        let remedy = format!("log in again with `facteur login {USER}`");
        assert!(said.contains(&remedy) && said.contains("invalid_grant"), "{said}");
    }
    firm.log_in().await;
    mailbox.open().await.unwrap();
}

#[tokio::test]
async fn nobody_yet_is_no_failure_of_the_server() {
    let firm = Firm::new();
    let said = opened(&firm).await.unwrap_err();
    assert!(said.contains(&format!("nobody has logged in as {USER} yet")), "{said}");
    assert!(firm.authority.asked("/token").is_empty());
    assert!(!firm.folder.path().join("state").exists(), "a look makes nothing");
}

#[tokio::test]
async fn trouble_of_the_token_server_ends_no_login() {
    let trouble = [
        Refusal::Nonsense(500, "{\"error\":\"server_error\"}"),
        Refusal::Nonsense(429, "{}"),
        Refusal::Nonsense(302, ""),
        Refusal::Nonsense(200, "<html>refresh-3-hunter2</html>"),
        Refusal::Nonsense(200, "{\"access_token\": 3}"),
        Refusal::Error("temporarily_unavailable", "later"),
        Refusal::HangUp,
    ];
    for refusal in trouble {
        let firm = Firm::logged_in().await;
        let before = firm.kept();
        firm.authority.refuses(std::slice::from_ref(&refusal));
        let said = opened(&firm).await.unwrap_err();
        assert!(said.contains("no access token for"), "{refusal:?}: {said}");
        assert!(!said.contains("log in again") && !said.contains("hunter2"), "{refusal:?}: {said}");
        assert_eq!(firm.kept(), before);
        opened(&firm).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_others_can_read_is_not_trusted() {
    for mode in [0o644, 0o640, 0o602] {
        let firm = Firm::logged_in().await;
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(firm.file("json"), permissions).unwrap();
        let said = opened(&firm).await.unwrap_err();
        assert!(said.contains("chmod 600"), "{said}");
        assert_eq!(firm.authority.asked("/token").len(), 1, "the login alone");
        // What is done about it.
        firm.log_in().await;
        opened(&firm).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_holds_something_else_is_not_taken() {
    let firm = Firm::logged_in().await;
    let right = std::fs::read_to_string(firm.file("json")).unwrap();
    for wrong in [
        String::new(),
        right.replace("\"version\": 1", "\"version\": 2"),
        right.replace("quickbooks@", "somebody@"),
    ] {
        std::fs::write(firm.file("json"), wrong).unwrap();
        let said = opened(&firm).await.unwrap_err();
        assert!(said.contains("holds no login"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_repeats_a_secret_does_not_make_us_tell_it() {
    let firm = Firm::logged_in().await;
    assert_eq!(firm.kept(), "refresh-3-hunter2");
    firm.authority.refuses(&[Refusal::Error("invalid_grant", "what is refresh-3-hunter2?")]);
    let said = opened(&firm).await.unwrap_err();
    assert!(said.contains("log in again") && !said.contains("hunter2"), "{said}");
}
