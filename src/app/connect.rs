//! Connections: an app authorised at a company, with its addresses (R3).

use std::collections::BTreeMap;

use super::decisions_file::ConnectionRow;
use super::error::{Answer, Error};
use super::observe::Scope;
use super::robot::Robot;
use super::views::{ConnectView, ConnectedAppView, DecidedView};
use super::words::Named;
use crate::config::Config;
use crate::domain::company::{Company, CompanyId};
use crate::domain::decision::{Connection, Decision};
use crate::domain::delivery::DeliveryId;
use crate::domain::mail::invitation::ConnectionState;
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, Profile};
use crate::domain::slug::Slug;
use crate::domain::template::{Address, AddressError, AddressTemplate, Placeholders};
use crate::ports::store::StoreError;

/// How often a decision starts again because the company changed meanwhile.
const CONFLICTS_MAX: usize = 8;

/// A connection as asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) to: Option<String>,
    pub(super) from: Option<String>,
    pub(super) inbox: Option<String>,
}

impl Robot {
    /// Connects an app to a company. The first connection of a company fixes its slug, and what
    /// is in its folders then was there before.
    pub(super) async fn connect(
        &self,
        company: &str,
        app: &str,
        asked: &Asked,
        by: &str,
    ) -> Answer<ConnectView> {
        let (app, profile) = self.app_named(app)?;
        refuse_disabled(&app, &profile)?;
        let named = self.company_named(company).await?;
        let slug = self.free_slug(&named).await?;
        let config = self.config();
        let connection = addresses(&config, &slug, &app, &profile, asked)?;
        let (company, changed) =
            self.decide_connection(&named, slug, &app, connection.clone(), by).await?;
        let invitations = self.ports().store.invitations_of(company.id, &app).await?;
        let state = self.connection_state(&app, &connection, &invitations);
        let directories = self.ports().store.directories(company.id).await?;
        Ok(ConnectView {
            company: company.slug.to_string(),
            steps: steps(&config, &app, &profile, &company, &connection),
            uncertain: profile.uncertain.clone(),
            connection: view_of(&app, &connection, state),
            changed,
            documents_before: directories.iter().map(|(_, known)| u64::from(known.documents)).sum(),
        })
    }

    /// Connects an app as a file of decisions says; what it leaves out is the profile's.
    pub(super) async fn connect_as(&self, row: &ConnectionRow, by: &str) -> Answer<()> {
        let (app, profile) = self.app_named(&row.app)?;
        refuse_disabled(&app, &profile)?;
        let named = self.company_named(&row.company).await?;
        let slug = self.free_slug(&named).await?;
        let asked = Asked {
            // With an inbox, `to` would be that inbox's address.
            to: row.recipient.as_ref().filter(|_| row.inbox.is_none()).map(ToString::to_string),
            from: Some(row.sender.to_string()),
            inbox: row.inbox.clone(),
        };
        let mut connection = addresses(&self.config(), &slug, &app, &profile, &asked)?;
        connection.recipient = row.recipient.clone().or(connection.recipient);
        connection.inboxes.extend(row.inboxes.clone());
        self.decide_connection(&named, slug, &app, connection, by).await?;
        Ok(())
    }

    /// Makes the company known and the connection durable, if that changes anything.
    async fn decide_connection(
        &self,
        named: &Named,
        slug: Slug,
        app: &AppId,
        connection: Connection,
        by: &str,
    ) -> Answer<(Company, bool)> {
        let _turn = self.shared.tree.lock().await;
        let company = self.found(named, slug).await?;
        let decisions = self.ports().store.decisions(company.id).await?;
        let before = decisions.connections.get(app);
        let changed = before.is_none_or(|before| !is_same(before, &connection));
        if changed {
            let detail = detail(&connection);
            let connection = Connection { at: self.now(), by: by.to_owned(), ..connection };
            let decision = Decision::Connect { app: app.clone(), connection };
            self.decide(company.id, decision, by, detail).await?;
        }
        Ok((company, changed))
    }

