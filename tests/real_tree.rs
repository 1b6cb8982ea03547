//! The main stories of deposits once more, on real files: `cp`, `mv`, `ln`, `touch`, `tar`.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

#[path = "world/mod.rs"]
mod world;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::folders::DocumentTree;
use facteur::adapters::outbox::Outbox;
use facteur::adapters::store::Ledger;
use facteur::app::requests::{Answers as _, Ask, Outcome, Request, Selection, Turn};
use facteur::app::views::{DocumentView, RoundView};
use facteur::app::{Ports, Robot};
use facteur::domain::delivery::{Act, HeldReason};
use facteur::ports::folders::Folders as _;
use mail_parser::{MessageParser, MimeHeaders as _};
use serde::de::DeserializeOwned;

use crate::world::{HandClock, at, path};

/// A firm on a real disk, with the companies `Dupont` and `Martin`.
struct Firm {
    base: tempfile::TempDir,
    clock: Arc<HandClock>,
    tree: Arc<DocumentTree>,
    robot: Robot,
}

impl Firm {
    /// `Achats` of Dupont is on; `Achats/ancien.pdf` and `Cave` were there before.
    async fn with_achats_on() -> Self {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("documents");
        for folder in ["Dupont/Achats", "Dupont/Cave/2019", "Dupont/Banque", "Martin/Achats"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let files =
            ["Achats/ancien", "Cave/vieux", "Cave/autre", "Cave/2019/a", "Cave/2019/b", "Cave/lié"];
        for file in files {
            fs::write(root.join(format!("Dupont/{file}.pdf")), file).unwrap();
        }
        fs::write(root.join("Martin/Achats/égarée.pdf"), "égarée").unwrap();
        let config = world::config(|config| config.documents.root.clone_from(&root));
        let clock = Arc::new(HandClock::starting_at(at("2026-03-02T08:00:00Z")));
        let tree = DocumentTree::open(root, config.documents.ignore.clone()).unwrap();
        let tree = Arc::new(tree);
        let ledger = Ledger::in_memory("state-of-the-firm", at("2026-03-02T08:00:00Z"));
        let ports = Ports {
            clock: clock.clone(),
            folders: tree.clone(),
            store: Arc::new(ledger),
            transport: Arc::new(Outbox::new(base.path().join("outbox"))),
            alarm_transport: None,
        };
        let robot = Robot::new(config, ports);
        robot.recover().await.unwrap();
        let firm = Self { base, clock, tree, robot };
        for company in ["dupont", "martin"] {
            let _: serde_json::Value = firm.done(connecting(company)).await;
        }
        let _: serde_json::Value = firm.done(turning_achats_on()).await;
        // Known and at rest: what follows is not mistaken for the end of its writing.
        for _ in 0..2 {
            firm.round().await;
        }
        firm
    }

    async fn done<T: DeserializeOwned>(&self, ask: Ask) -> T {
        let told = format!("{ask:?}");
        let reply = self.robot.answer(Request { by: "lea".to_owned(), ask }).await;
        let fine = matches!(reply.outcome, Outcome::Done | Outcome::NeedsPerson);
        assert!(fine, "{told}: {:?}", reply.outcome);
        serde_json::from_value(reply.value).unwrap()
    }

    /// A quarter of an hour of the robot's clock passes, then a round is made. The stamps of the
    /// disk have their own time: what is done next gets other stamps than the round saw.
    async fn round(&self) -> RoundView {
        self.clock.advance(TimeDelta::minutes(15));
        self.round_now().await
    }

    async fn round_now(&self) -> RoundView {
        let round = self.done(Ask::Round { dry_run: false }).await;
        self.let_stamps_tick();
        round
    }

    fn let_stamps_tick(&self) {
        let scratch = self.base.path().join("scratch");
        let stamped = || {
            fs::write(&scratch, "x").unwrap();
            let seen = fs::metadata(&scratch).unwrap();
            (seen.ctime(), seen.ctime_nsec())
        };
        let first = stamped();
        while stamped() == first {}
    }

    fn documents(&self) -> PathBuf {
        self.base.path().join("documents")
    }

    /// Runs a shell script in the folder of Dupont.
    fn sh(&self, script: &str) {
        let folder = self.documents().join("Dupont");
        let done = Command::new("sh").args(["-euc", script]).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Attachments as `name: text`, of mails to an address, sorted.
    fn posted_to(&self, recipient: &str) -> Vec<String> {
        let outbox = self.base.path().join("outbox");
        let mails = fs::read_dir(outbox).into_iter().flatten().map(|entry| entry.unwrap().path());
        let whole = mails.filter(|file| file.extension().is_some_and(|ending| ending == "eml"));
        let mut found: Vec<String> =
            whole.filter_map(|file| attachment(&file, recipient)).collect();
        found.sort();
        found
    }

    fn posted(&self) -> Vec<String> {
        self.posted_to("dupont@qbodocs.com")
    }

    async fn states(&self) -> Vec<String> {
        let ask = Ask::Documents { company: "dupont".to_owned(), folder: None, state: None };
        let rows: Vec<DocumentView> = self.done(ask).await;
        let switched = rows.into_iter().filter(|row| row.path.starts_with("Achats"));
        switched.map(|row| format!("{}: {}", row.path, row.state)).collect()
    }

    /// Whether this disk tells files apart: not every machine's temporary folder does.
    fn tells_files_apart(&self) -> bool {
        self.tree.trust(&path("Dupont")).unwrap().identities
    }
}

fn connecting(company: &str) -> Ask {
    Ask::Connect {
        company: company.to_owned(),
        app: "quickbooks".to_owned(),
        to: None,
        from: None,
        inbox: None,
    }
}

fn turning_achats_on() -> Ask {
    Ask::Switch {
        turn: Turn::On,
        company: Some("dupont".to_owned()),
        folder: path("Achats"),
        app: "quickbooks".to_owned(),
        inbox: None,
        preview: false,
    }
}

fn attachment(file: &Path, recipient: &str) -> Option<String> {
    let bytes = fs::read(file).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap();
    let part = mail.attachment(0).unwrap();
    let text = String::from_utf8_lossy(part.contents()).into_owned();
    (to == recipient).then(|| format!("{}: {text}", part.attachment_name().unwrap()))
}

#[tokio::test]
async fn whatever_way_a_document_came_it_goes_once() {
    let firm = Firm::with_achats_on().await;
    firm.sh("cp Cave/vieux.pdf Achats/copié.pdf");
    firm.sh("touch -d 2019-01-01 Cave/autre.pdf; cp -p Cave/autre.pdf Achats/daté.pdf");
    firm.sh("ln Cave/lié.pdf Achats/lié.pdf");
    firm.sh("mv Cave/2019 Achats/2019");
    firm.sh("mv ../Martin/Achats/égarée.pdf Achats/");
    firm.sh("printf téléchargé > Achats/t.pdf.part; : > Achats/vide.pdf");
    firm.round().await;
    let first = [
        "a.pdf: Cave/2019/a",
        "b.pdf: Cave/2019/b",
        "copié.pdf: Cave/vieux",
        "daté.pdf: Cave/autre",
    ];
    let first = first.iter().chain(&["lié.pdf: Cave/lié", "égarée.pdf: égarée"]);
    assert_eq!(firm.posted(), first.clone().copied().collect::<Vec<_>>());
    firm.sh("mv Achats/t.pdf.part Achats/t.pdf; printf rempli > Achats/vide.pdf");
    firm.round().await;
    for _ in 0..3 {
        assert_eq!(firm.round().await.sent, 0);
    }
    let mut all: Vec<&str> =
        first.copied().chain(["t.pdf: téléchargé", "vide.pdf: rempli"]).collect();
    all.sort_unstable();
    assert_eq!(firm.posted(), all);
    assert_eq!(firm.posted_to("martin@qbodocs.com"), Vec::<String>::new());
}

#[tokio::test]
async fn an_archive_with_old_dates_is_sent() {
    let firm = Firm::with_achats_on().await;
    firm.sh("mkdir x; for n in 1 2 3; do echo $n > x/$n.pdf; touch -d 2020-06-30 x/$n.pdf; done");
    firm.sh("tar cf ../../x.tar x; rm -r x; tar xf ../../x.tar -C Achats");
    assert_eq!(firm.round().await.sent, 3);
    assert_eq!(firm.round().await.sent, 0);
}

#[tokio::test]
async fn a_scan_that_grows_goes_whole() {
    let firm = Firm::with_achats_on().await;
    firm.sh("printf 1 > Achats/scan.pdf");
    for page in ["2", "3"] {
        let scan = firm.documents().join("Dupont/Achats/scan.pdf");
        firm.clock.during_next_sleep(async move {
            let grown = fs::read_to_string(&scan).unwrap() + page;
            fs::write(scan, grown).unwrap();
        });
        // Five seconds after the look before, and a page in between.
        assert_eq!(firm.round_now().await.sent, 0);
    }
    assert_eq!(firm.round().await.sent, 1);
    assert_eq!(firm.posted(), ["scan.pdf: 123"]);
}

#[tokio::test]
async fn a_copy_with_our_mark_on_it_is_a_duplicate_and_goes_once_its_content_is_another() {
    let firm = Firm::with_achats_on().await;
    firm.sh("printf mars > Achats/mars.pdf");
    firm.round().await;
    firm.sh("cp -a Achats/mars.pdf 'Achats/mars (1).pdf'");
    assert_eq!(firm.round().await.duplicates, 1);
    firm.sh("cp -a Achats/mars.pdf Cave/avril.pdf; printf avril > Cave/avril.pdf");
    firm.sh("cp -a Cave/avril.pdf Achats/avril.pdf");
    firm.round().await;
    assert_eq!(firm.posted(), ["avril.pdf: avril", "mars.pdf: mars"]);
    assert_eq!(
        firm.states().await,
        [
            "Achats/ancien.pdf: before_activation",
            "Achats/avril.pdf: sent",
            "Achats/mars (1).pdf: duplicate",
            "Achats/mars.pdf: sent",
        ]
    );
}

#[tokio::test]
async fn old_documents_touched_chmodded_renamed_or_swapped_stay() {
    let firm = Firm::with_achats_on().await;
    if !firm.tells_files_apart() {
        return;
    }
    firm.sh("printf neuf > Achats/neuf.pdf");
    firm.round().await;
    firm.sh("touch Achats/ancien.pdf; chmod 640 Achats/ancien.pdf");
    firm.round().await;
    firm.sh("mv Achats/ancien.pdf Achats/x; mv Achats/neuf.pdf Achats/ancien.pdf");
    firm.sh("mv Achats/x Achats/neuf.pdf");
    firm.round().await;
    firm.sh("mkdir Achats/mars; mv Achats/*.pdf Achats/mars; mv Achats/mars Achats/03");
    firm.round().await;
    firm.round().await;
    assert_eq!(firm.posted(), ["neuf.pdf: neuf"]);
    assert_eq!(
        firm.states().await,
        ["Achats/03/ancien.pdf: sent", "Achats/03/neuf.pdf: before_activation"]
    );
}

#[tokio::test]
async fn another_file_under_a_known_name_is_held_and_released() {
    let firm = Firm::with_achats_on().await;
    firm.sh("printf un > Achats/scan.pdf");
    firm.round().await;
    firm.sh("printf un > Achats/s.tmp; mv Achats/s.tmp Achats/scan.pdf");
    assert_eq!(firm.round().await.held, 0, "its content is known and equal");
    firm.sh("printf deux > Achats/s.tmp; mv Achats/s.tmp Achats/scan.pdf");
    firm.sh("printf 'tout autre' > Achats/ancien.pdf");
    assert_eq!(firm.round().await.held, 2);
    let selection = Selection {
        company: Some("dupont".to_owned()),
        reason: Some(HeldReason::Replaced),
        ..Selection::default()
    };
    let ask = Ask::Act { act: Act::Release, selection, confirmed: true };
    let _: serde_json::Value = firm.done(ask).await;
    firm.round().await;
    assert_eq!(firm.posted(), ["ancien.pdf: tout autre", "scan.pdf: deux", "scan.pdf: un"]);
}

#[tokio::test]
async fn a_link_in_place_of_a_folder_or_a_document_leads_nowhere() {
    let firm = Firm::with_achats_on().await;
    firm.sh("mkdir ../../dehors; printf secret > ../../dehors/secret.pdf");
    firm.sh("ln -s ../../../dehors/secret.pdf Achats/secret.pdf; ln -s ../../../dehors Achats/d");
    firm.round().await;
    firm.sh("mv Achats x; ln -s ../../dehors Achats; printf encore > ../../dehors/encore.pdf");
    for _ in 0..3 {
        firm.round().await;
    }
    firm.sh("rm Achats; mv x Achats; rm -r Achats/d Achats/secret.pdf; printf vrai > Achats/v.pdf");
    firm.round().await;
    firm.round().await;
    assert_eq!(firm.posted(), ["v.pdf: vrai"]);
}

#[tokio::test]
async fn a_switched_folder_that_was_renamed_is_held_until_it_is_back() {
    let firm = Firm::with_achats_on().await;
    if !firm.tells_files_apart() {
        return;
    }
    firm.sh("mv Achats 'Achats 2025'; printf d > 'Achats 2025/décembre.pdf'");
    firm.sh("mkdir Achats; printf j > Achats/janvier.pdf");
    let round = firm.round().await;
    assert_eq!((round.sent, round.held), (0, 2));
    firm.sh("rm -r Achats; mv 'Achats 2025' Achats");
    firm.round().await;
    firm.round().await;
    assert_eq!(firm.posted(), ["décembre.pdf: d"]);
}

#[tokio::test]
async fn a_company_renamed_or_copied_to_another_disk_sends_nothing_again() {
    let firm = Firm::with_achats_on().await;
    if !firm.tells_files_apart() {
        return;
    }
    firm.sh("printf un > Achats/un.pdf");
    firm.round().await;
    firm.sh("mv ../Dupont '../Dupont et Filles'; printf deux > Achats/deux.pdf");
    firm.round().await;
    assert_eq!(firm.posted(), ["deux.pdf: deux", "un.pdf: un"]);
    let (here, moved) = (firm.documents().join("Dupont et Filles"), firm.base.path().join("x"));
    fs::rename(&here, &moved).unwrap();
    let copied = Command::new("cp").arg("-a").args([&moved, &here]).status().unwrap();
    assert!(copied.success());
    assert_eq!(firm.round().await.problems[0].kind, "root_changed");
    let selection = Selection {
        company: Some("dupont".to_owned()),
        reason: Some(HeldReason::RootChanged),
        ..Selection::default()
    };
    let ask = Ask::Act { act: Act::Release, selection, confirmed: true };
    let _: serde_json::Value = firm.done(ask).await;
    firm.round().await;
    fs::write(here.join("Achats/trois.pdf"), "trois").unwrap();
    firm.round().await;
    assert_eq!(firm.posted(), ["deux.pdf: deux", "trois.pdf: trois", "un.pdf: un"]);
}
