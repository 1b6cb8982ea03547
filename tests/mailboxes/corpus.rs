//! Tools' answers as they may come, and what each does to the delivery it names.

use std::path::Path;
use std::sync::Arc;

use facteur::config::{AfterReading, Config, Environment};
use facteur::domain::mail::tool_answer::AnswerRule;
use facteur::domain::profile::AppId;
use facteur::ports::origin::Origins;

use crate::bureau::Bureau;

/// What the firm adds to the shipped profile.
const RULES: &str = r#"
[firm]
name = "Cabinet"
domain = "cabinet.example"
[apps.quickbooks]
profile = "quickbooks"
[[apps.quickbooks.answers]]
from = ["support@tool.example"]
means = "read"
[[apps.quickbooks.answers]]
from = ["tool.example"]
text = '(?:refused|refusé) ?: (?<reason>[^\n]+)'
means = "refused"
[[apps.quickbooks.answers]]
from = ["tool.example"]
subject = "was received"
means = "processed"
because = "the tool has it"
[[apps.quickbooks.answers]]
from = ["tool.example"]
text = "will be processed"
means = "delayed"
"#;

/// A name service that believes what the mail says of itself.
struct Believing;

#[async_trait::async_trait]
impl Origins for Believing {
    async fn signers(&self, raw: &[u8]) -> Result<Vec<String>, String> {
        let text = String::from_utf8_lossy(raw).into_owned();
        let signed = text.lines().filter_map(|line| line.strip_prefix("X-Signed: "));
        Ok(signed.map(|domain| domain.trim().to_owned()).collect())
    }
}

/// What becomes of the delivery.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// Its mark is taken back, with these words.
    Refused(&'static str),
    /// A line in its story, with these words.
    Told(&'static str, &'static str),
    /// Shown for a person, because of this.
    ToRead(&'static str),
    /// Nothing: the mail waits for a person where it lies.
    Unread,
    /// Nothing: the mail is put aside.
    Aside,
}

/// A sample, and what it does.
const SAMPLES: [(&str, Expected); 33] = {
    use Expected::{Aside, Refused, ToRead, Told, Unread};
    const NO_RULE: &str = "no rule knows";
    [
        ("quickbooks_rejected_in_the_thread", Refused("not a registered user")),
        ("quickbooks_could_not_process", Refused("couldn’t process the file")),
        ("quickbooks_bounce_with_the_headers_given_back", Refused("unsupported file type")),
        ("quickbooks_to_the_subaddress", Refused("was not accepted")),
        ("quickbooks_unknown_words", ToRead(NO_RULE)),
        ("quickbooks_names_the_document_and_is_signed", Refused("could not be processed")),
        ("quickbooks_names_the_document_unsigned", ToRead("no signature proves")),
        ("forged_signed_by_another_domain", ToRead("no signature proves")),
        ("forged_look_alike_domain", ToRead(NO_RULE)),
        ("forged_display_name", ToRead(NO_RULE)),
        ("forged_message_id", Unread),
        ("forged_subaddress", Unread),
        ("forged_by_one_who_has_the_mail", ToRead(NO_RULE)),
        ("two_writers", ToRead(NO_RULE)),
        ("tool_refused_in_french", Refused("la société est inconnue.")),
        ("tool_refused_html_only", Refused("the date is missing.")),
        ("tool_received", Told("tool_processed", "the tool has it")),
        ("tool_will_be_looked_at", Told("tool_delayed", "Your document")),
        ("tool_quotes_an_older_refusal", Told("tool_processed", "the tool has it")),
        ("tool_quote_below_a_broken_line", ToRead(NO_RULE)),
        ("tool_quote_of_outlook", ToRead(NO_RULE)),
        ("tool_gmail_quote_in_html", ToRead(NO_RULE)),
        ("person_of_the_support", ToRead(NO_RULE)),
        ("out_of_office", ToRead(NO_RULE)),
        ("vacation_of_a_stranger", Unread),
        ("another_document_of_the_same_beginning", Unread),
        ("both_documents_named", Unread),
        ("both_mails_named", Aside),
        ("another_companys_address", Unread),
        ("signed_and_to_the_noted_address", Refused("could not be processed")),
        ("message_id_quoted_in_the_text", Refused("the amount is missing.")),
        ("empty", ToRead(NO_RULE)),
        ("terminal_tricks", ToRead(NO_RULE)),
    ]
};

/// What names nothing of ours, whoever writes it.
const FOREIGN: [(&str, Expected); 1] = [("newsletter_of_the_tool", Expected::Unread)];

fn rules() -> Vec<AnswerRule> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("documents")).unwrap();
    let environment = Environment::new(folder.path());
    let config = Config::parse(RULES, Path::new("routes.toml"), &environment);
    let quickbooks = AppId::parse("quickbooks").unwrap();
    config.unwrap().apps.remove(&quickbooks).unwrap().answers
}

