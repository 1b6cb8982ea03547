//! `[collection]`: how mails that come to the collection mailbox become documents.

use super::complaint::Mistake;
use super::model::{
    CollectionConfig, CollectionOverride, CompanyOverride, MailboxConfig, MailboxRole,
};
use super::places::Ground;
use super::section::Section;
use super::senders;
use crate::domain::mail::filing::FilingTemplate;
use crate::domain::names;
use crate::domain::path::TreePath;

/// Bytes of a mail: less than the smallest is no mail, and a whole one is held in memory.
const MAIL_BYTES: std::ops::RangeInclusive<u64> = 1_000..=200_000_000;

const INBOX: &str = "name a folder such as \"Reçus par mail\"; \".\": the company's own folder";
const FILE_IN: &str = "write folders such as \"{inbox}/{year}/{month}\"";

/// Reads `[collection]`.
pub(super) fn collection(
    section: Section<'_>,
    ignore: &[String],
    ground: &Ground<'_>,
) -> CollectionConfig {
    let least = senders::of_all(&section, ground, CollectionConfig::default());
    let inbox = section.parsed("inbox", |text| folder(text, ignore)).map(|typed| typed.value);
    let file_in = section.parsed("file_in", |text| file_in(text, ignore)).map(|typed| typed.value);
    let mail_bytes_max = section.size("mail_bytes_max", MAIL_BYTES);
    section.close();
    CollectionConfig {
        inbox: inbox.unwrap_or(least.inbox),
        file_in: file_in.unwrap_or(least.file_in),
        mail_bytes_max: mail_bytes_max.unwrap_or(least.mail_bytes_max),
        ..least
    }
}

/// Reads `collection` of a company.
pub(super) fn of_company(section: Section<'_>, ignore: &[String]) -> CollectionOverride {
    let inbox = section.parsed("inbox", |text| folder(text, ignore)).map(|typed| typed.value);
    let file_in = section.parsed("file_in", |text| file_in(text, ignore)).map(|typed| typed.value);
    let (senders, known_senders) = senders::of_company(&section);
    section.close();
    CollectionOverride { inbox, file_in, senders, known_senders }
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
    let path: TreePath = text.parse().map_err(|error| Mistake::new(format!("{error}"), INBOX))?;
    if let Some(name) = path.components().find(|name| !names::is_recorded(name, ignore)) {
        return Err(unseen(name, INBOX));
    }
    Ok(path)
}

fn file_in(text: &str, ignore: &[String]) -> Result<FilingTemplate, Mistake> {
    let template = FilingTemplate::parse(text)
        .map_err(|error| Mistake::new(error.to_string(), error.remedy))?;
    let ignored = text.split('/').find(|name| !names::is_recorded(name.as_bytes(), ignore));
    match ignored {
        Some(name) if name != "." && !name.is_empty() => Err(unseen(name.as_bytes(), FILE_IN)),
        Some(_) | None => Ok(template),
    }
}

fn unseen(name: &[u8], remedy: &str) -> Mistake {
    let name = String::from_utf8_lossy(name);
    let problem =
        format!("`{name}` is a name that the robot passes over: what is filed there is never sent");
    Mistake::new(problem, remedy)
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
        assert_eq!(all.file_in.as_str(), "{inbox}/{year}");
        let one = &config.companies[0].collection;
        assert_eq!(one.inbox, Some("Achats".parse().unwrap()));
        assert_eq!(one.file_in, Some(FilingTemplate::parse("{inbox}").unwrap()));
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
            ("inbox = \"../x\"", "", "Reçus par mail"),
            ("inbox = \".mails\"", "passes over", "Reçus par mail"),
            ("inbox = \"a/lost+found\"", "passes over", "Reçus par mail"),
            ("file_in = \"{inbox}/{week}\"", "placeholder", "{inbox}/{year}/{month}"),
            ("file_in = \"{inbox}/../x\"", "leaves", "relative"),
            ("file_in = \"\"", "empty", "{inbox}"),
            ("file_in = \"{inbox}/lost+found\"", "passes over", "{inbox}/{year}/{month}"),
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
