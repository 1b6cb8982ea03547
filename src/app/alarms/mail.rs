//! The mail about alarms: plain, short, and in nobody's name but the firm's.

use std::fmt::Write as _;

use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::alarm::{Known, News};
use crate::domain::template::Address;
use crate::ports::transport::Mail;

/// Alarms named in one mail, of those that began and of those that ended; the rest is counted.
const NAMED_MAX: usize = 50;

/// The mail to one of those who are to be told; `place` tells their mails apart.
pub(super) fn of_news(
    config: &Config,
    recipient: &Address,
    news: &News,
    now: Timestamp,
    place: usize,
) -> Mail {
    let token = format!("{}.{place}", now.timestamp_millis());
    let counts = match (news.begun.len(), news.ended.len()) {
        (begun, 0) => format!("{begun} new"),
        (0, ended) => format!("{ended} over"),
        (begun, ended) => format!("{begun} new, {ended} over"),
    };
    let plural = if news.begun.len() + news.ended.len() == 1 { "Alarm" } else { "Alarms" };
    Mail {
        message_id: format!("<alarm.{token}@{}>", config.firm.domain),
        date: now,
        sender: config.alarms.sender.clone(),
        return_path: Some(config.alarms.sender.clone()),
        sender_name: config.firm.bot_name.clone(),
        recipient: recipient.clone(),
        witness: None,
        in_reply_to: None,
        subject: format!("{plural} — {}: {counts}", config.firm.name),
        text: text(config, news),
        envelope_id: format!("alarm-{token}"),
        attachment: None,
    }
}

fn text(config: &Config, news: &News) -> String {
    let mut text = format!("{}\n", config.firm.name);
    list(&mut text, config, "Needs a person", &news.begun);
    list(&mut text, config, "Over", &news.ended);
    text.push_str("\nThe command `status` shows how everything stands.\n");
    text
}

fn list(text: &mut String, config: &Config, title: &str, alarms: &[Known]) {
    if alarms.is_empty() {
        return;
    }
    let mut say = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("a text takes every line");
    };
    say(format_args!("\n{title}:\n"));
    for known in alarms.iter().take(NAMED_MAX) {
        let since = known.alarm.since.unwrap_or(known.began_at);
        let since = since.with_timezone(&config.firm.time_zone).format("%Y-%m-%d %H:%M");
        say(format_args!("- {} (since {since})\n", white(&known.alarm.message)));
    }
    if alarms.len() > NAMED_MAX {
        say(format_args!("- and {} more\n", alarms.len() - NAMED_MAX));
    }
}

/// A message without the name of the program: its commands are known where it runs (R15).
fn white(message: &str) -> String {
    message.replace("`facteur ", "`")
}
