//! The firm's decisions as one TOML file: exported, compared, imported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{Answer, Error};
use super::requests::Turn;
use super::robot::Robot;
use super::switch::Turning;
use super::views::{DecisionsDiffView, TomlView};
use super::words::folder_words;
use crate::domain::path::TreePath;
use crate::domain::shell;
use crate::domain::template::Address;

/// The whole set of decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionsFile {
    #[serde(default)]
    connections: Vec<ConnectionRow>,
    #[serde(default)]
    switches: Vec<SwitchRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionRow {
    pub(super) company: String,
    pub(super) app: String,
    pub(super) sender: Address,
    pub(super) recipient: Option<Address>,
    pub(super) inbox: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) inboxes: BTreeMap<String, Address>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchRow {
    company: String,
    app: String,
    folder: TreePath,
    on: bool,
    inbox: Option<String>,
}

/// One change that makes the decisions those of a file.
#[derive(Debug)]
enum Change {
    Connect(ConnectionRow),
    Disconnect { company: String, app: String },
    Turn(SwitchRow),
    Clear { company: String, app: String, folder: TreePath },
}

impl Robot {
    /// The decisions as TOML.
    pub(super) async fn decisions_export(&self) -> Answer<TomlView> {
        let file = self.decided().await?;
        let text = toml::to_string_pretty(&file)
            .map_err(|error| Error::Refused(format!("the decisions cannot be written: {error}")))?;
        let head = "# The connections and switches of the firm. `facteur decisions diff FILE` compares,\n# `facteur decisions import FILE` makes the decisions those of this file.\n\n";
        Ok(TomlView { toml: format!("{head}{text}") })
    }

    /// What would make the decisions those of the file; confirmed, it is made so. A file with a
    /// mistake in its last line changes nothing either: all of it is rehearsed first.
    pub(super) async fn decisions_import(
        &self,
        text: &str,
        confirmed: bool,
        by: &str,
    ) -> Answer<DecisionsDiffView> {
        let wanted = self.read(text).await?;
        let changes = difference(&self.decided().await?, &wanted);
        let words = changes.iter().map(Change::words).collect::<Vec<_>>();
        let rehearsal = self.rehearsal().await?;
        for (change, words) in changes.iter().zip(&words) {
            rehearsal.make(change, by).await.map_err(|error| mistaken(words, error))?;
        }
        if confirmed {
            for change in &changes {
                self.make(change, by).await?;
            }
        }
        Ok(DecisionsDiffView { count: words.len() as u64, changes: words, imported: confirmed })
    }

    /// A file as typed, its companies by slug, each row once.
    async fn read(&self, text: &str) -> Answer<DecisionsFile> {
        let mut file: DecisionsFile = toml::from_str(text).map_err(|error| {
            let error = error.to_string();
            Error::Words(format!(
                "the file of decisions is wrong: {}\nhint: `facteur decisions export` writes one that is right",
                error.trim_end()
            ))
        })?;
        let companies = file.connections.iter_mut().map(|row| &mut row.company);
        for company in companies.chain(file.switches.iter_mut().map(|row| &mut row.company)) {
            let named = self.company_named(company).await?;
            *company = named.slug.map_or(named.name, String::from);
        }
        file.sort();
        let same_app =
            |pair: &&[ConnectionRow]| matches!(pair, [one, other] if one.key() == other.key());
        if let Some([row, ..]) = file.connections.windows(2).find(same_app) {
            return Err(twice(&format!("the connection of {} to {}", row.company, row.app)));
        }
        let same_place =
            |pair: &&[SwitchRow]| matches!(pair, [one, other] if one.place() == other.place());
        if let Some([row, ..]) = file.switches.windows(2).find(same_place) {
            let folder = folder_words(&row.folder);
            return Err(twice(&format!(
                "the switch of {folder} of {} for {}",
                row.company, row.app
            )));
        }
        Ok(file)
    }

    async fn decided(&self) -> Answer<DecisionsFile> {
        let mut file = DecisionsFile::default();
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            let connected =
                decisions.connections.iter().filter(|(_, connection)| connection.connected);
            file.connections.extend(connected.map(|(app, connection)| ConnectionRow {
                company: company.slug.to_string(),
                app: app.to_string(),
                sender: connection.sender.clone(),
                recipient: connection.recipient.clone(),
                inbox: connection.inbox.clone(),
                inboxes: connection.inboxes.clone(),
            }));
            let switches = decisions.switches.iter();
            file.switches.extend(switches.map(|((app, folder), switch)| SwitchRow {
                company: company.slug.to_string(),
                app: app.to_string(),
                folder: folder.clone(),
                on: switch.on,
                inbox: switch.inbox.clone(),
            }));
        }
        file.sort();
        Ok(file)
    }

    async fn make(&self, change: &Change, by: &str) -> Answer<()> {
        match change {
            Change::Connect(row) => {
                self.connect_as(row, by).await?;
            }
            Change::Disconnect { company, app } => {
                self.disconnect(company, app, by).await?;
            }
            Change::Turn(row) => {
                let turn = if row.on { Turn::On } else { Turn::Off };
                self.turn_exactly(row, turn, by).await?;
            }
            Change::Clear { company, app, folder } => {
                let row = SwitchRow {
                    company: company.clone(),
                    app: app.clone(),
                    folder: folder.clone(),
                    on: false,
                    inbox: None,
                };
                self.turn_exactly(&row, Turn::Clear, by).await?;
            }
        }
        Ok(())
    }

    async fn turn_exactly(&self, row: &SwitchRow, turn: Turn, by: &str) -> Answer<()> {
        let (app, profile) = self.app_named(&row.app)?;
        let (folder, inbox) = (row.folder.clone(), row.inbox.clone());
        let turning = Turning { turn, folder, app, profile, inbox, exactly: true };
        self.switch(Some(&row.company), &turning, by).await?;
        Ok(())
    }
}

