//! The files of a plan, put into their places exactly once, whatever happened before.

use std::sync::Arc;

use super::Trouble;
use super::pass::troubled;
use super::places::Place;
use super::plan::{Next, content_of};
use crate::app::error::Answer;
use crate::app::queue::digest;
use crate::app::robot::Robot;
use crate::domain::deposit::Content;
use crate::domain::mail::filing::safe_name;
use crate::domain::mail::mailbox::{FiledFile, Filing, MailOutcome, MailRecord};
use crate::domain::mail::received::ReceivedMail;
use crate::domain::path::TreePath;
use crate::ports::collected::MailChange;
use crate::ports::folders::{CompanyFolder, FolderError, Put};

/// How often a file is given another name because its own was taken.
const NAMES_TRIED_MAX: usize = 8;

/// Why a file isn't in its place.
enum Unput {
    /// It is tried again.
    Later(Trouble),
    /// Only a person can go on.
    Person(String),
}

impl Robot {
    /// Puts what isn't in its place yet. Nobody observes meanwhile: what is found afterwards is
    /// known as the mail's.
    pub(super) async fn put_files(&self, mail: MailRecord) -> Answer<MailRecord> {
        let _turn = self.shared.tree.lock().await;
        let (mut mail, place) = match self.place_of(mail).await? {
            Ok(ready) => ready,
            Err((mail, outcome)) => return self.became(&mail, outcome).await,
        };
        let received = match self.kept(&mail).await {
            Ok(received) => Some(received),
            Err(Next::Later(trouble)) => {
                let outcome = troubled(&mail.outcome, trouble);
                return self.became(&mail, outcome).await;
            }
            // What is in its place already needs no mail.
            Err(Next::Aside(_) | Next::File(_)) => None,
        };
        loop {
            let Some(filing) = mail.outcome.filing().cloned() else { return Ok(mail) };
            let Some(next) = filing.files.iter().position(|file| !file.put) else {
                return self
                    .became(&mail, MailOutcome::Filed(Filing { trouble: None, ..filing }))
                    .await;
            };
            mail = match self.put_one(mail.clone(), next, &place, received.as_ref()).await? {
                Ok(mail) => mail,
                Err(Unput::Later(trouble)) => {
                    let outcome = troubled(&mail.outcome, trouble);
                    return self.became(&mail, outcome).await;
                }
                Err(Unput::Person(because)) => {
                    let company = Some(filing.slug);
                    return self.became(&mail, MailOutcome::Tray { because, company }).await;
                }
            };
        }
    }

    /// The company of a plan as it is now: a folder that was renamed since is followed.
    async fn place_of(
        &self,
        mail: MailRecord,
    ) -> Answer<Result<(MailRecord, Place), (MailRecord, MailOutcome)>> {
        let Some(filing) = mail.outcome.filing().cloned() else {
            let outcome = mail.outcome.clone();
            return Ok(Err((mail, outcome)));
        };
        let later = |mail: MailRecord, trouble| {
            let outcome = troubled(&mail.outcome, trouble);
            Ok(Err((mail, outcome)))
        };
        let places = match self.places().await? {
            Ok(places) => places,
            Err(trouble) => return later(mail, trouble),
        };
        let place = match places.of_plan(&filing) {
            Ok(place) => place,
            Err(because) => {
                let there = filing.files.iter().filter(|file| file.put).count();
                let because = format!(
                    "{because}; {there} of its {} files were put into `{}`",
                    filing.files.len(),
                    filing.company
                );
                let company = Some(filing.slug);
                return Ok(Err((mail, MailOutcome::Tray { because, company })));
            }
        };
        if let Some(trouble) = self.obstacle(&place) {
            return later(mail, trouble);
        }
        if place.folder == filing.company {
            return Ok(Ok((mail, place)));
        }
        let followed = Filing { company: place.folder.clone(), ..filing };
        let mail = self.replan(&mail, followed).await?;
        Ok(Ok((mail, place)))
    }

    async fn replan(&self, mail: &MailRecord, filing: Filing) -> Answer<MailRecord> {
        let outcome = MailOutcome::Filing(filing);
        let change = MailChange { outcome, owed: false, content: None, entry: None };
        Ok(self.ports().store.mail_became(mail.number, &mail.outcome, change).await?)
    }

