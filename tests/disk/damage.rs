//! A store with a flipped bit, a hole, a missing tail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::store::{Ledger, OpenError};
use facteur::app::requests::{Answers as _, Ask, Request, Turn};
use facteur::app::{Ports, Robot};
use facteur::ports::store::Store as _;

use crate::firm::{COMPANY, Firm};
use crate::office::{OUTBOX, complaint, copy, firm, sent, states};
use crate::world::{World, at, config, path};

/// Damaged images of each kind, of a store that was killed and of one that was closed.
const IMAGES: u64 = 12;

/// Some days of an office on a store in a folder; `killed` gets the image that a kill leaves.
async fn some_days(directory: &Path, killed: &Path) {
    let world = World::new();
    let store = Arc::new(Ledger::open(directory, at("2026-03-02T08:00:00Z")).unwrap());
    let ports = Ports {
        clock: world.clock.clone(),
        folders: world.disk.clone(),
        store,
        transport: world.post.clone(),
        alarm_transport: None,
    };
    let robot = Robot::new(config(|_| ()), ports);
    let ask = |ask| robot.answer(Request { by: "lea".to_owned(), ask });
    let (company, app) = ("Dupont Maçonnerie".to_owned(), "quickbooks".to_owned());
    world.disk.mkdir("Dupont Maçonnerie/Achats");
    ask(Ask::Connect { company, app: app.clone(), to: None, from: None, inbox: None }).await;
    let (company, folder) = (Some(COMPANY.to_owned()), path("Achats"));
    let turn = Turn::On;
    ask(Ask::Switch { turn, company, folder, app, inbox: None, preview: false }).await;
    for number in 0..40 {
        let name = format!("Dupont Maçonnerie/Achats/{number}.pdf");
        world.disk.write(&name, format!("%PDF {number}"));
        if number % 10 == 9 {
            world.clock.advance(TimeDelta::minutes(15));
            ask(Ask::Round { dry_run: false }).await;
        }
    }
    assert_eq!(world.post.delivered().len(), 40);
    copy(directory, killed);
}

/// Every record of a store as its export spells it; none when it can't be read whole.
async fn records(ledger: &Ledger, folder: &Path) -> Option<BTreeMap<String, String>> {
    let file = folder.join("export");
    ledger.export(&file).await.ok()?;
    let text = fs::read_to_string(file).unwrap();
    let key = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["k"].as_str().map(str::to_owned)
    };
    Some(text.lines().filter_map(|line| Some((key(line)?, line.to_owned()))).collect())
}

/// Damages a file in one of three ways, at a place that the seed gives.
fn damage(file: &Path, seed: u64) {
    let mut bytes = fs::read(file).unwrap();
    let random = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
    let place = usize::try_from((random >> 20) % bytes.len() as u64).unwrap();
    match seed % 3 {
        0 => bytes[place] ^= 1 << (random % 8),
        1 => bytes.truncate(place),
        _ => {
            let end = (place + 512).min(bytes.len());
            bytes[place..end].fill(0);
        }
    }
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_store_opens_whole_or_says_so_and_never_on_less() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: String| folder.path().join(name);
    let (closed, killed) = (place("closed".to_owned()), place("killed".to_owned()));
    some_days(&closed, &killed).await;
    let now = at("2026-03-03T08:00:00Z");
    let reopened = place("reopened".to_owned());
    copy(&closed, &reopened);
    drop(Ledger::open(&reopened, now).unwrap());
    let mut whole = 0;
    for (image, name) in [(&closed, "closed"), (&killed, "killed"), (&reopened, "reopened")] {
        let sound = place(format!("{name}-sound"));
        copy(image, &sound);
        let expected = records(&Ledger::open(&sound, now).unwrap(), folder.path()).await.unwrap();
        let mut refused = 0;
        for seed in 0..3 * IMAGES {
            let damaged = place(format!("{name}-{seed}"));
            copy(image, &damaged);
            damage(&damaged.join("ledger/db"), seed);
            match Ledger::open(&damaged, now) {
                Ok(ledger) => match records(&ledger, folder.path()).await {
                    Some(found) => {
                        assert!(found == expected, "{name} {seed}: it opened on something else");
                        whole += 1;
                    }
                    None => refused += 1,
                },
                Err(OpenError::Damaged { .. }) => refused += 1,
                Err(error) => panic!("{name} {seed}: {error}"),
            }
        }
        assert!(refused > 0, "{name}");
    }
    assert!(whole > 0, "some damage is where nothing is");
}

