//! What the office does with its papers: puts them, moves them, replaces them, throws them away.

use crate::firm::Firm;
use crate::oracle::{APPS, File, Want, is_unfinished};
use crate::world::path;

/// Where documents are put.
pub(crate) const FOLDERS: [&str; 7] =
    ["Achats", "Achats/2026", "Achats/2026/T1", "Ventes", "À trier", "Divers", ""];

impl Firm {
    /// A company whose share is there.
    pub(crate) fn some_company(&mut self) -> Option<String> {
        let present: Vec<String> =
            self.folders.keys().filter(|slug| !self.away.contains(slug)).cloned().collect();
        self.chance.any(&present)
    }

    fn some_file(&mut self, slug: &str) -> Option<String> {
        let tree = self.oracle.trees.get(slug)?;
        let paths: Vec<String> = tree.keys().cloned().collect();
        self.chance.any(&paths)
    }

    fn on_disk(&self, slug: &str, document: &str) -> String {
        format!("{}/{document}", self.folders[slug])
    }

    fn new_path(&mut self) -> String {
        let folder = *self.chance.one(&FOLDERS);
        let ending = *self.chance.one(&["pdf", "pdf", "pdf", "pdf", "docx", "txt"]);
        let name = format!("{}.{ending}", self.step);
        if folder.is_empty() { name } else { format!("{folder}/{name}") }
    }

    fn file(&mut self, slug: &str, document: &str) -> &mut File {
        let tree = self.oracle.trees.get_mut(slug).unwrap();
        let file = tree.get_mut(document).unwrap();
        file.touched = self.step;
        file
    }

    /// One piece of office work.
    pub(crate) fn work_with_papers(&mut self) {
        let Some(slug) = self.some_company() else { return };
        match self.chance.below(20) {
            0..=9 => self.put_new(&slug),
            10 => self.put_duplicate(&slug),
            11 | 12 => self.move_file(&slug),
            13 => self.move_to_another_company(&slug),
            14 => self.replace(&slug),
            15 => self.append(&slug),
            16 => self.remove(&slug),
            17 => self.copy(&slug),
            18 => self.finish_download(&slug),
            _ => self.turn_permission(&slug),
        }
    }

    /// A new document, perhaps one still without its bytes.
    pub(crate) fn put_new(&mut self, slug: &str) {
        let document = self.new_path();
        let content = format!("%PDF {} of {slug}", self.step).into_bytes();
        self.put(slug, &document, content);
    }

    fn put(&mut self, slug: &str, document: &str, content: Vec<u8>) {
        self.tell(format!("put {slug} {document}: {}", String::from_utf8_lossy(&content)));
        self.office.world.disk.write(&self.on_disk(slug, document), &content);
        let file = File { content, touched: self.step, ..File::default() };
        self.oracle.trees.entry(slug.to_owned()).or_default().insert(document.to_owned(), file);
    }

    fn put_duplicate(&mut self, slug: &str) {
        let Some(original) = self.some_file(slug) else { return };
        let content = self.oracle.trees[slug][&original].content.clone();
        let document = self.new_path();
        self.put(slug, &document, content);
    }

    /// To another folder or another name, by `mv`.
    fn move_file(&mut self, slug: &str) {
        let Some(from) = self.some_file(slug) else { return };
        let to = self.with_ending_of(&from);
        self.rename(slug, &from, slug, &to);
    }

    fn move_to_another_company(&mut self, slug: &str) {
        let Some(from) = self.some_file(slug) else { return };
        let Some(other) = self.some_company().filter(|other| other != slug) else { return };
        let to = self.with_ending_of(&from);
        self.rename(slug, &from, &other, &to);
        let file = self.file(&other, &to);
        // Back where it once was, it is known there.
        file.blurred |= std::mem::replace(&mut file.travelled, true);
        file.seen = None;
        let content = file.content.clone();
        self.left(slug, &content);
    }

    fn with_ending_of(&mut self, from: &str) -> String {
        let ending = from.rsplit('.').next().unwrap_or("pdf").to_owned();
        let to = self.new_path();
        format!("{}.{ending}", to.rsplit_once('.').unwrap().0)
    }

    fn rename(&mut self, slug: &str, from: &str, other: &str, to: &str) {
        self.tell(format!("mv {slug} {from} to {other} {to}"));
        let (source, target) = (self.on_disk(slug, from), self.on_disk(other, to));
        let disk = &self.office.world.disk;
        disk.mkdir(&path(&target).parent().unwrap().to_string());
        disk.rename(&source, &target);
        let mut file = self.oracle.trees.get_mut(slug).unwrap().remove(from).unwrap();
        file.touched = self.step;
        self.oracle.trees.entry(other.to_owned()).or_default().insert(to.to_owned(), file);
    }

    /// A content may not be there any more when its time comes.
    fn left(&mut self, slug: &str, content: &[u8]) {
        self.oracle.relax(|(of, _, left)| of == slug && left == content);
    }

    /// Another file under a known name.
    fn replace(&mut self, slug: &str) {
        let Some(document) = self.some_file(slug) else { return };
        let content = format!("%PDF {} replaces {document}", self.step).into_bytes();
        self.tell(format!("replace {slug} {document}"));
        self.office.world.disk.replace(&self.on_disk(slug, &document), &content);
        let file = self.file(slug, &document);
        let former = std::mem::replace(&mut file.content, content);
        file.hidden = false;
        // Replaced twice, or before it had settled: whose bytes they are is a matter of when the
        // robot looked.
        let settled = file.sights > 1;
        file.blurred |= file.seen.as_ref().is_some_and(|sight| sight.content != former || !settled);
        self.left(slug, &former);
        self.goes_in_its_place(slug, &document);
    }

