//! `why`: a document's whole story, or the reason that there is none.

use super::because::{Standing, duplicate_words, standing};
use crate::app::error::{Answer, Error};
use crate::app::robot::Robot;
use crate::app::views::{EventView, StoryView, WhyView};
use crate::app::words::Named;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::decision::Decisions;
use crate::domain::delivery::Event;
use crate::domain::deposit::{Deposit, DepositEvent, Skip, Verdict};
use crate::domain::directory::{NameBytes, NameRecord};
use crate::domain::names;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::verdict::folder_of;
use crate::ports::folders::FolderError;

/// A step of a story, with its time where it has one.
pub(super) type Told = (Option<Timestamp>, EventView);

/// What is known at a path.
struct Seen<'a> {
    path: &'a TreePath,
    record: Option<&'a NameRecord>,
    deposits: &'a [Deposit],
}

impl Robot {
    /// The story of the document at a path, for each app.
    pub(in crate::app) async fn why(&self, words: &str, path: &TreePath) -> Answer<WhyView> {
        let named = self.company_named(words).await?;
        if path.is_root() {
            return Err(Error::Words(
                "a folder has no story, its documents have\nhint: `facteur documents` lists them"
                    .to_owned(),
            ));
        }
        let slug = named.slug.as_ref().map(ToString::to_string).unwrap_or_default();
        let stories = match &named.known {
            None => {
                let because = self.unobserved(&named, path)?;
                let mut story = none(Skip::NotConnected.as_str(), because);
                if let Some(slug) = &named.slug {
                    story
                        .events
                        .extend(self.received(slug, path, None).await?.map(|(_, event)| event));
                }
                vec![story]
            }
            Some(company) => self.stories(&named, company, path).await?,
        };
        Ok(WhyView { company: slug, path: path.to_string(), stories })
    }

    async fn stories(
        &self,
        named: &Named,
        company: &Company,
        path: &TreePath,
    ) -> Answer<Vec<StoryView>> {
        let store = &self.ports().store;
        let deposits = store.deposits_at(company.id, path).await?;
        let names = store.names(company.id, &folder_of(path)).await?;
        let record = names.get(&NameBytes::new(path.name()));
        let received = self.received_all(company, path, record, &deposits).await?;
        if deposits.is_empty() && record.is_none() {
            let mut story = none("settling", self.unobserved(named, path)?);
            story.events = received.into_iter().map(|(_, event)| event).collect();
            return Ok(vec![story]);
        }
        let decisions = store.decisions(company.id).await?;
        if decisions.connections.is_empty() {
            let because = "no app was ever connected to this company".to_owned();
            let mut story = none(Skip::NotConnected.as_str(), because);
            story.events = received.into_iter().map(|(_, event)| event).collect();
            return Ok(vec![story]);
        }
        let mut stories = Vec::new();
        for app in decisions.connections.keys() {
            let (seen, received) = (Seen { path, record, deposits: &deposits }, received.clone());
            stories.push(self.story(company, app, seen, &decisions, received).await?);
        }
        Ok(stories)
    }

    async fn story(
        &self,
        company: &Company,
        app: &AppId,
        seen: Seen<'_>,
        decisions: &Decisions,
        mut told: Vec<Told>,
    ) -> Answer<StoryView> {
        let Seen { path, record, deposits } = seen;
        let current = deposits.first();
        let config = self.config();
        if record.is_some_and(|record| record.deposit.is_none()) {
            told.push((None, before()));
        }
        let mut standing_now: Option<Standing> = None;
        // Oldest first: a replaced document's story ends with what it is now.
        for deposit in deposits.iter().rev() {
            told.extend(
                deposit.events.iter().map(|event| (Some(event.at), self.of_deposit(event))),
            );
            let delivery = self.deliveries_of(Some(deposit)).await?.remove(app);
            if let Some(delivery) = &delivery {
                let own = matches!(deposit.verdicts.get(app), Some(Verdict::Queued(_)));
                let events = delivery.events.iter().filter(|_| own);
                told.extend(events.map(|event| (Some(event.at), self.of_delivery(event))));
            }
            standing_now = Some(standing(&config, app, path, Some(deposit), decisions, delivery));
        }
        let standing =
            standing_now.unwrap_or_else(|| standing(&config, app, path, current, decisions, None));
        told.sort_by_key(|(at, _)| *at);
        let because = match (&standing.delivery, standing.state) {
            (Some(first), "duplicate") => {
                let deposit = self.ports().store.deposit(first.deposit).await?;
                let place = deposit.map(|deposit| deposit.path).unwrap_or_default();
                duplicate_words(company, app, path, &place, first)
            }
            (_, _) => standing.because,
        };
        Ok(StoryView {
            app: Some(app.to_string()),
            state: standing.state.to_owned(),
            because,
            events: told.into_iter().map(|(_, event)| event).collect(),
        })
    }