#[test]
fn after_damage_the_last_export_brings_everything_back_and_nothing_goes_twice() {
    let firm = firm("");
    fs::write(firm.achats("avant.pdf"), b"%PDF before the export").unwrap();
    firm.json(0, &["round"]);
    let export = firm.path().join("last.facteur");
    let export = export.to_str().unwrap();
    firm.json(0, &["export", export]);
    for name in ["marquée.pdf", "sans marque.pdf"] {
        fs::write(firm.achats(name), name).unwrap();
    }
    firm.json(0, &["round"]);
    // A copy bears no mark, and is another file under the name.
    fs::write(firm.path().join("copy"), "sans marque.pdf").unwrap();
    fs::rename(firm.path().join("copy"), firm.achats("sans marque.pdf")).unwrap();
    let before = sent(&firm);
    cut_until_it_matters(&firm);

    let said = complaint(&firm, &["round"]);
    assert!(said.contains("is damaged") && said.contains("facteur import"), "{said}");
    let said = complaint(&firm, &["run"]);
    assert!(said.contains("is damaged"), "{said}");
    assert_eq!(sent(&firm), before);
    firm.json(0, &["import", export, "--yes"]);
    firm.run(&["round"]);
    firm.run(&["round"]);

    assert_eq!(sent(&firm), before);
    assert_eq!(
        states(&firm),
        [
            "Achats/avant.pdf: sent",
            "Achats/marquée.pdf: sent",
            "Achats/sans marque.pdf: held (after_import)"
        ]
    );
    fs::write(firm.achats("après.pdf"), b"%PDF afterwards").unwrap();
    firm.run(&["round"]);
    assert_eq!(sent(&firm).get("après.pdf"), Some(&1));
}

/// Takes the end of the store away, more and more of it, until something is lost.
fn cut_until_it_matters(firm: &Firm) {
    let db = fs::OpenOptions::new().write(true).open(firm.path().join("state/ledger/db")).unwrap();
    let mut length = db.metadata().unwrap().len();
    while firm.run(&["companies"]).status.success() {
        length = length * 4 / 5;
        assert!(length > 0, "nothing was left of it, and nobody noticed");
        db.set_len(length).unwrap();
    }
}

#[test]
fn an_export_that_is_damaged_too_replaces_nothing() {
    let firm = firm("");
    let export = firm.path().join("last.facteur");
    firm.json(0, &["export", export.to_str().unwrap()]);
    let mut bytes = fs::read(&export).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&export, bytes).unwrap();
    let db = firm.path().join("state/ledger/db");
    fs::write(&db, b"nonsense").unwrap();

    let said = complaint(&firm, &["import", export.to_str().unwrap(), "--yes"]);

    assert!(said.contains("is damaged") && said.contains("no help"), "{said}");
    assert_eq!(fs::read(&db).unwrap(), b"nonsense");
}

#[test]
fn what_was_on_its_way_at_the_export_and_sent_since_is_not_sent_again() {
    let firm = firm("");
    // Nobody listens there: everything stays queued.
    let nobody = "[mail]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\nretry = { first = \"1s\", longest = \"1s\" }\n";
    let routes = fs::read_to_string(firm.routes()).unwrap();
    assert!(routes.contains(OUTBOX));
    fs::write(firm.routes(), routes.replace(OUTBOX, nobody)).unwrap();
    for name in ["marquée.pdf", "sans marque.pdf"] {
        fs::write(firm.achats(name), name).unwrap();
    }
    firm.run(&["round"]);
    let export = firm.path().join("last.facteur");
    let export = export.to_str().unwrap();
    firm.json(0, &["export", export]);
    fs::write(firm.routes(), routes).unwrap();
    let mut rounds = 0;
    while sent(&firm).len() < 2 {
        firm.json(0, &["round"]);
        rounds += 1;
        assert!(rounds < 100, "{:?}", states(&firm));
    }
    unmark(&firm.achats("sans marque.pdf"));
    let before = sent(&firm);

    firm.json(0, &["import", export, "--yes"]);
    firm.run(&["round"]);
    firm.run(&["round"]);

    assert_eq!(sent(&firm), before);
    assert_eq!(
        states(&firm),
        ["Achats/marquée.pdf: sent", "Achats/sans marque.pdf: held (after_import)"]
    );
}

fn unmark(file: &Path) {
    rustix::fs::removexattr(file, "user.facteur.validated").unwrap();
}
