//! Alarms: what is wrong now, held against what the firm was told of.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What an alarm is about; with its subject it is the alarm's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The ledger takes no more writes, or a record of it can't be read.
    Store,
    /// The disk of the state is nearly full: nothing new is taken in.
    DiskLow,
    /// No round has ended for too long.
    NoRound,
    /// A mail server, or a tool behind it, can't be used just now.
    PutOff,
    /// Nobody knows whether these were sent.
    InDoubt,
    /// These wait for a person; the subject is the reason.
    Held,
    /// These were refused.
    Refused,
    /// A company is held as a whole.
    CompanyHeld,
    /// A switched folder was renamed.
    FolderRenamed,
    /// A switched folder is not there any more.
    FolderVanished,
    /// Companies are connected to an app that routes.toml lacks.
    AppMissing,
    /// routes.toml leaves out the folder of a company that is connected to an app.
    CompanyLeftOut,
    /// A company that used to deposit has stopped.
    SilentCompany,
    /// The rolling export is too old, or fails.
    Export,
    /// Documents that were sent cannot be marked on the file just now.
    Unmarked,
    /// A mailbox was not read for too long, or its server doesn't do as it is told.
    Mailbox,
    /// Mails were put aside that belong to nothing, or that nobody can read.
    MailPutAside,
    /// Mails leave without their witness.
    Witness,
    /// Answers came that no rule knows: a person reads them.
    AnswerToRead,
    /// Invitations of the bot wait for a person.
    Invitation,
    /// Collected mails wait for a person to say what becomes of them.
    Tray,
    /// Collected mails cannot be filed.
    Filing,
}

impl AlarmKind {
    /// The word in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::DiskLow => "disk_low",
            Self::NoRound => "no_round",
            Self::PutOff => "put_off",
            Self::InDoubt => "in_doubt",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::CompanyHeld => "company_held",
            Self::FolderRenamed => "folder_renamed",
            Self::FolderVanished => "folder_vanished",
            Self::AppMissing => "app_missing",
            Self::CompanyLeftOut => "company_left_out",
            Self::SilentCompany => "silent_company",
            Self::Export => "export",
            Self::Unmarked => "unmarked",
            Self::Mailbox => "mailbox",
            Self::MailPutAside => "mail_put_aside",
            Self::Witness => "witness",
            Self::AnswerToRead => "answer_to_read",
            Self::Invitation => "invitation",
            Self::Tray => "tray",
            Self::Filing => "filing",
        }
    }

    /// Whether finding it out means looking at every company: that is done once a round, and
    /// between rounds what was found stands.
    pub fn takes_a_round(self) -> bool {
        match self {
            Self::CompanyHeld
            | Self::FolderRenamed
            | Self::FolderVanished
            | Self::AppMissing
            | Self::CompanyLeftOut
            | Self::SilentCompany
            | Self::Export
            | Self::Invitation => true,
            Self::Store
            | Self::DiskLow
            | Self::NoRound
            | Self::PutOff
            | Self::InDoubt
            | Self::Held
            | Self::Refused
            | Self::Unmarked
            | Self::Mailbox
            | Self::MailPutAside
            | Self::Witness
            | Self::AnswerToRead
            | Self::Tray
            | Self::Filing => false,
        }
    }
}

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// Which of its kind: a company, a destination, a reason; empty where there is only one.
    pub subject: String,
    /// Since when, where known.
    pub since: Option<Timestamp>,
    /// In words, with the remedy.
    pub message: String,
}

/// An alarm in the book: what is, and what the firm was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// As it was seen last.
    pub alarm: Alarm,
    /// When it began.
    pub began_at: Timestamp,
    /// It is on.
    pub on: bool,
    /// The firm believes that it is on.
    pub told: bool,
    /// When the firm was last told anything of it.
    pub told_at: Option<Timestamp>,
}

/// Every alarm that is on, or of which the firm was told within the hour; kept in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlarmBook {
    /// One for each kind and subject.
    pub known: Vec<Known>,
    /// When a mail about alarms was last tried, whatever became of it.
    pub tried_at: Option<Timestamp>,
    /// When companies were last looked at for their silence.
    #[serde(default)]
    pub silence_looked_at: Option<Timestamp>,
}

/// An alarm that comes and goes is told of once in so long.
pub const FLAPPING: TimeDelta = TimeDelta::hours(1);