    /// What was asked for, and did not go yet perhaps, may go with its new bytes.
    fn goes_in_its_place(&mut self, slug: &str, document: &str) {
        let file = self.oracle.trees[slug][document].clone();
        for app in APPS.iter().filter(|_| file.asked) {
            let copy = (slug.to_owned(), (*app).to_owned(), file.content.clone());
            self.oracle.raise(copy, Want::May, false);
        }
    }

    /// More bytes in the same file: noticed at the latest when its folder has its turn.
    fn append(&mut self, slug: &str) {
        let Some(document) = self.some_file(slug) else { return };
        self.tell(format!("append to {slug} {document}"));
        let place = self.on_disk(slug, &document);
        self.office.world.disk.append(&place, b" and more");
        let file = self.file(slug, &document);
        let former = file.content.clone();
        file.content.extend_from_slice(b" and more");
        file.blurred |= file.seen.is_some();
        self.left(slug, &former);
        self.goes_in_its_place(slug, &document);
    }

    fn remove(&mut self, slug: &str) {
        let Some(document) = self.some_file(slug) else { return };
        self.tell(format!("rm {slug} {document}"));
        self.office.world.disk.remove(&self.on_disk(slug, &document));
        let removed = self.oracle.trees.get_mut(slug).unwrap().remove(&document).unwrap();
        self.left(slug, &removed.content);
    }

    /// `cp -a`: with the old dates and the old marks.
    fn copy(&mut self, slug: &str) {
        let Some(document) = self.some_file(slug) else { return };
        let to = self.with_ending_of(&document);
        let (source, target) = (self.on_disk(slug, &document), self.on_disk(slug, &to));
        self.tell(format!("cp -a {slug} {document} to {to}"));
        let disk = &self.office.world.disk;
        disk.mkdir(&path(&target).parent().unwrap().to_string());
        disk.copy_preserving(&source, &target);
        let mut file = self.oracle.trees[slug][&document].clone();
        (file.seen, file.touched) = (None, self.step);
        self.oracle.trees.get_mut(slug).unwrap().insert(to, file);
    }

    /// An unfinished name, then its own; or an empty file, then its bytes.
    fn finish_download(&mut self, slug: &str) {
        let unfinished =
            |(path, file): (&String, &File)| is_unfinished(path, file).then(|| path.clone());
        let tree = self.oracle.trees.get(slug);
        let waiting: Vec<String> = tree.into_iter().flatten().filter_map(unfinished).collect();
        match self.chance.any(&waiting) {
            Some(document) if !self.oracle.trees[slug][&document].content.is_empty() => {
                let to = document.trim_end_matches(".part").to_owned();
                self.rename(slug, &document, slug, &to);
            }
            Some(document) => {
                let content = format!("%PDF {} filled {slug}", self.step).into_bytes();
                self.office.world.disk.truncate_and_write(&self.on_disk(slug, &document), &content);
                self.tell(format!("fill {slug} {document}"));
                self.file(slug, &document).content = content;
            }
            None if self.chance.percent(50) => {
                let document = format!("{}.part", self.new_path());
                let content = format!("%PDF {} downloaded {slug}", self.step).into_bytes();
                self.put(slug, &document, content);
            }
            None => {
                let document = self.new_path();
                self.put(slug, &document, Vec::new());
            }
        }
    }

    fn turn_permission(&mut self, slug: &str) {
        let Some(document) = self.some_file(slug) else { return };
        let place = self.on_disk(slug, &document);
        let hidden = !self.oracle.trees[slug][&document].hidden;
        self.tell(format!("{slug} {document}: unreadable is {hidden}"));
        if hidden {
            self.office.world.disk.chmod_unreadable(&place);
        } else {
            self.office.world.disk.chmod_readable(&place);
        }
        self.file(slug, &document).hidden = hidden;
    }

    /// Everything can be read again.
    pub(crate) fn give_permissions_back(&mut self) {
        for (slug, folder) in &self.folders {
            for (document, file) in self.oracle.trees.get_mut(slug).into_iter().flatten() {
                if std::mem::take(&mut file.hidden) {
                    self.office.world.disk.chmod_readable(&format!("{folder}/{document}"));
                }
            }
        }
    }

    /// A folder with all it holds gets another name; what is below it may go or not from then on.
    pub(crate) fn rename_folder(&mut self) {
        let Some(slug) = self.some_company() else { return };
        let from = (*self.chance.one(&["Achats", "Achats/2026", "Ventes", "Divers"])).to_owned();
        let to = format!("{from} {}", self.step);
        let place = self.on_disk(&slug, &from);
        if !self.office.world.disk.exists(&place) {
            return;
        }
        self.tell(format!("{slug}: folder {from} is {to} now"));
        self.office.world.disk.rename(&place, &self.on_disk(&slug, &to));
        let Some(tree) = self.oracle.trees.get_mut(&slug) else { return };
        let below = format!("{from}/");
        let moved: Vec<String> =
            tree.keys().filter(|path| path.starts_with(&below)).cloned().collect();
        let mut left = Vec::new();
        for document in moved {
            let mut file = tree.remove(&document).unwrap();
            (file.blurred, file.touched) = (true, self.step);
            let content = file.content.clone();
            tree.insert(document.replacen(&from, &to, 1), file);
            left.push(content);
        }
        for content in left {
            self.left(&slug, &content);
        }
    }
}
