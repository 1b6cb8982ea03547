//! Disks that go away and come back, with real mounts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::firm::{COMPANY, Firm, is_root};

/// A file system in memory, mounted until it is dropped.
struct Mount(PathBuf);

impl Mount {
    fn tmpfs(place: &Path) -> Self {
        run("mount", &["-t", "tmpfs", "-o", "size=16m", "facteur-test"], place);
        Self(place.to_owned())
    }

    fn bind(source: &Path, place: &Path) -> Self {
        run("mount", &["--bind", source.to_str().unwrap()], place);
        Self(place.to_owned())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(
            unmounted.is_ok_and(|status| status.success()),
            "{} stays mounted",
            self.0.display()
        );
    }
}

fn run(program: &str, words: &[&str], place: &Path) {
    let status = Command::new(program).args(words).arg(place).status().unwrap();
    assert!(status.success(), "{program} {words:?}");
}

/// A firm whose documents lie on a disk of their own, seen at the root by a mount.
fn on_a_disk(root: &Path) -> (Firm, PathBuf) {
    let firm = Firm::new();
    let disk = firm.path().join(root);
    fs::create_dir(&disk).unwrap();
    (firm, disk)
}

#[test]
fn an_unmounted_root_is_not_an_empty_one_and_its_return_is_no_flood() {
    if !is_root("the root unmounted and mounted again") {
        return;
    }
    let (firm, disk) = on_a_disk(Path::new("disk"));
    fs::rename(firm.company(), disk.join("Dupont Maçonnerie")).unwrap();
    let mount = Mount::bind(&disk, &firm.root());
    for number in 0..20 {
        fs::write(firm.achats().join(format!("old {number}.pdf")), format!("%PDF {number}"))
            .unwrap();
    }
    let firm = firm.switched_on();
    fs::write(firm.achats().join("first.pdf"), b"%PDF first").unwrap();
    firm.json(0, &["round"]);
    drop(mount);

    // The mount point is an empty folder now.
    for _ in 0..2 {
        let away = firm.json(3, &["round"]);
        assert_eq!((&away["sent"], &away["deposited"]), (&0.into(), &0.into()), "{away}");
    }
    let status = firm.json(3, &["status"]);
    assert!(status["alarms"].to_string().contains("company_held"), "{status}");
    fs::write(disk.join("Dupont Maçonnerie/Achats/meanwhile.pdf"), b"%PDF meanwhile").unwrap();
    let mount = Mount::bind(&disk, &firm.root());
    let back = firm.round();

    assert_eq!(back["sent"], 1, "{back}");
    let names: Vec<String> = firm.sent().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["first.pdf", "meanwhile.pdf"]);
    drop(mount);
}

#[test]
fn another_disk_in_the_companys_place_holds_it_until_a_person_looked() {
    if !is_root("another disk mounted on a company's folder") {
        return;
    }
    let firm = Firm::new();
    fs::write(firm.achats().join("old.pdf"), b"%PDF old").unwrap();
    let firm = firm.switched_on();
    let other = Mount::tmpfs(&firm.company());
    fs::create_dir(firm.achats()).unwrap();
    fs::write(firm.achats().join("stranger.pdf"), b"%PDF of another disk").unwrap();

    let held = firm.json(3, &["round"]);
    assert_eq!(held["sent"], 0, "{held}");
    let release = ["release", "--company", COMPANY, "--reason", "root_changed", "--yes"];
    assert!(held.to_string().contains("--reason root_changed"), "{held}");
    firm.run(&release);
    let after = firm.round();
    assert_eq!(after["sent"], 1, "new for the accepted root: {after}");

    drop(other);
    let own = firm.json(3, &["round"]);
    assert_eq!(own["sent"], 0, "the first folder is another root now: {own}");
    firm.run(&release);
    let after = firm.round();
    assert_eq!((&after["sent"], &after["deposited"]), (&0.into(), &0.into()), "{after}");
}

#[test]
fn a_disk_inside_a_company_that_goes_and_comes_sends_nothing_again() {
    if !is_root("a disk mounted inside a company's folder") {
        return;
    }
    let (firm, disk) = on_a_disk(Path::new("scans"));
    fs::create_dir(firm.achats().join("Scans")).unwrap();
    let mount = Mount::bind(&disk, &firm.achats().join("Scans"));
    let firm = firm.switched_on();
    for number in 0..5 {
        let file = firm.achats().join(format!("Scans/{number}.pdf"));
        fs::write(file, format!("%PDF {number}")).unwrap();
    }
    assert_eq!(firm.round()["sent"], 5);
    drop(mount);
    assert_eq!(firm.round()["sent"], 0);
    let mount = Mount::bind(&disk, &firm.achats().join("Scans"));

    let back = firm.round();

    assert_eq!((&back["sent"], &back["deposited"]), (&0.into(), &0.into()), "{back}");
    assert_eq!(firm.mails().len(), 5);
    drop(mount);
}