    /// The company's slug, if no other folder has it.
    async fn free_slug(&self, named: &Named) -> Answer<Slug> {
        let slug = named.slug.clone().ok_or_else(|| {
            Error::Words(format!(
                "the folder `{}` gives no slug for addresses\nhint: give it one in [[companies]] of routes.toml",
                named.folder
            ))
        })?;
        let others = self.all_companies().await?;
        let taken = others
            .iter()
            .find(|other| other.folder != named.folder && other.slug.as_ref() == Some(&slug));
        match taken {
            None => Ok(slug),
            Some(other) => Err(Error::Refused(format!(
                "the folders `{}` and `{}` have one slug, `{slug}`\nhint: rename one, or give it a slug in [[companies]] of routes.toml",
                named.folder, other.folder
            ))),
        }
    }

    /// Makes the company known, with its baseline.
    async fn found(&self, named: &Named, slug: Slug) -> Answer<Company> {
        let root = self.ports().folders.identity(&named.folder)?;
        let store = &self.ports().store;
        let company = store.found(named.folder.clone(), slug, named.name.clone(), root).await?;
        self.refuse_held(&company)?;
        if !company.baseline {
            self.observe_in_turn(company.id, Scope::Whole(TreePath::root())).await?;
        }
        self.company_by_id(company.id).await
    }

    /// A company that is held as a whole takes no decision that looks at its folders.
    pub(super) fn refuse_held(&self, company: &Company) -> Answer<()> {
        let held = company.hold.as_ref().map(|hold| hold.message.clone());
        match held.or_else(|| self.another_root(company).map(|(_, message)| message)) {
            None => Ok(()),
            Some(message) => Err(Error::Refused(format!(
                "{} is held: {message}\nhint: mend that first; `facteur check` says when it is",
                company.slug
            ))),
        }
    }

    /// One decision, made durable whatever came between. For who has the turn.
    pub(super) async fn decide(
        &self,
        company: CompanyId,
        decision: Decision,
        by: &str,
        detail: String,
    ) -> Answer<Vec<DeliveryId>> {
        for _ in 0..CONFLICTS_MAX {
            let company = self.company_by_id(company).await?;
            let entry = self.decision_entry(&company, by, &decision, detail.clone());
            let store = &self.ports().store;
            match store.decide(company.id, company.revision, decision.clone(), entry).await {
                Err(StoreError::Conflict) => {}
                done => return Ok(done?),
            }
        }
        Err(Error::Store(StoreError::Conflict))
    }

    /// Ends a connection, with its switches.
    pub(super) async fn disconnect(
        &self,
        company: &str,
        app: &str,
        by: &str,
    ) -> Answer<DecidedView> {
        let company = self.known_company(company).await?;
        let _turn = self.shared.tree.lock().await;
        let decisions = self.ports().store.decisions(company.id).await?;
        // One that routes.toml has lost can still be disconnected.
        let known = decisions.connections.keys().find(|known| known.as_str() == app).cloned();
        let app = match known {
            Some(app) => app,
            None => self.app_named(app)?.0,
        };
        let connected = decisions.connections.get(&app).is_some_and(|found| found.connected);
        let cancelled = if connected {
            let decision = Decision::Disconnect { app: app.clone() };
            self.decide(company.id, decision, by, String::new()).await?
        } else {
            Vec::new()
        };
        let what = if connected {
            format!("{app} is disconnected from {}; its switches are ended", company.slug)
        } else {
            format!("{app} was not connected to {}", company.slug)
        };
        Ok(DecidedView {
            company: company.slug.to_string(),
            what,
            changed: connected,
            cancelled: cancelled.iter().map(ToString::to_string).collect(),
        })
    }
}

/// An app that routes.toml turned off takes nothing new.
pub(super) fn refuse_disabled(app: &AppId, profile: &Profile) -> Answer<()> {
    if profile.enabled {
        return Ok(());
    }
    Err(Error::Words(format!(
        "{app} is turned off in routes.toml\nhint: `enabled = true` in [apps.{app}]"
    )))
}

/// The words for an address that is none.
pub(super) fn no_address(error: &AddressError) -> Error {
    Error::Words(format!("{error}\nhint: write one such as `name@tool.example`"))
}

pub(super) fn filled(
    template: &AddressTemplate,
    config: &Config,
    slug: &Slug,
    app: &AppId,
    inbox: &str,
) -> Answer<Address> {
    let with = Placeholders { slug, domain: &config.firm.domain, app: app.as_str(), inbox };
    template.address(&with).map_err(|error| no_address(&error))
}

