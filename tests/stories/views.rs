//! What people ask: why, documents, status, check, rehearsed rounds.

use facteur::app::requests::{Ask, Outcome};
use facteur::app::views::{DocumentView, RoundView, StatusView, TreeView};

use crate::desk::FOLDER;
use crate::office::{DUPONT, Office};
use crate::world::{Script, path};

#[tokio::test]
async fn why_tells_the_whole_story_in_plain_words() {
    let office = Office::with_achats_on().await;
    office.world.post.next(Script::Defer("451 4.7.1 Greylisted"));
    office.drop("Achats/un.pdf");
    office.next_round().await;
    office.next_round().await;
    let story = office.story("Achats/un.pdf", "quickbooks").await;
    assert_eq!(
        story.because,
        "sent, by the switch of `Achats` (turned on 2026-03-02 09:00 by lea); the mail server said: 250 2.0.0 Ok"
    );
    let lines: Vec<String> = story
        .events
        .iter()
        .map(|event| {
            let at = event.at.unwrap().format("%H:%M:%S");
            let answer = event.answer.as_deref().unwrap_or("-");
            format!("{at} {}: {} ({answer})", event.what, event.because)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "09:15:00 document: deposited: first observed (-)",
            "09:15:05 queued: deposited in `Achats`, switched on 2026-03-02 09:00 by lea (-)",
            "09:15:05 deferred: put off by the mail server (451 4.7.1 Greylisted)",
            "09:30:05 sending: the final dot is being sent (-)",
            "09:30:05 sent: the mail server took it (250 2.0.0 Ok)",
        ]
    );
}

#[tokio::test]
async fn why_says_for_what_reason_there_is_no_story() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/notes.txt");
    office.drop("Achats/~$facture.docx");
    office.drop("Achats/facture.pdf.part");
    office.world.disk.create_empty(&format!("{FOLDER}/Achats/vide.pdf"));
    office.drop("Divers/autre.pdf");
    office.next_round().await;
    office.drop("Achats/tout neuf.pdf");
    let cases = [
        (
            "Achats/ancien.pdf",
            "before_activation",
            "it was there before the switch of `Achats` was turned on (2026-03-02 09:00, by lea); `facteur backfill` sends older documents",
        ),
        ("Achats/notes.txt", "unsupported", "quickbooks doesn't take files of this type"),
        ("Divers/autre.pdf", "switch_off", "no switch is on for its folder"),
        (
            "Achats/~$facture.docx",
            "settling",
            "`~$facture.docx` is an unfinished, private or ignored name: such files are never sent; renamed into place it becomes a deposit",
        ),
        (
            "Achats/facture.pdf.part",
            "settling",
            "`facture.pdf.part` is an unfinished, private or ignored name: such files are never sent; renamed into place it becomes a deposit",
        ),
        (
            "Achats/vide.pdf",
            "settling",
            "the file is empty: it becomes a deposit when it is filled",
        ),
        (
            "Achats/tout neuf.pdf",
            "settling",
            "it has not been observed yet: the next round finds it",
        ),
    ];
    for (document, state, because) in cases {
        let story = office.why(document).await.stories.remove(0);
        assert_eq!((story.state.as_str(), story.because.as_str()), (state, because), "{document}");
    }
    let words = office
        .refused(Ask::Why { company: DUPONT.to_owned(), path: path("Achats/jamais.pdf") })
        .await;
    assert!(words.starts_with("no document was ever seen at `Achats/jamais.pdf`"), "{words}");
}

#[tokio::test]
async fn a_company_never_connected_says_so() {
    let office = Office::new().await;
    office.drop("Achats/un.pdf");
    let why = office.why("Achats/un.pdf").await;
    assert_eq!(why.stories[0].app, None);
    assert_eq!(why.stories[0].state, "not_connected");
    let rows = office.documents().await;
    assert_eq!(
        (rows.len(), rows[0].app.as_deref(), rows[0].state.as_str()),
        (1, None, "not_connected")
    );
}

#[tokio::test]
async fn documents_have_a_row_for_each_app_connected_now_or_ever() {
    let office = Office::with_achats_on().await;
    office.connect("dext").await;
    office.drop("Achats/un.pdf");
    office.drop("Divers/deux.pdf");
    office.next_round().await;
    let ask = Ask::Disconnect { company: DUPONT.to_owned(), app: "dext".to_owned() };
    let _: serde_json::Value = office.done(ask).await;
    let asking = |folder: Option<&str>, state: Option<&str>| Ask::Documents {
        company: DUPONT.to_owned(),
        folder: folder.map(path),
        state: state.map(str::to_owned),
    };
    let rows = async |ask| -> Vec<String> {
        let views: Vec<DocumentView> = office.done(ask).await;
        views.iter().map(|row| format!("{} {}", row.app.as_deref().unwrap(), row.state)).collect()
    };
    assert_eq!(
        rows(asking(Some("Achats"), None)).await,
        [
            "dext not_connected",
            "quickbooks before_activation",
            "dext not_connected",
            "quickbooks sent"
        ]
    );
    assert_eq!(rows(asking(None, Some("switch_off"))).await, ["quickbooks switch_off"]);
    assert_eq!(rows(asking(Some("Divers"), Some("sent"))).await, Vec::<String>::new());
    office.refused(asking(None, Some("send"))).await;
}

