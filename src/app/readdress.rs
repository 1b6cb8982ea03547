//! Re-addressing: new recipients for all connections of an app, counted and confirmed (R3).

use super::connect::{detail, filled, is_same, no_address};
use super::error::{Answer, Error};
use super::robot::Robot;
use super::views::{ReaddressView, ReaddressedView};
use crate::config::Config;
use crate::domain::company::Company;
use crate::domain::decision::{Connection, Decision};
use crate::domain::profile::AppId;
use crate::domain::slug::Slug;
use crate::domain::template::{Address, AddressTemplate};

impl Robot {
    /// New recipients for all companies connected to an app; only counts them unless confirmed.
    pub(super) async fn readdress(
        &self,
        app: &str,
        to: &str,
        confirmed: bool,
        by: &str,
    ) -> Answer<ReaddressView> {
        let (app, _) = self.app_named(app)?;
        let template = AddressTemplate::parse(to).map_err(|error| no_address(&error))?;
        let config = self.config();
        let _turn = self.shared.tree.lock().await;
        let mut companies = Vec::new();
        let mut changes = Vec::new();
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            let Some(before) = decisions.connections.get(&app).filter(|found| found.connected)
            else {
                continue;
            };
            let after = readdressed(before, &template, &config, &company.slug, &app)?;
            if !is_same(before, &after) {
                companies.extend(readdressed_views(&company, before, &after));
                changes
                    .push((company.id, Connection { at: self.now(), by: by.to_owned(), ..after }));
            }
        }
        let count = changes.len() as u64;
        for (company, connection) in changes.into_iter().filter(|_| confirmed) {
            let detail = format!("readdress: {}", detail(&connection));
            let decision = Decision::Connect { app: app.clone(), connection };
            self.decide(company, decision, by, detail).await?;
        }
        Ok(ReaddressView { app: app.to_string(), count, companies })
    }
}

/// A connection with the addresses that a template gives it: one for each inbox, where the tool
/// has inboxes.
fn readdressed(
    before: &Connection,
    template: &AddressTemplate,
    config: &Config,
    slug: &Slug,
    app: &AppId,
) -> Answer<Connection> {
    let mut after = before.clone();
    if before.inboxes.is_empty() || !template.as_str().contains("{inbox}") {
        if before.recipient.is_none() {
            let known: Vec<&str> = before.inboxes.keys().map(String::as_str).collect();
            return Err(Error::Words(format!(
                "{app} has several addresses a company: {}\nhint: put `{{inbox}}` into the template",
                known.join(", ")
            )));
        }
        after.recipient = Some(filled(template, config, slug, app, "")?);
        return Ok(after);
    }
    for (inbox, address) in &mut after.inboxes {
        *address = filled(template, config, slug, app, inbox)?;
    }
    Ok(after)
}

/// What changes of a connection, address by address.
fn readdressed_views(
    company: &Company,
    before: &Connection,
    after: &Connection,
) -> Vec<ReaddressedView> {
    let one = before.recipient.iter().zip(&after.recipient);
    let inboxes = before.inboxes.values().zip(after.inboxes.values());
    let changed = one.chain(inboxes).filter(|(from, to)| from != to);
    let view = |(from, to): (&Address, &Address)| ReaddressedView {
        company: company.slug.to_string(),
        from: Some(from.to_string()),
        to: to.to_string(),
    };
    changed.map(view).collect()
}
