//! `oauth = { … }`: tokens in the place of a password, by a provider that is known as data or
//! whose addresses are given.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::complaint::Mistake;
use super::login::OAuthConfig;
use super::mail::{check_certificates, is_loopback};
use super::places::Ground;
use super::secret;
use super::section::Section;

/// Name and text of each known provider.
const PROVIDERS: [(&str, &str); 2] = [
    ("gmail", include_str!("providers/gmail.toml")),
    ("microsoft365", include_str!("providers/microsoft365.toml")),
];

/// What `provider` says where the addresses are given.
const CUSTOM: &str = "custom";

/// Stands for the directory of the firm in a provider's addresses.
const TENANT: &str = "{tenant}";

/// What is known of a provider; its file says besides where that comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Preset {
    name: String,
    token_url: Option<String>,
    device_url: Option<String>,
    authorize_url: Option<String>,
    authorize_parameters: BTreeMap<String, String>,
    redirect_host: Option<String>,
    scope: Vec<String>,
    secret_required: bool,
}

/// Reads an `oauth` table. The client's secret is opened only if `chosen`.
pub(super) fn oauth(
    section: Section<'_>,
    ground: &Ground<'_>,
    chosen: bool,
) -> Option<OAuthConfig> {
    let complained = section.sheet.complaints();
    let (preset, tenant) = (preset(&section), tenant(&section));
    section.require("client_id", "give the id that the provider gave to the robot as an app");
    let client_id = section.parsed("client_id", client_id).map(|typed| typed.value);
    let client_secret = secret::client_secret(&section, ground, chosen);
    let [token_url, device_url, authorize_url] = [
        ("token_url", &preset.token_url),
        ("device_url", &preset.device_url),
        ("authorize_url", &preset.authorize_url),
    ]
    .map(|(key, known)| {
        let typed = section.parsed(key, address).map(|typed| typed.value);
        typed.or_else(|| known.as_ref().map(|url| url.replace(TENANT, &tenant)))
    });
    let scope = section.list("scope", word).unwrap_or_else(|| preset.scope.clone());
    let ca_file = section.parsed("ca_file", |text| ground.absolute(text));
    let ca_file = ca_file.map(|typed| check_certificates(&section, &typed, ground, chosen));
    check_whole(&section, &preset, token_url.is_some(), &scope);
    if preset.secret_required && client_secret.is_none() {
        let problem = format!("{} wants a client secret", preset.name);
        let remedy = "name a file with it: client_secret_file = \"…\"";
        section.sheet.missing(&section.place, Mistake::new(problem, remedy));
    }
    if device_url.is_none() && authorize_url.is_none() {
        let remedy = "give device_url (a person types a code) or authorize_url (a browser)";
        let mistake = Mistake::new("nobody could log in there", remedy);
        section.sheet.missing(&section.place, mistake);
    }
    let right = section.sheet.complaints() == complained;
    section.close();
    right.then(|| OAuthConfig {
        provider: preset.name,
        client_id: client_id.unwrap_or_default(),
        client_secret,
        token_url: token_url.unwrap_or_default(),
        device_url,
        authorize_url,
        authorize_parameters: preset.authorize_parameters.into_iter().collect(),
        redirect_host: preset.redirect_host.unwrap_or_else(|| "127.0.0.1".to_owned()),
        scope,
        ca_file,
        directory: ground.logins.clone(),
    })
}

fn preset(section: &Section<'_>) -> Preset {
    let names = PROVIDERS.iter().map(|(name, _)| *name).chain([CUSTOM]);
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    let names = names.join(" or ");
    section.require("provider", format!("name it: provider = {names}"));
    let preset = section.parsed("provider", |text| match known(text) {
        Some(preset) => Ok(preset),
        None if text == CUSTOM => {
            Ok(Preset { name: "the provider".to_owned(), ..Preset::default() })
        }
        None => {
            let problem = format!("`{text}` is no provider that is known");
            Err(Mistake::new(problem, format!("write {names}")))
        }
    });
    preset.map(|typed| typed.value).unwrap_or_default()
}

fn known(name: &str) -> Option<Preset> {
    let (_, text) = PROVIDERS.iter().find(|(known, _)| *known == name)?;
    Some(toml::from_str(text).expect("a shipped provider is well-formed"))
}

/// The tenant, where the provider's addresses have one.
fn tenant(section: &Section<'_>) -> String {
    let tenant = section.parsed("tenant", |text| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
        if !text.is_empty() && text.chars().all(plain) {
            return Ok(text.to_owned());
        }
        let remedy = "write the directory's id, or its domain: \"cabinet.onmicrosoft.com\"";
        Err(Mistake::new("this is no tenant", remedy))
    });
    tenant.map(|typed| typed.value).unwrap_or_default()
}

/// What must be there, by the preset or by hand.
fn check_whole(section: &Section<'_>, preset: &Preset, has_token_url: bool, scope: &[String]) {
    let sheet = section.sheet;
    let known = !preset.name.is_empty();
    if known && !has_token_url {
        section.require("token_url", "give the address where the server hands out tokens");
    }
    if known && scope.is_empty() {
        let remedy = "name what is asked for: scope = [\"…\"]";
        sheet.missing(&section.place, Mistake::new("`scope` is missing", remedy));
    }
    let wanted = preset.token_url.as_ref().is_some_and(|url| url.contains(TENANT));
    if wanted {
        section.require(
            "tenant",
            "give the directory's id or domain: tenant = \"cabinet.onmicrosoft.com\"",
        );
    } else if known && section.has("tenant") {
        let mistake = Mistake::new(format!("{} knows no tenants", preset.name), "leave it out");
        sheet.complain(&section.place_of("tenant"), mistake);
    }
}

/// An address that a secret may be sent to.
fn address(text: &str) -> Result<String, Mistake> {
    let remedy = "write a whole address, such as \"https://login.example/token\"";
    let wrong = |problem: &str| Err(Mistake::new(problem, remedy));
    let Ok(url) = Url::parse(text) else { return wrong("this is no address") };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return wrong("no user and no `#` may stand in this address");
    }
    match url.scheme() {
        "https" if !host.is_empty() => Ok(text.to_owned()),
        "http" if is_loopback(&host) => Ok(text.to_owned()),
        "http" => wrong("secrets would go there in clear: http is for this machine alone"),
        _ => wrong("this is no address of a web server"),
    }
}

/// A text without spaces.
/// An id, not the ellipsis that stands for it in the documentation.
fn client_id(text: &str) -> Result<String, Mistake> {
    if text.contains('…') || text.contains("...") {
        let remedy = "give the id that the provider gave to the robot as an app";
        return Err(Mistake::new("this only stands for an id", remedy));
    }
    word(text)
}

fn word(text: &str) -> Result<String, Mistake> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(Mistake::new("this is not one word", "write it as the provider spells it"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