fn twice(what: &str) -> Error {
    Error::Words(format!("{what} is there twice\nhint: leave one of the two out"))
}

/// A row that cannot be made so.
fn mistaken(words: &str, error: Error) -> Error {
    match error {
        Error::Words(_) | Error::Refused(_) | Error::Folder(_) => {
            let told = error.to_string();
            let hint = if told.contains("\nhint: ") { "" } else { "\nhint: mend the row" };
            Error::Words(format!("`{words}`: {told}{hint}"))
        }
        Error::Store(_) | Error::Task(_) => error,
    }
}

impl DecisionsFile {
    fn sort(&mut self) {
        self.connections.sort_by_key(ConnectionRow::key);
        self.switches.sort_by_key(SwitchRow::place);
    }
}

impl ConnectionRow {
    fn key(&self) -> (String, String) {
        (self.company.clone(), self.app.clone())
    }
}

impl SwitchRow {
    fn place(&self) -> (String, String, TreePath) {
        (self.company.clone(), self.app.clone(), self.folder.clone())
    }
}

impl Change {
    fn words(&self) -> String {
        match self {
            Self::Connect(row) => {
                let inboxes = row.inboxes.iter().map(|(inbox, to)| format!("{inbox}: {to}"));
                let recipient = row.recipient.iter().map(ToString::to_string);
                let to = recipient.chain(inboxes).collect::<Vec<_>>().join(", ");
                let (company, app) = (shell::word(&row.company), shell::word(&row.app));
                format!("connect {company} {app} (from {} to {to})", row.sender)
            }
            Self::Disconnect { company, app } => format!("disconnect {company} {app}"),
            Self::Turn(row) => format!(
                "switch {} {} {} --app {}",
                if row.on { "on" } else { "off" },
                shell::word(&row.company),
                shell::folder(&row.folder),
                shell::word(&row.app)
            ),
            Self::Clear { company, app, folder } => {
                format!("switch clear {company} {} --app {app}", shell::folder(folder))
            }
        }
    }
}

/// What ends, ends first; connections are made before switches, exceptions before what they are
/// exceptions of, and inner switches before outer ones, which would make them needless (R4).
fn difference(now: &DecisionsFile, wanted: &DecisionsFile) -> Vec<Change> {
    let connected: BTreeMap<_, _> = now.connections.iter().map(|row| (row.key(), row)).collect();
    let to_connect: BTreeMap<_, _> =
        wanted.connections.iter().map(|row| (row.key(), row)).collect();
    let switched: BTreeMap<_, _> = now.switches.iter().map(|row| (row.place(), row)).collect();
    let to_switch: BTreeMap<_, _> = wanted.switches.iter().map(|row| (row.place(), row)).collect();
    let mut changes = Vec::new();
    for (company, app) in connected.keys().filter(|key| !to_connect.contains_key(*key)) {
        changes.push(Change::Disconnect { company: company.clone(), app: app.clone() });
    }
    for (company, app, folder) in switched.keys().filter(|place| !to_switch.contains_key(*place)) {
        if to_connect.contains_key(&(company.clone(), app.clone())) {
            let (company, app) = (company.clone(), app.clone());
            changes.push(Change::Clear { company, app, folder: folder.clone() });
        }
    }
    for (key, row) in &to_connect {
        if connected.get(key) != Some(row) {
            changes.push(Change::Connect((*row).clone()));
        }
    }
    let differing = to_switch.iter().filter(|(place, row)| switched.get(*place) != Some(*row));
    let differing: Vec<&SwitchRow> = differing.map(|(_, row)| *row).collect();
    let off = differing.iter().filter(|row| !row.on);
    let on = differing.iter().rev().filter(|row| row.on && !is_needless(now, wanted, row));
    changes.extend(off.chain(on).map(|row| Change::Turn((*row).clone())));
    changes
}

/// Whether the folder is on already, and stays so, by a switch further up.
fn is_needless(now: &DecisionsFile, wanted: &DecisionsFile, row: &SwitchRow) -> bool {
    let above = |other: &&SwitchRow| {
        other.company == row.company
            && other.app == row.app
            && other.folder != row.folder
            && row.folder.is_within(&other.folder)
    };
    let nearest = |file: &DecisionsFile| -> Option<SwitchRow> {
        let above = file.switches.iter().filter(above);
        above.max_by_key(|other| other.folder.as_bytes().len()).cloned()
    };
    let ruling = nearest(now).filter(|ruling| ruling.on && ruling.inbox == row.inbox);
    ruling.is_some() && ruling == nearest(wanted) && !now.has_own(row)
}

impl DecisionsFile {
    fn has_own(&self, row: &SwitchRow) -> bool {
        self.switches.iter().any(|other| other.place() == row.place())
    }
}
