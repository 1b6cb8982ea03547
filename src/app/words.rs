//! What the words of a request mean: companies by slug or name, apps by key.

use super::error::{Answer, Error};
use super::robot::Robot;
use super::views::LocalTime;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::delivery::DeliveryId;
use crate::domain::path::TreePath;
use crate::domain::profile::{AppId, Profile};
use crate::domain::shell;
use crate::domain::slug::Slug;
use crate::ports::folders::CompanyFolder;

/// A company as a request names it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// Its folder below the root.
    pub(super) folder: CompanyFolder,
    /// Its slug: the fixed one, else what its name gives.
    pub(super) slug: Option<Slug>,
    /// For people.
    pub(super) name: String,
    /// What the ledger knows of it; none before its first connection.
    pub(super) known: Option<Company>,
}

impl Robot {
    /// A time as people of the firm read it.
    pub(super) fn local(&self, at: Timestamp) -> LocalTime {
        at.with_timezone(&self.config().firm.time_zone).fixed_offset()
    }

    /// All companies: those of the tree, and those of the ledger whose folder is away.
    pub(super) async fn all_companies(&self) -> Answer<Vec<Named>> {
        let config = self.config();
        let known = self.ports().store.companies().await?;
        let mut folders = self.company_folders().unwrap_or_default();
        for company in &known {
            if !folders.contains(&company.folder) {
                folders.push(company.folder.clone());
            }
        }
        let named = folders.into_iter().map(|folder| {
            let known = known.iter().find(|company| company.folder == folder).cloned();
            let slug = match &known {
                Some(company) => Some(company.slug.clone()),
                None => config.slug_of(&folder).ok(),
            };
            Named { slug, name: config.name_of(&folder), known, folder }
        });
        Ok(named.collect())
    }

    /// The one company that is meant, by slug, name or folder.
    pub(super) async fn company_named(&self, words: &str) -> Answer<Named> {
        let all = self.all_companies().await?;
        let by_slug =
            |named: &&Named| named.slug.as_ref().is_some_and(|slug| slug.as_str() == words);
        let by_name = |named: &&Named| named.name == words || named.folder.to_string() == words;
        let mut found: Vec<&Named> = all.iter().filter(by_slug).collect();
        if found.is_empty() {
            found = all.iter().filter(by_name).collect();
        }
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Error::Words(format!(
                "there is no company `{}`\nhint: {}",
                words.escape_debug(),
                nearest(words, &all)
            ))),
            several => Err(Error::Words(format!(
                "{} folders are called `{}`: {}\nhint: give one of them another slug in [[companies]] of routes.toml",
                several.len(),
                words.escape_debug(),
                several
                    .iter()
                    .map(|named| format!("`{}`", named.folder))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    /// The same, and it must have been connected once.
    pub(super) async fn known_company(&self, words: &str) -> Answer<Company> {
        let named = self.company_named(words).await?;
        named.known.ok_or_else(|| {
            Error::Words(format!(
                "`{}` was never connected to an app\nhint: `facteur connect {} APP` comes first",
                named.name,
                named.slug.map_or_else(|| shell::word(&named.name), |slug| slug.to_string())
            ))
        })
    }

    /// An app of the configuration.
    pub(super) fn app_named(&self, words: &str) -> Answer<(AppId, Profile)> {
        let config = self.config();
        let apps = || config.apps.keys().map(AppId::as_str).collect::<Vec<_>>().join(", ");
        let unknown = || {
            Error::Words(format!(
                "there is no app `{}`\nhint: routes.toml has {}; another is a section [apps.NAME]",
                words.escape_debug(),
                apps()
            ))
        };
        let id = AppId::parse(words).map_err(|_| unknown())?;
        let profile = config.apps.get(&id).cloned().ok_or_else(unknown)?;
        Ok((id, profile))
    }

    /// An app of the configuration, or one that a company was connected to.
    pub(super) async fn app_ever_known(&self, words: &str) -> Answer<AppId> {
        for company in self.ports().store.companies().await? {
            let decisions = self.ports().store.decisions(company.id).await?;
            let known = decisions.connections.into_keys().find(|app| app.as_str() == words);
            if let Some(app) = known {
                return Ok(app);
            }
        }
        Ok(self.app_named(words)?.0)
    }
}

/// A delivery's id as typed.
pub(super) fn delivery_id(words: &str) -> Answer<DeliveryId> {
    words.parse().map(DeliveryId).map_err(|_| {
        Error::Words(format!(
            "`{}` is no delivery\nhint: ids are numbers; `facteur deliveries` lists them",
            words.escape_debug()
        ))
    })
}

/// A time as people of the firm read it in a sentence.
pub(super) fn local_words(config: &Config, at: Timestamp) -> String {
    at.with_timezone(&config.firm.time_zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Bytes as people read them: decimal, as in routes.toml.
pub(super) fn size_words(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
        if tenth == 0 { whole.to_string() } else { format!("{whole}.{tenth}") }
    };
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000.. => format!("{} MB", tenths(1_000_000)),
    }
}

/// `1 mail`, `3 mails`.
pub(super) fn count_words(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A folder as people read it: the company's own folder has no name.
pub(super) fn folder_words(folder: &TreePath) -> String {
    if folder.is_root() { "the company's folder".to_owned() } else { format!("`{folder}`") }
}

fn nearest(words: &str, all: &[Named]) -> String {
    let closeness = |named: &&Named| {
        let slug = named.slug.as_ref().map_or("", Slug::as_str);
        let near = strsim::jaro_winkler(&words.to_lowercase(), slug);
        near.max(strsim::jaro_winkler(words, &named.name))
    };
    let best = all.iter().max_by(|left, right| closeness(left).total_cmp(&closeness(right)));
    match best.filter(|named| closeness(named) > 0.7).and_then(|named| named.slug.as_ref()) {
        Some(slug) => format!("did you mean `{slug}`? `facteur companies` lists them all"),
        None => "`facteur companies` lists them all".to_owned(),
    }
}
