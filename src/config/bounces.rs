//! Warns of senders whose mailbox nobody reads: what comes back to them finds no delivery.

use std::collections::BTreeMap;

use super::complaint::Mistake;
use super::mailboxes::ends_in;
use super::model::{MailboxConfig, MailboxRole};
use super::section::Section;
use crate::domain::profile::{AppId, Profile};
use crate::domain::slug::Slug;
use crate::domain::template::Placeholders;

/// Warns of each enabled app whose delivery reports go to a mailbox that has no entry. A firm
/// that reads none of them has chosen so; one that reads some has forgotten this one.
pub(super) fn check_senders(
    top: &Section<'_>,
    domain: &str,
    apps: &BTreeMap<AppId, Profile>,
    mailboxes: &[MailboxConfig],
) {
    let bots = || mailboxes.iter().filter(|mailbox| mailbox.role == MailboxRole::Bot);
    if bots().next().is_none() {
        return;
    }
    let slug = Slug::parse("sample").expect("the sample slug is well-formed");
    for (app, profile) in apps.iter().filter(|(_, profile)| profile.enabled) {
        let template = profile.sender.as_str();
        // Each company has a mailbox, or all have one of any name: nobody can tell which.
        if template.starts_with("{slug}") {
            continue;
        }
        let sample = Placeholders { slug: &slug, domain, app: app.as_str(), inbox: "" };
        let Ok(sender) = profile.sender.address(&sample) else { continue };
        if bots().any(|mailbox| ends_in(&sender, &mailbox.address)) {
            continue;
        }
        let problem = format!(
            "what comes back to {app}'s sender `{template}` is not read: no [[mailboxes]] is called so"
        );
        let remedy = "give its mailbox an entry with role = \"bot\", or make sure that its mail ends in one that has";
        let place = top.place_within(&["apps", app.as_str(), "sender"]);
        top.sheet.warn(&place, Mistake::new(problem, remedy));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::tests::Bench;

    const APPS: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n[apps.quickbooks]\nprofile = \"quickbooks\"\nsender = \"qb+{slug}@{domain}\"\n";

    fn warned(more: &str) -> Vec<(usize, bool)> {
        let text = format!("{APPS}{more}");
        let bench = Bench::new();
        let secret = bench.0.path().join("secret");
        std::fs::write(&secret, "hunter2\n").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = bench.parse(&text).unwrap();
        let of_it = |problem: &str| problem.contains("quickbooks's sender `qb+{slug}@{domain}`");
        config.warnings.iter().map(|one| (one.line, of_it(&one.problem))).collect()
    }

    fn mailbox(address: &str) -> String {
        format!(
            "[[mailboxes]]\naddress = \"{address}\"\nhost = \"imap.cabinet.example\"\nusername = \"r\"\npassword_file = \"secret\"\n"
        )
    }

    #[test]
    fn a_sender_whose_mailbox_has_no_entry_is_warned_of() {
        assert_eq!(warned(""), [], "no mailbox is read at all");
        assert_eq!(warned(&mailbox("qb@cabinet.example")), []);
        let other = mailbox("bot@cabinet.example");
        assert_eq!(warned(&other), [(6, true)]);
        let off = format!("enabled = false\n{other}");
        assert_eq!(warned(&off), []);
    }
}
