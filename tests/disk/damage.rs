//! A store with a flipped bit, a truncated tail.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::world::{World, at, config};
use facteur::adapters::store::Ledger;
use facteur::app::requests::{Answers as _, Ask, Request, Turn};
use facteur::app::{Ports, Robot};
use facteur::ports::store::Store as _;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

async fn fill(directory: &Path, image: &Path) -> World {
    let world = World::new();
    let store = Arc::new(Ledger::open(directory, at("2026-03-02T08:00:00Z")).unwrap());
    let ports = Ports {
        clock: world.clock.clone(),
        folders: world.disk.clone(),
        store,
        transport: world.post.clone(),
        alarm_transport: None,
    };
    let robot = Robot::new(config(|c| c.robot.flood_per_hour_max = 0), ports);
    let ask = |ask| robot.answer(Request { by: "lea".to_owned(), ask });
    world.disk.mkdir("Dupont Maçonnerie/Achats");
    ask(Ask::Connect {
        company: "Dupont Maçonnerie".to_owned(),
        app: "quickbooks".to_owned(),
        to: None,
        from: None,
        inbox: None,
    })
    .await;
    ask(Ask::Switch {
        turn: Turn::On,
        company: Some("dupont-maconnerie".to_owned()),
        folder: crate::world::path("Achats"),
        app: "quickbooks".to_owned(),
        inbox: None,
        preview: false,
    })
    .await;
    for n in 0..60 {
        world.disk.write(&format!("Dupont Maçonnerie/Achats/{n}.pdf"), format!("x{n}"));
        if n % 10 == 9 {
            world.clock.advance(chrono::TimeDelta::minutes(15));
            ask(Ask::Round { dry_run: false }).await;
        }
    }
    copy(directory, image);
    world
}

async fn records(ledger: &Ledger, file: &Path) -> BTreeMap<String, String> {
    let _ = std::fs::remove_file(file);
    ledger.export(file).await.unwrap();
    std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let v: serde_json::Value = serde_json::from_str(line).unwrap();
            Some((v.get("k")?.as_str()?.to_owned(), line.to_owned()))
        })
        .collect()
}

#[tokio::test]
async fn experiment() {
    let tmp = tempfile::tempdir().unwrap();
    let base = tmp.path().join("base");
    let image = tmp.path().join("image");
    fill(&image, &base).await;
    let other = tmp.path().join("other");
    copy(&base, &other);
    let ledger = Ledger::open(&other, at("2026-03-03T08:00:00Z")).unwrap();
    let good = records(&ledger, &tmp.path().join("good")).await;
    drop(ledger);
    for f in std::fs::read_dir(base.join("ledger")).unwrap() {
        let f = f.unwrap();
        println!("{:?} {}", f.file_name(), f.metadata().unwrap().len());
    }
    let db_len = std::fs::metadata(base.join("ledger/db")).unwrap().len();
    let mut seed: u64 = 12345;
    let mut rnd = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        seed >> 33
    };
    let mut tally: BTreeMap<String, u32> = BTreeMap::new();
    for n in 0..120 {
        let dir = tmp.path().join(format!("d{n}"));
        copy(&base, &dir);
        let db = dir.join("ledger/db");
        let kind = match n % 3 {
            0 => {
                let mut b = std::fs::read(&db).unwrap();
                let i = (rnd() % db_len) as usize;
                b[i] ^= 1 << (rnd() % 8);
                std::fs::write(&db, b).unwrap();
                "flip"
            }
            1 => {
                let l = rnd() % db_len;
                std::fs::OpenOptions::new().write(true).open(&db).unwrap().set_len(l).unwrap();
                "truncate"
            }
            _ => {
                let mut b = std::fs::read(&db).unwrap();
                let i = (rnd() % db_len) as usize;
                let e = (i + 512).min(b.len());
                for x in &mut b[i..e] {
                    *x = 0;
                }
                std::fs::write(&db, b).unwrap();
                "zero"
            }
        };
        let opened = std::panic::catch_unwind(|| Ledger::open(&dir, at("2026-03-03T08:00:00Z")));
        let out = match opened {
            Err(_) => "PANIC".to_owned(),
            Ok(Err(e)) => {
                let e = e.to_string();
                "error".to_owned()
            }
            Ok(Ok(l)) => {
                let unreadable = l.health().await.unwrap().unreadable.len();
                let f = tmp.path().join("x");
                let _ = std::fs::remove_file(&f);
                match l.export(&f).await {
                    Err(e) => format!(
                        "open, export fails {}",
                        e.to_string().chars().skip(60).take(60).collect::<String>()
                    ),
                    Ok(_) => {
                        let now = records(&l, &f).await;
                        let missing = good.keys().filter(|k| !now.contains_key(*k)).count();
                        let wrong = now
                            .iter()
                            .filter(|(k, v)| good.get(*k).is_some_and(|g| g != *v))
                            .count();
                        let extra = now.keys().filter(|k| !good.contains_key(*k)).count();
                        if missing + wrong + extra == 0 {
                            "same".to_owned()
                        } else if missing == good.len() || now.len() <= 1 {
                            format!("EMPTY unreadable {}", unreadable)
                        } else {
                            format!(
                                "DIFFERENT missing {missing} wrong {wrong} extra {extra} (unreadable {})",
                                unreadable > 0
                            )
                        }
                    }
                }
            }
        };
        *tally.entry(format!("{kind}: {out}")).or_default() += 1;
    }
    for (k, v) in tally {
        println!("{v:4} {k}");
    }
}
