//! `[[apps.*.answers]]`: what a tool's own answers mean, in a shipped profile and in routes.toml
//! alike. The firm's rules come before its profile's.

use super::complaint::Mistake;
use super::section::Section;
use crate::domain::mail::invitation::{HostName, Pattern};
use crate::domain::mail::tool_answer::{AnswerRule, Meaning, Writer};
use crate::domain::template::Address;

/// Characters of `because`.
const BECAUSE_CHARS_MAX: usize = 200;

/// Reads the rules of an app.
pub(super) fn answers(section: &Section<'_>) -> Vec<AnswerRule> {
    section.sections("answers").into_iter().filter_map(rule).collect()
}

fn rule(section: Section<'_>) -> Option<AnswerRule> {
    section.require("from", "name who writes: from = [\"tool.example\"]");
    section.require("means", "say what it means: means = \"refused\"");
    let complained = section.sheet.complaints();
    let pattern = |key| section.parsed(key, pattern).map(|typed| typed.value);
    let from = section.list("from", writer);
    let (subject, text) = (pattern("subject"), pattern("text"));
    let means = section.choice("means", &MEANS);
    let because = section.parsed("because", because).map(|typed| typed.value);
    if from.as_ref().is_some_and(Vec::is_empty) {
        let mistake = Mistake::new("nobody writes it", "name who: from = [\"tool.example\"]");
        section.sheet.complain(&section.place_of("from"), mistake);
    }
    // Whatever a tool writes would refuse its document.
    let decides = means.is_some_and(|means| means.fate().is_some());
    if decides && section.sheet.complaints() == complained && subject.is_none() && text.is_none() {
        let problem = "every mail of theirs would mean this";
        let remedy = "say by which words it is told: subject = \"…\" or text = \"…\"";
        section.sheet.complain(&section.place, Mistake::new(problem, remedy));
    }
    section.close();
    Some(AnswerRule { from: from?, subject, text, means: means?, because })
}

const MEANS: [(&str, Meaning); 4] = [
    ("refused", Meaning::Refused),
    ("processed", Meaning::Processed),
    ("delayed", Meaning::Delayed),
    ("read", Meaning::Read),
];

fn writer(text: &str) -> Result<Writer, Mistake> {
    let remedy = "write a domain (\"tool.example\") or an address (\"robot@tool.example\")";
    if text.contains('@') {
        let address = Address::parse(text).map(Writer::Address);
        return address.map_err(|error| Mistake::new(error.to_string(), remedy));
    }
    HostName::parse(text).map(Writer::Domain).map_err(|problem| Mistake::new(problem, remedy))
}

fn pattern(text: &str) -> Result<Pattern, Mistake> {
    Pattern::parse(text).map_err(|problem| {
        let problem = format!("`{text}` is no regular expression: {problem}");
        Mistake::new(problem, "write one such as \"was refused: (?<reason>.+)\"")
    })
}

fn because(text: &str) -> Result<String, Mistake> {
    if (1..=BECAUSE_CHARS_MAX).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    let problem = format!("a reason has 1 to {BECAUSE_CHARS_MAX} characters");
    Err(Mistake::new(problem, "say it in a sentence"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;
    use crate::config::Config;

    const FIRM: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";

    /// A right app on lines 4 to 7; its rule begins on line 8.
    const APP: &str = "[apps.tool]\nname = \"Tool\"\nsender = \"tool+{slug}@{domain}\"\nrecipient = \"{slug}@tool.example\"\n[[apps.tool.answers]]\n";

    fn rules(config: &Config, app: &str) -> Vec<AnswerRule> {
        let (_, profile) = config.apps.iter().find(|(id, _)| id.as_str() == app).unwrap();
        profile.answers.clone()
    }

    #[test]
    fn a_rule_is_read_and_comes_before_the_profiles() {
        let text = format!(
            "{FIRM}[apps.qbo]\nprofile = \"quickbooks\"\n[[apps.qbo.answers]]\nfrom = [\"intuit.com\", \"a@b.example\"]\ntext = \"no: (?<reason>.+)\"\nmeans = \"refused\"\n"
        );
        let rules = rules(&Bench::new().parse(&text).unwrap(), "qbo");
        assert!(rules.len() > 1, "the profile's own stay");
        assert_eq!(rules[0].from.len(), 2);
        assert_eq!(rules[0].means, Meaning::Refused);
    }

    #[test]
    fn mistakes_have_their_line_and_their_remedy() {
        let cases = [
            ("means = \"refused\"", 8, "`from` is missing", "from ="),
            ("from = [\"tool.example\"]", 8, "`means` is missing", "refused"),
            ("from = [\"tool.example\"]\nmeans = \"refused\"", 8, "every mail", "text ="),
            ("from = [\"tool.example\"]\nmeans = \"lost\"", 10, "none of the", "\"processed\""),
            ("from = [\"tool\"]\nmeans = \"read\"", 9, "no name of a host", "tool.example"),
            ("from = [\"a@b\"]\nmeans = \"read\"", 9, "no e-mail address", "robot@"),
            ("from = []\nmeans = \"read\"", 9, "nobody writes", "tool.example"),
            (
                "from = [\"t.example\"]\nmeans = \"refused\"\ntext = \"(\"",
                11,
                "no regular",
                "reason",
            ),
            (
                "from = [\"t.example\"]\nmeans = \"read\"\nbecause = \"\"",
                11,
                "1 to 200",
                "sentence",
            ),
            ("from = [\"t.example\"]\nmeans = \"read\"\nwords = \"x\"", 11, "no key", "subject"),
        ];
        for (more, line, problem, remedy) in cases {
            let complaints = Bench::new().parse(&format!("{FIRM}{APP}{more}\n")).unwrap_err();
            let found = complaints.iter().any(|complaint| {
                complaint.line == line
                    && complaint.problem.contains(problem)
                    && complaint.remedy.contains(remedy)
            });
            assert!(found, "{more}:\n{complaints}");
        }
    }

    #[test]
    fn an_expression_that_would_take_all_memory_is_none() {
        let text = "from = [\"t.example\"]\nmeans = \"refused\"\ntext = \"(\\\\w{1000}){1000}\"";
        assert!(Bench::new().parse(&format!("{FIRM}{APP}{text}\n")).is_err());
    }
}
