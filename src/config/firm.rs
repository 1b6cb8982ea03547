//! `[firm]` and `[log]`: who the firm is, and how it reads its logs.

use super::addresses;
use super::complaint::{Mistake, did_you_mean};
use super::model::{Firm, LogFormat};
use super::section::Section;
use crate::domain::template::Address;

/// Characters of a name that people read.
const NAME_CHARS_MAX: usize = 120;

/// Reads `[firm]`.
pub(super) fn firm(section: Section<'_>) -> Firm {
    section.require("name", "give the firm's name: name = \"Cabinet Exemple\"");
    section.require("domain", "give the firm's mail domain: domain = \"cabinet.example\"");
    let name = section.parsed("name", name).map_or_else(String::new, |typed| typed.value);
    let bot_name = section.parsed("bot_name", self::name);
    let domain = section.parsed("domain", domain);
    let domain = domain.map_or_else(|| "firm.example".to_owned(), |typed| typed.value);
    let collection = section.parsed("collection", |text| addresses::collection(text, &domain));
    let time_zone = section.parsed("time_zone", time_zone);
    section.close();
    Firm {
        bot_name: bot_name.map_or_else(|| name.clone(), |typed| typed.value),
        name,
        domain,
        time_zone: time_zone.map_or(chrono_tz::Europe::Paris, |typed| typed.value),
        collection: collection.map_or_else(addresses::default_collection, |typed| typed.value),
    }
}

/// Reads `[log]`.
pub(super) fn log_format(section: Section<'_>) -> LogFormat {
    let format = section.choice("format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]);
    section.close();
    format.unwrap_or(LogFormat::Text)
}

/// A name that people read.
pub(super) fn name(text: &str) -> Result<String, Mistake> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NAME_CHARS_MAX {
        let problem = format!("a name has 1 to {NAME_CHARS_MAX} characters");
        return Err(Mistake::new(problem, "give the name that people shall read"));
    }
    Ok(text.to_owned())
}

fn domain(text: &str) -> Result<String, Mistake> {
    match Address::parse(&format!("postmaster@{text}")) {
        Ok(_) if text.contains('.') => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Mistake::new(
            format!("`{text}` is no mail domain"),
            "write what stands behind the `@` of the firm's addresses, such as \"cabinet.example\" (accents as `xn--…`)",
        )),
    }
}

fn time_zone(text: &str) -> Result<chrono_tz::Tz, Mistake> {
    text.parse::<chrono_tz::Tz>().map_err(|_| {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let remedy = match did_you_mean(text, names) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => "write a name of the IANA list, such as \"Europe/Paris\"".to_owned(),
        };
        Mistake::new(format!("`{text}` is no time zone"), remedy)
    })
}
