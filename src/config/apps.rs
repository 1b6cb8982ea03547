//! `[apps.*]`: the firm's apps, each a shipped profile with overrides or one of its own.

use std::collections::BTreeMap;

use super::addresses::{self, Around};
use super::answers;
use super::complaint::{Mistake, did_you_mean};
use super::firm;
use super::invitation;
use super::profiles;
use super::section::Section;
use super::sheet::{Place, Sheet};
use crate::domain::mail::tool_answer::AnswerRule;
use crate::domain::profile::{
    AppId, DuplicatesPolicy, FolderPattern, InDoubtPolicy, Profile, ReplacedPolicy,
};
use crate::domain::template::AddressTemplate;

/// Bytes of a mail where a profile says nothing: what most servers take.
const MAIL_BYTES_DEFAULT: u64 = 20_000_000;

/// File types where a profile says nothing.
const ACCEPTS_DEFAULT: [&str; 4] = ["pdf", "jpg", "jpeg", "png"];

/// What one table says of an app; the rest is its profile's, or the safe default.
#[derive(Default)]
pub(super) struct Fields {
    name: Option<String>,
    enabled: Option<bool>,
    sender: Option<AddressTemplate>,
    subaddress: Option<Subaddress>,
    recipient: Option<Recipient>,
    inboxes: Option<BTreeMap<String, AddressTemplate>>,
    accepts: Option<Vec<String>>,
    mail_bytes_max: Option<u64>,
    mails_per_hour_max: Option<u32>,
    mails_per_day_max: Option<u32>,
    recommended_folders: Option<Vec<FolderPattern>>,
    in_doubt: Option<InDoubtPolicy>,
    replaced: Option<ReplacedPolicy>,
    duplicates: Option<DuplicatesPolicy>,
    answers: Vec<AnswerRule>,
    steps: Option<Vec<String>>,
    source: Option<String>,
    uncertain: Option<Vec<String>>,
    invitation: Option<invitation::Fields>,
}

/// What the envelope sender is.
enum Subaddress {
    /// The sender itself.
    None,
    /// The sender, this character, and the delivery's name.
    Behind(char),
}

/// Where a company's address at the tool comes from.
enum Recipient {
    Made(AddressTemplate),
    /// By hand, at each connection.
    TypedIn,
}

/// Reads `[apps.*]`.
pub(super) fn apps(section: &Section<'_>, domain: &str) -> BTreeMap<AppId, Profile> {
    let mut apps = BTreeMap::new();
    for entry in section.entries() {
        let place = entry.place.clone();
        let id = AppId::parse(entry.key);
        let expected = format!("write it as a section: [{}]", place.key);
        let Some(app) = entry.section(section.sheet, &expected) else { continue };
        let profile = profile(app, domain);
        match (id, profile) {
            (Ok(id), Some(profile)) => drop(apps.insert(id, profile)),
            (Err(problem), _) => {
                let remedy = "name the section with another key: [apps.quickbooks]";
                section.sheet.complain(&place, Mistake::new(problem, remedy));
            }
            (Ok(_), None) => {}
        }
    }
    apps
}

fn profile(section: Section<'_>, domain: &str) -> Option<Profile> {
    let shipped = section.parsed("profile", shipped);
    if !section.has("profile") {
        require_own(&section);
    }
    let (sheet, place) = (section.sheet, section.place.clone());
    let invitation_place = section.place_of("invitation");
    let typed = Fields::read(section, domain);
    let fields = match shipped {
        Some(shipped) => typed.or(shipped.value),
        None => typed,
    };
    if let Some(invitation) = &fields.invitation {
        invitation.check(sheet, &invitation_place);
    }
    let profile = fields.finish()?;
    warn_of_one_address(sheet, &place, &profile);
    Some(profile)
}

/// The profile shipped under a name, with its fields still open to overrides.
fn shipped(name: &str) -> Result<Fields, Mistake> {
    profiles::fields(name).ok_or_else(|| {
        let remedy = match did_you_mean(name, profiles::shipped()) {
            Some(meant) => format!("did you mean \"{meant}\"? "),
            None => String::new(),
        };
        let known: Vec<&str> = profiles::shipped().collect();
        let remedy =
            format!("{remedy}shipped are: {}; an app of your own needs none", known.join(", "));
        Mistake::new(format!("there is no profile `{name}`"), remedy)
    })
}

