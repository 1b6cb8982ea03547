//! The robot's own rolling export, and `check` of the newest.

use std::fs;
use std::sync::Arc;

use chrono::TimeDelta;
use facteur::adapters::store::{Ledger, check_export};
use facteur::app::service::NoHints;
use facteur::app::{Ports, Robot};
use facteur::config::ExportConfig;
use serde_json::Value;
use tokio::sync::watch;

use crate::office::{exports, firm};
use crate::world::{World, at, config};

#[tokio::test]
async fn the_service_keeps_the_newest_exports_of_its_own_and_leaves_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    fs::create_dir(&backup).unwrap();
    fs::write(backup.join("by hand.facteur"), b"not its own").unwrap();
    let world = World::new();
    let directory = backup.clone();
    let config = config(|config| {
        let every = TimeDelta::hours(24);
        config.state.export = Some(ExportConfig { directory, every, keep: 3 });
    });
    let ports = Ports {
        clock: world.clock.clone(),
        folders: world.disk.clone(),
        store: Arc::new(Ledger::in_memory("0123456789", at("2026-03-02T08:00:00Z"))),
        transport: world.post.clone(),
        alarm_transport: None,
    };
    let robot = Robot::new(config, ports);
    world.clock.by_hand();
    let (stop, stopped) = watch::channel(false);
    let service = robot.clone();
    let serving = tokio::spawn(async move { service.serve(Box::new(NoHints), stopped).await });
    for _ in 0..6 * 24 {
        // Until every task of the service sleeps again.
        while exports(&backup).iter().any(|file| file.ends_with(".partial")) {
            tokio::task::yield_now().await;
        }
        world.clock.asleep().await;
        world.clock.advance(TimeDelta::hours(1));
    }
    world.clock.asleep().await;
    stop.send_replace(true);
    serving.await.unwrap().unwrap();
    let names: Vec<String> = exports(&backup)
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(names[0], "by hand.facteur");
    assert!(names[3].starts_with("state-2026030"), "{names:?}");
    for file in exports(&backup).iter().skip(1) {
        assert!(check_export(file).is_ok(), "{}", file.display());
    }
}

#[test]
fn the_real_service_exports_at_its_start_and_check_reads_it() {
    let firm = firm("export = { directory = \"backup\", every = \"24h\", keep = 2 }");
    let checked = firm.json(0, &["check"]);
    assert_eq!(checked["export"], Value::Null, "{checked}");
    let service = firm.serve();
    let backup = firm.path().join("backup");
    let export = first_export(&backup);
    let checked = firm.json(0, &["check"]);
    assert_eq!(checked["export"]["problem"], Value::Null, "{checked}");
    assert!(checked["export"]["records"].as_u64().unwrap() > 0);
    assert_eq!(service.terminate(), Some(0));

    let mut bytes = fs::read(&export).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&export, bytes).unwrap();
    let checked = firm.json(3, &["check"]);
    let problem = checked["export"]["problem"].as_str().unwrap();
    assert!(problem.contains("damaged"), "{problem}");
}

/// The first export that is there under its name: the service writes it beside all else.
fn first_export(backup: &std::path::Path) -> std::path::PathBuf {
    loop {
        let whole =
            |file: &std::path::PathBuf| file.extension().is_some_and(|end| end == "facteur");
        if let Some(file) = exports(backup).into_iter().find(whole) {
            return file;
        }
        std::thread::yield_now();
    }
}

#[test]
fn an_export_that_cannot_be_written_is_an_alarm_and_stops_nothing() {
    let firm = firm("export = { directory = \"backup\", every = \"24h\" }");
    let service = firm.serve();
    first_export(&firm.path().join("backup"));
    assert_eq!(service.terminate(), Some(0));
    fs::remove_dir_all(firm.path().join("backup")).unwrap();
    // A folder can't be made behind a link that leads nowhere.
    std::os::unix::fs::symlink("/nowhere/at/all", firm.path().join("backup")).unwrap();
    let service = firm.serve();
    fs::write(firm.achats("un.pdf"), b"%PDF").unwrap();
    let status = loop {
        let status = firm.run(&["--json", "status"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        if status["alarms"].as_array().is_some_and(|alarms| !alarms.is_empty()) {
            break status;
        }
    };
    assert_eq!(status["alarms"][0]["kind"], "export", "{status}");
    firm.run(&["round"]);
    assert_eq!(crate::office::sent(&firm).get("un.pdf"), Some(&1));
    assert_eq!(service.terminate(), Some(0));
}
