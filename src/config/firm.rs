//! `[firm]`, `[alarms]` and `[log]`: who the firm is and whom to tell.

use super::complaint::{Mistake, did_you_mean};
use super::model::{Firm, LogFormat};
use super::section::Section;
use crate::domain::slug::{SLUG_BYTES_MAX, Slug};
use crate::domain::template::{Address, AddressTemplate, Placeholders};

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
    let collection = section.parsed("collection", |text| collection(text, &domain));
    let time_zone = section.parsed("time_zone", time_zone);
    section.close();
    Firm {
        bot_name: bot_name.map_or_else(|| name.clone(), |typed| typed.value),
        name,
        domain,
        time_zone: time_zone.map_or(chrono_tz::Europe::Paris, |typed| typed.value),
        collection: collection.map_or_else(default_collection, |typed| typed.value),
    }
}

/// Reads `[alarms]`.
pub(super) fn alarm_recipients(section: Section<'_>) -> Vec<Address> {
    let recipients = section.list("to", address);
    section.close();
    recipients.unwrap_or_default()
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

/// An e-mail address.
pub(super) fn address(text: &str) -> Result<Address, Mistake> {
    Address::parse(text).map_err(|error| {
        let problem = format!("`{text}` is no e-mail address: {}", error.problem);
        Mistake::new(problem, "write one address such as \"informatique@cabinet.example\"")
    })
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

/// An address template, filled with the longest slug there can be: a template that has no room
/// for it would fail for one company, months later.
pub(super) fn template(text: &str, domain: &str) -> Result<AddressTemplate, Mistake> {
    let template = AddressTemplate::parse(text).map_err(|error| {
        let problem = format!("`{text}` makes no e-mail address: {}", error.problem);
        Mistake::new(problem, "write one such as \"compta+{slug}@{domain}\"; {slug}, {domain}, {app} and {inbox} are filled in")
    })?;
    let longest = Slug::parse(&"a".repeat(SLUG_BYTES_MAX)).expect("letters make a slug");
    let with = Placeholders { slug: &longest, domain, app: "app", inbox: "inbox" };
    match template.address(&with) {
        Ok(_) => Ok(template),
        Err(error) => Err(Mistake::new(
            format!(
                "`{text}` is too long for a slug of {SLUG_BYTES_MAX} characters: {}",
                error.problem
            ),
            "shorten what stands around {slug}",
        )),
    }
}

fn collection(text: &str, domain: &str) -> Result<AddressTemplate, Mistake> {
    let template = template(text, domain)?;
    if text.contains("{app}") || text.contains("{inbox}") {
        let problem = "a collection address belongs to no app and no inbox";
        return Err(Mistake::new(problem, "leave {app} and {inbox} out of it"));
    }
    if !template.names_the_company() {
        let problem = format!("`{text}` is one address for all companies");
        return Err(Mistake::new(
            problem,
            "put {slug} into it, such as \"compta+{slug}@{domain}\"",
        ));
    }
    Ok(template)
}

fn default_collection() -> AddressTemplate {
    AddressTemplate::parse("compta+{slug}@{domain}").expect("the default template is well-formed")
}
