//! Addresses of routes.toml and the templates they are made from.

use super::complaint::Mistake;
use crate::domain::slug::{SLUG_BYTES_MAX, Slug};
use crate::domain::template::{Address, AddressTemplate, Placeholders};

/// What is known of a template's surroundings while it is read.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) domain: &'a str,
    pub(super) app: &'a str,
}

/// An e-mail address.
pub(super) fn address(text: &str) -> Result<Address, Mistake> {
    Address::parse(text).map_err(|error| {
        let problem = format!("`{text}` is no e-mail address: {}", error.problem);
        Mistake::new(problem, "write one address such as \"informatique@cabinet.example\"")
    })
}

/// An address template, tried with the longest slug there can be: one that has no room for it would
/// fail for one company, months later.
pub(super) fn template(
    text: &str,
    around: &Around<'_>,
    inbox: &str,
) -> Result<AddressTemplate, Mistake> {
    let template = AddressTemplate::parse(text).map_err(|error| {
        let problem = format!("`{text}` makes no e-mail address: {}", error.problem);
        Mistake::new(problem, "write one such as \"compta+{slug}@{domain}\"; {slug}, {domain}, {app} and {inbox} are filled in")
    })?;
    let longest = Slug::parse(&"a".repeat(SLUG_BYTES_MAX)).expect("letters make a slug");
    let with = Placeholders { slug: &longest, domain: around.domain, app: around.app, inbox };
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

/// The template of collection addresses.
pub(super) fn collection(text: &str, domain: &str) -> Result<AddressTemplate, Mistake> {
    let template = template(text, &Around { domain, app: "app" }, "inbox")?;
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

/// Its default.
pub(super) fn default_collection() -> AddressTemplate {
    AddressTemplate::parse("compta+{slug}@{domain}").expect("the default template is well-formed")
}