    /// The mails with which the documents at a path came, those of the baseline too.
    async fn received_all(
        &self,
        company: &Company,
        path: &TreePath,
        record: Option<&NameRecord>,
        deposits: &[Deposit],
    ) -> Answer<Vec<Told>> {
        let mut received = Vec::new();
        if deposits.is_empty() || record.is_some_and(|record| record.deposit.is_none()) {
            // Before the first observation, which has no time either.
            let mail = self.received(&company.slug, path, None).await?;
            received.extend(mail.map(|(_, event)| (None, event)));
        }
        for deposit in deposits {
            received.extend(self.received(&company.slug, path, Some(deposit)).await?);
        }
        Ok(received)
    }

    fn of_deposit(&self, event: &DepositEvent) -> EventView {
        EventView {
            at: Some(self.local(event.at)),
            what: "document".to_owned(),
            because: event.what.clone(),
            answer: None,
            by: None,
            received: None,
        }
    }

    fn of_delivery(&self, event: &Event) -> EventView {
        EventView {
            at: Some(self.local(event.at)),
            what: event.what.clone(),
            because: event.because.clone(),
            answer: event.answer.clone(),
            by: event.by.clone(),
            received: None,
        }
    }

    /// Why a path has no story: from what is on the disk now.
    fn unobserved(&self, named: &Named, path: &TreePath) -> Answer<String> {
        let config = self.config();
        let ignored =
            path.components().find(|name| !names::is_recorded(name, &config.documents.ignore));
        if let Some(name) = ignored {
            return Ok(format!(
                "`{}` is an unfinished, private or ignored name: such files are never sent; renamed into place it becomes a deposit",
                crate::domain::path::spell(name)
            ));
        }
        match self.ports().folders.look(&named.folder, path) {
            Ok(look) if look.size == 0 => {
                Ok("the file is empty: it becomes a deposit when it is filled".to_owned())
            }
            Ok(look) if !look.readable => {
                Ok("the robot may not read the file: it becomes a deposit when it can".to_owned())
            }
            Ok(_) if named.known.is_none() => {
                Ok("no app was ever connected to this company".to_owned())
            }
            Ok(_) => Ok("it has not been observed yet: the next round finds it".to_owned()),
            Err(FolderError::Missing(_)) => Err(Error::Words(format!(
                "no document was ever seen at `{path}` of {}\nhint: `facteur documents` lists what was; the path is relative to the company's folder",
                named.name
            ))),
            Err(
                error
                @ (FolderError::Denied(_) | FolderError::Outside(_) | FolderError::Changed(_)),
            ) => Ok(format!("{error}: it is no document")),
            Err(error @ (FolderError::Io { .. } | FolderError::Unwritable { .. })) => {
                Err(error.into())
            }
        }
    }
}

fn none(state: &str, because: String) -> StoryView {
    StoryView { app: None, state: state.to_owned(), because, events: Vec::new() }
}

/// What is known of a document of the baseline.
fn before() -> EventView {
    EventView {
        at: None,
        what: "known".to_owned(),
        because: "it was there when the company's folders were first observed".to_owned(),
        answer: None,
        by: None,
        received: None,
    }
}
