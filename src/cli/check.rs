//! `check`: every mistake of the file, of the tree, and (asked for) of the mail server.

use anyhow::Result;
use serde_json::{Value, json};
use tracing::Level;

use super::door::{Door, load};
use super::output::with_causes;
use super::render::{self, clean};
use super::run::{Call, Ended};
use super::wire::Probed;
use super::{control, logging, wire};
use crate::app::requests::{Answers, Ask, Outcome, Reply, Request};
use crate::app::views::TreeView;
use crate::config::{Complaint, Complaints, Config};
use crate::domain::shell;

/// Prints what is wrong: exit 2 for the file, 3 for the tree, 1 for the mail server.
pub(super) async fn check(call: &Call, online: bool) -> Result<Ended> {
    let config = match load(&call.config, call.output) {
        Ok(config) => config,
        Err(complaints) => return Ok(mistaken(call, &complaints)),
    };
    logging::begin(config.log_format, Level::WARN);
    let ask = Ask::CheckTree;
    let reply = look(call, &config, &ask).await?;
    let mut text = format!("{} is fine.\n", clean(&call.config.display().to_string()));
    let mut value = json!({ "file": [], "warnings": config.warnings, "tree": reply.value });
    if !reply.value.is_null() {
        text.push_str(&render::text(&ask, &reply.value)?);
    }
    let mut outcome = reply.outcome.clone();
    if outcome == Outcome::Done && !mistakes(&reply).is_empty() {
        outcome = Outcome::NeedsPerson;
    }
    if let Some(export) = newest_export(&config) {
        text.push_str(&export.text);
        value["export"] = export.value;
        if !export.whole && outcome == Outcome::Done {
            outcome = Outcome::NeedsPerson;
        }
    }
    if let Some(logins) = logins(&config) {
        text.push_str(&logins.text);
        value["logins"] = logins.value;
        if !logins.all_kept && outcome == Outcome::Done {
            outcome = Outcome::NeedsPerson;
        }
    }
    if online {
        let (said, tried, failed) = try_servers(&config).await?;
        text.push_str(&said);
        value["online"] = tried;
        outcome = failed.unwrap_or(outcome);
    }
    call.output.result(&text, &value);
    for notice in &reply.notices {
        call.output.note(notice);
    }
    Ok(Ended { outcome, printed: true })
}

/// Logs in to the mail server and to each mailbox: what to say of it, as text and as JSON, and the
/// first that doesn't work.
async fn try_servers(config: &Config) -> Result<(String, Value, Option<Outcome>)> {
    let (mut text, mut list, mut failed) = (String::new(), Vec::new(), None);
    for (probed, probe) in wire::probes(config).await? {
        let destination = clean(&probe.destination);
        let (works, answer) = match &probe.result {
            Ok(answer) => (true, clean(answer)),
            Err(problem) => (false, clean(problem)),
        };
        let (what, trouble, section) = match probed {
            Probed::Mail => ("Mail through", "mail cannot leave through", "[mail]"),
            Probed::Mailbox => ("The mailbox", "cannot read the mailbox", "[[mailboxes]]"),
            Probed::Antivirus => {
                ("The antivirus at", "cannot ask the antivirus at", "`clamd` of [collection]")
            }
        };
        let verdict = if works { "works" } else { "does not work" };
        text.extend([what, " ", &destination, " ", verdict, ": ", &answer, "\n"]);
        list.push(json!({ "destination": probe.destination, "works": works, "answer": answer }));
        if !works && failed.is_none() {
            failed = Some(Outcome::Failed(format!(
                "{trouble} {destination}: {answer}\nhint: correct {section} in routes.toml, or do what \
                 the answer says, then `facteur check --online` again"
            )));
        }
    }
    Ok((text, Value::Array(list), failed))
}

/// The logins of OAuth, and whether somebody made them.
struct Logins {
    text: String,
    value: Value,
    all_kept: bool,
}

