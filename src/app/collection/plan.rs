//! What becomes of a mail: whose it is, which of its files are documents, and where each goes.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::Trouble;
use super::places::{Place, folded};
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::deposit::Content;
use crate::domain::directory::NameBytes;
use crate::domain::mail::acknowledgement::Acknowledgement;
use crate::domain::mail::filing::{SafeName, Sifted, free_name, safe_name, sift};
use crate::domain::mail::mailbox::{FiledFile, Filing, MailOutcome, MailRecord};
use crate::domain::mail::received::{LeftOut, MailIdentity, ReceivedMail};
use crate::domain::mail::routing::{Addressing, Routed, slug_of};
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;
use crate::ports::folders::FolderError;

/// Files left out that are named where nothing else is.
const LEFT_OUT_NAMED_MAX: usize = 5;

/// For so long after an import a file that is there already may have come by this very mail.
const IMPORTED_LATELY: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// What is to become of a mail.
#[derive(Debug)]
pub(super) enum Next {
    /// Its files go there.
    File(Filing),
    /// It is set aside for a person, or done with.
    Aside(MailOutcome),
    /// It is tried again.
    Later(Trouble),
}

impl Next {
    pub(super) fn tray(because: impl Into<String>) -> Self {
        Self::Aside(MailOutcome::Tray { because: because.into(), company: None })
    }

    /// The same, with whose it is.
    fn of_company(mut self, slug: &Slug) -> Self {
        if let Self::Aside(
            MailOutcome::Tray { company, .. } | MailOutcome::Quarantined { company, .. },
        ) = &mut self
        {
            *company = Some(slug.clone());
        }
        self
    }

    /// The same, with what is known of its sender and what that one is told.
    fn of_sender(self, admitted: String, acknowledgement: Option<Acknowledgement>) -> Self {
        match self {
            Self::File(filing) => {
                Self::File(Filing { admitted: Some(admitted), acknowledgement, ..filing })
            }
            Self::Aside(_) | Self::Later(_) => self,
        }
    }
}

/// Where a person wants a mail's files to be.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) place: Place,
    /// Relative to the company's folder; none: where its mails go.
    pub(super) folder: Option<TreePath>,
    /// What would be left out, too.
    pub(super) all: bool,
    pub(super) by: String,
}

impl Robot {
    /// Judges a mail that nobody has judged yet.
    pub(super) async fn judge(&self, mail: &MailRecord, received: &ReceivedMail) -> Answer<Next> {
        let places = match self.places().await? {
            Ok(places) => places,
            Err(trouble) => return Ok(Next::Later(trouble)),
        };
        let config = self.config();
        let known = places.slugs();
        let addressing = Addressing {
            template: &config.firm.collection,
            domain: &config.firm.domain,
            mailbox: &mail.mailbox,
            known: &known,
        };
        let slug = match slug_of(&received.headers, &addressing) {
            Routed::One(slug) => slug,
            other @ (Routed::Unknown(_) | Routed::Ambiguous(_) | Routed::Nowhere) => {
                return Ok(Next::tray(other.trouble().unwrap_or_default()));
            }
        };
        let place = match places.of(&slug) {
            Ok(place) => place,
            Err(because) => return Ok(Next::tray(because)),
        };
        let next = self.judge_for(mail, received, &place).await?;
        Ok(next.of_company(&place.slug))
    }

    /// Judges a mail of a company that is known.
    async fn judge_for(
        &self,
        mail: &MailRecord,
        received: &ReceivedMail,
        place: &Place,
    ) -> Answer<Next> {
        if let Some(trouble) = self.obstacle(place) {
            return Ok(Next::Later(trouble));
        }
        let admitted = match self.admit(received, place).await {
            Ok(admitted) => admitted,
            Err(next) => return Ok(next),
        };
        if let Err(next) = self.scan(received).await {
            return Ok(next);
        }
        let sifted = sift(received, &self.accepted());
        if sifted.documents.is_empty() {
            return Ok(Next::tray(no_document(&sifted.left_out)));
        }
        let planned = self.plan(mail, received, place, None, sifted, None).await?;
        Ok(planned.of_sender(admitted, self.acknowledgement_of(received, place)))
    }

    /// The plan that a person asked for.
    pub(super) async fn plan_wish(
        &self,
        mail: &MailRecord,
        received: &ReceivedMail,
        wish: &Wish,
    ) -> Answer<Next> {
        if let Some(trouble) = self.obstacle(&wish.place) {
            return Ok(Next::Later(trouble));
        }
        // A person may vouch for a sender, and for no bytes.
        if let Err(next) = self.scan(received).await {
            return Ok(next);
        }
        let mut sifted = sift(received, &self.accepted());
        if wish.all {
            sifted = everything(received);
        }
        if sifted.documents.is_empty() {
            return Ok(Next::tray(no_document(&sifted.left_out)));
        }
        let (folder, by) = (wish.folder.as_ref(), Some(wish.by.clone()));
        self.plan(mail, received, &wish.place, folder, sifted, by).await
    }

    /// The endings that any enabled app takes.
    pub(super) fn accepted(&self) -> BTreeSet<String> {
        let config = self.config();
        let enabled = config.apps.values().filter(|profile| profile.enabled);
        enabled.flat_map(|profile| profile.accepts.iter().cloned()).collect()
    }

