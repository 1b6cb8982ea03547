//! `[collection]`: how mails that come to the collection mailbox become documents.

use super::complaint::Mistake;
use super::model::{
    CollectionConfig, CollectionOverride, CompanyOverride, MailboxConfig, MailboxRole,
};
use super::section::Section;
use crate::domain::names;
use crate::domain::path::TreePath;

/// Bytes of a mail: less than the smallest is no mail, and a whole one is held in memory.
const MAIL_BYTES: std::ops::RangeInclusive<u64> = 1_000..=200_000_000;

/// What the template of folders may hold, each with a sample.
const PLACEHOLDERS: [(&str, &str); 3] =
    [("{inbox}", "Mails"), ("{year}", "2026"), ("{month}", "03")];

/// Reads `[collection]`.
pub(super) fn collection(section: Section<'_>, ignore: &[String]) -> CollectionConfig {
    let least = CollectionConfig::default();
    let inbox = section.parsed("inbox", |text| folder(text, ignore)).map(|typed| typed.value);
    let file_in = section.parsed("file_in", |text| file_in(text, ignore)).map(|typed| typed.value);
    let mail_bytes_max = section.size("mail_bytes_max", MAIL_BYTES);
    section.close();
    CollectionConfig {
        inbox: inbox.unwrap_or(least.inbox),
        file_in: file_in.unwrap_or(least.file_in),
        mail_bytes_max: mail_bytes_max.unwrap_or(least.mail_bytes_max),
        ..CollectionConfig::default()
    }
}

/// Reads `collection` of a company.
pub(super) fn of_company(section: Section<'_>, ignore: &[String]) -> CollectionOverride {
    let inbox = section.parsed("inbox", |text| folder(text, ignore)).map(|typed| typed.value);
    let file_in = section.parsed("file_in", |text| file_in(text, ignore)).map(|typed| typed.value);
    section.close();
    CollectionOverride { inbox, file_in, ..CollectionOverride::default() }
}

/// Warns of what is configured and read by nobody.
pub(super) fn check_use(
    top: &Section<'_>,
    mailboxes: &[MailboxConfig],
    companies: &[CompanyOverride],
) {
    let collects = mailboxes.iter().any(|mailbox| mailbox.role == MailboxRole::Collection);
    let differs = |company: &CompanyOverride| company.collection != CollectionOverride::default();
    if collects || !(top.has("collection") || companies.iter().any(differs)) {
        return;
    }
    let key = if top.has("collection") { "collection" } else { "companies" };
    let problem = "no mailbox collects documents, so this is never used";
    let remedy = "give the collection mailbox an entry: [[mailboxes]] with role = \"collection\"";
    top.sheet.warn(&top.place_of(key), Mistake::new(problem, remedy));
}

fn folder(text: &str, ignore: &[String]) -> Result<TreePath, Mistake> {
    let mistake =
        |problem: String| Mistake::new(problem, "name a folder such as \"Reçus par mail\"");
    let path: TreePath = text.parse().map_err(|error| mistake(format!("{error}")))?;
    if path.is_root() {
        return Err(mistake("the folder has no name".to_owned()));
    }
    let unseen = path.components().find(|name| !names::is_recorded(name, ignore));
    match unseen {
        Some(name) => Err(mistake(format!(
            "`{}` is a name that the robot passes over: what is filed there is never sent",
            String::from_utf8_lossy(name)
        ))),
        None => Ok(path),
    }
}

fn file_in(text: &str, ignore: &[String]) -> Result<String, Mistake> {
    let sample = |filled: String, (name, value): &(&str, &str)| filled.replace(name, value);
    let filled = PLACEHOLDERS.iter().fold(text.to_owned(), sample);
    let remedy = "write folders such as \"{inbox}/{year}/{month}\"";
    if filled.contains(['{', '}']) {
        let problem = "it has a placeholder other than {inbox}, {year} and {month}";
        return Err(Mistake::new(problem, remedy));
    }
    folder(&filled, ignore).map_err(|mistake| Mistake::new(mistake.problem, remedy))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    const FIRM: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";

    #[test]
    fn what_is_typed_is_meant_for_all_and_for_one_company() {
        let text = format!(
            "{FIRM}[collection]\ninbox = \"Courrier/Entrant\"\nfile_in = \"{{inbox}}/{{year}}\"\n\
             mail_bytes_max = \"30 MB\"\n[[companies]]\nfolder = \"Dupont\"\n\
             collection = {{ inbox = \"Achats\", file_in = \"{{inbox}}\" }}\n"
        );
        let config = Bench::new().parse(&text).unwrap();
        let all = &config.collection;
        assert_eq!(
            (all.inbox.to_string().as_str(), all.mail_bytes_max),
            ("Courrier/Entrant", 30_000_000)
        );
        assert_eq!(all.file_in, "{inbox}/{year}");
        let one = &config.companies[0].collection;
        assert_eq!(one.inbox, Some("Achats".parse().unwrap()));
        assert_eq!(one.file_in.as_deref(), Some("{inbox}"));
        assert!(config.warnings[0].remedy.contains("role = \"collection\""), "nobody reads it");
    }

    #[test]
    fn the_commented_section_of_the_example_is_right_and_shows_the_defaults() {
        let example = include_str!("../../routes.toml");
        let section = example.lines().skip_while(|line| *line != "# [collection]");
        let section = section.take_while(|line| line.starts_with('#'));
        let text: Vec<&str> = section.filter_map(|line| line.strip_prefix("# ")).collect();
        assert!(text.len() > 1, "it is there");
        let shown = Bench::new().parse(&format!("{FIRM}{}\n", text.join("\n"))).unwrap();
        assert_eq!(shown.collection, CollectionConfig::default());
    }

    #[test]
    fn mistakes_have_their_line_and_their_remedy() {
        let cases = [
            ("inbox = \"\"", "has no name", "Reçus par mail"),
            ("inbox = \"../x\"", "", "Reçus par mail"),
            ("inbox = \".mails\"", "passes over", "Reçus par mail"),
            ("inbox = \"a/lost+found\"", "passes over", "Reçus par mail"),
            ("file_in = \"{inbox}/{day}\"", "placeholder", "{inbox}/{year}/{month}"),
            ("file_in = \"{inbox}/../x\"", "", "{inbox}/{year}/{month}"),
            ("file_in = \"\"", "has no name", "{inbox}/{year}/{month}"),
            ("mail_bytes_max = \"1 B\"", "out of range", "200000000"),
            ("inbx = \"a\"", "no key `inbx`", "did you mean `inbox`?"),
        ];
        for (line, problem, remedy) in cases {
            let complaints =
                Bench::new().parse(&format!("{FIRM}[collection]\n{line}\n")).unwrap_err();
            let found = complaints.iter().any(|complaint| {
                complaint.line == 5
                    && complaint.problem.contains(problem)
                    && complaint.remedy.contains(remedy)
            });
            assert!(found, "{line}:\n{complaints}");
        }
    }
}
