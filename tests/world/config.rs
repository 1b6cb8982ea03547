//! The configuration of the stories: a small firm, two apps.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;
use facteur::config::{
    AlarmsConfig, CollectionConfig, Config, Documents, Firm, LogFormat, MailConfig, RobotConfig,
    Schedule, StateConfig, TransportConfig,
};
use facteur::domain::limits::Retry;
use facteur::domain::profile::{
    AppId, DuplicatesPolicy, FolderPattern, InDoubtPolicy, Profile, ReplacedPolicy,
};
use facteur::domain::template::{Address, AddressTemplate};

/// The configuration of `cabinet.example` after `tweak`; nothing of it needs a real disk.
pub fn config(tweak: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config {
        file: PathBuf::from("/world/routes.toml"),
        firm: firm(),
        documents: Documents {
            root: PathBuf::from("/world/documents"),
            ignore: ["lost+found", "@eaDir", "#recycle"].map(str::to_owned).to_vec(),
        },
        state: StateConfig {
            directory: PathBuf::from("/world/state"),
            socket_group: None,
            export: None,
            free_bytes_min: 0,
        },
        robot: robot(),
        mail: mail(),
        alarms: AlarmsConfig {
            recipients: Vec::new(),
            sender: Address::parse("robot@cabinet.example").expect("a well-formed address"),
            server: None,
            silent_companies: false,
        },
        log_format: LogFormat::Text,
        apps: BTreeMap::from([(app("quickbooks"), quickbooks()), (app("dext"), dext())]),
        companies: Vec::new(),
        mailboxes: Vec::new(),
        collection: CollectionConfig::default(),
        warnings: Vec::new(),
    };
    tweak(&mut config);
    config
}

/// The key of an app.
pub fn app(key: &str) -> AppId {
    AppId::parse(key).expect("a story names its apps well")
}

fn firm() -> Firm {
    Firm {
        name: "Cabinet Exemple".to_owned(),
        domain: "cabinet.example".to_owned(),
        time_zone: chrono_tz::Europe::Paris,
        collection: template("compta+{slug}@{domain}"),
        bot_name: "Cabinet Exemple".to_owned(),
    }
}

fn robot() -> RobotConfig {
    let schedule = "0 */15 * * * *".parse().expect("a well-formed cron expression");
    RobotConfig {
        schedule: Schedule::Cron(Box::new(schedule)),
        settle: TimeDelta::seconds(5),
        settle_for: Vec::new(),
        flood_per_hour_max: 200,
        watch: false,
    }
}

fn mail() -> MailConfig {
    MailConfig {
        transport: TransportConfig::Outbox(PathBuf::from("/world/outbox")),
        redirect_to: None,
        retry: Retry {
            first: TimeDelta::minutes(1),
            longest: TimeDelta::hours(4),
            expire: TimeDelta::days(5),
        },
        witness: None,
        proof_within: TimeDelta::hours(1),
    }
}

fn quickbooks() -> Profile {
    let folders = ["Achats", "**/Dossier comptable*/**/Achats"];
    let pattern = |text| FolderPattern::parse(text).expect("a well-formed pattern");
    Profile {
        name: "QuickBooks".to_owned(),
        enabled: true,
        sender: template("quickbooks+{slug}@{domain}"),
        subaddress: None,
        recipient: Some(template("{slug}@qbodocs.com")),
        inboxes: BTreeMap::new(),
        accepts: ["pdf", "jpg", "jpeg", "png", "gif"].map(str::to_owned).to_vec(),
        mail_bytes_max: 20_000_000,
        mails_per_hour_max: 0,
        mails_per_day_max: 0,
        recommended_folders: folders.map(pattern).to_vec(),
        in_doubt: InDoubtPolicy::Hold,
        replaced: ReplacedPolicy::Hold,
        duplicates: DuplicatesPolicy::Skip,
        answers: Vec::new(),
        steps: vec!["Invite {sender} as a user who may add expenses.".to_owned()],
        source: "a sample".to_owned(),
        uncertain: Vec::new(),
        invitation: None,
    }
}

fn dext() -> Profile {
    Profile {
        name: "Dext".to_owned(),
        sender: template("dext+{slug}@{domain}"),
        subaddress: None,
        recipient: Some(template("{slug}@dext.cc")),
        accepts: ["pdf", "jpg", "png", "docx", "xlsx", "zip"].map(str::to_owned).to_vec(),
        recommended_folders: Vec::new(),
        answers: Vec::new(),
        steps: Vec::new(),
        ..quickbooks()
    }
}

fn template(text: &str) -> AddressTemplate {
    AddressTemplate::parse(text).expect("a well-formed template")
}