    /// One file into its place. What is there already with its very content was put by a pass
    /// that was cut off; where another file is, it gets another name, durably, before it is put.
    async fn put_one(
        &self,
        mut mail: MailRecord,
        index: usize,
        place: &Place,
        received: Option<&ReceivedMail>,
    ) -> Answer<Result<MailRecord, Unput>> {
        for _ in 0..NAMES_TRIED_MAX {
            let Some(filing) = mail.outcome.filing().cloned() else { return Ok(Ok(mail)) };
            let Some(file) = filing.files.get(index).cloned() else { return Ok(Ok(mail)) };
            let renamed = match self.try_to_put(&file, place, received).await? {
                Ok(true) => None,
                Ok(false) => match self.another_name(&file, place).await? {
                    Ok(path) => Some(path),
                    Err(trouble) => return Ok(Err(Unput::Later(trouble))),
                },
                Err(unput) => return Ok(Err(unput)),
            };
            let is_put = renamed.is_none();
            let mut next = filing;
            if let Some(file) = next.files.get_mut(index) {
                file.put = is_put;
                file.path = renamed.unwrap_or(file.path.clone());
            }
            if is_put && next.files.iter().all(|file| file.put) {
                next.trouble = None;
                return Ok(Ok(self.became(&mail, MailOutcome::Filed(next)).await?));
            }
            mail = self.replan(&mail, next).await?;
            if is_put {
                return Ok(Ok(mail));
            }
        }
        let because = "its name is taken again and again".to_owned();
        Ok(Err(Unput::Later(Trouble(because))))
    }

    /// Whether it is in its place now; false when another file is.
    async fn try_to_put(
        &self,
        file: &FiledFile,
        place: &Place,
        received: Option<&ReceivedMail>,
    ) -> Answer<Result<bool, Unput>> {
        let later = |error: &FolderError| Ok(Err(Unput::Later(Trouble::from(error))));
        match self.content_at(&place.folder, &file.path) {
            Ok(None) => {}
            Ok(Some(found)) => return Ok(Ok(found == file.content)),
            Err(FolderError::Changed(_) | FolderError::Denied(_) | FolderError::Outside(_)) => {
                return Ok(Ok(false));
            }
            Err(error) => return later(&error),
        }
        let Some(bytes) = received.and_then(|received| bytes_of(received, file)) else {
            let because = format!(
                "`{}` was to be put into `{}`, and the mail is not kept on this machine",
                file.path, place.folder
            );
            return Ok(Err(Unput::Person(because)));
        };
        let folders = Arc::clone(&self.ports().folders);
        let root = place.known.as_ref().map(|company| company.root.clone());
        let (company, path) = (place.folder.clone(), file.path.clone());
        let put = move || folders.put(&company, root.as_ref(), &path, &bytes);
        match tokio::task::spawn_blocking(put).await? {
            Ok(Put::Done) => Ok(Ok(true)),
            // Looked at again: it may be the same.
            Ok(Put::Taken) => {
                let found = self.content_at(&place.folder, &file.path);
                Ok(Ok(found.is_ok_and(|found| found == Some(file.content))))
            }
            Err(error) => later(&error),
        }
    }

    async fn another_name(
        &self,
        file: &FiledFile,
        place: &Place,
    ) -> Answer<Result<TreePath, Trouble>> {
        let folder = file.path.parent().unwrap_or_default();
        let mut shelf = match self.shelf(place, &folder).await? {
            Ok(shelf) => shelf,
            Err(error) => return Ok(Err(Trouble::from(&error))),
        };
        let name = String::from_utf8_lossy(file.path.name()).into_owned();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let path = shelf.place_for(self, place, &safe_name(stem, ending), &file.content);
        Ok(path.ok_or_else(|| Trouble(format!("`{name}` finds no free name"))))
    }

    /// What the file at a path holds; none where nothing is.
    pub(super) fn content_at(
        &self,
        company: &CompanyFolder,
        path: &TreePath,
    ) -> Result<Option<Content>, FolderError> {
        let folders = &self.ports().folders;
        let look = match folders.look(company, path) {
            Ok(look) => look,
            Err(FolderError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut file = folders.open(company, path, look.fingerprint)?;
        let content = digest(file.as_mut());
        content.map(Some).map_err(|source| FolderError::Io { path: path.to_string(), source })
    }
}

/// The file of a mail that a plan means: by its content, should another version of the program
/// count the files of a mail otherwise.
fn bytes_of(received: &ReceivedMail, file: &FiledFile) -> Option<Vec<u8>> {
    let first = received.files.get(file.index).into_iter();
    let mut candidates = first.chain(&received.files);
    let found = candidates.find(|candidate| content_of(&candidate.bytes) == file.content);
    found.map(|found| found.bytes.clone())
}
