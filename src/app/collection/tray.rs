//! The tray: mails of which only a person can say what becomes of them.

use super::Trouble;
use super::places::Place;
use super::plan::{Next, Wish, content_of};
use crate::app::error::{Answer, Error};
use crate::app::robot::Robot;
use crate::app::views::{MailFileView, RefusedView, TrayView};
use crate::domain::decision::HistoryEntry;
use crate::domain::mail::filing::sift;
use crate::domain::mail::mailbox::{MailOutcome, MailRecord};
use crate::domain::mail::received::{LeftOut, MailIdentity};
use crate::domain::names;
use crate::domain::path::TreePath;
use crate::ports::collected::MailChange;
use crate::ports::store::StoreError;

impl Robot {
    /// Files mails for a company, in the name of the person who says so; where none is named, each
    /// for the one that its address told.
    pub(in crate::app) async fn tray_file(
        &self,
        numbers: &[String],
        company: Option<&str>,
        folder: Option<&TreePath>,
        all: bool,
        by: &str,
    ) -> Answer<TrayView> {
        let named = match company {
            Some(words) => Some(self.place_named(words).await?),
            None => None,
        };
        self.refuse_unseen(folder)?;
        let _turn = self.shared.filing.lock().await;
        let mut view = TrayView { count: 0, mails: Vec::new(), refused: Vec::new() };
        for mail in self.trayed(numbers).await? {
            let place = match (&named, mail.outcome.company()) {
                (Some(place), _) => place.clone(),
                (None, Some(slug)) => self.place_named(slug.as_str()).await?,
                (None, None) => {
                    let because =
                        "nobody knows whose it is: `--company COMPANY` says so".to_owned();
                    view.refused.push(RefusedView { id: mail.number.to_string(), because });
                    continue;
                }
            };
            let wish = Wish { place, folder: folder.cloned(), all, by: by.to_owned() };
            match self.file_wished(&mail, &wish).await? {
                Ok(mail) => view.mails.push(self.view_of_mail(&mail)),
                Err(because) => {
                    view.refused.push(RefusedView { id: mail.number.to_string(), because });
                }
            }
        }
        view.count = view.mails.len() as u64;
        Ok(view)
    }

    /// How many would be thrown away.
    pub(in crate::app) async fn tray_count(&self, numbers: &[String]) -> Answer<TrayView> {
        let mails = self.trayed(numbers).await?;
        let mails: Vec<_> = mails.iter().map(|mail| self.view_of_mail(mail)).collect();
        Ok(TrayView { count: mails.len() as u64, mails, refused: Vec::new() })
    }

    /// Throws mails away: their files become no documents, and their servers are told.
    pub(in crate::app) async fn tray_drop(&self, numbers: &[String], by: &str) -> Answer<TrayView> {
        let _turn = self.shared.filing.lock().await;
        let mut mails = Vec::new();
        for mail in self.trayed(numbers).await? {
            let change = MailChange {
                outcome: MailOutcome::Dropped { by: by.to_owned() },
                owed: self.is_disposed_of(&mail.mailbox),
                content: None,
                entry: Some(self.tray_entry("tray drop", &mail, by)),
            };
            let store = &self.ports().store;
            let dropped = store.mail_became(mail.number, &mail.outcome, change).await?;
            self.remove_kept_of(&dropped).await;
            mails.push(self.view_of_mail(&dropped));
        }
        Ok(TrayView { count: mails.len() as u64, mails, refused: Vec::new() })
    }

    /// The documents of a mail that is kept, and what isn't one; none when it can't be opened.
    pub(in crate::app) async fn files_of_kept(
        &self,
        mail: &MailRecord,
    ) -> Option<(Vec<MailFileView>, Vec<LeftOut>)> {
        let received = self.kept(mail).await.ok()?;
        let sifted = sift(&received, &self.accepted());
        let file = |(index, name): &(usize, _)| {
            let content = content_of(&received.files.get(*index)?.bytes);
            let name: &crate::domain::mail::filing::SafeName = name;
            Some(MailFileView {
                name: name.to_string(),
                path: None,
                size: content.size,
                sha256: hex::encode(content.sha256),
            })
        };
        Some((sifted.documents.iter().filter_map(file).collect(), sifted.left_out))
    }

