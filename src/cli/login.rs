//! `login`: a person logs in where OAuth stands in the place of a password.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;
use tokio::io::{BufReader, stdin};
use tokio::time::timeout;
use tracing::Level;

use super::door::load;
use super::errand::LoginWay;
use super::output::Output;
use super::render::clean;
use super::run::{Call, Ended};
use super::{logging, wire};
use crate::app::requests::Outcome;
use crate::config::{Config, OAuthLogin};

/// The longest that a browser is waited for.
const BROWSER_LIMIT: Duration = Duration::from_mins(15);

/// Logs in, keeps what that gives, and tries it: exit 3 when the servers want something else.
pub(super) async fn login(call: &Call, name: Option<&str>, way: Option<LoginWay>) -> Result<Ended> {
    let config = load(&call.config, call.output)?;
    logging::begin(config.log_format, Level::WARN);
    let login = match chosen(&config, name) {
        Ok(login) => login,
        Err(complaint) => {
            return Ok(Ended { outcome: Outcome::WrongWords(complaint), printed: false });
        }
    };
    let provider = &login.oauth.provider;
    call.output.prompt(&format!("Log in to {} as {}.\n", clean(provider), clean(&login.user)));
    match way.unwrap_or(preferred(&login)) {
        LoginWay::Device => by_device(call.output, &login).await?,
        LoginWay::Browser => by_browser(call.output, &login).await?,
    }
    tried(call.output, &config, &login).await
}

/// The one that is meant: by a place of its own, else by its user.
fn chosen(config: &Config, name: Option<&str>) -> Result<OAuthLogin, String> {
    let known = config.oauth_logins();
    if known.is_empty() {
        return Err(
            "nothing in routes.toml wants a login of this kind\nhint: give a mailbox, [mail] \
                    or [alarms] an `oauth` in the place of its password (docs/mailboxes.md)"
                .to_owned(),
        );
    }
    let names: Vec<String> = known.iter().map(|login| login.places.join(", ")).collect();
    let hint = format!("hint: there are: {}", names.join("; "));
    let Some(name) = name else {
        let mut known = known.into_iter();
        return match (known.next(), known.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(format!("there are several logins: say which\n{hint}")),
        };
    };
    let serves = known.iter().find(|login| login.serves(name));
    let mut of_user = known.iter().filter(|login| login.user.eq_ignore_ascii_case(name));
    match (serves, of_user.next(), of_user.next()) {
        (Some(login), _, _) | (None, Some(login), None) => Ok(login.clone()),
        (None, Some(_), Some(_)) => {
            Err(format!("`{}` has more than one login\n{hint}", name.escape_debug()))
        }
        (None, None, _) => {
            Err(format!("`{}` is no login of routes.toml\n{hint}", name.escape_debug()))
        }
    }
}

/// A code, which works from any machine, where the provider knows that.
fn preferred(login: &OAuthLogin) -> LoginWay {
    match login.oauth.device_url {
        Some(_) => LoginWay::Device,
        None => LoginWay::Browser,
    }
}

async fn by_device(output: Output, login: &OAuthLogin) -> Result<()> {
    let (account, clock) = (wire::account(login)?, wire::clock());
    let logging_in = account.by_device(clock.as_ref(), |given| {
        output.prompt(&format!(
            "On any machine, open   {}\nand type this code in: {}\n\
             It is good for {} minutes. Waiting…\n",
            clean(&given.address),
            clean(&given.code),
            given.lives.as_secs().div_ceil(60)
        ));
    });
    match logging_in.await {
        Some(logged_in) => Ok(logged_in?),
        None => bail!("{} has no codes for mail\nhint: --browser", login.oauth.provider),
    }
}

async fn by_browser(output: Output, login: &OAuthLogin) -> Result<()> {
    let account = wire::account(login)?;
    let Some(offer) = account.by_browser().await else {
        bail!("{} has no login by a browser\nhint: --device", login.oauth.provider);
    };
    let offer = offer?;
    output.prompt(&format!(
        "Open this address in a browser, and say yes:\n\n{}\n\nIf the browser runs on another \
         machine, it ends on a page that it cannot open: copy the whole\naddress of that page, and \
         paste it here. Waiting…\n",
        clean(offer.address())
    ));
    let odd = |problem: &str| output.note(problem);
    match timeout(BROWSER_LIMIT, offer.finish(BufReader::new(stdin()), odd)).await {
        Ok(logged_in) => Ok(logged_in?),
        Err(_) => bail!("nobody was logged in within {} minutes", BROWSER_LIMIT.as_secs() / 60),
    }
}

/// Shows what the login is good for.
async fn tried(output: Output, config: &Config, login: &OAuthLogin) -> Result<Ended> {
    let user = clean(&login.user);
    let (mut text, mut list, mut outcome) =
        (format!("{user} is logged in.\n"), Vec::new(), Outcome::Done);
    for probe in wire::probes_of(config, login).await? {
        let (works, answer) = match &probe.result {
            Ok(answer) => (true, clean(answer)),
            Err(problem) => (false, clean(problem)),
        };
        if !works {
            outcome = Outcome::NeedsPerson;
        }
        let verdict = if works { "works" } else { "does not work" };
        text.extend([&clean(&probe.destination), " ", verdict, ": ", &answer, "\n"]);
        list.push(json!({ "destination": probe.destination, "works": works, "answer": answer }));
    }
    let value = json!({ "login": login.user, "places": login.places, "online": list });
    output.result(&text, &value);
    Ok(Ended { outcome, printed: true })
}
