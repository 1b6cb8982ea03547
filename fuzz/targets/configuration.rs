//! routes.toml: what is taken works for every company, what is refused is said plainly.

use std::path::Path;

use facteur::config::{Config, Environment};
use facteur::domain::Timestamp;
use facteur::domain::path::TreePath;
use facteur::domain::slug::{SLUG_BYTES_MAX, Slug};
use facteur::domain::template::Placeholders;

use super::{Target, steers};

/// A file's text.
pub const TARGET: Target = Target {
    name: "configuration",
    check,
    words: &[
        "[firm]",
        "[apps.dext]",
        "[[companies]]",
        "{slug}",
        "{domain}",
        "{inbox}",
        "\"",
        "\"\"\"",
        "=",
        "\n",
        "[",
        "]",
        "#",
        "\\u202e",
        "\x1b[31m",
        "1e400",
        "-1",
        "99999999999999999999",
        "\"0s\"",
        "\"1000y\"",
        "\"* * * * * *\"",
        "\"0 0 0 30 2 *\"",
        "\"0 0 0 29 2 *\"",
        "true",
        "name = ",
        "folder = \"..\"",
        "slug = ",
        "sender = ",
        "recipient = ",
        "collection = ",
        "schedule = ",
        "time_zone = ",
        "\"Europe/Paris\"",
        "inboxes = { a = \"{inbox}@x.example\" }",
    ],
};

fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let environment = Environment::new(Path::new("/firm")).without_machine();
    match Config::parse(text, Path::new("routes.toml"), &environment) {
        Ok(config) => {
            addresses(&config);
            companies(&config);
            rounds(&config);
            for warning in &config.warnings {
                assert_plain(&warning.located(&config.file));
            }
        }
        Err(complaints) => {
            assert!(complaints.iter().next().is_some(), "refused without a word");
            assert_plain(&complaints.to_string());
            for complaint in complaints.iter() {
                assert!(!complaint.problem.is_empty() && !complaint.remedy.is_empty());
                assert!(complaint.line <= text.lines().count() + 1, "{complaint:?}");
            }
        }
    }
}

/// A template that was taken gives every company an address.
fn addresses(config: &Config) {
    let longest = "a".repeat(SLUG_BYTES_MAX);
    for slug in ["a", "0-1", "dupont-maconnerie", &longest] {
        let slug = Slug::parse(slug).expect("a slug");
        let collection = config.collection_of(&slug);
        assert!(collection.as_str().len() <= 254);
        for (app, profile) in &config.apps {
            let domain = &config.firm.domain;
            let fill = |inbox| Placeholders { slug: &slug, domain, app: app.as_str(), inbox };
            let inboxes = profile.inboxes.iter();
            let templates = profile
                .recipient
                .iter()
                .chain([&profile.sender])
                .map(|template| ("", template))
                .chain(inboxes.map(|(inbox, template)| (inbox.as_str(), template)));
            for (inbox, template) in templates {
                let address = template.address(&fill(inbox));
                assert!(address.is_ok(), "{app} {inbox} {slug}: {address:?}");
            }
        }
    }
}

fn companies(config: &Config) {
    for company in &config.companies {
        assert_eq!(company.folder.components().count(), 1, "{:?}", company.folder);
        if company.enabled {
            assert!(config.slug_of(&company.folder).is_ok(), "{:?}", company.folder);
        }
    }
    let folder: TreePath = "Dupont Maçonnerie".parse().expect("a folder");
    assert!(!config.name_of(&folder).is_empty());
}

/// There is always a next round, and always a later one.
fn rounds(config: &Config) {
    let mut now = Timestamp::from_timestamp(1_790_000_000, 0).expect("a time");
    for _ in 0..4 {
        let next = config.schedule_next(now);
        assert!(next > now, "{next} after {now}");
        now = next;
    }
}

fn assert_plain(text: &str) {
    assert!(!text.chars().any(|letter| letter != '\n' && steers(letter)), "{text:?}");
}