/// A bureau that knows the rules, with two documents sent.
pub(crate) async fn bureau() -> Bureau {
    let mut bureau = Bureau::new(AfterReading::Leave).await;
    bureau.origins = Some(Arc::new(Believing));
    let quickbooks = AppId::parse("quickbooks").unwrap();
    bureau
        .restart_configured(|config| {
            let profile = config.apps.get_mut(&quickbooks).unwrap();
            (profile.answers, profile.subaddress) = (rules(), Some('+'));
        })
        .await;
    bureau.send("facture 2026-031.pdf").await;
    bureau.send("avoir.pdf").await;
    bureau
}

/// A sample about the first document.
pub(crate) async fn sample(bureau: &Bureau, name: &str) -> String {
    let file = format!("{}/tests/answers/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap().replace('\n', "\r\n");
    let path = bureau.office.world.post.delivered()[0].mail.return_path.clone().unwrap();
    text.replace("{{message_id}}", &bureau.message_id(0).await)
        .replace("{{other_id}}", &bureau.message_id(1).await)
        .replace("{{subaddress}}", path.as_str())
}

async fn try_one(name: &str, expected: Expected) {
    let bureau = bureau().await;
    let before = bureau.story("facture 2026-031.pdf").await;
    bureau.mailbox.receive(sample(&bureau, name).await);
    bureau.office.next_round().await;
    let why = bureau.office.why("Achats/facture 2026-031.pdf").await;
    let story = &why.stories[0].events;
    let last = story.last().unwrap();
    let answer = last.answer.clone().unwrap_or_default();
    let state = bureau.states().await.remove(0);
    let told =
        (bureau.alarms("answer_to_read").await.len(), bureau.alarms("mail_put_aside").await.len());
    let (wanted, alarms) = match expected {
        Expected::Refused(words) => {
            assert!(answer.contains(words), "{name}: {last:?}");
            assert!(last.because.starts_with("refused by "), "{name}: {last:?}");
            ("refused", (0, 0))
        }
        Expected::Told(what, words) => {
            assert_eq!(last.what, what, "{name}");
            assert!(answer.contains(words), "{name}: {last:?}");
            ("sent", (0, 0))
        }
        Expected::ToRead(because) => {
            assert_eq!(last.what, "answer_to_read", "{name}: {last:?}");
            assert!(last.because.contains(because), "{name}: {last:?}");
            ("sent", (1, 0))
        }
        Expected::Unread | Expected::Aside => {
            assert_eq!(bureau.story("facture 2026-031.pdf").await, before, "{name}: {last:?}");
            ("sent", (0, usize::from(matches!(expected, Expected::Aside))))
        }
    };
    assert_eq!((state.as_str(), told), (wanted, alarms), "{name}");
    let shown = format!("{}{answer}", last.because);
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{name}: {shown:?}");
    assert_eq!(bureau.states().await[1], "sent", "{name}: the other document");
}

#[tokio::test]
async fn every_sample_means_what_the_table_says() {
    for (name, expected) in SAMPLES.into_iter().chain(FOREIGN) {
        try_one(name, expected).await;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, SAMPLES.len() + FOREIGN.len(), "a sample that nobody tries");
}
