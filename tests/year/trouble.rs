//! What goes wrong in a year: outages, restarts, clocks, shares, full disks, restored backups.

use chrono::TimeDelta;
use facteur::app::requests::Ask;

use crate::firm::Firm;
use crate::oracle::{Ruling, Want};
use crate::world::{Marks, Script};

impl Firm {
    /// One trouble, or the end of one.
    pub(crate) fn meet_trouble(&mut self) {
        match self.chance.below(12) {
            0..=3 => self.trouble_the_post(),
            4 => {
                self.tell("restart");
                self.restart();
            }
            5 => self.jump_the_clock(),
            6 => {
                let marks = *self.chance.one(&[Marks::Work, Marks::DiskFull, Marks::Impossible]);
                self.tell(format!("marks: {marks:?}"));
                self.office.world.disk.set_marks(marks);
            }
            7 => self.lose_or_regain_a_share(),
            8 => self.rename_folder(),
            9 => self.rename_company(),
            10 => self.export(),
            _ => self.import(),
        }
    }

    fn trouble_the_post(&mut self) {
        let scripts = [
            Script::Defer("450 later"),
            Script::DeferAtDot("451 later"),
            Script::Refuse("550 no"),
            Script::RefuseAtDot("554 no"),
            Script::DropBeforeDot,
            Script::DropAfterDot,
            Script::DropAfterDotNotKept,
            Script::Unreachable("no route"),
        ];
        let script = *self.chance.one(&scripts);
        match self.chance.below(4) {
            0 => self.office.world.post.always(Script::Unreachable("an outage")),
            1 => self.office.world.post.always(Script::Accept),
            2 => self.office.world.post.next(script),
            _ => {
                self.office.world.post.always(script);
                self.office.world.post.next(Script::Accept);
            }
        }
        self.tell(format!("the post: {script:?}"));
    }

    fn jump_the_clock(&mut self) {
        let minutes = *self.chance.one(&[-4_320, -61, -3, 90, 10_080]);
        self.tell(format!("the clock jumps {minutes} minutes"));
        self.pass(TimeDelta::minutes(minutes));
    }

    fn lose_or_regain_a_share(&mut self) {
        if let Some(slug) = self.away.pop() {
            self.tell(format!("the share of {slug} is back"));
            self.office.world.disk.remount(&self.folders[&slug]);
            return;
        }
        let Some(slug) = self.some_company() else { return };
        // Where nothing was known, an empty folder is no surprise.
        if self.oracle.trees.get(&slug).is_none_or(|tree| tree.len() < 3) {
            return;
        }
        self.tell(format!("the share of {slug} went away"));
        self.office.world.disk.unmount(&self.folders[&slug]);
        self.away.push(slug);
    }

    fn rename_company(&mut self) {
        let Some(slug) = self.some_company().filter(|slug| self.oracle.known.contains(slug)) else {
            return;
        };
        let from = self.folders[&slug].clone();
        if !self.office.world.disk.exists(&from) {
            return;
        }
        let to =
            format!("{} {}", from.split(" (").next().unwrap(), format_args!("({})", self.step));
        self.tell(format!("the folder of {slug} is `{to}` now"));
        self.office.world.disk.rename(&from, &to);
        self.folders.insert(slug, to);
    }

    fn export(&mut self) {
        let file = self.files.path().join("yesterday");
        if self.demand(&Ask::Export { file }).is_some() {
            self.exported_at = Some(self.step);
        }
    }

    /// The state becomes yesterday's; the world does not.
    fn import(&mut self) {
        let Some(exported_at) = self.exported_at.filter(|_| self.chance.percent(50)) else {
            return;
        };
        let file = self.files.path().join("yesterday");
        for mail in self.office.world.post.delivered() {
            let copy = (mail.mail.recipient.to_string(), mail.bytes);
            self.copies_before.insert(copy, 0);
        }
        for mail in self.office.world.post.delivered() {
            let copy = (mail.mail.recipient.to_string(), mail.bytes);
            *self.copies_before.entry(copy).or_default() += 1;
        }
        self.demand(&Ask::Import { file, confirmed: true });
        self.read_decisions();
        self.oracle.relax(|_| true);
        let slugs: Vec<String> = self.oracle.trees.keys().cloned().collect();
        for slug in slugs {
            self.forget_since(&slug, exported_at);
        }
    }

    /// What came or changed after the export is found anew by switches of that time: it may go.
    fn forget_since(&mut self, slug: &str, exported_at: usize) {
        self.oracle.unordinary.insert(slug.to_owned());
        let decided = self.oracle.decided.clone();
        let mut may = Vec::new();
        for (document, file) in self.oracle.trees.get_mut(slug).into_iter().flatten() {
            if file.touched < exported_at {
                continue;
            }
            file.blurred = true;
            for app in crate::oracle::APPS {
                if decided.ruling(slug, app, document) != Ruling::Off {
                    may.push((slug.to_owned(), app.to_owned(), file.content.clone()));
                }
            }
        }
        for copy in may {
            self.oracle.raise(copy, Want::May, false);
        }
    }

    /// Everything works again.
    pub(crate) fn end_all_trouble(&mut self) {
        self.tell("all trouble ends");
        while !self.away.is_empty() {
            self.lose_or_regain_a_share();
        }
        self.give_permissions_back();
        self.office.world.disk.set_marks(Marks::Work);
        self.office.world.post.forget_plans();
        self.office.world.post.always(Script::Accept);
    }
}