/// Mails about alarms are so far apart at least: what happens meanwhile goes together.
pub const BETWEEN_MAILS: TimeDelta = TimeDelta::minutes(5);

/// What began and what ended since the last look, for the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// On now.
    pub begun: Vec<Alarm>,
    /// Over.
    pub ended: Vec<Alarm>,
}

/// What the firm is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Alarms that began, as they are now.
    pub begun: Vec<Known>,
    /// Alarms that it was told of and that are over.
    pub ended: Vec<Known>,
}

impl News {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.ended.is_empty()
    }
}

impl AlarmBook {
    /// Takes down what is wrong now; answers what changed.
    pub fn take_down(&mut self, current: Vec<Alarm>, now: Timestamp) -> Changes {
        let mut changes = Changes::default();
        let mut known: BTreeMap<_, Known> =
            std::mem::take(&mut self.known).into_iter().map(|one| (key(&one.alarm), one)).collect();
        let mut gone: Vec<_> = known.keys().cloned().collect();
        for alarm in current {
            let key = key(&alarm);
            gone.retain(|other| *other != key);
            let former = known.get(&key);
            if former.is_none_or(|former| !former.on) {
                changes.begun.push(alarm.clone());
            }
            let next = match former {
                Some(former) if former.on => Known { alarm, ..former.clone() },
                Some(former) => Known { alarm, on: true, began_at: now, ..former.clone() },
                None => Known { alarm, began_at: now, on: true, told: false, told_at: None },
            };
            known.insert(key, next);
        }
        for key in gone {
            let Some(former) = known.get_mut(&key) else { continue };
            if former.on {
                former.on = false;
                changes.ended.push(former.alarm.clone());
            }
        }
        known.retain(|_, one| one.on || one.told || one.was_told_within_the_hour(now));
        self.known = known.into_values().collect();
        changes
    }

    /// What is to be told now; nothing when it would be a storm.
    pub fn news(&self, now: Timestamp) -> News {
        if self.tried_at.is_some_and(|tried| is_within(tried, BETWEEN_MAILS, now)) {
            return News::default();
        }
        let untold = |on: bool| {
            let wanted = move |one: &&Known| {
                one.on == on && one.told != on && !one.was_told_within_the_hour(now)
            };
            self.known.iter().filter(wanted).cloned().collect()
        };
        News { begun: untold(true), ended: untold(false) }
    }

    /// The firm was told of it.
    pub fn told(&mut self, news: &News, now: Timestamp) {
        for (told, heard) in [(true, &news.begun), (false, &news.ended)] {
            for one in heard {
                let mine = |other: &&mut Known| key(&other.alarm) == key(&one.alarm);
                if let Some(known) = self.known.iter_mut().find(mine) {
                    known.told = told;
                    known.told_at = Some(now);
                }
            }
        }
    }

    /// When an alarm began, if it is on.
    pub fn began_at(&self, alarm: &Alarm) -> Option<Timestamp> {
        let found = self.known.iter().find(|known| key(&known.alarm) == key(alarm));
        found.filter(|known| known.on).map(|known| known.began_at)
    }
}

impl Known {
    fn was_told_within_the_hour(&self, now: Timestamp) -> bool {
        self.told_at.is_some_and(|told| is_within(told, FLAPPING, now))
    }
}

/// A time ahead of now is no reason to wait for it: the clock was set back.
fn is_within(at: Timestamp, span: TimeDelta, now: Timestamp) -> bool {
    at <= now && now - at < span
}

fn key(alarm: &Alarm) -> (AlarmKind, String) {
    (alarm.kind, alarm.subject.clone())
}

/// Days with a deposit that a company needs before its silence means anything.
const DEPOSIT_DAYS_MIN: usize = 6;

/// No silence is alarming before this.
const SILENCE_MIN: TimeDelta = TimeDelta::days(7);

