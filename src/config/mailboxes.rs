//! `[[mailboxes]]`: the firm's mailboxes that the robot reads.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::addresses::address;
use super::complaint::Mistake;
use super::mail::{check_certificates, host, is_loopback};
use super::model::{AfterReading, MailConfig, MailboxConfig, MailboxRole, Security};
use super::places::Ground;
use super::secret;
use super::section::Section;
use super::sheet::Typed;
use crate::domain::template::Address;

/// Beginning of `after` for mails that are moved.
const MOVE: &str = "move:";

/// Reads `[[mailboxes]]`.
pub(super) fn mailboxes(top: &Section<'_>, ground: &Ground<'_>) -> Vec<MailboxConfig> {
    let mut earlier = BTreeMap::new();
    let mut folders = BTreeMap::new();
    let mut mailboxes = Vec::new();
    for section in top.sections("mailboxes") {
        let Some(Typed { value, place }) = mailbox(section, ground) else { continue };
        let folded = value.name().to_lowercase();
        if let Some(line) = earlier.insert(folded, place.line) {
            let problem = format!("{} has an entry already, on line {line}", value.name());
            top.sheet.complain(&place, Mistake::new(problem, "make one entry of the two"));
        } else if let Some(line) = folders.insert(folder_of(&value), place.line) {
            let problem = format!("the entry on line {line} reads the very same folder");
            let remedy = "give each its own: another login, or folder = \"…\" with a rule on the server that sorts the mails";
            top.sheet.complain(&place, Mistake::new(problem, remedy));
        }
        mailboxes.push(value);
    }
    mailboxes
}

/// Which folder of which account: its mails belong to one entry alone.
fn folder_of(mailbox: &MailboxConfig) -> (String, u16, String, String) {
    let (host, username) = (mailbox.host.to_lowercase(), mailbox.login.user.clone());
    (host, mailbox.port, username, mailbox.folder.clone())
}

