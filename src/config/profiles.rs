//! The shipped profiles: what the bookkeeping tools take, as data compiled in.

use toml::de::DeTable;

use super::apps::Fields;
use super::section::Section;
use super::sheet::Sheet;

/// Name and text of each, in alphabetical order.
const SHIPPED: [(&str, &str); 11] = [
    ("autoentry", include_str!("profiles/autoentry.toml")),
    ("clearfacts", include_str!("profiles/clearfacts.toml")),
    ("dext", include_str!("profiles/dext.toml")),
    ("hubdoc", include_str!("profiles/hubdoc.toml")),
    ("inqom", include_str!("profiles/inqom.toml")),
    ("myunisoft", include_str!("profiles/myunisoft.toml")),
    ("payhawk", include_str!("profiles/payhawk.toml")),
    ("pennylane", include_str!("profiles/pennylane.toml")),
    ("quickbooks", include_str!("profiles/quickbooks.toml")),
    ("spendesk", include_str!("profiles/spendesk.toml")),
    ("xero", include_str!("profiles/xero.toml")),
];

/// The names that `profile = "…"` takes.
pub fn shipped() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of a shipped profile, commented TOML with the keys of `[apps.*]`.
pub fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

/// The fields of a shipped profile.
pub(super) fn fields(name: &str) -> Option<Fields> {
    let text = text(name)?;
    let (table, errors) = DeTable::parse_recoverable(text);
    let sheet = Sheet::new(text, &errors);
    let fields = Fields::read(Section::top(&sheet, table.get_ref()), "firm.example");
    let (complaints, _) = sheet.finish();
    assert!(complaints.is_empty(), "the shipped profile {name} is well-formed: {complaints:?}");
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::invitation::Acceptance;

    #[test]
    fn every_shipped_profile_says_where_its_facts_come_from_and_what_to_do() {
        for name in shipped() {
            let profile = fields(name).unwrap().finish().unwrap();
            assert!(profile.source.contains("November 2026"), "{name}");
            assert!(!profile.steps.is_empty(), "{name}");
            assert!(!profile.accepts.is_empty(), "{name}");
            assert!(profile.steps.iter().any(|step| step.contains("{sender}")), "{name}");
        }
    }

    #[test]
    fn what_is_uncertain_names_its_field() {
        let known = [
            "sender",
            "recipient",
            "inboxes",
            "accepts",
            "mail_bytes_max",
            "mails_per_hour_max",
            "mails_per_day_max",
            "recommended_folders",
            "answers",
            "steps",
            "invitation",
        ];
        for name in shipped() {
            for doubt in fields(name).unwrap().finish().unwrap().uncertain {
                let field = doubt.split_once(':').unwrap().0.to_owned();
                assert!(known.contains(&field.as_str()), "{name}: {doubt}");
            }
        }
    }

    #[test]
    fn no_shipped_profile_has_the_robot_accept() {
        for name in shipped() {
            let rule = fields(name).unwrap().finish().unwrap().invitation;
            assert!(rule.is_none_or(|rule| rule.accept == Acceptance::Person), "{name}");
        }
    }

    #[test]
    fn steps_have_no_placeholder_that_nobody_fills() {
        for name in shipped() {
            for step in fields(name).unwrap().finish().unwrap().steps {
                let filled = ["{sender}", "{recipient}", "{bot_name}", "{company}"]
                    .iter()
                    .fold(step.clone(), |step, placeholder| step.replace(placeholder, "x"));
                assert!(!filled.contains(['{', '}']), "{name}: {step}");
            }
        }
    }
}
