//! What the stories ask of an office besides its everyday words.

use facteur::app::requests::{Ask, Outcome, Reply, Selection, Turn};
use facteur::app::views::{BackfillView, DeliveryView, DocumentView, StoryView, SwitchedView};
use facteur::config::Config;
use facteur::domain::delivery::Act;
use facteur::domain::profile::Profile;
use facteur::domain::template::AddressTemplate;

use crate::office::{DUPONT, Office};
use crate::world::{app, path};

/// The folder of the company of most stories.
pub(crate) const FOLDER: &str = "Dupont Maçonnerie";

/// A tool with an address for each kind of folder.
pub(crate) fn with_inqom(config: &mut Config) {
    let template = |text: &str| AddressTemplate::parse(text).unwrap();
    let profile = Profile {
        name: "Inqom".to_owned(),
        sender: template("inqom+{slug}@{domain}"),
        subaddress: None,
        recipient: None,
        inboxes: [("achats", "achat"), ("ventes", "vente")]
            .map(|(inbox, box_)| {
                (inbox.to_owned(), template(&format!("{box_}.{{slug}}@inqombox.com")))
            })
            .into(),
        recommended_folders: Vec::new(),
        steps: vec!["Allow {sender} to write to {recipient} for {company}.".to_owned()],
        ..config.apps[&app("dext")].clone()
    };
    config.apps.insert(app("inqom"), profile);
}

/// What is asked to turn a switch of a company (none: of all).
pub(crate) fn turning(turn: Turn, company: Option<&str>, folder: &str, app: &str) -> Ask {
    Ask::Switch {
        turn,
        company: company.map(str::to_owned),
        folder: path(folder),
        app: app.to_owned(),
        inbox: None,
        preview: false,
    }
}

/// The same, for an inbox.
pub(crate) fn turning_for(turn: Turn, folder: &str, app: &str, inbox: &str) -> Ask {
    Ask::Switch {
        turn,
        company: Some(DUPONT.to_owned()),
        folder: path(folder),
        app: app.to_owned(),
        inbox: Some(inbox.to_owned()),
        preview: false,
    }
}

/// What is asked to connect an app with typed addresses.
pub(crate) fn connecting(app: &str, to: Option<&str>, inbox: Option<&str>) -> Ask {
    Ask::Connect {
        company: DUPONT.to_owned(),
        app: app.to_owned(),
        to: to.map(str::to_owned),
        from: None,
        inbox: inbox.map(str::to_owned),
    }
}

/// A back-fill of a folder by quickbooks.
pub(crate) fn backfilling(folder: &str, days: [Option<&str>; 2], confirmed: bool) -> Ask {
    let [since, until] = days.map(|day| day.map(|day| day.parse().unwrap()));
    Ask::Backfill {
        company: DUPONT.to_owned(),
        folder: path(folder),
        app: "quickbooks".to_owned(),
        since,
        until,
        confirmed,
    }
}

impl Office {
    /// A document is put into a folder of Dupont Maçonnerie; its content is its own path.
    pub(crate) fn drop(&self, document: &str) {
        self.world.disk.write(&format!("{FOLDER}/{document}"), document);
    }

    /// Asks for what must fail; answers the words, which must hold a remedy.
    pub(crate) async fn refused(&self, ask: Ask) -> String {
        let told = format!("{ask:?}");
        match self.ask(ask).await.outcome {
            Outcome::WrongWords(words) | Outcome::Failed(words) => {
                assert!(words.contains("\nhint: "), "no remedy in: {words}");
                words
            }
            other => panic!("{told}: {other:?}"),
        }
    }

    /// Turns a switch, and expects it to be done; the whole reply.
    pub(crate) async fn reply(&self, ask: Ask) -> Reply {
        let reply = self.ask(ask).await;
        assert_eq!(reply.outcome, Outcome::Done, "{:?}", reply.notices);
        reply
    }

    /// What a switch's turning would mean.
    pub(crate) async fn preview(&self, turn: Turn, folder: &str, app: &str) -> SwitchedView {
        let ask = Ask::Switch {
            turn,
            company: Some(DUPONT.to_owned()),
            folder: path(folder),
            app: app.to_owned(),
            inbox: None,
            preview: true,
        };
        let mut views: Vec<SwitchedView> = self.done(ask).await;
        views.remove(0)
    }

    /// Everything the ledger holds, as an export has it.
    pub(crate) async fn exported(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state");
        let _: serde_json::Value = self.done(Ask::Export { file: file.clone() }).await;
        let bytes = std::fs::read(file).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The only delivery of the document at a path.
    pub(crate) async fn delivery(&self, document: &str) -> DeliveryView {
        let mut found = self.deliveries().await;
        found.retain(|delivery| delivery.path == document);
        assert_eq!(found.len(), 1, "deliveries of {document}: {found:?}");
        found.remove(0)
    }

    /// Its state, with its reason where it is held.
    pub(crate) async fn state(&self, document: &str) -> String {
        let delivery = self.delivery(document).await;
        match delivery.reason {
            Some(reason) => format!("{} ({reason})", delivery.state),
            None => delivery.state,
        }
    }

    /// Does something to the only delivery of a document.
    pub(crate) async fn act_on(&self, act: Act, document: &str) -> Reply {
        let id = self.delivery(document).await.id;
        let selection = Selection { ids: vec![id], ..Selection::default() };
        self.ask(Ask::Act { act, selection, confirmed: true }).await
    }

    /// The story of a document for an app.
    pub(crate) async fn story(&self, document: &str, app: &str) -> StoryView {
        let mut stories = self.why(document).await.stories;
        stories.retain(|story| story.app.as_deref() == Some(app));
        stories.remove(0)
    }

    /// A back-fill that is confirmed.
    pub(crate) async fn backfill(&self, folder: &str) -> BackfillView {
        self.done(backfilling(folder, [None, None], true)).await
    }

    /// The rows of one document.
    pub(crate) async fn rows(&self, document: &str) -> Vec<DocumentView> {
        let mut rows = self.documents().await;
        rows.retain(|row| row.path == document);
        rows
    }
}