    async fn file_wished(
        &self,
        mail: &MailRecord,
        wish: &Wish,
    ) -> Answer<Result<MailRecord, String>> {
        let quarantined = matches!(mail.outcome, MailOutcome::Quarantined { .. });
        if quarantined && self.mail_room().scanner.is_none() {
            let because = "it is in quarantine, and no antivirus is there to look at it again";
            return Ok(Err(because.to_owned()));
        }
        let received = match self.kept(mail).await {
            Ok(received) => received,
            Err(next) => return Ok(Err(in_words(&next))),
        };
        let next = self.plan_wish(mail, &received, wish).await?;
        let outcome = match next {
            Next::File(filing) => MailOutcome::Filing(filing),
            Next::Aside(outcome @ MailOutcome::Filed(_)) => outcome,
            Next::Aside(MailOutcome::Quarantined { because, .. }) => {
                let company = mail.outcome.company().cloned();
                let outcome = MailOutcome::Quarantined { because: because.clone(), company };
                self.became(mail, outcome).await?;
                return Ok(Err(because));
            }
            other @ Next::Aside(_) if !wish.all && !received.files.is_empty() => {
                let because = in_words(&other);
                return Ok(Err(format!("{because}; `--all` files what is left out, too")));
            }
            other @ (Next::Aside(_) | Next::Later(_)) => return Ok(Err(in_words(&other))),
        };
        let entry = HistoryEntry {
            company: Some(wish.place.slug.clone()),
            folder: outcome.filing().and_then(|filing| filing.files.first()?.path.parent()),
            ..self.tray_entry("tray file", mail, &wish.by)
        };
        let change = MailChange {
            owed: outcome.is_done() && self.is_disposed_of(&mail.mailbox),
            content: Some(MailIdentity::of_content(&received)),
            entry: Some(entry),
            outcome,
        };
        let store = &self.ports().store;
        match store.mail_became(mail.number, &mail.outcome, change).await {
            Ok(planned) if planned.outcome.is_done() => {
                self.remove_kept_of(&planned).await;
                Ok(Ok(planned))
            }
            Ok(planned) => self.put_files(planned).await.map(Ok),
            Err(StoreError::Conflict) => {
                Ok(Err("a place in it was taken just now: ask again".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The mails that are meant, all of them in the tray.
    async fn trayed(&self, numbers: &[String]) -> Answer<Vec<MailRecord>> {
        let mut mails: Vec<MailRecord> = Vec::new();
        for words in numbers {
            let mail = self.mail_numbered(words).await?;
            if !mail.outcome.is_in_tray() {
                return Err(Error::Words(format!(
                    "mail {} is not in the tray: it is {}\nhint: `facteur tray list` shows what is, `facteur mails show {}` what became of it",
                    mail.number,
                    mail.outcome.as_str(),
                    mail.number
                )));
            }
            if !mails.iter().any(|other| other.number == mail.number) {
                mails.push(mail);
            }
        }
        Ok(mails)
    }

    /// The company a person names, connected or not.
    async fn place_named(&self, words: &str) -> Answer<Place> {
        let named = self.company_named(words).await?;
        let present = self.company_folders()?.contains(&named.folder);
        let Some(slug) = named.slug else {
            return Err(Error::Words(format!(
                "no slug can be made of `{}`\nhint: give it one in [[companies]] of routes.toml",
                named.name
            )));
        };
        Ok(Place { slug, folder: named.folder, known: named.known, present })
    }

    /// What is filed in a folder that the robot passes over would never be sent.
    fn refuse_unseen(&self, folder: Option<&TreePath>) -> Answer<()> {
        let config = self.config();
        let mut names = folder.into_iter().flat_map(TreePath::components);
        let unseen = names.find(|name| !names::is_recorded(name, &config.documents.ignore));
        unseen.map_or(Ok(()), |name| {
            Err(Error::Words(format!(
                "`{}` is a name that the robot passes over\nhint: name another folder",
                crate::domain::path::spell(name)
            )))
        })
    }

    fn tray_entry(&self, what: &str, mail: &MailRecord, by: &str) -> HistoryEntry {
        HistoryEntry {
            at: self.now(),
            by: by.to_owned(),
            what: what.to_owned(),
            company: None,
            folder: None,
            app: None,
            detail: format!("mail {}, `{}`", mail.number, mail.subject),
        }
    }
}

/// Why it can't be filed.
fn in_words(next: &Next) -> String {
    match next {
        Next::Aside(outcome) => outcome.because().unwrap_or_default().to_owned(),
        Next::Later(Trouble(because)) => because.clone(),
        Next::File(_) => String::new(),
    }
}