/// Since when a company has been silent that used to deposit: longer than twice the longest
/// pause of its own history. None while that is too short to know.
pub fn silent_since(deposits: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let mut days: Vec<_> = deposits.iter().map(Timestamp::date_naive).collect();
    days.sort_unstable();
    days.dedup();
    if days.len() < DEPOSIT_DAYS_MIN {
        return None;
    }
    let pauses = days.windows(2).filter_map(|pair| Some(*pair.last()? - *pair.first()?));
    let longest = pauses.max()?;
    let last = deposits.iter().max()?;
    (now - *last > SILENCE_MIN.max(longest * 2)).then_some(*last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn held() -> Alarm {
        let message = "3 held".to_owned();
        Alarm { kind: AlarmKind::Held, subject: "flood".to_owned(), since: None, message }
    }

    /// One pass in which every mail is delivered: how many began, how many ended in the mail.
    fn pass(book: &mut AlarmBook, current: Vec<Alarm>, minutes: i64) -> (usize, usize) {
        book.take_down(current, at(minutes));
        let news = book.news(at(minutes));
        if !news.is_empty() {
            book.tried_at = Some(at(minutes));
            book.told(&news, at(minutes));
        }
        (news.begun.len(), news.ended.len())
    }

    #[test]
    fn an_alarm_is_told_once_when_it_begins_and_once_when_it_ends() {
        let mut book = AlarmBook::default();
        assert_eq!(pass(&mut book, vec![held()], 0), (1, 0));
        for minutes in [1, 10, 90, 500] {
            assert_eq!(pass(&mut book, vec![held()], minutes), (0, 0), "{minutes}");
        }
        assert_eq!(pass(&mut book, vec![], 600), (0, 1));
        assert_eq!(pass(&mut book, vec![], 700), (0, 0));
        assert_eq!(book.known, vec![], "nothing is kept of what is over and told");
    }

    #[test]
    fn a_flapping_alarm_is_told_once_an_hour_and_what_is_told_last_is_true() {
        let mut book = AlarmBook::default();
        let mut mails = 0;
        for minute in 0..180 {
            let current = if minute % 2 == 0 { vec![held()] } else { vec![] };
            let (begun, ended) = pass(&mut book, current, minute);
            mails += begun + ended;
        }
        assert_eq!(mails, 3);
        assert_eq!(pass(&mut book, vec![], 400).0, 0);
        pass(&mut book, vec![], 500);
        assert!(book.known.is_empty(), "{book:?}");
    }

    #[test]
    fn what_happens_within_minutes_goes_in_one_mail() {
        let mut book = AlarmBook::default();
        let other = |subject: &str| Alarm { subject: subject.to_owned(), ..held() };
        assert_eq!(pass(&mut book, vec![other("a")], 0), (1, 0));
        assert_eq!(pass(&mut book, vec![other("a"), other("b")], 1), (0, 0));
        assert_eq!(pass(&mut book, vec![other("a"), other("b"), other("c")], 4), (0, 0));
        assert_eq!(pass(&mut book, vec![other("b"), other("c")], 5), (2, 0));
        assert_eq!(pass(&mut book, vec![other("b"), other("c")], 61), (0, 1));
    }

    #[test]
    fn an_alarm_that_ended_before_it_could_be_told_is_forgotten() {
        let mut book = AlarmBook::default();
        assert_eq!(book.take_down(vec![held()], at(0)).begun.len(), 1);
        assert_eq!(book.take_down(vec![], at(1)).ended.len(), 1);
        assert!(book.news(at(1)).is_empty());
        assert!(book.known.is_empty());
    }

    #[test]
    fn a_clock_set_back_silences_nobody() {
        let mut book = AlarmBook::default();
        pass(&mut book, vec![held()], 600);
        pass(&mut book, vec![], 700);
        assert_eq!(pass(&mut book, vec![held()], 60), (1, 0));
    }

    #[test]
    fn silence_is_measured_by_a_companys_own_history() {
        let weekly: Vec<Timestamp> = (0..8).map(|week| at(week * 7 * 24 * 60)).collect();
        let last = weekly[7];
        assert_eq!(silent_since(&weekly, last + TimeDelta::days(14)), None);
        assert_eq!(silent_since(&weekly, last + TimeDelta::days(15)), Some(last));
        let daily: Vec<Timestamp> = (0..20).map(|day| at(day * 24 * 60)).collect();
        assert_eq!(silent_since(&daily, daily[19] + TimeDelta::days(7)), None);
        assert!(silent_since(&daily, daily[19] + TimeDelta::days(8)).is_some());
        assert_eq!(silent_since(&daily[..3], daily[19] + TimeDelta::days(300)), None);
        let burst: Vec<Timestamp> = (0..100).map(at).collect();
        assert_eq!(silent_since(&burst, at(0) + TimeDelta::days(300)), None);
    }
}