    async fn plan(
        &self,
        mail: &MailRecord,
        received: &ReceivedMail,
        place: &Place,
        folder: Option<&TreePath>,
        sifted: Sifted,
        by: Option<String>,
    ) -> Answer<Next> {
        let mut filing = Filing {
            slug: place.slug.clone(),
            company: place.folder.clone(),
            files: Vec::new(),
            left_out: sifted.left_out,
            by,
            trouble: None,
            admitted: None,
            acknowledgement: None,
        };
        if let Some(other) = self.same_filed(mail, received, place).await? {
            let same = format!("mail {} is the same one, and", other.number);
            if !other.outcome.is_done() {
                return Ok(Next::Later(Trouble(format!("{same} is being filed"))));
            }
            let because = format!("{same} was filed");
            filing.left_out = vec![LeftOut { name: mail.subject.clone(), because }];
            return Ok(Next::Aside(MailOutcome::Filed(filing)));
        }
        let wanted = folder.cloned().unwrap_or_else(|| self.folder_of_mails(mail, place));
        let mut shelf = match self.shelf(place, &wanted).await? {
            Ok(shelf) => shelf,
            Err(error) => return Ok(Next::Later(Trouble::from(&error))),
        };
        for (index, name) in sifted.documents {
            let Some(file) = received.files.get(index) else { continue };
            let content = content_of(&file.bytes);
            let Some(path) = shelf.place_for(self, place, &name, &content) else {
                return Ok(Next::Later(Trouble(format!("`{name}` finds no free name"))));
            };
            filing.files.push(FiledFile { path, index, content, put: false });
        }
        Ok(Next::File(filing))
    }

    /// Another mail of the same content that was filed for this company, or is being filed.
    async fn same_filed(
        &self,
        mail: &MailRecord,
        received: &ReceivedMail,
        place: &Place,
    ) -> Answer<Option<MailRecord>> {
        let store = &self.ports().store;
        let content = MailIdentity::of_content(received);
        let Some(other) = store.mail_collected(&place.slug, &content).await? else {
            return Ok(None);
        };
        let record = store.mail(other).await?.filter(|record| record.outcome.filing().is_some());
        Ok(record.filter(|record| record.number != mail.number))
    }

    /// Where a company's mails of a day go.
    fn folder_of_mails(&self, mail: &MailRecord, place: &Place) -> TreePath {
        let config = self.config();
        let (inbox, template) = config.filing_of(&place.folder);
        template.place(inbox, self.local(mail.at).date_naive())
    }

    /// The folder as it is, with every name in it that is or was somebody's.
    pub(super) async fn shelf(
        &self,
        place: &Place,
        wanted: &TreePath,
    ) -> Answer<Result<Shelf, FolderError>> {
        let store = &self.ports().store;
        let folders = &self.ports().folders;
        let folder = match self.as_spelled(&place.folder, wanted) {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        let mut taken: BTreeSet<String> = match folders.list(&place.folder, &folder) {
            Ok(listing) => listing.entries.iter().map(|entry| folded(&entry.name)).collect(),
            Err(FolderError::Missing(_)) => BTreeSet::new(),
            Err(error) => return Ok(Err(error)),
        };
        if let Some(company) = &place.known {
            // One that is gone is known still: another file there would be a replaced one.
            let names = store.names(company.id, &folder).await?;
            taken.extend(names.keys().map(NameBytes::as_bytes).map(folded));
        }
        let reserved = store.places_below(&place.slug, &folder).await?;
        let here = reserved.iter().filter(|path| path.parent().as_ref() == Some(&folder));
        let reserved = here.map(|path| folded(path.name())).collect();
        let imported_at = store.identity().await?.imported_at;
        let lately = imported_at.is_some_and(|at| self.now() - at < IMPORTED_LATELY);
        Ok(Ok(Shelf { folder, taken, reserved, lately }))
    }
}

/// A folder with its names, as people tell them apart.
pub(super) struct Shelf {
    folder: TreePath,
    taken: BTreeSet<String>,
    /// By the plans of mails.
    reserved: BTreeSet<String>,
    /// The state was imported lately: it may not know which files it put there.
    lately: bool,
}

impl Shelf {
    /// A free place in it, which is taken by this.
    pub(super) fn place_for(
        &mut self,
        robot: &Robot,
        place: &Place,
        name: &SafeName,
        content: &Content,
    ) -> Option<TreePath> {
        let path_of = |name: &str| self.folder.join(name.as_bytes());
        let is_it = |name: &str| {
            let found = robot.content_at(&place.folder, &path_of(name));
            self.lately && found.is_ok_and(|found| found == Some(*content))
        };
        let free = free_name(name, |name| {
            let key = folded(name.as_bytes());
            self.reserved.contains(&key) || (self.taken.contains(&key) && !is_it(name))
        })?;
        let path = path_of(free.as_str());
        self.reserved.insert(folded(free.as_str().as_bytes()));
        Some(path)
    }
}

/// What a file holds.
pub(super) fn content_of(bytes: &[u8]) -> Content {
    Content { sha256: Sha256::digest(bytes).into(), size: bytes.len() as u64 }
}

/// Every file of a mail, whatever it is.
fn everything(received: &ReceivedMail) -> Sifted {
    let named = received.files.iter().enumerate().map(|(index, file)| {
        let name = file.name.as_deref().unwrap_or_default();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        (index, safe_name(stem, ending))
    });
    Sifted { documents: named.collect(), left_out: received.left_out.clone() }
}

fn no_document(left_out: &[LeftOut]) -> String {
    let named = left_out.iter().take(LEFT_OUT_NAMED_MAX);
    let named: Vec<String> =
        named.map(|file| format!("`{}`: {}", file.name, file.because)).collect();
    match (named.is_empty(), left_out.len().saturating_sub(named.len())) {
        (true, _) => "there is no document in it".to_owned(),
        (false, 0) => format!("there is no document in it ({})", named.join("; ")),
        (false, more) => {
            format!("there is no document in it ({}; and {more} more)", named.join("; "))
        }
    }
}