fn require_own(section: &Section<'_>) {
    let key = section.place.key.rsplit('.').next().unwrap_or_default();
    if profiles::shipped().any(|name| name == key) && !section.has("sender") {
        section.require("profile", format!("take the shipped one: profile = \"{key}\""));
        return;
    }
    section.require("name", "give its name, or a shipped profile");
    section.require(
        "sender",
        format!("give the bot's address: sender = \"{key}+{{slug}}@{{domain}}\""),
    );
    if !section.has("inboxes") {
        let remedy = "give the tool's address for a company: recipient = \"{slug}@tool.example\"; write \"\" when it is typed in at each connection";
        section.require("recipient", remedy);
    }
}

/// One address for all companies may be meant (a tool that sorts by sender), and may be a slip
/// that mixes the documents of all companies.
fn warn_of_one_address(sheet: &Sheet, place: &Place, profile: &Profile) {
    let recipient = profile.recipient.iter().map(|template| ("recipient", template));
    let inboxes = profile.inboxes.iter().map(|(name, template)| (name.as_str(), template));
    for (key, template) in recipient.chain(inboxes) {
        if !template.names_the_company() {
            let problem =
                format!("`{key}` sends the documents of all companies to {}", template.as_str());
            let remedy = "put {slug} into it unless the tool tells companies apart by their sender";
            sheet.warn(place, Mistake::new(problem, remedy));
        }
    }
}

impl Fields {
    /// Reads every field of an app; `[apps.*]` and shipped profiles are written alike.
    pub(super) fn read(section: Section<'_>, domain: &str) -> Self {
        let place = section.place.clone();
        let app = place.key.rsplit('.').next().unwrap_or_default();
        let around = Around { domain, app };
        let name = section.parsed("name", firm::name).map(|typed| typed.value);
        let enabled = section.flag("enabled");
        let inboxes = section.optional("inboxes").map(|section| inboxes(&section, around));
        let has_inboxes = inboxes.is_some() || section.has("profile");
        let sender = section.parsed("sender", |text| sender(text, around, has_inboxes));
        let recipient = section.parsed("recipient", |text| recipient(text, around));
        let fields = Self {
            name,
            enabled,
            sender: sender.map(|typed| typed.value),
            subaddress: section.parsed("subaddress", subaddress).map(|typed| typed.value),
            recipient: recipient.map(|typed| typed.value),
            inboxes,
            accepts: accepts(&section),
            mail_bytes_max: section.size("mail_bytes_max", 10_000..=1_000_000_000),
            mails_per_hour_max: section.number("mails_per_hour_max", 0..=1_000_000),
            mails_per_day_max: section.number("mails_per_day_max", 0..=10_000_000),
            recommended_folders: section.list("recommended_folders", super::robot::pattern),
            in_doubt: section.choice("in_doubt", &IN_DOUBT),
            replaced: section.choice("replaced", &REPLACED),
            duplicates: section.choice("duplicates", &DUPLICATES),
            answers: answers::answers(&section),
            steps: section.texts("steps"),
            source: section.text("source").map(|typed| typed.value.to_owned()),
            uncertain: section.texts("uncertain"),
            invitation: section.optional("invitation").map(invitation::Fields::read),
        };
        section.close();
        fields
    }

    /// These fields, and the base's where these say nothing.
    fn or(self, base: Self) -> Self {
        Self {
            name: self.name.or(base.name),
            enabled: self.enabled.or(base.enabled),
            sender: self.sender.or(base.sender),
            subaddress: self.subaddress.or(base.subaddress),
            recipient: self.recipient.or(base.recipient),
            inboxes: self.inboxes.or(base.inboxes),
            accepts: self.accepts.or(base.accepts),
            mail_bytes_max: self.mail_bytes_max.or(base.mail_bytes_max),
            mails_per_hour_max: self.mails_per_hour_max.or(base.mails_per_hour_max),
            mails_per_day_max: self.mails_per_day_max.or(base.mails_per_day_max),
            recommended_folders: self.recommended_folders.or(base.recommended_folders),
            in_doubt: self.in_doubt.or(base.in_doubt),
            replaced: self.replaced.or(base.replaced),
            duplicates: self.duplicates.or(base.duplicates),
            answers: [self.answers, base.answers].concat(),
            steps: self.steps.or(base.steps),
            source: self.source.or(base.source),
            uncertain: self.uncertain.or(base.uncertain),
            invitation: match (self.invitation, base.invitation) {
                (Some(typed), Some(base)) => Some(typed.or(base)),
                (typed, base) => typed.or(base),
            },
        }
    }