fn mailbox(section: Section<'_>, ground: &Ground<'_>) -> Option<Typed<MailboxConfig>> {
    section.require("address", "name it: address = \"quickbooks@cabinet.example\"");
    section.require("host", "name its server: host = \"imap.cabinet.example\"");
    let address = section.parsed("address", address);
    let roles = [
        ("bot", MailboxRole::Bot),
        ("collection", MailboxRole::Collection),
        ("sent", MailboxRole::Sent),
    ];
    let role = section.choice("role", &roles).unwrap_or(MailboxRole::Bot);
    if role == MailboxRole::Sent {
        section.require("folder", "name where the server keeps what was sent: folder = \"Sent\"");
    }
    let host = section.parsed("host", host).map_or_else(String::new, |typed| typed.value);
    let security = security(&section, &host);
    let port = section.number("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let ca_file = section.parsed("ca_file", |text| ground.absolute(text));
    let ca_file = ca_file.map(|typed| check_certificates(&section, &typed, ground, true));
    let complained = section.sheet.complaints();
    let login = secret::login(&section, ground, true);
    if login.is_none() && section.sheet.complaints() == complained {
        section.require("username", "give username, and password_file or oauth beside it");
    }
    let folder = section.parsed("folder", folder);
    let poll = section.duration("poll", &(TimeDelta::seconds(10)..=TimeDelta::days(1)));
    let after = section.parsed("after", after).map(|typed| typed.value);
    let silent = section.duration("silent_after", &(TimeDelta::minutes(1)..=TimeDelta::days(30)));
    let poll = poll.unwrap_or(TimeDelta::minutes(5));
    let silent_after = silent.unwrap_or_else(|| TimeDelta::minutes(30).max(poll * 3));
    if silent_after < poll {
        let problem = "it would be called silent before it is read again";
        let remedy = "make silent_after longer than poll (defaults: 30m and 5m)";
        section.sheet.complain(&section.place_of("silent_after"), Mistake::new(problem, remedy));
    }
    section.close();
    let Typed { value: address, place } = address?;
    let value = MailboxConfig {
        address,
        role,
        host,
        port: port.unwrap_or(default_port(security)),
        security,
        ca_file,
        login: login?,
        folder: folder.map_or_else(|| "INBOX".to_owned(), |typed| typed.value),
        poll,
        after: after.unwrap_or(AfterReading::Leave),
        silent_after,
    };
    Some(Typed { value, place })
}

/// Complains of a witness that nobody reads: it would prove nothing.
pub(super) fn check_witness(top: &Section<'_>, mail: &MailConfig, mailboxes: &[MailboxConfig]) {
    let Some(witness) = &mail.witness else { return };
    let place = top.place_within(&["mail", "witness"]);
    let bots = || mailboxes.iter().filter(|mailbox| mailbox.role == MailboxRole::Bot);
    let remedy = "give it an entry: [[mailboxes]] with role = \"bot\" and its address";
    if bots().next().is_none() {
        let problem = format!("no mailbox is read in which a copy to {witness} would be found");
        top.sheet.complain(&place, Mistake::new(problem, remedy));
    } else if !bots().any(|mailbox| ends_in(witness, &mailbox.address)) {
        let problem = format!("none of the mailboxes that are read is called as {witness} is");
        let remedy = format!("make sure that its mail ends in one of them, or {remedy}");
        top.sheet.warn(&place, Mistake::new(problem, remedy));
    }
}

/// Whether mail to an address goes to a mailbox: it is its own, or has a detail behind it.
pub(super) fn ends_in(address: &Address, mailbox: &Address) -> bool {
    let folded = |address: &Address| address.as_str().to_lowercase();
    let (address, mailbox) = (folded(address), folded(mailbox));
    let (Some((local, domain)), Some((of, at))) =
        (address.rsplit_once('@'), mailbox.rsplit_once('@'))
    else {
        return false;
    };
    let detail = local.strip_prefix(of).filter(|_| domain == at);
    detail.is_some_and(|detail| detail.is_empty() || detail.starts_with(SEPARATORS))
}

/// What may stand between a mailbox's name and a detail (RFC 5233).
const SEPARATORS: [char; 5] = ['+', '-', '_', '=', '.'];

fn security(section: &Section<'_>, host: &str) -> Security {
    let words =
        [("tls", Security::Tls), ("starttls", Security::StartTls), ("none", Security::None)];
    let security = section.choice("security", &words).unwrap_or(Security::Tls);
    if security == Security::None && !host.is_empty() && !is_loopback(host) {
        let problem = format!(
            "the password would go to `{host}` in clear: \"none\" is for this machine alone"
        );
        let mistake = Mistake::new(problem, "write \"tls\" (port 993) or \"starttls\" (port 143)");
        section.sheet.complain(&section.place_of("security"), mistake);
    }
    security
}

fn default_port(security: Security) -> u16 {
    match security {
        Security::Tls => 993,
        Security::StartTls | Security::None => 143,
    }
}

fn folder(text: &str) -> Result<String, Mistake> {
    if text.is_empty() || !text.is_ascii() {
        let problem = format!("`{text}` is no folder's name as IMAP spells it");
        return Err(Mistake::new(problem, "write it in ASCII, such as \"INBOX/Reports\""));
    }
    Ok(text.to_owned())
}

fn after(text: &str) -> Result<AfterReading, Mistake> {
    match (text, text.strip_prefix(MOVE)) {
        ("leave", _) => Ok(AfterReading::Leave),
        ("flag", _) => Ok(AfterReading::Flag),
        (_, Some(name)) => folder(name).map(AfterReading::Move),
        (_, None) => {
            let problem = format!("`{text}` is none of the choices");
            Err(Mistake::new(problem, "write \"leave\", \"flag\" or \"move:FOLDER\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::login::Login;
    use super::super::tests::Bench;
    use super::*;

    const FIRM: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";

    /// A right entry on lines 4 to 8.
    const BOX: &str = "[[mailboxes]]\naddress = \"quickbooks@cabinet.example\"\nhost = \"imap.cabinet.example\"\nusername = \"robot\"\npassword_file = \"secret\"\n";

    fn bench() -> Bench {
        let bench = Bench::new();
        let secret = bench.0.path().join("secret");
        std::fs::write(&secret, "hunter2\n").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        bench
    }

    #[test]
    fn five_lines_suffice() {
        let config = bench().parse(&format!("{FIRM}{BOX}")).unwrap();
        let mailbox = &config.mailboxes[0];
        assert_eq!((mailbox.port, mailbox.security), (993, Security::Tls));
        assert_eq!((mailbox.folder.as_str(), &mailbox.after), ("INBOX", &AfterReading::Leave));
        assert_eq!(mailbox.poll, TimeDelta::minutes(5));
        assert_eq!(mailbox.silent_after, TimeDelta::minutes(30));
        assert_eq!(mailbox.login, Login::password("robot", "hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn the_commented_entry_of_the_example_is_right_and_shows_the_defaults() {
        let example = include_str!("../../routes.toml");
        let entry = example.lines().skip_while(|line| *line != "# [[mailboxes]]");
        let entry = entry.take_while(|line| line.starts_with('#'));
        let text: Vec<&str> = entry.filter_map(|line| line.strip_prefix("# ")).collect();
        let text = text.join("\n").replace("/etc/facteur/quickbooks-password", "secret");
        let shown = bench().parse(&format!("{FIRM}{text}")).unwrap().mailboxes;
        let least = bench().parse(&format!("{FIRM}{BOX}")).unwrap().mailboxes.remove(0);
        let login = shown[0].login.clone();
        assert_eq!(shown, [MailboxConfig { login, ..least }]);
    }

    #[test]
    fn what_is_typed_is_meant() {
        let text = format!(
            "{FIRM}{BOX}security = \"starttls\"\nafter = \"move:Lus/Rapports\"\npoll = \"1m\"\n"
        );
        let mailbox = bench().parse(&text).unwrap().mailboxes.remove(0);
        assert_eq!(mailbox.port, 143);
        assert_eq!(mailbox.after, AfterReading::Move("Lus/Rapports".to_owned()));
        assert_eq!(mailbox.poll, TimeDelta::minutes(1));
    }

    #[test]
    fn collection_mailboxes_may_be_several_beside_the_bots() {
        let more = |name: &str| {
            let entry = BOX.replace("quickbooks@", name).replace("robot", name);
            format!("{entry}role = \"collection\"\n")
        };
        let text = format!("{FIRM}{BOX}{}{}", more("compta@"), more("scans@"));
        let config = bench().parse(&text).unwrap();
        let roles: Vec<MailboxRole> = config.mailboxes.iter().map(|mailbox| mailbox.role).collect();
        assert_eq!(roles, [MailboxRole::Bot, MailboxRole::Collection, MailboxRole::Collection]);
        assert_eq!(config.warnings, []);
    }

    #[test]
    fn an_account_may_be_read_in_several_folders() {
        let sent = format!("{BOX}role = \"sent\"\nfolder = \"Sent Items\"\n");
        let config = bench().parse(&format!("{FIRM}{BOX}{sent}")).unwrap();
        let names: Vec<String> = config.mailboxes.iter().map(MailboxConfig::name).collect();
        let sent = "quickbooks@cabinet.example (Sent Items)";
        assert_eq!(names, ["quickbooks@cabinet.example", sent]);
        assert_eq!(config.mailboxes[1].role, MailboxRole::Sent);
    }

    #[test]
    fn a_witness_is_one_that_is_read() {
        let mail = |witness: &str| format!("[mail]\nwitness = \"{witness}\"\n");
        let nobody = bench().parse(&format!("{FIRM}{}", mail("a@cabinet.example"))).unwrap_err();
        assert!(nobody.to_string().contains("no mailbox is read"), "{nobody}");
        for (witness, warned) in [
            ("quickbooks@cabinet.example", false),
            ("QuickBooks+witness@cabinet.example", false),
            ("quickbooks-witness@cabinet.example", false),
            ("witness@cabinet.example", true),
            ("quickbookswitness@cabinet.example", true),
            ("quickbooks+witness@other.example", true),
        ] {
            let config = bench().parse(&format!("{FIRM}{BOX}{}", mail(witness))).unwrap();
            let of_it = |warning: &&crate::config::Complaint| warning.key == "mail.witness";
            assert_eq!(config.warnings.iter().any(|one| of_it(&one)), warned, "{witness}");
            assert_eq!(config.mail.proof_within, TimeDelta::hours(1));
        }
    }

    #[test]
    fn mistakes_have_their_line_and_their_remedy() {
        let cases = [
            ("security = \"none\"", 9, "in clear", "993"),
            ("role = \"x\"", 9, "none of the choices", "\"bot\" or \"collection\""),
            ("after = \"delete\"", 9, "none of the choices", "move:FOLDER"),
            ("after = \"move:\"", 9, "no folder's name", "ASCII"),
            ("folder = \"É\"", 9, "no folder's name", "ASCII"),
            ("poll = \"1s\"", 9, "out of range", "10s"),
            ("silent_after = \"2m\"", 9, "called silent", "longer than poll"),
            ("pol = \"5m\"", 9, "no key `pol`", "did you mean `poll`?"),
            ("ca_file = \"nowhere\"", 9, "cannot be read", "PEM"),
            (BOX, 9, "already, on line 5", "one entry"),
            ("role = \"sent\"", 4, "`folder` is missing", "folder = \"Sent\""),
            ("[mail]\nwitness = \"moi\"", 10, "no e-mail address", "one address"),
            ("[mail]\nproof_within = \"5s\"", 10, "out of range", "1m"),
            (&BOX.replace("quickbooks@", "compta@"), 9, "very same folder", "its own"),
            ("[[mailboxes]]\nhost = \"a.example\"", 9, "`address` is missing", "address ="),
        ];
        for (more, line, problem, remedy) in cases {
            let complaints = bench().parse(&format!("{FIRM}{BOX}{more}\n")).unwrap_err();
            let found = complaints.iter().any(|complaint| {
                (complaint.line == line || complaint.line == 10)
                    && complaint.problem.contains(problem)
                    && complaint.remedy.contains(remedy)
            });
            assert!(found, "{more}:\n{complaints}");
            assert!(!complaints.to_string().contains("hunter2"));
        }
    }
}