fn addresses(
    config: &Config,
    slug: &Slug,
    app: &AppId,
    profile: &Profile,
    asked: &Asked,
) -> Answer<Connection> {
    let typed = |text: &Option<String>| match text {
        Some(text) => Address::parse(text).map(Some).map_err(|error| no_address(&error)),
        None => Ok(None),
    };
    let to = typed(&asked.to)?;
    let sender = match typed(&asked.from)? {
        Some(sender) => sender,
        None => filled(&profile.sender, config, slug, app, "")?,
    };
    let mut inboxes = BTreeMap::new();
    for (inbox, template) in &profile.inboxes {
        inboxes.insert(inbox.clone(), filled(template, config, slug, app, inbox)?);
    }
    let mut recipient = match &profile.recipient {
        Some(template) => Some(filled(template, config, slug, app, "")?),
        None => None,
    };
    match (&asked.inbox, to) {
        (Some(inbox), to) => {
            if !inboxes.contains_key(inbox) {
                return Err(Error::Words(unknown_inbox(app, inbox, &inboxes)));
            }
            if let Some(to) = to {
                inboxes.insert(inbox.clone(), to);
            }
        }
        (None, Some(to)) => recipient = Some(to),
        (None, None) => {}
    }
    if recipient.is_none() && inboxes.is_empty() {
        return Err(Error::Words(format!(
            "{} gives each company an address that only it knows\nhint: look it up there, then add `--to ADDRESS`",
            profile.name
        )));
    }
    Ok(Connection {
        connected: true,
        sender,
        recipient,
        inbox: asked.inbox.clone(),
        inboxes,
        at: crate::domain::Timestamp::UNIX_EPOCH,
        by: String::new(),
    })
}

/// The words for an inbox that a tool doesn't have.
pub(super) fn unknown_inbox(
    app: &AppId,
    inbox: &str,
    inboxes: &BTreeMap<String, Address>,
) -> String {
    let known: Vec<&str> = inboxes.keys().map(String::as_str).collect();
    let hint = if known.is_empty() {
        format!("{app} has one address a company: leave `--inbox` out")
    } else {
        format!("{app} has {}", known.join(", "))
    };
    format!("there is no inbox `{}`\nhint: {hint}", inbox.escape_debug())
}

pub(super) fn is_same(left: &Connection, right: &Connection) -> bool {
    left.connected == right.connected
        && left.sender == right.sender
        && left.recipient == right.recipient
        && left.inbox == right.inbox
        && left.inboxes == right.inboxes
}

pub(super) fn detail(connection: &Connection) -> String {
    let inboxes = connection.inboxes.iter().map(|(inbox, to)| format!("{inbox}: {to}"));
    let recipients: Vec<String> =
        connection.recipient.iter().map(ToString::to_string).chain(inboxes).collect();
    format!("from {} to {}", connection.sender, recipients.join(", "))
}

fn steps(
    config: &Config,
    app: &AppId,
    profile: &Profile,
    company: &Company,
    connection: &Connection,
) -> Vec<String> {
    let inboxes = connection.inboxes.values().map(ToString::to_string);
    let recipients: Vec<String> =
        connection.recipient.iter().map(ToString::to_string).chain(inboxes).collect();
    let fill = |step: &String| {
        step.replace("{sender}", connection.sender.as_str())
            .replace("{recipient}", &recipients.join(", "))
            .replace("{bot_name}", &config.firm.bot_name)
            .replace("{company}", &company.name)
    };
    let mut steps: Vec<String> = profile.steps.iter().map(fill).collect();
    if profile.invitation.is_some() {
        steps.push(format!(
            "The invitation to {} may take a day. `facteur invitations list` shows it and whether it comes from {}; once it is accepted, `facteur invitations accept {} {app} --by-hand`. Sending doesn't wait for it.",
            connection.sender, profile.name, company.slug
        ));
    }
    steps
}

/// A connection as people and scripts see it.
pub(super) fn view_of(
    app: &AppId,
    connection: &Connection,
    state: ConnectionState,
) -> ConnectedAppView {
    let inboxes = connection.inboxes.iter();
    ConnectedAppView {
        app: app.to_string(),
        sender: connection.sender.to_string(),
        recipient: connection.recipient.as_ref().map(ToString::to_string),
        inbox: connection.inbox.clone(),
        inboxes: inboxes.map(|(inbox, to)| (inbox.clone(), to.to_string())).collect(),
        state: state.as_str().to_owned(),
    }
}
