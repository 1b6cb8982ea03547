//! Of `[collection]`: who may send documents by mail, what they are told, and the antivirus.

use super::addresses::address;
use super::complaint::Mistake;
use super::mail::is_loopback;
use super::model::{ClamdAddress, CollectionConfig, CompanyOverride, KnownSender, Senders};
use super::places::Ground;
use super::section::Section;
use crate::domain::template::Address;

const SENDERS: [(&str, Senders); 3] =
    [("everyone", Senders::Everyone), ("known", Senders::Known), ("firm", Senders::Firm)];

/// Reads the keys of `[collection]` that say whose mails are taken, over their defaults.
pub(super) fn of_all(
    section: &Section<'_>,
    ground: &Ground<'_>,
    least: CollectionConfig,
) -> CollectionConfig {
    let config = CollectionConfig {
        senders: section.choice("senders", &SENDERS).unwrap_or(least.senders),
        known_senders: known_senders(section),
        trusted_servers: section.list("trusted_servers", server).unwrap_or_default(),
        acknowledge: section.flag("acknowledge").unwrap_or(least.acknowledge),
        clamd: section.parsed("clamd", |text| clamd(text, ground)).map(|typed| typed.value),
        ..least
    };
    if let Some(ClamdAddress::Tcp(server)) = &config.clamd
        && !server.rsplit_once(':').is_some_and(|(host, _)| is_loopback(bare(host)))
    {
        let problem = format!("every mail goes to the antivirus at {server} in clear");
        let remedy = "let it listen on this machine: clamd = \"/run/clamav/clamd.ctl\"";
        section.sheet.warn(&section.place_of("clamd"), Mistake::new(problem, remedy));
    }
    config
}

/// Reads who may send to one company.
pub(super) fn of_company(section: &Section<'_>) -> (Option<Senders>, Vec<KnownSender>) {
    (section.choice("senders", &SENDERS), known_senders(section))
}

/// Warns of what is allowed and probably not meant.
pub(super) fn check_meaning(
    top: &Section<'_>,
    all: &CollectionConfig,
    companies: &[CompanyOverride],
) {
    let policies = companies.iter().filter_map(|company| company.collection.senders);
    let policies: Vec<Senders> = policies.chain([all.senders]).collect();
    let mut names = companies.iter().flat_map(|company| &company.collection.known_senders);
    let named = names.next().is_some() || !all.known_senders.is_empty();
    let asks_for_names = policies.contains(&Senders::Known);
    let warn = |problem: &str, remedy: &str| {
        top.sheet.warn(&top.place_of("collection"), Mistake::new(problem, remedy));
    };
    if named && !asks_for_names {
        warn("known senders are named and everyone may send", "add senders = \"known\"");
    }
    if !named && asks_for_names {
        warn("known senders alone may send, and none is named", "name some in known_senders");
    }
    if all.acknowledge && policies.contains(&Senders::Everyone) {
        warn(
            "anyone can have an acknowledgement sent to an address that isn't theirs",
            "add senders = \"known\" or senders = \"firm\"",
        );
    }
}

fn known_senders(section: &Section<'_>) -> Vec<KnownSender> {
    section.list("known_senders", known_sender).unwrap_or_default()
}

fn known_sender(text: &str) -> Result<KnownSender, Mistake> {
    let Some(domain) = text.strip_prefix('@') else {
        return address(text).map(KnownSender::Address);
    };
    // A domain is right when an address in it is.
    match Address::parse(&format!("a{text}")) {
        Ok(_) if !domain.contains('@') => Ok(KnownSender::Domain(domain.to_ascii_lowercase())),
        Ok(_) | Err(_) => Err(Mistake::new(
            format!("`{text}` is no domain"),
            "write an address, or all of a domain such as \"@fournisseur.example\"",
        )),
    }
}

/// An authserv-id (RFC 8601 §2.5), which servers make of their name.
fn server(text: &str) -> Result<String, Mistake> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/".contains(&byte);
    if text.is_empty() || !text.bytes().all(plain) {
        let problem = format!("`{text}` is no server's name");
        let remedy = "write what your server begins its Authentication-Results with, such as \"mail.cabinet.example\"";
        return Err(Mistake::new(problem, remedy));
    }
    Ok(text.to_ascii_lowercase())
}

fn clamd(text: &str, ground: &Ground<'_>) -> Result<ClamdAddress, Mistake> {
    if text.contains('/') {
        return ground.absolute(text).map(ClamdAddress::Socket);
    }
    match text.rsplit_once(':') {
        Some((host, port))
            if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) =>
        {
            Ok(ClamdAddress::Tcp(text.to_owned()))
        }
        Some(_) | None => Err(Mistake::new(
            format!("`{text}` is no place where clamd listens"),
            "write its socket such as \"/run/clamav/clamd.ctl\", or \"127.0.0.1:3310\"",
        )),
    }
}

