//! The firm's decisions as one TOML file: exported, compared, imported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::connect::Asked;
use super::error::{Answer, Error};
use super::requests::Turn;
use super::robot::Robot;
use super::switch::Turning;
use super::views::{DecisionsDiffView, TomlView};
use crate::domain::path::TreePath;
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
struct ConnectionRow {
    company: String,
    app: String,
    sender: Address,
    recipient: Option<Address>,
    inbox: Option<String>,
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

    /// What would make the decisions those of the file; confirmed, it is made so.
    pub(super) async fn decisions_import(
        &self,
        text: &str,
        confirmed: bool,
        by: &str,
    ) -> Answer<DecisionsDiffView> {
        let wanted: DecisionsFile = toml::from_str(text)
            .map_err(|error| Error::Words(format!("the file of decisions is wrong: {error}")))?;
        let changes = difference(&self.decided().await?, &wanted);
        let words = changes.iter().map(Change::words).collect::<Vec<_>>();
        if confirmed {
            for change in changes {
                self.make(change, by).await?;
            }
        }
        Ok(DecisionsDiffView { count: words.len() as u64, changes: words, imported: confirmed })
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
        Ok(file)
    }

    async fn make(&self, change: Change, by: &str) -> Answer<()> {
        match change {
            Change::Connect(row) => {
                let asked = Asked {
                    // With an inbox, `--to` would be that inbox's address.
                    to: row.recipient.filter(|_| row.inbox.is_none()).map(String::from),
                    from: Some(row.sender.to_string()),
                    inbox: row.inbox,
                };
                self.connect(&row.company, &row.app, &asked, by).await?;
            }
            Change::Disconnect { company, app } => {
                self.disconnect(&company, &app, by).await?;
            }
            Change::Turn(row) => {
                let turn = if row.on { Turn::On } else { Turn::Off };
                self.turn_row(&row.company, &row.app, row.folder, turn, row.inbox, by).await?;
            }
            Change::Clear { company, app, folder } => {
                self.turn_row(&company, &app, folder, Turn::Clear, None, by).await?;
            }
        }
        Ok(())
    }

    async fn turn_row(
        &self,
        company: &str,
        app: &str,
        folder: TreePath,
        turn: Turn,
        inbox: Option<String>,
        by: &str,
    ) -> Answer<()> {
        let (app, profile) = self.app_named(app)?;
        let turning = Turning { turn, folder, app, profile, inbox };
        self.switch(Some(company), &turning, by).await?;
        Ok(())
    }
}

impl Change {
    fn words(&self) -> String {
        match self {
            Self::Connect(row) => {
                let to = row.recipient.as_ref().map_or("its inboxes", Address::as_str);
                format!("connect {} {} (from {} to {to})", row.company, row.app, row.sender)
            }
            Self::Disconnect { company, app } => format!("disconnect {company} {app}"),
            Self::Turn(row) => format!(
                "switch {} {} `{}` --app {}",
                if row.on { "on" } else { "off" },
                row.company,
                row.folder,
                row.app
            ),
            Self::Clear { company, app, folder } => {
                format!("switch clear {company} `{folder}` --app {app}")
            }
        }
    }
}

/// Connections are made before switches; what ends, ends first, and folders go from the outermost
/// in, so that an exception is made below what it is an exception of.
fn difference(now: &DecisionsFile, wanted: &DecisionsFile) -> Vec<Change> {
    let key = |row: &ConnectionRow| (row.company.clone(), row.app.clone());
    let connected: BTreeMap<_, _> = now.connections.iter().map(|row| (key(row), row)).collect();
    let to_connect: BTreeMap<_, _> = wanted.connections.iter().map(|row| (key(row), row)).collect();
    let place = |row: &SwitchRow| (row.company.clone(), row.app.clone(), row.folder.clone());
    let switched: BTreeMap<_, _> = now.switches.iter().map(|row| (place(row), row)).collect();
    let to_switch: BTreeMap<_, _> = wanted.switches.iter().map(|row| (place(row), row)).collect();
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
    for (place, row) in &to_switch {
        if switched.get(place) != Some(row) {
            changes.push(Change::Turn((*row).clone()));
        }
    }
    changes
}
