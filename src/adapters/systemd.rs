//! What the service tells systemd; nothing happens where no systemd listens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service works; `status` is its first status line.
pub fn ready(status: &str) {
    let status = one_line(status);
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The service is on its way out.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// One line on what the service is at, for `systemctl status`.
pub fn status(text: &str) {
    tell(&[NotifyState::Status(&one_line(text))]);
}

/// The service is alive; to be said every [`ping_interval`].
pub fn ping() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that the service is alive: half its patience
/// (sd_watchdog_enabled(3)). None when it doesn't watch.
pub fn ping_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
        .filter(|patience| !patience.is_zero())
        .map(|patience| patience / 2)
}

/// Leaves the environment as it is: without `NOTIFY_SOCKET` this does nothing.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd could not be told");
    }
}

/// A line break would begin another message.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_stays_one_message() {
        assert_eq!(one_line("3 sent\nREADY=1"), "3 sent READY=1");
    }
}