#[tokio::test]
async fn status_counts_what_is_and_says_what_needs_a_person() {
    let office = Office::with_achats_on().await;
    let calm = office.ask(Ask::Status).await;
    assert_eq!(calm.outcome, Outcome::Done);
    for (document, script) in [
        ("1.pdf", Script::Accept),
        ("2.pdf", Script::Refuse("550 no")),
        ("3.pdf", Script::DropAfterDot),
        ("4.pdf", Script::Defer("451 later")),
    ] {
        office.world.post.document(document, script);
        office.drop(&format!("Achats/{document}"));
    }
    office.drop("Achats/notes.txt");
    office.next_round().await;
    let reply = office.ask(Ask::Status).await;
    assert_eq!(reply.outcome, Outcome::NeedsPerson);
    let view: StatusView = serde_json::from_value(reply.value).unwrap();
    let counted: Vec<String> = view
        .counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, count)| format!("{state} {count}"))
        .collect();
    assert_eq!(counted, ["deferred 1", "in_doubt 1", "refused 1", "sent 1"]);
    let alarms: Vec<&str> = view.alarms.iter().map(|alarm| alarm.message.as_str()).collect();
    assert_eq!(
        alarms,
        [
            "1 in doubt: nobody knows whether the tool has them: `facteur deliveries --state in_doubt` lists them",
            "1 refused by the mail server or the tool: `facteur deliveries --state refused` lists them",
        ]
    );
    assert_eq!(view.unsupported.len(), 1);
    assert_eq!(view.last_round.unwrap().deposited, 5);
    assert_eq!((view.next_round, view.service), (None, false));
}

#[tokio::test]
async fn unreadable_and_never_settling_files_need_a_person() {
    let office = Office::with_achats_on().await;
    office.drop("Achats/secret.pdf");
    office.world.disk.chmod_unreadable(&format!("{FOLDER}/Achats/secret.pdf"));
    let reply = office.ask(Ask::Round { dry_run: false }).await;
    assert_eq!(reply.outcome, Outcome::NeedsPerson);
    let reply = office.ask(Ask::Status).await;
    assert_eq!(reply.outcome, Outcome::NeedsPerson);
    let view: StatusView = serde_json::from_value(reply.value).unwrap();
    assert_eq!(view.problems[0].kind, "unreadable");
    assert_eq!(view.problems[0].path.as_deref(), Some("Achats/secret.pdf"));
}

#[tokio::test]
async fn check_names_the_mistakes_of_the_tree_with_their_remedy() {
    let office = Office::with_achats_on().await;
    let fine = office.ask(Ask::CheckTree).await;
    assert_eq!(fine.outcome, Outcome::Done);
    office.world.disk.mkdir("dupont maconnerie");
    office.world.disk.mkdir("???");
    let reply = office.ask(Ask::CheckTree).await;
    assert_eq!(reply.outcome, Outcome::NeedsPerson);
    let view: TreeView = serde_json::from_value(reply.value).unwrap();
    let messages: Vec<&str> = view.mistakes.iter().map(|row| row.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the folders `Dupont Maçonnerie` and `dupont maconnerie` have one slug, `dupont-maconnerie`: rename one, or give it a slug in [[companies]]",
            "the folder `???` gives no slug for addresses: give it one in [[companies]]",
        ]
    );
}

#[tokio::test]
async fn a_rehearsed_round_changes_nothing_and_says_what_the_round_does() {
    let office = Office::with_achats_on().await;
    office.world.post.next(Script::Defer("451 later"));
    office.drop("Achats/en attente.pdf");
    office.next_round().await;
    for document in ["Achats/un.pdf", "Achats/2026/deux.pdf", "Achats/notes.txt", "Divers/x.pdf"] {
        office.drop(document);
    }
    office.world.disk.write(&format!("{FOLDER}/Achats/copie.pdf"), "Achats/un.pdf");
    office.world.clock.advance(chrono::TimeDelta::minutes(15));
    let before = office.exported().await;
    let planned: RoundView = office.done(Ask::Round { dry_run: true }).await;
    assert_eq!(office.exported().await, before);
    assert!(planned.dry_run);
    assert_eq!(office.posted(), Vec::<String>::new());
    let going: Vec<String> =
        planned.documents.iter().map(|row| format!("{} {}", row.path, row.state)).collect();
    assert_eq!(
        going,
        [
            "Achats/2026/deux.pdf queued",
            "Achats/copie.pdf queued",
            "Achats/en attente.pdf deferred",
            "Achats/un.pdf duplicate",
        ]
    );
    let round = office.round().await;
    assert_eq!(
        (planned.observed, planned.deposited, planned.queued, planned.duplicates),
        (round.observed, round.deposited, round.queued, round.duplicates)
    );
    assert_eq!(office.posted(), ["copie.pdf", "deux.pdf", "en attente.pdf"]);
}
