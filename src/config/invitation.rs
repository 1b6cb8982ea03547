//! `[apps.*.invitation]`: how a tool invites the bot, in a shipped profile and in routes.toml alike.

use chrono::TimeDelta;

use super::complaint::Mistake;
use super::section::Section;
use super::sheet::{Place, Sheet};
use crate::domain::mail::invitation::{Acceptance, HostName, InvitationRule, Pattern};

/// How long an invitation is good for where a profile says nothing.
const VALID_DAYS: i64 = 30;

/// What one table says; the rest is its profile's.
#[derive(Default)]
pub(super) struct Fields {
    from: Option<Vec<HostName>>,
    signed_by: Option<Vec<HostName>>,
    subject: Option<Pattern>,
    text: Option<Pattern>,
    hosts: Option<Vec<HostName>>,
    link: Option<Pattern>,
    accepted: Option<Pattern>,
    accept: Option<Acceptance>,
    valid_for: Option<TimeDelta>,
    /// Something in it was complained of.
    is_spoilt: bool,
}

impl Fields {
    /// Reads the table.
    pub(super) fn read(section: Section<'_>) -> Self {
        let complained = section.sheet.complaints();
        let pattern = |key| section.parsed(key, pattern).map(|typed| typed.value);
        let mut fields = Self {
            from: section.list("from", domain),
            signed_by: section.list("signed_by", domain),
            subject: pattern("subject"),
            text: pattern("text"),
            hosts: section.list("hosts", domain),
            link: pattern("link"),
            accepted: pattern("accepted"),
            accept: section.choice("accept", &ACCEPT),
            valid_for: section.duration("valid_for", &(TimeDelta::hours(1)..=TimeDelta::days(366))),
            is_spoilt: false,
        };
        fields.is_spoilt = section.sheet.complaints() > complained;
        section.close();
        fields
    }

    /// These fields, and the base's where these say nothing.
    pub(super) fn or(self, base: Self) -> Self {
        Self {
            from: self.from.or(base.from),
            signed_by: self.signed_by.or(base.signed_by),
            subject: self.subject.or(base.subject),
            text: self.text.or(base.text),
            hosts: self.hosts.or(base.hosts),
            link: self.link.or(base.link),
            accepted: self.accepted.or(base.accepted),
            accept: self.accept.or(base.accept),
            valid_for: self.valid_for.or(base.valid_for),
            is_spoilt: self.is_spoilt,
        }
    }

    /// Complains of what is missing once a profile's fields are added.
    pub(super) fn check(&self, sheet: &Sheet, place: &Place) {
        if self.is_spoilt {
            return;
        }
        let complain = |problem: &str, remedy: &str| {
            sheet.complain(place, Mistake::new(problem, remedy));
        };
        let from = self.from.as_deref().unwrap_or_default();
        if from.is_empty() {
            complain("`from` is missing", "name the tool's domain: from = [\"tool.example\"]");
        }
        if self.subject.is_none() {
            complain("`subject` is missing", "say how it begins: subject = \"invited you\"");
        }
        for signer in self.signed_by.iter().flatten() {
            let name = signer.as_str();
            let related = |writer: &HostName| writer.covers(name) || signer.covers(writer.as_str());
            if !from.iter().any(related) {
                let problem = format!("a signature of {name} proves nothing of those in `from`");
                complain(&problem, "name domains above or below those in `from`");
            }
        }
        if self.accept == Some(Acceptance::Robot) {
            if self.hosts.as_deref().unwrap_or_default().is_empty() {
                let remedy =
                    "name them: hosts = [\"accounts.tool.example\"], or accept = \"person\"";
                complain("the robot opens links to listed hosts alone, and none is listed", remedy);
            }
            if !self.names_the_company() {
                let problem = "whoever has an account at the tool could have the robot accept";
                let remedy =
                    "let `subject` or `text` say where the company's name stands: (?<company>…)";
                sheet.warn(place, Mistake::new(problem, remedy));
            }
        }
    }

    fn names_the_company(&self) -> bool {
        self.subject.iter().chain(&self.text).any(Pattern::names_the_company)
    }

    /// The rule; none without what it can't do without, which was complained of.
    pub(super) fn finish(self) -> Option<InvitationRule> {
        let from = self.from?;
        Some(InvitationRule {
            signed_by: self.signed_by.unwrap_or_else(|| from.clone()),
            from,
            subject: self.subject?,
            text: self.text,
            hosts: self.hosts.unwrap_or_default(),
            link: self.link,
            accepted: self.accepted,
            accept: self.accept.unwrap_or(Acceptance::Person),
            valid_for: self.valid_for.unwrap_or(TimeDelta::days(VALID_DAYS)),
        })
    }
}

const ACCEPT: [(&str, Acceptance); 2] =
    [("person", Acceptance::Person), ("robot", Acceptance::Robot)];