/// Looks for each; none where passwords do.
fn logins(config: &Config) -> Option<Logins> {
    let known = config.oauth_logins();
    let (mut text, mut list, mut all_kept) = (String::new(), Vec::new(), true);
    for login in &known {
        let kept = wire::account(login).and_then(|account| Ok(account.is_kept()?));
        let problem = match &kept {
            Ok(true) => None,
            Ok(false) => Some("nobody has logged in yet".to_owned()),
            Err(error) => Some(with_causes(error)),
        };
        if let Some(problem) = &problem {
            all_kept = false;
            let command = format!("facteur login {}", shell::word(&login.user));
            let (user, problem) = (clean(&login.user), clean(problem));
            text.extend([
                "The login of ",
                &user,
                " is missing: ",
                &problem,
                " (`",
                &command,
                "`).\n",
            ]);
        }
        let kept = kept.unwrap_or(false);
        list.push(json!({ "login": login.user, "places": login.places, "kept": kept, "problem": problem }));
    }
    (!known.is_empty()).then_some(Logins { text, value: Value::Array(list), all_kept })
}

/// What became of the robot's newest export.
struct NewestExport {
    text: String,
    value: Value,
    whole: bool,
}

/// Reads the newest export as an import would; none where the robot keeps none.
fn newest_export(config: &Config) -> Option<NewestExport> {
    let folder = &config.state.export.as_ref()?.directory;
    let shown = |path: &std::path::Path| clean(&path.display().to_string());
    let found = wire::newest_export(config);
    let (file, checked) = match found {
        Ok(Some(file)) => (file.clone(), wire::check_export(&file)),
        Ok(None) => {
            let text = format!("There is no export in {} yet.\n", shown(folder));
            return Some(NewestExport { text, value: Value::Null, whole: true });
        }
        Err(error) => (folder.clone(), Err(error)),
    };
    let (name, problem) = (shown(&file), checked.as_ref().err().map(with_causes));
    let text = match (&checked, &problem) {
        (Ok(records), _) => format!("The newest export, {name}, is whole: {records} records.\n"),
        (Err(_), problem) => format!(
            "The newest export, {name}, is of no use: {}\n",
            clean(problem.as_deref().unwrap_or_default())
        ),
    };
    let value = json!({ "file": name, "records": checked.as_ref().ok(), "problem": problem });
    Some(NewestExport { text, value, whole: checked.is_ok() })
}

fn mistakes(reply: &Reply) -> Vec<crate::app::views::ProblemView> {
    serde_json::from_value::<TreeView>(reply.value.clone()).map_or(Vec::new(), |tree| tree.mistakes)
}

fn mistaken(call: &Call, complaints: &Complaints) -> Ended {
    let list: Vec<&Complaint> = complaints.iter().collect();
    let value = json!({ "file": list, "warnings": [], "tree": Value::Null });
    call.output.result(&format!("{complaints}\n"), &value);
    let number = match list.len() {
        1 => "one mistake".to_owned(),
        number => format!("{number} mistakes"),
    };
    let text = format!("{number} in {}", complaints.file().display());
    Ended { outcome: Outcome::WrongWords(text), printed: true }
}

/// The tree as the one sees it who has the state; where there is no state yet, none is made.
async fn look(call: &Call, config: &Config, ask: &Ask) -> Result<Reply> {
    let request = Request { by: call.by.clone(), ask: ask.clone() };
    let directory = &config.state.directory;
    if control::listens(directory).await? {
        return Ok(Door::Service(directory.clone()).answer(request).await);
    }
    let robot = if directory.exists() { wire::robot(config) } else { wire::bystander(config) };
    Ok(match robot {
        Ok(robot) => robot.answer(request).await,
        Err(error) => Reply {
            outcome: Outcome::Failed(with_causes(&error)),
            value: Value::Null,
            notices: Vec::new(),
        },
    })
}