/// `::1` of `[::1]`.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    const FIRM: &str = "[firm]\nname = \"Cabinet\"\ndomain = \"cabinet.example\"\n";

    fn warnings(collection: &str, companies: &str) -> String {
        let text = format!("{FIRM}[collection]\n{collection}\n{companies}\n");
        let config = Bench::new().parse(&text).unwrap();
        let warnings = config.warnings.iter().map(|warning| warning.problem.clone());
        warnings.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_typed_is_meant() {
        let text = format!(
            "{FIRM}[collection]\nsenders = \"known\"\n\
             known_senders = [\"Anne@Client.example\", \"@Fournisseur.example\"]\n\
             trusted_servers = [\"MX.cabinet.example\"]\nacknowledge = true\n\
             clamd = \"/run/clamav/clamd.ctl\"\n[[companies]]\nfolder = \"Dupont\"\n\
             collection = {{ senders = \"firm\", known_senders = [\"@dupont.example\"] }}\n"
        );
        let config = Bench::new().parse(&text).unwrap();
        let all = &config.collection;
        let anne = KnownSender::Address(Address::parse("Anne@Client.example").unwrap());
        let supplier = KnownSender::Domain("fournisseur.example".to_owned());
        assert_eq!((all.senders, all.acknowledge), (Senders::Known, true));
        assert_eq!(all.known_senders, [anne.clone(), supplier.clone()]);
        assert_eq!(all.trusted_servers, ["mx.cabinet.example"]);
        assert_eq!(all.clamd, Some(ClamdAddress::Socket("/run/clamav/clamd.ctl".into())));

        let of = |folder: &str| config.sender_rules(&folder.parse().unwrap());
        let dupont = KnownSender::Domain("dupont.example".to_owned());
        assert_eq!((of("Dupont").senders, of("Martin").senders), (Senders::Firm, Senders::Known));
        assert_eq!(of("Dupont").known, [&anne, &supplier, &dupont]);
        assert_eq!(of("Martin").known, [&anne, &supplier]);
    }

    #[test]
    fn clamd_listens_on_a_socket_or_a_port() {
        let found = |text: &str| {
            let text = format!("{FIRM}[collection]\nclamd = \"{text}\"\n");
            Bench::new().parse(&text).unwrap().collection.clamd.unwrap().to_string()
        };
        assert!(found("./clamd.ctl").ends_with("/clamd.ctl"));
        assert!(found("./clamd.ctl").starts_with('/'), "relative to the file");
        assert_eq!(found("localhost:3310"), "localhost:3310");
        assert!(!warnings("clamd = \"[::1]:3310\"", "").contains("in clear"));
        assert!(warnings("clamd = \"clamav.lan:3310\"", "").contains("in clear"));
    }

    #[test]
    fn what_is_probably_not_meant_is_said() {
        let nobody = "none is named";
        let unused = "everyone may send";
        let company = "[[companies]]\nfolder = \"D\"\ncollection = { senders = \"known\" }";
        assert!(warnings("senders = \"known\"", "").contains(nobody));
        assert!(warnings("", company).contains(nobody));
        assert!(warnings("known_senders = [\"@a.example\"]", "").contains(unused));
        assert!(warnings("acknowledge = true", "").contains("isn't theirs"));
        let fine = "senders = \"known\"\nknown_senders = [\"@a.example\"]\nacknowledge = true";
        for problem in [nobody, unused, "isn't theirs"] {
            assert!(!warnings(fine, "").contains(problem));
            assert!(!warnings("", "").contains(problem));
        }
    }

    #[test]
    fn mistakes_have_their_line_and_their_remedy() {
        let cases = [
            ("senders = \"friends\"", "none of the choices", "\"known\""),
            ("senders = [\"a@b.example\"]", "cannot stand here", "text in"),
            ("known_senders = [\"nobody\"]", "no e-mail address", "one address"),
            ("known_senders = [\"@\"]", "`@` is no domain", "@fournisseur.example"),
            ("known_senders = [\"@fournisseur\"]", "is no domain", "@fournisseur.example"),
            ("known_senders = [\"@a@b.example\"]", "is no domain", "@fournisseur.example"),
            ("known_senders = \"@a.example\"", "cannot stand here", "list"),
            ("trusted_servers = [\"\"]", "no server's name", "Authentication-Results"),
            ("trusted_servers = [\"mx; dkim=pass\"]", "no server's name", "such as"),
            ("acknowledge = \"yes\"", "cannot stand here", "true or false"),
            ("clamd = \"clamd\"", "no place", "/run/clamav/clamd.ctl"),
            ("clamd = \"localhost:0\"", "no place", "127.0.0.1:3310"),
            ("clamd = \":3310\"", "no place", "127.0.0.1:3310"),
            ("clamd = \"\"", "no place", "127.0.0.1:3310"),
            ("clamav = \"x\"", "no key `clamav`", "did you mean `clamd`?"),
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
        let company = format!(
            "{FIRM}[[companies]]\nfolder = \"D\"\ncollection = {{ clamd = \"/x\", senders = 1 }}\n"
        );
        let complaints = Bench::new().parse(&company).unwrap_err().to_string();
        assert!(complaints.contains("no key `clamd`"), "one antivirus for all: {complaints}");
        assert!(complaints.contains("an integer cannot stand here"), "{complaints}");
    }
}
