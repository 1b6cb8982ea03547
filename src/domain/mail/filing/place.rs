//! Where a collected document is filed: a template of folders.

use chrono::{Datelike as _, NaiveDate};

use crate::domain::names::is_recorded;
use crate::domain::path::TreePath;

/// A path below the company's folder with `{inbox}`, `{year}`, `{month}` and `{day}` in it:
/// `{inbox}/{year}/{month}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingTemplate(String);

/// Why a text is no such template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no folder: {problem}")]
pub struct FilingTemplateError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl FilingTemplate {
    /// Checks a template by filling it with a sample.
    pub fn parse(text: &str) -> Result<Self, FilingTemplateError> {
        let error =
            |problem, remedy| FilingTemplateError { text: text.to_owned(), problem, remedy };
        let sample = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date");
        let filled = filled(text, "inbox", sample);
        if filled.contains(['{', '}']) {
            let problem = "it has a placeholder other than {inbox}, {year}, {month} and {day}";
            return Err(error(problem, "write one such as \"{inbox}/{year}/{month}\""));
        }
        // An inbox may be the company's folder itself.
        let without_inbox = self::filled(text, ".", sample).parse::<TreePath>();
        let (Ok(path), Ok(_)) = (filled.parse::<TreePath>(), without_inbox) else {
            let remedy = "give a path relative to the company's folder, with `/` between folders";
            return Err(error("it leaves the company's folder or has an odd backslash", remedy));
        };
        if path.is_root() {
            return Err(error("it is empty", "name a folder such as \"{inbox}\""));
        }
        if !path.components().all(|name| is_recorded(name, &[])) {
            let remedy = "choose names that don't begin with `.` or `~$` and don't end in `.tmp`";
            return Err(error("the robot passes over a folder in it", remedy));
        }
        Ok(Self(text.to_owned()))
    }

    /// The folder of what was received on a day (in the firm's time zone), relative to the
    /// company's folder.
    pub fn place(&self, inbox: &TreePath, received: NaiveDate) -> TreePath {
        let inbox = if inbox.is_root() { ".".to_owned() } else { inbox.to_string() };
        let filled = filled(&self.0, &inbox, received);
        filled.parse().expect("a template that was checked makes a path of any inbox and day")
    }

    /// The template as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn filled(text: &str, inbox: &str, day: NaiveDate) -> String {
    let text = text
        .replace("{year}", &format!("{:04}", day.year()))
        .replace("{month}", &format!("{:02}", day.month()))
        .replace("{day}", &format!("{:02}", day.day()));
    // Last: a folder may be called `{year}`.
    text.replace("{inbox}", inbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(template: &str, inbox: &str) -> String {
        let inbox: TreePath = inbox.parse().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 7).unwrap();
        FilingTemplate::parse(template).unwrap().place(&inbox, day).to_string()
    }

    #[test]
    fn a_document_goes_to_the_folder_of_its_day() {
        for (template, expected) in [
            ("{inbox}/{year}/{month}", "Reçus par mail/2026/03"),
            ("{inbox}", "Reçus par mail"),
            ("Achats/{year}-{month}-{day}", "Achats/2026-03-07"),
            ("./{inbox}//x/", "Reçus par mail/x"),
        ] {
            assert_eq!(placed(template, "Reçus par mail"), expected, "{template}");
        }
        assert_eq!(placed("{inbox}/{year}", "{year}/a\\\\b\\xe9"), "{year}/a\\\\b\\xe9/2026");
        assert_eq!(placed("{inbox}/{year}", ""), "2026");
    }

    #[test]
    fn a_mistake_is_named_with_its_remedy() {
        for (template, problem) in [
            ("{inbox}/{company}", "placeholder other"),
            ("{inbox", "placeholder other"),
            ("{inbox}/../x", "leaves"),
            ("/{inbox}", "leaves"),
            ("{inbox}/x/{inbox}.", "leaves"),
            ("a\\b", "odd backslash"),
            ("", "empty"),
            ("./", "empty"),
            ("{inbox}/.x", "passes over"),
            ("{inbox}/{year}.tmp", "passes over"),
        ] {
            let error = FilingTemplate::parse(template).unwrap_err();
            assert!(error.to_string().contains(problem), "{template}: {error}");
            assert!(!error.remedy.is_empty());
        }
    }
}