    /// The profile, with the safe default where nothing is said; none without a name or a
    /// sender, which was complained of.
    pub(super) fn finish(self) -> Option<Profile> {
        Some(Profile {
            name: self.name?,
            enabled: self.enabled.unwrap_or(true),
            sender: self.sender?,
            subaddress: match self.subaddress {
                Some(Subaddress::Behind(separator)) => Some(separator),
                Some(Subaddress::None) | None => None,
            },
            recipient: match self.recipient {
                Some(Recipient::Made(template)) => Some(template),
                Some(Recipient::TypedIn) | None => None,
            },
            inboxes: self.inboxes.unwrap_or_default(),
            accepts: self.accepts.unwrap_or_else(|| ACCEPTS_DEFAULT.map(str::to_owned).to_vec()),
            mail_bytes_max: self.mail_bytes_max.unwrap_or(MAIL_BYTES_DEFAULT),
            mails_per_hour_max: self.mails_per_hour_max.unwrap_or(0),
            mails_per_day_max: self.mails_per_day_max.unwrap_or(0),
            recommended_folders: self.recommended_folders.unwrap_or_default(),
            in_doubt: self.in_doubt.unwrap_or(InDoubtPolicy::Hold),
            replaced: self.replaced.unwrap_or(ReplacedPolicy::Hold),
            duplicates: self.duplicates.unwrap_or(DuplicatesPolicy::Skip),
            answers: self.answers,
            steps: self.steps.unwrap_or_default(),
            source: self.source.unwrap_or_default(),
            uncertain: self.uncertain.unwrap_or_default(),
            invitation: self.invitation.and_then(invitation::Fields::finish),
        })
    }
}

const IN_DOUBT: [(&str, InDoubtPolicy); 2] =
    [("hold", InDoubtPolicy::Hold), ("resend", InDoubtPolicy::Resend)];
const REPLACED: [(&str, ReplacedPolicy); 3] = [
    ("hold", ReplacedPolicy::Hold),
    ("send", ReplacedPolicy::Send),
    ("ignore", ReplacedPolicy::Ignore),
];
const DUPLICATES: [(&str, DuplicatesPolicy); 2] =
    [("skip", DuplicatesPolicy::Skip), ("send", DuplicatesPolicy::Send)];

fn sender(text: &str, around: Around<'_>, has_inboxes: bool) -> Result<AddressTemplate, Mistake> {
    if text.contains("{inbox}") && !has_inboxes {
        return Err(Mistake::new("this app has no inboxes", "leave {inbox} out of it"));
    }
    addresses::template(text, &around, "inbox")
}

/// What may separate a detail from the rest of an address; the firm's server must know it.
const SEPARATORS: &str = "+-_=.";

fn subaddress(text: &str) -> Result<Subaddress, Mistake> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Ok(Subaddress::None),
        (Some(letter), None) if SEPARATORS.contains(letter) => Ok(Subaddress::Behind(letter)),
        (Some(_), _) => Err(Mistake::new(
            format!("`{text}` separates no subaddress"),
            "write the one character your server knows, such as \"+\", or \"\" for none",
        )),
    }
}

fn recipient(text: &str, around: Around<'_>) -> Result<Recipient, Mistake> {
    if text.is_empty() {
        return Ok(Recipient::TypedIn);
    }
    if text.contains("{inbox}") {
        let remedy = "name the addresses in the section `inboxes` of the app";
        return Err(Mistake::new("`recipient` belongs to no inbox", remedy));
    }
    addresses::template(text, &around, "").map(Recipient::Made)
}

fn inboxes(section: &Section<'_>, around: Around<'_>) -> BTreeMap<String, AddressTemplate> {
    let mut inboxes = BTreeMap::new();
    for entry in section.entries() {
        let (name, place) = (entry.key, entry.place.clone());
        if AppId::parse(name).is_err() {
            let problem = format!("`{name}` is no name of an inbox");
            let remedy = "use lower-case letters, digits, `-` and `_`, at most 32";
            section.sheet.complain(&place, Mistake::new(problem, remedy));
        }
        let parse = |text| addresses::template(text, &around, name);
        if let Some(template) = entry.parsed(section.sheet, parse) {
            inboxes.insert(name.to_owned(), template.value);
        }
    }
    inboxes
}

fn accepts(section: &Section<'_>) -> Option<Vec<String>> {
    let accepts = section.list("accepts", extension)?;
    if accepts.is_empty() {
        let remedy = "name at least one, such as accepts = [\"pdf\"], or set enabled = false";
        let mistake = Mistake::new("an app that takes no file type takes nothing", remedy);
        section.sheet.complain(&section.place_of("accepts"), mistake);
    }
    Some(accepts)
}

fn extension(text: &str) -> Result<String, Mistake> {
    if text.is_empty() || text.len() > 16 || !text.chars().all(char::is_alphanumeric) {
        let problem = format!("`{text}` is no file extension");
        return Err(Mistake::new(problem, "write it without the dot, such as \"pdf\""));
    }
    Ok(text.to_lowercase())
}
