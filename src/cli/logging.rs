//! Logs on stderr: RUST_LOG rules the levels, except those of crates whose logs hold passwords.

use std::io::{IsTerminal as _, stderr};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::config::LogFormat;

/// Crates whose finer logs hold whole dialogues with servers, passwords and addresses included.
const INDISCREET: [&str; 7] =
    ["lettre", "async_imap", "imap_proto", "rustls", "tokio_rustls", "ureq", "ureq_proto"];

/// Begins to log; `default` rules where RUST_LOG says nothing. Later calls change nothing.
pub(super) fn begin(format: LogFormat, default: Level) {
    let levels = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(default.to_string().to_lowercase()));
    let discreet = filter_fn(is_discreet);
    let colours =
        stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let lines = fmt::layer().with_writer(stderr).with_ansi(colours);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let logs = Registry::default().with(lines.with_filter(levels).with_filter(discreet));
    if logs.try_init().is_err() {
        tracing::debug!("logs were begun before");
    }
}

fn is_discreet(metadata: &Metadata<'_>) -> bool {
    is_allowed(metadata.target(), *metadata.level())
}

fn is_allowed(target: &str, level: Level) -> bool {
    let crate_name = target.split("::").next().unwrap_or_default();
    level <= Level::INFO || !INDISCREET.contains(&crate_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogues_with_mail_servers_are_never_logged() {
        for target in [
            "lettre",
            "lettre::transport::smtp::client",
            "async_imap::client",
            "rustls",
            "ureq::run",
        ] {
            assert!(!is_allowed(target, Level::DEBUG), "{target}");
            assert!(!is_allowed(target, Level::TRACE), "{target}");
            assert!(is_allowed(target, Level::INFO), "{target}");
        }
        assert!(is_allowed("facteur::app::round", Level::TRACE));
    }
}