fn domain(text: &str) -> Result<HostName, Mistake> {
    HostName::parse(text).map_err(|problem| {
        Mistake::new(problem, "write it as DNS spells it, such as \"tool.example\" or \"xn--…\"")
    })
}

fn pattern(text: &str) -> Result<Pattern, Mistake> {
    Pattern::parse(text).map_err(|problem| {
        let problem = format!("`{text}` is no regular expression: {problem}");
        Mistake::new(problem, "write one such as \"invited you to (?<company>.+)\"")
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;
    use crate::config::Config;

    const FIRM: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";

    /// A right app on lines 4 to 9.
    const APP: &str = "[apps.tool]\nname = \"Tool\"\nsender = \"tool+{slug}@{domain}\"\nrecipient = \"{slug}@tool.example\"\n[apps.tool.invitation]\n";

    fn rule(config: &Config, app: &str) -> InvitationRule {
        let (_, profile) = config.apps.iter().find(|(id, _)| id.as_str() == app).unwrap();
        profile.invitation.clone().unwrap()
    }

    #[test]
    fn two_lines_suffice_and_leave_it_to_a_person() {
        let text = format!("{FIRM}{APP}from = [\"Tool.example\"]\nsubject = \"invited\"\n");
        let rule = rule(&Bench::new().parse(&text).unwrap(), "tool");
        assert_eq!(rule.from, rule.signed_by);
        assert_eq!(rule.from[0].as_str(), "tool.example");
        assert_eq!(rule.accept, Acceptance::Person);
        assert_eq!((rule.hosts.len(), rule.valid_for), (0, TimeDelta::days(30)));
    }

    #[test]
    fn a_field_overrides_the_profiles_and_the_others_stay() {
        let more = "[apps.quickbooks]\nprofile = \"quickbooks\"\n[apps.quickbooks.invitation]\naccept = \"robot\"\nhosts = [\"accounts.intuit.com\"]\nvalid_for = \"3d\"\n";
        let config = Bench::new().parse(&format!("{FIRM}{more}")).unwrap();
        let rule = rule(&config, "quickbooks");
        assert_eq!((rule.accept, rule.valid_for), (Acceptance::Robot, TimeDelta::days(3)));
        assert_eq!(rule.from[0].as_str(), "intuit.com");
    }

    #[test]
    fn a_robot_that_anyone_could_invite_is_warned_of() {
        let all = "from = [\"tool.example\"]\nhosts = [\"tool.example\"]\naccept = \"robot\"\n";
        for (subject, warned) in [("invited", true), ("invited to (?<company>.+)", false)] {
            let text = format!("{FIRM}{APP}{all}subject = \"{subject}\"\n");
            let config = Bench::new().parse(&text).unwrap();
            let warnings = config.warnings.iter();
            let found = warnings.filter(|warning| warning.problem.contains("could have the robot"));
            assert_eq!(found.count() == 1, warned, "{subject}");
        }
    }

    #[test]
    fn mistakes_have_their_line_and_their_remedy() {
        let right = "from = [\"tool.example\"]\nsubject = \"x\"\n";
        let cases = [
            ("subject = \"x\"\n".to_owned(), 8, "`from` is missing", "tool.example"),
            ("from = [\"tool.example\"]\n".to_owned(), 8, "`subject` is missing", "subject ="),
            ("from = [\"x\"]\nsubject = \"x\"\n".to_owned(), 9, "no name of a host", "as DNS"),
            (format!("{right}hosts = [\"10.0.0.1\"]"), 11, "no name of a host", "as DNS"),
            (format!("{right}hosts = [\"intuіt.example\"]"), 11, "no name of a host", "xn--"),
            (format!("{right}hosts = [\"https://a.example\"]"), 11, "no name", "as DNS"),
            (format!("{right}hosts = [\"localhost\"]"), 11, "no name", "as DNS"),
            (format!("{right}text = \"(\""), 11, "no regular expression", "company"),
            (format!("{right}link = \"\""), 11, "no regular expression", "company"),
            (format!("{right}text = \"(a{{1000}}){{1000}}\""), 11, "no regular", "company"),
            (format!("{right}accept = \"yes\""), 11, "none of the choices", "robot"),
            (format!("{right}accept = \"robot\""), 8, "none is listed", "hosts ="),
            (format!("{right}signed_by = [\"mailer.example\"]"), 8, "proves nothing", "above"),
            (format!("{right}valid_for = \"1s\""), 11, "out of range", "1h"),
            (format!("{right}host = [\"a.example\"]"), 11, "no key `host`", "`hosts`"),
        ];
        for (text, line, problem, remedy) in cases {
            let complaints = Bench::new().parse(&format!("{FIRM}{APP}{text}\n")).unwrap_err();
            let found = complaints.iter().any(|complaint| {
                complaint.line == line
                    && complaint.problem.contains(problem)
                    && complaint.remedy.contains(remedy)
            });
            assert!(found, "{text}:\n{complaints}");
            assert_eq!(complaints.iter().count(), 1, "{text}:\n{complaints}");
        }
    }
}
